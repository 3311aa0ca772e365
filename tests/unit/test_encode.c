#include "config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#include "util/encode.h"

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

typedef char *encoder(struct arena *a, struct bytes in);
typedef enum rc decoder(struct arena *a, const char *text, struct bytes *out);

struct pair {
    encoder *encode;
    decoder *decode;
    const char *plain, *text;
};

/* RFC 4648 10, and RFC 7515 appendix C for base64url */
static const struct pair pairs[] = {
    { base64_encode, base64_decode, "", "" },
    { base64_encode, base64_decode, "f", "Zg==" },
    { base64_encode, base64_decode, "fo", "Zm8=" },
    { base64_encode, base64_decode, "foo", "Zm9v" },
    { base64_encode, base64_decode, "foob", "Zm9vYg==" },
    { base64_encode, base64_decode, "fooba", "Zm9vYmE=" },
    { base64_encode, base64_decode, "foobar", "Zm9vYmFy" },
    { base64_encode, base64_decode, "\xFB\xFF\xBF", "+/+/" },
    { base64url_encode, base64url_decode, "", "" },
    { base64url_encode, base64url_decode, "f", "Zg" },
    { base64url_encode, base64url_decode, "fooba", "Zm9vYmE" },
    { base64url_encode, base64url_decode, "\x03\xEC\xFF\xE0\xC1", "A-z_4ME" },
    { base32_encode, base32_decode, "", "" },
    { base32_encode, base32_decode, "f", "MY" },
    { base32_encode, base32_decode, "fo", "MZXQ" },
    { base32_encode, base32_decode, "foo", "MZXW6" },
    { base32_encode, base32_decode, "foob", "MZXW6YQ" },
    { base32_encode, base32_decode, "fooba", "MZXW6YTB" },
    { base32_encode, base32_decode, "foobar", "MZXW6YTBOI" },
    { hex_encode, hex_decode, "", "" },
    { hex_encode, hex_decode, "foobar", "666f6f626172" },
    { hex_encode, hex_decode, "\x01\xFF", "01ff" },
};

static void vectors(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(pairs); i++) {
        struct bytes plain = bytes_of(pairs[i].plain), back = { 0 };

        assert_string_equal(pairs[i].encode(arena, plain), pairs[i].text);
        assert_int_equal(pairs[i].decode(arena, pairs[i].text, &back), RC_OK);
        assert_int_equal(back.n, plain.n);
        assert_memory_equal(back.p, plain.p, plain.n);
    }
}

static void there_and_back(void **state)
{
    static const struct {
        encoder *encode;
        decoder *decode;
    } codes[] = {
        { base64_encode, base64_decode },
        { base64url_encode, base64url_decode },
        { base32_encode, base32_decode },
        { hex_encode, hex_decode },
    };
    uint8_t data[256];

    (void)state;
    for (size_t i = 0; i < sizeof(data); i++)
        data[i] = (uint8_t)(i * 7 + i / 3);
    for (size_t c = 0; c < ARRAY_LEN(codes); c++) {
        for (size_t n = 0; n <= sizeof(data); n++) {
            struct bytes back = { 0 };
            char *text = codes[c].encode(arena, (struct bytes){ data, n });

            assert_int_equal(codes[c].decode(arena, text, &back), RC_OK);
            assert_int_equal(back.n, n);
            assert_memory_equal(back.p, data, n);
        }
    }
}

static void refused(void **state)
{
    static const struct {
        decoder *decode;
        const char *text;
    } cases[] = {
        { base64url_decode, NULL },
        { base64url_decode, "Zg==" },     /* padding (JO-07) */
        { base64url_decode, "Zm8=" },
        { base64url_decode, "Z" },        /* no byte in six bits */
        { base64url_decode, "Zm9vY" },
        { base64url_decode, "Zh" },       /* trailing bits not zero */
        { base64url_decode, "Zm9" },
        { base64url_decode, "Zm+v" },     /* the other alphabet */
        { base64url_decode, "Zm/v" },
        { base64url_decode, "Zm9v " },
        { base64url_decode, "Zm9v\n" },
        { base64url_decode, "Zm.v" },
        { base64url_decode, "Zm9v\xC3\xA9" },
        { base64_decode, NULL },
        { base64_decode, "Zg=" },
        { base64_decode, "Zg===" },
        { base64_decode, "=" },
        { base64_decode, "==" },
        { base64_decode, "====" },
        { base64_decode, "Zm9v====" },
        { base64_decode, "Zm9v=" },
        { base64_decode, "Zh==" },
        { base64_decode, "Z===" },
        { base64_decode, "Zg==Zg==" },
        { base64_decode, "Zm-v" },
        { base64_decode, "Zm 9v" },
        { base32_decode, NULL },
        { base32_decode, "M" },
        { base32_decode, "MZX" },
        { base32_decode, "MZXW6Y" },
        { base32_decode, "MZ" },          /* trailing bits not zero */
        { base32_decode, "my" },
        { base32_decode, "MY======" },
        { base32_decode, "M1" },
        { base32_decode, "M8" },
        { base32_decode, "MZ XQ" },
        { hex_decode, NULL },
        { hex_decode, "a" },
        { hex_decode, "abc" },
        { hex_decode, "0g" },
        { hex_decode, "0x12" },
        { hex_decode, " 12" },
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct bytes out = { NULL, 42 };

        assert_int_equal(cases[i].decode(arena, cases[i].text, &out), RC_NONE);
        assert_int_equal(out.n, 42);
    }
}

static void lenient_where_said(void **state)
{
    struct bytes out;

    (void)state;
    assert_int_equal(base64_decode(arena, "Zg", &out), RC_OK); /* unpadded */
    assert_int_equal(out.n, 1);
    assert_int_equal(hex_decode(arena, "AbCD", &out), RC_OK);
    assert_memory_equal(out.p, "\xAB\xCD", 2);
    assert_int_equal(base64url_decode_n(arena, "Zm9v.rest", 4, &out), RC_OK);
    assert_memory_equal(out.p, "foo", 3);
    assert_int_equal(base64url_decode_n(arena, "Zm9v\0", 5, &out), RC_NONE);
}

static void selectors(void **state)
{
    static const int64_t values[] = { 0, 1, 31, 32, 1785000000LL << 31, INT64_MAX - 1, INT64_MAX };
    char id[21], before[21] = "";

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(values); i++) {
        int64_t back = -1;

        selector_to_id(values[i], id);
        assert_int_equal(strlen(id), 20);
        assert_int_equal(strspn(id, "0123456789abcdefghijklmnopqrstuv"), 20);
        assert_true(strcmp(before, id) < 0); /* sorted as the numbers are */
        memcpy(before, id, sizeof(id));
        assert_int_equal(id_to_selector(id, &back), RC_OK);
        assert_int_equal(back, values[i]);
    }
}

/* Ids are stored and handed out: their form may never change. */
static void selector_has_a_fixed_form(void **state)
{
    char id[21];

    (void)state;
    selector_to_id(0, id);
    assert_string_equal(id, "0000000000000s8gageb");
    selector_to_id(INT64_C(0x0123456789ABCDEF), id);
    assert_string_equal(id, "028q5cu4qnjff2lt3g1t");
}

static void selector_with_any_change_is_refused(void **state)
{
    static const char alphabet[] = "0123456789abcdefghijklmnopqrstuvwxyzABV-_ ";
    char id[21];
    int64_t out = 42;

    (void)state;
    selector_to_id(INT64_C(0x6A5B4C3D2E1F0A9B), id);
    for (size_t i = 0; i < 20; i++) {
        char good = id[i];

        for (const char *c = alphabet; *c != '\0'; c++) {
            id[i] = *c;
            if (*c != good)
                assert_int_equal(id_to_selector(id, &out), RC_NONE);
        }
        id[i] = good;
    }
    id[19] = '\0';
    assert_int_equal(id_to_selector(id, &out), RC_NONE);
    assert_int_equal(id_to_selector("", &out), RC_NONE);
    assert_int_equal(id_to_selector(NULL, &out), RC_NONE);
    assert_int_equal(id_to_selector("00000000000000000000", &out), RC_NONE);
    assert_int_equal(id_to_selector("vvvvvvvvvvvvvvvvvvvv", &out), RC_NONE);
    assert_int_equal(out, 42);
}

static void ids_of_bytes(void **state)
{
    const uint8_t zeros[13] = { 0 };
    uint8_t ones[13];
    char id[21];

    (void)state;
    memset(ones, 0xFF, sizeof(ones));
    base32hex_id(zeros, id);
    assert_string_equal(id, "00000000000000000000");
    base32hex_id(ones, id);
    assert_string_equal(id, "vvvvvvvvvvvvvvvvvvvv");
    base32hex_id((const uint8_t *)"foobarfoobarf", id);
    assert_string_equal(id, "cpnmuoj1e9j6urr2c5p6");
}

/* The six bits of the character at `place`. */
static int six_at(struct bytes b, size_t place)
{
    size_t bit = 6 * place;
    int two = b.p[bit / 8] << 8 | (bit / 8 + 1 < b.n ? b.p[bit / 8 + 1] : 0);

    return two >> (10 - bit % 8) & 63;
}

/* Every character in every place, of eight read together and alone behind them: its own
 * value, or none. */
static void each_character(void **state)
{
    static const struct { decoder *decode; const char *alphabet; } kinds[] = {
        { base64url_decode, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_" },
        { base64_decode, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/" },
    };
    static const char around[] = "Az09AzZaCdEfGA"; /* the last one's four low bits stand in no byte */

    (void)state;
    for (size_t k = 0; k < ARRAY_LEN(kinds); k++)
        for (int c = 1; c < 256; c++)
            for (size_t place = 0; place + 2 < sizeof(around); place++) {
                const char *alphabet = kinds[k].alphabet, *at = strchr(alphabet, c);
                char text[sizeof(around)];
                struct bytes out = { 0 };

                memcpy(text, around, sizeof(around));
                text[place] = (char)c;
                assert_int_equal(kinds[k].decode(arena, text, &out), at ? RC_OK : RC_NONE);
                for (size_t i = 0; at != NULL && i + 2 < sizeof(around); i++)
                    assert_int_equal(six_at(out, i), strchr(alphabet, text[i]) - alphabet);
            }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(vectors),
        TEST(there_and_back),
        TEST(refused),
        TEST(each_character),
        TEST(lenient_where_said),
        TEST(selectors),
        TEST(selector_has_a_fixed_form),
        TEST(selector_with_any_change_is_refused),
        TEST(ids_of_bytes),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
