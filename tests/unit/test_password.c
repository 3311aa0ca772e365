/* Who is this, by password: CS-12, CS-13, CS-15; flows 3, 15; design D5, D6. */
#include "config.h"

#include "authz_test.h"

#include "authn/password.h"
#include "store/lockouts.h"

#define RIGHT "correct horse battery"

static const struct jar NOBODY = { NULL, NULL };

static struct exchange *fresh(void)
{
    return post(&NOBODY, "");
}

static void put_password(const char *user_id, const char *password)
{
    struct exchange *x = fresh();
    const char *hash;

    assert_ok(password_hash(x, password, &hash));
    assert_true(text_starts(hash, "$argon2id$")); /* CS-15 */
    assert_ok(passwords_set(DB, user_id, hash, T0));
}

static int people(void **state)
{
    world(state);
    put_password("u1", RIGHT);
    return 0;
}

/* Rows of one second have no order among themselves. */
static void tick(void)
{
    static int64_t n;

    clock_set_for_test(T0 + ++n);
}

/* What a sign-in comes to: REFUSE_NOTHING when it is right. */
static enum refusal_code tried(const char *username, const char *password)
{
    struct exchange *x = fresh();
    struct right_password right;
    enum rc rc;

    db_read_begin(DB);
    rc = password_login(x, username, password, &right);
    assert_true(db_is_idle(DB));
    if (rc == RC_OK) {
        assert_string_equal(right.user.username, username);
        assert_ok(password_settle(x, &right, RC_OK));
        return REFUSE_NOTHING;
    }
    assert_int_equal(rc, RC_REFUSED);
    return x->no.code;
}

static int64_t failures_of(const char *user_id)
{
    struct lockout l = { 0 };
    enum rc rc = lockouts_find(DB, A, user_id, &l);

    assert_true(rc == RC_OK || rc == RC_NONE);
    return l.failures_n;
}

static void test_right(void **state)
{
    struct user u;

    (void)state;
    assert_int_equal(tried("ann", "wrong"), REFUSE_BAD_CREDENTIALS);
    assert_int_equal(failures_of("u1"), 1);
    assert_int_equal(tried("ann", RIGHT), REFUSE_NOTHING);
    assert_int_equal(failures_of("u1"), 0);
    assert_ok(users_by_id(DB, A, "u1", &u));
    assert_true(u.last_login_at >= T0);
}

static void assert_failed(const char *username, const char *reason)
{
    struct audit_row row = last_event();

    assert_string_equal(row.event, "login_failed");
    assert_string_equal(row.target_type, "user");
    assert_string_equal(text_or(row.target_id, ""), "");
    assert_true(text_empty(row.actor_id));
    assert_string_equal(row.ip_address, "192.0.2.7");
    assert_non_null(strstr(row.detail, arena_printf(A, "\"username\":\"%s\"", username)));
    assert_non_null(strstr(row.detail, arena_printf(A, "\"reason\":\"%s\"", reason)));
}

/* CS-12: unknown, wrong, without a password, deactivated: all the same */
static void test_wrong(void **state)
{
    (void)state;
    tick();
    assert_int_equal(tried("ann", "wrong"), REFUSE_BAD_CREDENTIALS);
    assert_failed("ann", "bad_credentials");
    tick();
    assert_int_equal(tried("nobody", RIGHT), REFUSE_BAD_CREDENTIALS);
    assert_failed("nobody", "bad_credentials");
    assert_int_equal(tried("root", RIGHT), REFUSE_BAD_CREDENTIALS); /* has none */
    assert_int_equal(tried("ANN", RIGHT), REFUSE_BAD_CREDENTIALS);  /* flows 3: exact */
    assert_int_equal(tried("ann@example.org", RIGHT), REFUSE_BAD_CREDENTIALS);
    assert_ok(users_deactivate(DB, "u1", T0));
    tick();
    assert_int_equal(tried("ann", RIGHT), REFUSE_BAD_CREDENTIALS);
    assert_failed("ann", "bad_credentials");
}

static void test_nothing_logged_when_off(void **state)
{
    (void)state;
    put_setting("audit_log_retention", "0");
    assert_int_equal(tried("nobody", "wrong"), REFUSE_BAD_CREDENTIALS);
    assert_string_equal(last_event().event, ""); /* flows 17 */
}

/* CS-13, flows 15 */
static void test_lockout(void **state)
{
    (void)state;
    for (int i = 0; i < 5; i++)
        assert_int_equal(tried("ann", "wrong"), REFUSE_BAD_CREDENTIALS);
    tick();
    assert_int_equal(tried("ann", RIGHT), REFUSE_LOCKED); /* before the password is looked at */
    assert_failed("ann", "account_locked");
    clock_set_for_test(T0 + 899);
    assert_int_equal(tried("ann", RIGHT), REFUSE_LOCKED);
    clock_set_for_test(T0 + 2000);
    assert_int_equal(tried("ann", "wrong"), REFUSE_BAD_CREDENTIALS); /* counts from one again */
    assert_int_equal(failures_of("u1"), 1);
    assert_int_equal(tried("ann", RIGHT), REFUSE_NOTHING);
}

static void test_lockout_off(void **state)
{
    (void)state;
    put_setting("account_lockout_max_attempts", "0");
    for (int i = 0; i < 7; i++)
        assert_int_equal(tried("ann", "wrong"), REFUSE_BAD_CREDENTIALS);
    assert_int_equal(tried("ann", RIGHT), REFUSE_NOTHING);
}

static void test_last_attempt_may_be_right(void **state)
{
    (void)state;
    for (int i = 0; i < 4; i++)
        assert_int_equal(tried("ann", "wrong"), REFUSE_BAD_CREDENTIALS);
    assert_int_equal(tried("ann", RIGHT), REFUSE_NOTHING);
    assert_int_equal(failures_of("u1"), 0);
}

/* design D5: an old kind is verified and replaced */
static void test_upgrade(void **state)
{
    /* John the Ripper's vector for bcrypt: "U*U" */
    const char *old = "$2a$05$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW";
    struct password now;

    (void)state;
    assert_ok(passwords_set(DB, "u1", old, T0));
    assert_int_equal(tried("ann", "U*V"), REFUSE_BAD_CREDENTIALS);
    assert_ok(passwords_find(DB, A, "u1", &now));
    assert_string_equal(now.hash, old);
    assert_int_equal(tried("ann", "U*U"), REFUSE_NOTHING);
    assert_ok(passwords_find(DB, A, "u1", &now));
    assert_true(text_starts(now.hash, "$argon2id$"));
    assert_int_equal(tried("ann", "U*U"), REFUSE_NOTHING);
}

/* design 2: no hasher free is nobody's fault, and no failed sign-in */
static void test_busy(void **state)
{
    struct hasher_gate gate = { .cap = 0, .n = 1 };
    struct hasher full = { .ask_fd = -1, .gate = &gate };
    struct exchange *x = fresh();
    struct right_password user;
    const char *hash;

    (void)state;
    x->hasher = &full;
    assert_no(x, password_login(x, "ann", RIGHT, &user), REFUSE_BUSY);
    assert_string_equal(last_event().event, "");
    for (int i = 0; i < 20; i++) /* never locked out by our own business */
        assert_no(x, password_login(x, "ann", RIGHT, &user), REFUSE_BUSY);
    assert_no(x, password_login(x, "nobody", RIGHT, &user), REFUSE_BUSY);
    assert_no(x, password_hash(x, RIGHT, &hash), REFUSE_BUSY);
}

static enum rc record(struct db *db, void *arg)
{
    return password_record(db, arg);
}

/* Counted until somebody's transaction records it, once. */
static void test_recorded_with_what_it_lets_in(void **state)
{
    struct exchange *x = fresh();
    struct right_password right;
    struct user u;

    (void)state;
    assert_ok(password_login(x, "ann", RIGHT, &right));
    assert_int_equal(failures_of("u1"), 1);
    assert_ok(db_write(DB, record, &right));
    right.is_recorded = true;
    assert_int_equal(failures_of("u1"), 0);
    assert_ok(users_by_id(DB, A, "u1", &u));
    assert_int_equal(u.last_login_at, x->now);
    assert_int_equal(tried("ann", "wrong"), REFUSE_BAD_CREDENTIALS);
    assert_int_equal(password_settle(x, &right, RC_REFUSED), RC_REFUSED);
    assert_int_equal(failures_of("u1"), 1); /* that of the wrong one stays */
}

static void test_recorded_alone_when_it_lets_nobody_in(void **state)
{
    struct exchange *x = fresh();
    struct right_password right;

    (void)state;
    assert_ok(password_login(x, "ann", RIGHT, &right));
    assert_int_equal(password_settle(x, &right, RC_REFUSED), RC_REFUSED);
    assert_int_equal(failures_of("u1"), 0);
}

static void test_changed_while_it_was_looked_at(void **state)
{
    struct exchange *x = fresh();
    struct right_password right;

    (void)state;
    assert_ok(password_login(x, "ann", RIGHT, &right));
    put_password("u1", "another one");
    assert_none(db_write(DB, record, &right));
    assert_true(right.is_stale);
    assert_int_equal(failures_of("u1"), 1);
}

static void test_deactivated_while_it_was_looked_at(void **state)
{
    struct exchange *x = fresh();
    struct right_password right;

    (void)state;
    assert_ok(password_login(x, "ann", RIGHT, &right));
    assert_ok(users_deactivate(DB, "u1", x->now));
    assert_none(db_write(DB, record, &right));
    assert_false(right.is_stale);
    assert_int_equal(failures_of("u1"), 1); /* nothing of it was written */
}

static void test_confirm(void **state)
{
    struct exchange *x = fresh();
    struct user ann;

    (void)state;
    assert_ok(users_by_id(DB, A, "u1", &ann));
    assert_ok(password_confirm(x, &ann, RIGHT));
    for (int i = 0; i < 5; i++)
        assert_no(x, password_confirm(x, &ann, "wrong"), REFUSE_BAD_CREDENTIALS);
    assert_no(x, password_confirm(x, &ann, RIGHT), REFUSE_LOCKED);
    assert_int_equal(tried("ann", RIGHT), REFUSE_LOCKED); /* one counter for all doors */
}

static void test_rules(void **state)
{
    static const struct { const char *username, *password; bool is; } cases[] = {
        { "anna", "secret", true },
        { "ann", "secret", false },
        { "anna", "secre", false },
        { "", "secret", false },
        { "anna", "", false },
        { NULL, "secret", false },
        { "anna", NULL, false },
        { "an\tna", "secret", false },
        { "zo\xc3\xab", "secret", true }, /* bytes, as the contract counts */
    };
    struct exchange *x = fresh();
    char longest[66];

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        bool is = username_rules(x, cases[i].username) == RC_OK && password_rules(x, cases[i].password) == RC_OK;

        if (is != cases[i].is)
            fail_msg("case %zu: %s", i, refusal_text(&x->no));
        if (!is)
            assert_int_equal(x->no.code, REFUSE_VALIDATION);
    }
    memset(longest, 'a', sizeof longest);
    longest[64] = '\0';
    assert_ok(password_rules(x, longest)); /* CS-15 */
    longest[64] = 'a';
    longest[65] = '\0';
    assert_no(x, password_rules(x, longest), REFUSE_VALIDATION);
    assert_string_equal(refusal_text(&x->no), "Password must have at most 64 characters");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_right, people, after),
        cmocka_unit_test_setup_teardown(test_wrong, people, after),
        cmocka_unit_test_setup_teardown(test_nothing_logged_when_off, people, after),
        cmocka_unit_test_setup_teardown(test_lockout, people, after),
        cmocka_unit_test_setup_teardown(test_lockout_off, people, after),
        cmocka_unit_test_setup_teardown(test_last_attempt_may_be_right, people, after),
        cmocka_unit_test_setup_teardown(test_upgrade, people, after),
        cmocka_unit_test_setup_teardown(test_busy, people, after),
        cmocka_unit_test_setup_teardown(test_recorded_with_what_it_lets_in, people, after),
        cmocka_unit_test_setup_teardown(test_recorded_alone_when_it_lets_nobody_in, people, after),
        cmocka_unit_test_setup_teardown(test_changed_while_it_was_looked_at, people, after),
        cmocka_unit_test_setup_teardown(test_deactivated_while_it_was_looked_at, people, after),
        cmocka_unit_test_setup_teardown(test_confirm, people, after),
        cmocka_unit_test_setup_teardown(test_rules, people, after),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
