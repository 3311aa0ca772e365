/* json_text() of json.h.  json-c's own writer looks at each character of a token of a
 * thousand; here what needs no escape is copied in one piece. */
#include "config.h"

#include <string.h>

#include "util/json_number.h"
#include "util/sbuf.h"

static void add_value(struct sbuf *b, const struct json *j);

/* RFC 8259 7: the quote, the backslash and what is below U+0020. */
static void add_escape(struct sbuf *b, unsigned char c)
{
    static const char letters[] = "btn\0fr"; /* of 0x08 to 0x0D; 0x0B has none */

    if (c == '"' || c == '\\')
        sbuf_printf(b, "\\%c", c);
    else if (c >= 0x08 && c <= 0x0D && c != 0x0B)
        sbuf_printf(b, "\\%c", letters[c - 0x08]);
    else
        sbuf_printf(b, "\\u%04x", c);
}

static size_t up_to(const char *text, size_t n, char c)
{
    const char *at = memchr(text, c, n);

    return at != NULL ? (size_t)(at - text) : n;
}

/* How much of it stands for itself: printable ASCII, or one byte of something else. */
static size_t ordinary(const char *text, size_t n)
{
    size_t plain = up_to(text, up_to(text, text_plain(text, n), '"'), '\\');

    return plain > 0 || (unsigned char)*text < 0x7F ? plain : 1;
}

static void add_string(struct sbuf *b, const char *text)
{
    size_t left = strlen(text), n;

    sbuf_addc(b, '"');
    for (; left > 0; text += n, left -= n) {
        n = ordinary(text, left);
        sbuf_addn(b, text, n);
        if (n > 0)
            continue;
        add_escape(b, (unsigned char)*text);
        n = 1;
    }
    sbuf_addc(b, '"');
}

static void add_number(struct sbuf *b, const struct json *j)
{
    int64_t n;

    if (json_int_of(j, &n) == RC_OK)
        sbuf_int(b, n);
    else
        sbuf_add(b, json_number_text(j));
}

/* NOLINTNEXTLINE(misc-no-recursion): no deeper than what was parsed or made */
static void add_object(struct sbuf *b, const struct json *j)
{
    struct json_iter it = { 0 };
    const char *name, *comma = "";
    struct json *value;

    sbuf_addc(b, '{');
    while (json_next(j, &it, &name, &value)) {
        sbuf_add(b, comma);
        add_string(b, name);
        sbuf_addc(b, ':');
        add_value(b, value);
        comma = ",";
    }
    sbuf_addc(b, '}');
}

/* NOLINTNEXTLINE(misc-no-recursion): as add_object() */
static void add_array(struct sbuf *b, const struct json *j)
{
    sbuf_addc(b, '[');
    for (size_t i = 0; i < json_len(j); i++) {
        if (i > 0)
            sbuf_addc(b, ',');
        add_value(b, json_at(j, i));
    }
    sbuf_addc(b, ']');
}

/* NOLINTNEXTLINE(misc-no-recursion): as add_object() */
static void add_value(struct sbuf *b, const struct json *j)
{
    switch (json_type(j)) {
    case JSON_OBJECT:
        add_object(b, j);
        break;
    case JSON_ARRAY:
        add_array(b, j);
        break;
    case JSON_STRING:
        add_string(b, json_str(j));
        break;
    case JSON_INT:
    case JSON_DOUBLE:
        add_number(b, j);
        break;
    case JSON_BOOL:
        sbuf_add(b, json_is_true(j) ? "true" : "false");
        break;
    case JSON_NULL:
        sbuf_add(b, "null");
        break;
    }
}

const char *json_text(struct arena *a, const struct json *j)
{
    struct sbuf b;

    sbuf_init(&b, a, 1024);
    add_value(&b, j);
    return b.text;
}
