#include "config.h"

#include "serve/courier.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <unistd.h>

#include "serve/audit_seal.h"
#include "serve/calls.h"
#include "serve/delivery.h"
#include "serve/sandbox.h"
#include "store/outbox.h"
#include "util/clock.h"

#define LOOK_MS 5000      /* the command line tells nobody: has there been a commit? */
#define AFTER_FAULT_MS 2000

struct courier {
    const struct pool *pool;
    struct slot *slot;
    struct write_lock *lock;
    struct db *db;
    struct delivery *delivery;
    struct audit_seal audit_seal;
    struct signer signer;   /* of the trail; deliveries have one of their own */
    uint64_t commits_seen;
    int64_t next_at;        /* unix seconds: when something is due; INT64_MAX: nothing waits */
    int64_t closed_until_ms; /* nothing is tried before */
    bool is_news;           /* look into the outbox */
};

static void drop_privileges(const struct pool *pool)
{
    const int keep[] = { pool->control[0], pool->wrote_fd, pool->outbox_fd,
                         pool->signer_queue[CHANNEL_COURIER].ask_fd };

    keyring_keep_only(pool->keys, KEY_OUTBOX);
    sandbox_child(keep, ARRAY_LEN(keep));
    sandbox_become(pool->id.uid, pool->id.gid);
}

static enum rc open_files(struct courier *c)
{
    struct db_open how = { .path = c->pool->conf->db_path, .wrote_fd = c->pool->wrote_fd,
                           .is_relaxed = c->pool->conf->durability == DURABILITY_NORMAL };

    TRY(write_lock_open(c->pool->lock_path, &c->lock));
    how.lock = c->lock;
    TRY(db_open(&how, &c->db));
    db_warm(c->db);
    c->delivery = delivery_new(c->pool, c->db);
    sandbox_close_courier(c->pool);
    calls_close(PROC_COURIER);
    return RC_OK;
}

static void start_sealing(struct courier *c)
{
    c->signer.ask_fd = c->pool->signer_queue[CHANNEL_COURIER].ask_fd;
    c->signer.late_since_ms = &c->pool->board->late_since_ms[PROC_SIGNER];
    audit_seal_start(&c->audit_seal, c->pool->conf->issuer, &c->signer);
}

/* --- when ------------------------------------------------------------------- */

static int64_t sooner(int64_t a, int64_t b)
{
    return a < b ? a : b;
}

static int wait_ms(const struct courier *c)
{
    int64_t now_ms = clock_mono_ms(), closed = c->closed_until_ms - now_ms, due = LOOK_MS;

    if (audit_seal_is_busy(&c->audit_seal))
        return 0;
    if (c->is_news || c->next_at <= clock_now())
        return (int)(closed > 0 ? sooner(closed, LOOK_MS) : 0);
    if (c->next_at < INT64_MAX)
        due = (c->next_at - clock_now()) * 1000;
    return (int)sooner(due, LOOK_MS);
}

static void note_news(struct courier *c)
{
    uint64_t n;

    if (read(c->pool->outbox_fd, &n, sizeof(n)) == sizeof(n))
        c->is_news = true;
}

/* Without a look at the disk while nobody writes. */
static bool should_stop(struct courier *c)
{
    struct pollfd fds[2] = {
        { .fd = c->pool->control[0], .events = POLLIN },
        { .fd = c->pool->outbox_fd, .events = POLLIN },
    };

    if (poll(fds, 2, wait_ms(c)) < 0 && errno != EINTR)
        die("courier: poll: %s", strerror(errno));
    if (fds[0].revents != 0)
        return true;
    if (fds[1].revents != 0)
        note_news(c);
    c->is_news |= db_has_commits(c->db, &c->commits_seen);
    return false;
}

static bool is_told_to_stop(const struct courier *c)
{
    struct pollfd fd = { .fd = c->pool->control[0], .events = POLLIN };

    return poll(&fd, 1, 0) > 0;
}

/* --- one turn ---------------------------------------------------------------- */

static void beat(const struct courier *c)
{
    __atomic_store_n(&c->slot->beat_ms, clock_mono_ms(), __ATOMIC_RELEASE);
}

/* Before every mail: the trail waits for one of them at most. */
static void seal(struct courier *c)
{
    beat(c);
    (void)audit_seal_turn(&c->audit_seal, c->db);
}

/* Until nothing is due, or the server cannot be used for now. */
static enum rc deliver_due(struct courier *c)
{
    enum rc rc = RC_OK;

    while (rc == RC_OK && !is_told_to_stop(c)) {
        int64_t pause_ms = 0;

        seal(c);
        rc = delivery_one(c->delivery, &pause_ms);
        if (pause_ms > 0) {
            c->closed_until_ms = clock_mono_ms() + pause_ms;
            return RC_OK;
        }
    }
    return rc == RC_NONE ? RC_OK : rc;
}

static enum rc read_next(struct courier *c)
{
    enum rc rc = outbox_next(c->db, &c->next_at);

    if (rc == RC_NONE)
        c->next_at = INT64_MAX;
    return rc == RC_NONE ? RC_OK : rc;
}

/* Our own commits are no news. */
static enum rc look(struct courier *c)
{
    c->is_news = false;
    TRY(read_next(c));
    if (c->next_at > clock_now())
        return RC_OK;
    TRY(deliver_due(c));
    TRY(delivery_expire(c->delivery));
    (void)db_has_commits(c->db, &c->commits_seen);
    return read_next(c);
}

static bool has_work(const struct courier *c)
{
    return clock_mono_ms() >= c->closed_until_ms && (c->is_news || c->next_at <= clock_now());
}

static void turn(struct courier *c)
{
    seal(c);
    if (!has_work(c)) {
        delivery_rest(c->delivery);
        return;
    }
    if (look(c) == RC_OK)
        return;
    c->is_news = true; /* the store is in trouble; that was logged */
    c->closed_until_ms = clock_mono_ms() + AFTER_FAULT_MS;
}

static void close_all(struct courier *c)
{
    delivery_free(c->delivery);
    audit_seal_done(&c->audit_seal);
    if (c->db != NULL)
        db_close(c->db);
    if (c->lock != NULL)
        write_lock_close(c->lock);
}

static void set_signals(void)
{
    signal(SIGINT, SIG_IGN);
    signal(SIGTERM, SIG_IGN);
    signal(SIGHUP, SIG_IGN);
    signal(SIGPIPE, SIG_IGN);
}

int courier_run(const struct pool *pool, int slot)
{
    struct courier c;

    memset(&c, 0, sizeof(c));
    c.pool = pool;
    c.slot = &pool->board->slots[slot];
    c.is_news = true;
    c.next_at = INT64_MAX;
    set_signals();
    drop_privileges(pool);
    enum rc rc = open_files(&c);
    start_sealing(&c);
    __atomic_store_n(&c.slot->is_ready, rc == RC_OK, __ATOMIC_RELEASE);
    while (rc == RC_OK && !should_stop(&c) && !(has_work(&c) && delivery_is_stale(c.delivery)))
        turn(&c);
    close_all(&c);
    return rc == RC_OK ? 0 : 1;
}
