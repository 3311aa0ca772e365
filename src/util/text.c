#include "config.h"

#include "util/text.h"

#include <string.h>

static size_t length_by_first(unsigned char first)
{
    if (first < 0x80)
        return 1;
    if (first < 0xC0 || first >= 0xF8)
        return 0;
    return first < 0xE0 ? 2 : first < 0xF0 ? 3 : 4;
}

/* The table 3-7 of the Unicode standard, as arithmetic. */
size_t text_char(const char *p, size_t n, uint32_t *out)
{
    static const uint32_t smallest[] = { 0, 0, 0x80, 0x800, 0x10000 };
    const unsigned char *u = (const unsigned char *)p;
    size_t len;
    uint32_t c;

    if (n == 0)
        return 0;
    len = length_by_first(u[0]);
    if (len == 0 || len > n)
        return 0;
    c = len == 1 ? u[0] : u[0] & (0x7FU >> len);
    for (size_t i = 1; i < len; i++) {
        if ((u[i] & 0xC0) != 0x80)
            return 0;
        c = c << 6 | (u[i] & 0x3FU);
    }
    if (c < smallest[len] || c > 0x10FFFF || (c >= 0xD800 && c <= 0xDFFF))
        return 0;
    *out = c;
    return len;
}

#define EACH UINT64_C(0x0101010101010101) /* one in each of eight bytes */

/* None of the eight is below 0x20, 0x7F or above.  Where a byte is too small the
 * subtraction borrows from its neighbour: no harm, the answer is "no" already. */
static bool are_plain(uint64_t eight)
{
    return ((eight | (eight + EACH) | (eight - 0x20 * EACH)) & 0x80 * EACH) == 0;
}

size_t text_plain(const char *p, size_t n)
{
    size_t i = 0;
    uint64_t eight;

    for (; i + sizeof(eight) <= n; i += sizeof(eight)) {
        memcpy(&eight, p + i, sizeof(eight));
        if (!are_plain(eight))
            break;
    }
    while (i < n && p[i] >= 0x20 && p[i] < 0x7F)
        i++;
    return i;
}

bool text_is_utf8(const char *p, size_t n)
{
    uint32_t c;

    for (size_t i = text_plain(p, n), len; i < n; i += len)
        if ((len = text_char(p + i, n - i, &c)) == 0)
            return false;
    return true;
}

static const char *some(const char *text)
{
    return text == NULL ? "" : text;
}

bool text_same(const char *a, const char *b)
{
    return strcmp(some(a), some(b)) == 0;
}

bool text_starts(const char *text, const char *prefix)
{
    return strncmp(some(text), some(prefix), strlen(some(prefix))) == 0;
}

bool text_ends(const char *text, const char *suffix)
{
    size_t n = strlen(some(text)), m = strlen(some(suffix));

    return n >= m && strcmp(some(text) + n - m, some(suffix)) == 0;
}

/* ctype.h knows locales; we do not want to. */
static bool is_alpha(char c)
{
    return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z');
}

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static char lower(char c)
{
    return c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
}

bool text_same_nocase(const char *a, const char *b)
{
    for (a = some(a), b = some(b); *a != '\0' && lower(*a) == lower(*b); a++, b++)
        ;
    return lower(*a) == lower(*b);
}

char *text_lower(struct arena *a, const char *text)
{
    char *copy = arena_strdup(a, some(text));

    for (char *p = copy; *p != '\0'; p++)
        *p = lower(*p);
    return copy;
}

char *text_trim(struct arena *a, const char *text)
{
    static const char white[] = " \t\n\v\f\r";
    const char *start = some(text) + strspn(some(text), white);
    size_t n = strlen(start);

    while (n > 0 && strchr(white, start[n - 1]) != NULL)
        n--;
    return arena_strndup(a, start, n);
}

const char *text_or(const char *text, const char *otherwise)
{
    return text_empty(text) ? otherwise : text;
}

static bool is_all(const char *text, bool (*is_one)(char))
{
    for (text = some(text); *text != '\0'; text++)
        if (!is_one(*text))
            return false;
    return true;
}

static bool is_vschar_one(char c)
{
    return c >= 0x20 && c <= 0x7E;
}

static bool is_nqschar_one(char c)
{
    return is_vschar_one(c) && c != '"' && c != '\\';
}

static bool is_unreserved_one(char c)
{
    return is_alpha(c) || is_digit(c) || c == '-' || c == '.' || c == '_' || c == '~';
}

static bool is_base64url_one(char c)
{
    return is_alpha(c) || is_digit(c) || c == '-' || c == '_';
}

bool is_vschar(const char *text)
{
    size_t n = strlen(some(text));

    return text_plain(some(text), n) == n;
}

bool is_nqschar(const char *text)
{
    return is_all(text, is_nqschar_one);
}

bool is_scope(const char *text)
{
    return is_all(text, is_nqschar_one);
}

bool is_unreserved(const char *text)
{
    return is_all(text, is_unreserved_one);
}

bool is_base64url(const char *text)
{
    return is_all(text, is_base64url_one);
}

bool is_digits(const char *text)
{
    return is_all(text, is_digit);
}

static bool is_readable(const char *text, const char *allowed)
{
    size_t left = strlen(some(text)), n = text_plain(some(text), left);
    uint32_t c;

    for (text = some(text) + n, left -= n; left > 0; text += n, left -= n) {
        n = text_char(text, left, &c);
        if (n == 0)
            return false;
        if ((c < 0x20 || (c >= 0x7F && c < 0xA0)) && strchr(allowed, *text) == NULL)
            return false;
    }
    return true;
}

bool is_text(const char *text)
{
    return is_readable(text, "");
}

bool is_text_lines(const char *text)
{
    return is_readable(text, "\t\r\n");
}

static bool is_atext(char c)
{
    return is_alpha(c) || is_digit(c) || (c != '\0' && strchr("!#$%&'*+-/=?^_`{|}~", c) != NULL);
}

static bool is_label(char c)
{
    return is_alpha(c) || is_digit(c) || c == '-';
}

/* Words of `is_one`, 1 to `word_max` characters, between single dots. */
static bool is_dotted(const char *p, const char *end, size_t word_max, bool (*is_one)(char))
{
    size_t word = 0;

    for (; p < end; p++) {
        if (*p == '.' && word > 0) {
            word = 0;
            continue;
        }
        if (!is_one(*p) || ++word > word_max)
            return false;
    }
    return word > 0;
}

static bool is_domain(const char *p)
{
    const char *end = p + strlen(p);

    return is_dotted(p, end, 63, is_label) && *p != '-' && end[-1] != '-' &&
           strstr(p, "-.") == NULL && strstr(p, ".-") == NULL;
}

/* RFC 5321 4.1.2 and 4.5.3.1, without quoted strings and address literals */
bool is_email(const char *text)
{
    const char *at;

    if (text_empty(text))
        return true;
    at = strchr(text, '@');
    if (at == NULL || at - text > 64 || strlen(text) > 254)
        return false;
    return is_dotted(text, at, 64, is_atext) && is_domain(at + 1);
}

static bool is_id_one(char c)
{
    return is_digit(c) || (c >= 'a' && c <= 'v');
}

bool is_id(const char *text)
{
    return text_empty(text) || (strlen(text) == 20 && is_all(text, is_id_one));
}

/* The next word of a list; false at its end.  *p moves behind the word. */
static bool next_word(const char **p, char separator, const char **word, size_t *n)
{
    while (**p == separator && **p != '\0')
        (*p)++;
    *word = *p;
    while (**p != separator && **p != '\0')
        (*p)++;
    *n = (size_t)(*p - *word);
    return *n > 0;
}

struct text_list text_split(struct arena *a, const char *text, char separator)
{
    struct text_list list = { 0 };
    const char *p = some(text), *word;
    size_t n, words = 0;

    while (next_word(&p, separator, &word, &n))
        words++;
    list.v = arena_array(a, const char *, words + 1);
    p = some(text);
    while (next_word(&p, separator, &word, &n))
        list.v[list.n++] = arena_strndup(a, word, n);
    return list;
}

char *text_join(struct arena *a, const struct text_list *list, char separator)
{
    size_t n = 1;
    char *text, *p;

    for (size_t i = 0; i < list->n; i++)
        n += strlen(list->v[i]) + 1;
    p = text = arena_alloc(a, n);
    for (size_t i = 0; i < list->n; i++) {
        size_t len = strlen(list->v[i]);

        if (i > 0)
            *p++ = separator;
        memcpy(p, list->v[i], len);
        p += len;
    }
    return text;
}

static bool has_word(const char *list, const char *word, size_t n)
{
    const char *p = some(list), *one;
    size_t len;

    while (next_word(&p, ' ', &one, &len))
        if (len == n && memcmp(one, word, n) == 0)
            return true;
    return false;
}

bool text_list_has(const char *list, const char *word)
{
    return has_word(list, some(word), strlen(some(word)));
}

bool text_list_within(const char *list, const char *allowed)
{
    const char *p = some(list), *word;
    size_t n;

    while (next_word(&p, ' ', &word, &n))
        if (!has_word(allowed, word, n))
            return false;
    return true;
}

const char *text_directory(struct arena *a, const char *path)
{
    const char *slash = strrchr(path, '/');

    if (slash == NULL)
        return ".";
    return slash == path ? "/" : arena_strndup(a, path, (size_t)(slash - path));
}
