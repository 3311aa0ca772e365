/* Redeeming a code: TK-14 to TK-20, PK-01 to PK-04, PK-10, PK-12; flows 7, design D9. */
#include "oidc_test.h"

#include "oidc/code_grant.h"

static const struct code_form GOOD = { "the code", REDIRECT, VERIFIER };

static struct client *client_of(const char *client_id)
{
    struct client *c = arena_new(A, struct client);

    assert_ok(clients_find(DB, A, client_id, c));
    return c;
}

static enum rc redeem(struct exchange *x, const char *client_id, const struct code_form *form, struct grant *g)
{
    return code_redeem(x, client_of(client_id), form, NULL, NULL, g);
}

static void assert_not_redeemed(const char *client_id, const struct code_form *form)
{
    struct exchange *x = a_post("");
    struct grant g;

    assert_no(x, redeem(x, client_id, form, &g), REFUSE_INVALID_GRANT);
}

static void test_redeem(void **state)
{
    struct exchange *x = a_post("");
    struct token_view v;
    struct grant g;

    (void)state;
    put_code("the code", "app");
    assert_ok(redeem(x, "app", &GOOD, &g)); /* PK-01 */
    assert_string_equal(g.user->id, "u1");
    assert_ok(tokens_find(DB, A, g.token.selector, &v));
    assert_true(token_is_live(&v, x->now));
    assert_string_equal(v.family.session_id, "s1");
    assert_string_equal(v.family.sid, "s1");
    assert_string_equal(v.family.scope, SCOPES);
    assert_string_equal(v.family.nonce, "n-0S6");
    assert_string_equal(v.family.grant_type, "authorization_code");
    assert_int_equal(v.family.auth_time, T0 - 60);
    assert_string_equal(v.family.amr, "pwd");
}

/* TK-18, TK-19: the second time ends what the first one made. */
static void test_replay(void **state)
{
    struct exchange *x = a_post("");
    struct token_view v;
    struct grant g;

    (void)state;
    put_code("the code", "app");
    assert_ok(redeem(x, "app", &GOOD, &g));
    assert_not_redeemed("app", &GOOD);
    assert_ok(tokens_find(DB, A, g.token.selector, &v));
    assert_false(token_is_live(&v, x->now));
    assert_not_redeemed("app", &GOOD);
}

/* TK-17, design D9: another client neither redeems it nor ends its family. */
static void test_other_client(void **state)
{
    struct exchange *x = a_post("");
    struct token_view v;
    struct grant g;

    (void)state;
    put_code("the code", "app");
    assert_not_redeemed("poster", &GOOD);
    assert_ok(redeem(x, "app", &GOOD, &g));
    assert_not_redeemed("poster", &GOOD);
    assert_ok(tokens_find(DB, A, g.token.selector, &v));
    assert_true(token_is_live(&v, x->now));
}

/* Wrong in one thing: invalid_grant, and the code is burnt (PK-02). */
static void assert_burns(const char *client_id, const struct code_form *form)
{
    put_code("the code", client_id);
    assert_not_redeemed(client_id, form);
    assert_not_redeemed(client_id, &GOOD);
    assert_int_equal(count("SELECT COUNT(*) FROM token_families"), 0);
    assert_int_equal(count("SELECT COUNT(*) FROM authorization_codes WHERE redeemed_at IS NOT NULL"), 1);
}

static void test_wrong_verifier(void **state)
{
    (void)state;
    assert_burns("app", &(struct code_form){ "the code", REDIRECT, "eBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk" });
}

static void test_verifier_case(void **state) /* PK-12 */
{
    (void)state;
    assert_burns("app", &(struct code_form){ "the code", REDIRECT, "DBJFTJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk" });
}

static void test_missing_verifier(void **state) /* PK-03 */
{
    (void)state;
    assert_burns("app", &(struct code_form){ "the code", REDIRECT, NULL });
}

static void test_short_verifier(void **state) /* PK-10 */
{
    (void)state;
    assert_burns("spa", &(struct code_form){ "the code", REDIRECT, "short" });
}

static void test_other_redirect_uri(void **state) /* TK-16 */
{
    (void)state;
    assert_burns("app", &(struct code_form){ "the code", "https://app.example/cb2", VERIFIER });
}

/* PK-04: a verifier without a challenge; TK-09: a public client without one. */
static void test_no_challenge(void **state)
{
    struct exchange *x = a_post("");
    struct code c = a_code("plain", "app");
    struct grant g;

    (void)state;
    c.code_challenge = c.code_challenge_method = NULL;
    assert_ok(codes_add(DB, &c));
    assert_not_redeemed("app", &(struct code_form){ "plain", REDIRECT, VERIFIER });
    c = a_code("none", "app");
    c.code_challenge = c.code_challenge_method = NULL;
    assert_ok(codes_add(DB, &c));
    assert_ok(redeem(x, "app", &(struct code_form){ "none", REDIRECT, NULL }, &g)); /* PK-06 */
    c = a_code("public", "spa");
    c.code_challenge = c.code_challenge_method = NULL;
    assert_ok(codes_add(DB, &c));
    assert_not_redeemed("spa", &(struct code_form){ "public", REDIRECT, NULL });
}

static void test_expired(void **state) /* TK-15, TK-17 */
{
    struct code c = a_code("the code", "app");

    (void)state;
    c.expires_at = T0;
    assert_ok(codes_add(DB, &c));
    assert_not_redeemed("app", &GOOD);
    assert_not_redeemed("app", &(struct code_form){ "unknown", REDIRECT, VERIFIER });
}

static void test_session_ended(void **state)
{
    (void)state;
    put_code("the code", "app");
    assert_ok(sessions_end(DB, "s1", "logout", T0));
    assert_not_redeemed("app", &GOOD);
}

static void test_user_deactivated(void **state)
{
    (void)state;
    put_code("the code", "app");
    assert_ok(users_deactivate(DB, "u1", T0));
    assert_not_redeemed("app", &GOOD);
}

static void test_client_disabled(void **state)
{
    (void)state;
    put_code("the code", "app");
    assert_ok(clients_set_active(DB, "app", false, T0));
    assert_not_redeemed("app", &GOOD);
}

/* The consoles add their session in the same transaction: all of it or nothing. */
static enum rc count_family(struct exchange *x, const struct grant *g, void *arg)
{
    (void)x;
    assert_non_null(g->family.id);
    *(int64_t *)arg = count("SELECT COUNT(*) FROM token_families");
    return RC_OK;
}

static enum rc decline(struct exchange *x, const struct grant *g, void *arg)
{
    (void)g;
    (void)arg;
    return refuse(&x->no, REFUSE_FORBIDDEN, NULL);
}

static void test_extra(void **state)
{
    struct exchange *x = a_post("");
    int64_t families = 0;
    struct grant g;

    (void)state;
    put_code("the code", "app");
    assert_no(x, code_redeem(x, client_of("app"), &GOOD, decline, NULL, &g), REFUSE_FORBIDDEN);
    assert_int_equal(count("SELECT COUNT(*) FROM token_families"), 0);
    assert_ok(code_redeem(x, client_of("app"), &GOOD, count_family, &families, &g));
    assert_int_equal(families, 1);
}

/* TK-20: 20 at once; one wins, and in the end its family is dead. */
static int redeem_once(struct db *db, int i)
{
    struct exchange *x;
    struct grant g;

    (void)i;
    DB = db;
    x = a_post("");
    return (int)redeem(x, "app", &GOOD, &g);
}

static void test_parallel(void **state)
{
    int tally[256] = { 0 };

    (void)state;
    put_code("the code", "app");
    race(20, redeem_once, tally);
    assert_int_equal(tally[RC_OK], 1);
    assert_int_equal(tally[RC_REFUSED], 19);
    assert_int_equal(count("SELECT COUNT(*) FROM token_families"), 1);
    assert_int_equal(count("SELECT COUNT(*) FROM token_families WHERE revoked_at IS NULL"), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_redeem, world, after),
        cmocka_unit_test_setup_teardown(test_replay, world, after),
        cmocka_unit_test_setup_teardown(test_other_client, world, after),
        cmocka_unit_test_setup_teardown(test_wrong_verifier, world, after),
        cmocka_unit_test_setup_teardown(test_verifier_case, world, after),
        cmocka_unit_test_setup_teardown(test_missing_verifier, world, after),
        cmocka_unit_test_setup_teardown(test_short_verifier, world, after),
        cmocka_unit_test_setup_teardown(test_other_redirect_uri, world, after),
        cmocka_unit_test_setup_teardown(test_no_challenge, world, after),
        cmocka_unit_test_setup_teardown(test_expired, world, after),
        cmocka_unit_test_setup_teardown(test_session_ended, world, after),
        cmocka_unit_test_setup_teardown(test_user_deactivated, world, after),
        cmocka_unit_test_setup_teardown(test_client_disabled, world, after),
        cmocka_unit_test_setup_teardown(test_extra, world, after),
        cmocka_unit_test_setup_teardown(test_parallel, world_in_file, after_directory),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
