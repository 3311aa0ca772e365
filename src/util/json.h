/*
 * JSON: a strict parser and typed getters over json-c, whose only home is
 * json.c.  Refused: duplicate members, NUL in a string, NaN and Infinity,
 * comments, trailing commas, single quotes, invalid UTF-8, depth over 32, bytes
 * after the value.
 *
 * A `struct json` is owned by the arena it was made on; members belong to their
 * object.  Output never escapes '/'.
 */
#ifndef AUTENTICO_UTIL_JSON_H
#define AUTENTICO_UTIL_JSON_H

#include <stdbool.h>

#include "util/text.h"

struct json;
enum json_type { JSON_NULL, JSON_BOOL, JSON_INT, JSON_DOUBLE, JSON_STRING, JSON_ARRAY, JSON_OBJECT };

/* RC_NONE: not acceptable JSON.  json_parse_prefix accepts (and ignores) bytes
 * after the first value, as the contract's API bodies do (http-api 1.2). */
MUST_CHECK enum rc json_parse(struct arena *a, const char *text, size_t n, struct json **out);
MUST_CHECK enum rc json_parse_prefix(struct arena *a, const char *text, size_t n, struct json **out);
/*
 * Of an object that json_parse() took once before, the same bytes, the members in `names`
 * alone (the last is NULL): no more of it is looked at than it takes to find them.  One
 * that is written with an escape in its name is not found.  RC_NONE: it is no object.
 */
MUST_CHECK enum rc json_reread(struct arena *a, const char *text, size_t n, const char *const *names,
                               struct json **out);
const char *json_text(struct arena *a, const struct json *j); /* compact */

enum json_type json_type(const struct json *j);            /* NULL pointer: JSON_NULL */
struct json *json_get(const struct json *obj, const char *name); /* NULL: absent or null */
bool json_has(const struct json *obj, const char *name);   /* present, null included */
bool json_find(const struct json *obj, const char *name, struct json **out); /* both at once; else out is untouched */
size_t json_len(const struct json *array);
struct json *json_at(const struct json *array, size_t i);
/* for (it of object): returns false at the end */
struct json_iter { void *state; };
bool json_next(const struct json *obj, struct json_iter *it, const char **name, struct json **value);

/* Typed getters: RC_NONE when absent, null or of another type. */
MUST_CHECK enum rc json_get_str(const struct json *obj, const char *name, const char **out);
MUST_CHECK enum rc json_get_int(const struct json *obj, const char *name, int64_t *out);
MUST_CHECK enum rc json_get_bool(const struct json *obj, const char *name, bool *out);
const char *json_str(const struct json *j);  /* NULL unless a string */
/* NumericDate (RFC 7519 2): integer or fraction, 0 … 2^53; RC_NONE otherwise. */
MUST_CHECK enum rc json_get_time(const struct json *obj, const char *name, int64_t *out);

/* Building.  A NULL text sets nothing. */
struct json *json_object(struct arena *a);
struct json *json_array(struct arena *a);
struct json *json_string(struct arena *a, const char *text);
void json_set(struct json *obj, const char *name, struct json *value); /* value NULL: null */
void json_set_str(struct json *obj, const char *name, const char *text);
void json_set_str_nonempty(struct json *obj, const char *name, const char *text); /* "" sets nothing either */
void json_set_str_or_null(struct json *obj, const char *name, const char *text); /* NULL: null */
void json_set_int(struct json *obj, const char *name, int64_t n);
void json_set_bool(struct json *obj, const char *name, bool is);
void json_set_null(struct json *obj, const char *name);
void json_set_list(struct arena *a, struct json *obj, const char *name, const char *spaced); /* "a b" → ["a","b"] */
void json_set_texts(struct arena *a, struct json *obj, const char *name, const struct text_list *list);
void json_add(struct json *array, struct json *value);
/* {name_a: text_a, name_b: text_b}, as templates list them */
void json_add_pair(struct arena *a, struct json *array, const char *name_a, const char *text_a, const char *name_b,
                   const char *text_b);
void json_add_str(struct json *array, const char *text);

#endif
