#include "config.h"

#include "admin/handlers.h"
#include "admin/list.h"
#include "admin/users.h"
#include "http/fields.h"
#include "http/response.h"

#define FILTER_BYTES 1024

struct filters {
    const char *role, *is_email_verified, *totp_verified, *group;
    const char *created_at_from, *created_at_to;
};
static const struct field filter_fields[] = {
    FIELD(filters, role,              F_OPTIONAL, FILTER_BYTES, NULL),
    FIELD(filters, is_email_verified, F_OPTIONAL, FILTER_BYTES, NULL),
    FIELD(filters, totp_verified,     F_OPTIONAL, FILTER_BYTES, NULL),
    FIELD(filters, group,             F_OPTIONAL, FILTER_BYTES, NULL),
    FIELD(filters, created_at_from,   F_OPTIONAL, FILTER_BYTES, NULL),
    FIELD(filters, created_at_to,     F_OPTIONAL, FILTER_BYTES, NULL),
};

/* There are no groups yet, so asking for one finds nobody. */
static bool finds_nobody(const struct filters *by)
{
    return by->group != NULL;
}

static int with_totp(const struct filters *by)
{
    int is = admin_flag_filter(by->totp_verified);

    return is < 0 ? 0 : is > 0 ? 1 : -1;
}

static enum rc read_query(struct exchange *x, struct users_query *q, bool *is_nobody)
{
    struct filters by = { 0 };

    TRY(admin_list_query(x, false, &q->list));
    TRY(query_bind(x, filter_fields, ARRAY_LEN(filter_fields), &by));
    TRY(admin_date_range(x, by.created_at_from, by.created_at_to, &q->created_from, &q->created_to));
    q->role = by.role;
    q->is_email_verified = admin_flag_filter(by.is_email_verified);
    q->with_totp = with_totp(&by);
    q->with_deactivated = is_page(x); /* to be found and reactivated */
    *is_nobody = finds_nobody(&by);
    return RC_OK;
}

static enum rc answer(struct exchange *x, const struct users_page *page)
{
    struct json *items = json_array(x->arena);

    for (size_t i = 0; i < page->n; i++)
        json_add(items, admin_user_json(x->arena, &page->v[i]));
    return respond_list(x, items, page->total);
}

enum rc admin_users_list(struct exchange *x)
{
    struct users_query q = { 0 };
    struct users_page page = { 0 };
    bool is_nobody;

    TRY(read_query(x, &q, &is_nobody));
    if (!is_nobody)
        TRY(users_list(x->db, x->arena, &q, &page));
    return is_page(x) ? admin_users_show_list(x, &page, &q.list) : answer(x, &page);
}
