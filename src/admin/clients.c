#include "config.h"

#include "admin/clients.h"

#include "admin/handlers.h"
#include "admin/list.h"
#include "admin/page.h"
#include "authn/accounts.h"
#include "authn/password.h"
#include "authn/trail.h"
#include "crypto/random.h"
#include "http/fields.h"
#include "http/response.h"
#include "http/route.h"
#include "oidc/client_metadata.h"
#include "oidc/console_frame.h"
#include "store/settings.h"
#include "store/settings_table.h"
#include "store/tokens.h"

#define OVERLAP_S (24 * 3600) /* an old secret after a rotation */

bool admin_client_is_console(const char *client_id)
{
    return text_same(client_id, "autentico-admin") || text_same(client_id, "autentico-account");
}

/* AUTENTICO_ADMIN_TOKEN opens /admin/api and nothing else (design D25); these
 * handlers stand below {oauth}/register too. */
static enum rc admit(struct exchange *x)
{
    if (x->route->base == BASE_OAUTH && x->is_admin_token)
        return refuse(&x->no, REFUSE_INVALID_TOKEN, NULL);
    return RC_OK;
}

/* A change of one application, for db_write. */
struct change {
    struct exchange *x;
    const char *client_id;
    const struct json *body;
    struct client_secret secret;
    int64_t previous_until_at;
    struct client client;
};

static struct change change_of(struct exchange *x)
{
    return (struct change){ .x = x, .client_id = route_param(x, "client_id") };
}

static enum rc find(struct change *c)
{
    enum rc rc = clients_find(c->x->db, c->x->arena, c->client_id, &c->client);

    if (rc == RC_NONE && !is_page(c->x))
        return refuse(&c->x->no, REFUSE_INVALID_CLIENT_404, NULL);
    return rc;
}

static enum rc note(struct change *c, const char *event)
{
    return trail(c->x, event, NULL, "client", c->client_id, (char *)NULL);
}

/* A secret of somebody's own that is short is hashed like a password (design D8). */
static enum rc make_secret_row(struct exchange *x, const char *secret, struct client_secret *out)
{
    bool needs_hash = false;

    client_secret_row(x->arena, secret, x->now, out, &needs_hash);
    return needs_hash ? password_hash(x, secret, &out->hash) : RC_OK;
}

/* A chosen signing algorithm may need a key first: the keeper looks when the version
 * moves (design D4). */
static enum rc tell_keeper(struct change *c)
{
    if (c->client.id_token_signed_response_alg == NULL && c->client.access_token_signing_alg == NULL)
        return RC_OK;
    return installation_bump(c->x->db);
}

/* ---- create ---- */

static enum rc write_new(struct db *db, void *arg)
{
    struct change *c = arg;
    enum rc rc = clients_add(db, &c->client);

    if (rc == RC_REFUSED)
        return refuse(&c->x->no, REFUSE_CONFLICT, "client_id: there is a client of that name already");
    TRY(rc);
    if (c->secret.id != NULL)
        TRY(clients_add_secret(db, c->client_id, &c->secret));
    TRY(tell_keeper(c));
    return note(c, "client_created");
}

static enum rc create(struct exchange *x, struct client_form *form, struct client *out, const char **secret)
{
    struct change c = { .x = x };
    struct json *body;

    TRY(admit(x));
    TRY(admin_client_body(x, NULL, form, &body));
    TRY(client_metadata_new(x->arena, body, x->now, x->settings->allow_redirect_uri_wildcard, &c.client, secret, &x->no));
    c.client_id = c.client.client_id;
    if (*secret != NULL)
        TRY(make_secret_row(x, *secret, &c.secret));
    TRY(db_write(x->db, write_new, &c));
    *out = c.client;
    return RC_OK;
}

enum rc admin_clients_add(struct exchange *x)
{
    struct client_form form = { 0 };
    struct client c;
    const char *secret = NULL;
    enum rc rc = create(x, &form, &c, &secret);

    if (rc == RC_REFUSED && is_page(x))
        return admin_clients_show_new(x, refusal_status(x->no.code), &form);
    TRY(rc);
    if (is_page(x))
        return admin_clients_show_secret(x, &c, &(struct fresh_secret){ .secret = secret });
    return respond_model(x, 201, SHAPE_RAW, client_registration_json(x->arena, &c, secret));
}

/* ---- read ---- */

enum rc admin_clients_get(struct exchange *x)
{
    struct change c = change_of(x);

    TRY(admit(x));
    TRY(find(&c));
    if (is_page(x))
        return admin_clients_show(x, 200, &c.client, NULL);
    return respond_model(x, 200, SHAPE_RAW, client_json(x->arena, &c.client));
}

struct filters { const char *client_type, *is_active; };
static const struct field filter_fields[] = {
    FIELD(filters, client_type, F_OPTIONAL, 1024, NULL),
    FIELD(filters, is_active,   F_OPTIONAL, 1024, NULL),
};

static enum rc answer_list(struct exchange *x, const struct clients_page *page)
{
    struct json *items = json_array(x->arena);

    for (size_t i = 0; i < page->n; i++)
        json_add(items, client_json(x->arena, &page->v[i]));
    return respond_list(x, items, page->total);
}

enum rc admin_clients_list(struct exchange *x)
{
    struct clients_query q = { 0 };
    struct filters by = { 0 };
    struct clients_page page;

    TRY(admin_list_query(x, true, &q.list));
    TRY(query_bind(x, filter_fields, ARRAY_LEN(filter_fields), &by));
    q.client_type = by.client_type;
    q.is_active = admin_flag_filter(by.is_active);
    TRY(clients_list(x->db, x->arena, &q, &page));
    return is_page(x) ? admin_clients_show_list(x, &page, &q.list) : answer_list(x, &page);
}

/* ---- update ---- */

static bool same_list(const struct text_list *a, const struct text_list *b)
{
    if (a->n != b->n)
        return false;
    for (size_t i = 0; i < a->n; i++)
        if (!text_same(a->v[i], b->v[i]))
            return false;
    return true;
}

static bool has_word(const struct text_list *list, const char *word)
{
    for (size_t i = 0; i < list->n; i++)
        if (text_same(list->v[i], word))
            return true;
    return false;
}

/* The list as it is, which may be of another AUTENTICO_APP_URL; or the way back here and
 * nothing else, which is how that is mended. */
static bool leads_back(struct exchange *x, const struct client *before, const struct client *after)
{
    return same_list(&before->redirect_uris, &after->redirect_uris) ||
           (after->redirect_uris.n == 1 &&
            text_same(after->redirect_uris.v[0], accounts_console_uri(x->arena, x->conf->url, before->client_id)));
}

/* What a console needs to be signed in to must not be taken from under it. */
static enum rc check_console(struct exchange *x, const struct client *before, const struct client *after)
{
    if (!admin_client_is_console(before->client_id))
        return RC_OK;
    if (after->is_active >= before->is_active &&
        leads_back(x, before, after) &&
        has_word(&after->grant_types, "authorization_code") && has_word(&after->response_types, "code") &&
        text_list_within("openid profile email offline_access", after->scopes))
        return RC_OK;
    return refuse(&x->no, REFUSE_CONFLICT, "The consoles sign in with it");
}

static enum rc stop_if_disabled(struct change *c, bool was_active)
{
    if (!was_active || c->client.is_active)
        return RC_OK;
    return families_revoke_of_client(c->x->db, c->client_id, "client_disabled", c->x->now);
}

static enum rc update(struct db *db, void *arg)
{
    struct change *c = arg;
    struct client before;

    TRY(find(c));
    before = c->client;
    TRY(client_metadata_update(c->x->arena, c->body, c->x->now, c->x->settings->allow_redirect_uri_wildcard,
                               &c->client, &c->x->no));
    TRY(check_console(c->x, &before, &c->client));
    TRY(clients_update(db, &c->client));
    TRY(stop_if_disabled(c, before.is_active));
    TRY(tell_keeper(c));
    return note(c, "client_updated");
}

static enum rc change(struct change *c, struct client_form *form)
{
    struct json *body;

    TRY(admit(c->x));
    TRY(find(c));
    TRY(admin_client_body(c->x, &c->client, form, &body));
    c->body = body;
    return db_write(c->x->db, update, c);
}

/* With what was typed, above what is stored. */
static enum rc show_again(struct change *c, const struct client_form *form)
{
    int status = refusal_status(c->x->no.code);

    TRY(find(c));
    return admin_clients_show(c->x, status, &c->client, form);
}

enum rc admin_clients_update(struct exchange *x)
{
    struct change c = change_of(x);
    struct client_form form = { 0 };
    enum rc rc = change(&c, &form);

    if (rc == RC_REFUSED && is_page(x))
        return show_again(&c, &form);
    TRY(rc);
    if (is_page(x))
        return console_go(x, admin_client_href(x->arena, c.client_id), "saved");
    return respond_model(x, 200, SHAPE_RAW, client_json(x->arena, &c.client));
}

/* ---- disable, enable, delete ---- */

static enum rc stop(struct change *c, const char *event)
{
    struct client after;

    TRY(find(c));
    after = c->client;
    after.is_active = false;
    TRY(check_console(c->x, &c->client, &after));
    TRY(clients_set_active(c->x->db, c->client_id, false, c->x->now));
    TRY(families_revoke_of_client(c->x->db, c->client_id, event, c->x->now));
    return note(c, event);
}

static enum rc erase(struct db *db, void *arg)
{
    (void)db;
    return stop(arg, "client_deleted");
}

static enum rc disable(struct db *db, void *arg)
{
    (void)db;
    return stop(arg, "client_updated");
}

static enum rc enable(struct db *db, void *arg)
{
    struct change *c = arg;

    TRY(find(c));
    TRY(clients_set_active(db, c->client_id, true, c->x->now));
    return note(c, "client_updated");
}

/* Soft: the row stays, and its client_id taken (http-api 7.2). */
enum rc admin_clients_delete(struct exchange *x)
{
    struct change c = change_of(x);

    TRY(admit(x));
    TRY(db_write(x->db, erase, &c));
    return respond_none(x);
}

static enum rc switch_it(struct exchange *x, db_work *work, const char *notice)
{
    struct change c = change_of(x);
    const char *href = admin_client_href(x->arena, c.client_id);
    enum rc rc = db_write(x->db, work, &c);

    if (rc == RC_REFUSED)
        return admin_refusal(x, href, "Back to the application");
    return rc == RC_OK ? console_go(x, href, notice) : rc;
}

enum rc admin_clients_disable(struct exchange *x)
{
    return switch_it(x, disable, "disabled");
}

enum rc admin_clients_enable(struct exchange *x)
{
    return switch_it(x, enable, "enabled");
}

/* ---- a new secret ---- */

static enum rc read_now(struct exchange *x, bool *out)
{
    static const struct field fields[] = { { "now", 0, F_OPTIONAL, 8, NULL } };
    const char *ticked = NULL;
    struct json *body;

    *out = false;
    if (is_page(x)) {
        TRY(model_bind(x, fields, ARRAY_LEN(fields), &ticked, NULL));
        *out = !text_empty(ticked);
        return RC_OK;
    }
    if (x->rq->body.n == 0)
        return RC_OK;
    TRY(json_bind(x, NULL, 0, NULL, &body));
    if (json_get(body, "now") != NULL && json_get_bool(body, "now", out) != RC_OK)
        return refuse(&x->no, REFUSE_INVALID_REQUEST, "now must be true or false");
    return RC_OK;
}

static enum rc rotate(struct db *db, void *arg)
{
    struct change *c = arg;

    TRY(find(c));
    if (c->client.is_public)
        return refuse(&c->x->no, REFUSE_INVALID_CLIENT_METADATA, "A public client has no secret");
    TRY(clients_add_secret(db, c->client_id, &c->secret));
    TRY(clients_expire_secrets(db, c->client_id, c->secret.id, c->previous_until_at));
    return note(c, "client_secret_rotated");
}

static enum rc answer_secret(struct change *c, const char *secret)
{
    struct json *obj = client_registration_json(c->x->arena, &c->client, secret);

    json_set_int(obj, "previous_secret_expires_at", c->previous_until_at);
    return respond_model(c->x, 200, SHAPE_RAW, obj);
}

static enum rc show_secret(struct change *c, const char *secret)
{
    struct fresh_secret fresh = { .secret = secret, .is_rotated = true };

    if (c->previous_until_at > c->x->now)
        fresh.previous_until_at = c->previous_until_at;
    return admin_clients_show_secret(c->x, &c->client, &fresh);
}

enum rc admin_clients_rotate_secret(struct exchange *x)
{
    struct change c = change_of(x);
    const char *secret = random_token(x->arena);
    bool is_at_once;

    TRY(read_now(x, &is_at_once));
    c.previous_until_at = x->now + (is_at_once ? 0 : OVERLAP_S);
    TRY(make_secret_row(x, secret, &c.secret));
    enum rc rc = db_write(x->db, rotate, &c);
    if (rc == RC_REFUSED && is_page(x))
        return admin_refusal(x, admin_client_href(x->arena, c.client_id), "Back to the application");
    TRY(rc);
    return is_page(x) ? show_secret(&c, secret) : answer_secret(&c, secret);
}
