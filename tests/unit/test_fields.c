#include "config.h"

#include "http_test.h"

#include "http/fields.h"

struct form { const char *grant_type, *code, *redirect_uri, *note; };
static const struct field fields[] = {
    FIELD(form, grant_type, F_REQUIRED, 10, is_vschar),
    FIELD(form, code, F_OPTIONAL, 5, is_unreserved),
    FIELD(form, note, F_OPTIONAL, 20, NULL),
};

enum source { FORM, QUERY, EITHER, MODEL };

static enum rc bind(enum source source, struct form *out)
{
    static enum rc (*const by[])(struct exchange *, const struct field *, size_t, void *) = {
        form_bind, query_bind, either_bind };
    struct json *body = NULL;

    memset(out, 0, sizeof(*out));
    memset(&X.no, 0, sizeof(X.no));
    if (source == MODEL)
        return model_bind(&X, fields, ARRAY_LEN(fields), out, &body);
    return by[source](&X, fields, ARRAY_LEN(fields), out);
}

struct example { const char *text; enum rc rc; const char *grant_type, *code, *note, *why; };

static const struct example examples[] = {
    { "grant_type=a", RC_OK, "a", NULL, NULL, NULL },
    { "grant_type=a&code=b&note=c", RC_OK, "a", "b", "c", NULL },
    { "code=b&grant_type=a&extra=foobar&extra=again", RC_OK, "a", "b", NULL, NULL }, /* HT-05 */
    { "grant_type=a&code=", RC_OK, "a", NULL, NULL, NULL },                         /* HT-04 */
    { "grant_type=a&note=line%0d%0aline%09", RC_OK, "a", NULL, "line\r\nline\t", NULL },
    { "grant_type=0123456789&code=12345", RC_OK, "0123456789", "12345", NULL, NULL },
    { "", RC_REFUSED, NULL, NULL, NULL, "grant_type is missing" },
    { "grant_type=", RC_REFUSED, NULL, NULL, NULL, "grant_type is missing" },
    { "Grant_type=a", RC_REFUSED, NULL, NULL, NULL, "grant_type is missing" },
    { "grant_type=a&grant_type=a", RC_REFUSED, NULL, NULL, NULL, "grant_type was sent more than once" }, /* HT-03 */
    { "grant_type=a&grant_type=b", RC_REFUSED, NULL, NULL, NULL, "grant_type was sent more than once" },
    { "grant_type=a&code=&code=b", RC_REFUSED, NULL, NULL, NULL, "code was sent more than once" },
    { "grant_type=a&code=&code=", RC_REFUSED, NULL, NULL, NULL, "code was sent more than once" },
    { "grant_type=0123456789a", RC_REFUSED, NULL, NULL, NULL, "grant_type is too long" },
    { "grant_type=a&code=b+c", RC_REFUSED, NULL, NULL, NULL, "code is malformed" },
    { "grant_type=%C3%A9", RC_REFUSED, NULL, NULL, NULL, "grant_type is malformed" },
    { "grant_type=a&note=%1b", RC_REFUSED, NULL, NULL, NULL, "note is malformed" },
    { "grant_type=a&note=%C2%80", RC_REFUSED, NULL, NULL, NULL, "note is malformed" }, /* a control character too */
};

static void check(enum source source, const struct example *e)
{
    struct form f;
    enum rc rc = bind(source, &f);

    if (rc != e->rc)
        fail_msg("%s: %d %s", e->text, rc, X.no.detail);
    if (rc == RC_REFUSED) {
        assert_int_equal(X.no.code, REFUSE_INVALID_REQUEST);
        assert_string_equal(X.no.detail, e->why);
        return;
    }
    assert_same(f.grant_type, e->grant_type);
    assert_same(f.code, e->code);
    assert_same(f.note, e->note);
}

static void from_forms(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(examples); i++) {
        renew(M_POST, SPEAK_OAUTH);
        use_form(examples[i].text);
        RQ.query = params_of("grant_type=query&code=query"); /* never looked at */
        check(FORM, &examples[i]);
    }
}

static void from_queries(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(examples); i++) {
        renew(M_GET, SPEAK_OAUTH);
        RQ.query = params_of(examples[i].text);
        check(QUERY, &examples[i]);
        check(EITHER, &examples[i]);
        RQ.method = M_HEAD;
        check(EITHER, &examples[i]);
        use_form("grant_type=form&code=form");
        check(QUERY, &examples[i]);
        check(EITHER, &examples[i]); /* a body of GET means nothing */
    }
}

/* http-api 5.1: the form, and for what it lacks the query; never two that differ (HT-03). */
static void from_either(void **state)
{
    static const struct { const char *form, *query; struct example e; } cases[] = {
        { "grant_type=f", "grant_type=f&code=q", { "", RC_OK, "f", "q", NULL, NULL } },
        { "grant_type=f", "grant_type=q",
          { "", RC_REFUSED, NULL, NULL, NULL, "grant_type was sent more than once" } },
        { "grant_type=f", "grant_type=", { "", RC_OK, "f", NULL, NULL, NULL } },
        { "grant_type=f&code=", "code=q", { "", RC_OK, "f", "q", NULL, NULL } },
        { "code=f", "grant_type=q", { "", RC_OK, "q", "f", NULL, NULL } },
        { "grant_type=f", "code=q&code=q", { "", RC_REFUSED, NULL, NULL, NULL, "code was sent more than once" } },
        { "grant_type=f&grant_type=f", "grant_type=q",
          { "", RC_REFUSED, NULL, NULL, NULL, "grant_type was sent more than once" } },
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        renew(M_POST, SPEAK_OAUTH);
        use_form(cases[i].form);
        RQ.query = params_of(cases[i].query);
        check(EITHER, &cases[i].e);
    }
}

/* HT-07: JSON, multipart or nothing at all. */
static void body_that_is_no_form(void **state)
{
    struct form f;

    (void)state;
    renew(M_POST, SPEAK_OAUTH);
    RQ.body = bytes_of("{\"grant_type\":\"a\"}");
    RQ.content_type = "application/json";
    RQ.query = params_of("grant_type=a");
    assert_int_equal(bind(FORM, &f), RC_REFUSED);
    assert_int_equal(X.no.code, REFUSE_INVALID_REQUEST);
    RQ.body = (struct bytes){ NULL, 0 };
    RQ.content_type = "";
    assert_int_equal(bind(FORM, &f), RC_REFUSED);
}

/* HT-14 */
static void what_does_not_decode(void **state)
{
    struct form f;

    (void)state;
    renew(M_POST, SPEAK_OAUTH);
    RQ.is_form = RQ.is_bad_form = true;
    assert_int_equal(bind(FORM, &f), RC_REFUSED);
    assert_int_equal(X.no.code, REFUSE_INVALID_REQUEST);
    assert_int_equal(bind(EITHER, &f), RC_REFUSED);
    renew(M_POST, SPEAK_HTML);
    RQ.is_form = RQ.is_bad_form = true;
    assert_int_equal(bind(MODEL, &f), RC_REFUSED);
    renew(M_GET, SPEAK_OAUTH);
    RQ.is_bad_query = true;
    assert_int_equal(bind(QUERY, &f), RC_REFUSED);
    assert_int_equal(bind(EITHER, &f), RC_REFUSED);
    renew(M_POST, SPEAK_OAUTH);
    use_form("grant_type=a");
    RQ.is_bad_query = true;
    assert_int_equal(bind(FORM, &f), RC_OK);       /* no business of a form's */
    assert_int_equal(bind(EITHER, &f), RC_REFUSED);
}

/* --- JSON (http-api 1.2) ----------------------------------------------------- */

static void from_json(void **state)
{
    static const struct example cases[] = {
        { "{\"grant_type\":\"a\"}", RC_OK, "a", NULL, NULL, NULL },
        { "{\"grant_type\":\"a\",\"code\":null,\"other\":[1,{}]}", RC_OK, "a", NULL, NULL, NULL },
        { "{\"grant_type\":\"a\",\"code\":\"\"}", RC_OK, "a", "", NULL, NULL }, /* told from absent */
        { "{\"grant_type\":\"a\"} trailing", RC_OK, "a", NULL, NULL, NULL },
        { " {\"grant_type\":\"\\u0061\"}", RC_OK, "a", NULL, NULL, NULL },
        { "{}", RC_REFUSED, NULL, NULL, NULL, "grant_type is missing" },
        { "{\"grant_type\":null}", RC_REFUSED, NULL, NULL, NULL, "grant_type is missing" },
        { "{\"grant_type\":\"\"}", RC_REFUSED, NULL, NULL, NULL, "grant_type is missing" },
        { "{\"grant_type\":1}", RC_REFUSED, NULL, NULL, NULL, "grant_type must be a string" },
        { "{\"grant_type\":[\"a\"]}", RC_REFUSED, NULL, NULL, NULL, "grant_type must be a string" },
        { "{\"grant_type\":\"a\",\"code\":true}", RC_REFUSED, NULL, NULL, NULL, "code must be a string" },
        { "{\"grant_type\":\"a\",\"code\":\"123456\"}", RC_REFUSED, NULL, NULL, NULL, "code is too long" },
        { "{\"grant_type\":\"a\",\"code\":\"a b\"}", RC_REFUSED, NULL, NULL, NULL, "code is malformed" },
        { "{\"grant_type\":\"a\",\"note\":\"\\u001b\"}", RC_REFUSED, NULL, NULL, NULL, "note is malformed" },
        { "", RC_REFUSED, NULL, NULL, NULL, "The request body must be a JSON object" },
        { "grant_type=a", RC_REFUSED, NULL, NULL, NULL, "The request body must be a JSON object" },
        { "[]", RC_REFUSED, NULL, NULL, NULL, "The request body must be a JSON object" },
        { "null", RC_REFUSED, NULL, NULL, NULL, "The request body must be a JSON object" },
        { "{\"grant_type\":\"a\"", RC_REFUSED, NULL, NULL, NULL, "The request body must be a JSON object" },
        { "{\"grant_type\":\"a\",\"grant_type\":\"b\"}", RC_REFUSED, NULL, NULL, NULL,
          "The request body must be a JSON object" },
        { "{\"grant_type\":\"a\\u0000\"}", RC_REFUSED, NULL, NULL, NULL,
          "The request body must be a JSON object" },
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        renew(M_POST, SPEAK_JSON);
        RQ.body = bytes_of(cases[i].text); /* whatever the content type */
        check(MODEL, &cases[i]);
    }
}

static void json_gives_the_object(void **state)
{
    struct json *body = NULL;
    struct form f = { NULL };
    bool is = false;

    (void)state;
    renew(M_PUT, SPEAK_JSON);
    RQ.body = bytes_of("{\"grant_type\":\"a\",\"flag\":true}");
    assert_int_equal(json_bind(&X, fields, ARRAY_LEN(fields), &f, &body), RC_OK);
    assert_int_equal(json_get_bool(body, "flag", &is), RC_OK);
    assert_true(is);
    assert_int_equal(json_bind(&X, fields, ARRAY_LEN(fields), &f, NULL), RC_OK);
}

/* --- two faces ---------------------------------------------------------------- */

/* What is sent empty clears, what is not sent stays. */
static void from_the_form_of_a_page(void **state)
{
    static const struct example cases[] = {
        { "grant_type=a&code=&note=x", RC_OK, "a", "", "x", NULL },
        { "grant_type=a", RC_OK, "a", NULL, NULL, NULL },
        { "grant_type=&code=b", RC_REFUSED, NULL, NULL, NULL, "grant_type is missing" },
        { "code=b", RC_REFUSED, NULL, NULL, NULL, "grant_type is missing" },
        { "grant_type=a&code=b&code=c", RC_REFUSED, NULL, NULL, NULL, "code was sent more than once" },
        { "grant_type=a&code=123456", RC_REFUSED, NULL, NULL, NULL, "code is too long" },
        { "grant_type=a&code=%20", RC_REFUSED, NULL, NULL, NULL, "code is malformed" },
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        renew(M_POST, SPEAK_HTML);
        use_form(cases[i].text);
        check(MODEL, &cases[i]);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(from_forms), TEST(from_queries), TEST(from_either), TEST(body_that_is_no_form),
        TEST(what_does_not_decode), TEST(from_json), TEST(json_gives_the_object), TEST(from_the_form_of_a_page),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
