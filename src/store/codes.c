#include "config.h"

#include "store/codes.h"

#define CODE_COLS                                                                     \
    "code_hash, client_id, user_id, session_id, redirect_uri, scope, nonce, code_challenge," \
    " code_challenge_method, auth_time_at, acr, amr, created_at, expires_at"

static void code_row(struct stmt *q, struct arena *a, void *out)
{
    *(struct code *)out = (struct code){
        .code_hash = col_bytes(q, 0, a),
        .client_id = col_text(q, 1, a),
        .user_id = col_text(q, 2, a),
        .session_id = col_text(q, 3, a),
        .redirect_uri = col_text(q, 4, a),
        .scope = col_text(q, 5, a),
        .nonce = col_text(q, 6, a),
        .code_challenge = col_text(q, 7, a),
        .code_challenge_method = col_text(q, 8, a),
        .auth_time = col_int(q, 9),
        .acr = col_text(q, 10, a),
        .amr = col_text(q, 11, a),
        .created_at = col_int(q, 12),
        .expires_at = col_int(q, 13),
    };
}

enum rc codes_add(struct db *db, const struct code *c)
{
    struct stmt *q = db_sql(db, "INSERT INTO authorization_codes (" CODE_COLS ")"
        " VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14)");

    db_bytes(q, 1, c->code_hash);
    db_text(q, 2, c->client_id);
    db_text(q, 3, c->user_id);
    db_text(q, 4, c->session_id);
    db_text(q, 5, c->redirect_uri);
    db_text(q, 6, text_or(c->scope, ""));
    db_text(q, 7, c->nonce);
    db_text(q, 8, c->code_challenge);
    db_text(q, 9, c->code_challenge_method);
    db_int(q, 10, c->auth_time);
    db_text(q, 11, c->acr);
    db_text(q, 12, text_or(c->amr, ""));
    db_int(q, 13, c->created_at);
    db_int(q, 14, c->expires_at);
    return db_run(q);
}

enum rc codes_redeem(struct db *db, struct arena *a, struct bytes code_hash, const char *client_id,
                     const char *family_id, int64_t now, struct code *out)
{
    /* the session: it may have ended between its check and the birth of the code */
    struct stmt *q = db_sql(db,
        "UPDATE authorization_codes SET redeemed_at = $3, family_id = $4"
        " WHERE code_hash = $1 AND client_id = $2 AND redeemed_at IS NULL AND expires_at > $3"
        " AND EXISTS (SELECT 1 FROM sessions s WHERE s.id = authorization_codes.session_id"
        " AND s.ended_at IS NULL)"
        " RETURNING " CODE_COLS);

    db_bytes(q, 1, code_hash);
    db_text(q, 2, client_id);
    db_int(q, 3, now);
    db_text(q, 4, family_id);
    return db_one(q, a, code_row, out);
}

enum rc codes_burn(struct db *db, struct bytes code_hash)
{
    struct stmt *q = db_sql(db, "UPDATE authorization_codes SET family_id = NULL"
                                " WHERE code_hash = $1 AND redeemed_at IS NOT NULL");

    db_bytes(q, 1, code_hash);
    return db_run_changed(q);
}

static void family_row(struct stmt *q, struct arena *a, void *out)
{
    *(const char **)out = col_text(q, 0, a);
}

enum rc codes_replayed(struct db *db, struct arena *a, struct bytes code_hash, const char *client_id,
                       const char **family_id)
{
    struct stmt *q = db_sql(db, "SELECT family_id FROM authorization_codes"
                                " WHERE code_hash = $1 AND client_id = $2"
                                " AND redeemed_at IS NOT NULL AND family_id IS NOT NULL");

    db_bytes(q, 1, code_hash);
    db_text(q, 2, client_id);
    return db_one(q, a, family_row, family_id);
}

enum rc codes_sweep(struct db *db, int64_t expired_before, int64_t limit, int64_t *out_n)
{
    struct stmt *q = db_sql(db, "DELETE FROM authorization_codes WHERE code_hash IN (SELECT code_hash"
                                " FROM authorization_codes WHERE expires_at < $1"
                                " ORDER BY expires_at LIMIT $2)");

    db_int(q, 1, expired_before);
    db_int(q, 2, limit);
    TRY(db_run(q));
    *out_n = db_changed(db);
    return RC_OK;
}
