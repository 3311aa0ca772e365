/* Where the person is signed in (http-api 8); both faces. */
#include "config.h"

#include "account/handlers.h"
#include "authn/caller.h"
#include "authn/session.h"
#include "authn/trail.h"
#include "http/response.h"
#include "http/route.h"
#include "http/user_agent.h"
#include "oidc/console_frame.h"
#include "oidc/list_query.h"
#include "store/sessions.h"
#include "store/settings_table.h"
#include "util/clock.h"

/* ---- what there is ---- */

static enum rc load(struct exchange *x, struct list_query list, struct sessions_page *out)
{
    struct sessions_query q = { .list = list, .user_id = x->user->id };

    session_live_only(x, &q);
    q.list.search = NULL;
    return sessions_list(x->db, x->arena, &q, out);
}

/* The one of the browser that asks, which an API request need not come from: "" then. */
static enum rc find_current(struct exchange *x, const char **id)
{
    enum rc rc = x->session != NULL ? RC_OK : session_find(x);

    if (rc != RC_OK && rc != RC_NONE)
        return rc;
    bool is_own = rc == RC_OK && text_same(x->session->user_id, x->user->id);
    *id = is_own ? x->session->id : "";
    return RC_OK;
}

static struct json *session_json(struct arena *a, const struct session_line *s, const char *current)
{
    struct json *obj = json_object(a);

    json_set_str(obj, "id", s->id);
    json_set_str(obj, "user_agent", s->user_agent);
    json_set_str(obj, "ip_address", s->ip_address);
    json_set_str(obj, "last_activity_at", clock_rfc3339(a, s->last_activity_at));
    json_set_str(obj, "created_at", clock_rfc3339(a, s->created_at));
    json_set_int(obj, "active_apps_count", s->apps_n);
    json_set_bool(obj, "is_current", text_same(s->id, current));
    return obj;
}

static struct json *row_of(struct arena *a, const struct session_line *s, const char *current)
{
    struct json *row = json_object(a);

    json_set_str(row, "device_name", user_agent_name(a, s->user_agent));
    json_set_str(row, "device_detail", s->user_agent);
    json_set_str(row, "address", s->ip_address);
    json_set_str(row, "created", console_time(a, s->created_at));
    json_set_str(row, "last_active", console_time(a, s->last_activity_at));
    json_set_bool(row, "has_apps", s->apps_n > 0);
    json_set_bool(row, "one_app", s->apps_n == 1);
    json_set_int(row, "apps_n", s->apps_n);
    json_set_bool(row, "is_current", text_same(s->id, current));
    json_set_str(row, "end_action", arena_printf(a, ACCOUNT_SESSIONS "/%s/end", s->id));
    return row;
}

static struct json *items_of(struct exchange *x, const struct sessions_page *page, const char *current)
{
    struct json *items = json_array(x->arena);

    for (size_t i = 0; i < page->n; i++)
        json_add(items, is_page(x) ? row_of(x->arena, &page->v[i], current)
                                   : session_json(x->arena, &page->v[i], current));
    return items;
}

enum rc account_sessions(struct exchange *x)
{
    struct list_query list;
    struct sessions_page page;
    const char *current;

    TRY(list_query_read(x, true, &list));
    TRY(load(x, list, &page));
    TRY(find_current(x, &current));
    return respond_list(x, items_of(x, &page, current), page.total);
}

enum rc account_sessions_count(struct exchange *x, int64_t *out)
{
    struct list_query one = { .limit = 1, .is_descending = true };
    struct sessions_page page;

    TRY(load(x, one, &page));
    *out = page.total;
    return RC_OK;
}

enum rc account_sessions_show(struct exchange *x)
{
    struct list_query all = { .limit = ACCOUNT_SESSIONS_MAX, .is_descending = true };
    struct json *vars = json_object(x->arena);
    struct sessions_page page;
    const char *current;

    TRY(load(x, all, &page));
    TRY(find_current(x, &current));
    json_set(vars, "rows", items_of(x, &page, current));
    json_set_bool(vars, "has_others", page.total > 1);
    json_set_str(vars, "others_action", ACCOUNT_SESSIONS "/end-others");
    return account_page(x, 200, "account/sessions", vars);
}

/* ---- ending one ---- */

struct ending {
    struct exchange *x;
    const char *id;
    struct session session;
};

static enum rc end_one(struct db *db, void *arg)
{
    struct ending *e = arg;

    TRY(sessions_by_id(db, e->x->arena, e->id, &e->session));
    if (!text_same(e->session.user_id, e->x->user->id))
        return refuse(&e->x->no, REFUSE_FORBIDDEN, "That session is not yours");
    TRY(sessions_end(db, e->id, "session_revoked", e->x->now));
    return trail(e->x, "session_revoked", NULL, "session", e->id, "type", "idp_session", (char *)NULL);
}

enum rc account_session_end(struct exchange *x)
{
    struct ending e = { .x = x, .id = route_param(x, "id") };
    const char *current;

    TRY(find_current(x, &current));
    bool is_current = text_same(e.id, current);
    enum rc rc = db_write(x->db, end_one, &e);
    if (rc == RC_OK && is_current)
        session_cookie_clear(x);
    if (!is_page(x))
        return rc == RC_OK ? respond_message(x, "Session revoked") : rc;
    return rc == RC_OK || rc == RC_NONE ? console_go(x, ACCOUNT_SESSIONS, "session_ended") : rc;
}

/* ---- ending the others ---- */

static enum rc end_others(struct db *db, void *arg)
{
    struct exchange *x = arg;

    TRY(caller_check(x, db));
    TRY(caller_end_others(x, db, "other_sessions_revoked"));
    return trail(x, "other_sessions_revoked", NULL, "user", x->user->id, (char *)NULL);
}

enum rc account_sessions_end_others(struct exchange *x)
{
    enum rc rc = db_write(x->db, end_others, x);

    if (!is_page(x))
        return rc == RC_OK ? respond_message(x, "Your other sessions have ended") : rc;
    if (caller_is_signed_out(x, rc))
        return respond_see_other(x, ACCOUNT_SESSIONS);
    return rc == RC_OK ? console_go(x, ACCOUNT_SESSIONS, "others_ended") : rc;
}
