#include "config.h"

#include "store/factors.h"

/* ---- TOTP ---- */

static void totp_row(struct stmt *q, struct arena *a, void *out)
{
    *(struct totp *)out = (struct totp){
        .secret_sealed = col_bytes(q, 0, a),
        .last_step = col_int(q, 1),
        .created_at = col_int(q, 2),
        .confirmed_at = col_int(q, 3),
    };
}

enum rc factors_totp_find(struct db *db, struct arena *a, const char *user_id, struct totp *out)
{
    struct stmt *q = db_sql(db, "SELECT secret_sealed, last_step, created_at, confirmed_at FROM totp_secrets"
                                " WHERE user_id = $1");

    db_text(q, 1, user_id);
    return db_one(q, a, totp_row, out);
}

static void sealed_row(struct stmt *q, struct arena *a, void *out)
{
    *(struct totp_sealed *)out = (struct totp_sealed){ .user_id = col_text(q, 0, a), .secret_sealed = col_bytes(q, 1, a) };
}

enum rc factors_totp_after(struct db *db, struct arena *a, const char *user_id, int64_t limit, struct totp_sealed_rows *out)
{
    struct stmt *q = db_sql(db, "SELECT user_id, secret_sealed FROM totp_secrets WHERE user_id > $1"
                                " ORDER BY user_id LIMIT $2");
    struct rows rows;

    db_text(q, 1, user_id);
    db_int(q, 2, limit);
    TRY(db_each(q, a, sealed_row, sizeof(struct totp_sealed), &rows));
    *out = (struct totp_sealed_rows){ .v = rows.v, .n = rows.n };
    return RC_OK;
}

enum rc factors_totp_reseal(struct db *db, const char *user_id, struct bytes from, struct bytes to)
{
    struct stmt *q = db_sql(db, "UPDATE totp_secrets SET secret_sealed = $3 WHERE user_id = $1 AND secret_sealed = $2");

    db_text(q, 1, user_id);
    db_bytes(q, 2, from);
    db_bytes(q, 3, to);
    return db_run_changed(q);
}

/* A factor is never overwritten: it has to be removed first. */
static enum rc put(struct db *db, const char *user_id, struct bytes secret_sealed, int64_t step, int64_t now,
                   int64_t confirmed_at)
{
    struct stmt *q = db_sql(db,
        "INSERT INTO totp_secrets (user_id, secret_sealed, last_step, created_at, confirmed_at)"
        " VALUES ($1, $2, $3, $4, $5)"
        " ON CONFLICT (user_id) DO UPDATE SET secret_sealed = excluded.secret_sealed,"
        " last_step = excluded.last_step, created_at = excluded.created_at, confirmed_at = excluded.confirmed_at"
        " WHERE totp_secrets.confirmed_at IS NULL");

    db_text(q, 1, user_id);
    db_bytes(q, 2, secret_sealed);
    db_int(q, 3, step);
    db_int(q, 4, now);
    db_int_or_null(q, 5, confirmed_at);
    TRY(db_run(q));
    return db_changed(db) ? RC_OK : RC_REFUSED;
}

enum rc factors_totp_begin(struct db *db, const char *user_id, struct bytes secret_sealed, int64_t now)
{
    return put(db, user_id, secret_sealed, 0, now, 0);
}

enum rc factors_totp_enrol(struct db *db, const char *user_id, struct bytes secret_sealed, int64_t step, int64_t now)
{
    return put(db, user_id, secret_sealed, step, now, now);
}

enum rc factors_totp_confirm(struct db *db, const char *user_id, struct bytes secret_sealed, int64_t step,
                             int64_t now)
{
    struct stmt *q = db_sql(db, "UPDATE totp_secrets SET confirmed_at = $4, last_step = $3"
                                " WHERE user_id = $1 AND secret_sealed = $2 AND confirmed_at IS NULL"
                                " AND last_step < $3");

    db_text(q, 1, user_id);
    db_bytes(q, 2, secret_sealed);
    db_int(q, 3, step);
    db_int(q, 4, now);
    return db_run_changed(q);
}

enum rc factors_totp_accept(struct db *db, const char *user_id, int64_t step)
{
    struct stmt *q = db_sql(db, "UPDATE totp_secrets SET last_step = $2"
                                " WHERE user_id = $1 AND last_step < $2 AND confirmed_at IS NOT NULL");

    db_text(q, 1, user_id);
    db_int(q, 2, step);
    return db_run_changed(q);
}

enum rc factors_totp_remove(struct db *db, const char *user_id)
{
    struct stmt *q = db_sql(db, "DELETE FROM totp_secrets WHERE user_id = $1");

    db_text(q, 1, user_id);
    return db_run_changed(q);
}

/* ---- recovery codes ---- */

static enum rc add_code(struct db *db, const char *user_id, struct bytes hash, int64_t now)
{
    struct stmt *q = db_sql(db, "INSERT INTO recovery_codes (code_hash, user_id, created_at) VALUES ($1, $2, $3)");

    db_bytes(q, 1, hash);
    db_text(q, 2, user_id);
    db_int(q, 3, now);
    return db_run(q);
}

enum rc factors_recovery_replace(struct db *db, const char *user_id, const struct bytes *hashes, size_t n,
                                 int64_t now)
{
    struct stmt *q = db_sql(db, "DELETE FROM recovery_codes WHERE user_id = $1");

    db_text(q, 1, user_id);
    TRY(db_run(q));
    for (size_t i = 0; i < n; i++)
        TRY(add_code(db, user_id, hashes[i], now));
    return RC_OK;
}

enum rc factors_recovery_spend(struct db *db, const char *user_id, struct bytes code_hash, int64_t now)
{
    struct stmt *q = db_sql(db, "UPDATE recovery_codes SET used_at = $3"
                                " WHERE code_hash = $2 AND user_id = $1 AND used_at IS NULL");

    db_text(q, 1, user_id);
    db_bytes(q, 2, code_hash);
    db_int(q, 3, now);
    return db_run_changed(q);
}

enum rc factors_recovery_left(struct db *db, const char *user_id, int64_t *out)
{
    struct stmt *q = db_sql(db, "SELECT COUNT(*) FROM recovery_codes WHERE user_id = $1 AND used_at IS NULL");

    db_text(q, 1, user_id);
    return db_int_of(q, out);
}
