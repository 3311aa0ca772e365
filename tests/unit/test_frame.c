#include "config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#include "util/frame.h"

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

static void there_and_back(void **state)
{
    struct sbuf b;
    struct frame_reader r;
    struct bytes data;

    (void)state;
    sbuf_init(&b, arena, 0);
    frame_put_text(&b, "text");
    frame_put_text(&b, "");
    frame_put_text(&b, NULL);
    frame_put_bytes(&b, (struct bytes){ (const uint8_t *)"a\0b", 3 });
    frame_put_bytes(&b, (struct bytes){ 0 });
    frame_put_int(&b, 0);
    frame_put_int(&b, INT64_MIN);
    frame_put_int(&b, INT64_MAX);

    frame_read(&r, sbuf_bytes(&b));
    assert_string_equal(frame_get_text(&r, arena), "text");
    assert_string_equal(frame_get_text(&r, arena), "");
    assert_null(frame_get_text(&r, arena));
    data = frame_get_bytes(&r);
    assert_int_equal(data.n, 3);
    assert_memory_equal(data.p, "a\0b", 3);
    assert_int_equal(frame_get_bytes(&r).n, 0);
    assert_int_equal(frame_get_int(&r), 0);
    assert_int_equal(frame_get_int(&r), INT64_MIN);
    assert_int_equal(frame_end(&r), RC_NONE); /* not read to the end */
    assert_int_equal(frame_get_int(&r), INT64_MAX);
    assert_int_equal(frame_end(&r), RC_OK);
}

static void form_on_the_wire(void **state)
{
    struct sbuf b;

    (void)state;
    sbuf_init(&b, arena, 0);
    frame_put_text(&b, "ab");
    frame_put_text(&b, NULL);
    frame_put_int(&b, 258);
    assert_int_equal(b.n, 22);
    assert_memory_equal(b.text, "\0\0\0\2ab\xFF\xFF\xFF\xFF\0\0\0\10\0\0\0\0\0\0\1\2", 22);
}

static void empty_frame(void **state)
{
    struct frame_reader r;

    (void)state;
    frame_read(&r, (struct bytes){ 0 });
    assert_int_equal(frame_end(&r), RC_OK);
    assert_int_equal(frame_get_int(&r), 0);
    assert_int_equal(frame_end(&r), RC_NONE);
}

enum kind { A_TEXT, A_BYTES, AN_INT };

static void read_one(struct frame_reader *r, enum kind kind)
{
    if (kind == A_TEXT)
        assert_null(frame_get_text(r, arena));
    else if (kind == A_BYTES)
        assert_null(frame_get_bytes(r).p);
    else
        assert_int_equal(frame_get_int(r), 0);
}

static void malformed_goes_bad_and_stays_bad(void **state)
{
    static const struct {
        const char *frame;
        size_t n;
        enum kind kind;
    } cases[] = {
        { "\0", 1, A_TEXT },                       /* half a length */
        { "\0\0\0", 3, A_BYTES },
        { "\0\0\0\4abc", 7, A_TEXT },              /* longer than the rest */
        { "\0\0\0\4abc", 7, A_BYTES },
        { "\xFF\xFF\xFF\xFE", 4, A_TEXT },
        { "\x80\0\0\0abc", 7, A_BYTES },
        { "\xFF\xFF\xFF\xFF", 4, A_BYTES },        /* NULL is for texts only */
        { "\xFF\xFF\xFF\xFF", 4, AN_INT },
        { "\0\0\0\3a\0b", 7, A_TEXT },             /* NUL inside */
        { "\0\0\0\4\0\0\0\1", 8, AN_INT },         /* another width */
        { "\0\0\0\11\0\0\0\0\0\0\0\0\1", 13, AN_INT },
        { "\0\0\0\10\0\0\0\0", 8, AN_INT },        /* cut short */
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        uint8_t *exact = arena_memdup(arena, cases[i].frame, cases[i].n);
        struct frame_reader r;

        frame_read(&r, (struct bytes){ exact, cases[i].n });
        read_one(&r, cases[i].kind);
        assert_true(r.is_bad);
        read_one(&r, A_TEXT);
        read_one(&r, A_BYTES);
        read_one(&r, AN_INT);
        assert_int_equal(frame_end(&r), RC_NONE);
    }
}

static void every_cut_is_noticed(void **state)
{
    struct sbuf b;

    (void)state;
    sbuf_init(&b, arena, 0);
    frame_put_text(&b, "some text");
    frame_put_int(&b, 7);
    frame_put_bytes(&b, bytes_of("bytes"));
    for (size_t n = 0; n < b.n; n++) {
        uint8_t *exact = arena_memdup(arena, b.text, n);
        struct frame_reader r;

        frame_read(&r, (struct bytes){ exact, n });
        frame_get_text(&r, arena);
        frame_get_int(&r);
        frame_get_bytes(&r);
        assert_int_equal(frame_end(&r), RC_NONE);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(there_and_back),
        TEST(form_on_the_wire),
        TEST(empty_frame),
        TEST(malformed_goes_bad_and_stays_bad),
        TEST(every_cut_is_noticed),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
