#include "config.h"

#include "oidc_test.h"

#include "authn/letter.h"
#include "authn/mail.h"
#include "authn/second_mail.h"
#include "http/page.h"
#include "store/outbox.h"

static const struct templates *TEMPLATES;

static void put_setting(const char *key, const char *value)
{
    assert_ok(settings_put(DB, key, value, T0));
}

static struct exchange *in_the_pool(void)
{
    struct exchange *x = a_post("");

    x->templates = TEMPLATES;
    return x;
}

static int set_up(void **state)
{
    world(state);
    assert_ok(templates_load(A, SRCDIR, &TEMPLATES));
    put_setting("smtp_host", "mail.example.org");
    put_setting("theme_title", "Exämple & Co");
    return 0;
}

/* The letter that was queued last. */
static struct letter queued(int64_t expected_n)
{
    struct outbox_item item = { NULL };
    struct letter l = { NULL };

    assert_int_equal(count("SELECT COUNT(*) FROM outbox"), expected_n);
    assert_ok(outbox_claim(DB, A, clock_now(), clock_now() + 60, &item));
    assert_ok(letter_open(keyring(), A, item.id, item.content_sealed, &l));
    return l;
}

struct queueing { struct exchange *x; struct mail mail; };

static enum rc queue(struct db *db, void *arg)
{
    struct queueing *q = arg;

    return mail_queue(q->x, db, &q->mail);
}

static enum rc queue_test(struct exchange *x, const char *to)
{
    struct json *vars = json_object(A);
    struct queueing q = { x, { .template_name = "test", .to = to, .subject = "Test", .vars = vars,
                               .expires_at = x->now + 60 } };

    json_set_str(vars, "username", "ann\n<b>");
    return db_write(DB, queue, &q);
}

static void assert_has(const char *text, const char *part)
{
    if (strstr(text, part) == NULL)
        fail_msg("\"%s\" is not in %s", part, text);
}

static void test_queue(void **state)
{
    struct exchange *x = in_the_pool();
    struct letter l;

    (void)state;
    assert_ok(queue_test(x, "ann@example.org"));
    l = queued(1);
    assert_string_equal(l.to, "ann@example.org");
    assert_string_equal(l.subject, "Test");
    assert_string_equal(l.from_name, "Exämple & Co");
    assert_int_equal(l.date, x->now);
    assert_int_equal(strlen(l.message_id), 32);
    assert_has(l.text, "Exämple & Co\n\nThis is the test mail that ann <b> asked for");
    assert_has(l.text, "Sent by Exämple & Co at id.example.\n");
    assert_has(l.html, "<strong>ann\n&lt;b&gt;</strong>");
    assert_has(l.html, "Exämple &amp; Co");
    assert_int_equal(count("SELECT COUNT(*) FROM outbox WHERE expires_at > created_at AND kind = 'mail'"), 1);
}

static void test_footer(void **state)
{
    struct exchange *x;
    struct json *theme = json_object(A), *links = json_array(A);
    struct letter l;

    (void)state;
    put_setting("email_footer_text", "Example Ltd\n  1 High Street ");
    json_add_pair(A, links, "label", "Help", "url", "https://example.org/help");
    json_add_pair(A, links, "label", "Write", "url", "mailto:help@example.org");
    json_add_pair(A, links, "label", "Path", "url", "/account");
    json_set(theme, "footer_links", links);
    x = in_the_pool();
    x->theme = theme;
    assert_ok(queue_test(x, "ann@example.org"));
    l = queued(1);
    assert_has(l.text, "Example Ltd\n1 High Street\nHelp: https://example.org/help\n");
    assert_has(l.html, "<br>1 High Street");
    assert_has(l.html, "<a href=\"https://example.org/help\">Help</a>");
    assert_null(strstr(l.html, "mailto:"));
    assert_null(strstr(l.html, "Path"));
}

static void test_not_configured(void **state)
{
    struct exchange *x = in_the_pool();

    (void)state;
    assert_true(mail_is_configured(x));
    assert_none(queue_test(x, NULL));
    assert_none(queue_test(x, ""));
    assert_none(queue_test(x, "ann@example.org\r\nBcc: eve@example.org"));
    assert_none(queue_test(x, "not an address"));
    x->templates = NULL; /* the command line */
    assert_false(mail_is_configured(x));
    put_setting("smtp_host", "");
    x = in_the_pool();
    assert_false(mail_is_configured(x));
    assert_none(queue_test(x, "ann@example.org"));
    assert_int_equal(count("SELECT COUNT(*) FROM outbox"), 0);
}

static void test_sender(void **state)
{
    static const struct { const char *from, *username, *name, *address; } cases[] = {
        { "", "", "Brand", "autentico@id.example" },
        { "", "robot", "Brand", "autentico@id.example" },
        { "", "robot@example.org", "Brand", "robot@example.org" },
        { "id@example.org", "robot@example.org", "Brand", "id@example.org" },
        { " id@example.org ", "", "Brand", "id@example.org" },
        { "<id@example.org>", "", "Brand", "id@example.org" },
        { "Example ID <id@example.org>", "", "Example ID", "id@example.org" },
        { "Example <ID> <id@example.org>", "", "Example <ID>", "id@example.org" },
        { "nonsense", "", "Brand", "autentico@id.example" },
        { "Example <nonsense>", "", "Example", "autentico@id.example" },
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct settings s = { .smtp_from = cases[i].from, .smtp_username = cases[i].username, .theme_title = "Brand" };
        struct mail_sender sender = mail_sender(A, &s, &CONF);

        assert_string_equal(sender.name, cases[i].name);
        assert_string_equal(sender.address, cases[i].address);
    }
}

static void test_sender_of_a_number(void **state)
{
    struct settings s = { .smtp_from = "", .smtp_username = "", .theme_title = "Brand" };
    struct conf conf = CONF;

    (void)state;
    conf.host = "[::1]";
    assert_string_equal(mail_sender(A, &s, &conf).address, "autentico@localhost");
}

/* ---- mails about second factors ---- */

static enum rc send_code(struct db *db, void *arg)
{
    struct exchange *x = arg;
    struct user u = { .username = "ann", .email = "ann@example.org" };

    return second_mail_code(x, db, &u, "012345", x->now + 600);
}

static const char *first_six_digits(const char *text)
{
    for (; *text != '\0'; text++)
        if (strspn(text, "0123456789") >= 6)
            return arena_strndup(A, text, strspn(text, "0123456789"));
    return "(none)";
}

static void test_code(void **state)
{
    struct letter l;

    (void)state;
    put_setting("theme_brand_color", "#112233");
    assert_ok(db_write(DB, send_code, in_the_pool()));
    l = queued(1);
    assert_has(l.text, "    012345\n");
    assert_has(l.text, "10 minutes");
    assert_string_equal(first_six_digits(l.text), "012345"); /* flows 13 */
    assert_string_equal(first_six_digits(l.html), "012345");
    assert_null(strstr(l.subject, "012345")); /* locked telephones show subjects */
    assert_int_equal(count("SELECT expires_at - created_at FROM outbox"), 600);
}

static int64_t left;

static enum rc send_used(struct db *db, void *arg)
{
    struct user u = { .username = "ann", .email = "ann@example.org" };

    return second_mail_recovery_used(arg, db, &u, left);
}

static void test_recovery(void **state)
{
    struct letter l;

    (void)state;
    left = 5;
    assert_ok(db_write(DB, send_used, in_the_pool()));
    l = queued(1);
    assert_has(l.text, "Recovery codes left: 5.\n\nIf this was not you");
    assert_has(l.html, "href=\"https://id.example/account/security\"");
    left = 2;
    assert_ok(db_write(DB, send_used, in_the_pool()));
    l = queued(2);
    assert_has(l.text, "Recovery codes left: 2. Please make new ones soon, in your account:\nhttps://id.example/account/security\n");
}

static void test_possible(void **state)
{
    struct user u = { .email = "ann@example.org" }, no_address = { .email = NULL };

    (void)state;
    assert_true(second_mail_is_possible(in_the_pool(), &u));
    assert_false(second_mail_is_possible(in_the_pool(), &no_address));
    put_setting("smtp_host", "");
    assert_false(second_mail_is_possible(in_the_pool(), &u));
}

/* Every mail has both parts, whatever its vars. */
static void test_pairs(void **state)
{
    static const char *const names[] = { "second_code", "recovery_used", "test" };
    struct sbuf b;

    (void)state;
    sbuf_init(&b, A, 0);
    for (size_t i = 0; i < ARRAY_LEN(names); i++) {
        assert_ok(page_render(in_the_pool(), arena_printf(A, "mail/%s", names[i]), NULL, &b));
        assert_ok(page_render(in_the_pool(), arena_printf(A, "mail/%s.txt", names[i]), NULL, &b));
    }
}

int main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, set_up, after)
    const struct CMUnitTest tests[] = {
        T(test_queue), T(test_footer), T(test_not_configured), T(test_sender), T(test_sender_of_a_number), T(test_code), T(test_recovery),
        T(test_possible), T(test_pairs),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
