/*
 * Input: declared, then bound (style 4.4).  Binding refuses missing, overlong,
 * malformed and repeated parameters, takes an empty one as absent, and ignores
 * unknown ones.
 */
#ifndef AUTENTICO_HTTP_FIELDS_H
#define AUTENTICO_HTTP_FIELDS_H

#include <stddef.h>

#include "http/request.h"

enum field_need { F_OPTIONAL, F_REQUIRED };

struct field {
    const char *name;            /* as on the wire, and the member */
    size_t offset;               /* of a const char * in the struct */
    enum field_need need;
    size_t max;                  /* bytes */
    bool (*is)(const char *text); /* NULL: any UTF-8 without control characters except line ends */
};
#define FIELD(type, member, need, max, is) { #member, offsetof(struct type, member), (need), (max), (is) }

bool field_any(const char *text); /* for `is`: whatever decodes; somebody else judges it */

/* From the body of a form post only / from the query only / from the query on GET
 * and HEAD, else the form and, for what it lacks, the query (http-api 5.1); what both
 * have must be the same. */
MUST_CHECK enum rc form_bind(struct exchange *x, const struct field *fields, size_t n, void *out);
MUST_CHECK enum rc query_bind(struct exchange *x, const struct field *fields, size_t n, void *out);
MUST_CHECK enum rc either_bind(struct exchange *x, const struct field *fields, size_t n, void *out);

/* An API body: one JSON object (http-api 1.2).  Strings only; null is absent; an
 * empty string stays "" (so that a handler can tell it from absent).  Wrong type:
 * RC_REFUSED invalid_request.  `*body` gives the object for what is not a string. */
MUST_CHECK enum rc json_bind(struct exchange *x, const struct field *fields, size_t n, void *out, struct json **body);

/* For actions with two faces: the JSON body of an API row, the form of a page row
 * ("" where the form sends a field empty: it clears; absent stays NULL). */
MUST_CHECK enum rc model_bind(struct exchange *x, const struct field *fields, size_t n, void *out, struct json **body);

#endif
