/* One try at a second factor: OT-04, OT-05, OT-07, OT-08. */
#include "config.h"

#include "factor_test.h"

static struct user ANN;
static struct challenge C;

static void add_challenge(void)
{
    C = (struct challenge){
        .id_hash = hash_like(1), .user_id = "u1", .method = "totp", .request = bytes_of("r"),
        .browser_hash = bytes_of("b"), .amr = "pwd", .created_at = T0, .expires_at = T0 + 600,
    };
    assert_ok(challenges_add(DB, &C));
}

static int set_up(void **state)
{
    world_in_file(state);
    assert_ok(users_by_id(DB, A, "u1", &ANN));
    enrol("u1", T0 - 3600);
    add_challenge();
    return 0;
}

static struct factor_try a_try(enum factor_kind kind, const char *code)
{
    return (struct factor_try){ .kind = kind, .user = &ANN, .code = code };
}

static enum rc check(struct exchange *x, enum factor_kind kind, const char *code)
{
    struct factor_try t = a_try(kind, code);

    return factor_check(x, &t);
}

static void test_right(void **state)
{
    struct exchange *x = a_post("");

    (void)state;
    assert_no(x, check(x, FACTOR_TOTP, "000000x"), REFUSE_INVALID_CODE);
    assert_int_equal(failures_of("u1"), 1);
    assert_ok(check(x, FACTOR_TOTP, app_code(T0)));
    assert_int_equal(failures_of("u1"), 0);
    assert_no(x, check(x, FACTOR_TOTP, app_code(T0)), REFUSE_USED_CODE); /* OT-04 */
    assert_ok(check(x, FACTOR_TOTP, app_code(T0 + 30))); /* a phone that is ahead */
    assert_int_equal(count("SELECT COUNT(*) FROM audit_logs WHERE event = 'mfa_failed'"), 2);
}

static void test_wrong(void **state) /* OT-07 */
{
    static const char *const codes[] = { "", NULL, "12345", "1234567", "12345a", "\xd9\xa0\xd9\xa0\xd9\xa0" };
    struct exchange *x = a_post("");

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(codes); i++) {
        assert_no(x, check(x, FACTOR_TOTP, codes[i]), REFUSE_INVALID_CODE);
        assert_ok(lockouts_clear_factor(DB, "u1"));
    }
    assert_ok(check(x, FACTOR_TOTP, arena_printf(A, " %.3s %s ", app_code(T0), app_code(T0) + 3)));
}

/* Whoever has begun an enrolment, or none at all, has no factor. */
static void test_not_enrolled(void **state)
{
    struct exchange *x = a_post("");
    struct bytes sealed;

    (void)state;
    assert_ok(factors_totp_remove(DB, "u1"));
    assert_no(x, check(x, FACTOR_TOTP, app_code(T0)), REFUSE_INVALID_CODE);
    assert_ok(totp_seal(x, "u1", bytes_of(SEED), &sealed));
    assert_ok(factors_totp_begin(DB, "u1", sealed, T0));
    assert_no(x, check(x, FACTOR_TOTP, app_code(T0)), REFUSE_INVALID_CODE);
}

static void test_lock(void **state) /* OT-05 */
{
    struct exchange *x = a_post("");

    (void)state;
    for (int i = 0; i < 2; i++)
        assert_no(x, check(x, FACTOR_TOTP, "000000x"), REFUSE_INVALID_CODE);
    for (int i = 0; i < 3; i++) /* whatever the method */
        assert_no(x, check(x, FACTOR_RECOVERY, "OIBA-EFGH-IJKL-MNOP"), REFUSE_INVALID_CODE);
    assert_no(x, check(x, FACTOR_TOTP, app_code(T0)), REFUSE_FACTOR_LOCKED);
    assert_ok(lockouts_clear(DB, "u1")); /* a right password */
    assert_no(x, check(x, FACTOR_TOTP, app_code(T0)), REFUSE_FACTOR_LOCKED);
    x->now = T0 + 901;
    assert_ok(check(x, FACTOR_TOTP, app_code(T0)));
}

/* RFC 4226 7.3 holds even where accounts are never locked. */
static void test_lock_without_lockout(void **state)
{
    struct exchange *x;

    (void)state;
    assert_ok(settings_put(DB, "account_lockout_max_attempts", "0", T0));
    assert_ok(settings_put(DB, "account_lockout_duration", "0", T0));
    x = a_post("");
    for (int i = 0; i < FACTOR_TRIES_MAX; i++)
        assert_no(x, check(x, FACTOR_TOTP, "000000x"), REFUSE_INVALID_CODE);
    assert_no(x, check(x, FACTOR_TOTP, app_code(T0)), REFUSE_FACTOR_LOCKED);
    x->now = T0 + 61;
    assert_ok(check(x, FACTOR_TOTP, app_code(T0)));
}

static enum rc check_challenge(struct exchange *x, const char *code, bool *is_last)
{
    struct factor_try t = a_try(FACTOR_TOTP, code);
    enum rc rc;

    t.challenge = &C;
    rc = factor_check(x, &t);
    *is_last = t.is_last;
    return rc;
}

static void test_challenge(void **state)
{
    struct exchange *x;
    bool is_last = true;

    (void)state;
    assert_ok(settings_put(DB, "account_lockout_max_attempts", "100", T0));
    x = a_post("");
    for (int i = 1; i <= FACTOR_TRIES_MAX; i++) {
        assert_no(x, check_challenge(x, "000000x", &is_last), REFUSE_INVALID_CODE);
        assert_int_equal(is_last, i == FACTOR_TRIES_MAX);
    }
    assert_no(x, check_challenge(x, app_code(T0), &is_last), REFUSE_CHALLENGE_SPENT);
    assert_int_equal(failures_of("u1"), FACTOR_TRIES_MAX); /* that one was not looked at */
    C.id_hash = hash_like(2);
    assert_ok(challenges_add(DB, &C));
    assert_ok(check_challenge(x, app_code(T0), &is_last));
    assert_no(x, check_challenge(x, app_code(T0 + 30), &is_last), REFUSE_CHALLENGE_SPENT);
    C.id_hash = hash_like(3);
    C.expires_at = T0;
    assert_ok(challenges_add(DB, &C));
    assert_no(x, check_challenge(x, app_code(T0 + 30), &is_last), REFUSE_CHALLENGE_SPENT);
}

/* A challenge is not used up by a person who is locked. */
static void test_locked_challenge(void **state)
{
    struct exchange *x = a_post("");
    struct challenge c;
    bool is_last;

    (void)state;
    for (int i = 0; i < 5; i++)
        assert_no(x, check(x, FACTOR_TOTP, "000000x"), REFUSE_INVALID_CODE);
    for (int i = 0; i < 9; i++)
        assert_no(x, check_challenge(x, app_code(T0), &is_last), REFUSE_FACTOR_LOCKED);
    assert_false(is_last);
    assert_ok(challenges_find(DB, A, C.id_hash, &c));
    assert_int_equal(c.failures_n, 0);
}

static void test_email(void **state)
{
    struct factor_try t = a_try(FACTOR_EMAIL, "123456");
    struct exchange *x = a_post("");
    struct keyring_roots roots = { .cookie = bytes_of("another cookie secret, 32 bytes long"),
                                   .cookie_previous = bytes_of("a cookie secret of at least 32 bytes") };
    struct keyring k;
    const char *code;

    (void)state;
    assert_no(x, factor_check(x, &t), REFUSE_INVALID_CODE); /* no challenge, no code */
    t.challenge = &C;
    assert_no(x, factor_check(x, &t), REFUSE_INVALID_CODE); /* none was sent */
    code = factor_email_code(x, "u2", &C.code_hash);
    t.code = code;
    assert_no(x, factor_check(x, &t), REFUSE_INVALID_CODE); /* of somebody else */
    code = factor_email_code(x, "u1", &C.code_hash);
    assert_true(otp_is_code(code));
    t.code = strcmp(code, "000000") == 0 ? "000001" : "000000";
    assert_no(x, factor_check(x, &t), REFUSE_INVALID_CODE);
    t.code = code;
    keyring_derive(&roots, &k); /* rotated with an overlap */
    x->keys = &k;
    assert_ok(factor_check(x, &t));
    assert_no(x, factor_check(x, &t), REFUSE_CHALLENGE_SPENT);
}

static enum rc put_codes(struct db *db, void *arg)
{
    struct recovery_codes *c = arg;

    return factors_recovery_replace(db, "u1", c->hash, RECOVERY_CODES_N, T0);
}

static void test_recovery(void **state) /* OT-08 */
{
    struct recovery_codes c = recovery_make(A, "u1");
    struct factor_try t = a_try(FACTOR_RECOVERY, c.text[3]);
    struct exchange *x = a_post("");

    (void)state;
    assert_ok(db_write(DB, put_codes, &c));
    t.challenge = &C;
    assert_ok(factor_check(x, &t));
    assert_int_equal(t.recovery_left, 9);
    t.challenge = NULL;
    assert_no(x, factor_check(x, &t), REFUSE_INVALID_CODE);
    t.code = c.text[4];
    assert_ok(factor_check(x, &t));
    assert_int_equal(t.recovery_left, 8);
}

/* A code that nobody could look at is no wrong one. */
static void test_busy(void **state)
{
    struct exchange *x = a_post("");
    struct signer gone = SIGNER;
    struct challenge c;
    bool is_last;

    (void)state;
    gone.deadline_ms = clock_mono_ms() - 1;
    x->signer = &gone;
    for (int i = 0; i < 10; i++)
        assert_no(x, check_challenge(x, app_code(T0), &is_last), REFUSE_BUSY);
    assert_ok(challenges_find(DB, A, C.id_hash, &c));
    assert_int_equal(c.failures_n, 0);
    assert_int_equal(failures_of("u1"), 0);
    x->signer = &SIGNER;
    assert_ok(check_challenge(x, app_code(T0), &is_last));
}

static enum rc spoil(struct db *db, void *arg)
{
    (void)db;
    return *(enum rc *)arg;
}

/* What was to be written with it was not: neither is the code spent. */
static void test_all_or_nothing(void **state)
{
    enum rc outcome = RC_FAULT;
    struct factor_try t = a_try(FACTOR_TOTP, app_code(T0));
    struct exchange *x = a_post("");

    (void)state;
    t.challenge = &C;
    t.then = spoil;
    t.arg = &outcome;
    assert_fault(factor_check(x, &t));
    outcome = RC_OK;
    assert_ok(factor_check(x, &t));
}

int main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, set_up, after_directory)
    const struct CMUnitTest tests[] = {
        T(test_right), T(test_wrong), T(test_not_enrolled), T(test_lock), T(test_lock_without_lockout),
        T(test_challenge), T(test_locked_challenge), T(test_email), T(test_recovery), T(test_busy),
        T(test_all_or_nothing),
    };

    return cmocka_run_group_tests(tests, with_processes, without_processes);
}
