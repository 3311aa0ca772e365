/* json-c's own reader goes from state to state at each character, takes memory for all levels
 * that there may be, and sets a locale; a token of a worker is read at each request.  So what
 * nearly all is made of is read here, and the rest, value by value, by json-c. */
#include "config.h"

#include "util/json_build.h"

#include <json-c/json.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#include "util/json_scan.h"
#include "util/log.h"

#define SMALL_DIGITS 18 /* that many have a place in 64 bits whatever they are */

struct reading {
    struct arena *arena;
    const char *p, *end;
    bool is_refused;
};

static struct json_object *read_value(struct reading *r);

static struct json_object *made(struct json_object *o)
{
    if (o == NULL)
        die("json: no memory");
    return o;
}

/* --- values without others in them ------------------------------------------- */

/* Escapes, fractions, large numbers. */
static struct json_object *read_by_tokener(struct reading *r, const char *text, size_t n)
{
    struct json_tokener *tok = json_tokener_new_ex(2);
    struct json_object *o;

    if (tok == NULL)
        die("json: no memory");
    json_tokener_set_flags(tok, JSON_TOKENER_STRICT);
    o = json_tokener_parse_ex(tok, text, (int)n);
    if (json_tokener_get_error(tok) == json_tokener_continue)
        o = json_tokener_parse_ex(tok, "", 1); /* ends a number */
    if (json_tokener_get_error(tok) != json_tokener_success)
        r->is_refused = true;
    json_tokener_free(tok);
    return o;
}

/* Of the string at r->p, with its quotes. */
static size_t string_length(const struct reading *r)
{
    const char *p = r->p + 1;

    for (; p < r->end && *p != '"'; p++)
        p += *p == '\\' && p + 1 < r->end;
    return (size_t)(p - r->p) + (p < r->end);
}

static bool has_escape(const char *text, size_t n)
{
    return memchr(text, '\\', n) != NULL;
}

static struct json_object *read_string(struct reading *r)
{
    const char *text = r->p;
    size_t n = string_length(r);

    r->p += n;
    if (has_escape(text, n))
        return read_by_tokener(r, text, n);
    return made(json_object_new_string_len(text + 1, (int)n - 2));
}

static bool is_of_number(char c)
{
    return (c >= '0' && c <= '9') || c == '-' || c == '+' || c == '.' || c == 'e' || c == 'E';
}

/* Not one: a fraction, an exponent, or too long to be sure of its place. */
static bool is_small_int(const char *text, size_t n, int64_t *out)
{
    size_t sign_n = n > 0 && *text == '-';
    int64_t value = 0;

    if (n - sign_n > SMALL_DIGITS)
        return false;
    for (size_t i = sign_n; i < n; i++) {
        if (text[i] < '0' || text[i] > '9')
            return false;
        value = value * 10 + (text[i] - '0');
    }
    *out = sign_n > 0 ? -value : value;
    return true;
}

static struct json_object *read_number(struct reading *r)
{
    const char *text = r->p;
    int64_t value;

    while (r->p < r->end && is_of_number(*r->p))
        r->p++;
    if (is_small_int(text, (size_t)(r->p - text), &value))
        return made(json_object_new_int64(value));
    return read_by_tokener(r, text, (size_t)(r->p - text));
}

/* --- objects and arrays ------------------------------------------------------- */

static void skip_space(struct reading *r)
{
    r->p += json_space(r->p, (size_t)(r->end - r->p));
}

static bool take(struct reading *r, char c)
{
    if (r->p == r->end || *r->p != c)
        return false;
    r->p++;
    return true;
}

/* Moves to the next one, or behind the closing bracket. */
static bool has_item(struct reading *r, char close)
{
    skip_space(r);
    if (take(r, ','))
        skip_space(r);
    return !take(r, close) && r->p < r->end && !r->is_refused;
}

static const char *read_name(struct reading *r)
{
    const char *text = r->p;
    size_t n = string_length(r);

    if (!has_escape(text, n)) {
        r->p += n;
        return arena_strndup(r->arena, text + 1, n - 2);
    }
    struct json_object *o = read_string(r);
    const char *name = arena_strdup(r->arena, o != NULL ? json_object_get_string(o) : "");
    json_object_put(o);
    return name;
}

/* json-c lets the later of two members of one name win.
 * NOLINTNEXTLINE(misc-no-recursion): json_scan() lets nothing deeper than JSON_DEPTH_MAX through */
static void add_member(struct reading *r, struct json_object *object)
{
    const char *name = read_name(r);
    int n = json_object_object_length(object);

    skip_space(r);
    (void)take(r, ':');
    if (json_object_object_add(object, name, read_value(r)) != 0)
        die("json: no memory");
    if (json_object_object_length(object) == n)
        r->is_refused = true;
}

/* NOLINTNEXTLINE(misc-no-recursion): as add_member() */
static struct json_object *read_object(struct reading *r)
{
    struct json_object *object = made(json_object_new_object());

    r->p++;
    while (has_item(r, '}'))
        add_member(r, object);
    return object;
}

/* NOLINTNEXTLINE(misc-no-recursion): as add_member() */
static struct json_object *read_array(struct reading *r)
{
    struct json_object *array = made(json_object_new_array());

    r->p++;
    while (has_item(r, ']'))
        if (json_object_array_add(array, read_value(r)) != 0)
            die("json: no memory");
    return array;
}

static struct json_object *read_word(struct reading *r, const char *word, struct json_object *value)
{
    size_t n = strlen(word), left = (size_t)(r->end - r->p);

    r->p += n < left ? n : left;
    return value;
}

/* NOLINTNEXTLINE(misc-no-recursion): as add_member() */
static struct json_object *read_value(struct reading *r)
{
    skip_space(r);
    switch (r->p < r->end ? *r->p : '\0') {
    case '{':
        return read_object(r);
    case '[':
        return read_array(r);
    case '"':
        return read_string(r);
    case 't':
        return read_word(r, "true", made(json_object_new_boolean(1)));
    case 'f':
        return read_word(r, "false", made(json_object_new_boolean(0)));
    case 'n':
        return read_word(r, "null", NULL);
    default:
        return read_number(r);
    }
}

static enum rc finish(const struct reading *r, struct json_object *o, void **out)
{
    if (r->is_refused) {
        json_object_put(o);
        return RC_NONE;
    }
    *out = o;
    return RC_OK;
}

enum rc json_build(struct arena *a, const char *text, size_t n, void **out)
{
    struct reading r = { a, text, text + n, false };
    struct json_object *o = read_value(&r);

    return finish(&r, o, out);
}

/* --- a part of an object -------------------------------------------------------- */

/* Up to the comma or the bracket behind it. */
static void skip_value(struct reading *r)
{
    int depth = 0;

    while (r->p < r->end && (depth > 0 || (*r->p != ',' && *r->p != '}'))) {
        depth += (*r->p == '{' || *r->p == '[') - (*r->p == '}' || *r->p == ']');
        r->p += *r->p == '"' ? string_length(r) : 1;
    }
}

/* Mostly the first character says no. */
static bool is_named(const char *name, const char *text, size_t n)
{
    size_t i = 0;

    while (i < n && name[i] != '\0' && name[i] == text[i])
        i++;
    return i == n && name[i] == '\0';
}

/* Of the string at r->p. */
static bool is_one_of(const char *const *names, const struct reading *r)
{
    size_t n = string_length(r);

    for (; n >= 2 && *names != NULL; names++)
        if (is_named(*names, r->p + 1, n - 2))
            return true;
    return false;
}

enum rc json_build_part(struct arena *a, const char *text, size_t n, const char *const *names, void **out)
{
    struct reading r = { a, text, text + n, false };
    struct json_object *object = made(json_object_new_object());

    (void)take(&r, '{');
    while (has_item(&r, '}')) {
        if (is_one_of(names, &r))
            add_member(&r, object);
        else
            skip_value(&r);
    }
    return finish(&r, object, out);
}
