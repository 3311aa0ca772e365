/* grant_type=client_credentials: TK-33, TK-34, TK-35, AT-05, BT-09, TK-13; http-api 6.1; flows 10. */
#include "oidc_test.h"

#include "oidc/bearer.h"

#define FORM "grant_type=client_credentials"
#define OWN_SCOPES "openid offline_access api:read api:write"

static int setting(void **state)
{
    world(state);
    register_for("app", "client_credentials", OWN_SCOPES);
    register_for("poster", "client_credentials", "openid offline_access");
    register_for("spa", "client_credentials", OWN_SCOPES);
    return 0;
}

static struct exchange *asked(const char *form)
{
    return with_header(a_post(form), basic("app", SECRET));
}

static struct json *granted(const char *form)
{
    struct exchange *x = asked(form);

    if (token_handle(x) != RC_OK)
        fail_msg("%s: %s", form, refusal_text(&x->no));
    return answer_of(x);
}

static void test_answer(void **state)
{
    struct json *answer = granted(FORM "&scope=api%3Aread"), *claims;
    const char *access = text_of(answer, "access_token");
    struct exchange *x = a_post("");
    struct token_view v;

    (void)state;
    assert_string_equal(text_of(answer, "token_type"), "Bearer");
    assert_string_equal(text_of(answer, "scope"), "api:read");
    assert_int_equal(int_of(answer, "expires_in"), 900);
    assert_false(json_has(answer, "refresh_token")); /* TK-33 */
    assert_false(json_has(answer, "id_token"));
    claims = claims_of(x, access);
    assert_string_equal(text_of(claims, "sub"), "app");
    assert_string_equal(text_of(claims, "azp"), "app");
    assert_string_equal(text_of(claims, "acr"), "1");
    assert_string_equal(text_of(claims, "scope"), "api:read");
    assert_false(json_has(claims, "role"));
    assert_false(json_has(claims, "amr"));
    assert_ok(bearer_check(x, access));
    assert_ok(tokens_find(x->db, x->arena, x->token->token.selector, &v));
    assert_null(v.family.user_id);
    assert_null(v.family.session_id);
    assert_string_equal(v.family.grant_type, "client_credentials");
    assert_int_equal(v.token.refresh_expires_at, 0);
    assert_int_equal(v.token.refresh_hash.n, 0);
    assert_int_equal(v.family.expires_at, v.token.access_expires_at);
}

/* Absent, the client's own; openid and offline_access are nothing for a client (TK-35). */
static void test_scope(void **state)
{
    static const struct { const char *asked, *granted; } rows[] = {
        { "", "api:read api:write" },
        { "&scope=", "api:read api:write" },
        { "&scope=openid+api%3Awrite+offline_access", "api:write" },
        { "&scope=api%3Awrite++api%3Awrite", "api:write" },
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++)
        assert_string_equal(text_of(granted(arena_printf(A, FORM "%s", rows[i].asked)), "scope"), rows[i].granted);
}

static void test_refused(void **state)
{
    const char *app = basic("app", SECRET);
    const struct { const char *what, *header, *form; enum refusal_code code; } rows[] = {
        { "TK-34 public", NULL, FORM "&client_id=spa", REFUSE_UNAUTHORIZED_CLIENT },
        { "no client", NULL, FORM, REFUSE_INVALID_CLIENT },
        { "TK-08 no secret", NULL, FORM "&client_id=app", REFUSE_INVALID_CLIENT },
        { "TK-05 wrong secret", basic("app", SECRET "x"), FORM, REFUSE_INVALID_CLIENT },
        { "TK-35 not allowed", app, FORM "&scope=api%3Aread+api%3Adelete", REFUSE_INVALID_SCOPE },
        { "TK-35 only openid", app, FORM "&scope=openid", REFUSE_INVALID_SCOPE },
        { "TK-35 only offline_access", app, FORM "&scope=openid+offline_access", REFUSE_INVALID_SCOPE },
        { "malformed scope", app, FORM "&scope=api%22", REFUSE_INVALID_SCOPE },
        { "HT-03 scope twice", app, FORM "&scope=api%3Aread&scope=api%3Aread", REFUSE_INVALID_REQUEST },
        { "nothing of its own", NULL, FORM "&client_id=poster&client_secret=" SECRET "2", REFUSE_INVALID_SCOPE },
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++)
        assert_token_refused(rows[i].what, rows[i].header, rows[i].form, rows[i].code);
    assert_int_equal(count("SELECT COUNT(*) FROM token_families"), 0);
}

/* A client without scopes may have none, not any. */
static void test_no_scopes(void **state)
{
    struct exchange *x;

    (void)state;
    register_for("app", "client_credentials", "");
    x = asked(FORM);
    assert_no(x, token_handle(x), REFUSE_INVALID_SCOPE);
    x = asked(FORM "&scope=api%3Aread");
    assert_no(x, token_handle(x), REFUSE_INVALID_SCOPE);
}

static void test_disabled(void **state)
{
    const char *access = text_of(granted(FORM), "access_token");
    struct exchange *x;

    (void)state;
    assert_ok(clients_set_active(DB, "app", false, T0));
    x = asked(FORM);
    assert_no(x, token_handle(x), REFUSE_INVALID_CLIENT);
    x = a_post("");
    assert_no(x, bearer_check(x, access), REFUSE_INVALID_TOKEN);
}

/* BT-09: nobody is behind it. */
static void test_at_userinfo(void **state)
{
    struct exchange *x = a_post("");

    (void)state;
    assert_ok(bearer_check(x, text_of(granted(FORM), "access_token")));
    assert_no(x, userinfo_handle(x), REFUSE_INVALID_TOKEN);
}

/* Nor does a client become the administrator whose id it has for a name (AT-05). */
static void test_at_the_admin_api(void **state)
{
    static const char *audience[] = { "autentico-admin" };
    struct client c;
    struct exchange *x;

    (void)state;
    put_client_of("u2", false, "client_secret_basic", SECRET "4");
    register_for("u2", "client_credentials", "api:read");
    assert_ok(clients_find(DB, A, "u2", &c));
    c.has_allowed_audiences = true;
    c.allowed_audiences = (struct text_list){ audience, 1 };
    assert_ok(clients_update(DB, &c));
    x = with_header(a_post(FORM), basic("u2", SECRET "4"));
    assert_ok(token_handle(x));
    const char *access = text_of(answer_of(x), "access_token");
    assert_string_equal(text_of(claims_of(x, access), "sub"), "u2");
    x = with_header(an_exchange(a_request(M_GET)), bearer(access));
    assert_no(x, bearer_api(x, true), REFUSE_INVALID_TOKEN);
    assert_null(x->user);
    x = with_header(a_post("token=x"), bearer(access));
    assert_no(x, client_or_admin(x), REFUSE_INVALID_TOKEN);
}

static void test_introspection(void **state)
{
    const char *access = text_of(granted(FORM), "access_token");
    struct exchange *x = asked(arena_printf(A, "token=%s", access));
    struct json *answer;

    (void)state;
    assert_ok(client_or_admin(x));
    assert_ok(introspect_handle(x));
    answer = answer_of(x);
    assert_string_equal(text_of(answer, "client_id"), "app");
    assert_false(json_has(answer, "sub")); /* http-api 6.4 */
    assert_false(json_has(answer, "username"));
}

int main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, setting, after)
    const struct CMUnitTest tests[] = {
        T(test_answer),   T(test_scope),       T(test_refused),          T(test_no_scopes),
        T(test_disabled), T(test_at_userinfo), T(test_at_the_admin_api), T(test_introspection),
    };

    return cmocka_run_group_tests(tests, with_processes, without_processes);
}
