#include "config.h"

#include "store/trusted_devices.h"

#define DEVICE_COLS "id, cookie_hash, user_id, device_name, created_at, last_used_at, expires_at"

static void device_row(struct stmt *q, struct arena *a, void *out)
{
    *(struct trusted_device *)out = (struct trusted_device){
        .id = col_text(q, 0, a),
        .cookie_hash = col_bytes(q, 1, a),
        .user_id = col_text(q, 2, a),
        .device_name = col_text(q, 3, a),
        .created_at = col_int(q, 4),
        .last_used_at = col_int(q, 5),
        .expires_at = col_int(q, 6),
    };
}

static void id_row(struct stmt *q, struct arena *a, void *out)
{
    *(const char **)out = col_text(q, 0, a);
}

enum rc trusted_devices_add(struct db *db, const struct trusted_device *d)
{
    struct stmt *q = db_sql(db, "INSERT INTO trusted_devices (" DEVICE_COLS ") VALUES ($1, $2, $3, $4, $5, $6, $7)");

    db_text(q, 1, d->id);
    db_bytes(q, 2, d->cookie_hash);
    db_text(q, 3, d->user_id);
    db_text(q, 4, d->device_name);
    db_int(q, 5, d->created_at);
    db_int(q, 6, d->last_used_at);
    db_int(q, 7, d->expires_at);
    return db_run(q);
}

enum rc trusted_devices_use(struct db *db, struct arena *a, struct bytes cookie_hash, const char *user_id,
                            int64_t now, const char **id)
{
    struct stmt *q = db_sql(db, "UPDATE trusted_devices SET last_used_at = $3"
                                " WHERE cookie_hash = $1 AND user_id = $2 AND expires_at > $3 RETURNING id");

    db_bytes(q, 1, cookie_hash);
    db_text(q, 2, user_id);
    db_int(q, 3, now);
    return db_one(q, a, id_row, id);
}

enum rc trusted_devices_live(struct db *db, const char *id, const char *user_id, int64_t now)
{
    struct stmt *q = db_sql(db, "SELECT 1 FROM trusted_devices WHERE id = $1 AND user_id = $2 AND expires_at > $3");
    int64_t one;

    db_text(q, 1, id);
    db_text(q, 2, user_id);
    db_int(q, 3, now);
    return db_int_of(q, &one);
}

enum rc trusted_devices_of_user(struct db *db, struct arena *a, const char *user_id, int64_t now,
                                struct trusted_device_rows *out)
{
    struct stmt *q = db_sql(db, "SELECT " DEVICE_COLS " FROM trusted_devices WHERE user_id = $1 AND expires_at > $2"
                                " ORDER BY created_at DESC");
    struct rows rows;

    db_text(q, 1, user_id);
    db_int(q, 2, now);
    TRY(db_each(q, a, device_row, sizeof(struct trusted_device), &rows));
    *out = (struct trusted_device_rows){ .v = rows.v, .n = rows.n };
    return RC_OK;
}

enum rc trusted_devices_remove(struct db *db, const char *id, const char *user_id)
{
    struct stmt *q = db_sql(db, "DELETE FROM trusted_devices WHERE id = $1 AND user_id = $2");

    db_text(q, 1, id);
    db_text(q, 2, user_id);
    return db_run_changed(q);
}

enum rc trusted_devices_remove_of_user(struct db *db, const char *user_id)
{
    struct stmt *q = db_sql(db, "DELETE FROM trusted_devices WHERE user_id = $1");

    db_text(q, 1, user_id);
    return db_run(q);
}

enum rc trusted_devices_sweep(struct db *db, int64_t expired_before, int64_t limit, int64_t *out_n)
{
    struct stmt *q = db_sql(db, "DELETE FROM trusted_devices WHERE id IN (SELECT id FROM trusted_devices"
                                " WHERE expires_at < $1 ORDER BY expires_at LIMIT $2)");

    db_int(q, 1, expired_before);
    db_int(q, 2, limit);
    TRY(db_run(q));
    *out_n = db_changed(db);
    return RC_OK;
}
