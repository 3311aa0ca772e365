#include "config.h"

#include "admin/list.h"

#include <string.h>

#include "http/fields.h"
#include "http/response.h"
#include "util/clock.h"
#include "util/uri.h"

#define LIMIT_MAX 100
#define SEARCH_BYTES 200
#define VALUE_BYTES 4096 /* of the raw parameter: what is too long is cut, not refused */
#define DAY_S 86400

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
        return ADMIN_PAGE_ROWS;
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

enum rc admin_list_query(struct exchange *x, bool is_descending_at_first, struct list_query *out)
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

int admin_flag_filter(const char *text)
{
    if (text == NULL)
        return -1;
    if (text_same(text, "1"))
        return 1;
    return text_same(text, "0") ? 0 : 2;
}

static enum rc parse_end(struct exchange *x, const char *text, bool is_to, int64_t *out)
{
    int64_t at = 0;
    int is_date = 0;

    if (text != NULL && clock_parse(text, &at, &is_date) != RC_OK)
        return refuse(&x->no, REFUSE_BAD_DATE_RANGE, NULL);
    if (text != NULL && is_to && is_date)
        at += DAY_S - 1;
    if (text != NULL && at == 0)
        at = -1; /* 0 means absent; no row is that old */
    *out = at;
    return RC_OK;
}

enum rc admin_date_range(struct exchange *x, const char *from, const char *to, int64_t *out_from, int64_t *out_to)
{
    TRY(parse_end(x, from, false, out_from));
    TRY(parse_end(x, to, true, out_to));
    if (from != NULL && to != NULL && *out_from > *out_to)
        return refuse(&x->no, REFUSE_BAD_DATE_RANGE, "The range ends before it begins");
    return RC_OK;
}

/* ---- the pager ---- */

static const char *page_href(struct exchange *x, const char *action, const struct list_query *q, int64_t offset)
{
    struct sbuf uri;

    sbuf_init(&uri, x->arena, 256);
    sbuf_add(&uri, action);
    uri_add_param(&uri, "search", q->search);
    if (offset > 0)
        uri_add_param(&uri, "offset", arena_printf(x->arena, "%lld", (long long)offset));
    return uri.text;
}

void admin_pager(struct exchange *x, struct json *vars, const char *action, const struct list_query *q,
                 int64_t total)
{
    int64_t before = q->offset - q->limit;

    json_set_str(vars, "action", action);
    json_set_str(vars, "search", q->search);
    json_set_int(vars, "total", total);
    if (q->offset > 0)
        json_set_str(vars, "prev_href", page_href(x, action, q, before > 0 ? before : 0));
    if (total - q->limit > q->offset)
        json_set_str(vars, "next_href", page_href(x, action, q, q->offset + q->limit));
}
