#include "config.h"

#include "store/sessions.h"

/* The cascades of flows 11, each in one transaction and idempotent. */

struct ending {
    const char *id;        /* of a session, or of a user */
    const char *except_id;
    const char *why;
    int64_t now;
};

static enum rc run_with(struct stmt *q, const struct ending *e, bool has_except)
{
    db_text(q, 1, e->id);
    db_int(q, 2, e->now);
    if (has_except)
        db_text(q, 3, e->except_id);
    return db_run(q);
}

static enum rc run_with_why(struct stmt *q, const struct ending *e)
{
    db_text(q, 4, e->why);
    return run_with(q, e, true);
}

static enum rc end_one(struct db *db, void *arg)
{
    const struct ending *e = arg;
    struct stmt *q;

    TRY(run_with(db_sql(db, "UPDATE sessions SET ended_at = $2"
                            " WHERE id = $1 AND ended_at IS NULL"), e, false));
    TRY(run_with(db_sql(db, "UPDATE authorization_codes SET redeemed_at = $2"
                            " WHERE session_id = $1 AND redeemed_at IS NULL"), e, false));
    q = db_sql(db, "UPDATE token_families SET revoked_at = $2, revoked_why = $3"
                   " WHERE session_id = $1 AND revoked_at IS NULL");
    db_text(q, 1, e->id);
    db_int(q, 2, e->now);
    db_text(q, 3, e->why);
    return db_run(q);
}

enum rc sessions_end(struct db *db, const char *id, const char *why, int64_t now)
{
    struct ending e = { .id = id, .why = why, .now = now };

    return db_write_within(db, end_one, &e);
}

static enum rc end_of_user(struct db *db, void *arg)
{
    const struct ending *e = arg;

    /* one that was begun with a password that is no longer right */
    TRY(run_with(db_sql(db, "UPDATE mfa_challenges SET used_at = $2 WHERE user_id = $1 AND used_at IS NULL"), e,
                 false));
    TRY(run_with(db_sql(db, "UPDATE sessions SET ended_at = $2 WHERE user_id = $1"
                            " AND ended_at IS NULL AND (CAST($3 AS TEXT) IS NULL OR id <> $3)"),
                 e, true));
    TRY(run_with(db_sql(db, "UPDATE authorization_codes SET redeemed_at = $2 WHERE redeemed_at IS NULL"
                            " AND session_id IN (SELECT s.id FROM sessions s WHERE s.user_id = $1"
                            " AND (CAST($3 AS TEXT) IS NULL OR s.id <> $3))"),
                 e, true));
    return run_with_why(db_sql(db, "UPDATE token_families SET revoked_at = $2, revoked_why = $4"
                                   " WHERE user_id = $1 AND revoked_at IS NULL"
                                   " AND session_id IS NOT NULL"
                                   " AND (CAST($3 AS TEXT) IS NULL OR session_id <> $3)"),
                        e);
}

enum rc sessions_end_of_user(struct db *db, const char *user_id, const char *except_id, const char *why,
                             int64_t now)
{
    struct ending e = { .id = user_id, .except_id = except_id, .why = why, .now = now };

    return db_write_within(db, end_of_user, &e);
}

/* Cleanup: two ways to have lived too long. */

struct tired {
    int64_t idle_before, created_before, limit, now;
    int64_t ended_n;
};

static void id_row(struct stmt *q, struct arena *a, void *out)
{
    *(const char **)out = col_text(q, 0, a);
}

static enum rc end_each(struct db *db, struct arena *a, struct stmt *q, int64_t before, const char *why,
                        struct tired *t)
{
    struct rows ids;

    db_int(q, 1, before);
    db_int(q, 2, t->limit - t->ended_n);
    TRY(db_each(q, a, id_row, sizeof(const char *), &ids));
    for (size_t i = 0; i < ids.n; i++) {
        TRY(sessions_end(db, ((const char **)ids.v)[i], why, t->now));
        t->ended_n++;
    }
    return RC_OK;
}

static enum rc end_tired_on(struct db *db, struct arena *a, struct tired *t)
{
    t->ended_n = 0; /* this may be another try */
    TRY(end_each(db, a, db_sql(db, "SELECT id FROM sessions WHERE ended_at IS NULL"
                                   " AND last_activity_at < $1 ORDER BY last_activity_at LIMIT $2"),
                 t->idle_before, "idle", t));
    return end_each(db, a, db_sql(db, "SELECT id FROM sessions WHERE ended_at IS NULL"
                                      " AND created_at < $1 ORDER BY created_at LIMIT $2"),
                    t->created_before, "max_age", t);
}

static enum rc end_tired(struct db *db, void *arg)
{
    struct arena *a = arena_start("sessions_end_idle");
    enum rc rc = end_tired_on(db, a, arg);

    arena_done(a);
    return rc;
}

enum rc sessions_end_idle(struct db *db, int64_t idle_before, int64_t created_before, int64_t limit,
                          int64_t now, int64_t *out_n)
{
    struct tired t = {
        .idle_before = idle_before, .created_before = created_before, .limit = limit, .now = now,
    };

    TRY(db_write_within(db, end_tired, &t));
    *out_n = t.ended_n;
    return RC_OK;
}
