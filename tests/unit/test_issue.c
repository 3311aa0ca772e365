/* Tokens: flows 10; IT-01 to IT-10, AT-02, AT-03, AT-06, TK-21 to TK-23, TK-28, JO-12. */
#include "oidc_test.h"

#include "oidc/issue.h"

static struct client *client_of(const char *client_id)
{
    struct client *c = arena_new(A, struct client);

    assert_ok(clients_find(DB, A, client_id, c));
    return c;
}

static struct grant a_grant(struct exchange *x, const char *client_id, const char *scope)
{
    struct user *u = arena_new(A, struct user);
    struct grant g = { .client = client_of(client_id), .user = u };

    assert_ok(users_by_id(DB, A, "u1", u));
    g.family = (struct family){ .user_id = "u1", .session_id = "s1", .grant_type = "authorization_code",
                                .scope = scope, .nonce = "n-0S6", .auth_time = T0 - 60, .acr = "1", .amr = "pwd otp" };
    issue_prepare(x, &g);
    return g;
}

static struct json *parsed(const char *text)
{
    struct json *j = NULL;

    assert_ok(json_parse(A, text, strlen(text), &j));
    return j;
}

static void test_prepare(void **state)
{
    struct exchange *x = a_post("");
    struct grant g = a_grant(x, "app", SCOPES);
    struct opaque_value v;

    (void)state;
    assert_string_equal(g.family.sid, "s1"); /* design D26 */
    assert_string_equal(g.family.client_id, "app");
    assert_string_equal(g.family.user_agent, "curl/8");
    assert_string_equal(g.family.ip_address, "192.0.2.7");
    assert_int_equal(g.token.access_expires_at, x->now + 900);
    assert_int_equal(g.token.refresh_expires_at, x->now + 720 * 3600);
    assert_int_equal(g.family.expires_at, g.token.refresh_expires_at);
    assert_int_equal(strlen(g.refresh_token), 63); /* TK-28 */
    assert_true(is_base64url(g.refresh_token));
    assert_ok(issue_read_opaque(g.refresh_token, &v));
    assert_int_equal(v.selector, g.token.selector);
    assert_true(ct_equal(g.token.refresh_hash, BYTES(v.hash)));
}

static void test_read_refresh(void **state)
{
    struct exchange *x = a_post("");
    char *value = arena_strdup(A, a_grant(x, "app", "openid").refresh_token);
    struct opaque_value v;

    (void)state;
    assert_none(issue_read_opaque("", &v));
    assert_none(issue_read_opaque(value + 1, &v));
    assert_none(issue_read_opaque(arena_printf(A, "%sA", value), &v));
    value[30] = '!';
    assert_none(issue_read_opaque(value, &v));
    value[30] = 'A';
    value[19] = value[19] == '0' ? '1' : '0'; /* the check sum of the id */
    assert_none(issue_read_opaque(value, &v));
}

static void test_lifetimes(void **state)
{
    struct exchange *x = a_post("");
    struct client *c = client_of("app");
    struct grant g = { .client = c, .family = { .scope = "openid" } };

    (void)state;
    c->access_token_expiration = "90s";
    c->refresh_token_expiration = "1h";
    issue_prepare(x, &g);
    assert_int_equal(g.token.access_expires_at, x->now + 90);
    assert_int_equal(g.token.refresh_expires_at, x->now + 3600);
    assert_string_equal(g.family.sid, g.family.id); /* no session: stable all the same */
    c->access_token_expiration = "48h"; /* stored before the rule: the signer would refuse it */
    issue_prepare(x, &g);
    assert_int_equal(g.token.access_expires_at, x->now + 86400);
    c->access_token_expiration = "soon";
    issue_prepare(x, &g);
    assert_int_equal(g.token.access_expires_at, x->now + 900);
}

/* flows 10, claim by claim. */
static void test_access_claims(void **state)
{
    struct exchange *x = a_post("");
    struct grant g = a_grant(x, "app", SCOPES);
    struct json *p = parsed(issue_access_payload(x, &g));
    char jti[21];

    (void)state;
    selector_to_id(g.token.selector, jti);
    assert_string_equal(json_text(A, p), arena_printf(A,
        "{\"iss\":\"" ISSUER "\",\"sub\":\"u1\",\"aud\":[\"" ISSUER "\",\"app\"],\"azp\":\"app\",\"client_id\":\"app\","
        "\"exp\":%lld,\"iat\":%lld,\"jti\":\"%s\",\"typ\":\"Bearer\",\"auth_time\":%lld,\"sid\":\"s1\",\"acr\":\"1\","
        "\"amr\":[\"pwd\",\"otp\"],\"scope\":\"openid profile email\",\"role\":\"user\",\"name\":\"ann\","
        "\"preferred_username\":\"ann\",\"email\":\"ann@example.org\",\"email_verified\":true}",
        (long long)x->now + 900, (long long)x->now, jti, (long long)T0 - 60));
    assert_false(json_has(p, "given_name"));
}

static void test_audience(void **state)
{
    static const char *global[] = { "https://api.example", "app" }, *own[] = { "https://api.example", "billing" };
    struct exchange *x = a_post("");
    struct settings *settings = arena_memdup(A, x->settings, sizeof(*x->settings));
    struct grant g = a_grant(x, "app", "openid");
    struct client c = *g.client;

    (void)state;
    settings->access_token_audiences = (struct text_list){ global, 2 };
    x->settings = settings;
    c.allowed_audiences = (struct text_list){ own, 2 };
    g.client = &c;
    assert_string_equal(json_text(A, json_get(parsed(issue_access_payload(x, &g)), "aud")),
                        "[\"" ISSUER "\",\"app\",\"https://api.example\",\"billing\"]");
}

static void test_id_claims(void **state)
{
    struct exchange *x = a_post("");
    struct grant g = a_grant(x, "app", "openid profile");

    (void)state;
    assert_string_equal(issue_id_payload(x, &g), arena_printf(A,
        "{\"iss\":\"" ISSUER "\",\"sub\":\"u1\",\"aud\":\"app\",\"azp\":\"app\",\"exp\":%lld,\"iat\":%lld,"
        "\"auth_time\":%lld,\"sid\":\"s1\",\"acr\":\"1\",\"amr\":[\"pwd\",\"otp\"],\"nonce\":\"n-0S6\","
        "\"name\":\"Ann Lee\",\"preferred_username\":\"ann\",\"given_name\":\"Ann\",\"family_name\":\"Lee\"}",
        (long long)x->now + 900, (long long)x->now, (long long)T0 - 60));
    g.family.nonce = NULL;
    assert_false(json_has(parsed(issue_id_payload(x, &g)), "nonce"));
}

static void test_respond(void **state)
{
    struct exchange *x = a_post("");
    struct grant g = a_grant(x, "app", SCOPES);
    struct json *answer, *id;
    const char *access;

    (void)state;
    assert_ok(issue_respond(x, &g));
    answer = answer_of(x);
    access = text_of(answer, "access_token");
    assert_string_equal(text_of(answer, "token_type"), "Bearer"); /* TK-21 */
    assert_int_equal(int_of(answer, "expires_in"), 900);
    assert_string_equal(text_of(answer, "refresh_token"), g.refresh_token);
    assert_string_equal(text_of(answer, "scope"), SCOPES); /* TK-22 */
    assert_null(x->rs->cache_control); /* TK-23: the no-store of every answer */
    assert_string_equal(text_of(claims_of(x, access), "typ"), "Bearer");
    id = claims_of(x, text_of(answer, "id_token"));
    assert_string_equal(text_of(id, "at_hash"), jws_half_hash(A, ALG_RS256, access)); /* IT-05 */
    assert_string_equal(text_of(id, "sid"), text_of(claims_of(x, access), "sid"));   /* IT-08 */
}

/* IT-09, the other way round: no openid, no ID token. */
static void test_no_openid(void **state)
{
    struct exchange *x = a_post("");
    struct grant g = a_grant(x, "app", "profile");

    (void)state;
    assert_ok(issue_respond(x, &g));
    assert_false(json_has(answer_of(x), "id_token"));
}

/* http-api 6.1: cookie-only mode. */
static void test_cookie_only(void **state)
{
    struct exchange *x = a_post("");
    struct grant g = a_grant(x, "app", "openid");
    struct conf conf = CONF;

    (void)state;
    conf.refresh_cookie_only = true;
    x->conf = &conf;
    assert_ok(issue_respond(x, &g));
    assert_false(json_has(answer_of(x), "refresh_token"));
    assert_non_null(strstr(x->rs->headers.text, arena_printf(A, "autentico_refresh_token=%s; Path=/;",
                                                             g.refresh_token)));
    assert_non_null(strstr(x->rs->headers.text, "HttpOnly; SameSite=Strict; Secure"));
}

/* The clock is set back, or forth, while the request is on its way to the signer. */
static void test_clock_that_jumps(void **state)
{
    static const int64_t jumps[] = { -3600, 120, 3600 };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(jumps); i++) {
        struct exchange *x = a_post("");

        x->now -= jumps[i]; /* read before the jump */
        struct grant g = a_grant(x, "app", "openid");
        g.token.access_expires_at = x->now + 7200;
        assert_ok(issue_respond(x, &g));
        int64_t iat = int_of(claims_of(x, text_of(answer_of(x), "access_token")), "iat");
        assert_true(iat >= T0 && iat <= clock_now());
    }
}

/* No signer in time: 503, and nobody is told a half. */
static void test_no_signer(void **state)
{
    struct exchange *x = a_post("");
    struct grant g = a_grant(x, "app", "openid");

    (void)state;
    SIGNER.deadline_ms = clock_mono_ms() - 1;
    assert_no(x, issue_respond(x, &g), REFUSE_TEMPORARILY_UNAVAILABLE);
    assert_int_equal(x->rs->status, 0);
}

struct write_arg { struct exchange *x; struct grant *g; };

static enum rc write_twice(struct db *db, void *arg)
{
    struct write_arg *w = arg;
    int64_t taken = w->g->token.selector;

    TRY(issue_write(w->x, db, w->g, true));
    TRY(issue_write(w->x, db, w->g, false)); /* the same selector once more */
    return w->g->token.selector != taken ? RC_OK : RC_FAULT;
}

/* A taken selector is drawn again, and the value that is sent goes with it. */
static void test_taken_selector(void **state)
{
    struct exchange *x = a_post("");
    struct grant g = a_grant(x, "app", "openid");
    struct write_arg w = { x, &g };
    struct opaque_value v;

    (void)state;
    assert_ok(db_write(DB, write_twice, &w));
    assert_int_equal(count("SELECT COUNT(*) FROM tokens"), 2);
    assert_ok(issue_read_opaque(g.refresh_token, &v));
    assert_int_equal(v.selector, g.token.selector);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_prepare, world, after),
        cmocka_unit_test_setup_teardown(test_read_refresh, world, after),
        cmocka_unit_test_setup_teardown(test_lifetimes, world, after),
        cmocka_unit_test_setup_teardown(test_access_claims, world, after),
        cmocka_unit_test_setup_teardown(test_audience, world, after),
        cmocka_unit_test_setup_teardown(test_id_claims, world, after),
        cmocka_unit_test_setup_teardown(test_respond, world, after),
        cmocka_unit_test_setup_teardown(test_no_openid, world, after),
        cmocka_unit_test_setup_teardown(test_cookie_only, world, after),
        cmocka_unit_test_setup_teardown(test_clock_that_jumps, world, after),
        cmocka_unit_test_setup_teardown(test_no_signer, world, after),
        cmocka_unit_test_setup_teardown(test_taken_selector, world, after),
    };

    return cmocka_run_group_tests(tests, with_processes, without_processes);
}
