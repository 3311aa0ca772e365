/* The audit trail (http-api 7.6), for programs and for people. */
#include "config.h"

#include <string.h>

#include "admin/clients.h"
#include "admin/handlers.h"
#include "admin/list.h"
#include "admin/page.h"
#include "admin/users.h"
#include "http/fields.h"
#include "http/response.h"
#include "oidc/console_frame.h"
#include "store/audit.h"
#include "util/clock.h"
#include "util/uri.h"

#define ADMIN_AUDIT "/admin/audit"
#define FILTER_BYTES 1024

struct filters { const char *event, *created_at_from, *created_at_to; };
static const struct field filter_fields[] = {
    FIELD(filters, event,           F_OPTIONAL, FILTER_BYTES, NULL),
    FIELD(filters, created_at_from, F_OPTIONAL, FILTER_BYTES, NULL),
    FIELD(filters, created_at_to,   F_OPTIONAL, FILTER_BYTES, NULL),
};

static struct json *event_json(struct arena *a, const struct audit_row *r)
{
    struct json *obj = json_object(a);

    audit_row_json(a, r, obj);
    return obj;
}

/* ---- for people ---- */

/* "method: password, reason: locked" */
static const char *detail_words(struct arena *a, const char *detail)
{
    struct json_iter it = { NULL };
    struct json *obj, *value;
    const char *name;
    struct sbuf words;

    if (json_parse(a, detail, strlen(detail), &obj) != RC_OK || json_type(obj) != JSON_OBJECT)
        return detail;
    sbuf_init(&words, a, 128);
    while (json_next(obj, &it, &name, &value))
        sbuf_printf(&words, "%s%s: %s", words.n > 0 ? ", " : "", name, text_or(json_str(value), json_text(a, value)));
    return words.text;
}

static const char *target_href(struct arena *a, const struct audit_row *r)
{
    if (text_empty(r->target_id))
        return NULL;
    if (text_same(r->target_type, "user"))
        return admin_user_href(a, r->target_id);
    return text_same(r->target_type, "client") ? console_href(a, ADMIN_CLIENTS "/", r->target_id) : NULL;
}

/* The page with some of its filters. */
static const char *href_of(struct exchange *x, const struct filters *by, const char *event)
{
    struct sbuf uri;

    sbuf_init(&uri, x->arena, 128);
    sbuf_add(&uri, ADMIN_AUDIT);
    uri_add_param(&uri, "event", event);
    uri_add_param(&uri, "created_at_from", by->created_at_from);
    uri_add_param(&uri, "created_at_to", by->created_at_to);
    return uri.text;
}

static struct json *row_of(struct exchange *x, const struct filters *by, const struct audit_row *r)
{
    struct json *row = json_object(x->arena);

    json_set_str(row, "at", console_time(x->arena, r->created_at));
    json_set_str(row, "event", r->event);
    json_set_str(row, "event_href", href_of(x, by, r->event));
    json_set_str(row, "detail", detail_words(x->arena, r->detail));
    json_set_str(row, "actor", r->actor_username);
    if (r->actor_id != NULL)
        json_set_str(row, "actor_href", admin_user_href(x->arena, r->actor_id));
    json_set_str(row, "target_type", r->target_type);
    json_set_str(row, "target_id", r->target_id);
    json_set_str(row, "target_href", target_href(x->arena, r));
    json_set_str(row, "address", r->ip_address);
    return row;
}

static enum rc show(struct exchange *x, const struct audit_page *page, const struct audit_query *q,
                    const struct filters *by)
{
    struct json *vars = json_object(x->arena), *rows = json_array(x->arena);

    for (size_t i = 0; i < page->n; i++)
        json_add(rows, row_of(x, by, &page->v[i]));
    json_set(vars, "rows", rows);
    json_set_bool(vars, "has_rows", page->n > 0);
    admin_pager(x, vars, href_of(x, by, by->event), &q->list, page->total);
    json_set_str(vars, "action", ADMIN_AUDIT);
    json_set_str(vars, "event", by->event);
    json_set_str(vars, "from", by->created_at_from);
    json_set_str(vars, "to", by->created_at_to);
    json_set_bool(vars, "is_filtered", q->list.search || by->event || by->created_at_from || by->created_at_to);
    return admin_page(x, 200, "admin/audit", vars);
}

/* ---- both ---- */

static enum rc read_query(struct exchange *x, struct filters *by, struct audit_query *q)
{
    TRY(admin_list_query(x, true, &q->list));
    TRY(query_bind(x, filter_fields, ARRAY_LEN(filter_fields), by));
    TRY(admin_date_range(x, by->created_at_from, by->created_at_to, &q->created_from, &q->created_to));
    q->event = by->event;
    return RC_OK;
}

enum rc admin_audit_list(struct exchange *x)
{
    struct json *items = json_array(x->arena);
    struct audit_query q = { 0 };
    struct audit_page page;
    struct filters by = { 0 };
    enum rc rc = read_query(x, &by, &q);

    if (rc == RC_REFUSED && is_page(x))
        return admin_refusal(x, ADMIN_AUDIT, "Audit");
    TRY(rc);
    TRY(audit_list(x->db, x->arena, &q, &page));
    if (is_page(x))
        return show(x, &page, &q, &by);
    for (size_t i = 0; i < page.n; i++)
        json_add(items, event_json(x->arena, &page.v[i]));
    return respond_list(x, items, page.total);
}
