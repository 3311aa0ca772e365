#include "config.h"

#include "store/lockouts.h"

static void lockout_row(struct stmt *q, struct arena *a, void *out)
{
    (void)a;
    *(struct lockout *)out = (struct lockout){
        .failures_n = col_int(q, 0),
        .locked_until_at = col_int(q, 1),
        .pending_n = col_int(q, 2),
    };
}

#define FIND(table, pending) "SELECT failures_n, locked_until_at, " pending " FROM " table " WHERE user_id = $1"
#define CLEAR(table) "DELETE FROM " table " WHERE user_id = $1"
#define GIVE_BACK(table)                                                                   \
    "UPDATE " table " SET failures_n = failures_n - 1,"                                        \
    " locked_until_at = CASE WHEN failures_n - 1 >= $2 THEN locked_until_at END"               \
    " WHERE user_id = $1 AND failures_n > 0"

/* The next count: from one again after a lock that has expired. */
#define NEXT(table) "CASE WHEN " table ".locked_until_at IS NULL THEN " table ".failures_n + 1 ELSE 1 END"
#define COUNT_ATTEMPT(table, more, one, next)                                              \
    "INSERT INTO " table " (user_id, failures_n, locked_until_at" more ")"                     \
    " VALUES ($1, 1, CASE WHEN 1 >= $2 THEN CAST($3 AS BIGINT) END" one ")"                    \
    " ON CONFLICT (user_id) DO UPDATE SET failures_n = " NEXT(table) ","                       \
    " locked_until_at = CASE WHEN " NEXT(table) " >= $2 THEN CAST($3 AS BIGINT) END" next      \
    " WHERE " table ".locked_until_at IS NULL OR " table ".locked_until_at <= $4"              \
    " RETURNING failures_n, locked_until_at, 0"

/* The first of a count begins that of the pending ones too: who was killed over a password
 * never takes his back. */
#define NEXT_PENDING                                                                       \
    ", pending_n = CASE WHEN " NEXT("lockouts") " = 1 THEN 1 ELSE lockouts.pending_n + 1 END"

static struct stmt *find(struct db *db, bool is_factor)
{
    return is_factor ? db_sql(db, FIND("factor_lockouts", "0")) : db_sql(db, FIND("lockouts", "pending_n"));
}

static enum rc read_row(struct db *db, struct arena *a, bool is_factor, const char *user_id, struct lockout *out)
{
    struct stmt *q = find(db, is_factor);

    db_text(q, 1, user_id);
    return db_one(q, a, lockout_row, out);
}

enum rc lockouts_find(struct db *db, struct arena *a, const char *user_id, struct lockout *out)
{
    return read_row(db, a, false, user_id, out);
}

enum rc lockouts_find_factor(struct db *db, struct arena *a, const char *user_id, struct lockout *out)
{
    return read_row(db, a, true, user_id, out);
}

struct claim {
    struct arena *a;
    bool is_factor;
    const char *user_id;
    int64_t max, duration_s, now;
    bool is_locked;
    struct lockout found;
};

static enum rc count_attempt(struct db *db, struct claim *c)
{
    struct stmt *q = c->is_factor ? db_sql(db, COUNT_ATTEMPT("factor_lockouts", "", "", ""))
                                  : db_sql(db, COUNT_ATTEMPT("lockouts", ", pending_n", ", 1", NEXT_PENDING));

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
    return c->is_locked ? read_row(db, c->a, c->is_factor, c->user_id, &c->found) : rc;
}

static enum rc run_claim(struct db *db, struct claim *c, struct lockout *out)
{
    if (c->max <= 0) {
        *out = (struct lockout){ 0 };
        return RC_OK;
    }
    TRY(db_write_within(db, claim, c));
    *out = c->found;
    return c->is_locked ? RC_REFUSED : RC_OK;
}

enum rc lockouts_claim(struct db *db, struct arena *a, const char *user_id, int64_t max, int64_t duration_s,
                       int64_t now, struct lockout *out)
{
    struct claim c = { .a = a, .user_id = user_id, .max = max, .duration_s = duration_s, .now = now };

    return run_claim(db, &c, out);
}

enum rc lockouts_claim_factor(struct db *db, struct arena *a, const char *user_id, int64_t max, int64_t duration_s,
                              int64_t now, struct lockout *out)
{
    struct claim c = { .a = a, .is_factor = true, .user_id = user_id, .max = max, .duration_s = duration_s,
                       .now = now };

    return run_claim(db, &c, out);
}

static enum rc run_with_user(struct stmt *q, const char *user_id)
{
    db_text(q, 1, user_id);
    return db_run(q);
}

enum rc lockouts_clear(struct db *db, const char *user_id)
{
    return run_with_user(db_sql(db, CLEAR("lockouts")), user_id);
}

enum rc lockouts_clear_factor(struct db *db, const char *user_id)
{
    return run_with_user(db_sql(db, CLEAR("factor_lockouts")), user_id);
}

static enum rc give_back(struct stmt *q, const char *user_id, int64_t max)
{
    db_int(q, 2, max);
    return run_with_user(q, user_id);
}

enum rc lockouts_settle(struct db *db, const char *user_id)
{
    return run_with_user(db_sql(db, "UPDATE lockouts SET pending_n = pending_n - 1 WHERE user_id = $1 AND pending_n > 0"),
                         user_id);
}

enum rc lockouts_give_back(struct db *db, const char *user_id, int64_t max)
{
    TRY(give_back(db_sql(db, GIVE_BACK("lockouts")), user_id, max));
    return lockouts_settle(db, user_id);
}

enum rc lockouts_give_back_factor(struct db *db, const char *user_id, int64_t max)
{
    return give_back(db_sql(db, GIVE_BACK("factor_lockouts")), user_id, max);
}

enum rc lockouts_count_locked(struct db *db, int64_t now, int64_t *out)
{
    struct stmt *q = db_sql(db, "/* count locked */ SELECT COUNT(*) FROM lockouts WHERE locked_until_at > $1");

    db_int(q, 1, now);
    return db_int_of(q, out);
}
