/* Access tokens at our own endpoints: BT-01 to BT-09, JO-06, AT-06; http-api 1.10; design D25. */
#include "oidc_test.h"

#include "oidc/bearer.h"
#include "store/audit.h"

/* ---- where the token is ---- */

struct where { const char *what, *header, *form; const char *token; enum refusal_code code; };

static void try_where(const struct where *w)
{
    struct exchange *x = a_post(w->form ? w->form : "");
    const char *token = NULL;
    enum rc rc;

    if (w->header != NULL)
        with_header(x, w->header);
    rc = bearer_token(x, true, &token);
    if (w->token != NULL ? rc != RC_OK || !text_same(token, w->token) : rc != RC_REFUSED || x->no.code != w->code)
        fail_msg("%s: %d %s %s", w->what, rc, refusal_wire(x->no.code), text_or(token, "-"));
}

static void test_where(void **state)
{
    static const struct where rows[] = {
        { "BT-01 header", "Bearer abc.def", NULL, "abc.def", 0 },
        { "HT-24 scheme without case", "bEARER abc", NULL, "abc", 0 },
        { "BT-02 form", NULL, "access_token=abc", "abc", 0 },
        { "BT-04 both", "Bearer abc", "access_token=abc", NULL, REFUSE_BEARER_TWICE },
        { "BT-04 twice in the form", NULL, "access_token=a&access_token=b", NULL, REFUSE_BEARER_TWICE },
        { "BT-05 none", NULL, "x=y", NULL, REFUSE_NO_TOKEN },
        { "HT-04 empty", NULL, "access_token=", NULL, REFUSE_NO_TOKEN },
        { "another scheme", "Basic abc", NULL, NULL, REFUSE_BEARER_REQUEST },
        { "only the scheme", "Bearer", NULL, NULL, REFUSE_BEARER_REQUEST },
        { "no token behind it", "Bearer ", NULL, NULL, REFUSE_BEARER_REQUEST },
        { "three parts", "Bearer a b", NULL, NULL, REFUSE_BEARER_REQUEST },
        { "two spaces", "Bearer  a", NULL, NULL, REFUSE_BEARER_REQUEST },
        { "empty header", "", NULL, NULL, REFUSE_BEARER_REQUEST },
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++)
        try_where(&rows[i]);
}

/* BT-03: never in a query; BT-02: never on GET; and only where it is allowed. */
static void test_not_there(void **state)
{
    struct request *rq = a_request(M_GET);
    struct exchange *x;
    const char *token;

    (void)state;
    assert_ok(params_parse(A, "access_token=abc", 16, &rq->query));
    assert_ok(params_parse(A, "access_token=abc", 16, &rq->form));
    x = an_exchange(rq);
    assert_no(x, bearer_token(x, true, &token), REFUSE_NO_TOKEN);
    x = a_post("access_token=abc");
    assert_no(x, bearer_token(x, false, &token), REFUSE_NO_TOKEN);
}

/* ---- what it is worth ---- */

static void test_good(void **state)
{
    struct json *answer = sign_in("app", "u1", SCOPES);
    struct exchange *x = a_post("");

    (void)state;
    assert_ok(bearer_check(x, text_of(answer, "access_token")));
    assert_string_equal(x->token->family.user_id, "u1");
    assert_string_equal(x->token->token.scope, SCOPES);
}

/* BT-06, BT-09, JO-06 */
static void test_no_access_token(void **state)
{
    struct json *answer = sign_in("app", "u1", SCOPES);
    const char *good = text_of(answer, "access_token");
    char *altered = arena_strdup(A, good);

    (void)state;
    assert_dead(text_of(answer, "id_token"));
    assert_dead(text_of(answer, "refresh_token"));
    assert_dead("garbage");
    assert_dead("");
    assert_dead(arena_strndup(A, good, strlen(good) - 1));
    altered[strlen(altered) - 20] ^= 1;
    assert_dead(altered);
}

static void test_expired(void **state)
{
    const char *token = text_of(sign_in("app", "u1", SCOPES), "access_token");
    struct exchange *x = a_post("");

    (void)state;
    x->now += 900;
    assert_no(x, bearer_check(x, token), REFUSE_INVALID_TOKEN);
}

/* What was issued stays good, by bearer and by introspection alike. */
static void test_clock_set_back(void **state)
{
    const char *token = text_of(sign_in("app", "u1", SCOPES), "access_token");
    struct exchange *x = a_post("");
    struct token_value v;

    (void)state;
    x->now -= 3600;
    assert_ok(bearer_check(x, token));
    assert_ok(token_read(x, token, &v));
    assert_ok(token_check_times(x, &v));
}

/* A signed token whose claims do not tell the story of its row. */
static const char *forged(const char *token, const char *name, const char *value)
{
    struct exchange *x = a_post("");
    struct json *claims = claims_of(x, token);
    char *out = NULL;

    json_set_str(claims, name, value);
    assert_ok(signer_sign(&SIGNER, A, TOKEN_ACCESS, &KEY, json_text(A, claims), &out));
    return out;
}

static void test_forged(void **state)
{
    const char *token = text_of(sign_in("app", "u1", SCOPES), "access_token");

    (void)state;
    assert_dead(forged(token, "sub", "u2"));
    assert_dead(forged(token, "azp", "spa"));
    assert_dead(forged(token, "jti", "00000000000000000000"));
    assert_dead(forged(token, "jti", "no id"));
}

/* flows 10 "Liveness": each of the things that end a token. */
static void end_token(int how, const struct token_view *v)
{
    switch (how) {
    case 0: assert_ok(tokens_revoke(DB, v->token.selector, T0)); break;
    case 1: assert_ok(families_revoke(DB, v->family.id, "test", T0)); break;
    case 2: assert_ok(sessions_end(DB, "s1", "test", T0)); break;
    case 3: assert_ok(clients_set_active(DB, "app", false, T0)); break;
    default: assert_ok(users_deactivate(DB, "u1", T0)); break;
    }
}

static void test_ended(void **state)
{
    const char *token;
    struct exchange *x;

    for (int how = 0; how < 5; how++) {
        if (how > 0) {
            after(state);
            world(state);
        }
        token = text_of(sign_in("app", "u1", SCOPES), "access_token");
        x = a_post("");
        assert_ok(bearer_check(x, token));
        end_token(how, x->token);
        assert_dead(token);
    }
}

static void test_by_value(void **state)
{
    struct json *answer = sign_in("app", "u1", SCOPES);
    struct exchange *x = a_post("");
    struct token_value v;

    (void)state;
    assert_ok(token_read(x, text_of(answer, "access_token"), &v));
    assert_false(v.is_refresh);
    assert_string_equal(text_of(v.claims, "sub"), "u1");
    assert_ok(token_read(x, text_of(answer, "refresh_token"), &v));
    assert_true(v.is_refresh);
    assert_ok(families_revoke(DB, v.view.family.id, "test", T0));
    assert_ok(token_read(x, text_of(answer, "access_token"), &v)); /* any state */
    x->now += 100000;
    assert_ok(token_read(x, text_of(answer, "access_token"), &v));
    assert_none(token_read(x, text_of(answer, "id_token"), &v));
    assert_none(token_read(x, "", &v));
}

/* ---- the APIs (http-api 1.10) ---- */

static enum rc api(struct exchange **x, const char *token, bool needs_admin)
{
    struct request *rq = a_request(M_GET);

    *x = an_exchange(rq);
    if (token != NULL)
        with_header(*x, bearer(token));
    return bearer_api(*x, needs_admin);
}

static void assert_api(const char *token, bool needs_admin, enum refusal_code code)
{
    struct exchange *x;
    enum rc rc = api(&x, token, needs_admin);

    if (code == REFUSE_NOTHING)
        assert_int_equal(rc, RC_OK);
    else
        assert_no(x, rc, code);
    assert_int_equal(x->user != NULL, code == REFUSE_NOTHING);
}

static void test_api(void **state)
{
    const char *admin = text_of(sign_in("autentico-admin", "u2", SCOPES), "access_token"),
               *user = text_of(sign_in("autentico-admin", "u1", SCOPES), "access_token"),
               *other = text_of(sign_in("spa", "u2", SCOPES), "access_token"),
               *narrow = text_of(sign_in("autentico-admin", "u2", "openid"), "access_token");

    (void)state;
    assert_api(NULL, true, REFUSE_NO_TOKEN);
    assert_api("a b", true, REFUSE_BEARER_REQUEST);
    assert_api("garbage", true, REFUSE_INVALID_TOKEN);
    assert_api(other, true, REFUSE_FORBIDDEN);  /* 4 */
    assert_api(other, false, REFUSE_FORBIDDEN);
    assert_api(user, true, REFUSE_FORBIDDEN);   /* 7 */
    assert_api(user, false, REFUSE_NOTHING);    /* 4: autentico-admin opens the account API, too */
    assert_api(narrow, false, REFUSE_INSUFFICIENT_SCOPE); /* 5 */
    assert_api(narrow, true, REFUSE_NOTHING);
    assert_api(admin, true, REFUSE_NOTHING);
    assert_ok(sessions_end(DB, "s2", "test", T0));
    assert_api(admin, true, REFUSE_INVALID_TOKEN); /* 8 */
}

static void test_api_audience_text(void **state)
{
    const char *token = text_of(sign_in("spa", "u2", SCOPES), "access_token");
    struct exchange *x;

    (void)state;
    assert_refused(api(&x, token, true));
    assert_string_equal(refusal_text(&x->no), "Token not issued for admin API");
}

/* 3: with the setting, one of its audiences is needed; older tokens have none. */
static void test_api_setting(void **state)
{
    const char *before = text_of(sign_in("autentico-admin", "u2", SCOPES), "access_token"), *later;

    (void)state;
    assert_ok(settings_put(DB, "access_token_audience", "[\"https://api.example\"]", T0));
    assert_api(before, true, REFUSE_INVALID_TOKEN);
    later = text_of(sign_in("autentico-admin", "u2", SCOPES), "access_token");
    assert_api(later, true, REFUSE_NOTHING);
}

/* 6, 7: as of now, not of when it was made. */
static void test_api_demoted(void **state)
{
    const char *token = text_of(sign_in("autentico-admin", "u2", SCOPES), "access_token");
    struct user u;

    (void)state;
    assert_ok(users_by_id(DB, A, "u2", &u));
    u.role = "user";
    assert_ok(users_update(DB, &u));
    assert_api(token, true, REFUSE_FORBIDDEN);
    assert_ok(users_deactivate(DB, "u2", T0));
    assert_api(token, true, REFUSE_INVALID_TOKEN);
}

/* Design D25: the admin API and nothing else; reads are recorded once per address and hour. */
static void test_admin_token(void **state)
{
    struct audit_rows rows;
    struct exchange *x;

    (void)state;
    assert_ok(api(&x, ADMIN_TOKEN, true));
    assert_true(x->is_admin_token);
    assert_null(x->user);
    assert_ok(api(&x, ADMIN_TOKEN, true));
    assert_ok(audit_latest(DB, A, 10, &rows));
    assert_int_equal(rows.n, 1);
    assert_string_equal(rows.v[0].event, "admin_token_used");
    assert_string_equal(rows.v[0].actor_username, "admin-token");
    assert_string_equal(rows.v[0].ip_address, "192.0.2.7");
    assert_api(ADMIN_TOKEN, false, REFUSE_INVALID_TOKEN);
    assert_api(ADMIN_TOKEN "x", true, REFUSE_INVALID_TOKEN);
    x = with_header(a_post("token=x"), bearer(ADMIN_TOKEN));
    assert_no(x, client_or_admin(x), REFUSE_INVALID_TOKEN);
}

/* ---- introspection and revocation (http-api 6.3) ---- */

static void test_client_or_admin(void **state)
{
    const char *admin = text_of(sign_in("spa", "u2", SCOPES), "access_token"),
               *user = text_of(sign_in("spa", "u1", SCOPES), "access_token");
    struct exchange *x = a_post("token=x");

    (void)state;
    assert_no(x, client_or_admin(x), REFUSE_INVALID_CLIENT);
    x = with_header(a_post("token=x"), basic("app", SECRET));
    assert_ok(client_or_admin(x));
    assert_string_equal(x->client->client_id, "app");
    x = with_header(a_post("token=x"), basic("app", "wrong"));
    assert_no(x, client_or_admin(x), REFUSE_INVALID_CLIENT);
    x = with_header(a_post("token=x"), bearer(admin));
    assert_ok(client_or_admin(x));
    assert_string_equal(x->user->id, "u2");
    assert_null(x->client);
    x = with_header(a_post("token=x"), bearer(user));
    assert_no(x, client_or_admin(x), REFUSE_INSUFFICIENT_SCOPE);
    assert_null(x->user);
    x = with_header(a_post("token=x"), bearer("garbage"));
    assert_no(x, client_or_admin(x), REFUSE_INVALID_TOKEN);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_where, world, after),
        cmocka_unit_test_setup_teardown(test_not_there, world, after),
        cmocka_unit_test_setup_teardown(test_good, world, after),
        cmocka_unit_test_setup_teardown(test_no_access_token, world, after),
        cmocka_unit_test_setup_teardown(test_expired, world, after),
        cmocka_unit_test_setup_teardown(test_clock_set_back, world, after),
        cmocka_unit_test_setup_teardown(test_forged, world, after),
        cmocka_unit_test_setup_teardown(test_ended, world, after),
        cmocka_unit_test_setup_teardown(test_by_value, world, after),
        cmocka_unit_test_setup_teardown(test_api, world, after),
        cmocka_unit_test_setup_teardown(test_api_audience_text, world, after),
        cmocka_unit_test_setup_teardown(test_api_setting, world, after),
        cmocka_unit_test_setup_teardown(test_api_demoted, world, after),
        cmocka_unit_test_setup_teardown(test_admin_token, world, after),
        cmocka_unit_test_setup_teardown(test_client_or_admin, world, after),
    };

    return cmocka_run_group_tests(tests, with_processes, without_processes);
}
