#include "config.h"

#include "store/tokens.h"

enum rc families_add(struct db *db, const struct family *f)
{
    struct stmt *q = db_sql(db,
        "INSERT INTO token_families (id, user_id, client_id, session_id, sid, grant_type, scope,"
        " nonce, auth_time_at, acr, amr, user_agent, ip_address, created_at, expires_at)"
        " VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15)");

    db_text(q, 1, f->id);
    db_text(q, 2, f->user_id);
    db_text(q, 3, f->client_id);
    db_text(q, 4, f->session_id);
    db_text(q, 5, f->sid);
    db_text(q, 6, f->grant_type);
    db_text(q, 7, text_or(f->scope, ""));
    db_text(q, 8, f->nonce);
    db_int(q, 9, f->auth_time);
    db_text(q, 10, f->acr);
    db_text(q, 11, text_or(f->amr, ""));
    db_text(q, 12, text_or(f->user_agent, ""));
    db_text(q, 13, text_or(f->ip_address, ""));
    db_int(q, 14, f->created_at);
    db_int(q, 15, f->expires_at);
    return db_run(q);
}

enum rc families_extend(struct db *db, const char *id, int64_t expires_at)
{
    struct stmt *q = db_sql(db, "UPDATE token_families SET expires_at = $2"
                                " WHERE id = $1 AND expires_at < $2");

    db_text(q, 1, id);
    db_int(q, 2, expires_at);
    return db_run(q);
}

enum rc families_live(struct db *db, const char *id)
{
    struct stmt *q = db_sql(db, "SELECT 1 FROM token_families WHERE id = $1 AND revoked_at IS NULL");
    int64_t one;

    db_text(q, 1, id);
    return db_int_of(q, &one);
}

static enum rc revoke(struct stmt *q, const char *id, const char *why, int64_t now)
{
    db_text(q, 1, id);
    db_text(q, 2, why);
    db_int(q, 3, now);
    return db_run(q);
}

#define REVOKE "UPDATE token_families SET revoked_at = $3, revoked_why = $2 WHERE revoked_at IS NULL AND "

enum rc families_revoke(struct db *db, const char *id, const char *why, int64_t now)
{
    return revoke(db_sql(db, REVOKE "id = $1"), id, why, now);
}

enum rc families_revoke_of_user(struct db *db, const char *user_id, const char *except_id, const char *why,
                                int64_t now)
{
    struct stmt *q = db_sql(db, REVOKE "user_id = $1 AND (CAST($4 AS TEXT) IS NULL OR id <> $4)");

    db_text(q, 4, except_id);
    return revoke(q, user_id, why, now);
}

enum rc families_revoke_of_client(struct db *db, const char *client_id, const char *why, int64_t now)
{
    return revoke(db_sql(db, REVOKE "client_id = $1"), client_id, why, now);
}

/* Sweeping: tokens first, in turns of their own, since a family may have many
 * and the foreign key would take them all at once. */

struct sweep {
    int64_t before, limit;
    int64_t gone_n;
};

static enum rc delete_some(struct db *db, struct stmt *q, struct sweep *s)
{
    db_int(q, 1, s->before);
    db_int(q, 2, s->limit - s->gone_n);
    TRY(db_run(q));
    s->gone_n += db_changed(db);
    return RC_OK;
}

static enum rc sweep(struct db *db, void *arg)
{
    struct sweep *s = arg;

    s->gone_n = 0;
    TRY(delete_some(db, db_sql(db,
        "DELETE FROM tokens WHERE selector IN (SELECT t.selector FROM token_families f"
        " JOIN tokens t ON t.family_id = f.id WHERE f.expires_at < $1 LIMIT $2)"), s));
    if (s->gone_n == s->limit)
        return RC_OK;
    return delete_some(db, db_sql(db,
        "DELETE FROM token_families WHERE id IN (SELECT id FROM token_families"
        " WHERE expires_at < $1 ORDER BY expires_at LIMIT $2)"), s);
}

enum rc families_sweep(struct db *db, int64_t expired_before, int64_t limit, int64_t *out_n)
{
    struct sweep s = { .before = expired_before, .limit = limit };

    TRY(db_write_within(db, sweep, &s));
    *out_n = s.gone_n;
    return RC_OK;
}
