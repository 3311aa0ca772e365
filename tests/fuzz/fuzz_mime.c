/*
 * Mails (net/mime.c): names, addresses and subjects of anybody begin no header of their own.
 * Input: lines: the sender's name, its address, the receiver's, the subject; then the text.
 */
#include "config.h"

#include "fuzz.h"

#include "net/mime.h"
#include "util/encode.h"
#include "util/text.h"

static const char *const names[] = { "Date: ", "From: ", "To: ", "Subject: ", "Message-ID: ", "Auto-Submitted: ",
                                     "MIME-Version: ", "Content-Type: " };

static bool starts_any(const char *line)
{
    for (size_t i = 0; i < ARRAY_LEN(names); i++)
        if (text_starts(line, names[i]))
            return true;
    return false;
}

/* Each of ours once, continuation lines apart, and then the empty line. */
static void check_headers(const char *p)
{
    size_t headers = 0;

    for (; !text_starts(p, "\r\n"); p = strstr(p, "\r\n") + 2) {
        MUST(strstr(p, "\r\n") != NULL);
        MUST(*p == ' ' || starts_any(p));
        headers += *p != ' ';
    }
    MUST(headers == ARRAY_LEN(names));
}

/* RFC 5322 2.1.1, 2.3 */
static void check_lines(const char *p)
{
    size_t line = 0;

    for (const char *start = p; *p != '\0'; p++) {
        MUST((*p == '\r') == (p[1] == '\n'));
        MUST(*p != '\n' || (p > start && p[-1] == '\r'));
        line = *p == '\n' ? 0 : line + 1;
        MUST(line <= 998 + 1 && (unsigned char)*p < 0x7f);
    }
}

/* What stands in encoded words is the text. */
static void check_words(const char *text)
{
    struct sbuf words, back;
    struct bytes part;

    sbuf_init(&words, A, 0);
    sbuf_init(&back, A, 0);
    mime_add_words(&words, text);
    for (char *p = words.text; (p = strstr(p, "=?UTF-8?B?")) != NULL;) {
        char *end = strstr(p += 10, "?=");

        MUST(end != NULL && end - p <= 75 - 12);
        *end = '\0';
        MUST(base64_decode(A, p, &part) == RC_OK && text_is_utf8((const char *)part.p, part.n));
        sbuf_addn(&back, part.p, part.n);
        p = end + 1;
    }
    MUST(strcmp(back.text, text) == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct input in = { data, size };
    struct mime_mail m = { .message_id = "abcdefgh", .date = FUZZ_NOW };
    struct sbuf out;

    begin();
    if (!text_is_utf8((const char *)data, size))
        return end();
    m.from_name = take_line_text(&in);
    m.from_address = take_line_text(&in);
    m.to = take_line_text(&in);
    m.subject = take_line_text(&in);
    m.text = m.html = take_text(&in);
    sbuf_init(&out, A, 0);
    if (mime_message(&m, &out) == RC_OK) {
        check_headers(out.text);
        check_lines(out.text);
    }
    check_words(m.subject);
    return end();
}
