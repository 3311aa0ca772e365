/* What is missing from a sign-in (design D26, flows 3): what is demanded, and of whom. */
#include "config.h"

#include "authz_test.h"
#include "factor_test.h"

#include "authn/assurance.h"
#include "authn/trusted_device.h"

static struct user ANN;
static struct client APP;
static const char *DEVICE; /* the trusted one's cookie */

static int set_up(void **state)
{
    struct jar nobody = { NULL, NULL };
    struct trusted_device d;
    struct exchange *x;

    world(state);
    put_setting("trust_device_enabled", "true");
    assert_ok(users_by_id(DB, A, "u1", &ANN));
    assert_ok(clients_find(DB, A, "app", &APP));
    x = get(&nobody, "");
    trusted_device_new(x, &APP, "u1", &d, &DEVICE);
    assert_ok(trusted_devices_add(DB, &d));
    return 0;
}

struct situation {
    bool setting;         /* require_mfa */
    int own;              /* the application's */
    bool is_enrolled, is_trusted;
    const char *acr_values, *acr;
    enum assurance_step step;
};

static enum assurance_step step_of(const struct situation *s)
{
    struct jar nobody = { NULL, NULL };
    struct request *rq = a_request(M_GET);
    struct assurance_ask ask = { .user = &ANN, .client = &APP, .acr_values = s->acr_values, .acr = s->acr };
    struct assurance next;
    struct exchange *x;

    put_setting("require_mfa", s->setting ? "true" : "false");
    APP.require_mfa = s->own;
    if (s->is_enrolled)
        enrol("u1", T0 - 60);
    assert_ok(users_by_id(DB, A, "u1", &ANN));
    if (s->is_trusted)
        add_cookie(rq, TRUSTED_DEVICE_COOKIE, DEVICE);
    x = browse(&nobody, rq);
    assert_ok(assurance_next(x, &ask, &next));
    assert_int_equal(next.trusted_device_id != NULL, s->is_trusted && next.step == ASSURED && s->acr[0] == '1' &&
                                                         (s->setting || s->own == 1 || s->is_enrolled));
    (void)(factors_totp_remove(DB, "u1") == RC_OK);
    return next.step;
}

static void test_situations(void **state)
{
    static const struct situation rows[] = {
        /* setting, own, enrolled, trusted, acr_values, acr */
        { false, -1, false, false, NULL, "1", ASSURED },
        { false, -1, true, false, NULL, "1", ASSURANCE_TOTP },
        { false, 0, true, false, NULL, "1", ASSURANCE_TOTP }, /* who has one uses it */
        { false, -1, true, true, NULL, "1", ASSURED },
        { true, -1, false, false, NULL, "1", ASSURANCE_ENROL },
        { true, -1, true, false, NULL, "1", ASSURANCE_TOTP },
        { true, -1, true, true, NULL, "1", ASSURED },
        { true, 0, false, false, NULL, "1", ASSURED },
        { false, 1, false, false, NULL, "1", ASSURANCE_ENROL },
        { false, 1, true, true, NULL, "1", ASSURED },
        { true, 1, true, false, NULL, "2", ASSURED },
        { true, 1, false, false, "2", "2", ASSURED },
        /* asked for by the application: a trusted device proves nothing */
        { false, -1, false, false, "2", "1", ASSURANCE_ENROL },
        { false, -1, true, false, "2", "1", ASSURANCE_TOTP },
        { false, -1, true, true, "2", "1", ASSURANCE_TOTP },
        { true, -1, true, true, "2", "1", ASSURANCE_TOTP },
        { false, 0, false, false, "urn:x 2", "1", ASSURANCE_ENROL },
        /* CO-23: who takes less is given less */
        { false, -1, false, false, "1 2", "1", ASSURED },
        { false, -1, false, false, "2 1", "1", ASSURED },
        { false, -1, false, false, "1", "1", ASSURED },
        { false, -1, false, false, "urn:x", "1", ASSURED },
        { false, -1, true, true, "2 1", "1", ASSURED },
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++)
        if (step_of(&rows[i]) != rows[i].step)
            fail_msg("row %zu: not %d", i, (int)rows[i].step);
}

/* Where mails are the only way and none can be sent. */
static void test_stuck(void **state)
{
    struct situation s = { .setting = true, .own = -1, .acr = "1" };

    (void)state;
    put_setting("mfa_method", "email");
    assert_int_equal(step_of(&s), ASSURANCE_STUCK);
    s.is_enrolled = true;
    assert_int_equal(step_of(&s), ASSURANCE_TOTP);
    s = (struct situation){ .own = -1, .acr_values = "2", .acr = "1" };
    assert_int_equal(step_of(&s), ASSURED); /* a wish that cannot be met */
    put_setting("mfa_method", "both");
    assert_int_equal(step_of(&s), ASSURANCE_ENROL);
}

static enum assurance_step step_with(struct exchange *x, const char *device_id)
{
    struct assurance_ask ask = { .user = &ANN, .client = &APP, .acr = "1", .trusted_device_id = device_id };
    struct assurance next;

    assert_ok(assurance_next(x, &ask, &next));
    return next.step;
}

/* A session that was begun on a trusted device owes nothing while the trust is on. */
static void test_device_of_the_session(void **state)
{
    struct jar nobody = { NULL, NULL };
    struct trusted_device_rows rows;
    struct exchange *x;

    (void)state;
    enrol("u1", T0 - 60);
    assert_ok(users_by_id(DB, A, "u1", &ANN));
    x = get(&nobody, "");
    assert_ok(trusted_devices_of_user(DB, A, "u1", T0, &rows));
    assert_int_equal(step_with(x, rows.v[0].id), ASSURED);
    assert_int_equal(step_with(x, NULL), ASSURANCE_TOTP);
    APP.trust_device_enabled = 0;
    assert_int_equal(step_with(x, rows.v[0].id), ASSURANCE_TOTP);
    APP.trust_device_enabled = -1;
    x->now = rows.v[0].expires_at;
    assert_int_equal(step_with(x, rows.v[0].id), ASSURANCE_TOTP);
    x->now = T0;
    assert_ok(trusted_devices_remove(DB, rows.v[0].id, "u1"));
    assert_int_equal(step_with(x, rows.v[0].id), ASSURANCE_TOTP);
}

static void test_trust_is_of_one_person(void **state)
{
    struct jar nobody = { NULL, NULL };
    struct request *rq = a_request(M_GET);

    (void)state;
    enrol("u2", T0 - 60);
    assert_ok(users_by_id(DB, A, "u2", &ANN));
    add_cookie(rq, TRUSTED_DEVICE_COOKIE, DEVICE);
    assert_int_equal(step_with(browse(&nobody, rq), NULL), ASSURANCE_TOTP);
    rq = a_request(M_GET);
    add_cookie(rq, TRUSTED_DEVICE_COOKIE, "not a cookie of ours");
    assert_int_equal(step_with(browse(&nobody, rq), NULL), ASSURANCE_TOTP);
}

static void test_amr(void **state) /* IT-06 */
{
    static const char *const rows[][3] = {
        { "pwd", "otp", "pwd otp mfa" }, { "", "otp", "otp mfa" }, { "pwd otp mfa", "otp", "pwd otp mfa" },
        { "hwk", "otp", "hwk otp mfa" }, { NULL, "otp", "otp mfa" },
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++)
        assert_string_equal(assurance_amr(A, rows[i][0], rows[i][1]), rows[i][2]);
}

static void test_device_names(void **state)
{
    struct request *rq = a_request(M_GET);
    struct jar nobody = { NULL, NULL };
    struct trusted_device d;
    const char *cookie;
    char longest[203] = { 0 };

    (void)state;
    memset(longest, 'x', 199);
    memcpy(longest + 199, "\xc3\xa9", 2); /* cut between characters */
    rq->user_agent = longest;
    trusted_device_new(browse(&nobody, rq), &APP, "u1", &d, &cookie);
    assert_int_equal(strlen(d.device_name), 199);
    rq->user_agent = "";
    trusted_device_new(browse(&nobody, rq), &APP, "u1", &d, &cookie);
    assert_string_equal(d.device_name, "Unknown browser");
    assert_int_equal(d.expires_at, d.created_at + 720 * 3600);
    APP.trust_device_expiration = "24h";
    trusted_device_new(browse(&nobody, rq), &APP, "u1", &d, &cookie);
    assert_int_equal(d.expires_at, d.created_at + 24 * 3600);
}

int main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, set_up, after)
    const struct CMUnitTest tests[] = {
        T(test_situations), T(test_stuck), T(test_device_of_the_session), T(test_trust_is_of_one_person), T(test_amr),
        T(test_device_names),
    };

    return cmocka_run_group_tests(tests, with_processes, without_processes);
}
