/* JSON of bodies, tokens and settings (util/json.c): strict, and what is written reads the same. */
#include "config.h"

#include "fuzz.h"

#include "util/json.h"

#define DEPTH_MAX 64

static void walk(const struct json *j, int depth)
{
    struct json_iter it = { 0 };
    const char *name, *text;
    struct json *value;
    int64_t n;
    bool is;

    MUST(depth <= DEPTH_MAX);
    if (json_type(j) == JSON_STRING)
        MUST(text_is_utf8(json_str(j), strlen(json_str(j))));
    for (size_t i = 0; json_type(j) == JSON_ARRAY && i < json_len(j); i++)
        walk(json_at(j, i), depth + 1);
    while (json_type(j) == JSON_OBJECT && json_next(j, &it, &name, &value)) {
        MUST(json_has(j, name));
        (void)!json_get_str(j, name, &text);
        (void)!json_get_int(j, name, &n);
        (void)!json_get_bool(j, name, &is);
        if (json_get_time(j, name, &n) == RC_OK)
            MUST(n >= 0 && n <= INT64_C(9007199254740992));
        walk(value, depth + 1);
    }
}

/* 1.0 may be written as 1.0 or 1: what was written once is written like that again. */
static void check_written(const struct json *j)
{
    const char *first = json_text(A, j), *second;
    struct json *again;

    MUST(json_parse(A, first, strlen(first), &again) == RC_OK);
    second = json_text(A, again);
    MUST(strcmp(first, second) == 0);
}

/* A part is what the whole says, and no more. */
static void check_part(const struct json *whole, const uint8_t *data, size_t size)
{
    static const char *const names[] = { "a", "iss", "é", "", NULL };
    struct json_iter it = { 0 };
    const char *name;
    struct json *part, *value;

    if (json_type(whole) != JSON_OBJECT)
        return;
    MUST(json_reread(A, (const char *)data, size, names, &part) == RC_OK);
    while (json_next(part, &it, &name, &value)) {
        MUST(json_has(whole, name));
        MUST(strcmp(json_text(A, value), json_text(A, json_get(whole, name))) == 0);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct json *j, *prefix;

    begin();
    if (json_parse(A, (const char *)data, size, &j) == RC_OK) {
        walk(j, 0);
        check_written(j);
        check_part(j, data, size);
        MUST(json_parse_prefix(A, (const char *)data, size, &prefix) == RC_OK);
    }
    if (json_parse_prefix(A, (const char *)data, size, &prefix) == RC_OK)
        walk(prefix, 0);
    return end();
}
