#include "config.h"

#include "net/mime.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

#include "util/encode.h"
#include "util/text.h"

#define LINE_CHARS 76      /* RFC 2045 6.7, RFC 2047 2 */
#define WORD_BYTES 39      /* of UTF-8 in one encoded word, which is 64 characters then: room for "Subject: " */
#define PLAIN_CHARS 60     /* a header that need not be folded */
#define SEVEN_BIT_LINE 990 /* RFC 5322 2.1.1 allows 998 */

/* ---- headers ---- */

static bool is_printable(const char *text)
{
    return text_plain(text, strlen(text)) == strlen(text);
}

/* The bytes of whole characters that fit into one encoded word. */
static size_t word_bytes(const char *text)
{
    size_t n = 0, left = strlen(text);
    uint32_t ignored;

    while (n < left) {
        size_t one = text_char(text + n, left - n, &ignored);

        one = one > 0 ? one : 1;
        if (n + one > WORD_BYTES)
            break;
        n += one;
    }
    return n;
}

void mime_add_words(struct sbuf *b, const char *text)
{
    bool is_first = true;

    while (*text != '\0') {
        size_t n = word_bytes(text);

        if (!is_first)
            sbuf_add(b, "\r\n ");
        sbuf_printf(b, "=?UTF-8?B?%s?=", base64_encode(b->arena, (struct bytes){ (const uint8_t *)text, n }));
        text += n;
        is_first = false;
    }
}

static void add_subject(struct sbuf *b, const char *subject)
{
    sbuf_add(b, "Subject: ");
    if (is_printable(subject) && strlen(subject) <= PLAIN_CHARS && strstr(subject, "=?") == NULL)
        sbuf_add(b, subject);
    else
        mime_add_words(b, subject);
    sbuf_add(b, "\r\n");
}

static void add_quoted(struct sbuf *b, const char *name)
{
    sbuf_addc(b, '"');
    for (; *name != '\0'; name++) {
        if (*name == '"' || *name == '\\')
            sbuf_addc(b, '\\');
        sbuf_addc(b, *name);
    }
    sbuf_addc(b, '"');
}

static void add_from(struct sbuf *b, const struct mime_mail *m)
{
    const char *name = text_or(m->from_name, "");

    sbuf_add(b, "From: ");
    if (is_printable(name) && strlen(name) <= PLAIN_CHARS)
        add_quoted(b, name);
    else
        mime_add_words(b, name);
    sbuf_printf(b, "\r\n <%s>\r\n", m->from_address);
}

void mime_date(char out[40], int64_t at)
{
    static const char days[] = "SunMonTueWedThuFriSat", months[] = "JanFebMarAprMayJunJulAugSepOctNovDec";
    time_t t = (time_t)at;
    struct tm tm;

    memset(&tm, 0, sizeof(tm));
    (void)gmtime_r(&t, &tm);
    snprintf(out, 40, "%.3s, %d %.3s %04d %02d:%02d:%02d +0000", days + 3 * tm.tm_wday, tm.tm_mday,
             months + 3 * tm.tm_mon, (tm.tm_year + 1900) % 10000, tm.tm_hour, tm.tm_min, tm.tm_sec);
}

/* Auto-Submitted: nobody's holiday notice answers (RFC 3834 5). */
static void add_headers(struct sbuf *b, const struct mime_mail *m)
{
    char date[40];

    mime_date(date, m->date);
    sbuf_printf(b, "Date: %s\r\n", date);
    add_from(b, m);
    sbuf_printf(b, "To: <%s>\r\n", m->to);
    add_subject(b, m->subject);
    sbuf_printf(b, "Message-ID: <%s%s>\r\n", m->message_id, strchr(m->from_address, '@'));
    sbuf_add(b, "Auto-Submitted: auto-generated\r\n");
    sbuf_printf(b, "MIME-Version: 1.0\r\nContent-Type: multipart/alternative;\r\n boundary=\"=_%s\"\r\n", m->message_id);
}

/* ---- bodies ---- */

static bool is_seven_bit(const char *text)
{
    size_t line = 0;

    for (; *text != '\0'; text++) {
        if (*text == '\n') {
            line = 0;
            continue;
        }
        if (*text < 0x20 || *text > 0x7e || ++line > SEVEN_BIT_LINE) /* signed: what is above 0x7f, too */
            return false;
    }
    return true;
}

static void add_lines(struct sbuf *b, const char *text)
{
    for (; *text != '\0'; text++) {
        if (*text == '\n')
            sbuf_addc(b, '\r');
        sbuf_addc(b, *text);
    }
}

static bool is_literal(const char *p)
{
    if (*p == ' ' || *p == '\t')
        return p[1] != '\n' && p[1] != '\0'; /* relays strip what ends a line */
    return *p > 0x20 && *p < 0x7f && *p != '=';
}

void mime_add_quoted_printable(struct sbuf *b, const char *text)
{
    size_t line = 0;

    for (; *text != '\0'; text++) {
        size_t n = is_literal(text) ? 1 : 3;

        if (*text == '\n') {
            sbuf_add(b, "\r\n");
            line = 0;
            continue;
        }
        if (line + n > LINE_CHARS - 1) {
            sbuf_add(b, "=\r\n");
            line = 0;
        }
        if (n == 1)
            sbuf_addc(b, *text);
        else
            sbuf_printf(b, "=%02X", (unsigned)(unsigned char)*text);
        line += n;
    }
}

static void add_part(struct sbuf *b, const struct mime_mail *m, const char *type, const char *text)
{
    bool is_plain = is_seven_bit(text);

    sbuf_printf(b, "\r\n--=_%s\r\nContent-Type: text/%s; charset=utf-8\r\nContent-Transfer-Encoding: %s\r\n\r\n",
                m->message_id, type, is_plain ? "7bit" : "quoted-printable");
    if (is_plain)
        add_lines(b, text);
    else
        mime_add_quoted_printable(b, text);
}

/* ---- the whole ---- */

static bool is_address(const char *text)
{
    return !text_empty(text) && is_email(text);
}

static bool is_word(const char *text)
{
    return !text_empty(text) && strspn(text, "abcdefghijklmnopqrstuvwxyz") == strlen(text);
}

enum rc mime_message(const struct mime_mail *m, struct sbuf *out)
{
    if (!is_address(m->from_address) || !is_address(m->to) || !is_word(m->message_id))
        return RC_REFUSED;
    add_headers(out, m);
    add_part(out, m, "plain", m->text);
    add_part(out, m, "html", m->html);
    sbuf_printf(out, "\r\n--=_%s--\r\n", m->message_id);
    return RC_OK;
}
