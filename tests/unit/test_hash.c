#include "config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#include "crypto/hash.h"

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

static struct bytes hex(const char *text)
{
    struct bytes out;

    assert_int_equal(hex_decode(arena, text, &out), RC_OK);
    return out;
}

static void assert_hex(const uint8_t *got, const char *expected)
{
    struct bytes want = hex(expected);

    assert_memory_equal(got, want.p, want.n);
}

/* FIPS 180-2 */
static void digests(void **state)
{
    uint8_t out[64];

    (void)state;
    sha256(bytes_of("abc"), out);
    assert_hex(out, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    sha256(bytes_of(NULL), out);
    assert_hex(out, "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
    sha384(bytes_of("abc"), out);
    assert_hex(out, "cb00753f45a35e8bb5a03d699ac65007272c32ab0eded1631a8b605a43ff5bed"
                    "8086072ba1e7cc2358baeca134c825a7");
    sha512(bytes_of("abc"), out);
    assert_hex(out, "ddaf35a193617abacc417349ae20413112e6fa4e89a97ea20a9eeee64b55d39a"
                    "2192992a274fc1a836ba3c23a3feebbd454d4423643ce80e2a9ac94fa54ca49f");
    assert_hex(sha256_of(arena, "abc").p, "ba7816bf8f01cfea");
    assert_int_equal(sha256_of(arena, "abc").n, SHA256_BYTES);
}

/* RFC 4231 4 */
static const struct {
    const char *key, *data, *mac;
} macs[] = {
    { "0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b", "4869205468657265",
      "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7" },
    { "4a656665", "7768617420646f2079612077616e7420666f72206e6f7468696e673f",
      "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843" },
    { "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
      "dddddddddddddddddddddddddddddddddddddddddddddddddd"
      "dddddddddddddddddddddddddddddddddddddddddddddddddd",
      "773ea91e36800e46854db8ebd09181a72959098b3ef8c122d9635514ced565fe" },
    { "0102030405060708090a0b0c0d0e0f10111213141516171819",
      "cdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcd"
      "cdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcd",
      "82558a389a443c0ea4cc819899f2083a85f0faa3e578f8077a2e3ff46729665b" },
    { "0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c", "546573742057697468205472756e636174696f6e",
      "a3b6167473100ee06e0c796c2955552b" },
};

static void hmacs(void **state)
{
    uint8_t out[SHA256_BYTES], long_key[131];

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(macs); i++) {
        hmac_sha256(hex(macs[i].key), hex(macs[i].data), out);
        assert_hex(out, macs[i].mac);
    }
    memset(long_key, 0xaa, sizeof(long_key)); /* 4.7, 4.8 */
    hmac_sha256(BYTES(long_key), bytes_of("Test Using Larger Than Block-Size Key - Hash Key First"),
                out);
    assert_hex(out, "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54");
    hmac_sha256(BYTES(long_key),
                bytes_of("This is a test using a larger than block-size key and a larger than "
                         "block-size data. The key needs to be hashed before being used by the "
                         "HMAC algorithm."), out);
    assert_hex(out, "9b09ffa71b942fcb27635fbcd5b0e944bfdc63644f0713938a7f51535c3a35e2");
}

/* RFC 5869 A.3, the case without salt and with an empty info; and that labels matter. */
static void hkdfs(void **state)
{
    struct bytes root = hex("0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b");
    uint8_t out[42], other[42];

    (void)state;
    hkdf(root, "", out, sizeof(out));
    assert_hex(out, "8da4e775a563c18f715f802a063c5a31b8a11f5c5ee1879ec3454e5f3c738d2d"
                    "9d201395faa4b61a96c8");
    hkdf(root, "a label", other, sizeof(other));
    assert_memory_not_equal(out, other, sizeof(out));
}

static void comparisons(void **state)
{
    (void)state;
    assert_true(ct_equal(bytes_of("abc"), bytes_of("abc")));
    assert_true(ct_equal(bytes_of(NULL), bytes_of("")));
    assert_false(ct_equal(bytes_of("abc"), bytes_of("abd")));
    assert_false(ct_equal(bytes_of("abc"), bytes_of("ab")));
    assert_false(ct_equal(bytes_of("abc"), bytes_of(NULL)));
    assert_true(ct_same_text("abc", "abc"));
    assert_true(ct_same_text(NULL, ""));
    assert_false(ct_same_text("abc", "abcd"));
}

static void logged_as_eight_digits(void **state)
{
    (void)state;
    assert_string_equal(log_hash(arena, "abc"), "ba7816bf");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(digests), TEST(hmacs), TEST(hkdfs), TEST(comparisons), TEST(logged_as_eight_digits),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
