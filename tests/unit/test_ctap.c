#include "config.h"

#include "webauthn_test.h"

#include "crypto/ctap.h"
#include "crypto/der.h"

static enum rc parse(struct bytes in, struct ctap_item *out)
{
    /* on the heap and no longer than it says, so that reading beyond it is seen */
    uint8_t *p = malloc(in.n > 0 ? in.n : 1);
    enum rc rc;

    if (in.n > 0)
        memcpy(p, in.p, in.n);
    rc = ctap_parse(A, (struct bytes){ p, in.n }, out);
    free(p);
    return rc;
}

#define HEX(hex) from_hex(hex)
static struct bytes from_hex(const char *hex)
{
    struct bytes out;

    assert_int_equal(hex_decode(A, hex, &out), RC_OK);
    return out;
}

/* RFC 8949 Appendix A, those that are canonical in CTAP2. */
static void rfc8949_vectors(void **state)
{
    static const struct { const char *hex; enum ctap_type type; int64_t n; } good[] = {
        { "00", CTAP_INT, 0 }, { "17", CTAP_INT, 23 }, { "1818", CTAP_INT, 24 }, { "1903e8", CTAP_INT, 1000 },
        { "1a000f4240", CTAP_INT, 1000000 }, { "1b000000e8d4a51000", CTAP_INT, 1000000000000 }, { "20", CTAP_INT, -1 },
        { "3863", CTAP_INT, -100 }, { "3903e7", CTAP_INT, -1000 }, { "1b7fffffffffffffff", CTAP_INT, INT64_MAX },
        { "3b7fffffffffffffff", CTAP_INT, INT64_MIN }, { "1bffffffffffffffff", CTAP_OTHER, 0 },
        { "3bffffffffffffffff", CTAP_OTHER, 0 }, { "f4", CTAP_BOOL, 0 }, { "f5", CTAP_BOOL, 1 }, { "f6", CTAP_OTHER, 0 },
        { "f7", CTAP_OTHER, 0 }, { "f90000", CTAP_OTHER, 0 }, { "fa47c35000", CTAP_OTHER, 0 },
        { "fb3ff199999999999a", CTAP_OTHER, 0 }, { "40", CTAP_BYTES, 0 }, { "4401020304", CTAP_BYTES, 0 },
        { "60", CTAP_TEXT, 0 }, { "6449455446", CTAP_TEXT, 0 }, { "62c3bc", CTAP_TEXT, 0 }, { "80", CTAP_ARRAY, 0 },
        { "83010203", CTAP_ARRAY, 0 }, { "8301820203820405", CTAP_ARRAY, 0 }, { "a0", CTAP_MAP, 0 },
        { "a201020304", CTAP_MAP, 0 }, { "a26161016162820203", CTAP_MAP, 0 },
    };
    struct ctap_item item;

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(good); i++) {
        if (parse(from_hex(good[i].hex), &item) != RC_OK)
            fail_msg("%s", good[i].hex);
        assert_int_equal(item.type, good[i].type);
        assert_true(item.n == good[i].n);
    }
}

/* WR-10, WA-16: not the one canonical encoding, or not CBOR at all. */
static void refused(void **state)
{
    static const char *const bad[] = {
        "", "18", "1800", "1817", "190000", "1900ff", "1a0000ffff", "1b00000000ffffffff", "3800", "5800", "580161",
        "7800", "9800", "b800", "ff", "1c", "1d", "1e", "1f", "3f", "5f4100ff", "7f6161ff", "9fff", "bfff", "c000",
        "d82301", "f800", "f818", "f820", "e0", "fc", "61ff", "62c328", "61c3", "63eda080", "0000", "a0a0", "41", "6161ff",
        "81", "8201", "a1", "a101", "a20102", "a201020102", "a202010102", "a2616101616102", "a2616201616102",
        "a262616101616202", "a220010002", "a1800001", "a1a00001", "a1f50001", "a1f60001",
        /* lengths beyond the buffer, counts beyond all memory */
        "5a7fffffff", "5bffffffffffffffff", "5b7fffffffffffffff61", "7bffffffffffffffff", "9a7fffffff", "9bffffffffffffffff",
        "ba7fffffff", "bbffffffffffffffff", "bb8000000000000001", "9b2000000000000000", "58ff00", "b9ffff00",
        /* depth */
        "8181818181", "818181818100", "81818181f6ff", "a100a100a100a100a100a10000", "a10081a10081a10000",
    };
    struct ctap_item item;

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(bad); i++)
        if (parse(from_hex(bad[i]), &item) != RC_NONE)
            fail_msg("%s", bad[i]);
}

static void bounds(void **state)
{
    struct ctap_item item;
    struct bytes rest;
    struct sbuf b;

    (void)state;
    assert_int_equal(parse(HEX("8181818100"), &item), RC_OK); /* four deep */
    sbuf_init(&b, A, 1024);
    put_head(&b, ARRAY, CTAP_ITEMS_MAX - 1);
    for (int i = 0; i < CTAP_ITEMS_MAX - 1; i++)
        put_int(&b, 1);
    assert_int_equal(parse(sbuf_bytes(&b), &item), RC_OK);
    sbuf_init(&b, A, 1024);
    put_head(&b, ARRAY, CTAP_ITEMS_MAX);
    for (int i = 0; i < CTAP_ITEMS_MAX; i++)
        put_int(&b, 1);
    assert_int_equal(parse(sbuf_bytes(&b), &item), RC_NONE);
    /* what follows is told, not lost */
    assert_int_equal(ctap_read(A, HEX("0102"), &item, &rest), RC_OK);
    assert_int_equal(rest.n, 1);
    assert_int_equal(rest.p[0], 2);
    assert_int_equal(item.raw.n, 1);
}

static void looking(void **state)
{
    struct ctap_item map, other;
    struct bytes in = HEX("a5" "0102" "206141" "61616163" "6162420304" "626263f5");

    (void)state;
    assert_int_equal(ctap_parse(A, in, &map), RC_OK);
    assert_int_equal(ctap_get_int(&map, 1, CTAP_INT)->n, 2);
    assert_null(ctap_get_int(&map, 1, CTAP_TEXT));
    assert_true(ctap_is_text(ctap_get_int(&map, -1, CTAP_TEXT), "A"));
    assert_null(ctap_get_int(&map, 2, CTAP_INT));
    assert_true(ctap_is_text(ctap_get(&map, "a", CTAP_TEXT), "c"));
    assert_int_equal(ctap_get(&map, "b", CTAP_BYTES)->data.n, 2);
    assert_true(ctap_get(&map, "bc", CTAP_BOOL)->n);
    assert_null(ctap_get(&map, "bcd", CTAP_BOOL));
    assert_null(ctap_get(NULL, "a", CTAP_TEXT));
    assert_int_equal(ctap_parse(A, HEX("01"), &other), RC_OK);
    assert_null(ctap_get(&other, "a", CTAP_TEXT));
    assert_null(ctap_get_int(&other, 1, CTAP_INT));
    assert_false(ctap_is_text(NULL, ""));
}

/* Every prefix of something good, and every byte of it changed: an answer, whatever it is. */
static void nothing_is_read_beyond(void **state)
{
    struct soft_key k = new_key(COSE_ES256);
    struct bytes good = attestation_object("none", EMPTY_MAP, auth_data(RP_ID, UP | AT, 1, attested(bytes_of(CREDENTIAL), k.cose)));
    struct ctap_item item;

    (void)state;
    for (size_t n = 0; n < good.n; n++)
        assert_int_equal(parse((struct bytes){ good.p, n }, &item), RC_NONE);
    for (size_t i = 0; i < good.n; i++)
        for (int bit = 0; bit < 8; bit++) {
            struct bytes other = arena_bytes(A, good);

            ((uint8_t *)other.p)[i] ^= (uint8_t)(1 << bit);
            (void)(parse(other, &item) == RC_OK);
        }
}

/* ---- DER ---- */

static void der(void **state)
{
    static const char *const bad[] = {
        "", "04", "0401", "0480", "0484ffffffff", "0483ffffff", "1f", "1f8001", "1f8100", "bf80", "bfff", "bfffffffff7f00",
        "5f1f00",
    };
    struct bytes in, value;
    struct der d;

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
        in = from_hex(bad[i]);
        if (der_take(&in, &d) != RC_NONE)
            fail_msg("%s", bad[i]);
    }
    in = HEX("bf853e03020100" "0500");
    assert_int_equal(der_take(&in, &d), RC_OK);
    assert_true(d.tag == DER_CONTEXT(702));
    assert_int_equal(d.value.n, 3);
    assert_int_equal(der_take_of(&in, DER_INTEGER, &value), RC_NONE);
    assert_int_equal(in.n, 2); /* still there */
    assert_int_equal(der_take_of(&in, 5, &value), RC_OK);
    assert_int_equal(in.n, 0);
}

int main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        T(rfc8949_vectors), T(refused), T(bounds), T(looking), T(nothing_is_read_beyond), T(der),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
