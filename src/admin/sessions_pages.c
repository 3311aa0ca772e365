#include "config.h"

#include "admin/sessions.h"

#include "admin/list.h"
#include "admin/page.h"
#include "admin/users.h"
#include "http/fields.h"
#include "http/response.h"
#include "http/user_agent.h"
#include "oidc/console_frame.h"
#include "util/uri.h"

static struct json *row_of(struct exchange *x, const struct session_line *s)
{
    struct json *row = json_object(x->arena);

    json_set_str(row, "username", s->username);
    json_set_str(row, "user_href", admin_user_href(x->arena, s->user_id));
    json_set_str(row, "browser", user_agent_name(x->arena, s->user_agent));
    json_set_str(row, "browser_detail", s->user_agent);
    json_set_str(row, "address", s->ip_address);
    json_set_str(row, "active", console_time(x->arena, s->last_activity_at));
    json_set_str(row, "created", console_time(x->arena, s->created_at));
    json_set_int(row, "apps_n", s->apps_n);
    json_set_bool(row, "has_apps", s->apps_n > 0);
    json_set_bool(row, "one_app", s->apps_n == 1);
    json_set_str(row, "end_action",
                 arena_printf(x->arena, "%s/end", console_href(x->arena, ADMIN_SESSIONS "/", s->id)));
    json_set_bool(row, "is_mine", x->session != NULL && text_same(x->session->id, s->id));
    return row;
}

static struct json *rows_of(struct exchange *x, const struct sessions_page *page)
{
    struct json *rows = json_array(x->arena);

    for (size_t i = 0; i < page->n; i++)
        json_add(rows, row_of(x, &page->v[i]));
    return rows;
}

enum rc admin_sessions_show(struct exchange *x, const struct sessions_page *page, const struct list_query *q)
{
    struct json *vars = json_object(x->arena);

    json_set(vars, "rows", rows_of(x, page));
    json_set_bool(vars, "has_rows", page->n > 0);
    admin_pager(x, vars, ADMIN_SESSIONS, q, page->total);
    return admin_page(x, 200, "admin/sessions", vars);
}

enum rc admin_user_session_vars(struct exchange *x, struct json *vars, const struct user *u)
{
    struct sessions_page page;
    struct sbuf more;

    TRY(admin_sessions_of_user(x, u->id, ADMIN_SESSIONS_SHOWN, &page));
    json_set(vars, "sessions", rows_of(x, &page));
    json_set_bool(vars, "has_sessions", page.n > 0);
    json_set_int(vars, "sessions_n", page.total);
    if (page.total > (int64_t)page.n) {
        sbuf_init(&more, x->arena, 64);
        sbuf_add(&more, ADMIN_SESSIONS);
        uri_add_param(&more, "search", u->username);
        json_set_str(vars, "more_sessions_href", more.text);
    }
    return RC_OK;
}

struct ended_form { const char *from; };
static const struct field ended_fields[] = { FIELD(ended_form, from, F_OPTIONAL, 16, NULL) };

const char *admin_sessions_back(struct exchange *x, const struct session *ended)
{
    struct ended_form form = { 0 };

    if (form_bind(x, ended_fields, ARRAY_LEN(ended_fields), &form) == RC_OK && text_same(form.from, "user") &&
        ended->user_id != NULL)
        return admin_user_href(x->arena, ended->user_id);
    return ADMIN_SESSIONS;
}
