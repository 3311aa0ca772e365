/*
 * The grammar of JSON (RFC 8259) and nothing beyond it, as json.c needs it:
 * json-c is lenient where it should not be.  Used by json.c and json_build.c only.
 */
#ifndef AUTENTICO_UTIL_JSON_SCAN_H
#define AUTENTICO_UTIL_JSON_SCAN_H

#include <stddef.h>

#define JSON_DEPTH_MAX 32

struct json_extent {
    size_t start;     /* offset of the first value */
    size_t n;         /* its length; 0: not acceptable */
};

/* Refuses bad UTF-8, NUL and lone surrogates in strings, and nesting deeper
 * than JSON_DEPTH_MAX.  Looks at nothing behind the first value. */
struct json_extent json_scan(const char *text, size_t n);

size_t json_space(const char *p, size_t n); /* length of the white space at p */

#endif
