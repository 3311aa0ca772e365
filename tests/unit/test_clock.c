#include "config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "util/clock.h"

static struct arena *arena;

static int set_up(void **state)
{
    (void)state;
    arena = arena_start("test");
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    arena_done(arena);
    return 0;
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)

/* Checked against date(1): date -u -d @… +%FT%TZ */
static const struct {
    int64_t at;
    const char *text;
} instants[] = {
    { 1, "1970-01-01T00:00:01Z" },
    { -1, "1969-12-31T23:59:59Z" },
    { 951782399, "2000-02-28T23:59:59Z" },
    { 951782400, "2000-02-29T00:00:00Z" },
    { 951868800, "2000-03-01T00:00:00Z" },
    { 1769860800, "2026-01-31T12:00:00Z" },
    { 1767225599, "2025-12-31T23:59:59Z" },
    { 1767225600, "2026-01-01T00:00:00Z" },
    { 2147483648, "2038-01-19T03:14:08Z" },
    { 4107542400, "2100-03-01T00:00:00Z" },
    { -2208988800, "1900-01-01T00:00:00Z" },
    { INT64_C(253402300799), "9999-12-31T23:59:59Z" },
    { INT64_C(-62167219200), "0000-01-01T00:00:00Z" },
};

static void writes(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(instants); i++)
        assert_string_equal(clock_rfc3339(arena, instants[i].at), instants[i].text);
    assert_null(clock_rfc3339(arena, 0));
    assert_string_equal(clock_rfc3339(arena, INT64_MAX), "9999-12-31T23:59:59Z");
    assert_string_equal(clock_rfc3339(arena, INT64_MIN), "0000-01-01T00:00:00Z");
}

static void agrees_with_the_library(void **state)
{
    (void)state;
    for (int64_t at = INT64_C(-62167219200); at < INT64_C(253402300799); at += 86400 * 29 + 12345) {
        time_t t = (time_t)at;
        struct tm tm;
        char theirs[40], ours[21];
        int64_t back = 0;

        gmtime_r(&t, &tm);
        snprintf(theirs, sizeof(theirs), "%04d-%02d-%02dT%02d:%02d:%02dZ", tm.tm_year + 1900,
                 tm.tm_mon + 1, tm.tm_mday, tm.tm_hour, tm.tm_min, tm.tm_sec);
        clock_format(at, ours);
        assert_string_equal(ours, theirs);
        assert_int_equal(clock_parse(ours, &back, NULL), RC_OK);
        assert_int_equal(back, at);
    }
}

static void reads(void **state)
{
    static const struct {
        const char *text;
        int64_t at;
        int is_date;
    } cases[] = {
        { "2026-01-31T12:00:00Z", 1769860800, 0 },
        { "2026-01-31t12:00:00z", 1769860800, 0 },
        { "2026-01-31T12:00:00.123456Z", 1769860800, 0 },
        { "2026-01-31T14:00:00+02:00", 1769860800, 0 },
        { "2026-01-31T06:30:00.5-05:30", 1769860800, 0 },
        { "2026-01-31T12:00:00-00:00", 1769860800, 0 },
        { "2026-01-31T12:00:00", 1769860800, 0 },
        { "2026-01-31", 1769817600, 1 },
        { "2016-12-31T23:59:60Z", 1483228800, 0 }, /* a leap second */
        { "2024-02-29", 1709164800, 1 },
        { "1970-01-01", 0, 1 },
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        int64_t at = 42;
        int is_date = 42;

        assert_int_equal(clock_parse(cases[i].text, &at, &is_date), RC_OK);
        assert_int_equal(at, cases[i].at);
        assert_int_equal(is_date, cases[i].is_date);
    }
}

static void refuses(void **state)
{
    static const char *const cases[] = {
        NULL, "", "2026", "2026-01", "2026-1-31", "2026-01-3", "26-01-31", "2026/01/31",
        "2026-00-10", "2026-13-10", "2026-01-00", "2026-01-32", "2026-04-31", "2025-02-29",
        "1900-02-29", "2100-02-29", "2026-01-31T", "2026-01-31 12:00:00Z", "2026-01-31T12:00Z",
        "2026-01-31T12:00", "2026-01-31T24:00:00Z", "2026-01-31T12:60:00Z",
        "2026-01-31T12:00:61Z", "2026-01-31T12:00:00.Z", "2026-01-31T12:00:00.5",
        "2026-01-31T12:00:00+2:00", "2026-01-31T12:00:00+0200", "2026-01-31T12:00:00+24:00",
        "2026-01-31T12:00:00+02:60", "2026-01-31T12:00:00ZZ", "2026-01-31T12:00:00Z ",
        " 2026-01-31", "2026-01-31 ", "-2026-01-31", "+026-01-31", "2026-01-31Z",
        "2026-01-31T12:00:00,5Z", "20260131", "now", "2026-01-31' OR 1=1 --",
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        int64_t at = 42;
        int is_date = 42;

        assert_int_equal(clock_parse(cases[i], &at, &is_date), RC_NONE);
        assert_int_equal(at, 42);
        assert_int_equal(is_date, 42);
    }
}

static void now_and_set(void **state)
{
    int64_t before = time(NULL), mono = clock_mono_ms(), us = clock_mono_us();

    (void)state;
    assert_in_range(clock_now() - before, 0, 2);
    clock_set_for_test(1000);
    assert_int_equal(clock_now(), 1000);
    clock_set_for_test(0);
    assert_in_range(clock_now() - before, 0, 2);
    usleep(2000);
    assert_in_range(clock_mono_ms() - mono, 1, 2000);
    assert_in_range(clock_mono_us() - us, 2000, 2000000);
}

static void write_offset(const char *path, const char *text)
{
    FILE *f = fopen(path, "r+");

    assert_non_null(f);
    fprintf(f, "%-20s\n", text);
    fclose(f);
}

static void travels_only_with_test_hooks(void **state)
{
    char path[] = "/tmp/test_clock_XXXXXX";
    int fd = mkstemp(path);

    (void)state;
    assert_true(fd >= 0);
    close(fd);
    setenv("AUTENTICO_TEST_CLOCK", path, 1);
    assert_in_range(clock_now() - time(NULL) + 1, 0, 2); /* empty */
    write_offset(path, "86400");
#ifdef AUTENTICO_TEST_HOOKS
    assert_in_range(clock_now() - time(NULL), 86399, 86401);
    write_offset(path, "-3600");
    assert_in_range(time(NULL) - clock_now(), 3599, 3601);
    write_offset(path, "rubbish");
    assert_in_range(clock_now() - time(NULL) + 1, 0, 2);
    unlink(path);
#endif
    assert_in_range(clock_now() - time(NULL) + 1, 0, 2);
    unlink(path);
    unsetenv("AUTENTICO_TEST_CLOCK");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(writes),
        TEST(agrees_with_the_library),
        TEST(reads),
        TEST(refuses),
        TEST(now_and_set),
        TEST(travels_only_with_test_hooks),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
