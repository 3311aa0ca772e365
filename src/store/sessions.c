#include "config.h"

#include "store/sessions.h"

static void session_row(struct stmt *q, struct arena *a, void *out)
{
    *(struct session *)out = (struct session){
        .id = col_text(q, 0, a),
        .cookie_hash = col_bytes(q, 1, a),
        .user_id = col_text(q, 2, a),
        .auth_time = col_int(q, 3),
        .acr = col_text(q, 4, a),
        .amr = col_text(q, 5, a),
        .user_agent = col_text(q, 6, a),
        .ip_address = col_text(q, 7, a),
        .created_at = col_int(q, 8),
        .last_activity_at = col_int(q, 9),
        .ended_at = col_int(q, 10),
        .trusted_device_id = col_text(q, 11, a),
    };
}

enum rc sessions_add(struct db *db, const struct session *s)
{
    struct stmt *q = db_sql(db,
        "INSERT INTO sessions (id, cookie_hash, user_id, auth_time_at, acr, amr, user_agent,"
        " ip_address, created_at, last_activity_at, ended_at, trusted_device_id)"
        " VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)");

    db_text(q, 1, s->id);
    db_bytes(q, 2, s->cookie_hash);
    db_text(q, 3, s->user_id);
    db_int(q, 4, s->auth_time);
    db_text(q, 5, s->acr);
    db_text(q, 6, text_or(s->amr, ""));
    db_text(q, 7, text_or(s->user_agent, ""));
    db_text(q, 8, text_or(s->ip_address, ""));
    db_int(q, 9, s->created_at);
    db_int(q, 10, s->last_activity_at);
    db_int_or_null(q, 11, s->ended_at);
    db_text(q, 12, s->trusted_device_id);
    return db_run(q);
}

/* A session is live while it has not ended and its user is active. */
#define LIVE                                                                              \
    "SELECT s.id, s.cookie_hash, s.user_id, s.auth_time_at, s.acr, s.amr, s.user_agent,"       \
    " s.ip_address, s.created_at, s.last_activity_at, s.ended_at, s.trusted_device_id"         \
    " FROM sessions s JOIN users u ON u.id = s.user_id"                                        \
    " WHERE s.ended_at IS NULL AND u.deactivated_at IS NULL AND "

enum rc sessions_by_cookie(struct db *db, struct arena *a, struct bytes cookie_hash, struct session *out)
{
    struct stmt *q = db_sql(db, LIVE "s.cookie_hash = $1");

    db_bytes(q, 1, cookie_hash);
    return db_one(q, a, session_row, out);
}

enum rc sessions_by_id(struct db *db, struct arena *a, const char *id, struct session *out)
{
    struct stmt *q = db_sql(db, LIVE "s.id = $1");

    db_text(q, 1, id);
    return db_one(q, a, session_row, out);
}

enum rc sessions_touch(struct db *db, const char *id, int64_t now)
{
    struct stmt *q = db_sql(db, "UPDATE sessions SET last_activity_at = $2"
                                " WHERE id = $1 AND ended_at IS NULL AND last_activity_at < $2");

    db_text(q, 1, id);
    db_int(q, 2, now);
    return db_run(q);
}

enum rc sessions_rekey(struct db *db, const char *id, struct bytes from, struct bytes to)
{
    struct stmt *q = db_sql(db, "UPDATE sessions SET cookie_hash = $3 WHERE id = $1 AND cookie_hash = $2");

    db_text(q, 1, id);
    db_bytes(q, 2, from);
    db_bytes(q, 3, to);
    return db_run_changed(q);
}

enum rc sessions_step_up(struct db *db, const char *id, struct bytes cookie_hash, const char *acr, const char *amr,
                         int64_t now)
{
    struct stmt *q = db_sql(db, "UPDATE sessions SET cookie_hash = $2, acr = $3, amr = $4, last_activity_at = $5,"
                                " trusted_device_id = NULL WHERE id = $1 AND ended_at IS NULL");

    db_text(q, 1, id);
    db_bytes(q, 2, cookie_hash);
    db_text(q, 3, acr);
    db_text(q, 4, amr);
    db_int(q, 5, now);
    return db_run_changed(q);
}

enum rc sessions_sweep(struct db *db, int64_t ended_before, int64_t limit, int64_t *out_n)
{
    /* Without its session a family would look like one that never had any: those
     * that are not revoked (there should be none) go first. */
    struct stmt *q = db_sql(db,
        "DELETE FROM sessions WHERE id IN (SELECT s.id FROM sessions s"
        " WHERE s.ended_at IS NOT NULL AND s.ended_at < $1 AND NOT EXISTS (SELECT 1"
        " FROM token_families f WHERE f.session_id = s.id AND f.revoked_at IS NULL)"
        " ORDER BY s.ended_at LIMIT $2)");

    db_int(q, 1, ended_before);
    db_int(q, 2, limit);
    TRY(db_run(q));
    *out_n = db_changed(db);
    return RC_OK;
}
