/* An authenticator in software, for tests: it can do everything right, and anything wrong. */
#ifndef AUTENTICO_TESTS_WEBAUTHN_TEST_H
#define AUTENTICO_TESTS_WEBAUTHN_TEST_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include <gnutls/abstract.h>
#include <gnutls/crypto.h>
#include <gnutls/x509.h>

#include "authn/webauthn.h"
#include "crypto/cose.h"
#include "crypto/hash.h"
#include "util/sbuf.h"

#define UNUSED __attribute__((unused))

static struct arena *A UNUSED;

static UNUSED int set_up(void **state)
{
    (void)state;
    A = arena_start("test");
    return 0;
}

static UNUSED int tear_down(void **state)
{
    (void)state;
    arena_done(A);
    return 0;
}

/* ---- CBOR ---- */

enum { UINT = 0, NEGINT = 1, OCTETS = 2, TEXT = 3, ARRAY = 4, MAP = 5 };

static UNUSED void put_head(struct sbuf *b, int major, uint64_t n)
{
    int more = n < 24 ? 0 : n <= 0xff ? 1 : n <= 0xffff ? 2 : n <= 0xffffffff ? 4 : 8;

    sbuf_addc(b, (char)(major << 5 | (more == 0 ? (int)n : more == 1 ? 24 : more == 2 ? 25 : more == 4 ? 26 : 27)));
    for (int i = more - 1; i >= 0; i--)
        sbuf_addc(b, (char)(n >> (8 * i)));
}

static UNUSED void put_int(struct sbuf *b, int64_t n)
{
    if (n < 0)
        put_head(b, NEGINT, (uint64_t)(-1 - n));
    else
        put_head(b, UINT, (uint64_t)n);
}

static UNUSED void put_octets(struct sbuf *b, struct bytes data)
{
    put_head(b, OCTETS, data.n);
    sbuf_addn(b, data.p, data.n);
}

static UNUSED void put_text(struct sbuf *b, const char *text)
{
    put_head(b, TEXT, strlen(text));
    sbuf_add(b, text);
}

static UNUSED struct bytes joined(struct bytes x, struct bytes y)
{
    struct sbuf b;

    sbuf_init(&b, A, x.n + y.n);
    sbuf_addn(&b, x.p, x.n);
    sbuf_addn(&b, y.p, y.n);
    return sbuf_bytes(&b);
}

static UNUSED struct bytes hash_of(struct bytes in)
{
    uint8_t hash[SHA256_BYTES];

    sha256(in, hash);
    return arena_bytes(A, BYTES(hash));
}

/* One byte is another. */
static UNUSED struct bytes tampered(struct bytes in, size_t at)
{
    struct bytes out = arena_bytes(A, in);

    ((uint8_t *)out.p)[at] ^= 1;
    return out;
}

/* ---- keys ---- */

struct soft_key {
    int64_t alg;
    gnutls_privkey_t key;
    struct bytes x, y, n, e, cose;
};

static UNUSED gnutls_sign_algorithm_t sign_of(int64_t alg)
{
    switch (alg) {
    case COSE_ES256: return GNUTLS_SIGN_ECDSA_SHA256;
    case COSE_ES384: return GNUTLS_SIGN_ECDSA_SHA384;
    case COSE_ES512: return GNUTLS_SIGN_ECDSA_SHA512;
    case COSE_EDDSA: return GNUTLS_SIGN_EDDSA_ED25519;
    case COSE_RS256: return GNUTLS_SIGN_RSA_SHA256;
    case COSE_RS384: return GNUTLS_SIGN_RSA_SHA384;
    case COSE_RS512: return GNUTLS_SIGN_RSA_SHA512;
    case COSE_PS256: return GNUTLS_SIGN_RSA_PSS_RSAE_SHA256;
    case COSE_PS384: return GNUTLS_SIGN_RSA_PSS_RSAE_SHA384;
    default: return GNUTLS_SIGN_RSA_PSS_RSAE_SHA512;
    }
}

static UNUSED bool is_rsa(int64_t alg)
{
    return alg <= COSE_RS256 || (alg <= COSE_PS256 && alg >= COSE_PS512);
}

static UNUSED struct bytes kept(gnutls_datum_t *d, size_t n)
{
    uint8_t *p = arena_alloc(A, n > d->size ? n : d->size);
    size_t out = n > d->size ? n : d->size;

    memcpy(p + out - d->size, d->data, d->size); /* in full length */
    gnutls_free(d->data);
    return (struct bytes){ p, out };
}

static UNUSED size_t coordinate_bytes(int64_t alg)
{
    return alg == COSE_ES384 ? 48 : alg == COSE_ES512 ? 66 : 32;
}

static UNUSED void encode_key(struct soft_key *k)
{
    struct sbuf b;

    sbuf_init(&b, A, 512);
    put_head(&b, MAP, is_rsa(k->alg) || k->alg == COSE_EDDSA ? 4 : 5);
    put_int(&b, 1);
    put_int(&b, is_rsa(k->alg) ? 3 : k->alg == COSE_EDDSA ? 1 : 2);
    put_int(&b, 3);
    put_int(&b, k->alg);
    if (is_rsa(k->alg)) {
        put_int(&b, -1);
        put_octets(&b, k->n);
        put_int(&b, -2);
        put_octets(&b, k->e);
    } else {
        put_int(&b, -1);
        put_int(&b, k->alg == COSE_EDDSA ? 6 : k->alg == COSE_ES256 ? 1 : k->alg == COSE_ES384 ? 2 : 3);
        put_int(&b, -2);
        put_octets(&b, k->x);
        if (k->alg != COSE_EDDSA) {
            put_int(&b, -3);
            put_octets(&b, k->y);
        }
    }
    k->cose = sbuf_bytes(&b);
}

static UNUSED void drop_privkey(void *key)
{
    gnutls_privkey_deinit(key);
}

static UNUSED struct soft_key new_key_of_bits(int64_t alg, unsigned rsa_bits)
{
    struct soft_key k = { .alg = alg };
    gnutls_datum_t a, b;
    unsigned bits = alg == COSE_ES384   ? GNUTLS_CURVE_TO_BITS(GNUTLS_ECC_CURVE_SECP384R1)
                    : alg == COSE_ES512 ? GNUTLS_CURVE_TO_BITS(GNUTLS_ECC_CURVE_SECP521R1)
                                        : GNUTLS_CURVE_TO_BITS(GNUTLS_ECC_CURVE_SECP256R1);

    assert_int_equal(gnutls_privkey_init(&k.key), 0);
    arena_defer(A, drop_privkey, k.key);
    if (is_rsa(alg)) {
        assert_int_equal(gnutls_privkey_generate(k.key, GNUTLS_PK_RSA, rsa_bits, 0), 0);
        assert_int_equal(gnutls_privkey_export_rsa_raw2(k.key, &a, &b, NULL, NULL, NULL, NULL, NULL, NULL,
                                                        GNUTLS_EXPORT_FLAG_NO_LZ), 0);
        k.n = kept(&a, 0);
        k.e = kept(&b, 0);
    } else if (alg == COSE_EDDSA) {
        assert_int_equal(gnutls_privkey_generate(k.key, GNUTLS_PK_EDDSA_ED25519, 0, 0), 0);
        assert_int_equal(gnutls_privkey_export_ecc_raw2(k.key, NULL, &a, NULL, NULL, 0), 0);
        k.x = kept(&a, 32);
    } else {
        assert_int_equal(gnutls_privkey_generate(k.key, GNUTLS_PK_ECDSA, bits, 0), 0);
        assert_int_equal(gnutls_privkey_export_ecc_raw2(k.key, NULL, &a, &b, NULL, GNUTLS_EXPORT_FLAG_NO_LZ), 0);
        k.x = kept(&a, coordinate_bytes(alg));
        k.y = kept(&b, coordinate_bytes(alg));
    }
    encode_key(&k);
    return k;
}

static UNUSED struct soft_key new_key(int64_t alg)
{
    return new_key_of_bits(alg, 2048);
}

static UNUSED struct bytes sign_by(const struct soft_key *k, int64_t alg, struct bytes data)
{
    gnutls_datum_t d = { (unsigned char *)data.p, (unsigned)data.n }, s;

    assert_int_equal(gnutls_privkey_sign_data2(k->key, sign_of(alg), 0, &d, &s), 0);
    return kept(&s, 0);
}

static UNUSED struct bytes sign(const struct soft_key *k, struct bytes data)
{
    return sign_by(k, k->alg, data);
}

/* ---- a ceremony ---- */

#define RP_ID "id.example"
#define ORIGIN "https://id.example"
#define CHALLENGE "a challenge of thirty-two bytes!"
#define CREDENTIAL "a credential id"

enum { UP = 0x01, UV = 0x04, BE = 0x08, BS = 0x10, AT = 0x40, ED = 0x80 };

static UNUSED struct webauthn_expected expected(void)
{
    return (struct webauthn_expected){ .challenge = bytes_of(CHALLENGE), .origin = ORIGIN, .rp_id = RP_ID };
}

/* `extra`: more members, with a comma in front. */
static UNUSED struct bytes client_data(const char *type, const char *challenge, const char *origin, const char *extra)
{
    return bytes_of(arena_printf(A, "{\"type\":\"%s\",\"challenge\":\"%s\",\"origin\":\"%s\"%s}", type,
                                 base64url_encode(A, bytes_of(challenge)), origin, extra));
}

static UNUSED struct bytes auth_data(const char *rp_id, int flags, uint32_t count, struct bytes after)
{
    struct sbuf b;

    sbuf_init(&b, A, 512);
    sbuf_addn(&b, sha256_of(A, rp_id).p, SHA256_BYTES);
    sbuf_addc(&b, (char)flags);
    for (int i = 3; i >= 0; i--)
        sbuf_addc(&b, (char)(count >> (8 * i)));
    sbuf_addn(&b, after.p, after.n);
    return sbuf_bytes(&b);
}

static UNUSED struct bytes attested(struct bytes id, struct bytes cose)
{
    struct sbuf b;

    sbuf_init(&b, A, 512);
    sbuf_add(&b, "AAGUID of 16 B..");
    sbuf_addc(&b, (char)(id.n >> 8));
    sbuf_addc(&b, (char)id.n);
    sbuf_addn(&b, id.p, id.n);
    sbuf_addn(&b, cose.p, cose.n);
    return sbuf_bytes(&b);
}

static UNUSED struct bytes attestation_object(const char *format, struct bytes statement, struct bytes data)
{
    struct sbuf b;

    sbuf_init(&b, A, 1024);
    put_head(&b, MAP, 3);
    put_text(&b, "fmt");
    put_text(&b, format);
    put_text(&b, "attStmt");
    sbuf_addn(&b, statement.p, statement.n);
    put_text(&b, "authData");
    put_octets(&b, data);
    return sbuf_bytes(&b);
}

#define NOTHING ((struct bytes){ NULL, 0 })
#define EMPTY_MAP bytes_of("\xa0")

#endif
