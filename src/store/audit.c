#include "config.h"

#include "store/audit.h"

#include "crypto/random.h"
#include "store/audit_row.h"

static enum rc add(struct db *db, const struct audit_event *e, const char *id)
{
    struct stmt *q = db_sql(db,
        "INSERT INTO audit_logs (id, event, actor_id, actor_username, target_type, target_id,"
        " detail, ip_address, created_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)");

    db_text(q, 1, id);
    db_text(q, 2, e->event);
    db_text(q, 3, text_empty(e->actor_id) ? NULL : e->actor_id);
    db_text(q, 4, text_or(e->actor_username, ""));
    db_text(q, 5, text_or(e->target_type, ""));
    db_text(q, 6, text_or(e->target_id, ""));
    db_text(q, 7, text_or(e->detail, ""));
    db_text(q, 8, text_or(e->ip_address, ""));
    db_int(q, 9, e->at);
    return db_run(q);
}

enum rc audit_add(struct db *db, const struct audit_event *e)
{
    struct arena *a;
    enum rc rc;

    if (e->retention_s == 0)
        return RC_OK;
    a = arena_start("audit_add");
    rc = add(db, e, random_id(a, e->at));
    arena_done(a);
    return rc;
}

enum rc audit_sweep(struct db *db, int64_t created_before, int64_t limit, int64_t *out_n)
{
    struct stmt *q = db_sql(db, "DELETE FROM audit_logs WHERE id IN (SELECT id FROM audit_logs"
                                " WHERE created_at < $1 ORDER BY created_at, id LIMIT $2)");

    db_int(q, 1, created_before);
    db_int(q, 2, limit);
    TRY(db_run(q));
    *out_n = db_changed(db);
    return RC_OK;
}

void audit_row(struct stmt *q, struct arena *a, void *out)
{
    *(struct audit_row *)out = (struct audit_row){
        .id = col_text(q, 0, a),
        .event = col_text(q, 1, a),
        .actor_id = col_text(q, 2, a),
        .actor_username = col_text(q, 3, a),
        .target_type = col_text(q, 4, a),
        .target_id = col_text(q, 5, a),
        .detail = col_text(q, 6, a),
        .ip_address = col_text(q, 7, a),
        .created_at = col_int(q, 8),
    };
}

enum rc audit_latest(struct db *db, struct arena *a, int64_t limit, struct audit_rows *out)
{
    struct stmt *q = db_sql(db,
        "SELECT " AUDIT_COLS " FROM audit_logs l ORDER BY l.created_at DESC, l.id DESC LIMIT $1");
    struct rows rows;

    db_int(q, 1, limit);
    TRY(db_each(q, a, audit_row, sizeof(struct audit_row), &rows));
    *out = (struct audit_rows){ .v = rows.v, .n = rows.n };
    return RC_OK;
}
