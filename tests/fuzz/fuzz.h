/*
 * What the fuzz targets share.  A target is one LLVMFuzzerTestOneInput; with
 * --enable-fuzzing libFuzzer calls it, otherwise replay.c does, once for each file of
 * its corpus (`make check`).
 *
 * A target that includes this has begin() and end() around its work, takes its input
 * apart with take_*(), and says what must hold with MUST().  die(), which ends a process
 * of ours at once, is a finding here.  FUZZ_LOG=1 shows what is logged.
 */
#ifndef AUTENTICO_TESTS_FUZZ_H
#define AUTENTICO_TESTS_FUZZ_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "util/arena.h"
#include "util/clock.h"
#include "util/log.h"

#define UNUSED __attribute__((unused))
#define MUST(holds)                                                                                \
    do {                                                                                           \
        if (!(holds))                                                                              \
            broken(#holds, __FILE__, __LINE__);                                                    \
    } while (0)

#define FUZZ_NOW INT64_C(1800000000)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
void __wrap__exit(int status);
void __real__exit(int status);

static __attribute__((noreturn)) void broken(const char *what, const char *file, int line)
{
    fprintf(stderr, "%s:%d: does not hold: %s\n", file, line, what);
    abort();
}

/* die() leaves with EX_SOFTWARE. */
void __wrap__exit(int status)
{
    if (status == 70)
        broken("nothing that comes from outside ends a process", __FILE__, __LINE__);
    __real__exit(status);
}

/* What a target keeps for good in memory that the leak checker does not look into. */
void __lsan_disable(void) __attribute__((weak));
void __lsan_enable(void) __attribute__((weak));

static UNUSED void keep_begin(void)
{
    if (__lsan_disable != NULL)
        __lsan_disable();
}

static UNUSED void keep_end(void)
{
    if (__lsan_enable != NULL)
        __lsan_enable();
}

static struct arena *A UNUSED; /* of one input */

static UNUSED void begin(void)
{
    static bool is_ready;

    if (!is_ready) {
        log_setup(LOG_TEXT, getenv("FUZZ_LOG") != NULL ? LOG_LEVEL_INFO : (enum log_level)-1);
        clock_set_for_test(FUZZ_NOW);
        is_ready = true;
    }
    A = arena_start("fuzz");
}

static UNUSED int end(void)
{
    arena_done(A);
    return 0;
}

/* --- taking the input apart ---- */

struct input { const uint8_t *p; size_t n; };

static UNUSED int take_byte(struct input *in)
{
    if (in->n == 0)
        return 0;
    in->n--;
    return *in->p++;
}

/* Up to a line end, which is not part of it, or the end. */
static UNUSED struct bytes take_line(struct input *in)
{
    const uint8_t *line_end = in->n > 0 ? memchr(in->p, '\n', in->n) : NULL;
    struct bytes line = { in->p, line_end != NULL ? (size_t)(line_end - in->p) : in->n };
    size_t used = line_end != NULL ? line.n + 1 : line.n;

    in->p += used;
    in->n -= used;
    return line;
}

static UNUSED struct bytes take_rest(struct input *in)
{
    struct bytes rest = { in->p, in->n };

    in->p += in->n;
    in->n = 0;
    return rest;
}

/* As C has text: up to a NUL. */
static UNUSED char *text_from(struct bytes b)
{
    char *text = arena_alloc(A, b.n + 1);

    if (b.n > 0)
        memcpy(text, b.p, b.n);
    text[b.n] = '\0';
    return text;
}

static UNUSED char *take_text(struct input *in)
{
    return text_from(take_rest(in));
}

static UNUSED char *take_line_text(struct input *in)
{
    return text_from(take_line(in));
}

static UNUSED bool same_bytes(struct bytes a, struct bytes b)
{
    return a.n == b.n && (a.n == 0 || memcmp(a.p, b.p, a.n) == 0);
}

#endif
