/* Introspection and revocation: IN-01 to IN-08, RV-01 to RV-08, RV-10; http-api 6.3, 6.4. */
#include "oidc_test.h"

#include "oidc/bearer.h"
#include "store/audit.h"

static struct exchange *ask_about(const char *token)
{
    return with_header(a_post(arena_printf(A, "token=%s&token_type_hint=whatever", token)), basic("app", SECRET));
}

/* As the gate and the handler do it. */
static struct json *told(struct exchange *x)
{
    if (client_or_admin(x) != RC_OK || introspect_handle(x) != RC_OK)
        fail_msg("introspect: %s", refusal_text(&x->no));
    return answer_of(x);
}

static void assert_inactive(struct exchange *x) /* IN-03: and nothing else */
{
    assert_string_equal(json_text(A, told(x)), "{\"active\":false}");
}

static bool is_active(const char *token)
{
    bool is = false;

    assert_ok(json_get_bool(told(ask_about(token)), "active", &is));
    return is;
}

static void test_active(void **state) /* IN-01, IN-04 */
{
    struct json *answer = sign_in("app", "u1", SCOPES), *t = told(ask_about(text_of(answer, "access_token")));
    struct json *claims = claims_of(a_post(""), text_of(answer, "access_token"));

    (void)state;
    assert_string_equal(text_of(t, "scope"), SCOPES);
    assert_string_equal(text_of(t, "client_id"), "app");
    assert_string_equal(text_of(t, "username"), "ann");
    assert_string_equal(text_of(t, "token_type"), "Bearer");
    assert_string_equal(text_of(t, "sub"), "u1");
    assert_string_equal(text_of(t, "iss"), ISSUER);
    assert_string_equal(text_of(t, "jti"), text_of(claims, "jti"));
    assert_int_equal(int_of(t, "exp"), int_of(claims, "exp"));
    assert_int_equal(int_of(t, "iat"), int_of(claims, "iat"));
    assert_string_equal(json_text(A, json_get(t, "aud")), json_text(A, json_get(claims, "aud")));
}

static void test_refresh_token(void **state)
{
    struct json *answer = sign_in("app", "u1", SCOPES), *t = told(ask_about(text_of(answer, "refresh_token")));

    (void)state;
    assert_int_equal(int_of(t, "exp"), int_of(t, "iat") + 720 * 3600);
    assert_string_equal(text_of(t, "client_id"), "app");
}

static void test_inactive(void **state)
{
    struct json *answer = sign_in("app", "u1", SCOPES);
    const char *access = text_of(answer, "access_token");
    struct exchange *x = ask_about(access);

    (void)state;
    assert_inactive(ask_about("garbage"));
    assert_inactive(ask_about(text_of(answer, "id_token")));
    x->now += 900;
    assert_inactive(x);
    assert_true(is_active(access));
    assert_ok(sessions_end(DB, "s1", "test", T0)); /* IN-07 */
    assert_inactive(ask_about(access));
    assert_inactive(ask_about(text_of(answer, "refresh_token")));
}

/* IN-08: neither its client nor its audience; an administrator sees all. */
static void test_entitled(void **state)
{
    const char *access = text_of(sign_in("spa", "u1", SCOPES), "access_token"), *meant, *admin;
    static const char *audiences[] = { "app" };
    struct client c;

    (void)state;
    assert_inactive(ask_about(access));
    assert_ok(clients_find(DB, A, "spa", &c));
    c.has_allowed_audiences = true;
    c.allowed_audiences = (struct text_list){ audiences, 1 };
    assert_ok(clients_update(DB, &c));
    assert_inactive(ask_about(access)); /* what it was made with counts */
    meant = text_of(sign_in("spa", "u1", SCOPES), "access_token");
    assert_true(is_active(meant));
    admin = text_of(sign_in("spa", "u2", SCOPES), "access_token");
    assert_string_equal(text_of(told(with_header(a_post(arena_printf(A, "token=%s", access)), bearer(admin))), "sub"),
                        "u1");
    assert_inactive(ask_about(text_of(sign_in("spa", "u1", SCOPES), "refresh_token")));
}

static void test_public_client(void **state) /* IN-02 */
{
    struct exchange *x = a_post("token=x&client_id=spa");

    (void)state;
    assert_ok(client_or_admin(x));
    assert_no(x, introspect_handle(x), REFUSE_INVALID_CLIENT);
}

static void test_missing(void **state) /* IN-05, RV-03 */
{
    struct exchange *x = with_header(a_post("token="), basic("app", SECRET));

    (void)state;
    assert_ok(client_or_admin(x));
    assert_no(x, introspect_handle(x), REFUSE_INVALID_REQUEST);
    x = with_header(a_post("token_type_hint=access_token"), basic("app", SECRET));
    assert_ok(client_or_admin(x));
    assert_no(x, revoke_handle(x), REFUSE_INVALID_REQUEST);
    x = with_header(a_post("token=x&token_type_hint=a&token_type_hint=b"), basic("app", SECRET)); /* HT-03 */
    assert_ok(client_or_admin(x));
    assert_no(x, introspect_handle(x), REFUSE_INVALID_REQUEST);
}

/* http-api 6.4 (IN-06: the contract holds): a JSON body as well; not at revocation. */
static void test_json(void **state)
{
    const char *access = text_of(sign_in("app", "u1", SCOPES), "access_token");
    struct request *rq = a_request(M_POST);
    struct exchange *x;

    (void)state;
    rq->content_type = "application/json";
    rq->body = bytes_of(arena_printf(A, "{\"token\":\"%s\"}", access));
    x = with_header(an_exchange(rq), basic("app", SECRET));
    assert_string_equal(text_of(told(x), "sub"), "u1");
    x = with_header(an_exchange(rq), basic("app", SECRET));
    assert_ok(client_or_admin(x));
    assert_no(x, revoke_handle(x), REFUSE_INVALID_REQUEST);
    rq->body = bytes_of("{");
    x = with_header(an_exchange(rq), basic("app", SECRET));
    assert_ok(client_or_admin(x));
    assert_no(x, introspect_handle(x), REFUSE_INVALID_REQUEST);
}

/* ---- revocation ---- */

static void revoke_it(struct exchange *x)
{
    if (client_or_admin(x) != RC_OK || revoke_handle(x) != RC_OK)
        fail_msg("revoke: %s", refusal_text(&x->no));
    assert_int_equal(x->rs->status, 200);
    assert_int_equal(x->rs->body.n, 0);
}

static void test_revoke_access(void **state) /* RV-01, RV-08, flows 11: the pair */
{
    struct json *answer = sign_in("app", "u1", SCOPES);

    (void)state;
    revoke_it(ask_about(text_of(answer, "access_token")));
    assert_false(is_active(text_of(answer, "access_token")));
    assert_false(is_active(text_of(answer, "refresh_token")));
    revoke_it(ask_about(text_of(answer, "access_token"))); /* RV-02 */
    assert_true(is_active(text_of(sign_in("app", "u1", SCOPES), "access_token")));
}

static void test_revoke_refresh(void **state) /* RV-07: everything of the grant */
{
    struct json *one = sign_in("app", "u1", SCOPES);
    struct exchange *x = with_header(a_post(arena_printf(A, "grant_type=refresh_token&refresh_token=%s",
                                                         text_of(one, "refresh_token"))), basic("app", SECRET));
    struct json *two;

    (void)state;
    assert_ok(token_handle(x));
    two = answer_of(x);
    revoke_it(ask_about(text_of(one, "refresh_token"))); /* the one already spent */
    assert_false(is_active(text_of(two, "access_token")));
    assert_false(is_active(text_of(two, "refresh_token")));
}

static void test_revoke_unknown(void **state) /* RV-02 */
{
    (void)state;
    revoke_it(ask_about("garbage"));
    revoke_it(ask_about("a.b.c"));
}

static void test_revoke_other(void **state) /* RV-04 */
{
    struct json *answer = sign_in("spa", "u1", SCOPES);
    struct exchange *x = a_post("");

    (void)state;
    revoke_it(ask_about(text_of(answer, "access_token")));
    revoke_it(ask_about(text_of(answer, "refresh_token")));
    assert_ok(bearer_check(x, text_of(answer, "access_token")));
    revoke_it(a_post(arena_printf(A, "client_id=spa&token=%s", text_of(answer, "access_token"))));
    assert_no(x, bearer_check(x, text_of(answer, "access_token")), REFUSE_INVALID_TOKEN);
}

static void test_revoke_by_admin(void **state)
{
    const char *admin = text_of(sign_in("spa", "u2", SCOPES), "access_token"),
               *access = text_of(sign_in("app", "u1", SCOPES), "access_token");
    struct audit_rows rows;

    (void)state;
    revoke_it(with_header(a_post(arena_printf(A, "token=%s", access)), bearer(admin)));
    assert_false(is_active(access));
    assert_ok(audit_latest(DB, A, 10, &rows));
    assert_int_equal(rows.n, 1);
    assert_string_equal(rows.v[0].event, "token_revoked");
    assert_string_equal(rows.v[0].actor_username, "root");
    assert_string_equal(rows.v[0].target_id, text_of(claims_of(a_post(""), access), "jti"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_active, world, after),
        cmocka_unit_test_setup_teardown(test_refresh_token, world, after),
        cmocka_unit_test_setup_teardown(test_inactive, world, after),
        cmocka_unit_test_setup_teardown(test_entitled, world, after),
        cmocka_unit_test_setup_teardown(test_public_client, world, after),
        cmocka_unit_test_setup_teardown(test_missing, world, after),
        cmocka_unit_test_setup_teardown(test_json, world, after),
        cmocka_unit_test_setup_teardown(test_revoke_access, world, after),
        cmocka_unit_test_setup_teardown(test_revoke_refresh, world, after),
        cmocka_unit_test_setup_teardown(test_revoke_unknown, world, after),
        cmocka_unit_test_setup_teardown(test_revoke_other, world, after),
        cmocka_unit_test_setup_teardown(test_revoke_by_admin, world, after),
    };

    return cmocka_run_group_tests(tests, with_processes, without_processes);
}
