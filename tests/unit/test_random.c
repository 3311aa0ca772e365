#include "config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#include "crypto/random.h"
#include "util/text.h"

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

#define NOW 1790000000

static void tokens(void **state)
{
    const char *one = random_token(arena), *two = random_token(arena);

    (void)state;
    assert_int_equal(strlen(one), TOKEN_CHARS);
    assert_true(is_base64url(one));
    assert_string_not_equal(one, two);
}

static void ids_sort_by_time(void **state)
{
    const char *last = random_id(arena, NOW);

    (void)state;
    for (int64_t now = NOW + 1; now < NOW + 200; now++) {
        const char *id = random_id(arena, now);

        assert_true(is_id(id));
        assert_true(strcmp(last, id) < 0);
        last = id;
    }
    assert_string_not_equal(random_id(arena, NOW), random_id(arena, NOW));
}

static void floors_are_below_all_of_their_second_and_above_the_one_before(void **state)
{
    (void)state;
    for (int i = 0; i < 200; i++) {
        assert_true(strcmp(id_floor(arena, NOW), random_id(arena, NOW)) <= 0);
        assert_true(strcmp(random_id(arena, NOW - 1), id_floor(arena, NOW)) < 0);
        assert_true(selector_floor(NOW) < random_selector(NOW));
        assert_true(random_selector(NOW - 1) < selector_floor(NOW));
    }
}

static void selectors_are_positive_and_sort_by_time(void **state)
{
    const int64_t times[] = { 0, NOW, NOW + 1, UINT32_MAX };
    int64_t last = 0;

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(times); i++) {
        int64_t selector = random_selector(times[i]);

        assert_true(selector > last);
        assert_int_equal(selector >> 31, times[i]);
        last = selector;
    }
}

/* Every digit in every place, leading zeros included: missing one has a chance of 10^-22. */
static void digits(void **state)
{
    int seen[6][10] = { { 0 } };

    (void)state;
    for (int i = 0; i < 500; i++) {
        const char *code = random_digits(arena, 6);

        assert_int_equal(strlen(code), 6);
        for (int j = 0; j < 6; j++) {
            assert_true(code[j] >= '0' && code[j] <= '9');
            seen[j][code[j] - '0']++;
        }
    }
    for (int j = 0; j < 6; j++)
        for (int d = 0; d < 10; d++)
            assert_true(seen[j][d] > 0);
}

static void bytes_fill_the_whole_buffer(void **state)
{
    uint8_t any[64] = { 0 }, round[64];

    (void)state;
    for (int i = 0; i < 32; i++) { /* a byte that stays zero 32 times: 2^-256 */
        random_bytes(round, sizeof(round));
        for (size_t j = 0; j < sizeof(any); j++)
            any[j] |= round[j];
    }
    assert_null(memchr(any, 0, sizeof(any)));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(tokens),
        TEST(ids_sort_by_time), TEST(floors_are_below_all_of_their_second_and_above_the_one_before),
        TEST(selectors_are_positive_and_sort_by_time),
        TEST(digits),
        TEST(bytes_fill_the_whole_buffer),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
