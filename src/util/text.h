/*
 * Text: UTF-8, character sets of the RFCs, space-separated lists.
 * All functions take NUL-terminated text and accept NULL as "".
 */
#ifndef AUTENTICO_UTIL_TEXT_H
#define AUTENTICO_UTIL_TEXT_H

#include <stdbool.h>

#include "util/arena.h"

/* How many of the first n bytes are printable ASCII (0x20 to 0x7E), up to one that is not. */
size_t text_plain(const char *p, size_t n);
bool text_is_utf8(const char *p, size_t n); /* well-formed, no surrogates, no overlong */
/* Length of the well-formed UTF-8 character at p (1 to 4), its code point in
 * `out`; 0 when there is none within n bytes. */
size_t text_char(const char *p, size_t n, uint32_t *out);
bool text_same(const char *a, const char *b); /* equal, not for secrets; NULL equals "" */
static inline bool text_empty(const char *text) /* here, so that analysers know what it says of NULL */
{
    return text == NULL || *text == '\0';
}
bool text_starts(const char *text, const char *prefix);
bool text_ends(const char *text, const char *suffix);
bool text_same_nocase(const char *a, const char *b); /* ASCII */
char *text_lower(struct arena *a, const char *text); /* ASCII */
char *text_trim(struct arena *a, const char *text);  /* ASCII white space, both ends */
const char *text_directory(struct arena *a, const char *path); /* of a file: "/", "." without a slash */
const char *text_or(const char *text, const char *otherwise); /* `otherwise` when NULL or "" */

/* Whole-text predicates, for `struct field` (http/fields.h).  "" passes. */
bool is_vschar(const char *text);      /* %x20-7E (RFC 6749 App. A) */
bool is_nqschar(const char *text);     /* %x20-21 / %x23-5B / %x5D-7E */
bool is_scope(const char *text);       /* %x21 / %x23-5B / %x5D-7E and spaces */
bool is_unreserved(const char *text);  /* ALPHA DIGIT - . _ ~ (RFC 3986 2.3) */
bool is_base64url(const char *text);   /* A-Z a-z 0-9 - _ */
bool is_digits(const char *text);
bool is_text(const char *text);        /* UTF-8 without control characters */
bool is_text_lines(const char *text);  /* the same, but TAB CR LF allowed */
bool is_email(const char *text);       /* one '@', dot-atom local part, a domain */
bool is_id(const char *text);          /* 20 characters [0-9a-v] */

/*
 * Space-separated lists (scope, prompt, acr_values).  Doubled spaces count once.
 */
/* The text of a macro's value: TEXT_OF(LIMIT) is "300". */
#define TEXT_OF_(value) #value
#define TEXT_OF(macro) TEXT_OF_(macro)

struct text_list {
    const char **v;
    size_t n;
};
struct text_list text_split(struct arena *a, const char *text, char separator);
char *text_join(struct arena *a, const struct text_list *list, char separator);
bool text_list_has(const char *list, const char *word);      /* space-separated */
bool text_list_within(const char *list, const char *allowed); /* every word of list in allowed */

/*
 * Numbers and durations.  RC_NONE when the text is not one.
 *   text_int       decimal, optional '-', no space, fits int64_t
 *   text_bool      the forms of spec/settings.md 1
 *   text_duration  Go syntax ("1h30m", "0", "1.5h"); whole seconds, rounded
 *                  down; negative is refused
 */
MUST_CHECK enum rc text_int(const char *text, int64_t *out);
MUST_CHECK enum rc text_double(const char *text, double *out);
MUST_CHECK enum rc text_bool(const char *text, bool *out);
MUST_CHECK enum rc text_duration(const char *text, int64_t *out_s);
int64_t text_duration_or(const char *text, int64_t otherwise_s); /* otherwise: empty or no duration */

#endif
