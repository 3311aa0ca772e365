#include "config.h"

#include "arena_test.h"

#include <stdio.h>
#include <string.h>

#include "net/mime.h"

static struct mime_mail a_mail(void)
{
    return (struct mime_mail){
        .from_name = "Example", .from_address = "id@example.org", .to = "ann@example.com", .subject = "Hello",
        .text = "Hi\n", .html = "<p>Hi</p>\n", .message_id = "abcdef", .date = 1790000000,
    };
}

static const char *written(const struct mime_mail *m)
{
    struct sbuf b;

    sbuf_init(&b, A, 0);
    assert_int_equal(mime_message(m, &b), RC_OK);
    return b.text;
}

static void assert_has(const char *text, const char *part)
{
    if (strstr(text, part) == NULL)
        fail_msg("\"%s\" is not in:\n%s", part, text);
}

/* The whole, as RFC 5322 and 2046 5.1.4 have it. */
static void test_whole(void **state)
{
    struct mime_mail m = a_mail();

    (void)state;
    assert_string_equal(written(&m),
        "Date: Mon, 21 Sep 2026 14:13:20 +0000\r\n"
        "From: \"Example\"\r\n <id@example.org>\r\n"
        "To: <ann@example.com>\r\n"
        "Subject: Hello\r\n"
        "Message-ID: <abcdef@example.org>\r\n"
        "Auto-Submitted: auto-generated\r\n"
        "MIME-Version: 1.0\r\n"
        "Content-Type: multipart/alternative;\r\n boundary=\"=_abcdef\"\r\n"
        "\r\n--=_abcdef\r\n"
        "Content-Type: text/plain; charset=utf-8\r\n"
        "Content-Transfer-Encoding: 7bit\r\n"
        "\r\nHi\r\n"
        "\r\n--=_abcdef\r\n"
        "Content-Type: text/html; charset=utf-8\r\n"
        "Content-Transfer-Encoding: 7bit\r\n"
        "\r\n<p>Hi</p>\r\n"
        "\r\n--=_abcdef--\r\n");
}

static void test_dates(void **state)
{
    static const struct { int64_t at; const char *text; } cases[] = {
        { 0, "Thu, 1 Jan 1970 00:00:00 +0000" },
        { 951827696, "Tue, 29 Feb 2000 12:34:56 +0000" },
        { 1893455999, "Mon, 31 Dec 2029 23:59:59 +0000" },
    };
    char text[40];

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        mime_date(text, cases[i].at);
        assert_string_equal(text, cases[i].text);
    }
}

static const char *words(const char *text)
{
    struct sbuf b;

    sbuf_init(&b, A, 0);
    mime_add_words(&b, text);
    return b.text;
}

static void test_words(void **state) /* RFC 2047 */
{
    const char *text;
    size_t line = strlen("Subject: ");

    (void)state;
    assert_string_equal(words("Grüße"), "=?UTF-8?B?R3LDvMOfZQ==?=");
    assert_string_equal(words(""), "");
    /* characters are not torn, and no line is longer than 76 */
    text = words("ééééééééééééééééééééééééééééééééééééééééééééééééééé");
    assert_has(text, "?=\r\n =?UTF-8?B?");
    for (const char *p = text; *p != '\0'; p++) {
        line = *p == '\n' ? 0 : line + 1;
        assert_true(line <= 76);
    }
}

/* What is put in stays where it is put. */
static void test_no_injection(void **state)
{
    static const char *const evil[] = {
        "x\r\nBcc: eve@example.org", "x\nBcc: eve@example.org", "x\r\n\r\n<p>", "x\rBcc: e", "=?UTF-8?B?eA==?=",
        "\"\r\nBcc: eve@example.org", "\\", "\"", "x\tBcc:",
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(evil); i++) {
        struct mime_mail m = a_mail();
        const char *text;

        m.subject = m.from_name = evil[i];
        text = written(&m);
        assert_null(strstr(text, "Bcc:"));
        assert_has(text, "\r\nMessage-ID: <abcdef@example.org>\r\n");
        assert_int_equal(strstr(text, "\r\n\r\n") - strstr(text, "\r\n\r\n--=_abcdef"), 0);
    }
}

static void test_quoting(void **state)
{
    struct mime_mail m = a_mail();

    (void)state;
    m.from_name = "A \"B\" \\ C, Ltd.";
    assert_has(written(&m), "From: \"A \\\"B\\\" \\\\ C, Ltd.\"\r\n <id@example.org>");
    m.from_name = NULL;
    assert_has(written(&m), "From: \"\"\r\n <id@example.org>");
    m.subject = "A subject of more than sixty characters is folded, as it should be";
    assert_has(written(&m), "Subject: =?UTF-8?B?");
}

static void test_addresses(void **state)
{
    static const char *const bad[] = { "", "ann", "ann@example.com\r\nBcc: x@example.org", "<ann@example.com>",
                                       "ann@example.com>", "ann@example.com,eve@example.org", "a b@example.com" };
    struct sbuf b;

    (void)state;
    sbuf_init(&b, A, 0);
    for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
        struct mime_mail m = a_mail();

        m.to = bad[i];
        assert_int_equal(mime_message(&m, &b), RC_REFUSED);
        m = a_mail();
        m.from_address = bad[i];
        assert_int_equal(mime_message(&m, &b), RC_REFUSED);
    }
    struct mime_mail m = a_mail();
    m.message_id = "a\r\nb";
    assert_int_equal(mime_message(&m, &b), RC_REFUSED);
    assert_int_equal(b.n, 0);
}

static const char *quoted(const char *text)
{
    struct sbuf b;

    sbuf_init(&b, A, 0);
    mime_add_quoted_printable(&b, text);
    return b.text;
}

static void test_quoted_printable(void **state) /* RFC 2045 6.7 */
{
    static const struct { const char *text, *expected; } cases[] = {
        { "", "" }, { "plain\n", "plain\r\n" }, { "a=b", "a=3Db" }, { "é", "=C3=A9" }, { "x \ny", "x=20\r\ny" },
        { "x\t\n", "x=09\r\n" }, { "a b", "a b" }, { "end ", "end=20" }, { "\r", "=0D" }, { "\x01\x7f", "=01=7F" },
    };
    char text[200];
    const char *got;

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(cases); i++)
        assert_string_equal(quoted(cases[i].text), cases[i].expected);
    memset(text, 'x', sizeof text);
    text[sizeof text - 1] = '\0';
    got = quoted(text);
    assert_int_equal(strcspn(got, "\r"), 76);
    assert_int_equal(got[75], '=');
    memset(text + 74, 'x', 1);
    memcpy(text + 74, "\xc3\xa9", 2); /* no escape is torn */
    assert_string_equal(arena_strndup(A, quoted(text) + 72, 12), "xx=\r\n=C3=A9x");
}

/* Umlauts, long lines and control characters do not travel as they are. */
static void test_encodings(void **state)
{
    struct mime_mail m = a_mail();
    char *text = arena_alloc(A, 2000);

    (void)state;
    memset(text, 'x', 1999);
    m.text = text;
    assert_has(written(&m), "text/plain; charset=utf-8\r\nContent-Transfer-Encoding: quoted-printable\r\n");
    assert_has(written(&m), "text/html; charset=utf-8\r\nContent-Transfer-Encoding: 7bit\r\n");
    m = a_mail();
    m.html = "é";
    assert_has(written(&m), "Content-Transfer-Encoding: quoted-printable\r\n\r\n=C3=A9");
    m.html = "a\rb";
    assert_has(written(&m), "\r\n\r\na=0Db");
}

int main(void)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        TEST(test_whole), TEST(test_dates), TEST(test_words), TEST(test_no_injection), TEST(test_quoting),
        TEST(test_addresses), TEST(test_quoted_printable), TEST(test_encodings),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
