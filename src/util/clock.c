#include "config.h"

#include "util/clock.h"

#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "util/log.h"
#include "util/text.h"

#define DAY_S 86400
#define REST 2 /* times as long as the work took */
#define REST_MAX_US 100000

static int64_t frozen_at; /* clock_set_for_test() */

#ifdef AUTENTICO_TEST_HOOKS
#define CLOCK_FILE_N 32

/* Mapped by the first process that asks, which forks the others: behind their
 * sandboxes there is no file to open. */
static const char *map_clock(const char *path)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    struct stat st;
    void *p = MAP_FAILED;

    if (fd < 0)
        return NULL;
    if (fstat(fd, &st) == 0 && st.st_size > 0)
        p = mmap(NULL, CLOCK_FILE_N, PROT_READ, MAP_SHARED, fd, 0);
    close(fd);
    return p != MAP_FAILED ? p : NULL;
}

static int64_t travelled_s(void)
{
    static const char *file;
    const char *path = getenv("AUTENTICO_TEST_CLOCK");
    char text[CLOCK_FILE_N + 1] = "";
    int64_t offset = 0;

    if (file == NULL && path != NULL)
        file = map_clock(path);
    if (file == NULL)
        return 0;
    memcpy(text, file, CLOCK_FILE_N);
    text[strcspn(text, "\r\n ")] = '\0';
    return text_int(text, &offset) == RC_OK ? offset : 0;
}
#else
static int64_t travelled_s(void)
{
    return 0;
}
#endif

static struct timespec read_clock(clockid_t id)
{
    struct timespec t;

    if (clock_gettime(id, &t) != 0)
        die("clock: no clock %d", (int)id);
    return t;
}

int64_t clock_now(void)
{
    if (frozen_at != 0)
        return frozen_at;
    return read_clock(CLOCK_REALTIME).tv_sec + travelled_s();
}

int64_t clock_mono_us(void)
{
    struct timespec t = read_clock(CLOCK_MONOTONIC);

    return (int64_t)t.tv_sec * 1000000 + t.tv_nsec / 1000;
}

void clock_rest(int64_t began_us)
{
    int64_t us = REST * (clock_mono_us() - began_us);

    usleep((useconds_t)(us < REST_MAX_US ? us : REST_MAX_US));
}

int64_t clock_mono_ms(void)
{
    return clock_mono_us() / 1000;
}

void clock_set_for_test(int64_t now_s)
{
    frozen_at = now_s;
}

/*
 * The proleptic Gregorian calendar by our own hand: gmtime() looks for time
 * zone files, which a sandboxed process cannot open, and timegm() accepts the
 * 31st of February.  Years are counted from March, so that the leap day is the
 * last of its year.
 */
static int64_t days_before(int64_t year, int64_t month, int64_t day)
{
    int64_t y = month > 2 ? year : year - 1;
    int64_t m = (month + 9) % 12;

    return y * 365 + y / 4 - y / 100 + y / 400 + (m * 306 + 5) / 10 + day - 1;
}

static int64_t days_since_1970(int64_t year, int64_t month, int64_t day)
{
    /* from year 400, to stay clear of negative division */
    return days_before(year + 400, month, day) - days_before(1970 + 400, 1, 1);
}

static int64_t days_in_month(int64_t year, int64_t month)
{
    int64_t next_year = month == 12 ? year + 1 : year;

    return days_since_1970(next_year, month % 12 + 1, 1) - days_since_1970(year, month, 1);
}

static int64_t year_of(int64_t days)
{
    int64_t year = 1970 + days / 366;

    while (days < days_since_1970(year, 1, 1))
        year--;
    while (days >= days_since_1970(year + 1, 1, 1))
        year++;
    return year;
}

void clock_format(int64_t at, char out[21])
{
    const int64_t first = days_since_1970(0, 1, 1) * DAY_S;
    const int64_t last = days_since_1970(10000, 1, 1) * DAY_S - 1;
    int64_t t = at < first ? first : at > last ? last : at;
    int64_t s = (t % DAY_S + DAY_S) % DAY_S;
    int64_t days = (t - s) / DAY_S;
    int64_t year = year_of(days), month = 1, day;

    while (month < 12 && days >= days_since_1970(year, month + 1, 1))
        month++;
    day = days - days_since_1970(year, month, 1) + 1;
    snprintf(out, 21, "%04u-%02u-%02uT%02u:%02u:%02uZ", (unsigned)year % 10000,
             (unsigned)month % 100, (unsigned)day % 100, (unsigned)(s / 3600) % 100,
             (unsigned)(s / 60 % 60), (unsigned)(s % 60));
}

char *clock_rfc3339(struct arena *a, int64_t at)
{
    char *text;

    if (at == 0)
        return NULL;
    text = arena_alloc(a, 21);
    clock_format(at, text);
    return text;
}

/* What is left to parse; a wrong byte makes it NULL, which stays. */
struct cursor {
    const char *p;
};

static int64_t take_number(struct cursor *c, int digits, int64_t min, int64_t max)
{
    int64_t n = 0;

    for (; digits > 0 && c->p != NULL; digits--, c->p++) {
        if (*c->p < '0' || *c->p > '9') {
            c->p = NULL;
            return min;
        }
        n = n * 10 + (*c->p - '0');
    }
    if (c->p != NULL && n >= min && n <= max)
        return n;
    c->p = NULL;
    return min;
}

static void take_char(struct cursor *c, const char *any_of)
{
    if (c->p == NULL)
        return;
    c->p = *c->p != '\0' && strchr(any_of, *c->p) != NULL ? c->p + 1 : NULL;
}

static bool next_is(const struct cursor *c, const char *any_of)
{
    return c->p != NULL && *c->p != '\0' && strchr(any_of, *c->p) != NULL;
}

static int64_t take_date(struct cursor *c)
{
    int64_t year = take_number(c, 4, 0, 9999), month, day;

    take_char(c, "-");
    month = take_number(c, 2, 1, 12);
    take_char(c, "-");
    day = take_number(c, 2, 1, days_in_month(year, month));
    return days_since_1970(year, month, day) * DAY_S;
}

static int64_t take_time(struct cursor *c)
{
    int64_t hour = take_number(c, 2, 0, 23), minute, second;

    take_char(c, ":");
    minute = take_number(c, 2, 0, 59);
    take_char(c, ":");
    second = take_number(c, 2, 0, 60); /* a leap second (RFC 3339 5.7) */
    return hour * 3600 + minute * 60 + second;
}

/* Seconds to subtract: "Z" or "+02:00". */
static int64_t take_offset(struct cursor *c)
{
    int64_t hour, minute;
    bool is_west = next_is(c, "-");

    if (next_is(c, "Zz")) {
        take_char(c, "Zz");
        return 0;
    }
    take_char(c, "+-");
    hour = take_number(c, 2, 0, 23);
    take_char(c, ":");
    minute = take_number(c, 2, 0, 59);
    return (hour * 3600 + minute * 60) * (is_west ? -1 : 1);
}

static void skip_fraction(struct cursor *c)
{
    if (!next_is(c, "."))
        return;
    take_char(c, ".");
    take_char(c, "0123456789");
    while (next_is(c, "0123456789"))
        c->p++;
}

enum rc clock_parse(const char *text, int64_t *out, int *is_date)
{
    struct cursor c = { text };
    int64_t at = take_date(&c);
    bool is_date_only = c.p != NULL && *c.p == '\0';

    if (!is_date_only) {
        take_char(&c, "Tt");
        at += take_time(&c);
        if (c.p != NULL && *c.p != '\0') {
            skip_fraction(&c);
            at -= take_offset(&c);
        }
    }
    if (c.p == NULL || *c.p != '\0')
        return RC_NONE;
    *out = at;
    if (is_date != NULL)
        *is_date = is_date_only;
    return RC_OK;
}
