#include "config.h"

#include "admin/list.h"

#include "oidc/list_query.h"
#include "util/clock.h"
#include "util/uri.h"

#define DAY_S 86400

enum rc admin_list_query(struct exchange *x, bool is_descending_at_first, struct list_query *out)
{
    return list_query_read(x, is_descending_at_first, out);
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
