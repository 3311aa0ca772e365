/* Sessions and tokens (http-api 7.3): what exists, and ending it. */
#include "config.h"

#include "admin/handlers.h"
#include "admin/list.h"
#include "admin/sessions.h"
#include "authn/session.h"
#include "authn/trail.h"
#include "crypto/random.h"
#include "http/fields.h"
#include "http/response.h"
#include "http/route.h"
#include "oidc/console_frame.h"
#include "store/settings_table.h"
#include "store/tokens.h"
#include "util/clock.h"

#define FILTER_BYTES 1024

static enum rc answer_result(struct exchange *x, const char *result)
{
    struct json *obj = json_object(x->arena);

    json_set_str(obj, "result", result);
    return respond_model(x, 200, SHAPE_DATA, obj);
}

/* ---- browser sessions ("IdP sessions") ---- */

struct json *admin_session_json(struct arena *a, const struct session_line *s)
{
    struct json *obj = json_object(a);

    json_set_str(obj, "id", s->id);
    json_set_str(obj, "user_id", s->user_id);
    json_set_str(obj, "username", s->username);
    json_set_str(obj, "email", text_or(s->email, ""));
    json_set_str(obj, "user_agent", s->user_agent);
    json_set_str(obj, "ip_address", s->ip_address);
    json_set_str(obj, "last_activity_at", clock_rfc3339(a, s->last_activity_at));
    json_set_str(obj, "created_at", clock_rfc3339(a, s->created_at));
    json_set_int(obj, "active_apps_count", s->apps_n);
    return obj;
}

struct ranges { const char *created_at_from, *created_at_to, *last_activity_at_from, *last_activity_at_to; };
static const struct field range_fields[] = {
    FIELD(ranges, created_at_from,       F_OPTIONAL, FILTER_BYTES, NULL),
    FIELD(ranges, created_at_to,         F_OPTIONAL, FILTER_BYTES, NULL),
    FIELD(ranges, last_activity_at_from, F_OPTIONAL, FILTER_BYTES, NULL),
    FIELD(ranges, last_activity_at_to,   F_OPTIONAL, FILTER_BYTES, NULL),
};

static int64_t later(int64_t a, int64_t b)
{
    return a > b ? a : b;
}

static enum rc read_query(struct exchange *x, struct sessions_query *q)
{
    struct ranges by = { 0 };
    int64_t created_from, active_from;

    TRY(admin_list_query(x, is_page(x), &q->list));
    TRY(query_bind(x, range_fields, ARRAY_LEN(range_fields), &by));
    TRY(admin_date_range(x, by.created_at_from, by.created_at_to, &created_from, &q->created_to));
    TRY(admin_date_range(x, by.last_activity_at_from, by.last_activity_at_to, &active_from, &q->active_to));
    session_live_only(x, q);
    q->created_from = later(q->created_from, created_from);
    q->active_from = later(q->active_from, active_from);
    return RC_OK;
}

enum rc admin_idp_sessions_list(struct exchange *x)
{
    struct sessions_query q = { 0 };
    struct sessions_page page;
    struct json *items = json_array(x->arena);

    TRY(read_query(x, &q));
    TRY(sessions_list(x->db, x->arena, &q, &page));
    if (is_page(x))
        return admin_sessions_show(x, &page, &q.list);
    for (size_t i = 0; i < page.n; i++)
        json_add(items, admin_session_json(x->arena, &page.v[i]));
    return respond_list(x, items, page.total);
}

enum rc admin_sessions_of_user(struct exchange *x, const char *user_id, int64_t limit, struct sessions_page *out)
{
    struct sessions_query q = {
        .list = { .limit = limit, .is_descending = true }, .user_id = user_id,
    };

    session_live_only(x, &q);
    return sessions_list(x->db, x->arena, &q, out);
}

/* The contract leaves name and address empty here. */
enum rc admin_users_idp_sessions(struct exchange *x)
{
    struct json *items = json_array(x->arena);
    struct sessions_page page;

    TRY(admin_sessions_of_user(x, route_param(x, "id"), ADMIN_SESSIONS_MAX, &page));
    for (size_t i = 0; i < page.n; i++) {
        page.v[i].username = page.v[i].email = "";
        json_add(items, admin_session_json(x->arena, &page.v[i]));
    }
    return respond_model(x, 200, SHAPE_DATA, items);
}

struct ending { struct exchange *x; const char *id; struct session session; };

static enum rc end_session(struct db *db, void *arg)
{
    struct ending *e = arg;

    TRY(sessions_by_id(db, e->x->arena, e->id, &e->session));
    TRY(sessions_end(db, e->id, "session_revoked", e->x->now));
    return trail(e->x, "session_revoked", NULL, "session", e->id, "type", "idp_session", "user_id",
                 e->session.user_id, (char *)NULL);
}

/* Of the browser that asks, as far as can be told without its cookie. */
static bool is_own(const struct exchange *x, const char *session_id)
{
    return (x->session != NULL && text_same(x->session->id, session_id)) ||
           (x->token != NULL && text_same(x->token->family.session_id, session_id));
}

enum rc admin_idp_sessions_end(struct exchange *x)
{
    struct ending e = { .x = x, .id = route_param(x, "id") };
    enum rc rc = db_write(x->db, end_session, &e);

    if (rc == RC_OK && is_own(x, e.id))
        session_cookie_clear(x);
    if (is_page(x))
        return rc == RC_OK || rc == RC_NONE ? console_go(x, admin_sessions_back(x, &e.session), "session_ended") : rc;
    TRY(rc);
    return answer_result(x, "deactivated");
}

/* ---- grants ("OAuth sessions") ---- */

static const char *status_of(const struct exchange *x, const struct family *f)
{
    if (f->revoked_at != 0)
        return "deactivated";
    return f->expires_at > x->now ? "active" : "expired";
}

static struct json *family_json(struct exchange *x, const struct family *f)
{
    struct json *obj = json_object(x->arena);

    json_set_str(obj, "id", f->id);
    json_set_str_or_null(obj, "user_id", f->user_id);
    json_set_str(obj, "client_id", f->client_id);
    json_set_str(obj, "user_agent", f->user_agent);
    json_set_str(obj, "ip_address", f->ip_address);
    json_set_null(obj, "device_id");
    json_set_null(obj, "last_activity_at");
    json_set_str(obj, "created_at", clock_rfc3339(x->arena, f->created_at));
    json_set_str(obj, "expires_at", clock_rfc3339(x->arena, f->expires_at));
    json_set_str_or_null(obj, "deactivated_at", clock_rfc3339(x->arena, f->revoked_at));
    json_set_str(obj, "location", "");
    json_set_str(obj, "status", status_of(x, f));
    return obj;
}

static struct json *families_json(struct exchange *x, const struct families_page *page)
{
    struct json *items = json_array(x->arena);

    for (size_t i = 0; i < page->n; i++)
        json_add(items, family_json(x, &page->v[i]));
    return items;
}

struct whose { const char *user_id; };
static const struct field whose_fields[] = { FIELD(whose, user_id, F_OPTIONAL, FILTER_BYTES, NULL) };

enum rc admin_sessions_list(struct exchange *x)
{
    struct whose by = { 0 };
    struct families_page page;

    TRY(query_bind(x, whose_fields, ARRAY_LEN(whose_fields), &by));
    TRY(families_latest(x->db, x->arena, by.user_id, &page));
    return respond_model(x, 200, SHAPE_DATA, families_json(x, &page));
}

enum rc admin_idp_sessions_families(struct exchange *x)
{
    struct families_page page;
    struct list_query q;

    TRY(admin_list_query(x, false, &q));
    TRY(families_of_session(x->db, x->arena, route_param(x, "id"), &q, &page));
    return respond_list(x, families_json(x, &page), page.total);
}

static enum rc revoke_family(struct db *db, void *arg)
{
    struct ending *e = arg;
    struct family f;

    TRY(families_by_id(db, e->x->arena, e->id, &f));
    if (f.revoked_at != 0)
        return RC_OK;
    TRY(families_revoke(db, e->id, "session_revoked", e->x->now));
    return trail(e->x, "session_revoked", NULL, "session", e->id, (char *)NULL);
}

enum rc admin_sessions_end(struct exchange *x)
{
    struct ending e = { .x = x, .id = route_param(x, "id") };

    TRY(db_write(x->db, revoke_family, &e));
    return answer_result(x, "deactivated");
}

/* ---- tokens ---- */

static const char *token_status(const struct exchange *x, const struct token_line *t)
{
    if (t->revoked_at != 0)
        return "revoked";
    return t->access_expires_at > x->now ? "active" : "expired";
}

static const char *public_id(struct arena *a, int64_t selector)
{
    char id[21];

    selector_to_id(selector, id);
    return arena_strdup(a, id);
}

static struct json *token_json(struct exchange *x, const struct token_line *t)
{
    struct json *obj = json_object(x->arena);

    json_set_str(obj, "id", public_id(x->arena, t->selector));
    json_set_str_or_null(obj, "user_id", t->user_id);
    json_set_str(obj, "username", text_or(t->username, ""));
    json_set_str(obj, "email", text_or(t->email, ""));
    json_set_str(obj, "scope", t->scope);
    json_set_str(obj, "grant_type", t->grant_type);
    json_set_str(obj, "access_token_expires_at", clock_rfc3339(x->arena, t->access_expires_at));
    json_set_str(obj, "issued_at", clock_rfc3339(x->arena, t->issued_at));
    json_set_str_or_null(obj, "revoked_at", clock_rfc3339(x->arena, t->revoked_at));
    json_set_str(obj, "status", token_status(x, t));
    return obj;
}

struct issued { const char *issued_at_from, *issued_at_to; };
static const struct field issued_fields[] = {
    FIELD(issued, issued_at_from, F_OPTIONAL, FILTER_BYTES, NULL),
    FIELD(issued, issued_at_to,   F_OPTIONAL, FILTER_BYTES, NULL),
};

enum rc admin_tokens_list(struct exchange *x)
{
    struct json *items = json_array(x->arena);
    struct tokens_query q = { 0 };
    struct tokens_page page;
    struct issued by = { 0 };

    TRY(admin_list_query(x, false, &q.list));
    TRY(query_bind(x, issued_fields, ARRAY_LEN(issued_fields), &by));
    TRY(admin_date_range(x, by.issued_at_from, by.issued_at_to, &q.issued_from, &q.issued_to));
    TRY(tokens_list(x->db, x->arena, &q, &page));
    for (size_t i = 0; i < page.n; i++)
        json_add(items, token_json(x, &page.v[i]));
    return respond_list(x, items, page.total);
}

struct token_ending { struct exchange *x; const char *id; int64_t selector; };

static enum rc revoke_token(struct db *db, void *arg)
{
    struct token_ending *e = arg;
    struct token_view v;

    TRY(tokens_find(db, e->x->arena, e->selector, &v));
    if (v.token.revoked_at != 0 || v.token.rotated_at != 0 || v.family.revoked_at != 0)
        return RC_NONE;
    TRY(tokens_revoke(db, e->selector, e->x->now));
    return trail(e->x, "token_revoked", NULL, "token", e->id, (char *)NULL);
}

enum rc admin_tokens_revoke(struct exchange *x)
{
    struct token_ending e = { .x = x, .id = route_param(x, "id") };

    TRY(id_to_selector(e.id, &e.selector));
    TRY(db_write(x->db, revoke_token, &e));
    return answer_result(x, "revoked");
}
