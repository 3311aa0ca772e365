#include "config.h"

#include "store/db.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "util/log.h"

/*
 * The mutex inherits priority not for the priority's sake: only then does the
 * kernel hand it over to the one who waited longest, instead of letting
 * whoever runs first take it again.
 */

#define LOCK_MAGIC "autlock"
#define LOCK_VERSION 4
#define BOOT_ID_CHARS 36
#define OPEN_TRIES 100

struct lock_page {    /* what stands before the mutex never moves, whatever the version */
    char magic[8];
    uint32_t version;
    uint32_t size; /* of this struct: 32-bit programs have another mutex */
    char boot_id[BOOT_ID_CHARS + 4];
    pthread_mutex_t mutex;
    pthread_mutex_t sync_mutex;   /* one syncs for all who wait */
    uint64_t committed_n;         /* written with the mutex held */
    uint64_t synced_n;            /* commits known to be on disk; written with the sync_mutex held */
    uint32_t is_sync_lost;        /* a sync failed: what the kernel still has to write, nobody knows */
    uint32_t is_kept;             /* the last holder met somebody who writes without the lock */
    uint64_t changes;             /* odd: one is under way; written with the mutex held */
};

struct write_lock {
    struct lock_page *page;
    pid_t holder; /* the process of ours that holds it, or 0 */
};

static enum rc read_boot_id(char out[BOOT_ID_CHARS + 1])
{
    int fd = open("/proc/sys/kernel/random/boot_id", O_RDONLY | O_CLOEXEC);
    ssize_t n = fd < 0 ? -1 : read(fd, out, BOOT_ID_CHARS);

    if (fd >= 0)
        close(fd);
    if (n != BOOT_ID_CHARS)
        return fault("store: cannot read the boot id");
    out[BOOT_ID_CHARS] = '\0';
    return RC_OK;
}

static int init_mutex(pthread_mutex_t *mutex)
{
    pthread_mutexattr_t attr;
    int e = pthread_mutexattr_init(&attr);

    e = e ? e : pthread_mutexattr_setpshared(&attr, PTHREAD_PROCESS_SHARED);
    e = e ? e : pthread_mutexattr_setrobust(&attr, PTHREAD_MUTEX_ROBUST);
    e = e ? e : pthread_mutexattr_setprotocol(&attr, PTHREAD_PRIO_INHERIT);
    e = e ? e : pthread_mutexattr_settype(&attr, PTHREAD_MUTEX_ERRORCHECK);
    e = e ? e : pthread_mutex_init(mutex, &attr);
    pthread_mutexattr_destroy(&attr);
    return e;
}

/* The magic goes in last: a killed initialiser leaves a page that is not ours. */
static enum rc init_page(struct lock_page *p, const char *boot_id)
{
    int e;

    memset(p, 0, sizeof *p);
    e = init_mutex(&p->mutex);
    e = e ? e : init_mutex(&p->sync_mutex);
    if (e != 0)
        return fault("store: write lock: %s", strerror(e));
    memcpy(p->boot_id, boot_id, BOOT_ID_CHARS);
    p->version = LOCK_VERSION;
    p->size = sizeof *p;
    __atomic_thread_fence(__ATOMIC_RELEASE);
    memcpy(p->magic, LOCK_MAGIC, sizeof p->magic);
    return RC_OK;
}

static bool is_ours(const struct lock_page *p)
{
    return memcmp(p->magic, LOCK_MAGIC, sizeof p->magic) == 0 && p->version == LOCK_VERSION &&
           p->size == sizeof *p;
}

static bool is_of_boot(const struct lock_page *p, const char *boot_id)
{
    return strncmp(p->boot_id, boot_id, sizeof p->boot_id) == 0;
}

/* RC_NONE: the path names another file by now. */
static enum rc lock_file(int fd, const char *path, struct stat *st)
{
    struct stat now;

    while (flock(fd, LOCK_EX) != 0)
        if (errno != EINTR)
            return fault("store: cannot lock %s: %s", path, strerror(errno));
    if (fstat(fd, st) != 0 || !S_ISREG(st->st_mode))
        return fault("store: %s is not a regular file", path);
    if (lstat(path, &now) != 0 || now.st_ino != st->st_ino || now.st_dev != st->st_dev)
        return RC_NONE;
    return RC_OK;
}

static enum rc map_file(int fd, const char *path, off_t size, struct lock_page **out)
{
    void *p;

    /* not ftruncate(): touching a page for which the disk has no room would kill us */
    int e = size < (off_t)sizeof(struct lock_page) ? posix_fallocate(fd, 0, sizeof(struct lock_page)) : 0;

    if (e != 0)
        return fault("store: cannot grow %s: %s", path, strerror(e));
    p = mmap(NULL, sizeof(struct lock_page), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    if (p == MAP_FAILED)
        return fault("store: cannot map %s: %s", path, strerror(errno));
    *out = p;
    return RC_OK;
}

/*
 * A page of an earlier boot has no user left and is made anew in place; so is a
 * new one.  A page of this boot that is not ours (another version of the
 * program runs) is left to its users and replaced by a new file: RC_NONE.
 * SQLite's own lock still stands between the two.
 */
static enum rc adopt_page(struct lock_page *p, const char *path, off_t size, const char *boot_id)
{
    bool is_new = size == 0 || p->magic[0] == '\0';

    if (is_new || !is_of_boot(p, boot_id))
        return init_page(p, boot_id);
    if (is_ours(p))
        return RC_OK;
    log_event(LOG_LEVEL_WARNING, "write_lock_replaced", "path", path, NULL);
    if (unlink(path) != 0)
        return fault("store: cannot replace %s: %s", path, strerror(errno));
    return RC_NONE;
}

static enum rc open_once(const char *path, const char *boot_id, struct lock_page **out)
{
    int fd = open(path, O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0600);
    struct lock_page *page = NULL;
    struct stat st;
    enum rc rc;

    if (fd < 0)
        return fault("store: cannot open %s: %s", path, strerror(errno));
    rc = lock_file(fd, path, &st);
    rc = rc == RC_OK ? map_file(fd, path, st.st_size, &page) : rc;
    rc = rc == RC_OK ? adopt_page(page, path, st.st_size, boot_id) : rc;
    /* said out loud: the mapping keeps the open file, and so would the flock */
    (void)flock(fd, LOCK_UN);
    close(fd);
    if (rc == RC_OK)
        *out = page;
    else if (page)
        munmap(page, sizeof *page);
    return rc;
}

enum rc write_lock_open(const char *path, struct write_lock **out)
{
    char boot_id[BOOT_ID_CHARS + 1];
    struct lock_page *page = NULL;
    struct write_lock *l;
    enum rc rc = RC_NONE;

    TRY(read_boot_id(boot_id));
    for (int i = 0; rc == RC_NONE && i < OPEN_TRIES; i++)
        rc = open_once(path, boot_id, &page);
    if (rc == RC_NONE)
        return fault("store: %s keeps being replaced", path);
    TRY(rc);
    l = calloc(1, sizeof *l);
    if (l == NULL)
        die("store: no memory");
    l->page = page;
    *out = l;
    return RC_OK;
}

void write_lock_close(struct write_lock *l)
{
    if (l == NULL)
        return;
    if (l->holder == getpid())
        die("store: the write lock was closed while held");
    munmap(l->page, sizeof *l->page);
    free(l);
}

static struct timespec deadline_of(clockid_t clock, int64_t timeout_ms)
{
    struct timespec t;

    clock_gettime(clock, &t);
    t.tv_sec += timeout_ms / 1000;
    t.tv_nsec += timeout_ms % 1000 * 1000000;
    if (t.tv_nsec >= 1000000000) {
        t.tv_sec++;
        t.tv_nsec -= 1000000000;
    }
    return t;
}

/* Linux before 5.14 waits for such a mutex on the wall clock only. */
static int lock_mutex(pthread_mutex_t *mutex, int64_t timeout_ms)
{
    struct timespec t = deadline_of(CLOCK_MONOTONIC, timeout_ms);
    int e = pthread_mutex_clocklock(mutex, CLOCK_MONOTONIC, &t);

    if (e != EINVAL)
        return e;
    t = deadline_of(CLOCK_REALTIME, timeout_ms);
    return pthread_mutex_timedlock(mutex, &t);
}

/* RC_NONE: timed out. */
static enum rc take(pthread_mutex_t *mutex, int64_t timeout_ms)
{
    int e = lock_mutex(mutex, timeout_ms);

    if (e == EOWNERDEAD) {
        /* what the dead one left half-done, SQLite forgets by itself */
        log_event(LOG_LEVEL_WARNING, "write_lock_owner_died", NULL);
        e = pthread_mutex_consistent(mutex);
    }
    if (e == ETIMEDOUT)
        return RC_NONE;
    if (e == EDEADLK)
        die("store: the write lock was taken twice");
    return e == 0 ? RC_OK : fault("store: write lock: %s", strerror(e));
}

static void give(pthread_mutex_t *mutex)
{
    int e = pthread_mutex_unlock(mutex);

    if (e != 0)
        die("store: write lock: %s", strerror(e));
}

enum rc write_lock_take(struct write_lock *l, int64_t timeout_ms)
{
    TRY(take(&l->page->mutex, timeout_ms));
    l->holder = getpid();
    return RC_OK;
}

/* A change that is under way is ours, or of a dead one whose transaction is over. */
static void end_change(struct lock_page *p)
{
    if (p->changes & 1)
        __atomic_store_n(&p->changes, p->changes + 1, __ATOMIC_RELEASE);
}

void write_lock_give(struct write_lock *l)
{
    end_change(l->page);
    l->holder = 0;
    give(&l->page->mutex);
}

/* Strangers. */

void write_lock_set_kept(struct write_lock *l, bool is_kept)
{
    __atomic_store_n(&l->page->is_kept, is_kept, __ATOMIC_SEQ_CST);
}

bool write_lock_is_kept(const struct write_lock *l)
{
    return __atomic_load_n(&l->page->is_kept, __ATOMIC_SEQ_CST) != 0;
}

/* Changes of what processes keep in memory. */

void write_lock_change(struct write_lock *l)
{
    if ((l->page->changes & 1) == 0)
        __atomic_store_n(&l->page->changes, l->page->changes + 1, __ATOMIC_SEQ_CST);
}

bool write_lock_has_changed(const struct write_lock *l, uint64_t *seen)
{
    uint64_t now = __atomic_load_n(&l->page->changes, __ATOMIC_SEQ_CST);
    bool has = now != *seen || (now & 1) != 0;

    *seen = now;
    return has;
}

/* Commits: who shares a sync, and who looks for news. */

uint64_t write_lock_count_commit(struct write_lock *l)
{
    return __atomic_add_fetch(&l->page->committed_n, 1, __ATOMIC_SEQ_CST);
}

uint64_t write_lock_commits(const struct write_lock *l)
{
    return __atomic_load_n(&l->page->committed_n, __ATOMIC_SEQ_CST);
}

/* Holding the sync_mutex.  The count is read before the sync begins: whatever it
 * covers was written before that. */
static enum rc sync_all(struct lock_page *p, uint64_t commit_n, write_lock_sync_fn *sync, void *arg)
{
    uint64_t all = __atomic_load_n(&p->committed_n, __ATOMIC_SEQ_CST);
    enum rc rc;

    if (p->synced_n >= commit_n)
        return RC_OK;
    rc = sync(arg);
    if (rc == RC_OK)
        p->synced_n = all;
    else
        __atomic_store_n(&p->is_sync_lost, 1, __ATOMIC_SEQ_CST);
    return rc;
}

enum rc write_lock_sync(struct write_lock *l, uint64_t commit_n, int64_t timeout_ms,
                        write_lock_sync_fn *sync, void *arg)
{
    enum rc rc;

    TRY(take(&l->page->sync_mutex, timeout_ms));
    rc = sync_all(l->page, commit_n, sync, arg);
    give(&l->page->sync_mutex);
    return rc;
}

bool write_lock_is_sync_lost(const struct write_lock *l)
{
    return __atomic_load_n(&l->page->is_sync_lost, __ATOMIC_SEQ_CST) != 0;
}

void write_lock_sync_found(struct write_lock *l)
{
    __atomic_store_n(&l->page->is_sync_lost, 0, __ATOMIC_SEQ_CST);
}
