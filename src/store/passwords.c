#include "config.h"

#include "store/passwords.h"

static void password_row(struct stmt *q, struct arena *a, void *out)
{
    *(struct password *)out = (struct password){ col_text(q, 0, a), col_int(q, 1) };
}

enum rc passwords_find(struct db *db, struct arena *a, const char *user_id, struct password *out)
{
    struct stmt *q = db_sql(db, "SELECT hash, changed_at FROM passwords WHERE user_id = $1");

    db_text(q, 1, user_id);
    return db_one(q, a, password_row, out);
}

enum rc passwords_set(struct db *db, const char *user_id, const char *hash, int64_t now)
{
    struct stmt *q = db_sql(db,
        "INSERT INTO passwords (user_id, hash, changed_at, hashed_at) VALUES ($1, $2, $3, $3)"
        " ON CONFLICT (user_id) DO UPDATE SET hash = excluded.hash,"
        " changed_at = CASE WHEN excluded.changed_at > passwords.changed_at THEN excluded.changed_at"
        " ELSE passwords.changed_at + 1 END, hashed_at = excluded.hashed_at");

    db_text(q, 1, user_id);
    db_text(q, 2, hash);
    db_int(q, 3, now);
    return db_run(q);
}

enum rc passwords_changed_at(struct db *db, const char *user_id, int64_t *out)
{
    struct stmt *q = db_sql(db, "SELECT changed_at FROM passwords WHERE user_id = $1");

    db_text(q, 1, user_id);
    return db_int_of(q, out);
}

enum rc passwords_remove(struct db *db, const char *user_id)
{
    struct stmt *q = db_sql(db, "DELETE FROM passwords WHERE user_id = $1");

    db_text(q, 1, user_id);
    return db_run(q);
}

enum rc passwords_upgrade(struct db *db, const char *user_id, const char *old, const char *hash,
                          int64_t now)
{
    struct stmt *q = db_sql(db, "UPDATE passwords SET hash = $3, hashed_at = $4"
                                " WHERE user_id = $1 AND hash = $2");

    db_text(q, 1, user_id);
    db_text(q, 2, old);
    db_text(q, 3, hash);
    db_int(q, 4, now);
    return db_run_changed(q);
}
