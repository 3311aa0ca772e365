#include "config.h"

#include "oidc/list_query.h"

#include <string.h>

#include "http/fields.h"
#include "http/response.h"

#define LIMIT_MAX 100
#define SEARCH_BYTES 200
#define VALUE_BYTES 4096 /* of the raw parameter: what is too long is cut, not refused */

struct list_form { const char *limit, *offset, *sort, *order, *search; };
static const struct field list_fields[] = {
    FIELD(list_form, limit,  F_OPTIONAL, VALUE_BYTES, NULL),
    FIELD(list_form, offset, F_OPTIONAL, VALUE_BYTES, NULL),
    FIELD(list_form, sort,   F_OPTIONAL, VALUE_BYTES, NULL),
    FIELD(list_form, order,  F_OPTIONAL, VALUE_BYTES, NULL),
    FIELD(list_form, search, F_OPTIONAL, VALUE_BYTES, NULL),
};

static int64_t limit_of(const struct exchange *x, const char *text)
{
    int64_t n;

    if (is_page(x))
        return LIST_PAGE_ROWS;
    if (text_int(text, &n) != RC_OK || n <= 0 || n > LIMIT_MAX)
        return LIMIT_MAX;
    return n;
}

static int64_t offset_of(const char *text)
{
    int64_t n;

    return text_int(text, &n) == RC_OK && n > 0 ? n : 0;
}

static bool is_descending(const char *order, bool at_first)
{
    return order != NULL ? text_same_nocase(order, "desc") : at_first;
}

/* Cut at a character, not inside one. */
static const char *cut(struct arena *a, const char *text)
{
    size_t n = strlen(text);

    if (n <= SEARCH_BYTES)
        return text;
    n = SEARCH_BYTES;
    while (n > 0 && ((unsigned char)text[n] & 0xc0) == 0x80)
        n--;
    return arena_strndup(a, text, n);
}

enum rc list_query_read(struct exchange *x, bool is_descending_at_first, struct list_query *out)
{
    struct list_form in = { 0 };

    TRY(query_bind(x, list_fields, ARRAY_LEN(list_fields), &in));
    *out = (struct list_query){
        .limit = limit_of(x, in.limit),
        .offset = offset_of(in.offset),
        .sort = in.sort,
        .is_descending = is_descending(in.order, is_descending_at_first),
    };
    const char *search = text_trim(x->arena, in.search);
    if (*search != '\0')
        out->search = text_lower(x->arena, cut(x->arena, search));
    return RC_OK;
}
