/* grant_type=password: TK-12, TK-36 as the contract has them (http-api 6.1), CS-12, flows 10, 15. */
#include "factor_test.h"

#include "oidc/bearer.h"
#include "store/audit.h"
#include "store/lockouts.h"
#include "store/passwords.h"

#define RIGHT "correct horse battery"
#define FORM "grant_type=password&username=annie&password=correct+horse+battery"
#define SPA FORM "&client_id=spa"

static int setting(void **state)
{
    const char *hash;

    world(state);
    put_user("u3", "annie", "user");
    put_user("u4", "passless", "user");
    assert_ok(hasher_make(&HASHER, A, RIGHT, &hash));
    assert_ok(passwords_set(DB, "u3", hash, T0));
    assert_ok(passwords_set(DB, "u2", hash, T0));
    register_for("app", "password refresh_token", "openid profile");
    register_for("spa", "password refresh_token", NULL);
    return 0;
}

static struct json *granted(const char *form)
{
    struct exchange *x = a_post(form);

    if (token_handle(x) != RC_OK)
        fail_msg("%s: %s", form, refusal_text(&x->no));
    return answer_of(x);
}

static void test_answer(void **state)
{
    struct json *answer = granted(SPA), *access, *id;
    struct exchange *x = a_post("");
    struct user u;

    (void)state;
    assert_string_equal(text_of(answer, "scope"), SCOPES); /* of the client */
    access = claims_of(x, text_of(answer, "access_token"));
    id = claims_of(x, text_of(answer, "id_token"));
    assert_string_equal(text_of(access, "sub"), "u3");
    assert_string_equal(text_of(access, "acr"), "1");
    assert_string_equal(json_str(json_at(json_get(access, "amr"), 0)), "pwd");
    assert_int_equal(int_of(access, "auth_time"), int_of(access, "iat"));
    assert_string_equal(text_of(id, "sub"), "u3");
    assert_string_equal(text_of(id, "aud"), "spa");
    assert_string_equal(text_of(id, "sid"), text_of(access, "sid"));
    assert_false(json_has(id, "nonce"));
    assert_ok(bearer_check(x, text_of(answer, "access_token")));
    assert_null(x->token->family.session_id); /* data-model: no browser session behind it */
    assert_ok(users_by_id(DB, A, "u3", &u));
    assert_true(u.last_login_at >= T0);
}

/* Issued whatever the scope says (http-api 6.1), and it rotates like any other. */
static void test_refresh(void **state)
{
    struct json *first = granted(SPA), *second;
    const char *token = text_of(first, "refresh_token");

    (void)state;
    second = granted(arena_printf(A, "grant_type=refresh_token&refresh_token=%s&client_id=spa", token));
    assert_string_equal(text_of(second, "scope"), SCOPES);
    assert_string_not_equal(text_of(second, "refresh_token"), token);
}

static void test_scope(void **state)
{
    struct json *answer = granted(SPA "&scope=profile+profile");

    (void)state;
    assert_string_equal(text_of(answer, "scope"), "profile");
    assert_false(json_has(answer, "id_token"));
    register_for("spa", "password", "");
    assert_string_equal(text_of(granted(SPA), "scope"), "openid profile email");
}

static void test_confidential(void **state)
{
    struct exchange *x = with_header(a_post(FORM), basic("app", SECRET));

    (void)state;
    assert_ok(token_handle(x));
    assert_string_equal(text_of(answer_of(x), "scope"), "openid profile");
    x = with_header(a_post(FORM), basic("app", "wrong"));
    assert_no(x, token_handle(x), REFUSE_INVALID_CLIENT);
    x = a_post(FORM "&client_id=app");
    assert_no(x, token_handle(x), REFUSE_INVALID_CLIENT);
}

static void test_refused(void **state)
{
    static const struct { const char *what, *form; enum refusal_code code; } rows[] = {
        { "no username", "grant_type=password&client_id=spa&password=x", REFUSE_INVALID_REQUEST },
        { "no password", "grant_type=password&client_id=spa&username=annie", REFUSE_INVALID_REQUEST },
        { "HT-04 empty password", "grant_type=password&client_id=spa&username=annie&password=",
          REFUSE_INVALID_REQUEST },
        { "HT-03 twice", SPA "&password=correct+horse+battery", REFUSE_INVALID_REQUEST },
        { "no client", FORM, REFUSE_INVALID_CLIENT },
        { "unknown client", FORM "&client_id=nobody", REFUSE_INVALID_CLIENT },
        { "TK-13 not registered", FORM "&client_id=autentico-admin", REFUSE_UNAUTHORIZED_CLIENT },
        { "wrong password", "grant_type=password&client_id=spa&username=annie&password=wrong+horse",
          REFUSE_INVALID_GRANT },
        { "CS-12 unknown user", "grant_type=password&client_id=spa&username=nobody&password=wrong+horse",
          REFUSE_INVALID_GRANT },
        { "has no password", "grant_type=password&client_id=spa&username=passless&password=correct+horse",
          REFUSE_INVALID_GRANT },
        { "settings 3: too short", "grant_type=password&client_id=spa&username=annie&password=five5",
          REFUSE_INVALID_GRANT },
        { "settings 3: name too short", "grant_type=password&client_id=spa&username=ann&password=correct+horse",
          REFUSE_INVALID_GRANT },
        { "scope not allowed", SPA "&scope=openid+admin", REFUSE_INVALID_SCOPE },
        { "malformed scope", SPA "&scope=%22", REFUSE_INVALID_SCOPE },
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct exchange *x = a_post(rows[i].form);

        if (token_handle(x) != RC_REFUSED || x->no.code != rows[i].code)
            fail_msg("%s: %s (%s)", rows[i].what, refusal_wire(x->no.code), refusal_text(&x->no));
        if (x->no.code == REFUSE_INVALID_GRANT)
            assert_string_equal(refusal_text(&x->no), "Invalid username or password"); /* CS-12 */
    }
    assert_int_equal(count("SELECT COUNT(*) FROM token_families"), 0);
}

static void test_deactivated(void **state)
{
    struct exchange *x = a_post(SPA);

    (void)state;
    assert_ok(users_deactivate(DB, "u3", T0));
    assert_no(x, token_handle(x), REFUSE_INVALID_GRANT);
}

/* flows 15: counted like at the login page, and together with it. */
static void test_lockout(void **state)
{
    struct exchange *x = NULL;

    (void)state;
    for (int i = 0; i < 5; i++) {
        x = a_post("grant_type=password&client_id=spa&username=annie&password=wrong+horse");
        assert_no(x, token_handle(x), REFUSE_INVALID_GRANT);
    }
    x = a_post(SPA);
    assert_no(x, token_handle(x), REFUSE_LOCKED_GRANT);
    assert_int_equal(refusal_status(x->no.code), 403);
    assert_string_equal(refusal_wire(x->no.code), "account_locked");
    assert_non_null(strstr(refusal_text(&x->no), "locked"));
    assert_ok(lockouts_clear(DB, "u3"));
    (void)granted(SPA);
}

/* A request that cannot become a grant is no guess: it costs no attempt. */
static void test_no_guess(void **state)
{
    struct lockout l;
    struct exchange *x;

    (void)state;
    for (int i = 0; i < 6; i++) {
        x = a_post("grant_type=password&client_id=spa&username=annie&password=wrong+horse&scope=admin");
        assert_no(x, token_handle(x), REFUSE_INVALID_SCOPE);
    }
    assert_none(lockouts_find(DB, A, "u3", &l));
}

/* Design D6: the gate of the hashers holds here too, and who was not looked at is not
 * a step nearer to being locked out. */
static void test_busy(void **state)
{
    struct hasher_gate closed = { .cap = 0, .n = 1 };
    struct hasher hasher = HASHER;
    struct exchange *x;
    struct lockout l;

    (void)state;
    hasher.gate = &closed;
    for (int i = 0; i < 6; i++) {
        x = a_post(SPA);
        x->hasher = &hasher;
        assert_no(x, token_handle(x), REFUSE_BUSY);
    }
    assert_int_equal(refusal_status(x->no.code), 503);
    assert_true(lockouts_find(DB, A, "u3", &l) == RC_NONE || l.failures_n == 0);
}

/* http-api 6.1: 403 mfa_required, after the password and not instead of looking at it. */
static enum refusal_code with_mfa(int own, bool global, const char *form)
{
    struct exchange *x;
    struct client c;
    enum rc rc;

    assert_ok(clients_find(DB, A, "spa", &c));
    c.require_mfa = own;
    assert_ok(clients_update(DB, &c));
    assert_ok(settings_put(DB, "require_mfa", global ? "true" : "false", T0));
    x = a_post(form);
    rc = token_handle(x);
    assert_true(rc == RC_OK || rc == RC_REFUSED);
    return rc == RC_OK ? REFUSE_NOTHING : x->no.code;
}

static void test_mfa(void **state)
{
    (void)state;
    assert_int_equal(with_mfa(-1, true, SPA), REFUSE_MFA_REQUIRED);
    assert_int_equal(with_mfa(-1, true, SPA "&totp_code=123456"), REFUSE_MFA_REQUIRED);
    assert_int_equal(with_mfa(1, false, SPA), REFUSE_MFA_REQUIRED);
    assert_int_equal(refusal_status(REFUSE_MFA_REQUIRED), 403);
    assert_int_equal(with_mfa(-1, true, "grant_type=password&client_id=spa&username=annie&password=wrong+horse"),
                     REFUSE_INVALID_GRANT);
    assert_int_equal(count("SELECT COUNT(*) FROM token_families"), 0);
    assert_int_equal(with_mfa(0, true, SPA), REFUSE_NOTHING);
    assert_int_equal(with_mfa(-1, false, SPA), REFUSE_NOTHING);
}

/* http-api 6.1, OT-04, OT-05, OT-09: by an app, after the password. */
static void test_totp_code(void **state)
{
    const char *right = arena_printf(A, SPA "&totp_code=%s", app_code(T0));
    struct exchange *x;
    struct json *access;

    (void)state;
    enrol("u3", T0 - 3600);
    assert_int_equal(with_mfa(-1, false, SPA), REFUSE_MFA_REQUIRED); /* enrolled is enough */
    assert_int_equal(with_mfa(0, false, SPA "&totp_code="), REFUSE_MFA_REQUIRED);
    assert_int_equal(with_mfa(-1, false, SPA "&totp_code=12345"), REFUSE_INVALID_CODE_GRANT);
    assert_int_equal(refusal_status(REFUSE_INVALID_CODE_GRANT), 403);
    assert_int_equal(with_mfa(-1, false, arena_printf(A, "grant_type=password&client_id=spa&username=annie"
                                                         "&password=wrong+horse&totp_code=%s", app_code(T0))),
                     REFUSE_INVALID_GRANT);
    assert_int_equal(failures_of("u3"), 1); /* a code is not looked at before the password is right */
    access = claims_of(a_post(""), text_of(granted(right), "access_token"));
    assert_string_equal(text_of(access, "acr"), "2");
    assert_int_equal(json_len(json_get(access, "amr")), 3);
    x = a_post(right);
    assert_no(x, token_handle(x), REFUSE_INVALID_CODE_GRANT); /* OT-04 */
    for (int i = 0; i < 4; i++)
        assert_int_equal(with_mfa(-1, false, SPA "&totp_code=12345"), REFUSE_INVALID_CODE_GRANT);
    x = a_post(arena_printf(A, SPA "&totp_code=%s", app_code(T0 + 30)));
    assert_no(x, token_handle(x), REFUSE_LOCKED_GRANT);
}

static void test_passkeys_only(void **state)
{
    struct exchange *x;

    (void)state;
    assert_ok(settings_put(DB, "auth_mode", "passkey_only", T0));
    x = a_post(SPA);
    assert_no(x, token_handle(x), REFUSE_UNSUPPORTED_GRANT_TYPE);
}

static enum refusal_code unverified(const char *user_id, const char *username)
{
    struct exchange *x = a_post(arena_printf(A, "grant_type=password&client_id=spa&username=%s"
                                                "&password=correct+horse+battery", username));
    struct user u;

    assert_ok(users_by_id(DB, A, user_id, &u));
    u.is_email_verified = false;
    assert_ok(users_update(DB, &u));
    return token_handle(x) == RC_OK ? REFUSE_NOTHING : x->no.code;
}

/* settings 3: blocks people, not administrators. */
static void test_email(void **state)
{
    (void)state;
    assert_int_equal(unverified("u3", "annie"), REFUSE_NOTHING);
    assert_ok(settings_put(DB, "require_email_verification", "true", T0));
    assert_int_equal(unverified("u3", "annie"), REFUSE_INVALID_GRANT);
    assert_int_equal(unverified("u2", "root"), REFUSE_NOTHING);
}

static void test_audit(void **state)
{
    struct audit_rows rows;
    struct exchange *x = a_post("grant_type=password&client_id=spa&username=annie&password=wrong+horse");

    (void)state;
    assert_no(x, token_handle(x), REFUSE_INVALID_GRANT);
    assert_ok(audit_latest(DB, A, 9, &rows));
    assert_int_equal(rows.n, 1);
    assert_string_equal(rows.v[0].event, "login_failed");
    (void)granted(SPA);
    assert_ok(audit_latest(DB, A, 9, &rows));
    assert_int_equal(rows.n, 2);
    assert_int_equal(count("SELECT COUNT(*) FROM audit_logs WHERE event = 'login_success' AND actor_id = 'u3'"
                           " AND detail = '{\"method\":\"password\",\"grant_type\":\"password\"}'"), 1);
}

/* The admin client with the grant (settings 6): what comes of it opens the admin API to
 * administrators. */
static void test_admin_client(void **state)
{
    struct exchange *x;

    (void)state;
    register_for("autentico-admin", "authorization_code refresh_token password", NULL);
    for (int is_admin = 0; is_admin < 2; is_admin++) {
        struct json *answer = granted(arena_printf(A, "grant_type=password&client_id=autentico-admin&username=%s"
                                                      "&password=correct+horse+battery", is_admin ? "root" : "annie"));

        x = with_header(an_exchange(a_request(M_GET)), bearer(text_of(answer, "access_token")));
        if (is_admin)
            assert_ok(bearer_api(x, true));
        else
            assert_no(x, bearer_api(x, true), REFUSE_FORBIDDEN);
    }
}

int main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, setting, after)
    const struct CMUnitTest tests[] = {
        T(test_answer),        T(test_refresh), T(test_scope),   T(test_confidential), T(test_refused),
        T(test_deactivated),   T(test_lockout), T(test_no_guess), T(test_busy),        T(test_mfa),
        T(test_totp_code),
        T(test_passkeys_only), T(test_email),   T(test_audit),   T(test_admin_client),
    };

    return cmocka_run_group_tests(tests, with_processes, without_processes);
}
