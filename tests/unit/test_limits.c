#include "config.h"

#include "store_test.h"

#include <fcntl.h>

#include "store/limits.h"

static const struct limits_rates rates = { .rps = 5, .burst = 10, .rpm = 60, .rpm_burst = 20 };
#define AT (NOW * 1000)

static struct limits *open_limits(bool recreate, const struct limits_rates *r)
{
    struct limits *l = NULL;

    assert_ok(limits_open(DIR_PATH, recreate, r, &l));
    return l;
}

static int passes(struct limits *l, const char *key, int tries, int64_t now_ms)
{
    int n = 0;

    for (int i = 0; i < tries; i++)
        n += limits_take(l, key, now_ms);
    return n;
}

static void test_two_tiers(void **state)
{
    struct limits *l = open_limits(true, &rates);

    (void)state;
    assert_int_equal(passes(l, "192.0.2.1", 15, AT), 10);        /* the burst of the second */
    assert_int_equal(passes(l, "192.0.2.1", 5, AT + 199), 0);
    assert_int_equal(passes(l, "192.0.2.1", 5, AT + 200), 1);    /* five a second */
    assert_int_equal(passes(l, "192.0.2.1", 30, AT + 60000), 10);
    assert_int_equal(passes(l, "192.0.2.2", 15, AT), 10);        /* everybody has a bucket */
    assert_int_equal(passes(l, "192.0.2.3", 10, AT), 10);
    assert_int_equal(passes(l, "192.0.2.3", 15, AT + 2000), 10);
    assert_int_equal(passes(l, "192.0.2.3", 15, AT + 4000), 4);  /* the minute: 20 and one a second */
    assert_int_equal(passes(l, "192.0.2.3", 15, AT + 6000), 2);
    limits_close(l);
}

static void test_tiers_off(void **state)
{
    struct limits_rates r = { .rps = 0, .burst = 1, .rpm = 1, .rpm_burst = 1 };
    struct limits *l = open_limits(true, &r);

    (void)state;
    assert_int_equal(passes(l, "k", 50, AT), 50);
    limits_close(l);
    r = (struct limits_rates){ .rps = 1, .burst = 3, .rpm = 0, .rpm_burst = 0 };
    l = open_limits(true, &r);
    assert_int_equal(passes(l, "k", 50, AT), 3);
    assert_int_equal(passes(l, "k", 50, AT + 100000), 3);
    limits_close(l);
    r = (struct limits_rates){ .rps = 1, .burst = 0, .rpm = 0, .rpm_burst = 0 };
    l = open_limits(true, &r);
    assert_int_equal(passes(l, "k", 5, AT), 1); /* a burst below one would stop everything */
    limits_close(l);
}

static void test_clock_goes_back(void **state)
{
    struct limits *l = open_limits(true, &rates);

    (void)state;
    assert_int_equal(passes(l, "k", 10, AT), 10);
    assert_int_equal(passes(l, "k", 1, AT - 3600000), 0);
    assert_int_equal(passes(l, "k", 2, AT - 3600000 + 200), 1); /* and time goes on from there */
    limits_close(l);
}

static void test_refund(void **state)
{
    struct limits *l = open_limits(true, &rates);

    (void)state;
    limits_refund(l, "k", AT); /* unknown: nothing */
    assert_int_equal(passes(l, "k", 10, AT), 10);
    limits_refund(l, "k", AT);
    assert_int_equal(passes(l, "k", 5, AT), 1);
    for (int i = 0; i < 50; i++)
        limits_refund(l, "k", AT);
    assert_int_equal(passes(l, "k", 50, AT), 10); /* never above the burst */
    limits_close(l);
}

static int64_t buckets(struct limits *l)
{
    int64_t n = -1;

    assert_ok(db_int_of(db_sql(limits_db(l), "SELECT COUNT(*) FROM buckets"), &n));
    return n;
}

static void test_sweep(void **state)
{
    struct limits *l = open_limits(true, &rates);

    (void)state;
    for (int i = 0; i < 1300; i++)
        limits_take(l, arena_printf(A, "10.0.%d.%d", i / 256, i % 256), i % 2 ? AT : AT + 600000);
    assert_int_equal(buckets(l), 1300);
    limits_sweep(l, AT + 600000);
    assert_int_equal(buckets(l), 1300);
    limits_sweep(l, AT + 600001);
    assert_int_equal(buckets(l), 650);
    limits_close(l);
}

static void test_survives_a_reload_not_a_start(void **state)
{
    struct limits *l = open_limits(true, &rates);

    (void)state;
    assert_int_equal(passes(l, "k", 20, AT), 10);
    limits_close(l);
    l = open_limits(false, &rates);
    assert_int_equal(passes(l, "k", 5, AT), 0);
    limits_close(l);
    l = open_limits(true, &rates);
    assert_int_equal(passes(l, "k", 20, AT), 10);
    limits_close(l);
}

/* Damage.  Done by a child: closing the file here would drop our locks. */

static void spoil(const char *suffix)
{
    char junk[4096], *path = arena_printf(A, "%s/limits.db%s", DIR_PATH, suffix);
    int fd = open(path, O_RDWR);
    struct stat st;

    memset(junk, 'x', sizeof junk);
    if (fd < 0 || fstat(fd, &st) != 0)
        return;
    for (off_t at = 0; at < st.st_size; at += (off_t)sizeof junk)
        if (pwrite(fd, junk, sizeof junk, at) < 0)
            _exit(1);
    close(fd);
}

static void damage(void (*how)(void))
{
    pid_t pid = fork();

    if (pid == 0) {
        how();
        _exit(0);
    }
    waitpid(pid, NULL, 0);
}

static void junk_everywhere(void)
{
    spoil("");
    spoil("-wal");
}

static void empty_file(void)
{
    if (truncate(arena_printf(A, "%s/limits.db", DIR_PATH), 0) != 0)
        _exit(1);
}

static void no_file(void)
{
    unlink(arena_printf(A, "%s/limits.db", DIR_PATH));
}

/* Whatever happened, two handles agree on a working file after a while. */
static void check_mends(void (*how)(void))
{
    struct limits *l = open_limits(true, &rates), *other = open_limits(false, &rates), *third;
    int n;

    passes(l, "k", 3, AT);
    passes(other, "k", 3, AT);
    damage(how);
    passes(other, "k", 3, AT);
    passes(l, "k", 3, AT);
    usleep(1100000);
    passes(l, "k", 3, AT);
    passes(other, "k", 3, AT);
    third = open_limits(false, &rates);
    usleep(1100000); /* it may have put another one in place */
    n = passes(l, "fresh", 4, AT) + passes(other, "fresh", 4, AT) + passes(third, "fresh", 20, AT);
    assert_int_equal(n, 10);
    limits_close(l);
    limits_close(other);
    n = passes(third, "k2", 15, AT);
    assert_int_equal(n, 10);
    limits_close(third);
}

static void test_junk(void **state)
{
    (void)state;
    check_mends(junk_everywhere);
}

static void test_emptied(void **state)
{
    (void)state;
    check_mends(empty_file);
}

static void test_removed(void **state)
{
    (void)state;
    check_mends(no_file);
}

static void test_junk_at_open(void **state)
{
    struct limits *l = open_limits(true, &rates);

    (void)state;
    limits_close(l);
    damage(junk_everywhere);
    l = open_limits(false, &rates);
    assert_int_equal(passes(l, "k", 20, AT), 10);
    limits_close(l);
}

static void test_passes_when_nothing_works(void **state)
{
    struct limits *l = open_limits(true, &rates);

    (void)state;
    assert_int_equal(passes(l, "k", 20, AT), 10);
    damage(no_file);
    chmod(DIR_PATH, 0500);
    usleep(1100000);
    if (geteuid() != 0) /* root may write everywhere */
        assert_int_equal(passes(l, "k", 20, AT), 20);
    chmod(DIR_PATH, 0700);
    limits_close(l);
}

/* Processes. */

static pid_t start(void (*work)(struct limits *), bool holds_gate, int gate[2])
{
    pid_t pid = fork();
    struct limits *l;
    char c;

    if (pid != 0)
        return pid;
    if (limits_open(DIR_PATH, false, &rates, &l) != RC_OK)
        _exit(99);
    if (holds_gate) {
        close(gate[1]);
        if (read(gate[0], &c, 1) < 0)
            _exit(98);
    }
    work(l);
    limits_close(l);
    _exit(0);
}

static void take_five(struct limits *l)
{
    _exit(passes(l, "shared", 5, AT));
}

static void take_for_two_seconds(struct limits *l)
{
    int64_t until = clock_mono_ms() + 2000;

    while (clock_mono_ms() < until)
        limits_take(l, "busy", clock_mono_ms());
}

static int statuses(const pid_t *pids, int n, int *sum)
{
    int bad = 0, status;

    for (int i = 0; i < n; i++) {
        waitpid(pids[i], &status, 0);
        bad += !WIFEXITED(status) || WEXITSTATUS(status) > 20;
        *sum += WEXITSTATUS(status);
    }
    return bad;
}

static void test_shared_by_processes(void **state)
{
    struct limits *l = open_limits(true, &rates);
    pid_t pids[8];
    int gate[2], sum = 0;

    (void)state;
    limits_close(l);
    assert_int_equal(pipe(gate), 0);
    for (int i = 0; i < 8; i++)
        pids[i] = start(take_five, true, gate);
    close(gate[0]);
    close(gate[1]);
    assert_int_equal(statuses(pids, 8, &sum), 0);
    assert_int_equal(sum, 10); /* of 40 */
}

static void test_replaced_under_load(void **state)
{
    struct limits *l = open_limits(true, &rates);
    pid_t pids[6];
    int sum = 0;

    (void)state;
    limits_close(l);
    for (int i = 0; i < 6; i++)
        pids[i] = start(take_for_two_seconds, false, NULL);
    for (int i = 0; i < 8; i++) {
        usleep(200000);
        damage(i % 2 ? junk_everywhere : no_file);
    }
    assert_int_equal(statuses(pids, 6, &sum), 0);
    l = open_limits(false, &rates);
    assert_int_equal(passes(l, "fresh", 20, AT), 10);
    limits_close(l);
}

static void test_speed(void **state)
{
    struct limits *l = open_limits(true, &rates);
    int64_t from = clock_mono_us();

    (void)state;
    for (int i = 0; i < 5000; i++)
        limits_take(l, "k", AT + i);
    print_message("one take: %.1f us\n", (double)(clock_mono_us() - from) / 5000);
    limits_close(l);
}

static void check_plan(const char *sql, const char *detail, void *arg)
{
    if (strncmp(detail, "SCAN", 4) == 0 && !strstr(sql, "COUNT(*)"))
        fail_msg("%s: %s", detail, sql);
    ++*(int *)arg;
}

static void test_plans(void **state)
{
    struct limits *l = open_limits(true, &rates);
    int n = 0;

    (void)state;
    limits_take(l, "k", AT);
    limits_refund(l, "k", AT);
    limits_sweep(l, AT);
    db_each_plan(limits_db(l), check_plan, &n);
    assert_true(n >= 3);
    limits_close(l);
}

int main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, in_directory, after_directory)
    const struct CMUnitTest tests[] = {
        T(test_two_tiers), T(test_tiers_off), T(test_clock_goes_back), T(test_refund), T(test_sweep),
        T(test_survives_a_reload_not_a_start), T(test_junk), T(test_emptied), T(test_removed),
        T(test_junk_at_open), T(test_passes_when_nothing_works), T(test_shared_by_processes),
        T(test_replaced_under_load), T(test_speed), T(test_plans),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
