#include "config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#include "crypto/hash.h"
#include "crypto/seal.h"

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

static const uint8_t key[SEAL_KEY_BYTES] = "0123456789abcdef0123456789abcde", other_key[SEAL_KEY_BYTES];

static void there_and_back(void **state)
{
    static const char *const texts[] = { "", "x", "sixteen bytes ok", "a somewhat longer text" };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(texts); i++) {
        struct bytes plain = bytes_of(texts[i]), out;
        struct bytes box = seal_box(arena, key, bytes_of("where"), plain);

        assert_int_equal(box.n, plain.n + SEAL_OVERHEAD);
        assert_int_equal(box.p[0], 1);
        assert_int_equal(seal_open(arena, key, bytes_of("where"), box, &out), RC_OK);
        assert_true(ct_equal(plain, out));
    }
}

static void without_associated_data(void **state)
{
    struct bytes box = seal_box(arena, key, bytes_of(NULL), bytes_of("secret")), out;

    (void)state;
    assert_int_equal(seal_open(arena, key, bytes_of(NULL), box, &out), RC_OK);
    assert_int_equal(seal_open(arena, key, bytes_of("x"), box, &out), RC_NONE);
}

static void never_twice_the_same(void **state)
{
    struct bytes one = seal_box(arena, key, bytes_of("a"), bytes_of("secret"));
    struct bytes two = seal_box(arena, key, bytes_of("a"), bytes_of("secret"));

    (void)state;
    assert_false(ct_equal(one, two));
}

static void any_altered_bit_is_refused(void **state)
{
    struct bytes box = seal_box(arena, key, bytes_of("where"), bytes_of("secret")), out = { 0 };

    (void)state;
    for (size_t i = 0; i < box.n * 8; i++) {
        uint8_t *copy = arena_memdup(arena, box.p, box.n);

        copy[i / 8] ^= (uint8_t)(1u << i % 8);
        assert_int_equal(seal_open(arena, key, bytes_of("where"), (struct bytes){ copy, box.n }, &out),
                         RC_NONE);
    }
    assert_null(out.p);
}

static void any_other_length_is_refused(void **state)
{
    struct bytes box = seal_box(arena, key, bytes_of("where"), bytes_of("secret")), out;
    uint8_t *longer = arena_alloc(arena, box.n + 1);

    (void)state;
    for (size_t n = 0; n < box.n; n++)
        assert_int_equal(seal_open(arena, key, bytes_of("where"), (struct bytes){ box.p, n }, &out),
                         RC_NONE);
    memcpy(longer, box.p, box.n);
    assert_int_equal(seal_open(arena, key, bytes_of("where"), (struct bytes){ longer, box.n + 1 }, &out),
                     RC_NONE);
}

static void other_key_or_place_is_refused(void **state)
{
    struct bytes box = seal_box(arena, key, bytes_of("where"), bytes_of("secret")), out;

    (void)state;
    assert_int_equal(seal_open(arena, other_key, bytes_of("where"), box, &out), RC_NONE);
    assert_int_equal(seal_open(arena, key, bytes_of("elsewhere"), box, &out), RC_NONE);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(there_and_back),
        TEST(without_associated_data),
        TEST(never_twice_the_same),
        TEST(any_altered_bit_is_refused),
        TEST(any_other_length_is_refused),
        TEST(other_key_or_place_is_refused),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
