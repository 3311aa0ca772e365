#include "config.h"

#include "serve/keeper.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <unistd.h>

#include "serve/audit_copy.h"
#include "serve/calls.h"
#include "serve/key_dates.h"
#include "serve/reseal.h"
#include "serve/sandbox.h"
#include "serve/sweep.h"
#include "store/db.h"
#include "store/limits.h"
#include "util/clock.h"

#define CHECKPOINT_AFTER_MS 50
#define IDLE_MS 1000
#define HARD_FRAMES 4000 /* WAL frames above which writers wait for a full checkpoint */
#define LIMITS_SWEEP_MS 60000

struct keeper {
    const struct pool *pool;
    struct slot *slot;
    struct write_lock *lock;
    struct db *db;
    struct limits *limits;
    struct sweep sweep;
    struct key_dates key_dates;
    struct reseal reseal;
    struct audit_copy audit_copy;
    struct signer signer;
    int64_t moved_n;    /* frames that the last checkpoint could move */
    int64_t written_ms; /* first write since the last checkpoint; 0: none */
    int64_t hard_frames;
    int64_t limits_swept_ms;
};

static void drop_privileges(const struct pool *pool)
{
    const int keep[] = { pool->control[0], pool->wrote_fd,
                         pool->signer_queue[CHANNEL_KEEPER].ask_fd };

    sandbox_child(keep, ARRAY_LEN(keep));
    sandbox_become(pool->id.uid, pool->id.gid);
}

static enum rc open_limits(struct keeper *k)
{
    const struct conf *conf = k->pool->conf;
    struct limits_rates rates = { conf->rate_rps, conf->rate_rpm, conf->rate_burst,
                                  conf->rate_rpm_burst };

    return rates.rps > 0 ? limits_open(k->pool->limits_dir, false, &rates, &k->limits) : RC_OK;
}

static enum rc open_files(struct keeper *k)
{
    /* wrote_fd -1: its own writes must not wake it again and again */
    struct db_open how = { .path = k->pool->conf->db_path, .wrote_fd = -1,
                           .is_relaxed = k->pool->conf->durability == DURABILITY_NORMAL };

    TRY(write_lock_open(k->pool->lock_path, &k->lock));
    how.lock = k->lock;
    TRY(db_open(&how, &k->db));
    db_warm(k->db);
    TRY(open_limits(k));
    audit_copy_start(&k->audit_copy, k->pool->conf->audit_syslog);
    sandbox_close_keeper(k->pool);
    calls_close(PROC_KEEPER);
    return RC_OK;
}

/* Somebody reads on and on, as a backup does: as long as nothing more can be moved, a full
 * checkpoint would keep every writer waiting for its time-out, in vain. */
static bool is_held(const struct keeper *k, const struct checkpoint *done)
{
    return done->moved_n < done->frames_n && done->moved_n == k->moved_n;
}

/* After one that failed writers are left alone for a while. */
static void checkpoint_hard(struct keeper *k, struct checkpoint *done)
{
    int64_t frames_n = done->frames_n;
    enum rc rc = db_checkpoint(k->db, true, done);

    k->hard_frames = rc == RC_OK ? HARD_FRAMES : frames_n + HARD_FRAMES;
    if (rc != RC_OK)
        log_event(LOG_LEVEL_WARNING, "checkpoint_failed", NULL);
}

static void checkpoint(struct keeper *k)
{
    struct checkpoint done = { 0, 0 };
    bool is_due;

    k->written_ms = 0;
    if (db_checkpoint(k->db, false, &done) != RC_OK)
        return;
    is_due = done.frames_n > k->hard_frames && !is_held(k, &done);
    k->moved_n = done.moved_n;
    if (is_due)
        checkpoint_hard(k, &done);
}

static void note_write(struct keeper *k)
{
    uint64_t n;

    if (read(k->pool->wrote_fd, &n, sizeof(n)) == sizeof(n) && k->written_ms == 0)
        k->written_ms = clock_mono_ms();
}

static int wait_ms(const struct keeper *k)
{
    int64_t left;

    if (sweep_is_busy(&k->sweep) || reseal_is_busy(&k->reseal))
        return 0;
    if (k->written_ms == 0)
        return IDLE_MS;
    left = k->written_ms + CHECKPOINT_AFTER_MS - clock_mono_ms();
    return left > 0 ? (int)left : 0;
}

/* While a checkpoint is due the eventfd is not watched: it would fire all the time. */
static bool should_stop(struct keeper *k)
{
    struct pollfd fds[2] = {
        { .fd = k->pool->control[0], .events = POLLIN },
        { .fd = k->written_ms == 0 ? k->pool->wrote_fd : -1, .events = POLLIN },
    };

    if (poll(fds, 2, wait_ms(k)) < 0 && errno != EINTR)
        die("keeper: poll: %s", strerror(errno));
    if (fds[1].revents & POLLIN)
        note_write(k);
    return fds[0].revents != 0;
}

static void sweep_limits(struct keeper *k)
{
    if (k->limits == NULL || clock_mono_ms() < k->limits_swept_ms + LIMITS_SWEEP_MS)
        return;
    limits_sweep(k->limits, clock_now() * 1000);
    k->limits_swept_ms = clock_mono_ms();
}

static void turn(struct keeper *k)
{
    __atomic_store_n(&k->slot->beat_ms, clock_mono_ms(), __ATOMIC_RELEASE);
    if (k->written_ms != 0 && clock_mono_ms() >= k->written_ms + CHECKPOINT_AFTER_MS)
        checkpoint(k);
    bool did_write = sweep_turn(&k->sweep, k->db);
    did_write |= key_dates_turn(&k->key_dates, k->db, &k->signer);
    did_write |= reseal_turn(&k->reseal, k->db, &k->signer);
    did_write |= audit_copy_turn(&k->audit_copy, k->db);
    if (did_write && k->written_ms == 0)
        k->written_ms = clock_mono_ms();
    sweep_limits(k);
}

static void close_all(struct keeper *k)
{
    struct checkpoint done;

    audit_copy_done(&k->audit_copy, k->db);
    if (k->db != NULL && db_checkpoint(k->db, false, &done) != RC_OK)
        log_event(LOG_LEVEL_WARNING, "checkpoint_failed", NULL);
    if (k->limits != NULL)
        limits_close(k->limits);
    if (k->db != NULL)
        db_close(k->db);
    if (k->lock != NULL)
        write_lock_close(k->lock);
    sweep_done(&k->sweep);
    key_dates_done(&k->key_dates);
    reseal_done(&k->reseal);
}

int keeper_run(const struct pool *pool, int slot)
{
    struct keeper k;

    memset(&k, 0, sizeof(k));
    k.pool = pool;
    k.slot = &pool->board->slots[slot];
    k.hard_frames = HARD_FRAMES;
    log_process("keeper");
    signal(SIGINT, SIG_IGN);
    signal(SIGTERM, SIG_IGN);
    signal(SIGHUP, SIG_IGN);
    drop_privileges(pool);
    enum rc rc = open_files(&k);
    sweep_start(&k.sweep);
    key_dates_start(&k.key_dates);
    reseal_start(&k.reseal, &pool->board->is_overlapping, pool->has_previous_key ? pool->conf->request_deadline_s * 1000 : -1);
    k.signer.ask_fd = pool->signer_queue[CHANNEL_KEEPER].ask_fd;
    __atomic_store_n(&k.slot->is_ready, rc == RC_OK, __ATOMIC_RELEASE);
    while (rc == RC_OK && !should_stop(&k))
        turn(&k);
    close_all(&k);
    return rc == RC_OK ? 0 : 1;
}
