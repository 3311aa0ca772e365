#include "config.h"

#include "store/limits.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "store/migrate.h"
#include "util/clock.h"
#include "util/log.h"

#define LOCK_MS 250       /* a limiter that must wait longer is no help to anybody */
#define QUIET_MS 60000    /* between two lines of log, and two tries to open */
#define LOOK_MS 1000      /* between two looks at which file has the name */
#define IDLE_MS 600000
#define SWEEP_TURN "500"
#define UNLIMITED 1e9     /* tokens of a tier that is off */

struct limits {
    char path[PATH_MAX - 8]; /* of limits.db; there must be room for a suffix */
    struct limits_rates rates;
    struct write_lock *lock;
    struct db *db;           /* NULL: could not be opened again */
    ino_t inode;             /* of the file that `db` has open */
    int64_t look_at_ms, log_at_ms;
};

/*
 * The file is never repaired, only replaced by another, and whatever depends on
 * its name is done under the lock, so that nobody opens one file beside the
 * -wal of another.  Who has the old one open goes on with that, nameless as it
 * is, until the next look.
 */

static void remove_beside(const struct limits *l, const char *suffix)
{
    char name[PATH_MAX];

    snprintf(name, sizeof name, "%s%s", l->path, suffix);
    if (unlink(name) != 0 && errno != ENOENT)
        log_event(LOG_LEVEL_WARNING, "limits_not_removed", "path", name, "why", strerror(errno), NULL);
}

static bool has_name(const struct limits *l, ino_t *inode)
{
    struct stat st;

    if (stat(l->path, &st) != 0)
        return false;
    *inode = st.st_ino;
    return true;
}

static enum rc open_file(struct limits *l)
{
    struct db_open how = { .path = l->path, .create = true, .is_limits = true, .wrote_fd = -1 };
    enum rc rc;

    if (!has_name(l, &l->inode)) {
        remove_beside(l, "-wal");
        remove_beside(l, "-shm");
    }
    TRY(db_open(&how, &l->db));
    rc = migrate_limits(l->db);
    if (rc == RC_OK && has_name(l, &l->inode))
        return RC_OK;
    db_close(l->db);
    l->db = NULL;
    return fault("limits: cannot use %s", l->path);
}

/* Under the lock: the file that has the name now, or a new one. */
static enum rc reopen(struct limits *l, bool is_damaged)
{
    ino_t inode;
    enum rc rc;

    db_close(l->db);
    l->db = NULL;
    if (is_damaged && has_name(l, &inode) && inode == l->inode)
        remove_beside(l, "");
    rc = open_file(l);
    if (rc == RC_OK)
        return RC_OK;
    remove_beside(l, "");
    return open_file(l);
}

static void complain(struct limits *l, const char *why)
{
    int64_t now_ms = clock_mono_ms();

    if (now_ms < l->log_at_ms)
        return;
    l->log_at_ms = now_ms + QUIET_MS;
    log_event(LOG_LEVEL_ERROR, "limits_passing", "why", why, NULL);
}

static void mend(struct limits *l, bool is_damaged)
{
    if (write_lock_take(l->lock, LOCK_MS) != RC_OK)
        return;
    if (reopen(l, is_damaged) != RC_OK)
        l->look_at_ms = clock_mono_ms() + QUIET_MS;
    else
        log_event(LOG_LEVEL_WARNING, "limits_reopened", "path", l->path, NULL);
    write_lock_give(l->lock);
}

/* Has somebody put another file in place? */
static void look(struct limits *l)
{
    int64_t now_ms = clock_mono_ms();
    ino_t inode;

    if (now_ms < l->look_at_ms)
        return;
    l->look_at_ms = now_ms + LOOK_MS;
    if (l->db == NULL || !has_name(l, &inode) || inode != l->inode)
        mend(l, false);
}

enum rc limits_open(const char *dir, bool recreate, const struct limits_rates *rates, struct limits **out)
{
    struct limits *l = calloc(1, sizeof *l);
    char lock_path[PATH_MAX];
    enum rc rc;
    int n;

    if (l == NULL)
        die("limits: no memory");
    l->rates = *rates;
    n = snprintf(l->path, sizeof l->path, "%s/limits.db", dir);
    if (n < 0 || (size_t)n >= sizeof l->path) {
        free(l);
        return fault("limits: %s: path too long", dir);
    }
    snprintf(lock_path, sizeof lock_path, "%s/limits.lock", dir);
    rc = write_lock_open(lock_path, &l->lock);
    rc = rc == RC_OK ? write_lock_take(l->lock, 5000) : rc;
    if (rc == RC_OK) {
        if (recreate)
            remove_beside(l, "");
        rc = reopen(l, false);
        write_lock_give(l->lock);
    }
    if (rc != RC_OK) {
        limits_close(l);
        return RC_FAULT;
    }
    *out = l;
    return RC_OK;
}

void limits_close(struct limits *l)
{
    if (l == NULL)
        return;
    db_close(l->db);
    write_lock_close(l->lock);
    free(l);
}

struct db *limits_db(struct limits *l)
{
    return l->db;
}

/*
 * One statement for both tiers.  $2, $3: burst; $4, $5: tokens per millisecond;
 * $6: now.  A request takes one of each, or none.
 */
#define SINCE "(CASE WHEN $6 > buckets.at_ms THEN $6 - buckets.at_ms ELSE 0 END)"
#define FILLED(tokens, rate, burst)                                                          \
    "(CASE WHEN buckets." tokens " + " SINCE " * " rate " > " burst " THEN " burst                \
    " ELSE buckets." tokens " + " SINCE " * " rate " END)"
#define SECOND FILLED("tokens", "$4", "$2")
#define MINUTE FILLED("minute_tokens", "$5", "$3")
#define TAKEN "(CASE WHEN " SECOND " >= 1 AND " MINUTE " >= 1 THEN 1 ELSE 0 END)"

static double burst_of(int64_t burst)
{
    return burst < 1 ? 1.0 : (double)burst;
}

static void bind_bursts(struct stmt *q, const struct limits_rates *r)
{
    db_real(q, 2, burst_of(r->burst));
    db_real(q, 3, r->rpm > 0 ? burst_of(r->rpm_burst) : UNLIMITED);
}

static enum rc take(struct limits *l, const char *key, int64_t now_ms, int64_t *out)
{
    const struct limits_rates *r = &l->rates;
    struct stmt *q = db_sql(l->db,
        "INSERT INTO buckets (key, tokens, minute_tokens, is_taken, at_ms)"
        " VALUES ($1, $2 - 1, $3 - 1, 1, $6) ON CONFLICT (key) DO UPDATE SET"
        " tokens = " SECOND " - " TAKEN ", minute_tokens = " MINUTE " - " TAKEN ","
        " is_taken = " TAKEN ", at_ms = $6 RETURNING is_taken");

    db_text(q, 1, key);
    bind_bursts(q, r);
    db_real(q, 4, r->rps / 1000);
    db_real(q, 5, r->rpm > 0 ? r->rpm / 60000 : UNLIMITED);
    db_int(q, 6, now_ms);
    return db_int_of(q, out);
}

static enum rc refund(struct limits *l, const char *key, int64_t now_ms, int64_t *out)
{
    struct stmt *q = db_sql(l->db,
        "UPDATE buckets SET tokens = CASE WHEN tokens + 1 > $2 THEN $2 ELSE tokens + 1 END,"
        " minute_tokens = CASE WHEN minute_tokens + 1 > $3 THEN $3 ELSE minute_tokens + 1 END"
        " WHERE key = $1");

    (void)now_ms; /* what time adds is added by the next take */
    *out = 1;
    db_text(q, 1, key);
    bind_bursts(q, &l->rates);
    return db_run(q);
}

/* Run one of the two under the lock; any fault means: let it pass. */
static bool guarded(struct limits *l, const char *key, int64_t now_ms,
                    enum rc (*step)(struct limits *, const char *, int64_t, int64_t *))
{
    int64_t passes = 1;
    enum rc rc;

    if (l->rates.rps <= 0)
        return true;
    look(l);
    if (l->db == NULL || write_lock_take(l->lock, LOCK_MS) != RC_OK) {
        complain(l, l->db ? "no lock" : "no database");
        return true;
    }
    rc = step(l, key, now_ms, &passes);
    write_lock_give(l->lock);
    if (rc == RC_OK)
        return passes != 0;
    complain(l, db_why(l->db));
    if (db_is_damaged(l->db))
        mend(l, true);
    return true;
}

bool limits_take(struct limits *l, const char *key, int64_t now_ms)
{
    return guarded(l, key, now_ms, take);
}

void limits_refund(struct limits *l, const char *key, int64_t now_ms)
{
    (void)guarded(l, key, now_ms, refund);
}

/*
 * Sweeping walks the keys: an index of times would cost every request.
 */

struct turn { char after[128], upto[128]; bool is_last; };

static void key_row(struct stmt *q, struct arena *a, void *out)
{
    snprintf(out, sizeof ((struct turn *)0)->upto, "%s", col_text_or(q, 0, a, ""));
}

static enum rc find_turn(struct limits *l, struct arena *a, struct turn *t)
{
    struct stmt *q = db_sql(l->db, "SELECT key FROM buckets WHERE key > $1 ORDER BY key"
                                   " LIMIT 1 OFFSET " SWEEP_TURN);
    enum rc rc;

    db_text(q, 1, t->after);
    rc = db_one(q, a, key_row, t->upto);
    t->is_last = rc == RC_NONE;
    return t->is_last ? RC_OK : rc;
}

static enum rc sweep_turn(struct limits *l, struct arena *a, struct turn *t, int64_t before_ms)
{
    struct stmt *q;

    TRY(find_turn(l, a, t));
    q = db_sql(l->db, "DELETE FROM buckets WHERE key > $1 AND at_ms < $3"
                      " AND (CAST($2 AS TEXT) IS NULL OR key <= $2)");
    db_text(q, 1, t->after);
    db_text(q, 2, t->is_last ? NULL : t->upto);
    db_int(q, 3, before_ms);
    TRY(db_run(q));
    memcpy(t->after, t->upto, sizeof t->after);
    return RC_OK;
}

void limits_sweep(struct limits *l, int64_t now_ms)
{
    struct arena *a = arena_start("limits_sweep");
    struct turn t = { .is_last = false };
    enum rc rc = RC_OK;

    look(l);
    while (l->db && rc == RC_OK && !t.is_last && write_lock_take(l->lock, LOCK_MS) == RC_OK) {
        rc = sweep_turn(l, a, &t, now_ms - IDLE_MS);
        write_lock_give(l->lock);
    }
    if (rc != RC_OK)
        complain(l, db_why(l->db));
    arena_done(a);
}
