/*
 * {oauth}/mfa with codes by mail (http-api 5.4, flows 5): OT-05, OT-09.  The post office is
 * ours: what would be sent is kept here.
 */
#include "config.h"

#include "authz_test.h"
#include "factor_test.h"

#include "authn/second_mail.h"
#include "pages/flow.h"
#include "pages/handlers.h"

#define QUERY "client_id=app&redirect_uri=https://app.example/cb&response_type=code&scope=openid&state=st"

/* ---- the post office ---- */

static bool is_open;
static const char *mailed;  /* the last code */
static int mails_n, recovery_mails_n;
static int64_t recovery_left;

bool second_mail_is_possible(const struct exchange *x, const struct user *u)
{
    (void)x;
    return is_open && !text_empty(u->email);
}

enum rc second_mail_code(struct exchange *x, struct db *db, const struct user *u, const char *code, int64_t expires_at)
{
    (void)db;
    assert_true(expires_at > x->now);
    if (!second_mail_is_possible(x, u))
        return RC_NONE;
    mailed = arena_strdup(A, code);
    mails_n++;
    return RC_OK;
}

enum rc second_mail_recovery_used(struct exchange *x, struct db *db, const struct user *u, int64_t left_n)
{
    (void)x, (void)db, (void)u;
    recovery_mails_n++;
    recovery_left = left_n;
    return RC_OK;
}

static int set_up(void **state)
{
    world(state);
    is_open = true;
    mailed = NULL;
    mails_n = recovery_mails_n = 0;
    put_setting("require_mfa", "true");
    put_setting("mfa_method", "email");
    return 0;
}

/* ---- a person with a browser ---- */

static struct jar JAR;

static void first_factor(const char *user_id, struct exchange **out)
{
    struct exchange *x = get(&JAR, QUERY);
    struct authz_request r;
    struct user u;
    struct proof p = { .request = &r, .user = &u, .amr = "pwd", .event = "login_success", .method = "password" };

    assert_ok(authz_request_read(x, &r));
    assert_ok(users_by_id(DB, A, user_id, &u));
    assert_ok(flow_after_first_factor(x, &p));
    JAR.csrf = text_or(x->csrf_cookie, JAR.csrf);
    *out = x;
}

static const char *challenge_of(const struct exchange *x)
{
    assert_int_equal(x->rs->status, 302);
    assert_lands_at(x, "/oauth2/mfa?challenge_id=");
    return landed(x, "challenge_id");
}

static const char *begin(const char *user_id)
{
    struct exchange *x;

    JAR = (struct jar){ NULL, NULL };
    first_factor(user_id, &x);
    return challenge_of(x);
}

static struct exchange *later(struct exchange *x, int64_t seconds)
{
    x->now += seconds;
    return x;
}

static struct exchange *show(const char *challenge, const char *more, int64_t after_s)
{
    struct exchange *x = later(get(&JAR, arena_printf(A, "challenge_id=%s%s", challenge, more)), after_s);

    x->route = &ROUTE;
    assert_ok(pages_mfa_show(x));
    return x;
}

static struct exchange *submit(const char *challenge, const char *form, int64_t after_s)
{
    struct exchange *x = later(post(&JAR, arena_printf(A, "challenge_id=%s&%s", challenge, form)), after_s);

    x->route = &ROUTE;
    assert_ok(pages_mfa_submit(x));
    return x;
}

static struct exchange *submit_code(const char *challenge, const char *code)
{
    return submit(challenge, arena_printf(A, "code=%s", code), 0);
}

static const char *wrong_code(void)
{
    return strcmp(mailed, "000000") == 0 ? "000001" : "000000";
}

static void assert_says(const struct exchange *x, const char *name, const char *word)
{
    assert_page(x, "pages/mfa");
    if (strstr(text_or(text_of(x->rs->model, name), ""), word) == NULL)
        fail_msg("%s: %s", name, text_or(text_of(x->rs->model, name), "(nothing)"));
}

static void assert_back(const struct exchange *x, const char *error)
{
    assert_lands_at(x, "/oauth2/authorize?");
    assert_string_equal(landed(x, "error"), error);
    assert_string_equal(landed(x, "state"), "st");
}

/* ---- tests ---- */

static void test_right(void **state)
{
    const char *challenge = begin("u1");
    struct exchange *x = show(challenge, "", 0);
    struct session s;

    (void)state;
    assert_says(x, "info", "sent a code");
    assert_non_null(text_of(x->rs->model, "resend_href"));
    assert_null(text_of(x->rs->model, "totp_href"));
    assert_true(otp_is_code(mailed));
    assert_int_equal(count("SELECT COUNT(*) FROM mfa_challenges WHERE length(code_hash) = 32"), 1);
    x = submit_code(challenge, arena_printf(A, "%.3s%%20%s", mailed, mailed + 3));
    assert_lands_at(x, REDIRECT "?code=");
    JAR.session = set_cookie(x, CONF.session_cookie_name);
    x = get(&JAR, "");
    assert_ok(session_find(x));
    s = *x->session;
    assert_string_equal(s.acr, "2");
    assert_string_equal(s.amr, "pwd otp mfa");
    assert_string_equal(last_event().event, "mfa_success");
    assert_string_equal(last_event().detail, "{\"method\":\"email\"}");
    assert_back(submit_code(challenge, mailed), "expired"); /* once */
}

static void test_resending(void **state)
{
    const char *challenge = begin("u1"), *first;

    (void)state;
    (void)show(challenge, "", 0);
    first = mailed;
    assert_says(show(challenge, "", 59), "info", "in a minute");
    assert_int_equal(mails_n, 1);
    assert_says(show(challenge, "", 60), "info", "sent a code");
    assert_int_equal(mails_n, 2);
    if (strcmp(first, mailed) != 0) /* one in a million */
        assert_says(submit_code(challenge, first), "error", "not right"); /* replaced */
    assert_lands_at(submit_code(challenge, mailed), REDIRECT "?code=");
}

static void test_wrong(void **state) /* OT-05 */
{
    const char *challenge = begin("u1");

    (void)state;
    (void)show(challenge, "", 0);
    for (int i = 0; i < 4; i++)
        assert_says(submit_code(challenge, wrong_code()), "error", "not right");
    assert_back(submit_code(challenge, wrong_code()), "mfa_failed");
    assert_back(submit_code(challenge, mailed), "mfa_failed");
    assert_back(show(challenge, "", 100), "mfa_failed");
    assert_int_equal(mails_n, 1);
    challenge = begin("u1"); /* signs in anew, and is locked still */
    (void)show(challenge, "", 0);
    assert_says(submit_code(challenge, mailed), "error", "Too many");
}

/* OT-09: a code is of one person. */
static void test_code_of_somebody_else(void **state)
{
    const char *theirs = begin("u2"), *own;

    (void)state;
    (void)show(theirs, "", 0);
    own = mailed;
    theirs = begin("u1");
    assert_says(submit_code(theirs, own), "error", "not right"); /* none was sent yet */
    (void)show(theirs, "", 0);
    if (strcmp(own, mailed) != 0)
        assert_says(submit_code(theirs, own), "error", "not right");
}

static void test_post_office_closed(void **state)
{
    const char *challenge = begin("u1");
    struct exchange *x;

    (void)state;
    is_open = false;
    assert_says(show(challenge, "", 0), "error", "No code could be sent");
    assert_int_equal(count("SELECT COUNT(*) FROM mfa_challenges WHERE code_hash IS NOT NULL"), 0);
    is_open = true;
    assert_says(show(challenge, "", 1), "info", "sent a code"); /* no cool-down for what was not sent */
    is_open = false;
    JAR = (struct jar){ NULL, NULL };
    first_factor("u1", &x);
    assert_back(x, "mfa_unavailable");
}

static void test_no_address(void **state)
{
    struct exchange *x;
    struct user u;

    (void)state;
    assert_ok(users_by_id(DB, A, "u1", &u));
    u.email = NULL;
    assert_ok(users_update(DB, &u));
    JAR = (struct jar){ NULL, NULL };
    first_factor("u1", &x);
    assert_back(x, "mfa_unavailable");
    put_setting("mfa_method", "both"); /* then by the other way */
    assert_page(show(begin("u1"), "", 0), "pages/mfa_enroll");
}

/* TOTP is preferred wherever there is one; mails are for the asking, with `both`. */
static void test_switching(void **state)
{
    const char *challenge, *by_mail, *again;
    struct exchange *x;

    (void)state;
    enrol("u1", T0 - 3600);
    x = show(begin("u1"), "", 0);
    assert_null(text_of(x->rs->model, "email_href")); /* mfa_method = email has no switch */
    assert_int_equal(mails_n, 0);
    put_setting("mfa_method", "both");
    challenge = begin("u1");
    x = show(challenge, "", 0);
    assert_non_null(text_of(x->rs->model, "email_href"));
    assert_says(submit_code(challenge, "12345x"), "error", "not right");
    by_mail = challenge_of(show(challenge, "&switch_to=email", 0));
    assert_string_not_equal(by_mail, challenge);
    assert_back(show(challenge, "", 0), "expired"); /* used up */
    x = show(by_mail, "", 0);
    assert_non_null(text_of(x->rs->model, "totp_href"));
    assert_int_equal(mails_n, 1);
    again = challenge_of(show(by_mail, "&switch_to=totp", 1));
    assert_says(submit_code(again, "12345x"), "error", "not right");
    again = challenge_of(show(again, "&switch_to=email", 2));
    assert_says(show(again, "", 3), "info", "in a minute"); /* the cool-down goes along */
    assert_int_equal(mails_n, 1);
    assert_says(submit_code(again, wrong_code()), "error", "not right");
    assert_says(submit_code(again, wrong_code()), "error", "not right");
    assert_lands_at(submit_code(again, mailed), REDIRECT "?code="); /* and so does the code */
}

/* OT-05: attempts survive switching. */
static void test_attempts_survive_switching(void **state)
{
    const char *challenge;

    (void)state;
    enrol("u1", T0 - 3600);
    put_setting("mfa_method", "both");
    put_setting("account_lockout_max_attempts", "100");
    challenge = begin("u1");
    for (int i = 0; i < 4; i++)
        assert_says(submit_code(challenge, "12345x"), "error", "not right");
    challenge = challenge_of(show(challenge, "&switch_to=email", 0));
    (void)show(challenge, "", 0);
    assert_back(submit_code(challenge, wrong_code()), "mfa_failed");
}

static void test_expiry_survives_switching(void **state)
{
    const char *challenge;

    (void)state;
    enrol("u1", T0 - 3600);
    put_setting("mfa_method", "both");
    challenge = challenge_of(show(begin("u1"), "&switch_to=email", 500));
    (void)show(challenge, "", 500);
    assert_back(show(challenge, "", 600), "expired");
}

static void test_no_flood(void **state)
{
    (void)state;
    for (int i = 0; i < 20; i++)
        assert_says(show(begin("u1"), "", 0), "info", "sent a code");
    assert_says(show(begin("u1"), "", 0), "error", "try again later");
    assert_int_equal(mails_n, 20);
    assert_says(show(begin("u2"), "", 0), "info", "sent a code");
    assert_says(show(begin("u1"), "", 599), "error", "try again later");
    clock_set_for_test(T0 + 601);
    assert_says(show(begin("u1"), "", 0), "info", "sent a code");
}

/* Whoever has no app cannot switch to one in the middle of a sign-in. */
static void test_no_switch_to_nothing(void **state)
{
    const char *challenge;

    (void)state;
    put_setting("mfa_method", "both");
    challenge = begin("u1");
    assert_says(show(challenge, "&switch_to=totp", 0), "info", "sent a code");
    assert_says(show(challenge, "&switch_to=sms", 0), "info", "in a minute");
}

/* A mail when a recovery code is used, with what is left. */
static enum rc put_codes(struct db *db, void *arg)
{
    const struct recovery_codes *codes = arg;

    return factors_recovery_replace(db, "u1", codes->hash, RECOVERY_CODES_N, T0);
}

static void test_recovery(void **state)
{
    struct recovery_codes codes = recovery_make(A, "u1");
    const char *challenge;
    struct exchange *x;

    (void)state;
    assert_ok(db_write(DB, put_codes, &codes));
    challenge = begin("u1");
    x = show(challenge, "", 0);
    assert_non_null(text_of(x->rs->model, "recovery_href"));
    assert_page(show(challenge, "&recovery=1", 0), "pages/mfa_recovery");
    x = submit(challenge, "recovery_code=AAAA-BBBB-CCCC-DDDD", 0);
    assert_page(x, "pages/mfa_recovery");
    assert_int_equal(recovery_mails_n, 0);
    x = submit(challenge, arena_printf(A, "recovery_code=%s&trust_device=on", codes.text[0]), 0);
    assert_lands_at(x, REDIRECT "?code=");
    assert_int_equal(recovery_mails_n, 1);
    assert_int_equal(recovery_left, 9);
}

int main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, set_up, after)
    const struct CMUnitTest tests[] = {
        T(test_right), T(test_resending), T(test_wrong), T(test_code_of_somebody_else), T(test_post_office_closed),
        T(test_no_address), T(test_switching), T(test_attempts_survive_switching), T(test_expiry_survives_switching),
        T(test_no_flood), T(test_no_switch_to_nothing), T(test_recovery),
    };

    return cmocka_run_group_tests(tests, with_processes, without_processes);
}
