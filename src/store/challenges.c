#include "config.h"

#include "store/challenges.h"

#define CHALLENGE_COLS                                                                        \
    "id_hash, user_id, method, request, browser_hash, amr, session_id, code_hash, code_sent_at," \
    " failures_n, created_at, expires_at, used_at"

static void challenge_row(struct stmt *q, struct arena *a, void *out)
{
    *(struct challenge *)out = (struct challenge){
        .id_hash = col_bytes(q, 0, a),
        .user_id = col_text(q, 1, a),
        .method = col_text(q, 2, a),
        .request = col_bytes(q, 3, a),
        .browser_hash = col_bytes(q, 4, a),
        .amr = col_text(q, 5, a),
        .session_id = col_text(q, 6, a),
        .code_hash = col_bytes(q, 7, a),
        .code_sent_at = col_int(q, 8),
        .failures_n = col_int(q, 9),
        .created_at = col_int(q, 10),
        .expires_at = col_int(q, 11),
        .used_at = col_int(q, 12),
    };
}

static void bind_bytes_or_null(struct stmt *q, int i, struct bytes b)
{
    db_bytes(q, i, b.n ? b : (struct bytes){ 0 });
}

enum rc challenges_add(struct db *db, const struct challenge *c)
{
    struct stmt *q = db_sql(db, "INSERT INTO mfa_challenges (" CHALLENGE_COLS ")"
                                " VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)");

    db_bytes(q, 1, c->id_hash);
    db_text(q, 2, c->user_id);
    db_text(q, 3, c->method);
    db_bytes(q, 4, c->request);
    db_bytes(q, 5, c->browser_hash);
    db_text(q, 6, c->amr);
    db_text(q, 7, c->session_id);
    bind_bytes_or_null(q, 8, c->code_hash);
    db_int_or_null(q, 9, c->code_sent_at);
    db_int(q, 10, c->failures_n);
    db_int(q, 11, c->created_at);
    db_int(q, 12, c->expires_at);
    db_int_or_null(q, 13, c->used_at);
    return db_run(q);
}

enum rc challenges_find(struct db *db, struct arena *a, struct bytes id_hash, struct challenge *out)
{
    struct stmt *q = db_sql(db, "SELECT " CHALLENGE_COLS " FROM mfa_challenges WHERE id_hash = $1");

    db_bytes(q, 1, id_hash);
    return db_one(q, a, challenge_row, out);
}

enum rc challenges_claim(struct db *db, struct bytes id_hash, int64_t max, int64_t now, int64_t *failures_n)
{
    struct stmt *q = db_sql(db, "UPDATE mfa_challenges SET failures_n = failures_n + 1"
                                " WHERE id_hash = $1 AND failures_n < $2 AND used_at IS NULL AND expires_at > $3"
                                " RETURNING failures_n");

    db_bytes(q, 1, id_hash);
    db_int(q, 2, max);
    db_int(q, 3, now);
    return db_int_of(q, failures_n);
}

enum rc challenges_give_back(struct db *db, struct bytes id_hash)
{
    struct stmt *q = db_sql(db, "UPDATE mfa_challenges SET failures_n = failures_n - 1"
                                " WHERE id_hash = $1 AND failures_n > 0");

    db_bytes(q, 1, id_hash);
    return db_run(q);
}

enum rc challenges_use(struct db *db, struct bytes id_hash, int64_t now)
{
    struct stmt *q = db_sql(db, "UPDATE mfa_challenges SET used_at = $2"
                                " WHERE id_hash = $1 AND used_at IS NULL AND expires_at > $2");

    db_bytes(q, 1, id_hash);
    db_int(q, 2, now);
    return db_run_changed(q);
}

enum rc challenges_set_code(struct db *db, struct bytes id_hash, struct bytes code_hash, int64_t not_since,
                            int64_t now)
{
    struct stmt *q = db_sql(db, "UPDATE mfa_challenges SET code_hash = $2, code_sent_at = $4"
                                " WHERE id_hash = $1 AND used_at IS NULL AND expires_at > $4"
                                " AND (code_sent_at IS NULL OR code_sent_at <= $3)");

    db_bytes(q, 1, id_hash);
    db_bytes(q, 2, code_hash);
    db_int(q, 3, not_since);
    db_int(q, 4, now);
    return db_run_changed(q);
}

enum rc challenges_mailed(struct db *db, const char *user_id, int64_t since, int64_t *out_n)
{
    struct stmt *q = db_sql(db, "SELECT COUNT(*) FROM mfa_challenges WHERE user_id = $1 AND code_sent_at > $2");

    db_text(q, 1, user_id);
    db_int(q, 2, since);
    return db_int_of(q, out_n);
}

enum rc challenges_sweep(struct db *db, int64_t expired_before, int64_t limit, int64_t *out_n)
{
    struct stmt *q = db_sql(db, "DELETE FROM mfa_challenges WHERE id_hash IN (SELECT id_hash FROM mfa_challenges"
                                " WHERE expires_at < $1 ORDER BY expires_at LIMIT $2)");

    db_int(q, 1, expired_before);
    db_int(q, 2, limit);
    TRY(db_run(q));
    *out_n = db_changed(db);
    return RC_OK;
}
