#include "config.h"

#include "store/lockouts.h"

static void lockout_row(struct stmt *q, struct arena *a, void *out)
{
    (void)a;
    *(struct lockout *)out = (struct lockout){
        .failures_n = col_int(q, 0),
        .locked_until_at = col_int(q, 1),
    };
}

enum rc lockouts_find(struct db *db, struct arena *a, const char *user_id, struct lockout *out)
{
    struct stmt *q = db_sql(db, "SELECT failures_n, locked_until_at FROM lockouts WHERE user_id = $1");

    db_text(q, 1, user_id);
    return db_one(q, a, lockout_row, out);
}

struct claim {
    struct arena *a;
    const char *user_id;
    int64_t max, duration_s, now;
    bool is_locked;
    struct lockout found;
};

/* The next count: from one again after a lock that has expired. */
#define NEXT "CASE WHEN lockouts.locked_until_at IS NULL THEN lockouts.failures_n + 1 ELSE 1 END"

static enum rc count_attempt(struct db *db, struct claim *c)
{
    struct stmt *q = db_sql(db,
        "INSERT INTO lockouts (user_id, failures_n, locked_until_at)"
        " VALUES ($1, 1, CASE WHEN 1 >= $2 THEN CAST($3 AS BIGINT) END)"
        " ON CONFLICT (user_id) DO UPDATE SET failures_n = " NEXT ","
        " locked_until_at = CASE WHEN " NEXT " >= $2 THEN CAST($3 AS BIGINT) END"
        " WHERE lockouts.locked_until_at IS NULL OR lockouts.locked_until_at <= $4"
        " RETURNING failures_n, locked_until_at");

    db_text(q, 1, c->user_id);
    db_int(q, 2, c->max);
    db_int(q, 3, c->now + c->duration_s);
    db_int(q, 4, c->now);
    return db_one(q, c->a, lockout_row, &c->found);
}

static enum rc claim(struct db *db, void *arg)
{
    struct claim *c = arg;
    enum rc rc = count_attempt(db, c);

    c->is_locked = rc == RC_NONE;
    return c->is_locked ? lockouts_find(db, c->a, c->user_id, &c->found) : rc;
}

enum rc lockouts_claim(struct db *db, struct arena *a, const char *user_id, int64_t max, int64_t duration_s,
                       int64_t now, struct lockout *out)
{
    struct claim c = { .a = a, .user_id = user_id, .max = max, .duration_s = duration_s, .now = now };

    if (max <= 0) {
        *out = (struct lockout){ 0 };
        return RC_OK;
    }
    TRY(db_write_within(db, claim, &c));
    *out = c.found;
    return c.is_locked ? RC_REFUSED : RC_OK;
}

enum rc lockouts_clear(struct db *db, const char *user_id)
{
    struct stmt *q = db_sql(db, "DELETE FROM lockouts WHERE user_id = $1");

    db_text(q, 1, user_id);
    return db_run(q);
}

enum rc lockouts_give_back(struct db *db, const char *user_id, int64_t max)
{
    struct stmt *q = db_sql(db,
        "UPDATE lockouts SET failures_n = failures_n - 1,"
        " locked_until_at = CASE WHEN failures_n - 1 >= $2 THEN locked_until_at END"
        " WHERE user_id = $1 AND failures_n > 0");

    db_text(q, 1, user_id);
    db_int(q, 2, max);
    return db_run(q);
}
