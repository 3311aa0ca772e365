#include "config.h"

#include "admin/users.h"

#include "admin/handlers.h"
#include "admin/list.h"
#include "admin/page.h"
#include "admin/sessions.h"
#include "authn/accounts.h"
#include "http/response.h"
#include "oidc/console_frame.h"
#include "store/settings_table.h"

const char *admin_user_href(struct arena *a, const char *id)
{
    return console_href(a, ADMIN_USERS "/", id);
}

static bool is_locked(const struct exchange *x, const struct user *u)
{
    return u->locked_until_at > x->now;
}

/* ---- the list ---- */

static struct json *row_of(struct exchange *x, const struct user *u)
{
    struct json *row = json_object(x->arena);

    json_set_str(row, "username", u->username);
    json_set_str(row, "email", text_or(u->email, ""));
    json_set_str(row, "role", u->role);
    json_set_bool(row, "is_deactivated", u->deactivated_at != 0);
    json_set_bool(row, "is_locked", u->deactivated_at == 0 && is_locked(x, u));
    json_set_str(row, "href", admin_user_href(x->arena, u->id));
    json_set_str(row, "created", console_time(x->arena, u->created_at));
    return row;
}

enum rc admin_users_show_list(struct exchange *x, const struct users_page *page, const struct list_query *q)
{
    struct json *vars = json_object(x->arena), *rows = json_array(x->arena);

    for (size_t i = 0; i < page->n; i++)
        json_add(rows, row_of(x, &page->v[i]));
    json_set(vars, "rows", rows);
    json_set_bool(vars, "has_rows", page->n > 0);
    json_set_str(vars, "new_href", ADMIN_USERS "/new");
    admin_pager(x, vars, ADMIN_USERS, q, page->total);
    return admin_page(x, 200, "admin/users", vars);
}

/* ---- one person ---- */

static void set_actions(struct exchange *x, struct json *vars, const struct user *u)
{
    const char *href = admin_user_href(x->arena, u->id);

    if (u->deactivated_at != 0) {
        json_set_str(vars, "reactivate_action", arena_printf(x->arena, "%s/reactivate", href));
        return;
    }
    if (is_locked(x, u))
        json_set_str(vars, "unlock_action", arena_printf(x->arena, "%s/unlock", href));
    if (text_same(x->user->id, u->id))
        return;
    json_set_str(vars, "deactivate_action", arena_printf(x->arena, "%s/deactivate", href));
    json_set_str(vars, "revoke_action", arena_printf(x->arena, "%s/revoke-sessions", href));
}

enum rc admin_users_show(struct exchange *x, const struct user *u)
{
    struct json *vars = json_object(x->arena);

    json_set_str(vars, "list_href", ADMIN_USERS);
    json_set_str(vars, "username", u->username);
    json_set_str(vars, "email", text_or(u->email, ""));
    json_set_bool(vars, "is_email_verified", u->is_email_verified);
    json_set_str(vars, "role", u->role);
    json_set(vars, "claims", console_claims(x->arena, u));
    json_set_str(vars, "user_id", u->id);
    json_set_int(vars, "failed_login_attempts", u->failures_n);
    json_set_str(vars, "created", console_time(x->arena, u->created_at));
    json_set_bool(vars, "is_deactivated", u->deactivated_at != 0);
    json_set_bool(vars, "is_locked", u->deactivated_at == 0 && is_locked(x, u));
    json_set_str(vars, "locked_until", console_time(x->arena, u->locked_until_at));
    set_actions(x, vars, u);
    admin_user_recovery_vars(x, vars, u);
    TRY(admin_user_factor_vars(x, vars, u));
    TRY(admin_user_session_vars(x, vars, u));
    return admin_page(x, 200, "admin/user", vars);
}

/* ---- a new person ---- */

/* The texts of authn/accounts.h begin with the field they speak of. */
static const char *error_name(const char *text)
{
    static const char *const known[][2] = {
        { "Username", "error_username" }, { "That username", "error_username" },
        { "username", "error_username" }, { "Email", "error_email" },
        { "That e-mail", "error_email" }, { "email", "error_email" },
        { "Password", "error_password" }, { "password", "error_password" },
    };

    for (size_t i = 0; i < ARRAY_LEN(known); i++)
        if (text_starts(text, known[i][0]))
            return known[i][1];
    return "error";
}

static bool is_mode(const struct exchange *x, const char *mode)
{
    return text_same(x->settings->profile_field_email, mode);
}

enum rc admin_users_show_form(struct exchange *x, int status, const struct account_form *form)
{
    struct json *vars = json_object(x->arena);
    const char *min = arena_printf(x->arena, "%lld", (long long)x->settings->validation_min_password_length);

    json_set_str(vars, "action", ADMIN_USERS "/new");
    json_set_str(vars, "list_href", ADMIN_USERS);
    json_set_str(vars, "username", text_or(form->username, ""));
    json_set_str(vars, "email", text_or(form->email, ""));
    json_set_bool(vars, "username_is_email", is_mode(x, "is_username"));
    json_set_bool(vars, "email_required", is_mode(x, "required"));
    json_set_str(vars, "password_min", min);
    if (x->no.code != REFUSE_NOTHING)
        json_set_str(vars, error_name(refusal_text(&x->no)), refusal_text(&x->no));
    return admin_page(x, status, "admin/user_new", vars);
}

enum rc admin_users_new(struct exchange *x)
{
    struct account_form empty = { 0 };

    return admin_users_show_form(x, 200, &empty);
}
