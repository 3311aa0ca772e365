#include "config.h"

#include "store/secrets_seen.h"

enum rc secrets_seen_note(struct db *db, const char *name, const char *fingerprint, int64_t now)
{
    struct stmt *q = db_sql(db,
        "INSERT INTO secrets_seen (name, fingerprint, since_at) VALUES ($1, $2, $3)"
        " ON CONFLICT (name) DO UPDATE SET fingerprint = excluded.fingerprint, since_at = excluded.since_at"
        " WHERE secrets_seen.fingerprint <> excluded.fingerprint");

    db_text(q, 1, name);
    db_text(q, 2, fingerprint);
    db_int(q, 3, now);
    return db_run(q);
}

enum rc secrets_seen_since(struct db *db, const char *name, const char *fingerprint, int64_t *out)
{
    struct stmt *q = db_sql(db, "SELECT since_at FROM secrets_seen WHERE name = $1 AND fingerprint = $2");

    db_text(q, 1, name);
    db_text(q, 2, fingerprint);
    return db_int_of(q, out);
}
