#include "config.h"

/* json-c calls its types as we call our functions: within this file they are
 * `struct node` and `enum node_type`. */
#define json_object node
#define json_type node_type
#include <json-c/json.h>
#undef json_object
#undef json_type

#include "util/json.h"

#include <string.h>

#include "util/json_build.h"
#include "util/json_number.h"
#include "util/json_scan.h"
#include "util/log.h"

#define NUMERIC_DATE_MAX 9007199254740992.0 /* 2^53 */

/* A struct json is a json-c node; JSON's null is the NULL pointer, as json-c
 * has it.  What is made on an arena holds one reference, which the arena
 * drops; each object or array that it is put into holds another. */
static struct node *node_of(const struct json *j)
{
    return (struct node *)(uintptr_t)j;
}

static struct json *json_of(struct node *o)
{
    return (struct json *)o;
}

static void drop(void *o)
{
    json_object_put(o);
}

static struct json *own(struct arena *a, struct node *o)
{
    if (o != NULL)
        arena_defer(a, drop, o);
    return json_of(o);
}

static struct node *made(struct node *o)
{
    if (o == NULL)
        die("json: no memory");
    return o;
}

static enum rc parse(struct arena *a, const char *text, struct json_extent extent,
                     struct json **out)
{
    void *o = NULL;

    if (extent.n == 0 || extent.n > INT32_MAX)
        return RC_NONE;
    TRY(json_build(a, text + extent.start, extent.n, &o));
    *out = own(a, o);
    return RC_OK;
}

enum rc json_parse(struct arena *a, const char *text, size_t n, struct json **out)
{
    struct json_extent extent = json_scan(text, n);
    size_t end = extent.start + extent.n;

    if (extent.n == 0 || end + json_space(text + end, n - end) != n)
        return RC_NONE;
    return parse(a, text, extent, out);
}

enum rc json_parse_prefix(struct arena *a, const char *text, size_t n, struct json **out)
{
    return parse(a, text, json_scan(text, n), out);
}

enum rc json_reread(struct arena *a, const char *text, size_t n, const char *const *names, struct json **out)
{
    size_t start = json_space(text, n);
    void *o = NULL;

    if (start == n || text[start] != '{')
        return RC_NONE;
    TRY(json_build_part(a, text + start, n - start, names, &o));
    *out = own(a, o);
    return RC_OK;
}

enum rc json_int_of(const struct json *j, int64_t *out)
{
    if (json_type(j) != JSON_INT)
        return RC_NONE;
    /* json-c goes up to 2^64-1 and clips what is asked for as int64 */
    if (json_object_get_int64(node_of(j)) == INT64_MAX &&
        json_object_get_uint64(node_of(j)) != INT64_MAX)
        return RC_NONE;
    *out = json_object_get_int64(node_of(j));
    return RC_OK;
}

const char *json_number_text(const struct json *j)
{
    const char *text = json_object_to_json_string_ext(node_of(j), JSON_C_TO_STRING_PLAIN);

    if (text == NULL)
        die("json: no memory");
    return text;
}

bool json_is_true(const struct json *j)
{
    return json_type(j) == JSON_BOOL && json_object_get_boolean(node_of(j));
}

enum json_type json_type(const struct json *j)
{
    switch (json_object_get_type(node_of(j))) {
    case json_type_boolean:
        return JSON_BOOL;
    case json_type_int:
        return JSON_INT;
    case json_type_double:
        return JSON_DOUBLE;
    case json_type_string:
        return JSON_STRING;
    case json_type_array:
        return JSON_ARRAY;
    case json_type_object:
        return JSON_OBJECT;
    case json_type_null:
        break;
    }
    return JSON_NULL;
}

static bool is_object(const struct json *j)
{
    return json_type(j) == JSON_OBJECT;
}

struct json *json_get(const struct json *obj, const char *name)
{
    return is_object(obj) ? json_of(json_object_object_get(node_of(obj), name)) : NULL;
}

bool json_has(const struct json *obj, const char *name)
{
    return is_object(obj) && json_object_object_get_ex(node_of(obj), name, NULL);
}

bool json_find(const struct json *obj, const char *name, struct json **out)
{
    struct node *value;

    if (!is_object(obj) || !json_object_object_get_ex(node_of(obj), name, &value))
        return false;
    *out = json_of(value);
    return true;
}

size_t json_len(const struct json *array)
{
    return json_type(array) == JSON_ARRAY ? json_object_array_length(node_of(array)) : 0;
}

struct json *json_at(const struct json *array, size_t i)
{
    return i < json_len(array) ? json_of(json_object_array_get_idx(node_of(array), i)) : NULL;
}

bool json_next(const struct json *obj, struct json_iter *it, const char **name,
               struct json **value)
{
    struct lh_entry *e = it->state;

    if (!is_object(obj))
        return false;
    e = e == NULL ? lh_table_head(json_object_get_object(node_of(obj))) : lh_entry_next(e);
    it->state = e;
    if (e == NULL)
        return false;
    *name = lh_entry_k(e);
    *value = lh_entry_v(e);
    return true;
}

enum rc json_get_str(const struct json *obj, const char *name, const char **out)
{
    const char *text = json_str(json_get(obj, name));

    if (text == NULL)
        return RC_NONE;
    *out = text;
    return RC_OK;
}

enum rc json_get_int(const struct json *obj, const char *name, int64_t *out)
{
    return json_int_of(json_get(obj, name), out);
}

enum rc json_get_bool(const struct json *obj, const char *name, bool *out)
{
    const struct json *j = json_get(obj, name);

    if (json_type(j) != JSON_BOOL)
        return RC_NONE;
    *out = json_object_get_boolean(node_of(j));
    return RC_OK;
}

const char *json_str(const struct json *j)
{
    return json_type(j) == JSON_STRING ? json_object_get_string(node_of(j)) : NULL;
}

enum rc json_get_time(const struct json *obj, const char *name, int64_t *out)
{
    const struct json *j = json_get(obj, name);
    double at;

    if (json_type(j) != JSON_INT && json_type(j) != JSON_DOUBLE)
        return RC_NONE;
    at = json_object_get_double(node_of(j));
    if (!(at >= 0 && at <= NUMERIC_DATE_MAX))
        return RC_NONE;
    *out = (int64_t)at;
    return RC_OK;
}

struct json *json_object(struct arena *a)
{
    return own(a, made(json_object_new_object()));
}

struct json *json_array(struct arena *a)
{
    return own(a, made(json_object_new_array()));
}

struct json *json_string(struct arena *a, const char *text)
{
    return own(a, made(json_object_new_string(text)));
}

/* Takes over one reference to `value`. */
static void attach(struct json *obj, const char *name, struct node *value)
{
    if (!is_object(obj) || json_object_object_add(node_of(obj), name, value) != 0)
        die("json: cannot set %s", name);
}

static void append(struct json *array, struct node *value)
{
    if (json_type(array) != JSON_ARRAY || json_object_array_add(node_of(array), value) != 0)
        die("json: cannot add to an array");
}

void json_set(struct json *obj, const char *name, struct json *value)
{
    attach(obj, name, json_object_get(node_of(value)));
}

void json_set_str(struct json *obj, const char *name, const char *text)
{
    if (text != NULL)
        attach(obj, name, made(json_object_new_string(text)));
}

void json_set_str_nonempty(struct json *obj, const char *name, const char *text)
{
    if (!text_empty(text))
        json_set_str(obj, name, text);
}

void json_set_str_or_null(struct json *obj, const char *name, const char *text)
{
    if (text != NULL)
        json_set_str(obj, name, text);
    else
        json_set_null(obj, name);
}

void json_set_int(struct json *obj, const char *name, int64_t n)
{
    attach(obj, name, made(json_object_new_int64(n)));
}

void json_set_bool(struct json *obj, const char *name, bool is)
{
    attach(obj, name, made(json_object_new_boolean(is)));
}

void json_set_null(struct json *obj, const char *name)
{
    attach(obj, name, NULL);
}

void json_set_list(struct arena *a, struct json *obj, const char *name, const char *spaced)
{
    struct text_list list = text_split(a, spaced, ' ');

    if (spaced != NULL)
        json_set_texts(a, obj, name, &list);
}

void json_set_texts(struct arena *a, struct json *obj, const char *name,
                    const struct text_list *list)
{
    struct json *array = json_array(a);

    for (size_t i = 0; i < list->n; i++)
        json_add_str(array, list->v[i]);
    json_set(obj, name, array);
}

void json_add(struct json *array, struct json *value)
{
    append(array, json_object_get(node_of(value)));
}

void json_add_str(struct json *array, const char *text)
{
    if (text != NULL)
        append(array, made(json_object_new_string(text)));
}

void json_add_pair(struct arena *a, struct json *array, const char *name_a, const char *text_a, const char *name_b,
                   const char *text_b)
{
    struct json *pair = json_object(a);

    json_set_str(pair, name_a, text_a);
    json_set_str(pair, name_b, text_b);
    json_add(array, pair);
}
