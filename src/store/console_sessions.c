#include "config.h"

#include "store/console_sessions.h"

enum rc console_sessions_add(struct db *db, const struct console_session *s)
{
    struct stmt *q = db_sql(db,
        "INSERT INTO console_sessions (id, cookie_hash, console, user_id, family_id, created_at,"
        " expires_at) VALUES ($1, $2, $3, $4, $5, $6, $7)");

    db_text(q, 1, s->id);
    db_bytes(q, 2, s->cookie_hash);
    db_text(q, 3, s->console);
    db_text(q, 4, s->user_id);
    db_text(q, 5, s->family_id);
    db_int(q, 6, s->created_at);
    db_int(q, 7, s->expires_at);
    return db_run(q);
}

static void console_session_row(struct stmt *q, struct arena *a, void *out)
{
    *(struct console_session *)out = (struct console_session){
        .id = col_text(q, 0, a),
        .cookie_hash = col_bytes(q, 1, a),
        .console = col_text(q, 2, a),
        .user_id = col_text(q, 3, a),
        .family_id = col_text(q, 4, a),
        .session_id = col_text(q, 5, a),
        .created_at = col_int(q, 6),
        .expires_at = col_int(q, 7),
    };
}

enum rc console_sessions_find(struct db *db, struct arena *a, struct bytes cookie_hash, const char *console,
                              int64_t now, struct console_session *out)
{
    struct stmt *q = db_sql(db,
        "SELECT o.id, o.cookie_hash, o.console, o.user_id, o.family_id, f.session_id, o.created_at,"
        " o.expires_at FROM console_sessions o"
        " JOIN token_families f ON f.id = o.family_id"
        " JOIN users u ON u.id = o.user_id"
        " LEFT JOIN sessions s ON s.id = f.session_id"
        " WHERE o.cookie_hash = $1 AND o.console = $2 AND o.expires_at > $3 AND o.ended_at IS NULL"
        " AND f.revoked_at IS NULL AND u.deactivated_at IS NULL"
        " AND (f.session_id IS NULL OR (s.id IS NOT NULL AND s.ended_at IS NULL))");

    db_bytes(q, 1, cookie_hash);
    db_text(q, 2, console);
    db_int(q, 3, now);
    return db_one(q, a, console_session_row, out);
}

enum rc console_sessions_rekey(struct db *db, const char *id, struct bytes from, struct bytes to)
{
    struct stmt *q = db_sql(db, "UPDATE console_sessions SET cookie_hash = $3 WHERE id = $1 AND cookie_hash = $2");

    db_text(q, 1, id);
    db_bytes(q, 2, from);
    db_bytes(q, 3, to);
    return db_run_changed(q);
}

enum rc console_sessions_end(struct db *db, const char *id, int64_t now)
{
    struct stmt *q = db_sql(db, "UPDATE console_sessions SET ended_at = $2"
                                " WHERE id = $1 AND ended_at IS NULL");

    db_text(q, 1, id);
    db_int(q, 2, now);
    return db_run(q);
}

enum rc console_sessions_sweep(struct db *db, int64_t expired_before, int64_t limit, int64_t *out_n)
{
    struct stmt *q = db_sql(db, "DELETE FROM console_sessions WHERE id IN (SELECT id"
                                " FROM console_sessions WHERE expires_at < $1"
                                " ORDER BY expires_at LIMIT $2)");

    db_int(q, 1, expired_before);
    db_int(q, 2, limit);
    TRY(db_run(q));
    *out_n = db_changed(db);
    return RC_OK;
}
