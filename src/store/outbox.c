#include "config.h"

#include "store/outbox.h"

#define OUTBOX_COLS "id, kind, content_sealed, tries_n, next_try_at, created_at, expires_at, last_error"

static void item_row(struct stmt *q, struct arena *a, void *out)
{
    *(struct outbox_item *)out = (struct outbox_item){
        .id = col_text(q, 0, a),
        .kind = col_text(q, 1, a),
        .content_sealed = col_bytes(q, 2, a),
        .tries_n = col_int(q, 3),
        .next_try_at = col_int(q, 4),
        .created_at = col_int(q, 5),
        .expires_at = col_int(q, 6),
        .last_error = col_text(q, 7, a),
    };
}

enum rc outbox_add(struct db *db, const struct outbox_item *item)
{
    struct stmt *q = db_sql(db, "INSERT INTO outbox (" OUTBOX_COLS ") VALUES ($1, $2, $3, 0, $4, $5, $6, '')");

    db_text(q, 1, item->id);
    db_text(q, 2, item->kind);
    db_bytes(q, 3, item->content_sealed);
    db_int(q, 4, item->next_try_at);
    db_int(q, 5, item->created_at);
    db_int(q, 6, item->expires_at);
    TRY(db_run(q));
    db_queued(db);
    return RC_OK;
}

enum rc outbox_claim(struct db *db, struct arena *a, int64_t now, int64_t lease_until, struct outbox_item *out)
{
    struct stmt *q = db_sql(db, "UPDATE outbox SET tries_n = tries_n + 1, next_try_at = $2 WHERE id ="
                                " (SELECT id FROM outbox WHERE next_try_at <= $1 AND expires_at > $1"
                                " ORDER BY next_try_at, id LIMIT 1)"
                                " RETURNING " OUTBOX_COLS);

    db_int(q, 1, now);
    db_int(q, 2, lease_until);
    return db_one(q, a, item_row, out);
}

enum rc outbox_remove(struct db *db, const char *id)
{
    struct stmt *q = db_sql(db, "DELETE FROM outbox WHERE id = $1");

    db_text(q, 1, id);
    return db_run(q);
}

enum rc outbox_put_off(struct db *db, const struct outbox_item *item, int64_t next_try_at, const char *why)
{
    struct stmt *q = db_sql(db, "UPDATE outbox SET next_try_at = $2, last_error = $3 WHERE id = $1");

    db_text(q, 1, item->id);
    db_int(q, 2, next_try_at < item->expires_at ? next_try_at : item->expires_at);
    db_text(q, 3, why);
    return db_run(q);
}

enum rc outbox_refuse(struct db *db, const char *id, int64_t until, const char *why)
{
    static const uint8_t nothing[1] = { 0 };
    struct stmt *q = db_sql(db, "UPDATE outbox SET content_sealed = $2, next_try_at = $3, expires_at = $3,"
                                " last_error = $4 WHERE id = $1");

    db_text(q, 1, id);
    db_bytes(q, 2, (struct bytes){ nothing, 0 });
    db_int(q, 3, until);
    db_text(q, 4, why);
    return db_run(q);
}

enum rc outbox_expire(struct db *db, struct arena *a, int64_t now, struct outbox_item *out)
{
    struct stmt *q = db_sql(db, "DELETE FROM outbox WHERE id ="
                                " (SELECT id FROM outbox WHERE expires_at <= $1 ORDER BY expires_at LIMIT 1)"
                                " RETURNING " OUTBOX_COLS);

    db_int(q, 1, now);
    return db_one(q, a, item_row, out);
}

enum rc outbox_next(struct db *db, int64_t *out)
{
    return db_int_of(db_sql(db, "SELECT next_try_at FROM outbox ORDER BY next_try_at LIMIT 1"), out);
}

enum rc outbox_find(struct db *db, struct arena *a, const char *id, struct outbox_item *out)
{
    struct stmt *q = db_sql(db, "SELECT " OUTBOX_COLS " FROM outbox WHERE id = $1");

    db_text(q, 1, id);
    return db_one(q, a, item_row, out);
}

enum rc outbox_count_under(struct db *db, struct bytes key_id, int64_t *out)
{
    struct stmt *q = db_sql(db, "/* small */ SELECT COUNT(*) FROM outbox"
                                " WHERE substr(content_sealed, 1, CAST($2 AS INTEGER)) = $1");

    db_bytes(q, 1, key_id);
    db_int(q, 2, (int64_t)key_id.n);
    return db_int_of(q, out);
}

enum rc outbox_sweep(struct db *db, int64_t expired_before, int64_t limit, int64_t *out_n)
{
    struct stmt *q = db_sql(db, "DELETE FROM outbox WHERE id IN (SELECT id FROM outbox"
                                " WHERE expires_at < $1 ORDER BY expires_at LIMIT $2)");

    db_int(q, 1, expired_before);
    db_int(q, 2, limit);
    TRY(db_run(q));
    *out_n = db_changed(db);
    return RC_OK;
}
