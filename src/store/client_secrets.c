#include "config.h"

#include "store/clients.h"

#include "store/settings.h"

static void secret_row(struct stmt *q, struct arena *a, void *out)
{
    *(struct client_secret *)out = (struct client_secret){
        .id = col_text(q, 0, a),
        .sha256 = col_bytes(q, 1, a),
        .hash = col_text(q, 2, a),
        .created_at = col_int(q, 3),
        .expires_at = col_int(q, 4),
    };
}

enum rc clients_secrets(struct db *db, struct arena *a, const char *client_id, int64_t now,
                        struct client_secrets *out)
{
    struct stmt *q = db_sql(db, "SELECT id, sha256, hash, created_at, expires_at FROM client_secrets"
                                " WHERE client_id = $1 AND (expires_at IS NULL OR expires_at > $2)"
                                " ORDER BY created_at DESC, id DESC");
    struct rows rows;

    db_text(q, 1, client_id);
    db_int(q, 2, now);
    TRY(db_each(q, a, secret_row, sizeof(struct client_secret), &rows));
    *out = (struct client_secrets){ .v = rows.v, .n = rows.n };
    return RC_OK;
}

enum rc clients_add_secret(struct db *db, const char *client_id, const struct client_secret *s)
{
    struct stmt *q = db_sql(db, "INSERT INTO client_secrets (id, client_id, sha256, hash, created_at,"
                                " expires_at) VALUES ($1, $2, $3, $4, $5, $6)");

    db_text(q, 1, s->id);
    db_text(q, 2, client_id);
    db_bytes(q, 3, s->sha256.n ? s->sha256 : (struct bytes){ 0 });
    db_text(q, 4, s->hash);
    db_int(q, 5, s->created_at);
    db_int_or_null(q, 6, s->expires_at);
    TRY(db_run(q));
    return installation_bump(db);
}

enum rc clients_expire_secrets(struct db *db, const char *client_id, const char *except_id, int64_t at)
{
    struct stmt *q = db_sql(db, "UPDATE client_secrets SET expires_at = $3 WHERE client_id = $1"
                                " AND (CAST($2 AS TEXT) IS NULL OR id <> $2)"
                                " AND (expires_at IS NULL OR expires_at > $3)");

    db_text(q, 1, client_id);
    db_text(q, 2, except_id);
    db_int(q, 3, at);
    TRY(db_run(q));
    return installation_bump(db);
}
