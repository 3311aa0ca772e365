/* What json_write.c needs of the home of json-c. */
#ifndef AUTENTICO_UTIL_JSON_NUMBER_H
#define AUTENTICO_UTIL_JSON_NUMBER_H

#include "util/json.h"

/* RC_NONE: not an integer, or beyond int64. */
MUST_CHECK enum rc json_int_of(const struct json *j, int64_t *out);
bool json_is_true(const struct json *j);
/* Any number, as json-c writes it; lives as long as j and until it is asked for again. */
const char *json_number_text(const struct json *j);

#endif
