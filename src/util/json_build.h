/*
 * The tree of a text that json_scan() has accepted.  Used by json.c only.
 */
#ifndef AUTENTICO_UTIL_JSON_BUILD_H
#define AUTENTICO_UTIL_JSON_BUILD_H

#include "util/arena.h"
#include "util/rc.h"

/*
 *   text, n  the value alone, without white space around it; n <= INT32_MAX
 *   out      json-c's node, NULL for null; the caller's to put
 * RC_NONE: an object has a member twice.
 */
MUST_CHECK enum rc json_build(struct arena *a, const char *text, size_t n, void **out);
/* Of an object only the members that are named, NULL behind the last. */
MUST_CHECK enum rc json_build_part(struct arena *a, const char *text, size_t n, const char *const *names, void **out);

#endif
