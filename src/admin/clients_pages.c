#include "config.h"

#include "admin/clients.h"

#include <string.h>

#include "admin/handlers.h"
#include "admin/list.h"
#include "admin/page.h"
#include "http/response.h"
#include "oidc/console_frame.h"

const char *admin_client_href(struct arena *a, const char *client_id)
{
    return console_href(a, ADMIN_CLIENTS "/", client_id);
}

static const char *type_of(const struct client *c)
{
    return c->is_public ? "public" : "confidential";
}

/* ---- the list ---- */

static struct json *row_of(struct exchange *x, const struct client *c)
{
    struct json *row = json_object(x->arena);

    json_set_str(row, "client_id", c->client_id);
    json_set_str(row, "client_name", c->client_name);
    json_set_str(row, "client_type", type_of(c));
    json_set_bool(row, "is_active", c->is_active);
    json_set_str(row, "href", admin_client_href(x->arena, c->client_id));
    json_set_str(row, "created", console_time(x->arena, c->created_at));
    return row;
}

enum rc admin_clients_show_list(struct exchange *x, const struct clients_page *page, const struct list_query *q)
{
    struct json *vars = json_object(x->arena), *rows = json_array(x->arena);

    for (size_t i = 0; i < page->n; i++)
        json_add(rows, row_of(x, &page->v[i]));
    json_set(vars, "rows", rows);
    json_set_bool(vars, "has_rows", page->n > 0);
    json_set_str(vars, "new_href", ADMIN_CLIENTS "/new");
    admin_pager(x, vars, ADMIN_CLIENTS, q, page->total);
    return admin_page(x, 200, "admin/clients", vars);
}

/* ---- the fields ---- */

static bool has_word(const struct text_list *list, const char *word)
{
    for (size_t i = 0; i < list->n; i++)
        if (text_same(list->v[i], word))
            return true;
    return false;
}

static const char *box(const struct client *c, const char *grant_type)
{
    return has_word(&c->grant_types, grant_type) ? "on" : NULL;
}

static struct client_form form_of(struct arena *a, const struct client *c)
{
    return (struct client_form){
        .client_name = c->client_name,
        .client_type = type_of(c),
        .redirect_uris = text_join(a, &c->redirect_uris, '\n'),
        .post_logout_redirect_uris = text_join(a, &c->post_logout_redirect_uris, '\n'),
        .scopes = c->scopes,
        .allow_refresh_token = box(c, "refresh_token"),
        .allow_client_credentials = box(c, "client_credentials"),
        .allow_password_grant = box(c, "password"),
        .require_mfa = c->require_mfa > 0 ? "on" : NULL,
        .token_endpoint_auth_method = c->token_endpoint_auth_method,
    };
}

static void set_fields(struct json *vars, const struct client_form *form)
{
    const char *method = form->token_endpoint_auth_method;

    json_set_str(vars, "client_name", text_or(form->client_name, ""));
    json_set_str(vars, "redirect_uris", text_or(form->redirect_uris, ""));
    json_set_str(vars, "post_logout_redirect_uris", text_or(form->post_logout_redirect_uris, ""));
    json_set_str(vars, "scopes", text_or(form->scopes, ""));
    json_set_bool(vars, "allow_refresh_token", form->allow_refresh_token != NULL);
    json_set_bool(vars, "allow_client_credentials", form->allow_client_credentials != NULL);
    json_set_bool(vars, "allow_password_grant", form->allow_password_grant != NULL);
    json_set_bool(vars, "require_mfa", form->require_mfa != NULL);
    json_set_bool(vars, "auth_method_basic", text_same(method, "client_secret_basic"));
    json_set_bool(vars, "auth_method_post", text_same(method, "client_secret_post"));
}

/* A URI that a text begins with stays as it was typed. */
static const char *sentence(struct arena *a, const char *text)
{
    char *s = arena_strdup(a, text);

    if (s[strcspn(s, ": ")] != ':' && *s >= 'a' && *s <= 'z')
        *s = (char)(*s - 'a' + 'A');
    return s;
}

/* The texts of oidc/client_metadata.h begin with the member: "scopes: …". */
static void set_error(struct exchange *x, struct json *vars)
{
    static const char *const fields[] = {
        "client_name", "client_type", "redirect_uris", "post_logout_redirect_uris", "scopes",
        "token_endpoint_auth_method",
    };
    const char *text = refusal_text(&x->no);
    size_t n = strcspn(text, ": ");

    if (x->no.code == REFUSE_NOTHING)
        return;
    for (size_t i = 0; i < ARRAY_LEN(fields); i++) {
        if (strlen(fields[i]) != n || strncmp(fields[i], text, n) != 0)
            continue;
        const char *rest = text + n + strspn(text + n, ": ");
        json_set_str(vars, arena_printf(x->arena, "error_%s", fields[i]), sentence(x->arena, rest));
        return;
    }
    json_set_str(vars, "error", text);
}

/* ---- new ---- */

enum rc admin_clients_show_new(struct exchange *x, int status, const struct client_form *form)
{
    struct json *vars = json_object(x->arena);

    set_fields(vars, form);
    set_error(x, vars);
    json_set_str(vars, "action", ADMIN_CLIENTS "/new");
    json_set_str(vars, "list_href", ADMIN_CLIENTS);
    json_set_bool(vars, "is_new", true);
    json_set_bool(vars, "is_public", text_same(form->client_type, "public"));
    return admin_page(x, status, "admin/client_new", vars);
}

/* Most applications want to keep people signed in. */
enum rc admin_clients_new(struct exchange *x)
{
    struct client_form form = { .scopes = "openid profile email", .allow_refresh_token = "on" };

    return admin_clients_show_new(x, 200, &form);
}

enum rc admin_clients_show_secret(struct exchange *x, const struct client *c, const struct fresh_secret *s)
{
    struct json *vars = json_object(x->arena);

    json_set_str(vars, "list_href", ADMIN_CLIENTS);
    json_set_str(vars, "client_href", admin_client_href(x->arena, c->client_id));
    json_set_str(vars, "client_name", c->client_name);
    json_set_str(vars, "client_id", c->client_id);
    json_set_str(vars, "client_secret", s->secret);
    json_set_bool(vars, "rotated", s->is_rotated);
    json_set_str(vars, "old_secret_until", console_time(x->arena, s->previous_until_at));
    json_set(vars, "endpoints", admin_endpoints(x));
    return admin_page(x, 200, "admin/client_created", vars);
}

/* ---- one application ---- */

static void set_facts(struct exchange *x, struct json *vars, const struct client *c)
{
    json_set_str(vars, "list_href", ADMIN_CLIENTS);
    json_set_str(vars, "client_name_now", c->client_name);
    json_set_str(vars, "client_id", c->client_id);
    json_set_str(vars, "client_type", type_of(c));
    json_set_str(vars, "token_endpoint_auth_method", c->token_endpoint_auth_method);
    json_set_str(vars, "grant_types", text_join(x->arena, &c->grant_types, ' '));
    json_set_str(vars, "response_types", text_join(x->arena, &c->response_types, ' '));
    json_set_bool(vars, "is_active", c->is_active);
    json_set_str(vars, "created", console_time(x->arena, c->created_at));
    json_set_bool(vars, "hide_auth_method", c->is_public);
    json_set(vars, "endpoints", admin_endpoints(x));
}

static void set_actions(struct exchange *x, struct json *vars, const struct client *c)
{
    const char *href = admin_client_href(x->arena, c->client_id);

    json_set_str(vars, "action", href);
    if (!c->is_public)
        json_set_str(vars, "rotate_action", arena_printf(x->arena, "%s/rotate-secret", href));
    if (!c->is_active)
        json_set_str(vars, "enable_action", arena_printf(x->arena, "%s/enable", href));
    else if (!admin_client_is_console(c->client_id))
        json_set_str(vars, "disable_action", arena_printf(x->arena, "%s/disable", href));
}

enum rc admin_clients_show(struct exchange *x, int status, const struct client *c, const struct client_form *form)
{
    struct json *vars = json_object(x->arena);
    struct client_form stored = form_of(x->arena, c);

    set_facts(x, vars, c);
    set_actions(x, vars, c);
    set_fields(vars, form != NULL ? form : &stored);
    set_error(x, vars);
    return admin_page(x, status, "admin/client", vars);
}
