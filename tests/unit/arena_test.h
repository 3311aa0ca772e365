/* What tests share that need an arena for each of them, and nothing else. */
#ifndef AUTENTICO_TESTS_ARENA_TEST_H
#define AUTENTICO_TESTS_ARENA_TEST_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "util/arena.h"

static struct arena *A;

static int set_up(void **state)
{
    (void)state;
    A = arena_start("test");
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    arena_done(A);
    return 0;
}

#endif
