#include "config.h"

#include "store/replays.h"

enum rc replays_spend(struct db *db, struct bytes value_hash, int64_t expires_at)
{
    struct stmt *q = db_sql(db, "INSERT INTO replays (value_hash, expires_at) VALUES ($1, $2)"
                                " ON CONFLICT (value_hash) DO NOTHING");

    db_bytes(q, 1, value_hash);
    db_int(q, 2, expires_at);
    TRY(db_run(q));
    return db_changed(db) ? RC_OK : RC_REFUSED;
}

enum rc replays_sweep(struct db *db, int64_t expired_before, int64_t limit, int64_t *out_n)
{
    struct stmt *q = db_sql(db, "DELETE FROM replays WHERE value_hash IN (SELECT value_hash FROM replays"
                                " WHERE expires_at < $1 ORDER BY expires_at LIMIT $2)");

    db_int(q, 1, expired_before);
    db_int(q, 2, limit);
    TRY(db_run(q));
    *out_n = db_changed(db);
    return RC_OK;
}
