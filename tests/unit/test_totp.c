/* Enrolment of an authenticator app: OT-01, OT-02, OT-07, OT-08. */
#include "config.h"

#include "factor_test.h"

static struct user ANN;

static int set_up(void **state)
{
    world(state);
    assert_ok(users_by_id(DB, A, "u1", &ANN));
    return 0;
}

static struct totp_draft draft_of(const char *user_id, const char *nonce)
{
    struct user u = ANN;
    struct totp_draft d;

    u.id = user_id;
    totp_draft(a_post(""), &u, "Example", nonce, &d);
    return d;
}

/* The same for the same enrolment, another for any other; 160 bits (OT-01). */
static void test_drafts(void **state)
{
    struct totp_draft d = draft_of("u1", "nonce-1");

    (void)state;
    assert_int_equal(d.raw.n, OTP_SECRET_BYTES);
    assert_int_equal(strlen(d.secret), 32);
    assert_string_equal(d.secret, draft_of("u1", "nonce-1").secret);
    assert_string_not_equal(d.secret, draft_of("u1", "nonce-2").secret);
    assert_string_not_equal(d.secret, draft_of("u2", "nonce-1").secret);
    assert_string_not_equal(draft_of("u1", "2").secret, draft_of("u12", "").secret);
}

static void test_uri(void **state) /* flows 1 */
{
    struct user u = ANN;

    (void)state;
    u.username = "ann@example.org";
    assert_string_equal(totp_show(A, &u, "My Site", bytes_of(SEED)).uri,
                        "otpauth://totp/My%20Site:ann%40example.org?algorithm=SHA1&digits=6&issuer=My%20Site"
                        "&period=30&secret=GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ");
}

static void test_typed(void **state) /* OT-07 */
{
    static const char *const rows[][2] = {
        { "123456", "123456" }, { " 123 456\r\n", "123456" }, { "", "" }, { NULL, "" }, { "12-34", "12-34" },
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++)
        assert_string_equal(totp_typed(A, rows[i][0]), rows[i][1]);
}

static const char *code_for(const struct totp_draft *d, int64_t at)
{
    char code[OTP_DIGITS_MAX + 1];

    otp_code(OTP_SHA1, d->raw, otp_step(at), OTP_DIGITS, code);
    return arena_strdup(A, code);
}

static void test_first_code(void **state) /* OT-08 */
{
    struct totp_draft d = draft_of("u1", "nonce-1");
    struct totp_proof p = { 0 };
    struct exchange *x = a_post("");
    int64_t step;

    (void)state;
    assert_no(x, totp_prove_draft(x, &ANN, "nonce-1", "12345", &p), REFUSE_INVALID_CODE);
    assert_no(x, totp_prove_draft(x, &ANN, "nonce-1", "", &p), REFUSE_INVALID_CODE);
    assert_no(x, totp_prove_draft(x, &ANN, "nonce-2", code_for(&d, T0), &p), REFUSE_INVALID_CODE);
    assert_no(x, totp_prove_draft(x, &ANN, "nonce-1", code_for(&d, T0 - 90), &p), REFUSE_INVALID_CODE);
    assert_ok(totp_prove_draft(x, &ANN, "nonce-1", code_for(&d, T0), &p));
    assert_int_equal(p.step, otp_step(T0));
    /* what is stored has it, and not in the clear */
    assert_ok(totp_step_of(x, "u1", p.secret_sealed, 0, code_for(&d, T0), &step));
    assert_no(x, totp_step_of(x, "u1", p.secret_sealed, step, code_for(&d, T0), &step), REFUSE_INVALID_CODE);
    assert_null(memmem(p.secret_sealed.p, p.secret_sealed.n, d.raw.p, d.raw.n));
}

/* A page that was open when the cookie secret was rotated, with an overlap and without. */
static void test_rotated_secret(void **state)
{
    struct totp_draft d = draft_of("u1", "nonce-1");
    struct keyring_roots roots = { .cookie = bytes_of("another cookie secret, 32 bytes long"),
                                   .cookie_previous = bytes_of("a cookie secret of at least 32 bytes") };
    struct exchange *x = a_post("");
    struct totp_proof p;
    struct keyring k;

    (void)state;
    keyring_derive(&roots, &k);
    x->keys = &k;
    assert_ok(totp_prove_draft(x, &ANN, "nonce-1", code_for(&d, T0), &p));
    roots.cookie_previous = (struct bytes){ 0 };
    keyring_derive(&roots, &k);
    assert_no(x, totp_prove_draft(x, &ANN, "nonce-1", code_for(&d, T0), &p), REFUSE_INVALID_CODE);
}

static void test_no_signer(void **state)
{
    struct exchange *x = a_post("");
    struct signer gone = SIGNER;
    struct totp_proof p;

    (void)state;
    gone.deadline_ms = clock_mono_ms() - 1;
    x->signer = &gone;
    assert_no(x, totp_prove_draft(x, &ANN, "nonce-1", "123456", &p), REFUSE_BUSY);
}

int main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, set_up, after)
    const struct CMUnitTest tests[] = {
        T(test_drafts), T(test_uri), T(test_typed), T(test_first_code), T(test_rotated_secret), T(test_no_signer),
    };

    return cmocka_run_group_tests(tests, with_processes, without_processes);
}
