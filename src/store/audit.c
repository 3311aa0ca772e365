#include "config.h"

#include "store/audit.h"

#include "crypto/random.h"
#include "store/audit_chain.h"
#include "store/audit_row.h"
#include "util/clock.h"
#include "util/json.h"

static struct audit_row row_of(struct arena *a, const struct audit_event *e)
{
    return (struct audit_row){
        .id = random_id(a, e->at),
        .event = e->event,
        .actor_id = text_empty(e->actor_id) ? NULL : e->actor_id,
        .actor_username = text_or(e->actor_username, ""),
        .target_type = text_or(e->target_type, ""),
        .target_id = text_or(e->target_id, ""),
        .detail = text_or(e->detail, ""),
        .ip_address = text_or(e->ip_address, ""),
        .created_at = e->at,
    };
}

static enum rc insert(struct db *db, const struct audit_row *r, const struct audit_place *place)
{
    struct stmt *q = db_sql(db,
        "INSERT INTO audit_logs (id, event, actor_id, actor_username, target_type, target_id,"
        " detail, ip_address, created_at, seq, hash) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)");

    db_text(q, 1, r->id);
    db_text(q, 2, r->event);
    db_text(q, 3, r->actor_id);
    db_text(q, 4, r->actor_username);
    db_text(q, 5, r->target_type);
    db_text(q, 6, r->target_id);
    db_text(q, 7, r->detail);
    db_text(q, 8, r->ip_address);
    db_int(q, 9, r->created_at);
    db_int(q, 10, place->seq);
    db_bytes(q, 11, place->hash);
    return db_run(q);
}

struct adding { struct arena *arena; const struct audit_row *row; };

static enum rc add(struct db *db, void *arg)
{
    const struct adding *w = arg;
    struct audit_place place;

    TRY(audit_chain_append(db, w->arena, audit_content(w->arena, w->row), &place));
    return insert(db, w->row, &place);
}

enum rc audit_add(struct db *db, const struct audit_event *e)
{
    struct adding w;
    struct audit_row row;
    enum rc rc;

    if (e->retention_s == 0)
        return RC_OK;
    w.arena = arena_start("audit_add");
    row = row_of(w.arena, e);
    w.row = &row;
    rc = db_write_within(db, add, &w); /* its two statements are of one transaction */
    arena_done(w.arena);
    return rc;
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

void audit_row_json(struct arena *a, const struct audit_row *r, struct json *obj)
{
    json_set_str(obj, "id", r->id);
    json_set_str(obj, "event", r->event);
    json_set_str_or_null(obj, "actor_id", r->actor_id);
    json_set_str(obj, "actor_username", r->actor_username);
    json_set_str(obj, "target_type", r->target_type);
    json_set_str(obj, "target_id", r->target_id);
    json_set_str(obj, "detail", r->detail);
    json_set_str(obj, "ip_address", r->ip_address);
    json_set_str(obj, "created_at", clock_rfc3339(a, r->created_at));
}

enum rc audit_latest(struct db *db, struct arena *a, int64_t limit, struct audit_rows *out)
{
    struct stmt *q = db_sql(db,
        "SELECT " AUDIT_COLS " FROM audit_logs l WHERE l.id > '' ORDER BY l.id DESC LIMIT $1");
    struct rows rows;

    db_int(q, 1, limit);
    TRY(db_each(q, a, audit_row, sizeof(struct audit_row), &rows));
    *out = (struct audit_rows){ .v = rows.v, .n = rows.n };
    return RC_OK;
}
