#include "config.h"

#include <string.h>

#include "admin/handlers.h"
#include "cli/act.h"
#include "cli/cli.h"
#include "http/response.h"
#include "oidc/client_metadata.h"

#define ONE "/admin/api/clients/:client_id"

struct client_flags {
    const char *config, *name, *redirect_uri, *post_logout, *client_id, *scopes, *grant_types, *auth_method;
    const char *access_token_format;
    bool is_public, refresh, now, json;
};

static const char *path_of(struct desk *d, const char *client_id, const char *more)
{
    return arena_printf(d->arena, "/admin/api/clients/%s%s", client_id, more);
}

static void print_secret(const struct json *obj)
{
    const char *id = "", *secret = NULL;

    if (json_get_str(obj, "client_id", &id) != RC_OK)
        return;
    printf("client_id      %s\n", id);
    if (json_get_str(obj, "client_secret", &secret) == RC_OK)
        printf("client_secret  %s\n               (shown this once; keep it now)\n", secret);
}

/* With the issuer this is all that most applications ask for. */
static void print_new(const struct desk *d, const struct json *obj)
{
    printf("issuer         %s\n", d->conf.issuer);
    print_secret(obj);
}

static const char *grant_types_of(struct arena *a, const struct client_flags *f)
{
    const char *list = text_or(f->grant_types, "authorization_code");

    return f->refresh && !text_list_has(list, "refresh_token") ? arena_printf(a, "%s refresh_token", list) : list;
}

static enum rc add(struct desk *d, const struct client_flags *f)
{
    struct json *body = json_object(d->arena);

    if (text_empty(f->name) || text_empty(f->redirect_uri))
        return cli_refuse("--name and --redirect-uri are needed");
    json_set_str(body, "client_name", f->name);
    json_set_list(d->arena, body, "redirect_uris", f->redirect_uri);
    json_set_list(d->arena, body, "post_logout_redirect_uris", text_or(f->post_logout, ""));
    json_set_list(d->arena, body, "grant_types", grant_types_of(d->arena, f));
    json_set_str(body, "client_type", f->is_public ? "public" : "confidential");
    json_set_str_nonempty(body, "client_id", f->client_id);
    json_set_str_nonempty(body, "scopes", f->scopes);
    json_set_str_nonempty(body, "token_endpoint_auth_method", f->auth_method);
    json_set_str_nonempty(body, "access_token_format", f->access_token_format);
    TRY(act(d, admin_clients_add, "/admin/api/clients", "/admin/api/clients", body));
    if (f->json)
        act_print_json(d, d->x.rs->model);
    else
        print_new(d, d->x.rs->model);
    return RC_OK;
}

static enum rc list_page(struct desk *d, int64_t offset, struct clients_page *page)
{
    struct clients_query q = { .list = { .limit = 100, .offset = offset, .sort = "client_name" }, .is_active = -1 };

    return clients_list(d->db, d->arena, &q, page);
}

static void print_row(const struct client *c)
{
    printf("%-44s %-12s %-9s %s\n", c->client_id, c->is_public ? "public" : "confidential",
           c->is_active ? "active" : "disabled", c->client_name);
}

static enum rc list(struct desk *d, const struct client_flags *f)
{
    struct clients_page page = { .total = 1 };

    for (int64_t at = 0; at < page.total; at += 100) {
        TRY(list_page(d, at, &page));
        for (size_t i = 0; i < page.n; i++) {
            if (f->json)
                act_print_json(d, client_json(d->arena, &page.v[i]));
            else
                print_row(&page.v[i]);
        }
    }
    return RC_OK;
}

static enum rc set_active(struct desk *d, const char *client_id, bool is_active)
{
    struct json *body = json_object(d->arena);

    json_set_bool(body, "is_active", is_active);
    TRY(act(d, admin_clients_update, ONE, path_of(d, client_id, ""), body));
    printf("%s is %s\n", client_id, is_active ? "active" : "disabled; its tokens have ended");
    return RC_OK;
}

/* What is given takes the place of what there is; the rest stays. */
static enum rc update(struct desk *d, const char *client_id, const struct client_flags *f)
{
    struct json *body = json_object(d->arena);

    if (f->name == NULL && f->redirect_uri == NULL && f->post_logout == NULL && f->grant_types == NULL && f->scopes == NULL)
        return cli_refuse("clients update changes nothing without --name, --redirect-uri, --post-logout-redirect-uri, "
                          "--grant-types or --scopes");
    json_set_str(body, "client_name", f->name);
    json_set_str(body, "scopes", f->scopes);
    if (f->redirect_uri != NULL)
        json_set_list(d->arena, body, "redirect_uris", f->redirect_uri);
    if (f->post_logout != NULL)
        json_set_list(d->arena, body, "post_logout_redirect_uris", f->post_logout);
    if (f->grant_types != NULL)
        json_set_list(d->arena, body, "grant_types", f->grant_types);
    TRY(act(d, admin_clients_update, ONE, path_of(d, client_id, ""), body));
    printf("%s is changed\n", client_id);
    return RC_OK;
}

static enum rc rotate(struct desk *d, const char *client_id, const struct client_flags *f)
{
    struct json *body = json_object(d->arena);

    json_set_bool(body, "now", f->now);
    TRY(act(d, admin_clients_rotate_secret, ONE "/rotate-secret", path_of(d, client_id, "/rotate-secret"), body));
    if (f->json) {
        act_print_json(d, d->x.rs->model);
        return RC_OK;
    }
    print_secret(d->x.rs->model);
    printf("%s\n", f->now ? "The old secret has stopped working." : "The old secret works for 24 hours more.");
    return RC_OK;
}

static enum rc run(struct desk *d, const char *verb, const char *word, const struct client_flags *f)
{
    TRY(desk_open(d, f->config, false));
    if (strcmp(verb, "add") == 0)
        return add(d, f);
    if (strcmp(verb, "list") == 0)
        return list(d, f);
    if (strcmp(verb, "rotate-secret") == 0)
        return rotate(d, word, f);
    if (strcmp(verb, "update") == 0)
        return update(d, word, f);
    return set_active(d, word, strcmp(verb, "enable") == 0);
}

static bool takes_word(const char *verb)
{
    return strcmp(verb, "disable") == 0 || strcmp(verb, "enable") == 0 ||
           strcmp(verb, "rotate-secret") == 0 || strcmp(verb, "update") == 0;
}

static int check_and_run(const char *verb, const char *const *words, size_t words_n, void *arg)
{
    const struct client_flags *f = arg;
    struct desk d;

    if (!takes_word(verb) && strcmp(verb, "add") != 0 && strcmp(verb, "list") != 0)
        return cli_fail("unknown: clients %s; see: autentico clients --help", verb);
    if (words_n != (takes_word(verb) ? 1 : 0))
        return cli_fail("clients %s %s", verb, takes_word(verb) ? "needs one client_id" : "takes flags only");
    enum rc rc = run(&d, verb, words_n > 0 ? words[0] : NULL, f);
    desk_close(&d);
    return cli_exit(rc);
}

int cli_clients(int argc, char **argv)
{
    struct client_flags f = { NULL };
    const struct flag flags[] = {
        { "config", FLAG_TEXT, &f.config },
        { "name", FLAG_TEXT, &f.name },
        { "redirect-uri", FLAG_TEXT, &f.redirect_uri },
        { "post-logout-redirect-uri", FLAG_TEXT, &f.post_logout },
        { "client-id", FLAG_TEXT, &f.client_id },
        { "scopes", FLAG_TEXT, &f.scopes },
        { "grant-types", FLAG_TEXT, &f.grant_types },
        { "auth-method", FLAG_TEXT, &f.auth_method },
        { "access-token-format", FLAG_TEXT, &f.access_token_format },
        { "public", FLAG_SET, &f.is_public },
        { "refresh", FLAG_SET, &f.refresh },
        { "now", FLAG_SET, &f.now },
        { "json", FLAG_SET, &f.json },
    };

    return cli_verb("clients", argc, argv, flags, ARRAY_LEN(flags), check_and_run, &f);
}
