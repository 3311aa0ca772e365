/* The audit trail (http-api 7.6), for programs and for people. */
#include "config.h"

#include "admin/handlers.h"
#include "admin/list.h"
#include "admin/page.h"
#include "http/fields.h"
#include "http/response.h"
#include "oidc/console_frame.h"
#include "store/audit.h"
#include "util/clock.h"

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

    json_set_str(obj, "id", r->id);
    json_set_str(obj, "event", r->event);
    if (r->actor_id != NULL)
        json_set_str(obj, "actor_id", r->actor_id);
    else
        json_set_null(obj, "actor_id");
    json_set_str(obj, "actor_username", r->actor_username);
    json_set_str(obj, "target_type", r->target_type);
    json_set_str(obj, "target_id", r->target_id);
    json_set_str(obj, "detail", r->detail);
    json_set_str(obj, "ip_address", r->ip_address);
    json_set_str(obj, "created_at", clock_rfc3339(a, r->created_at));
    return obj;
}

static struct json *row_of(struct arena *a, const struct audit_row *r)
{
    struct json *row = json_object(a);

    json_set_str(row, "event", r->event);
    json_set_str(row, "actor", r->actor_username);
    json_set_str(row, "target", *r->target_id ? arena_printf(a, "%s %s", r->target_type, r->target_id) : r->target_type);
    json_set_str(row, "detail", r->detail);
    json_set_str(row, "address", r->ip_address);
    json_set_str(row, "at", console_time(a, r->created_at));
    return row;
}

static enum rc show(struct exchange *x, const struct audit_page *page, const struct audit_query *q)
{
    struct json *vars = json_object(x->arena), *rows = json_array(x->arena);

    for (size_t i = 0; i < page->n; i++)
        json_add(rows, row_of(x->arena, &page->v[i]));
    json_set(vars, "rows", rows);
    json_set_bool(vars, "has_rows", page->n > 0);
    admin_pager(x, vars, ADMIN_AUDIT, &q->list, page->total);
    return admin_page(x, 200, "admin/audit", vars);
}

enum rc admin_audit_list(struct exchange *x)
{
    struct json *items = json_array(x->arena);
    struct audit_query q = { 0 };
    struct audit_page page;
    struct filters by = { 0 };

    TRY(admin_list_query(x, true, &q.list));
    TRY(query_bind(x, filter_fields, ARRAY_LEN(filter_fields), &by));
    TRY(admin_date_range(x, by.created_at_from, by.created_at_to, &q.created_from, &q.created_to));
    q.event = by.event;
    TRY(audit_list(x->db, x->arena, &q, &page));
    if (is_page(x))
        return show(x, &page, &q);
    for (size_t i = 0; i < page.n; i++)
        json_add(items, event_json(x->arena, &page.v[i]));
    return respond_list(x, items, page.total);
}
