#include "config.h"

#include "http/template_place.h"

#include <string.h>
#include <strings.h>

#include "util/text.h"

static bool is_letter(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

static bool is_space(char c)
{
    return c == ' ' || c == '\t' || c == '\n' || c == '\r' || c == '\f';
}

static void append(char *word, size_t cap, char c)
{
    size_t n = strlen(word);

    if (n + 1 < cap)
        word[n] = (char)(c >= 'A' && c <= 'Z' ? c + 32 : c);
}

static void clear(char *word, size_t cap)
{
    memset(word, 0, cap);
}

static bool starts(const char *text, size_t n, const char *word)
{
    return n >= strlen(word) && strncasecmp(text, word, strlen(word)) == 0;
}

static void end_attribute(struct place *p)
{
    p->is_naming = p->is_assigned = p->is_unquoted = p->is_spaced = false;
    clear(p->attribute, sizeof(p->attribute));
}

static void open_tag(struct place *p)
{
    end_attribute(p);
    p->where = AT_TAG;
    p->is_naming = true;
    clear(p->tag, sizeof(p->tag));
}

/* A '<' at the end of the piece counts: what follows could be a name. */
static void feed_text(struct place *p, const char *text, size_t n)
{
    if (*text != '<')
        return;
    if (starts(text, n, "<!--"))
        p->where = AT_COMMENT;
    else if (n == 1 || is_letter(text[1]) || text[1] == '/' || text[1] == '!')
        open_tag(p);
}

static void close_tag(struct place *p)
{
    bool is_raw = strcmp(p->tag, "script") == 0 || strcmp(p->tag, "style") == 0;

    p->where = is_raw ? AT_RAW : AT_TEXT;
}

/* Space may stand on both sides of "=". */
static void feed_space(struct place *p)
{
    if (p->is_naming || p->is_unquoted)
        end_attribute(p);
    else
        p->is_spaced = true;
}

static void feed_word(struct place *p, char c)
{
    if (p->is_assigned) {
        p->is_unquoted = true;
        return;
    }
    if (p->is_spaced)
        end_attribute(p);
    append(p->attribute, sizeof(p->attribute), c);
}

static void feed_tag(struct place *p, char c)
{
    if (c == '>') {
        close_tag(p);
    } else if (is_space(c) || (c == '/' && p->is_naming && p->tag[0] != '\0')) {
        feed_space(p);
    } else if (p->is_naming) {
        append(p->tag, sizeof(p->tag), c);
    } else if (p->is_assigned && !p->is_unquoted && (c == '"' || c == '\'')) {
        p->where = AT_VALUE;
        p->quote = c;
        p->has_delimiter = false;
    } else if (c == '=' && !p->is_assigned) {
        p->is_assigned = true;
    } else {
        feed_word(p, c);
    }
}

static void feed_value(struct place *p, char c)
{
    if (c == p->quote) {
        p->where = AT_TAG;
        end_attribute(p);
    } else if (strchr("/?#:", c) != NULL) {
        p->has_delimiter = true;
    }
}

static void feed_raw(struct place *p, const char *text, size_t n)
{
    if (starts(text, n, "</") && starts(text + 2, n - 2, p->tag))
        open_tag(p);
}

static void feed_one(struct place *p, const char *text, size_t n)
{
    switch (p->where) {
    case AT_TEXT:
        feed_text(p, text, n);
        break;
    case AT_TAG:
        if (*text != '<') /* the one that opened it */
            feed_tag(p, *text);
        break;
    case AT_VALUE:
        feed_value(p, *text);
        break;
    case AT_RAW:
        feed_raw(p, text, n);
        break;
    case AT_COMMENT:
        if (starts(text, n, "-->"))
            p->where = AT_TEXT;
        break;
    }
}

void place_feed(struct place *p, const char *text, size_t n)
{
    for (size_t i = 0; i < n; i++)
        feed_one(p, text + i, n - i);
}

bool place_same(const struct place *a, const struct place *b)
{
    return a->where == b->where && (a->where != AT_VALUE || strcmp(a->attribute, b->attribute) == 0) &&
           (a->where != AT_TAG || a->is_assigned == b->is_assigned);
}

enum place_kind place_kind(const struct place *p)
{
    static const char *const links[] = { "href", "action", "formaction" };

    if (p->where == AT_TEXT)
        return KIND_PLAIN;
    if (p->where != AT_VALUE || p->quote != '"' || strncmp(p->attribute, "on", 2) == 0 ||
        strcmp(p->attribute, "style") == 0 || strcmp(p->attribute, "srcdoc") == 0)
        return KIND_NONE;
    if (p->has_delimiter)
        return KIND_PLAIN;
    for (size_t i = 0; i < ARRAY_LEN(links); i++)
        if (strcmp(p->attribute, links[i]) == 0)
            return KIND_LINK;
    return strcmp(p->attribute, "src") == 0 ? KIND_IMAGE : KIND_PLAIN;
}

/* Browsers drop white space and control characters in front of and inside a scheme. */
bool is_safe_url(const char *text, enum place_kind kind)
{
    size_t n = strcspn(text, ":/?#");

    for (size_t i = 0; i < n; i++)
        if ((unsigned char)text[i] <= 0x20 || text[i] == 0x7f)
            return false;
    if (text[n] != ':')
        return true;
    if (kind == KIND_IMAGE && text_starts(text, "data:image/"))
        return true;
    return !starts(text, n + 1, "javascript:") && !starts(text, n + 1, "vbscript:") &&
           !starts(text, n + 1, "data:");
}
