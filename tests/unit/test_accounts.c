/* Making accounts: http-api 7.1 "Validation", flows 16, settings 6, design D23. */
#include "config.h"

#include "authz_test.h"

#include "authn/accounts.h"

static const struct jar NOBODY = { NULL, NULL };
static const struct account_form ADA = { "ada-lovelace", "Ada@Example.ORG", "analytical engine" };

static struct exchange *fresh(void)
{
    return post(&NOBODY, "");
}

static int empty(void **state)
{
    in_memory(state);
    T0 = clock_now();
    return 0;
}

static int empty_file(void **state)
{
    in_file(state);
    T0 = clock_now();
    return 0;
}

static void test_check(void **state)
{
    static const struct { const char *mode; struct account_form form; const char *why; } cases[] = {
        { "optional", { "ada1", "ada@example.org", "secret" }, NULL },
        { "optional", { "ada1", NULL, "secret" }, NULL },
        { "optional", { " ada1 ", " ", "secret" }, NULL },
        { "hidden", { "ada1", "", "secret" }, NULL },
        { "optional", { "ada1", "ada", "secret" }, "Email" },
        { "optional", { "ada1", "a@b@c", "secret" }, "Email" },
        { "required", { "ada1", "", "secret" }, "Email" },
        { "required", { "ada1", "ada@example.org", "secret" }, NULL },
        { "is_username", { "ada1", "", "secret" }, "Username" },
        { "is_username", { "ada@example.org", "", "secret" }, NULL },
        { "optional", { "ada", "", "secret" }, "Username" },
        { "optional", { "ada1", "", "short" }, "Password" },
        { "optional", { NULL, NULL, NULL }, "Username" },
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct account_form form = cases[i].form;
        struct exchange *x;
        enum rc rc;

        put_setting("profile_field_email", cases[i].mode);
        x = fresh();
        rc = account_check(x, &form);
        if (rc != (cases[i].why == NULL ? RC_OK : RC_REFUSED))
            fail_msg("case %zu: %s", i, refusal_text(&x->no));
        if (cases[i].why == NULL)
            continue;
        assert_int_equal(x->no.code, REFUSE_VALIDATION);
        if (!text_starts(refusal_text(&x->no), cases[i].why))
            fail_msg("case %zu: %s", i, refusal_text(&x->no));
    }
}

static void test_folding(void **state)
{
    struct account_form form = { "  Ada@Example.org ", NULL, "secret" };

    (void)state;
    put_setting("profile_field_email", "is_username");
    assert_ok(account_check(fresh(), &form));
    assert_string_equal(form.username, "Ada@Example.org"); /* trimmed, not folded */
    assert_string_equal(form.email, "ada@example.org");    /* copied, folded */
}

static void test_add(void **state)
{
    struct exchange *x = fresh();
    struct audit_row row;
    struct user u, again;
    struct password stored;

    (void)state;
    assert_ok(account_add(x, &ADA, "user", "admin", &u));
    assert_true(is_id(u.id));
    assert_ok(users_by_username(DB, A, "ada-lovelace", &again));
    assert_string_equal(again.email, "ada@example.org");
    assert_string_equal(again.role, "user");
    assert_false(again.is_email_verified);
    assert_true(again.registered_at > 0);
    assert_ok(passwords_find(DB, A, u.id, &stored));
    assert_null(strstr(stored.hash, ADA.password));
    row = last_event();
    assert_string_equal(row.event, "user_created");
    assert_string_equal(row.target_id, u.id);
    assert_string_equal(row.detail, "{\"source\":\"admin\"}");
}

static void test_taken(void **state)
{
    struct account_form same_name = { "ada-lovelace", "other@example.org", "secret" },
                        same_email = { "other", "ADA@example.org", "secret" };
    struct exchange *x = fresh();
    struct user u;

    (void)state;
    assert_ok(account_add(x, &ADA, "user", "admin", &u));
    assert_no(x, account_add(x, &same_name, "user", "admin", &u), REFUSE_CONFLICT);
    assert_non_null(strstr(refusal_text(&x->no), "username"));
    assert_no(x, account_add(x, &same_email, "user", "admin", &u), REFUSE_CONFLICT);
    assert_non_null(strstr(refusal_text(&x->no), "e-mail"));
    assert_int_equal(count("SELECT COUNT(*) FROM users"), 1);
    assert_int_equal(count("SELECT COUNT(*) FROM passwords"), 1);
    assert_int_equal(count("SELECT COUNT(*) FROM audit_logs"), 1);
}

static void test_onboard(void **state)
{
    struct exchange *x = fresh();
    struct installation facts;
    struct session session, found;
    struct client c;
    struct user u;
    const char *cookie;

    (void)state;
    assert_ok(installation_set_onboard_token(DB, sha256_of(A, "token"), T0 + 3600));
    session_new(x, NULL, "1", "pwd", &session, &cookie);
    assert_ok(account_onboard(x, &ADA, &session, false, &u));
    assert_string_equal(u.role, "admin");
    assert_ok(sessions_by_id(DB, A, session.id, &found));
    assert_string_equal(found.user_id, u.id);
    assert_ok(installation_get(DB, A, &facts)); /* design D23: used once */
    assert_int_equal(facts.onboard_token_hash.n, 0);
    assert_true(fresh()->settings->onboarded);
    assert_true(facts.settings_version > 1); /* the other workers see it too */
    assert_ok(clients_find(DB, A, "autentico-admin", &c));
    assert_string_equal(c.redirect_uris.v[0], "https://id.example/admin/callback");
    assert_true(c.is_public);
    assert_ok(clients_find(DB, A, "autentico-account", &c));
    assert_string_equal(c.post_logout_redirect_uris.v[0], "https://id.example/account/");
    assert_string_equal(c.sso_session_idle_timeout, "24h");
}

static void test_onboard_once(void **state)
{
    struct account_form bob = { "bob-the-second", NULL, "secret" };
    struct exchange *early = fresh(), *x = fresh();
    struct user u;

    (void)state;
    assert_ok(account_onboard(x, &ADA, NULL, false, &u));
    /* one that looked before, and one that looks now */
    assert_no(early, account_onboard(early, &bob, NULL, false, &u), REFUSE_CONFLICT);
    x = fresh();
    assert_no(x, account_onboard(x, &bob, NULL, false, &u), REFUSE_CONFLICT);
    /* and when the person is gone again */
    assert_ok(users_delete(DB, u.id));
    assert_no(x, account_onboard(x, &bob, NULL, false, &u), REFUSE_CONFLICT);
    assert_int_equal(count("SELECT COUNT(*) FROM users"), 0);
}

static void test_onboard_refused(void **state)
{
    struct account_form bad = { "ada", NULL, "secret" };
    struct exchange *x = fresh();
    struct user u;

    (void)state;
    assert_no(x, account_onboard(x, &bad, NULL, false, &u), REFUSE_VALIDATION);
    assert_false(fresh()->settings->onboarded);
    put_user("u1", "root", "user"); /* a user exists, `onboarded` is still false */
    assert_no(x, account_onboard(x, &ADA, NULL, false, &u), REFUSE_CONFLICT);
    assert_int_equal(count("SELECT COUNT(*) FROM clients"), 0); /* all or nothing */
}

static int onboard_racer(struct db *db, int i)
{
    struct account_form form = { arena_printf(A, "racer-%d", i), NULL, "secret" };
    struct exchange *x;
    struct user u;

    DB = db;
    x = fresh();
    return account_onboard(x, &form, NULL, false, &u) == RC_OK ? 0 : 1;
}

/* flows 16: two at once, one administrator */
static void test_onboard_race(void **state)
{
    int tally[256] = { 0 };

    (void)state;
    race(8, onboard_racer, tally);
    assert_int_equal(tally[0], 1);
    assert_int_equal(tally[1], 7);
    assert_int_equal(count("SELECT COUNT(*) FROM users"), 1);
}

static void test_seed_leaves_alone(void **state)
{
    struct client c;

    (void)state;
    assert_ok(accounts_seed_clients(DB, A, "https://id.example", false, T0));
    assert_ok(clients_set_active(DB, "autentico-admin", false, T0));
    assert_ok(accounts_seed_clients(DB, A, "https://other.example", false, T0));
    assert_ok(clients_find(DB, A, "autentico-admin", &c));
    assert_false(c.is_active);
    assert_string_equal(c.redirect_uris.v[0], "https://id.example/admin/callback");
}

static const char *admin_grants(void)
{
    struct client c;

    assert_ok(clients_find(DB, A, "autentico-admin", &c));
    return text_join(A, &c.grant_types, ' ');
}

/* settings 6, 7: only when asked for, and never on a client that is there already. */
static void test_password_grant(void **state)
{
    struct exchange *x = fresh();
    struct client c;
    struct user u;

    (void)state;
    assert_ok(account_onboard(x, &ADA, NULL, true, &u));
    assert_string_equal(admin_grants(), "authorization_code refresh_token password");
    assert_ok(clients_find(DB, A, "autentico-account", &c));
    assert_string_equal(text_join(A, &c.grant_types, ' '), "authorization_code refresh_token");
    assert_ok(accounts_seed_clients(DB, A, "https://id.example", false, T0));
    assert_string_equal(admin_grants(), "authorization_code refresh_token password");
}

static void test_password_grant_too_late(void **state)
{
    struct exchange *x = fresh();
    struct user u;

    (void)state;
    assert_ok(accounts_seed_clients(DB, A, "https://id.example", false, T0));
    assert_ok(account_onboard(x, &ADA, NULL, true, &u));
    assert_string_equal(admin_grants(), "authorization_code refresh_token");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_check, empty, after),
        cmocka_unit_test_setup_teardown(test_folding, empty, after),
        cmocka_unit_test_setup_teardown(test_add, empty, after),
        cmocka_unit_test_setup_teardown(test_taken, empty, after),
        cmocka_unit_test_setup_teardown(test_onboard, empty, after),
        cmocka_unit_test_setup_teardown(test_onboard_once, empty, after),
        cmocka_unit_test_setup_teardown(test_onboard_refused, empty, after),
        cmocka_unit_test_setup_teardown(test_onboard_race, empty_file, after_directory),
        cmocka_unit_test_setup_teardown(test_seed_leaves_alone, empty, after),
        cmocka_unit_test_setup_teardown(test_password_grant, empty, after),
        cmocka_unit_test_setup_teardown(test_password_grant_too_late, empty, after),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
