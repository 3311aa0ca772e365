#include "config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "util/arena.h"

static void pieces_are_zeroed_aligned_and_apart(void **state)
{
    static const size_t sizes[] = { 0, 1, 7, 8, 15, 16, 17, 4096, 16384, 16385, 100000 };
    struct arena *a = arena_start("test");
    char *pieces[ARRAY_LEN(sizes)];

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(sizes); i++) {
        pieces[i] = arena_alloc(a, sizes[i]);
        assert_int_equal((uintptr_t)pieces[i] % _Alignof(max_align_t), 0);
        for (size_t j = 0; j < sizes[i]; j++)
            assert_int_equal(pieces[i][j], 0);
        memset(pieces[i], (int)i + 1, sizes[i]);
    }
    for (size_t i = 0; i < ARRAY_LEN(sizes); i++)
        for (size_t j = 0; j < sizes[i]; j++)
            assert_int_equal(pieces[i][j], i + 1);
    arena_done(a);
}

static void reset_wipes_and_reuses(void **state)
{
    struct arena *a = arena_start("test");
    char *secret = arena_strdup(a, "hunter2"), *again;

    (void)state;
    for (int i = 0; i < 5000; i++)
        memset(arena_alloc(a, 37), 0xAA, 37);
    memset(arena_alloc(a, 300000), 0xAA, 300000);
    assert_true(arena_size(a) > 300000);
    arena_reset(a);
    assert_int_equal(arena_size(a), 0);
    for (int i = 0; i < 5000; i++) {
        static const char zeros[37];

        assert_memory_equal(arena_alloc(a, 37), zeros, 37);
    }
    arena_reset(a);
    arena_reset(a);
    again = arena_alloc(a, 8);
    assert_int_equal(again[0], 0);
    assert_non_null(secret);
    arena_done(a);
    arena_done(NULL);
}

/* One request like the other needs no malloc(): the kept blocks serve it. */
static void reset_keeps_blocks(void **state)
{
    struct arena *a = arena_start("test");
    void *first = NULL, *second = NULL;

    (void)state;
    for (int i = 0; i < 6; i++) {
        void *p = arena_alloc(a, 100), *q = arena_alloc(a, 16300); /* a block of its own */

        assert_true(i < 3 || (p == first && q == second) || (p == second && q == first));
        first = p;
        second = q;
        arena_alloc(a, 200000);
        arena_reset(a);
    }
    arena_done(a);
}

static char order[8];
static char one[] = "1", two[] = "2", three[] = "3", late[] = "x";

static void note(void *p)
{
    strcat(order, p);
}

static struct arena *deferring;

static void note_and_defer(void *p)
{
    note(p);
    arena_defer(deferring, note, late);
}

static void defers_run_newest_first(void **state)
{
    struct arena *a = arena_start("test");

    (void)state;
    order[0] = '\0';
    arena_defer(a, note, one);
    arena_defer(a, note, two);
    arena_defer(a, note, three);
    arena_reset(a);
    assert_string_equal(order, "321");
    arena_reset(a);
    assert_string_equal(order, "321");
    order[0] = '\0';
    deferring = a;
    arena_defer(a, note, one);
    arena_defer(a, note_and_defer, two);
    arena_done(a);
    assert_string_equal(order, "2x1");
}

static void copies(void **state)
{
    struct arena *a = arena_start("test");
    struct bytes b = arena_bytes(a, bytes_of("bytes"));

    (void)state;
    assert_null(arena_strdup(a, NULL));
    assert_null(arena_strndup(a, NULL, 5));
    assert_string_equal(arena_strdup(a, ""), "");
    assert_string_equal(arena_strndup(a, "abcdef", 3), "abc");
    assert_string_equal(arena_strndup(a, "ab", 10), "ab");
    assert_memory_equal(arena_memdup(a, "a\0b", 3), "a\0b", 3);
    assert_non_null(arena_memdup(a, NULL, 0));
    assert_int_equal(b.n, 5);
    assert_memory_equal(b.p, "bytes", 5);
    assert_int_equal(arena_bytes(a, (struct bytes){ 0 }).n, 0);
    arena_done(a);
}

static void printf_short_and_long(void **state)
{
    struct arena *a = arena_start("test");
    static const int widths[] = { 0, 1, 126, 127, 128, 129, 5000 };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(widths); i++) {
        char *text = arena_printf(a, "%*s|", widths[i], "");

        assert_int_equal(strlen(text), widths[i] + 1);
        assert_int_equal(text[widths[i]], '|');
    }
    arena_done(a);
}

static void grow_in_place_or_elsewhere(void **state)
{
    struct arena *a = arena_start("test");
    char *p = arena_memdup(a, "abcd", 4), *q, *r;

    (void)state;
    q = arena_grow(a, p, 4, 100);
    assert_ptr_equal(q, p);
    assert_int_equal(q[99], 0);
    assert_ptr_equal(arena_grow(a, q, 100, 50), q);
    arena_alloc(a, 1);
    r = arena_grow(a, q, 100, 200);
    assert_ptr_not_equal(r, q);
    assert_memory_equal(r, "abcd\0", 5);
    assert_int_equal(r[199], 0);
    r = arena_grow(a, r, 200, 40000);
    assert_memory_equal(r, "abcd\0", 5);
    memset(r, 1, 40000);
    arena_done(a);
}

static void array_has_room(void **state)
{
    struct arena *a = arena_start("test");
    int64_t *n = arena_array(a, int64_t, 10);
    struct bytes *single = arena_new(a, struct bytes);

    (void)state;
    n[9] = 1;
    assert_null(single->p);
    arena_done(a);
}

/* The exit status of a child that runs `work`, its log thrown away. */
static int exit_of(void (*work)(struct arena *))
{
    static struct arena *volatile a; /* reachable when the child ends: no leak */
    int status;
    pid_t pid = fork();

    if (pid == 0) {
        close(STDERR_FILENO);
        a = arena_start("child");
        work(a);
        _exit(0);
    }
    assert_int_equal(waitpid(pid, &status, 0), pid);
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

static void alloc_absurd(struct arena *a)
{
    arena_alloc(a, SIZE_MAX - 3);
}

static void alloc_overflow(struct arena *a)
{
    (void)arena_array(a, int64_t, SIZE_MAX / 4);
}

static void absurd_sizes_end_the_process(void **state)
{
    (void)state;
    assert_int_equal(exit_of(alloc_absurd), 70);
    assert_int_equal(exit_of(alloc_overflow), 70);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(pieces_are_zeroed_aligned_and_apart),
        cmocka_unit_test(reset_wipes_and_reuses),
        cmocka_unit_test(reset_keeps_blocks),
        cmocka_unit_test(defers_run_newest_first),
        cmocka_unit_test(copies),
        cmocka_unit_test(printf_short_and_long),
        cmocka_unit_test(grow_in_place_or_elsewhere),
        cmocka_unit_test(array_has_room),
        cmocka_unit_test(absurd_sizes_end_the_process),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
