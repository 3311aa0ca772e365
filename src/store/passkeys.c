#include "config.h"

#include "store/passkeys.h"

#define PASSKEY_COLS                                                                                       \
    "credential_id, user_id, name, public_key, alg, sign_count, transports, aaguid, is_uv_initialized,"    \
    " is_backup_eligible, is_backed_up, created_at, last_used_at"

static void passkey_row(struct stmt *q, struct arena *a, void *out)
{
    *(struct passkey *)out = (struct passkey){
        .credential_id = col_bytes(q, 0, a),
        .user_id = col_text(q, 1, a),
        .name = col_text(q, 2, a),
        .public_key = col_bytes(q, 3, a),
        .alg = col_int(q, 4),
        .sign_count = col_int(q, 5),
        .transports = col_text(q, 6, a),
        .aaguid = col_bytes(q, 7, a),
        .is_uv_initialized = col_bool(q, 8),
        .is_backup_eligible = col_bool(q, 9),
        .is_backed_up = col_bool(q, 10),
        .created_at = col_int(q, 11),
        .last_used_at = col_int(q, 12),
    };
}

enum rc passkeys_add(struct db *db, const struct passkey *p)
{
    struct stmt *q = db_sql(db, "INSERT INTO passkeys (" PASSKEY_COLS ")"
                                " VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, NULL)");

    db_bytes(q, 1, p->credential_id);
    db_text(q, 2, p->user_id);
    db_text(q, 3, p->name);
    db_bytes(q, 4, p->public_key);
    db_int(q, 5, p->alg);
    db_int(q, 6, p->sign_count);
    db_text(q, 7, p->transports);
    db_bytes(q, 8, p->aaguid);
    db_bool(q, 9, p->is_uv_initialized);
    db_bool(q, 10, p->is_backup_eligible);
    db_bool(q, 11, p->is_backed_up);
    db_int(q, 12, p->created_at);
    return db_run(q);
}

enum rc passkeys_find(struct db *db, struct arena *a, struct bytes credential_id, struct passkey *out)
{
    struct stmt *q = db_sql(db, "SELECT " PASSKEY_COLS " FROM passkeys WHERE credential_id = $1");

    db_bytes(q, 1, credential_id);
    return db_one(q, a, passkey_row, out);
}

enum rc passkeys_of_user(struct db *db, struct arena *a, const char *user_id, struct passkey_rows *out)
{
    struct stmt *q = db_sql(db, "SELECT " PASSKEY_COLS " FROM passkeys WHERE user_id = $1 ORDER BY created_at");
    struct rows rows;

    db_text(q, 1, user_id);
    TRY(db_each(q, a, passkey_row, sizeof(struct passkey), &rows));
    *out = (struct passkey_rows){ .v = rows.v, .n = rows.n };
    return RC_OK;
}

enum rc passkeys_any_verifying(struct db *db, const char *user_id)
{
    struct stmt *q = db_sql(db, "SELECT 1 FROM passkeys WHERE user_id = $1 AND is_uv_initialized = 1 LIMIT 1");
    int64_t one;

    db_text(q, 1, user_id);
    return db_int_of(q, &one);
}

enum rc passkeys_use(struct db *db, struct bytes credential_id, int64_t sign_count, bool is_user_verified,
                     bool is_backed_up, int64_t now)
{
    struct stmt *q = db_sql(db,
        "UPDATE passkeys SET sign_count = $2, is_uv_initialized = CASE WHEN $3 = 1 THEN 1 ELSE is_uv_initialized END,"
        " is_backed_up = $4, last_used_at = $5"
        " WHERE credential_id = $1 AND (sign_count < $2 OR (sign_count = 0 AND $2 = 0))");

    db_bytes(q, 1, credential_id);
    db_int(q, 2, sign_count);
    db_bool(q, 3, is_user_verified);
    db_bool(q, 4, is_backed_up);
    db_int(q, 5, now);
    return db_run_changed(q);
}

enum rc passkeys_rename(struct db *db, struct bytes credential_id, const char *user_id, const char *name)
{
    struct stmt *q = db_sql(db, "UPDATE passkeys SET name = $3 WHERE credential_id = $1 AND user_id = $2");

    db_bytes(q, 1, credential_id);
    db_text(q, 2, user_id);
    db_text(q, 3, name);
    return db_run_changed(q);
}

enum rc passkeys_remove(struct db *db, struct bytes credential_id, const char *user_id)
{
    struct stmt *q = db_sql(db, "DELETE FROM passkeys WHERE credential_id = $1 AND user_id = $2");

    db_bytes(q, 1, credential_id);
    db_text(q, 2, user_id);
    return db_run_changed(q);
}

enum rc passkeys_remove_of_user(struct db *db, const char *user_id)
{
    struct stmt *q = db_sql(db, "DELETE FROM passkeys WHERE user_id = $1");

    db_text(q, 1, user_id);
    return db_run_changed(q);
}

enum rc passkeys_remove_since(struct db *db, const char *user_id, int64_t since)
{
    struct stmt *q = db_sql(db, "DELETE FROM passkeys WHERE user_id = $1 AND created_at >= $2");

    db_text(q, 1, user_id);
    db_int(q, 2, since);
    return db_run(q);
}

static void handle_row(struct stmt *q, struct arena *a, void *out)
{
    *(struct bytes *)out = col_bytes(q, 0, a);
}

enum rc user_handles_find(struct db *db, struct arena *a, const char *user_id, struct bytes *out)
{
    struct stmt *q = db_sql(db, "SELECT user_handle FROM user_handles WHERE user_id = $1");

    db_text(q, 1, user_id);
    return db_one(q, a, handle_row, out);
}

enum rc user_handles_add(struct db *db, const char *user_id, struct bytes user_handle)
{
    struct stmt *q = db_sql(db, "INSERT INTO user_handles (user_id, user_handle) VALUES ($1, $2)"
                                " ON CONFLICT (user_id) DO NOTHING");

    db_text(q, 1, user_id);
    db_bytes(q, 2, user_handle);
    return db_run(q);
}
