/* News of changes, and the way back from them (CS-16). */
#include "config.h"

#include "oidc_test.h"

#include "authn/letter.h"
#include "authn/notice.h"
#include "authn/reset.h"
#include "http/page.h"
#include "store/links.h"
#include "store/outbox.h"
#include "store/passwords.h"

static const struct templates *TEMPLATES;

static int set_up(void **state)
{
    world(state);
    assert_ok(templates_load(A, SRCDIR, &TEMPLATES));
    assert_ok(settings_put(DB, "smtp_host", "mail.example.org", T0));
    return 0;
}

static struct exchange *in_the_pool(void)
{
    struct exchange *x = a_post("");

    x->templates = TEMPLATES;
    return x;
}

struct queueing { struct exchange *x; const struct user *user; enum notice what; };

static enum rc queue(struct db *db, void *arg)
{
    struct queueing *q = arg;

    return notice_queue(q->x, db, q->user, q->what);
}

static struct user ann(void)
{
    struct user u;

    assert_ok(users_by_id(DB, A, "u1", &u));
    return u;
}

static void tell(const struct user *u, enum notice what)
{
    struct queueing q = { in_the_pool(), u, what };

    assert_ok(db_write(DB, queue, &q));
}

static struct letter queued(void)
{
    struct outbox_item item = { NULL };
    struct letter l = { NULL };

    assert_int_equal(count("SELECT COUNT(*) FROM outbox"), 1);
    assert_ok(outbox_claim(DB, A, clock_now(), clock_now() + 60, &item));
    assert_ok(letter_open(keyring(), A, item.id, item.content_sealed, &l));
    assert_ok(db_run(db_sql(DB, "DELETE FROM outbox")));
    return l;
}

static void assert_has(const char *text, const char *part)
{
    if (strstr(text, part) == NULL)
        fail_msg("\"%s\" is not in %s", part, text);
}

/* The token of the link in a text. */
static const char *token_in(const char *text)
{
    const char *at = strstr(text, "https://id.example/oauth2/not-me?token=");

    if (at == NULL)
        return NULL;
    at = strchr(at, '=') + 1;
    return arena_strndup(A, at, strspn(at, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"));
}

static void test_each(void **state)
{
    static const struct { enum notice what; const char *text; } cases[] = {
        { NOTICE_PASSWORD, "The password was changed" }, { NOTICE_RESET, "The password was reset" },
        { NOTICE_USERNAME, "The username was changed" }, { NOTICE_EMAIL, "The e-mail address was changed" },
        { NOTICE_APP_ADDED, "An authenticator app was added" }, { NOTICE_APP_REMOVED, "The authenticator app was removed" },
        { NOTICE_CODES, "New recovery codes were made" }, { NOTICE_PASSKEY_ADDED, "A passkey was added" },
        { NOTICE_PASSKEY_REMOVED, "A passkey was removed" },
    };
    struct user u = ann(), found;

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        tell(&u, cases[i].what);
        struct letter l = queued();

        assert_string_equal(l.to, "ann@example.org");
        assert_string_equal(l.subject, cases[i].text);
        assert_has(l.text, arena_printf(A, "%s: ann, on ", cases[i].text));
        assert_has(l.html, arena_printf(A, "%s: <strong>ann</strong>", cases[i].text));
        assert_has(l.html, "This was not me");
        assert_string_equal(token_in(l.text), token_in(l.html));
        assert_ok(not_me_find(in_the_pool(), token_in(l.text), &found));
        assert_string_equal(found.id, "u1");
    }
}

/* Whoever reads the mail can choose the password: an address that nobody has proven gets
 * the news without the link. */
static void test_unverified(void **state)
{
    struct user u = ann();
    struct letter l;

    (void)state;
    u.is_email_verified = false;
    tell(&u, NOTICE_PASSWORD);
    l = queued();
    assert_null(token_in(l.text));
    assert_null(token_in(l.html));
    assert_null(strstr(l.html, "This was not me"));
    assert_has(l.text, "ask your administrator for help at once:\nhttps://id.example/account/security\n");
    assert_int_equal(count("SELECT COUNT(*) FROM one_time_links"), 0);
}

/* No mail server, no address: no news, and no link that nobody has. */
static void test_nobody_to_tell(void **state)
{
    struct user u = ann();

    (void)state;
    u.email = NULL;
    tell(&u, NOTICE_PASSWORD);
    u.email = "ann@example.org";
    assert_ok(settings_put(DB, "smtp_host", "", T0));
    tell(&u, NOTICE_PASSWORD);
    assert_int_equal(count("SELECT COUNT(*) FROM outbox"), 0);
    assert_int_equal(count("SELECT COUNT(*) FROM one_time_links"), 0);
}

/* What the link does: the password is gone, everything has ended, and a new link is there. */
static void test_not_me(void **state)
{
    struct exchange *x = in_the_pool();
    struct reset_link next;
    struct user u = ann(), found;
    const char *token;
    struct password gone;

    (void)state;
    assert_ok(passwords_set(DB, "u1", "hash", T0));
    tell(&u, NOTICE_PASSWORD);
    token = token_in(queued().text);
    assert_none(reset_find(x, token, &found)); /* it is for its own page */
    assert_none(not_me_finish(x, "x", &next));
    assert_ok(not_me_finish(x, token, &next));
    assert_none(not_me_finish(x, token, &next));
    assert_none(passwords_find(DB, A, "u1", &gone));
    assert_int_equal(count("SELECT COUNT(*) FROM sessions WHERE user_id = 'u1' AND ended_at IS NULL"), 0);
    assert_ok(reset_find(x, next.token, &found));
    assert_none(not_me_find(x, next.token, &found));
    assert_string_equal(next.url, arena_printf(A, "https://id.example/oauth2/reset-password?token=%s", next.token));
    x->now += x->settings->password_reset_expiration;
    assert_none(reset_find(x, next.token, &found));
}

#define T(name) cmocka_unit_test_setup_teardown(name, set_up, after)

int main(void)
{
    const struct CMUnitTest tests[] = {
        T(test_each), T(test_unverified), T(test_nobody_to_tell), T(test_not_me),
    };

    return cmocka_run_group_tests(tests, with_processes, without_processes);
}
