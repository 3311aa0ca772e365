#include "config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#include "util/json.h"
#include "util/sbuf.h"

static struct arena *arena;

static int set_up(void **state)
{
    (void)state;
    arena = arena_start("test");
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    arena_done(arena);
    return 0;
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)

static enum rc parse(const char *text, struct json **out)
{
    size_t n = strlen(text);

    /* without its NUL, so that a read beyond the end is noticed */
    return json_parse(arena, arena_memdup(arena, text, n), n, out);
}

static struct json *parsed(const char *text)
{
    struct json *j = NULL;

    assert_int_equal(parse(text, &j), RC_OK);
    return j;
}

static void accepted(void **state)
{
    static const struct {
        const char *text, *compact;
        enum json_type type;
    } cases[] = {
        { "null", "null", JSON_NULL },
        { " true ", "true", JSON_BOOL },
        { "false", "false", JSON_BOOL },
        { "0", "0", JSON_INT },
        { "-1", "-1", JSON_INT },
        { "9223372036854775807", "9223372036854775807", JSON_INT },
        { "-9223372036854775808", "-9223372036854775808", JSON_INT },
        { "-0", "0", JSON_INT },
        { "[999999999999999999,-999999999999999999,1000000000000000000,18446744073709551615]",
          "[999999999999999999,-999999999999999999,1000000000000000000,18446744073709551615]", JSON_ARRAY },
        { "1.5", "1.5", JSON_DOUBLE },
        { "1e3", "1e3", JSON_DOUBLE },
        { "-0.5E-2", "-0.5E-2", JSON_DOUBLE },
        { "\"\"", "\"\"", JSON_STRING },
        { "\"a/b\"", "\"a/b\"", JSON_STRING },
        { "\"\\u00e9\"", "\"é\"", JSON_STRING },
        { "\"\\uD83D\\uDE00\"", "\"\xF0\x9F\x98\x80\"", JSON_STRING },
        { "\"\\\"\\\\\\/\\b\\f\\n\\r\\t\"", "\"\\\"\\\\/\\b\\f\\n\\r\\t\"", JSON_STRING },
        { "\"\x7F\"", "\"\x7F\"", JSON_STRING },
        { "[]", "[]", JSON_ARRAY },
        { "[ 1 , [ 2 ] , null ]", "[1,[2],null]", JSON_ARRAY },
        { "{}", "{}", JSON_OBJECT },
        { "\t{ \"a\" : 1 ,\r\n\"b\" : { \"a\" : 2 } }\n", "{\"a\":1,\"b\":{\"a\":2}}", JSON_OBJECT },
        { " {\"\\u00e9\\n\" :\"\\\\\",\"a\": [ { } ,[ ], true,false , null,-1.5e2] } ",
          "{\"é\\n\":\"\\\\\",\"a\":[{},[],true,false,null,-1.5e2]}", JSON_OBJECT },
        { "{\"\":1,\"A\":2,\"a\":3}", "{\"\":1,\"A\":2,\"a\":3}", JSON_OBJECT },
        { "[{\"a\":1},{\"a\":1}]", "[{\"a\":1},{\"a\":1}]", JSON_ARRAY },
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct json *j = parsed(cases[i].text);

        assert_int_equal(json_type(j), cases[i].type);
        assert_string_equal(json_text(arena, j), cases[i].compact);
        assert_string_equal(json_text(arena, j), cases[i].compact); /* once more */
    }
}

static void refused(void **state)
{
    static const char *const cases[] = {
        "", " ", "{", "}", "[", "]", "{]", "[}", "\"", "\"a", ",", ":",
        /* duplicate members, however written and wherever */
        "{\"a\":1,\"a\":1}", "{\"a\":1,\"\\u0061\":2}", "{\"a\":null,\"b\":1,\"a\":null}",
        "{\"x\":{\"a\":1,\"a\":2}}", "[[{\"a\":1,\"a\":2}]]", "{\"\":1,\"\":2}",
        "{\"a\":{\"b\":1},\"a\":{\"b\":1,\"c\":2}}", "{\"é\":1,\"\\u00e9\":2}",
        "{\"a/b\":1,\"a\\/b\":2}",
        /* commas and colons */
        "[1,]", "[,1]", "[1,,2]", "[1 2]", "{\"a\":1,}", "{,}", "{\"a\"}", "{\"a\":}",
        "{\"a\" 1}", "{\"a\":1 \"b\":2}", "{\"a\":1;\"b\":2}", "{a:1}", "{1:1}", "{null:1}",
        /* words */
        "nul", "nulll", "NULL", "True", "TRUE", "falsE", "undefined", "NaN", "-NaN", "Infinity",
        "-Infinity", "inf", "t", "nan",
        /* numbers */
        "01", "-", "-01", "+1", "1.", ".5", "1e", "1e+", "0x10", "1_000", "--1", "1.2.3", "1e1.5",
        "00", "18446744073709551616", "[18446744073709551620]", "28446744073709551615", "-9223372036854775809",
        "99999999999999999999999999999999",
        /* strings */
        "'a'", "\"\\x41\"", "\"\\u12\"", "\"\\u12G4\"", "\"\\", "\"\\u", "\"a\nb\"", "\"a\tb\"",
        "\"\x01\"", "\"\\0\"", "\"\\'\"",
        /* NUL, lone and swapped surrogates */
        "\"\\u0000\"", "{\"\\u0000\":1}", "\"\\uD800\"", "\"\\uDC00\"", "\"\\uD800x\"",
        "\"\\uD800\\n\"", "\"\\uD800\\uD800\"", "\"\\uDC00\\uD800\"", "\"\\uD83D\\u0041\"",
        /* bad UTF-8 */
        "\"\xFF\"", "\"\xC0\x80\"", "\"\xED\xA0\x80\"", "\"\xC3\"", "{\"\xE9\":1}", "\xEF\xBB\xBF{}",
        /* comments, other white space, something behind */
        "/* */1", "1/* */", "// x\n1", "#\n1", "\f1", "\v1", "\xC2\xA0 1", "1 2", "{}{}",
        "{} x", "[]]", "null,", "\"a\"\"b\"", "{}\xFF",
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct json *j = (struct json *)arena;

        if (parse(cases[i], &j) != RC_NONE)
            fail_msg("accepted: %s", cases[i]);
        assert_ptr_equal(j, arena);
    }
}

static void nul_bytes_are_refused(void **state)
{
    static const struct {
        const char *text;
        size_t n;
    } cases[] = { { "{}\0", 3 }, { "\0{}", 3 }, { "\"a\0b\"", 5 }, { "1\0", 2 }, { "[1\0]", 4 } };
    struct json *j = NULL;

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(cases); i++)
        assert_int_equal(json_parse(arena, cases[i].text, cases[i].n, &j), RC_NONE);
    assert_int_equal(json_parse(arena, "", 0, &j), RC_NONE);
    assert_int_equal(json_parse(arena, NULL, 0, &j), RC_NONE);
}

static void depth_is_limited(void **state)
{
    char text[200];

    (void)state;
    for (int depth = 31; depth <= 34; depth++) {
        struct json *j;

        memset(text, '[', 100);
        memset(text + depth, ']', 100);
        text[2 * depth] = '\0';
        assert_int_equal(parse(text, &j), depth <= 32 ? RC_OK : RC_NONE);
        text[depth] = '1'; /* a scalar inside the innermost, one bracket missing */
        assert_int_equal(parse(text, &j), RC_NONE);
    }
    memset(text, '[', sizeof(text));
    assert_int_equal(json_parse(arena, text, sizeof(text), &(struct json *){ NULL }), RC_NONE);
    memset(text, ' ', sizeof(text));
    strcpy(text + 100, "[[1],[[2]],{\"a\":[[]]}]"); /* depth, not number of brackets */
    assert_int_equal(parse(text, &(struct json *){ NULL }), RC_OK);
}

static void prefix(void **state)
{
    static const struct {
        const char *text, *value; /* NULL: refused */
    } cases[] = {
        { "{\"a\":1} trailing", "{\"a\":1}" },
        { "  {}{}", "{}" },
        { "[1]\xFF\xFE", "[1]" },
        { "1 2", "1" },
        { "true]", "true" },
        { "{\"a\":1", NULL },
        { "{\"a\":1,\"a\":2} x", NULL },
        { "", NULL },
        { "x{}", NULL },
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct json *j = NULL;
        size_t n = strlen(cases[i].text);
        char *exact = arena_memdup(arena, cases[i].text, n);
        enum rc rc = json_parse_prefix(arena, exact, n, &j);

        assert_int_equal(rc, cases[i].value != NULL ? RC_OK : RC_NONE);
        if (cases[i].value != NULL)
            assert_string_equal(json_text(arena, j), cases[i].value);
    }
}

static void reread(void **state)
{
    static const char *const names[] = { "a", "é", "", NULL };
    static const struct { const char *text, *part; } cases[] = {
        { "{}", "{}" },
        { " { } ", "{}" },
        { "{\"a\":1}", "{\"a\":1}" },
        { "{\"b\":1}", "{}" },
        { "{\"aa\":1,\"\":2, \"A\":3}", "{\"\":2}" },
        { "\t{\"b\" : {\"a\":[1,{\"a\":2}]} , \"a\" : null , \"é\":\"\\\"a\\\":1\"}\n", "{\"a\":null,\"é\":\"\\\"a\\\":1\"}" },
        { "{\"b\":\"\\\\\",\"a\":[\"}\",{\"b\":-1.5}],\"c\":\"\\\"a\\\":{\"}", "{\"a\":[\"}\",{\"b\":-1.5}]}" },
        { "{\"\\u0061\":1}", "{}" }, /* as it says */
        { "[{\"a\":1}]", NULL },
        { "\"a\"", NULL },
        { " ", NULL },
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        size_t n = strlen(cases[i].text);
        struct json *j = NULL;
        enum rc rc = json_reread(arena, arena_memdup(arena, cases[i].text, n), n, names, &j);

        assert_int_equal(rc, cases[i].part != NULL ? RC_OK : RC_NONE);
        if (cases[i].part != NULL)
            assert_string_equal(json_text(arena, j), cases[i].part);
    }
}

/* Members in the ten thousands, to show that the check is not quadratic. */
static void many_members(void **state)
{
    struct sbuf b;
    struct json *j = NULL;

    (void)state;
    sbuf_init(&b, arena, 0);
    sbuf_addc(&b, '{');
    for (int i = 0; i < 50000; i++)
        sbuf_printf(&b, "\"m%d\":%d,", i, i);
    sbuf_add(&b, "\"last\":1}");
    assert_int_equal(json_parse(arena, b.text, b.n, &j), RC_OK);
    b.n -= strlen("\"last\":1}");
    sbuf_add(&b, "\"m777\":1}");
    assert_int_equal(json_parse(arena, b.text, b.n, &j), RC_NONE);
}

static void getters(void **state)
{
    struct json *found = NULL;
    struct json *j = parsed("{\"s\":\"x\",\"i\":7,\"big\":18446744073709551615,\"b\":true,\"n\":null,"
                            "\"d\":1.5,\"a\":[1,\"two\",null],\"o\":{\"k\":\"v\"}}");
    const char *s = "old";
    int64_t i = 42;
    bool b = false;

    (void)state;
    assert_int_equal(json_get_str(j, "s", &s), RC_OK);
    assert_string_equal(s, "x");
    assert_int_equal(json_get_int(j, "i", &i), RC_OK);
    assert_int_equal(i, 7);
    assert_int_equal(json_get_bool(j, "b", &b), RC_OK);
    assert_true(b);
    s = "old";
    i = 42;
    for (const char *const *name = (const char *const[]){ "i", "b", "n", "d", "a", "o", "none", NULL };
         *name != NULL; name++)
        assert_int_equal(json_get_str(j, *name, &s), RC_NONE);
    for (const char *const *name =
             (const char *const[]){ "s", "big", "b", "n", "d", "a", "o", "none", NULL };
         *name != NULL; name++)
        assert_int_equal(json_get_int(j, *name, &i), RC_NONE);
    for (const char *const *name = (const char *const[]){ "s", "i", "n", "d", "a", "o", "none", NULL };
         *name != NULL; name++)
        assert_int_equal(json_get_bool(j, *name, &b), RC_NONE);
    assert_string_equal(s, "old");
    assert_int_equal(i, 42);

    assert_true(json_has(j, "n") && !json_has(j, "none") && !json_has(NULL, "n"));
    assert_true(json_find(j, "n", &found));
    assert_ptr_equal(found, json_get(j, "n"));
    assert_false(json_find(j, "none", &found) || json_find(NULL, "n", &found) || json_find(found, "n", &found));
    assert_string_equal(json_str(json_string(arena, "é")), "é");
    assert_null(json_get(j, "n"));
    assert_null(json_get(j, "none"));
    assert_null(json_get(NULL, "n"));
    assert_null(json_get(json_get(j, "a"), "n")); /* not an object */
    assert_string_equal(json_str(json_get(json_get(j, "o"), "k")), "v");
    assert_null(json_str(json_get(j, "i")));
    assert_null(json_str(NULL));
    assert_int_equal(json_len(json_get(j, "a")), 3);
    assert_int_equal(json_len(j), 0);
    assert_int_equal(json_len(NULL), 0);
    assert_string_equal(json_str(json_at(json_get(j, "a"), 1)), "two");
    assert_null(json_at(json_get(j, "a"), 2));
    assert_null(json_at(json_get(j, "a"), 3));
    assert_null(json_at(NULL, 0));
    assert_int_equal(json_type(NULL), JSON_NULL);
}

static void numeric_dates(void **state)
{
    static const struct {
        const char *text;
        enum rc rc;
        int64_t at;
    } cases[] = {
        { "{\"exp\":0}", RC_OK, 0 },
        { "{\"exp\":1769860800}", RC_OK, 1769860800 },
        { "{\"exp\":1769860800.999}", RC_OK, 1769860800 },
        { "{\"exp\":1.7698608e9}", RC_OK, 1769860800 },
        { "{\"exp\":9007199254740992}", RC_OK, INT64_C(9007199254740992) },
        { "{\"exp\":-0.0}", RC_OK, 0 },
        { "{\"exp\":9007199254740994}", RC_NONE, 0 },
        { "{\"exp\":9223372036854775807}", RC_NONE, 0 },
        { "{\"exp\":18446744073709551615}", RC_NONE, 0 },
        { "{\"exp\":1e300}", RC_NONE, 0 },
        { "{\"exp\":1e999}", RC_NONE, 0 },
        { "{\"exp\":-1}", RC_NONE, 0 },
        { "{\"exp\":-0.5}", RC_NONE, 0 },
        { "{\"exp\":\"1769860800\"}", RC_NONE, 0 },
        { "{\"exp\":true}", RC_NONE, 0 },
        { "{\"exp\":null}", RC_NONE, 0 },
        { "{\"exp\":[1]}", RC_NONE, 0 },
        { "{}", RC_NONE, 0 },
        { "[]", RC_NONE, 0 },
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        int64_t at = 42;

        assert_int_equal(json_get_time(parsed(cases[i].text), "exp", &at), cases[i].rc);
        assert_int_equal(at, cases[i].rc == RC_OK ? cases[i].at : 42);
    }
}

static void iterating(void **state)
{
    struct json *j = parsed("{\"z\":1,\"a\":null,\"m\":[2]}"), *value;
    struct json_iter it = { 0 }, none = { 0 };
    const char *name;
    char names[8] = "";

    (void)state;
    while (json_next(j, &it, &name, &value)) {
        strcat(names, name);
        assert_int_equal(value == NULL, strcmp(name, "a") == 0);
    }
    assert_string_equal(names, "zam"); /* in the order of the text */
    assert_false(json_next(parsed("{}"), &none, &name, &value));
    assert_false(json_next(parsed("[1]"), &none, &name, &value));
    assert_false(json_next(NULL, &none, &name, &value));
}

static void building(void **state)
{
    struct json *j = json_object(arena), *list = json_array(arena);
    const char *words[] = { "x", "y" };

    (void)state;
    json_set_str(j, "iss", "https://a/b");
    json_set_str(j, "absent", NULL);
    json_set_str_nonempty(j, "empty", "");
    json_set_str_nonempty(j, "empty", NULL);
    json_set_str_nonempty(j, "kept", "k");
    json_set_str(j, "blank", "");
    json_set_int(j, "exp", INT64_MIN);
    json_set_bool(j, "yes", true);
    json_set_null(j, "null");
    json_set(j, "null2", NULL);
    json_set_list(arena, j, "scope", " a  b ");
    json_set_list(arena, j, "none", "");
    json_set_list(arena, j, "absent", NULL);
    json_set_texts(arena, j, "texts", &(struct text_list){ words, 2 });
    json_add_str(list, "one");
    json_add_str(list, NULL);
    json_add(list, json_object(arena));
    json_add(list, NULL);
    json_set(j, "list", list);
    assert_string_equal(json_text(arena, j),
                        "{\"iss\":\"https://a/b\",\"kept\":\"k\",\"blank\":\"\","
                        "\"exp\":-9223372036854775808,\"yes\":true,\"null\":null,\"null2\":null,"
                        "\"scope\":[\"a\",\"b\"],\"none\":[],\"texts\":[\"x\",\"y\"],"
                        "\"list\":[\"one\",{},null]}");
    assert_string_equal(json_text(arena, NULL), "null");
    json_set_str(j, "q", "\"\\\n\x01\xC3\xA9<>&");
    assert_string_equal(json_text(arena, json_get(j, "q")), "\"\\\"\\\\\\n\\u0001é<>&\"");
}

/* What is written reads back as it was, whatever stands in it. */
static void writes_every_character(void **state)
{
    struct json *back = NULL;
    char text[] = "before ? after";

    (void)state;
    for (int c = 1; c < 0x80; c++) {
        struct json *j = json_object(arena);

        text[7] = (char)c;
        json_set_str(j, text, text);
        assert_int_equal(parse(json_text(arena, j), &back), RC_OK);
        assert_string_equal(json_str(json_get(back, text)), text);
    }
    struct json *j = json_array(arena);
    json_add_str(j, "\b\t\n\v\f\r\x1F\x7F/");
    assert_string_equal(json_text(arena, j), "[\"\\b\\t\\n\\u000b\\f\\r\\u001f\x7F/\"]");
}

static void writes_numbers_as_they_came(void **state)
{
    static const char *const numbers[] = { "0", "-1", "9223372036854775807", "-9223372036854775808",
                                           "18446744073709551615", "1.5", "-0.25", "1e3" };
    struct json *j = NULL;

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(numbers); i++) {
        assert_int_equal(parse(numbers[i], &j), RC_OK);
        assert_string_equal(json_text(arena, j), numbers[i]);
    }
}

/* Who frees what: run under ASan, this is the whole test. */
static void ownership(void **state)
{
    struct arena *other = arena_start("other");
    struct json *outer = json_object(arena), *inner = json_object(arena);
    struct json *source = NULL, *shared = json_object(other);

    (void)state;
    json_set(outer, "twice", inner);
    json_set(outer, "again", inner); /* in two places */
    json_set(outer, "twice", inner); /* replaces itself */
    json_set_str(inner, "later", "change"); /* seen in both */
    assert_string_equal(json_text(arena, outer),
                        "{\"twice\":{\"later\":\"change\"},\"again\":{\"later\":\"change\"}}");
    assert_int_equal(parse("{\"a\":{\"b\":[1]},\"c\":2}", &source), RC_OK);
    json_set(outer, "borrowed", json_get(source, "a")); /* a member of another tree */
    json_set_str(shared, "from", "the other arena");
    json_set(outer, "shared", shared);
    arena_done(other); /* outlived by what it was put into */
    json_set_int(outer, "twice", 1);
    assert_string_equal(json_text(arena, outer),
                        "{\"twice\":1,\"again\":{\"later\":\"change\"},\"borrowed\":{\"b\":[1]},"
                        "\"shared\":{\"from\":\"the other arena\"}}");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(accepted),
        TEST(refused),
        TEST(nul_bytes_are_refused),
        TEST(depth_is_limited),
        TEST(prefix),
        TEST(reread),
        TEST(many_members),
        TEST(getters),
        TEST(numeric_dates),
        TEST(iterating),
        TEST(building),
        TEST(writes_every_character),
        TEST(writes_numbers_as_they_came),
        TEST(ownership),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
