#include "config.h"

#include "store_test.h"

#include <fcntl.h>
#include <sched.h>
#include <sys/mman.h>

static struct write_lock *open_lock(void)
{
    struct write_lock *l = NULL;

    assert_ok(write_lock_open(LOCK_PATH, &l));
    return l;
}

static void test_take_and_give(void **state)
{
    struct write_lock *l = open_lock(), *same = open_lock();
    struct stat st;

    (void)state;
    assert_int_equal(stat(LOCK_PATH, &st), 0);
    assert_int_equal(st.st_mode & 0777, 0600);
    for (int i = 0; i < 3; i++) {
        assert_ok(write_lock_take(l, 100));
        write_lock_give(l);
        assert_ok(write_lock_take(same, 100));
        write_lock_give(same);
    }
    write_lock_close(l);
    write_lock_close(same);
}

/* A child that holds the lock until it is killed. */
static pid_t holder(struct write_lock *l)
{
    int ready[2];
    char c;
    pid_t pid;

    assert_int_equal(pipe(ready), 0);
    pid = fork();
    if (pid == 0) {
        if (write_lock_take(l, 1000) != RC_OK || write(ready[1], "x", 1) != 1)
            _exit(1);
        pause();
    }
    assert_int_equal(read(ready[0], &c, 1), 1);
    close(ready[0]);
    close(ready[1]);
    return pid;
}

static void test_times_out(void **state)
{
    struct write_lock *l = open_lock();
    pid_t pid = holder(l);
    int64_t from = clock_mono_ms();

    (void)state;
    assert_none(write_lock_take(l, 200));
    assert_in_range(clock_mono_ms() - from, 190, 1500);
    kill(pid, SIGKILL);
    waitpid(pid, NULL, 0);
    assert_ok(write_lock_take(l, 1000)); /* of the dead */
    write_lock_give(l);
    assert_ok(write_lock_take(l, 1000));
    write_lock_give(l);
    write_lock_close(l);
}

static void test_waiter_gets_it_from_the_dead(void **state)
{
    struct write_lock *l = open_lock();
    pid_t pid = holder(l), waiter = fork();
    int status;

    (void)state;
    if (waiter == 0)
        _exit(write_lock_take(l, 3000) == RC_OK ? 7 : 8);
    usleep(100000);
    kill(pid, SIGKILL);
    waitpid(pid, NULL, 0);
    waitpid(waiter, &status, 0);
    assert_int_equal(WEXITSTATUS(status), 7);
    assert_ok(write_lock_take(l, 1000)); /* the waiter left with it: dead again */
    write_lock_give(l);
    write_lock_close(l);
}

static void do_take_twice(void)
{
    struct write_lock *l;

    if (write_lock_open(LOCK_PATH, &l) == RC_OK && write_lock_take(l, 100) == RC_OK)
        (void)!write_lock_take(l, 100);
}

static void do_close_held(void)
{
    struct write_lock *l;

    if (write_lock_open(LOCK_PATH, &l) == RC_OK && write_lock_take(l, 100) == RC_OK)
        write_lock_close(l);
}

/* A counter that moves with every change, and is never trusted while one is under way. */
static void test_changes(void **state)
{
    struct write_lock *l = open_lock(), *other = open_lock();
    uint64_t seen = 0;

    (void)state;
    assert_false(write_lock_has_changed(other, &seen));
    assert_ok(write_lock_take(l, 100));
    write_lock_give(l); /* others write without changing what is kept */
    assert_false(write_lock_has_changed(other, &seen));
    assert_ok(write_lock_take(l, 100));
    write_lock_change(l);
    write_lock_change(l);
    assert_true(write_lock_has_changed(other, &seen));
    assert_true(write_lock_has_changed(other, &seen));
    write_lock_give(l);
    assert_true(write_lock_has_changed(other, &seen));
    assert_false(write_lock_has_changed(other, &seen));
    write_lock_close(l);
    write_lock_close(other);
}

/* One who dies within a change may have committed it. */
static void test_dies_within_a_change(void **state)
{
    struct write_lock *l = open_lock();
    uint64_t seen = 0;
    pid_t pid = fork();

    (void)state;
    if (pid == 0) {
        if (write_lock_take(l, 1000) != RC_OK)
            _exit(1);
        write_lock_change(l);
        raise(SIGKILL);
    }
    waitpid(pid, NULL, 0);
    for (int i = 0; i < 3; i++)
        assert_true(write_lock_has_changed(l, &seen));
    assert_ok(write_lock_take(l, 1000));
    write_lock_give(l);
    assert_true(write_lock_has_changed(l, &seen));
    assert_false(write_lock_has_changed(l, &seen));
    write_lock_close(l);
}

static void test_deaths(void **state)
{
    (void)state;
    assert_int_equal(status_of_child(do_take_twice), 70);
    assert_int_equal(status_of_child(do_close_held), 70);
}

static void overwrite(off_t at, const char *text)
{
    int fd = open(LOCK_PATH, O_RDWR);

    assert_int_equal(pwrite(fd, text, strlen(text), at), strlen(text));
    close(fd);
}

static ino_t inode(void)
{
    struct stat st;

    assert_int_equal(stat(LOCK_PATH, &st), 0);
    return st.st_ino;
}

#define BOOT_ID_AT 16

static void test_another_boot(void **state)
{
    struct write_lock *l = open_lock();
    ino_t before = inode();
    pid_t pid = holder(l);

    (void)state;
    write_lock_close(l);
    overwrite(BOOT_ID_AT, "00000000-0000-0000-0000-000000000000"); /* as after a power cut */
    l = open_lock();
    assert_int_equal(inode(), before);
    assert_ok(write_lock_take(l, 100));
    write_lock_give(l);
    write_lock_close(l);
    kill(pid, SIGKILL);
    waitpid(pid, NULL, 0);
}

static void test_another_version(void **state)
{
    struct write_lock *l = open_lock(), *fresh;
    ino_t before = inode();

    (void)state;
    overwrite(8, "\x7f");
    assert_ok(write_lock_take(l, 100)); /* those who have it keep it */
    fresh = open_lock();
    assert_int_not_equal(inode(), before);
    assert_ok(write_lock_take(fresh, 100));
    write_lock_give(fresh);
    write_lock_give(l);
    write_lock_close(fresh);
    write_lock_close(l);
}

static void test_odd_files(void **state)
{
    struct write_lock *l;
    FILE *f = fopen(LOCK_PATH, "w");

    (void)state;
    fprintf(f, "short"); /* cut off, or something else altogether */
    fclose(f);
    l = open_lock();
    assert_ok(write_lock_take(l, 100));
    write_lock_give(l);
    write_lock_close(l);
    unlink(LOCK_PATH);
    assert_int_equal(symlink("/dev/null", LOCK_PATH), 0);
    assert_fault(write_lock_open(LOCK_PATH, &l));
    unlink(LOCK_PATH);
    assert_int_equal(mkfifo(LOCK_PATH, 0600), 0);
    assert_fault(write_lock_open(LOCK_PATH, &l));
}

/* Many first openers: all must end up with one mutex, which a counter shows. */
#define OPENERS 40
#define ROUNDS 50

static int opener(volatile int64_t *counter, int gate)
{
    struct write_lock *l;
    char c;

    if (read(gate, &c, 1) < 0 || write_lock_open(LOCK_PATH, &l) != RC_OK)
        return 1;
    for (int i = 0; i < ROUNDS; i++) {
        int64_t n;

        if (write_lock_take(l, 20000) != RC_OK)
            return 2;
        n = *counter;
        sched_yield();
        *counter = n + 1;
        write_lock_give(l);
    }
    return 0;
}

static void test_many_openers(void **state)
{
    char *path = arena_printf(A, "%s/counter", DIR_PATH);
    int fd = open(path, O_RDWR | O_CREAT, 0600), gate[2], status, bad = 0;
    volatile int64_t *counter;
    pid_t pids[OPENERS];

    (void)state;
    assert_int_equal(ftruncate(fd, 4096), 0);
    counter = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    assert_int_equal(pipe(gate), 0);
    for (int i = 0; i < OPENERS; i++) {
        pids[i] = fork();
        if (pids[i] == 0) {
            close(gate[1]);
            _exit(opener(counter, gate[0]));
        }
    }
    close(gate[0]);
    close(gate[1]);
    for (int i = 0; i < OPENERS; i++) {
        waitpid(pids[i], &status, 0);
        bad += status != 0;
    }
    assert_int_equal(bad, 0);
    assert_int_equal(*counter, OPENERS * ROUNDS);
    munmap((void *)counter, 4096);
    close(fd);
}

/* Eight writers for a second; the shares are told, and nobody may starve. */
#define WRITERS 8

static void test_fairness(void **state)
{
    struct write_lock *l = open_lock();
    int64_t until = clock_mono_ms() + 1000, min = INT64_MAX, max = 0;
    volatile int64_t *turns = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    pid_t pids[WRITERS];

    (void)state;
    for (int i = 0; i < WRITERS; i++) {
        pids[i] = fork();
        if (pids[i] == 0) {
            while (clock_mono_ms() < until && write_lock_take(l, 5000) == RC_OK) {
                int64_t busy = clock_mono_us() + 100;

                while (clock_mono_us() < busy)
                    ;
                turns[i]++;
                write_lock_give(l);
            }
            _exit(0);
        }
    }
    for (int i = 0; i < WRITERS; i++) {
        waitpid(pids[i], NULL, 0);
        min = turns[i] < min ? turns[i] : min;
        max = turns[i] > max ? turns[i] : max;
    }
    print_message("turns of %d writers: min %lld, max %lld\n", WRITERS, (long long)min, (long long)max);
    assert_true(min > 0);
    munmap((void *)turns, 4096);
    write_lock_close(l);
}

int main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, in_directory, after_directory)
    const struct CMUnitTest tests[] = {
        T(test_take_and_give), T(test_times_out), T(test_waiter_gets_it_from_the_dead), T(test_changes),
        T(test_dies_within_a_change), T(test_deaths),
        T(test_another_boot), T(test_another_version), T(test_odd_files), T(test_many_openers),
        T(test_fairness),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
