#include "config.h"

#include "store/settings_table.h"
#include "util/log.h"

static void setting_row(struct stmt *q, struct arena *a, void *out)
{
    *(struct setting *)out = (struct setting){
        .key = col_text(q, 0, a),
        .value = col_text(q, 1, a),
        .updated_at = col_int(q, 2),
    };
}

enum rc settings_all(struct db *db, struct arena *a, struct settings_rows *out)
{
    struct rows rows;

    TRY(db_each(db_sql(db, "/* small */ SELECT key, value, updated_at FROM settings ORDER BY key"), a,
                setting_row, sizeof(struct setting), &rows));
    *out = (struct settings_rows){ .v = rows.v, .n = rows.n };
    return RC_OK;
}

static enum rc run_with(struct stmt *q, const char *key, const char *value, int64_t now)
{
    db_text(q, 1, key);
    db_text(q, 2, value);
    db_int(q, 3, now);
    return db_run(q);
}

#define UPSERT                                                               \
    "INSERT INTO settings (key, value, updated_at) VALUES ($1, $2, $3)"          \
    " ON CONFLICT (key) DO UPDATE SET value = excluded.value, updated_at = excluded.updated_at"

/* Whoever forgets to seal one is stopped here. */
static bool is_bare_secret(const char *key, const char *value)
{
    const struct setting_row *row = setting_row_of(key);

    return row != NULL && row->is_hidden && !text_empty(value) && !text_starts(value, SETTING_SEALED);
}

enum rc settings_put(struct db *db, const char *key, const char *value, int64_t now)
{
    if (is_bare_secret(key, value))
        return fault("the setting %s is to be stored as it is", key);
    return run_with(db_sql(db, UPSERT), key, value, now);
}

enum rc settings_seed(struct db *db, const char *key, const char *value, int64_t now)
{
    return run_with(db_sql(db, UPSERT " WHERE settings.value = '' AND excluded.value <> ''"), key, value,
                    now);
}

enum rc settings_reseal(struct db *db, const char *key, const char *from, const char *to)
{
    struct stmt *q = db_sql(db, "UPDATE settings SET value = $3 WHERE key = $1 AND value = $2");

    db_text(q, 1, key);
    db_text(q, 2, from);
    db_text(q, 3, to);
    return db_run_changed(q);
}

/* The one row of `installation`. */

static void installation_row(struct stmt *q, struct arena *a, void *out)
{
    *(struct installation *)out = (struct installation){
        .settings_version = col_int(q, 0),
        .encryption_fingerprint = col_text(q, 1, a),
        .onboard_token_hash = col_bytes(q, 2, a),
        .onboard_token_expires_at = col_int(q, 3),
    };
}

enum rc installation_get(struct db *db, struct arena *a, struct installation *out)
{
    return db_one(db_sql(db, "SELECT settings_version, encryption_fingerprint, onboard_token_hash,"
                             " onboard_token_expires_at FROM installation WHERE id = 1"),
                  a, installation_row, out);
}

static void text_row(struct stmt *q, struct arena *a, void *out)
{
    *(const char **)out = col_text(q, 0, a);
}

enum rc installation_reseal_from(struct db *db, struct arena *a, const char **out)
{
    return db_one(db_sql(db, "SELECT reseal_from FROM installation WHERE id = 1"), a, text_row, out);
}

enum rc installation_version(struct db *db, int64_t *out)
{
    return db_int_of(db_sql(db, "SELECT settings_version FROM installation WHERE id = 1"), out);
}

static enum rc bump(struct db *db, void *arg)
{
    (void)arg;
    db_change(db);
    return db_run(db_sql(db, "UPDATE installation SET settings_version = settings_version + 1"
                             " WHERE id = 1"));
}

enum rc installation_bump(struct db *db)
{
    return db_write_within(db, bump, NULL);
}

enum rc installation_set_fingerprint(struct db *db, const char *fingerprint)
{
    struct stmt *q = db_sql(db, "UPDATE installation SET encryption_fingerprint = $1 WHERE id = 1");

    db_text(q, 1, fingerprint);
    return db_run(q);
}

enum rc installation_is_sealed(struct db *db, struct arena *a, const char *fingerprint, bool *out)
{
    struct installation found;
    const char *from;

    TRY(installation_get(db, a, &found));
    TRY(installation_reseal_from(db, a, &from));
    *out = from == NULL && text_same(found.encryption_fingerprint, fingerprint);
    return RC_OK;
}

enum rc installation_set_sealing(struct db *db, const char *fingerprint, const char *from)
{
    struct stmt *q = db_sql(db, "UPDATE installation SET encryption_fingerprint = $1, reseal_from = $2 WHERE id = 1");

    db_text(q, 1, fingerprint);
    db_text(q, 2, from);
    return db_run(q);
}

enum rc installation_set_onboard_token(struct db *db, struct bytes hash, int64_t expires_at)
{
    struct stmt *q = db_sql(db, "UPDATE installation SET onboard_token_hash = $1,"
                                " onboard_token_expires_at = $2 WHERE id = 1");

    db_bytes(q, 1, hash.n ? hash : (struct bytes){ 0 });
    db_int_or_null(q, 2, hash.n ? expires_at : 0);
    return db_run(q);
}
