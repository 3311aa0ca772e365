/*
 * writers DATABASE LOCK N SECONDS full|normal
 *
 * N processes that do nothing but write, each transaction as a worker makes it: the write
 * lock in front, the sync behind.  A further one checkpoints as the keeper does.  One line
 * for each writer: transactions, the longest in microseconds, the 99th percentile.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "crypto/random.h"
#include "store/db.h"
#include "store/replays.h"
#include "util/clock.h"

#define BUCKETS 100000 /* of ten microseconds */
#define HARD_FRAMES 4000
#define CHECKPOINT_EVERY_US 50000

struct one { struct bytes value; int64_t expires_at; };

static enum rc spend(struct db *db, void *arg)
{
    struct one *one = arg;

    return replays_spend(db, one->value, one->expires_at);
}

static struct db *open_database(char **argv)
{
    struct db_open how = { .path = argv[1], .wrote_fd = -1, .is_relaxed = strcmp(argv[5], "normal") == 0 };
    struct db *db;

    if (write_lock_open(argv[2], &how.lock) != RC_OK || db_open(&how, &db) != RC_OK)
        exit(1);
    return db;
}

static int64_t percentile(const unsigned *buckets, int64_t n)
{
    int64_t left = n - n / 100, i = 0;

    while (i < BUCKETS - 1 && (left -= buckets[i]) > 0)
        i++;
    return i * 10;
}

static int write_until(char **argv, int64_t end_us)
{
    static unsigned buckets[BUCKETS];
    struct db *db = open_database(argv);
    int64_t n = 0, longest = 0, took, from;

    while ((from = clock_mono_us()) < end_us) {
        uint8_t value[32];
        struct one one = { BYTES(value), clock_now() + 60 };

        random_bytes(value, sizeof value);
        if (db_write(db, spend, &one) != RC_OK)
            return 1;
        took = clock_mono_us() - from;
        longest = took > longest ? took : longest;
        buckets[took / 10 < BUCKETS ? took / 10 : BUCKETS - 1]++;
        n++;
    }
    printf("%lld %lld %lld\n", (long long)n, (long long)longest, (long long)percentile(buckets, n));
    fflush(stdout);
    return 0;
}

static int keep_until(char **argv, int64_t end_us)
{
    struct db *db = open_database(argv);
    struct checkpoint done = { 0, 0 };

    while (clock_mono_us() < end_us) {
        enum rc rc = db_checkpoint(db, false, &done);

        if (rc == RC_OK && done.frames_n > HARD_FRAMES)
            rc = db_checkpoint(db, true, &done);
        if (rc == RC_FAULT)
            return 1;
        usleep(CHECKPOINT_EVERY_US);
    }
    return 0;
}

int main(int argc, char **argv)
{
    int n = argc == 6 ? atoi(argv[3]) : 0, bad = 0, status;
    int64_t end_us;

    if (n <= 0) {
        fprintf(stderr, "usage: writers DATABASE LOCK N SECONDS full|normal\n");
        return 2;
    }
    end_us = clock_mono_us() + 1000000 * (int64_t)atoi(argv[4]);
    for (int i = 0; i <= n; i++)
        if (fork() == 0)
            exit(i < n ? write_until(argv, end_us) : keep_until(argv, end_us));
    while (wait(&status) > 0)
        bad |= status;
    return bad != 0;
}
