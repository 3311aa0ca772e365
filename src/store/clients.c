#include "config.h"

#include "store/clients.h"

#include "store/clients_row.h"
#include "store/settings.h"

static int three_valued(struct stmt *q, int i)
{
    return col_is_null(q, i) ? -1 : col_bool(q, i);
}

void client_row(struct stmt *q, struct arena *a, void *out)
{
    struct client *c = out;
    int i = 0;

    *c = (struct client){ 0 };
    c->id = col_text(q, i++, a);
    c->client_id = col_text(q, i++, a);
    c->client_name = col_text(q, i++, a);
    c->is_public = text_same(col_text(q, i++, a), "public");
    c->scopes = col_text(q, i++, a);
    c->token_endpoint_auth_method = col_text(q, i++, a);
    c->is_active = col_bool(q, i++);
    c->profile = col_text(q, i++, a);
    c->access_token_expiration = col_text(q, i++, a);
    c->refresh_token_expiration = col_text(q, i++, a);
    c->authorization_code_expiration = col_text(q, i++, a);
    c->sso_session_idle_timeout = col_text(q, i++, a);
    c->trust_device_expiration = col_text(q, i++, a);
    c->allow_self_signup = three_valued(q, i++);
    c->trust_device_enabled = three_valued(q, i++);
    c->consent_required = three_valued(q, i++);
    c->require_mfa = three_valued(q, i++);
    c->id_token_signed_response_alg = col_text(q, i++, a);
    c->access_token_signing_alg = col_text(q, i++, a);
    c->access_token_format = col_text(q, i++, a);
    c->has_allowed_audiences = col_bool(q, i++);
    c->last_used_at = col_int(q, i++);
    c->created_at = col_int(q, i++);
    c->updated_at = col_int(q, i++);
}

/* The lists of a client and what their rows are called. */

static const struct { const char *kind; size_t offset; } lists[] = {
    { "redirect_uri", offsetof(struct client, redirect_uris) },
    { "post_logout_redirect_uri", offsetof(struct client, post_logout_redirect_uris) },
    { "grant_type", offsetof(struct client, grant_types) },
    { "response_type", offsetof(struct client, response_types) },
    { "allowed_audience", offsetof(struct client, allowed_audiences) },
};

void client_value_row(struct stmt *q, struct arena *a, void *out)
{
    *(struct client_value *)out = (struct client_value){
        .client_id = col_text(q, 0, a),
        .kind = col_text(q, 1, a),
        .value = col_text(q, 2, a),
    };
}

static struct text_list take_list(struct arena *a, const char *kind, const struct client_value *v, size_t n)
{
    struct text_list list = { .v = arena_array(a, const char *, n + 1) };

    for (size_t i = 0; i < n; i++)
        if (text_same(v[i].kind, kind))
            list.v[list.n++] = v[i].value;
    return list;
}

void client_take_values(struct client *c, struct arena *a, const struct client_value *v, size_t n)
{
    for (size_t i = 0; i < ARRAY_LEN(lists); i++)
        *(struct text_list *)((char *)c + lists[i].offset) = take_list(a, lists[i].kind, v, n);
}

enum rc clients_find(struct db *db, struct arena *a, const char *client_id, struct client *out)
{
    struct stmt *q = db_sql(db, "SELECT " CLIENT_COLS " FROM clients c WHERE c.client_id = $1");
    struct client c;
    struct rows values;

    db_text(q, 1, client_id);
    TRY(db_one(q, a, client_row, &c));
    q = db_sql(db, "SELECT " CLIENT_VALUE_COLS " FROM client_values v WHERE v.client_id = $1"
                   CLIENT_VALUE_ORDER);
    db_text(q, 1, client_id);
    TRY(db_each(q, a, client_value_row, sizeof(struct client_value), &values));
    client_take_values(&c, a, values.v, values.n);
    *out = c;
    return RC_OK;
}

/* Writing. */

static void bind_three_valued(struct stmt *q, int i, int is)
{
    if (is < 0)
        db_null(q, i);
    else
        db_bool(q, i, is != 0);
}

/* $1 … $21 of both writers; a WHERE finds the row by $1 */
static void bind_client(struct stmt *q, const struct client *c, const char *folded)
{
    db_text(q, 1, c->client_id);
    db_text(q, 2, c->client_name);
    db_text(q, 3, folded);
    db_text(q, 4, text_or(c->scopes, ""));
    db_text(q, 5, c->token_endpoint_auth_method);
    db_bool(q, 6, c->is_active);
    db_text(q, 7, text_or(c->profile, "oauth"));
    db_text(q, 8, c->access_token_expiration);
    db_text(q, 9, c->refresh_token_expiration);
    db_text(q, 10, c->authorization_code_expiration);
    db_text(q, 11, c->sso_session_idle_timeout);
    db_text(q, 12, c->trust_device_expiration);
    bind_three_valued(q, 13, c->allow_self_signup);
    bind_three_valued(q, 14, c->trust_device_enabled);
    bind_three_valued(q, 15, c->consent_required);
    bind_three_valued(q, 16, c->require_mfa);
    db_text(q, 17, c->id_token_signed_response_alg);
    db_text(q, 18, c->access_token_signing_alg);
    db_text(q, 19, c->access_token_format);
    db_bool(q, 20, c->has_allowed_audiences);
    db_int(q, 21, c->updated_at);
}

static enum rc insert_row(struct db *db, const struct client *c, const char *folded)
{
    struct stmt *q = db_sql(db,
        "INSERT INTO clients (client_id, client_name, client_name_folded, scopes,"
        " token_endpoint_auth_method, is_active, profile, access_token_expiration,"
        " refresh_token_expiration, authorization_code_expiration, sso_session_idle_timeout,"
        " trust_device_expiration, allow_self_signup, trust_device_enabled, consent_required,"
        " require_mfa, id_token_signed_response_alg, access_token_signing_alg, access_token_format,"
        " has_allowed_audiences, updated_at, id, client_type, last_used_at, created_at)"
        " VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18,"
        " $19, $20, $21, $22, $23, $24, $25)");

    bind_client(q, c, folded);
    db_text(q, 22, c->id);
    db_text(q, 23, c->is_public ? "public" : "confidential");
    db_int_or_null(q, 24, c->last_used_at);
    db_int(q, 25, c->created_at);
    return db_run(q);
}

static enum rc update_row(struct db *db, const struct client *c, const char *folded)
{
    struct stmt *q = db_sql(db,
        "UPDATE clients SET client_name = $2, client_name_folded = $3, scopes = $4,"
        " token_endpoint_auth_method = $5, is_active = $6, profile = $7,"
        " access_token_expiration = $8, refresh_token_expiration = $9,"
        " authorization_code_expiration = $10, sso_session_idle_timeout = $11,"
        " trust_device_expiration = $12, allow_self_signup = $13, trust_device_enabled = $14,"
        " consent_required = $15, require_mfa = $16, id_token_signed_response_alg = $17,"
        " access_token_signing_alg = $18, access_token_format = $19, has_allowed_audiences = $20,"
        " updated_at = $21 WHERE client_id = $1");

    bind_client(q, c, folded);
    return db_run_changed(q);
}

static enum rc insert_value(struct db *db, const char *client_id, const char *kind, size_t position,
                            const char *value)
{
    struct stmt *q = db_sql(db, "INSERT INTO client_values (client_id, kind, position, value)"
                                " VALUES ($1, $2, $3, $4)");

    db_text(q, 1, client_id);
    db_text(q, 2, kind);
    db_int(q, 3, (int64_t)position);
    db_text(q, 4, value);
    return db_run(q);
}

static enum rc insert_lists(struct db *db, const struct client *c)
{
    for (size_t i = 0; i < ARRAY_LEN(lists); i++) {
        const struct text_list *list = (const void *)((const char *)c + lists[i].offset);

        for (size_t j = 0; j < list->n; j++)
            TRY(insert_value(db, c->client_id, lists[i].kind, j, list->v[j]));
    }
    return RC_OK;
}

static enum rc delete_lists(struct db *db, const char *client_id)
{
    struct stmt *q = db_sql(db, "DELETE FROM client_values WHERE client_id = $1");

    db_text(q, 1, client_id);
    return db_run(q);
}

struct writing { const struct client *c; const char *folded; };

static enum rc add(struct db *db, void *arg)
{
    struct writing *w = arg;

    TRY(insert_row(db, w->c, w->folded));
    TRY(insert_lists(db, w->c));
    return installation_bump(db);
}

static enum rc update(struct db *db, void *arg)
{
    struct writing *w = arg;

    TRY(update_row(db, w->c, w->folded));
    TRY(delete_lists(db, w->c->client_id));
    TRY(insert_lists(db, w->c));
    return installation_bump(db);
}

static enum rc write_folded(struct db *db, const struct client *c, db_work *work)
{
    struct arena *a = arena_start("clients");
    struct writing w = { .c = c, .folded = text_lower(a, c->client_name) };
    enum rc rc = db_write_within(db, work, &w);

    arena_done(a);
    return rc;
}

enum rc clients_add(struct db *db, const struct client *c)
{
    return write_folded(db, c, add);
}

enum rc clients_update(struct db *db, const struct client *c)
{
    return write_folded(db, c, update);
}

enum rc clients_set_active(struct db *db, const char *client_id, bool is_active, int64_t now)
{
    struct stmt *q = db_sql(db, "UPDATE clients SET is_active = $2, updated_at = $3"
                                " WHERE client_id = $1");

    db_text(q, 1, client_id);
    db_bool(q, 2, is_active);
    db_int(q, 3, now);
    TRY(db_run_changed(q));
    return installation_bump(db);
}

bool client_touch_is_due(const struct client *c, int64_t now)
{
    return c->last_used_at + CLIENTS_TOUCH_S <= now;
}

/* Looks first: a reader does not queue for the pen. */
enum rc clients_touch(struct db *db, const char *client_id, int64_t now)
{
    struct stmt *q = db_sql(db, "SELECT 1 FROM clients WHERE client_id = $1"
                                " AND COALESCE(last_used_at, 0) <= $2");
    int64_t is_due;
    enum rc rc;

    db_text(q, 1, client_id);
    db_int(q, 2, now - CLIENTS_TOUCH_S);
    rc = db_int_of(q, &is_due);
    if (rc != RC_OK)
        return rc == RC_NONE ? RC_OK : rc;
    q = db_sql(db, "UPDATE clients SET last_used_at = $2 WHERE client_id = $1"
                   " AND COALESCE(last_used_at, 0) < $2");
    db_text(q, 1, client_id);
    db_int(q, 2, now);
    return db_run(q);
}

enum rc clients_count(struct db *db, int64_t *out)
{
    return db_int_of(db_sql(db, "/* count clients */ SELECT COUNT(*) FROM clients"
                                " WHERE is_active = 1"), out);
}

enum rc clients_want_alg(struct db *db, const char *alg, bool *out)
{
    struct stmt *q = db_sql(db,
        "SELECT EXISTS (SELECT 1 FROM clients WHERE id_token_signed_response_alg = $1)"
        " OR EXISTS (SELECT 1 FROM clients WHERE access_token_signing_alg = $1)");
    int64_t is;

    db_text(q, 1, alg);
    TRY(db_int_of(q, &is));
    *out = is != 0;
    return RC_OK;
}
