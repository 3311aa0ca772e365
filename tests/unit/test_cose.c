/* Keys of authenticators and signatures by them (WR-02, WR-17, WA-13). */
#include "config.h"

#include "webauthn_test.h"

static const int64_t all[] = {
    COSE_ES256, COSE_ES384, COSE_ES512, COSE_RS256, COSE_RS384, COSE_RS512, COSE_PS256, COSE_PS384, COSE_PS512, COSE_EDDSA,
};

/* WR-02: the ten of the contract, in its order. */
static void wr02_what_is_offered(void **state)
{
    (void)state;
    assert_int_equal(cose_algs_n, ARRAY_LEN(all));
    for (size_t i = 0; i < cose_algs_n; i++)
        assert_true(cose_algs[i] == all[i]);
}

/* WA-13 by each algorithm: right, another message, truncated, longer, another key, zeros. */
static void check_alg(int64_t alg)
{
    struct soft_key k = new_key(alg);
    struct cose_key key;
    struct bytes signature = sign(&k, bytes_of("a message"));
    uint8_t zeros[600] = { 0 };

    assert_int_equal(cose_key_read(A, k.cose, &key), RC_OK);
    assert_true(key.alg == alg);
    assert_int_equal(cose_verify(&key, bytes_of("a message"), signature), RC_OK);
    assert_int_equal(cose_verify(&key, bytes_of("a massage"), signature), RC_NONE);
    assert_int_equal(cose_verify(&key, bytes_of("a message"), NOTHING), RC_NONE);
    assert_int_equal(cose_verify(&key, bytes_of("a message"), (struct bytes){ signature.p, signature.n - 1 }), RC_NONE);
    assert_int_equal(cose_verify(&key, bytes_of("a message"), joined(signature, bytes_of("x"))), RC_NONE);
    assert_int_equal(cose_verify(&key, bytes_of("a message"), tampered(signature, signature.n / 2)), RC_NONE);
    assert_int_equal(cose_verify(&key, bytes_of("a message"), (struct bytes){ zeros, signature.n }), RC_NONE);
    for (size_t i = 0; i < ARRAY_LEN(all); i++) /* the algorithm is that of the registration */
        if (all[i] != alg)
            assert_int_equal(cose_verify_by(key.key, all[i], bytes_of("a message"), signature), RC_NONE);
}

static void wa13_every_algorithm(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(all); i++)
        check_alg(all[i]);
}

/* WA-13: r = s = 0 (CVE-2022-21449), and the same numbers in another encoding. */
static void wa13_ecdsa_forms(void **state)
{
    static const char *const bad[] = {
        "3006020100020100", "3006020101020100", "3006020100020101", "300602010102010100", "3007020200010201" "01", "3000", "30",
        "308006020101020101", "30810602010102" "0101", "300602017f02017f", "3008020200ff020200ff",
    };
    struct soft_key k = new_key(COSE_ES256);
    struct cose_key key;
    struct bytes signature;

    (void)state;
    assert_int_equal(cose_key_read(A, k.cose, &key), RC_OK);
    for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
        assert_int_equal(hex_decode(A, bad[i], &signature), RC_OK);
        assert_int_equal(cose_verify(&key, bytes_of("x"), signature), RC_NONE);
    }
    /* good numbers, a longer length: BER */
    signature = sign(&k, bytes_of("x"));
    struct sbuf b;
    sbuf_init(&b, A, 128);
    sbuf_addn(&b, "\x30\x81", 2);
    sbuf_addn(&b, signature.p + 1, signature.n - 1);
    assert_int_equal(cose_verify(&key, bytes_of("x"), signature), RC_OK);
    assert_int_equal(cose_verify(&key, bytes_of("x"), sbuf_bytes(&b)), RC_NONE);
}

/* ---- keys ---- */

static enum rc read_key(struct bytes cose)
{
    struct cose_key key;

    return cose_key_read(A, cose, &key);
}

static struct bytes with(int64_t kty, int64_t alg, int64_t crv, struct bytes x, struct bytes y)
{
    struct sbuf b;

    sbuf_init(&b, A, 256);
    put_head(&b, MAP, y.n > 0 ? 5 : 4);
    put_int(&b, 1);
    put_int(&b, kty);
    put_int(&b, 3);
    put_int(&b, alg);
    put_int(&b, -1);
    put_int(&b, crv);
    put_int(&b, -2);
    put_octets(&b, x);
    if (y.n > 0) {
        put_int(&b, -3);
        put_octets(&b, y);
    }
    return sbuf_bytes(&b);
}

/* WR-17: not the curve, the kind, the algorithm; off the curve, compressed, short. */
static void wr17_elliptic_curves(void **state)
{
    struct soft_key k = new_key(COSE_ES256), ed = new_key(COSE_EDDSA), big = new_key(COSE_ES384);
    struct bytes x = k.x, y = k.y;
    uint8_t zeros[32] = { 0 };

    (void)state;
    assert_int_equal(read_key(with(2, -7, 1, x, y)), RC_OK);
    assert_int_equal(read_key(with(2, -35, 1, x, y)), RC_NONE);  /* ES384 with P-256 */
    assert_int_equal(read_key(with(2, -7, 2, x, y)), RC_NONE);
    assert_int_equal(read_key(with(2, -7, 8, x, y)), RC_NONE);   /* secp256k1 */
    assert_int_equal(read_key(with(2, -47, 8, x, y)), RC_NONE);  /* ES256K: not offered */
    assert_int_equal(read_key(with(1, -7, 1, x, y)), RC_NONE);
    assert_int_equal(read_key(with(3, -7, 1, x, y)), RC_NONE);
    assert_int_equal(read_key(with(4, -7, 1, x, y)), RC_NONE);   /* symmetric */
    assert_int_equal(read_key(with(2, -257, 1, x, y)), RC_NONE);
    assert_int_equal(read_key(with(2, 0, 1, x, y)), RC_NONE);
    assert_int_equal(read_key(with(2, -7, 1, x, tampered(y, 31))), RC_NONE);
    assert_int_equal(read_key(with(2, -7, 1, BYTES(zeros), BYTES(zeros))), RC_NONE);
    assert_int_equal(read_key(with(2, -7, 1, (struct bytes){ x.p, 31 }, y)), RC_NONE);
    assert_int_equal(read_key(with(2, -7, 1, x, (struct bytes){ y.p, 31 })), RC_NONE);
    assert_int_equal(read_key(with(2, -7, 1, joined(bytes_of("\x01"), x), y)), RC_NONE);
    assert_int_equal(read_key(with(2, -7, 1, x, NOTHING)), RC_NONE);
    assert_int_equal(read_key(with(2, -7, 1, big.x, big.y)), RC_NONE);
    assert_int_equal(read_key(with(1, -8, 6, ed.x, NOTHING)), RC_OK);
    assert_int_equal(read_key(with(1, -8, 4, ed.x, NOTHING)), RC_NONE); /* X25519 */
    assert_int_equal(read_key(with(1, -8, 7, ed.x, NOTHING)), RC_NONE); /* Ed448 */
    assert_int_equal(read_key(with(1, -8, 6, ed.x, ed.x)), RC_NONE);
    assert_int_equal(read_key(with(1, -8, 6, (struct bytes){ ed.x.p, 31 }, NOTHING)), RC_NONE);
    assert_int_equal(read_key(joined(k.cose, bytes_of("x"))), RC_NONE);
    for (size_t n = 0; n < k.cose.n; n++)
        assert_int_equal(read_key((struct bytes){ k.cose.p, n }), RC_NONE);
}

static struct bytes rsa_with(struct bytes n, struct bytes e)
{
    struct soft_key k = { .alg = COSE_RS256, .n = n, .e = e };

    encode_key(&k);
    return k.cose;
}

/* WR-17: RSA from 2048 bits, with an exponent that makes sense. */
static void wr17_rsa(void **state)
{
    struct soft_key k = new_key(COSE_RS256), small = new_key_of_bits(COSE_RS256, 1024);
    struct bytes e = k.e;
    uint8_t huge[1025];

    (void)state;
    memset(huge, 0xff, sizeof(huge));
    assert_int_equal(read_key(rsa_with(k.n, e)), RC_OK);
    assert_int_equal(read_key(small.cose), RC_NONE);
    assert_int_equal(read_key(rsa_with(BYTES(huge), e)), RC_NONE);
    assert_int_equal(read_key(rsa_with(joined((struct bytes){ (const uint8_t *)"", 1 }, k.n), e)), RC_NONE);
    assert_int_equal(read_key(rsa_with(k.n, bytes_of("\x01"))), RC_NONE);
    assert_int_equal(read_key(rsa_with(k.n, bytes_of("\x02"))), RC_NONE);
    assert_int_equal(read_key(rsa_with(k.n, NOTHING)), RC_NONE);
    assert_int_equal(read_key(rsa_with(NOTHING, e)), RC_NONE);
    assert_int_equal(read_key(rsa_with(k.n, bytes_of("123456789"))), RC_NONE);
}

/* WebAuthn 6.5.1.1: alg and what the kind needs, and no other member. */
static void wr17_members(void **state)
{
    static const char *const bad[] = {
        "a0", "a10102", "a10326", "80", "01", "f6", "a201020326", "a3010203262001", "a401020326200121420000", "a5010203262001214000224000",
    };
    struct soft_key k = new_key(COSE_ES256);
    struct sbuf b;

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
        struct bytes in;

        assert_int_equal(hex_decode(A, bad[i], &in), RC_OK);
        assert_int_equal(read_key(in), RC_NONE);
    }
    /* one more: key_ops */
    sbuf_init(&b, A, 256);
    put_head(&b, MAP, 6);
    put_int(&b, 1); put_int(&b, 2);
    put_int(&b, 3); put_int(&b, -7);
    put_int(&b, 4); put_head(&b, ARRAY, 0);
    put_int(&b, -1); put_int(&b, 1);
    put_int(&b, -2); put_octets(&b, k.x);
    put_int(&b, -3); put_octets(&b, k.y);
    assert_int_equal(read_key(sbuf_bytes(&b)), RC_NONE);
}

int main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        T(wr02_what_is_offered), T(wa13_every_algorithm), T(wa13_ecdsa_forms), T(wr17_elliptic_curves), T(wr17_rsa), T(wr17_members),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
