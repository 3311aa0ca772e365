#include "config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#include <gnutls/abstract.h>
#include <gnutls/crypto.h>

#include "crypto/hash.h"
#include "crypto/jwk.h"
#include "util/sbuf.h"

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

/* ---- the RFCs' own ---- */

/* RFC 7515 A.2 */
#define A2_N \
    "ofgWCuLjybRlzo0tZWJjNiuSfb4p4fAkd_wWJcyQoTbji9k0l8W26mPddxHmfHQp-Vaw-4qPCJrcS2mJPMEzP1Pt" \
    "0Bm4d4QlL-yRT-SFd2lZS-pCgNMsD1W_YpRPEwOWvG6b32690r2jZ47soMZo9wGzjb_7OMg0LOL-bSf63kpaSHSX" \
    "ndS5z5rexMdbBYUsLA9e-KXBdQOS-UTo7WTBEMa2R2CapHg665xsmtdVMTBQY4uDZlxvb3qCo5ZwKh9kG4LT6_I5" \
    "IhlJH7aGhyxXFvUK-DWNmoudF8NAco9_h9iaGNj8q2ethFkMLs91kzk2PAcDTW9gb54h4FRWyuXpoQ"
#define A2_JWK "{\"kty\":\"RSA\",\"n\":\"" A2_N "\",\"e\":\"AQAB\"}"
#define PAYLOAD \
    "eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ"
#define A2_SIGNATURE \
    "cC4hiUPoj9Eetdgtv3hF80EGrhuB__dzERat0XF9g2VtQgr9PJbu3XOiZj5RZmh7AAuHIm4Bh-0Qc_lF5YKt_O8W" \
    "2Fp5jujGbds9uJdbF9CUAr7t1dnZcAcQjbKBYNX4BAynRFdiuB--f_nZLgrnbyTyWzO75vRK5h6xBArLIARNPvkS" \
    "jtQBMHlb1L07Qe7K0GarZRmB_eSN9383LcOLn6_dO--xi12jzDwusC-eOkHWEsqtFZESc6BfI7noOPqvhJ1phCnv" \
    "Wh6IeYI2w9QOYEUipUTI8np6LbgGY9Fs98rqVt5AXLIhWkWywlVmtVrBp0igcN_IoypGlUPQGe77Rw"
#define A2_JWS "eyJhbGciOiJSUzI1NiJ9." PAYLOAD "." A2_SIGNATURE

/* RFC 7515 A.3 */
#define A3_X "f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU"
#define A3_Y "x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0"
#define A3_JWK "{\"kty\":\"EC\",\"crv\":\"P-256\",\"x\":\"" A3_X "\",\"y\":\"" A3_Y "\"}"
#define A3_JWS \
    "eyJhbGciOiJFUzI1NiJ9." PAYLOAD \
    ".DtEhU3ljbEg8L38VWAfUAqOyKAM6-Xx-F4GawxaepmXFCgfTjDxw5djxLa8ISlSApmWQxfKTUJqPP3-Kg6NU1Q"

/* RFC 8037 A.2, A.4 */
#define ED_X "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"
#define ED_JWK "{\"kty\":\"OKP\",\"crv\":\"Ed25519\",\"x\":\"" ED_X "\"}"
#define ED_INPUT "eyJhbGciOiJFZERTQSJ9.RXhhbXBsZSBvZiBFZDI1NTE5IHNpZ25pbmc"
#define ED_SIGNATURE \
    "hgyY0il_MGCjP0JzlnLWG1PPOt7-09PGcvMg3AIbQR6dWbhijcNR4ki4iylGjg5BhVsPt9g7sVvpAr_MuM0KAg"

static struct jwk load(enum jws_alg alg, const char *kid, const char *json)
{
    struct jwk k = { kid, alg, json, NULL };

    assert_int_equal(jwk_load(arena, &k), RC_OK);
    return k;
}

static void rfc7515_a2_rs256(void **state)
{
    struct jwk k = load(ALG_RS256, NULL, A2_JWK);
    struct json *payload;

    (void)state;
    assert_int_equal(jws_verify(arena, A2_JWS, &k, 1, NULL, &payload), RC_OK);
    assert_string_equal(json_str(json_get(payload, "iss")), "joe");
}

static void rfc7515_a3_es256(void **state)
{
    struct jwk k = load(ALG_ES256, NULL, A3_JWK);
    struct json *payload;

    (void)state;
    assert_int_equal(jws_verify(arena, A3_JWS, &k, 1, NULL, &payload), RC_OK);
    assert_string_equal(json_str(json_get(payload, "iss")), "joe");
}

/* Its payload is not JSON: the key and the signature are right, the JWT is not. */
static void rfc8037_a4_eddsa(void **state)
{
    struct jwk k = load(ALG_EDDSA, NULL, ED_JWK);
    gnutls_datum_t data = { (unsigned char *)ED_INPUT, sizeof(ED_INPUT) - 1 }, sig;
    struct bytes signature;
    struct json *payload = NULL;

    (void)state;
    assert_int_equal(base64url_decode(arena, ED_SIGNATURE, &signature), RC_OK);
    sig = (gnutls_datum_t){ (unsigned char *)signature.p, (unsigned)signature.n };
    assert_true(gnutls_pubkey_verify_data2(k.key, GNUTLS_SIGN_EDDSA_ED25519, 0, &data, &sig) >= 0);
    assert_int_equal(jws_verify(arena, ED_INPUT "." ED_SIGNATURE, &k, 1, NULL, &payload), RC_NONE);
    assert_null(payload);
}

static const struct {
    const char *json, *thumbprint;
} thumbprints[] = {
    /* RFC 7638 3.1 */
    { "{\"kty\":\"RSA\",\"n\":\"0vx7agoebGcQSuuPiLJXZptN9nndrQmbXEps2aiAFbWhM78LhWx4cbbfAAtVT86zwu1R"
      "K7aPFFxuhDR1L6tSoc_BJECPebWKRXjBZCiFV4n3oknjhMstn64tZ_2W-5JsGY4Hc5n9yBXArwl93lqt7_RN5w6Cf0h4"
      "QyQ5v-65YGjQR0_FDW2QvzqY368QQMicAtaSqzs8KJZgnYb9c7d0zgdAZHzu6qMQvRL5hajrn1n91CbOpbISD08qNLyr"
      "dkt-bFTWhAI4vMQFh6WeZu0fM4lFd2NcRwr3XPksINHaQ-G_xBniIqbw0Ls1jF44-csFCur-kEgU8awapJzKnqDKgw\","
      "\"e\":\"AQAB\",\"alg\":\"RS256\",\"kid\":\"2011-04-29\"}",
      "NzbLsXh8uDCcd-6MNwXF4W_7noWXFZAfHkxZsRGC9Xs" },
    /* RFC 8037 A.3 */
    { ED_JWK, "kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k" },
};

static void thumbprints_of_the_rfcs(void **state)
{
    char *out;

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(thumbprints); i++) {
        assert_int_equal(jwk_thumbprint(arena, thumbprints[i].json, &out), RC_OK);
        assert_string_equal(out, thumbprints[i].thumbprint);
    }
    /* of EC: what sha256 says of the text in 7638's form */
    assert_int_equal(jwk_thumbprint(arena, A3_JWK, &out), RC_OK);
    assert_string_equal(out, base64url_encode(arena, sha256_of(arena,
        "{\"crv\":\"P-256\",\"kty\":\"EC\",\"x\":\"" A3_X "\",\"y\":\"" A3_Y "\"}")));
}

static void thumbprints_of_nothing(void **state)
{
    static const char *const bad[] = {
        NULL, "", "[]", "{}", "{\"kty\":\"oct\",\"k\":\"AAAA\"}", "{\"kty\":\"RSA\",\"n\":\"AQAB\"}",
        "{\"kty\":\"RSA\",\"n\":\"\",\"e\":\"AQAB\"}", "{\"kty\":\"RSA\",\"n\":7,\"e\":\"AQAB\"}",
        "{\"kty\":\"RSA\",\"n\":\"A\\\"B\",\"e\":\"AQAB\"}",
    };
    char *out = NULL;

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(bad); i++)
        assert_int_equal(jwk_thumbprint(arena, bad[i], &out), RC_NONE);
    assert_null(out);
}

/* OIDC Core A.3 for RS256; Ed25519 goes with SHA-512, half of it 32 bytes. */
static void half_hashes(void **state)
{
    (void)state;
    assert_string_equal(jws_half_hash(arena, ALG_RS256, "jHkWEdUXMU1BwAsC4vtUsZwnNvTIxEl0z9K3vx5KF0Y"),
                        "77QmUPtjPfzWtF2AnpK9RQ");
    assert_string_equal(jws_half_hash(arena, ALG_ES256, "jHkWEdUXMU1BwAsC4vtUsZwnNvTIxEl0z9K3vx5KF0Y"),
                        "77QmUPtjPfzWtF2AnpK9RQ");
    assert_int_equal(strlen(jws_half_hash(arena, ALG_EDDSA, "x")), 43);
}

static void names(void **state)
{
    (void)state;
    for (enum jws_alg alg = ALG_RS256; alg <= ALG_EDDSA; alg++)
        assert_int_equal(jws_alg_of(jws_alg_name(alg)), alg);
    assert_int_equal(jws_alg_of("none"), ALG_NONE_OF_OURS);
    assert_int_equal(jws_alg_of("rs256"), ALG_NONE_OF_OURS);
    assert_int_equal(jws_alg_of(NULL), ALG_NONE_OF_OURS);
    assert_null(jws_alg_name(ALG_NONE_OF_OURS));
}

/* ---- a forger, who has a key of each kind and signs anything ---- */

static gnutls_privkey_t keys[ALG_EDDSA + 1];
static struct jwk ours[ALG_EDDSA]; /* the public halves, kid "RS256" and so on */

static const struct {
    gnutls_pk_algorithm_t pk;
    gnutls_sign_algorithm_t sign;
    unsigned bits;
} kinds[] = {
    [ALG_RS256] = { GNUTLS_PK_RSA, GNUTLS_SIGN_RSA_SHA256, 2048 },
    [ALG_ES256] = { GNUTLS_PK_ECDSA, GNUTLS_SIGN_ECDSA_SHA256, GNUTLS_CURVE_TO_BITS(GNUTLS_ECC_CURVE_SECP256R1) },
    [ALG_EDDSA] = { GNUTLS_PK_EDDSA_ED25519, GNUTLS_SIGN_EDDSA_ED25519, 256 },
};

static struct arena *forever;

/* `width` bytes: the library gives a zero too many, or too few. */
static const char *b64(const gnutls_datum_t *d, size_t width)
{
    uint8_t *out = arena_alloc(forever, width);
    size_t extra = d->size > width ? d->size - width : 0, n = d->size - extra;

    memcpy(out + width - n, d->data + extra, n);
    return base64url_encode(forever, (struct bytes){ out, width });
}

static const char *public_half(enum jws_alg alg)
{
    gnutls_datum_t n = { 0 }, e = { 0 };
    const char *text;

    if (alg == ALG_RS256) {
        gnutls_privkey_export_rsa_raw2(keys[alg], &n, &e, NULL, NULL, NULL, NULL, NULL, NULL,
                                       GNUTLS_EXPORT_FLAG_NO_LZ);
        text = arena_printf(forever, "{\"kty\":\"RSA\",\"n\":\"%s\",\"e\":\"%s\"}", b64(&n, 256), b64(&e, 3));
    } else {
        gnutls_ecc_curve_t curve;

        gnutls_privkey_export_ecc_raw2(keys[alg], &curve, &n, alg == ALG_ES256 ? &e : NULL, NULL, 0);
        text = alg == ALG_ES256
                   ? arena_printf(forever, "{\"kty\":\"EC\",\"crv\":\"P-256\",\"x\":\"%s\",\"y\":\"%s\"}",
                                  b64(&n, 32), b64(&e, 32))
                   : arena_printf(forever, "{\"kty\":\"OKP\",\"crv\":\"Ed25519\",\"x\":\"%s\"}", b64(&n, 32));
    }
    gnutls_free(n.data);
    gnutls_free(e.data);
    return text;
}

static int make_keys(void **state)
{
    (void)state;
    forever = arena_start("keys");
    for (enum jws_alg alg = ALG_RS256; alg <= ALG_EDDSA; alg++) {
        gnutls_privkey_init(&keys[alg]);
        gnutls_privkey_generate(keys[alg], kinds[alg].pk, kinds[alg].bits, 0);
        ours[alg - 1] = (struct jwk){ jws_alg_name(alg), alg, public_half(alg), NULL };
        if (jwk_load(forever, &ours[alg - 1]) != RC_OK)
            return 1;
    }
    return 0;
}

static int drop_keys(void **state)
{
    (void)state;
    for (enum jws_alg alg = ALG_RS256; alg <= ALG_EDDSA; alg++)
        gnutls_privkey_deinit(keys[alg]);
    arena_done(forever);
    return 0;
}

static void pad(uint8_t out[32], gnutls_datum_t *d)
{
    struct bytes b = { d->data, d->size };

    while (b.n > 32) {
        b.p++;
        b.n--;
    }
    memset(out, 0, 32);
    memcpy(out + 32 - b.n, b.p, b.n);
    gnutls_free(d->data);
}

static struct bytes raw_sign(enum jws_alg alg, const char *input, bool is_der)
{
    gnutls_datum_t data = { (unsigned char *)input, (unsigned)strlen(input) }, sig, r, s;
    struct bytes out;

    assert_int_equal(gnutls_privkey_sign_data2(keys[alg], kinds[alg].sign, 0, &data, &sig), 0);
    if (alg == ALG_ES256 && !is_der) {
        uint8_t *rs = arena_alloc(arena, 64);

        assert_int_equal(gnutls_decode_rs_value(&sig, &r, &s), 0);
        pad(rs, &r);
        pad(rs + 32, &s);
        out = (struct bytes){ rs, 64 };
    } else {
        out = arena_bytes(arena, (struct bytes){ sig.data, sig.size });
    }
    gnutls_free(sig.data);
    return out;
}

static const char *input_of(const char *header, const char *payload)
{
    return arena_printf(arena, "%s.%s", base64url_encode(arena, bytes_of(header)),
                        base64url_encode(arena, bytes_of(payload)));
}

static const char *with_signature(const char *input, struct bytes signature)
{
    return arena_printf(arena, "%s.%s", input, base64url_encode(arena, signature));
}

/* Correctly signed by the key of `alg`, whatever header and payload say. */
static const char *forge(enum jws_alg alg, const char *header, const char *payload)
{
    const char *input = input_of(header, payload);

    return with_signature(input, raw_sign(alg, input, false));
}

static enum rc verify(const char *compact, const char *typ)
{
    struct json *payload = NULL;
    enum rc rc = jws_verify(arena, compact, ours, ARRAY_LEN(ours), typ, &payload);

    assert_true((rc == RC_OK) == (payload != NULL)); /* untouched unless RC_OK */
    return rc;
}

#define HEADER(alg, more) "{\"alg\":\"" alg "\",\"kid\":\"" alg "\"" more "}"
#define ACCEPTED(compact) assert_int_equal(verify((compact), NULL), RC_OK)
#define REFUSED(compact) assert_int_equal(verify((compact), NULL), RC_NONE)

static void each_algorithm(void **state)
{
    (void)state;
    ACCEPTED(forge(ALG_RS256, HEADER("RS256", ""), "{}"));
    ACCEPTED(forge(ALG_ES256, HEADER("ES256", ""), "{}"));
    ACCEPTED(forge(ALG_EDDSA, HEADER("EdDSA", ""), "{}"));
}

static void jo01_alg_is_that_of_the_key(void **state)
{
    (void)state;
    REFUSED(forge(ALG_RS256, "{\"alg\":\"ES256\",\"kid\":\"RS256\"}", "{}"));
    REFUSED(forge(ALG_RS256, "{\"alg\":\"RS384\",\"kid\":\"RS256\"}", "{}"));
    REFUSED(forge(ALG_RS256, "{\"alg\":\"PS256\",\"kid\":\"RS256\"}", "{}"));
    REFUSED(forge(ALG_RS256, "{\"alg\":\"rs256\",\"kid\":\"RS256\"}", "{}"));
    REFUSED(forge(ALG_ES256, "{\"alg\":\"ES256\",\"kid\":\"RS256\"}", "{}"));
    REFUSED(forge(ALG_RS256, "{\"kid\":\"RS256\"}", "{}"));
    REFUSED(forge(ALG_RS256, "{\"alg\":null,\"kid\":\"RS256\"}", "{}"));
    REFUSED(forge(ALG_RS256, "{\"alg\":[\"RS256\"],\"kid\":\"RS256\"}", "{}"));
}

static void jo01_kid_chooses_the_key(void **state)
{
    struct json *payload;

    (void)state;
    REFUSED(forge(ALG_RS256, "{\"alg\":\"RS256\",\"kid\":\"other\"}", "{}"));
    REFUSED(forge(ALG_RS256, "{\"alg\":\"RS256\",\"kid\":7}", "{}"));
    REFUSED(forge(ALG_RS256, "{\"alg\":\"RS256\",\"kid\":null}", "{}"));
    REFUSED(forge(ALG_RS256, "{\"alg\":\"RS256\"}", "{}")); /* several keys: no choice is made */
    assert_int_equal(jws_verify(arena, forge(ALG_RS256, "{\"alg\":\"RS256\"}", "{}"), ours, 1, NULL,
                                &payload), RC_OK);
    assert_int_equal(jws_verify(arena, forge(ALG_RS256, HEADER("RS256", ""), "{}"), NULL, 0, NULL,
                                &payload), RC_NONE);
}

static void jo02_none(void **state)
{
    static const char *const nones[] = { "none", "None", "NONE", "nOnE", "" };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(nones); i++) {
        const char *header = arena_printf(arena, "{\"alg\":\"%s\",\"kid\":\"RS256\"}", nones[i]);

        REFUSED(arena_printf(arena, "%s.", input_of(header, "{}")));
        REFUSED(input_of(header, "{}"));
        REFUSED(forge(ALG_RS256, header, "{}"));
    }
    REFUSED(arena_printf(arena, "%s.", input_of(HEADER("RS256", ""), "{}")));
}

/* The public key as a MAC key: as JWK, as modulus, as PEM, as DER. */
static void jo03_hs256_with_the_public_key(void **state)
{
    const char *input = input_of("{\"alg\":\"HS256\",\"kid\":\"RS256\"}", "{}"), *n;
    struct bytes secrets[4];
    gnutls_datum_t pem, der;
    struct json *jwk;
    uint8_t mac[32];

    (void)state;
    assert_int_equal(json_parse(arena, ours[0].json, strlen(ours[0].json), &jwk), RC_OK);
    assert_int_equal(json_get_str(jwk, "n", &n), RC_OK);
    assert_int_equal(gnutls_pubkey_export2(ours[0].key, GNUTLS_X509_FMT_PEM, &pem), 0);
    assert_int_equal(gnutls_pubkey_export2(ours[0].key, GNUTLS_X509_FMT_DER, &der), 0);
    secrets[0] = bytes_of(ours[0].json);
    assert_int_equal(base64url_decode(arena, n, &secrets[1]), RC_OK);
    secrets[2] = (struct bytes){ pem.data, pem.size };
    secrets[3] = (struct bytes){ der.data, der.size };
    for (size_t i = 0; i < ARRAY_LEN(secrets); i++) {
        hmac_sha256(secrets[i], bytes_of(input), mac);
        REFUSED(with_signature(input, BYTES(mac)));
    }
    gnutls_free(pem.data);
    gnutls_free(der.data);
}

static void jo04_crit(void **state)
{
    (void)state;
    REFUSED(forge(ALG_RS256, HEADER("RS256", ",\"crit\":[\"exp\"],\"exp\":1"), "{}"));
    REFUSED(forge(ALG_RS256, HEADER("RS256", ",\"crit\":[]"), "{}"));
    REFUSED(forge(ALG_RS256, HEADER("RS256", ",\"crit\":[\"absent\"]"), "{}"));
    REFUSED(forge(ALG_RS256, HEADER("RS256", ",\"crit\":null"), "{}"));
    REFUSED(forge(ALG_RS256, HEADER("RS256", ",\"crit\":[\"b64\"],\"b64\":true"), "{}"));
    REFUSED(forge(ALG_RS256, HEADER("RS256", ",\"b64\":false"), "{}"));
    REFUSED(forge(ALG_RS256, HEADER("RS256", ",\"b64\":true"), "{}"));
}

/* The forger's own key in the header changes nothing. */
static void jo05_keys_in_the_header(void **state)
{
    const char *jwk = arena_printf(arena, "{\"alg\":\"RS256\",\"kid\":\"new\",\"jwk\":%s}", ours[0].json);
    const char *same = arena_printf(arena, "{\"alg\":\"ES256\",\"kid\":\"RS256\",\"jwk\":%s}", ours[1].json);

    (void)state;
    REFUSED(forge(ALG_RS256, jwk, "{}"));
    REFUSED(forge(ALG_ES256, same, "{}"));
    REFUSED(forge(ALG_RS256, "{\"alg\":\"RS256\",\"kid\":\"new\",\"jku\":\"https://x.example/k\"}", "{}"));
    REFUSED(forge(ALG_RS256, "{\"alg\":\"RS256\",\"kid\":\"new\",\"x5u\":\"https://x.example/k\"}", "{}"));
    REFUSED(forge(ALG_RS256, "{\"alg\":\"RS256\",\"kid\":\"new\",\"x5c\":[\"AAAA\"]}", "{}"));
    /* nor does it harm a token that our own key signed */
    ACCEPTED(forge(ALG_RS256, HEADER("RS256", ",\"jku\":\"https://x.example/k\""), "{}"));
}

static void jo06_typ(void **state)
{
    const char *at = forge(ALG_ES256, HEADER("ES256", ",\"typ\":\"at+JWT\""), "{}");

    (void)state;
    assert_int_equal(verify(at, "at+jwt"), RC_OK);
    assert_int_equal(verify(at, "logout+jwt"), RC_NONE);
    assert_int_equal(verify(at, "jwt"), RC_NONE);
    assert_int_equal(verify(at, NULL), RC_OK);
    at = forge(ALG_ES256, HEADER("ES256", ",\"typ\":\"application/at+jwt\""), "{}");
    assert_int_equal(verify(at, "at+jwt"), RC_OK);
    at = forge(ALG_ES256, HEADER("ES256", ""), "{}");
    assert_int_equal(verify(at, "JWT"), RC_NONE);
    at = forge(ALG_ES256, HEADER("ES256", ",\"typ\":7"), "{}");
    assert_int_equal(verify(at, "JWT"), RC_NONE);
}

static void jo07_segments(void **state)
{
    const char *good = forge(ALG_ES256, HEADER("ES256", ""), "{}");

    (void)state;
    REFUSED(NULL);
    REFUSED("");
    REFUSED(".");
    REFUSED("..");
    REFUSED("....");
    REFUSED(arena_printf(arena, "%s.", good));
    REFUSED(arena_printf(arena, ".%s", good));
    REFUSED(arena_printf(arena, "%s.AAAA.AAAA", good)); /* five: a JWE */
    REFUSED(arena_printf(arena, ".%s", strchr(good, '.')));
    REFUSED(strchr(good, '.') + 1);
}

static void jo07_base64url(void **state)
{
    const char *good = forge(ALG_ES256, HEADER("ES256", ""), "{}");
    size_t n = strlen(good);
    char *bad;

    (void)state;
    REFUSED(arena_printf(arena, "%s=", good));
    REFUSED(arena_printf(arena, "%s ", good));
    REFUSED(arena_printf(arena, "%s\n", good));
    REFUSED(arena_printf(arena, " %s", good));
    for (const char *p = "+/=. \n"; *p; p++) {
        bad = arena_strdup(arena, good);
        bad[n / 2] = *p;
        REFUSED(bad);
    }
    /* 64 bytes leave four bits over in the last character: all but zero are refused */
    bad = arena_strdup(arena, good);
    bad[n - 1]++;
    REFUSED(bad);
}

/* Signed by a key of ours, and still no JWT. */
static void jo07_json(void **state)
{
    static const char *const headers[] = {
        "[]", "\"x\"", "{\"alg\":\"ES256\",\"alg\":\"ES256\",\"kid\":\"ES256\"}",
        "{\"alg\":\"ES256\",\"kid\":\"RS256\",\"kid\":\"ES256\"}",
        HEADER("ES256", ",\"x\":{\"a\":1,\"a\":2}"), HEADER("ES256", ",\"x\":NaN"),
        HEADER("ES256", "") "x", HEADER("ES256", ",\"x\":\"\xff\""), HEADER("ES256", ",\"x\":\"\\u0000\""),
    };
    static const char *const payloads[] = {
        "[]", "7", "null", "\"x\"", "{", "{}{}", "{\"a\":1,\"a\":2}", "{\"a\":\"\xc0\x80\"}",
        "{\"a\":\"\\u0000\"}", "{\"a\":NaN}", "{'a':1}", "{\"a\":1,}", "not JSON",
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(headers); i++)
        REFUSED(forge(ALG_ES256, headers[i], "{}"));
    for (size_t i = 0; i < ARRAY_LEN(payloads); i++)
        REFUSED(forge(ALG_ES256, HEADER("ES256", ""), payloads[i]));
    ACCEPTED(forge(ALG_ES256, HEADER("ES256", ""), " {\"a\":1} "));
}

/* The order of P-256, SP 800-186. */
#define ORDER "ffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551"
#define ORDER_PLUS_1 "ffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632552"
#define ZERO "0000000000000000000000000000000000000000000000000000000000000000"
#define ONE "0000000000000000000000000000000000000000000000000000000000000001"
#define MAX "ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff"

static void jo08_r_and_s_out_of_range(void **state)
{
    static const char *const pairs[] = {
        ZERO ZERO, ZERO ONE, ONE ZERO, ORDER ONE, ONE ORDER, ORDER ORDER, ORDER_PLUS_1 ONE,
        ONE ORDER_PLUS_1, MAX ONE, ONE MAX, MAX MAX, ONE ONE,
    };
    const char *input = input_of(HEADER("ES256", ""), "{}");
    struct bytes rs;

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(pairs); i++) {
        assert_int_equal(hex_decode(arena, pairs[i], &rs), RC_OK);
        REFUSED(with_signature(input, rs));
    }
}

static void jo08_wrong_form(void **state)
{
    const char *input = input_of(HEADER("ES256", ""), "{}");
    struct bytes rs = raw_sign(ALG_ES256, input, false);
    uint8_t longer[66] = { 0 };

    (void)state;
    ACCEPTED(with_signature(input, rs));
    REFUSED(with_signature(input, raw_sign(ALG_ES256, input, true))); /* DER */
    REFUSED(with_signature(input, (struct bytes){ rs.p, 63 }));
    REFUSED(with_signature(input, (struct bytes){ rs.p + 1, 63 }));
    memcpy(longer, rs.p, 64);
    REFUSED(with_signature(input, (struct bytes){ longer, 65 }));
    memset(longer, 0, sizeof(longer)); /* each number with a zero in front: 33 + 33 */
    memcpy(longer + 1, rs.p, 32);
    memcpy(longer + 34, rs.p + 32, 32);
    REFUSED(with_signature(input, BYTES(longer)));
    memcpy(longer, rs.p + 32, 32); /* s || r */
    memcpy(longer + 32, rs.p, 32);
    REFUSED(with_signature(input, (struct bytes){ longer, 64 }));
}

static void jo08_altered_signatures(void **state)
{
    static const struct { enum jws_alg alg; const char *header; } all[] = {
        { ALG_RS256, HEADER("RS256", "") },
        { ALG_ES256, HEADER("ES256", "") },
        { ALG_EDDSA, HEADER("EdDSA", "") },
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(all); i++) {
        const char *input = input_of(all[i].header, "{\"a\":1}");
        const char *other = input_of(all[i].header, "{\"a\":2}");
        struct bytes sig = raw_sign(all[i].alg, input, false);

        ACCEPTED(with_signature(input, sig));
        REFUSED(with_signature(other, sig));
        for (size_t bit = 0; bit < sig.n * 8; bit += 61) {
            uint8_t *copy = arena_memdup(arena, sig.p, sig.n);

            copy[bit / 8] ^= (uint8_t)(1u << bit % 8);
            REFUSED(with_signature(input, (struct bytes){ copy, sig.n }));
        }
        REFUSED(with_signature(input, (struct bytes){ sig.p, sig.n - 1 }));
    }
}

/* A modulus of `bits`, odd, top bit set. */
static const char *rsa(size_t bits, const char *e)
{
    uint8_t *n = arena_alloc(arena, bits / 8);

    memset(n, 0xa5, bits / 8);
    return arena_printf(arena, "{\"kty\":\"RSA\",\"n\":\"%s\",\"e\":\"%s\"}",
                        base64url_encode(arena, (struct bytes){ n, bits / 8 }), e);
}

static void assert_no_key(enum jws_alg alg, const char *json)
{
    struct jwk k = { "kid", alg, json, NULL };

    if (jwk_load(arena, &k) != RC_NONE)
        fail_msg("loaded: %s", json);
    assert_null(k.key);
}

static void jo09_rsa_keys(void **state)
{
    static const char zero[] = "AAEAAQ"; /* 00 01 00 01 */

    (void)state;
    (void)load(ALG_RS256, "kid", rsa(2048, "AQAB"));
    (void)load(ALG_RS256, "kid", rsa(4096, "AQAB"));
    (void)load(ALG_RS256, "kid", rsa(2048, "Aw"));
    assert_no_key(ALG_RS256, rsa(1024, "AQAB"));
    assert_no_key(ALG_RS256, rsa(2040, "AQAB"));
    assert_no_key(ALG_RS256, rsa(16384, "AQAB"));
    assert_no_key(ALG_RS256, rsa(2048, "AQ")); /* 1: everybody's signature */
    assert_no_key(ALG_RS256, rsa(2048, "Ag"));
    assert_no_key(ALG_RS256, rsa(2048, "AA"));
    assert_no_key(ALG_RS256, rsa(2048, ""));
    assert_no_key(ALG_RS256, rsa(2048, zero));
    assert_no_key(ALG_RS256, rsa(2048, "____________")); /* 65 bits and more */
    assert_no_key(ALG_RS256, "{\"kty\":\"RSA\",\"n\":\"AA" A2_N "\",\"e\":\"AQAB\"}");
    assert_no_key(ALG_RS256, "{\"kty\":\"RSA\",\"n\":\"" A2_N "=\",\"e\":\"AQAB\"}");
    assert_no_key(ALG_RS256, "{\"kty\":\"RSA\",\"n\":\"\",\"e\":\"AQAB\"}");
    assert_no_key(ALG_RS256, "{\"kty\":\"RSA\",\"e\":\"AQAB\"}");
}

static void jo09_points_off_the_curve(void **state)
{
#define P256(x, y) "{\"kty\":\"EC\",\"crv\":\"P-256\",\"x\":\"" x "\",\"y\":\"" y "\"}"
#define ZERO32 "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"
#define MAX32 "__________________________________________8"
    (void)state;
    assert_no_key(ALG_ES256, P256(A3_X, A3_X));
    assert_no_key(ALG_ES256, P256(A3_Y, A3_X));
    assert_no_key(ALG_ES256, P256(ZERO32, ZERO32));
    assert_no_key(ALG_ES256, P256(MAX32, MAX32));
    assert_no_key(ALG_ES256, P256(A3_X, "AA"));
    assert_no_key(ALG_ES256, P256("AA" A3_X, A3_Y));
    assert_no_key(ALG_ES256, "{\"kty\":\"EC\",\"crv\":\"P-256\",\"x\":\"" A3_X "\"}");
    assert_no_key(ALG_ES256, "{\"kty\":\"EC\",\"crv\":\"P-384\",\"x\":\"" A3_X "\",\"y\":\"" A3_Y "\"}");
    assert_no_key(ALG_ES256, "{\"kty\":\"EC\",\"x\":\"" A3_X "\",\"y\":\"" A3_Y "\"}");
    assert_no_key(ALG_EDDSA, "{\"kty\":\"OKP\",\"crv\":\"Ed25519\",\"x\":\"AAAA\"}");
    assert_no_key(ALG_EDDSA, "{\"kty\":\"OKP\",\"crv\":\"X25519\",\"x\":\"" ED_X "\"}");
    assert_no_key(ALG_EDDSA, "{\"kty\":\"OKP\",\"x\":\"" ED_X "\"}");
}

static void jo09_other_kinds_of_key(void **state)
{
    (void)state;
    assert_no_key(ALG_RS256, "{\"kty\":\"oct\",\"k\":\"AAAA\"}");
    assert_no_key(ALG_NONE_OF_OURS, "{\"kty\":\"oct\",\"alg\":\"HS256\",\"k\":\"AAAA\"}");
    assert_no_key(ALG_NONE_OF_OURS, A2_JWK); /* says no alg */
    assert_no_key(ALG_ES256, A2_JWK);
    assert_no_key(ALG_RS256, A3_JWK);
    assert_no_key(ALG_EDDSA, A3_JWK);
    assert_no_key((enum jws_alg)99, A2_JWK);
    assert_no_key(ALG_RS256, NULL);
    assert_no_key(ALG_RS256, "");
    assert_no_key(ALG_RS256, "[]");
    assert_no_key(ALG_RS256, "{\"n\":\"" A2_N "\",\"e\":\"AQAB\"}");
    assert_no_key(ALG_RS256, "{\"kty\":\"RSA\",\"kty\":\"RSA\",\"n\":\"" A2_N "\",\"e\":\"AQAB\"}");
}

#define A2_WITH(more) "{\"kty\":\"RSA\",\"n\":\"" A2_N "\",\"e\":\"AQAB\"," more "}"

static void jo09_private_and_contradicting_members(void **state)
{
    struct jwk k = { NULL, ALG_NONE_OF_OURS, A2_WITH("\"alg\":\"RS256\",\"kid\":\"k1\",\"use\":\"sig\""), NULL };

    (void)state;
    assert_int_equal(jwk_load(arena, &k), RC_OK); /* kid and alg from the key itself */
    assert_string_equal(k.kid, "k1");
    assert_int_equal(k.alg, ALG_RS256);
    assert_no_key(ALG_RS256, A2_WITH("\"d\":\"AAAA\""));
    assert_no_key(ALG_RS256, A2_WITH("\"p\":null"));
    assert_no_key(ALG_RS256, A2_WITH("\"k\":\"AAAA\""));
    assert_no_key(ALG_RS256, A2_WITH("\"alg\":\"PS256\""));
    assert_no_key(ALG_RS256, A2_WITH("\"alg\":7"));
    assert_no_key(ALG_RS256, A2_WITH("\"use\":\"enc\""));
    assert_no_key(ALG_RS256, A2_WITH("\"kid\":\"another\""));
}

/* NumericDates as a token may have them; now is 1000000. */
static const struct {
    enum rc rc;
    const char *claims;
} times[] = {
    { RC_OK, "{\"exp\":1000001}" },
    { RC_OK, "{\"exp\":1000060,\"nbf\":1000000,\"iat\":1000000}" },
    { RC_OK, "{\"exp\":1000060,\"nbf\":1000010,\"iat\":1000010}" },
    { RC_OK, "{\"exp\":1000001.5}" },
    { RC_NONE, "{\"exp\":1000000}" },
    { RC_NONE, "{\"exp\":999999}" },
    { RC_NONE, "{}" },
    { RC_NONE, "{\"exp\":1000060,\"nbf\":1000061}" },
    { RC_NONE, "{\"exp\":1000060,\"iat\":1000061}" },
    { RC_NONE, "{\"exp\":1000900,\"iat\":1000100}" },
    { RC_NONE, "{\"exp\":\"1000060\"}" },
    { RC_NONE, "{\"exp\":null}" },
    { RC_NONE, "{\"exp\":true}" },
    { RC_NONE, "{\"exp\":-1}" },
    { RC_NONE, "{\"exp\":1e300}" },
    { RC_NONE, "{\"exp\":1000060,\"nbf\":1e300}" },
    { RC_NONE, "{\"exp\":1000060,\"iat\":null}" },
    { RC_NONE, "{\"exp\":1000060,\"iat\":-1}" },
};

static void jo10_times(void **state)
{
    struct json *claims;

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(times); i++) {
        assert_int_equal(json_parse(arena, times[i].claims, strlen(times[i].claims), &claims), RC_OK);
        if (jwt_check_times(claims, 1000000) != times[i].rc)
            fail_msg("%s", times[i].claims);
    }
}

static void an_unloaded_key_is_our_fault(void **state)
{
    struct jwk k = ours[0];
    struct json *payload;

    (void)state;
    k.key = NULL;
    assert_int_equal(jws_verify(arena, forge(ALG_RS256, HEADER("RS256", ""), "{}"), &k, 1, NULL, &payload),
                     RC_FAULT);
}

static const char *const members[] = { "n", "a", NULL };

/* Only what was verified is known, and only in the same words. */
static void verified_once(void **state)
{
    struct jws_seen *seen = jws_seen_new(arena, members);
    const char *good = forge(ALG_ES256, HEADER("ES256", ""), "{\"n\":1}");
    const char *other = forge(ALG_ES256, HEADER("ES256", ""), "{\"n\":2}");
    char *altered = arena_strdup(arena, good);
    struct json *payload = NULL;
    int64_t n = 0;

    (void)state;
    altered[strlen(altered) - 10] ^= 1;
    for (int i = 0; i < 3; i++) {
        assert_int_equal(jws_verify_once(arena, seen, altered, ours, ARRAY_LEN(ours), NULL, &payload), RC_NONE);
        assert_int_equal(jws_verify_once(arena, seen, other, NULL, 0, NULL, &payload), RC_NONE);
        assert_null(payload);
    }
    assert_int_equal(jws_verify_once(arena, seen, good, ours, ARRAY_LEN(ours), NULL, &payload), RC_OK);
    payload = NULL;
    /* without a key: so it was not verified again */
    assert_int_equal(jws_verify_once(arena, seen, good, NULL, 0, NULL, &payload), RC_OK);
    assert_int_equal(json_get_int(payload, "n", &n), RC_OK);
    assert_int_equal(n, 1);
    payload = NULL;
    assert_int_equal(jws_verify_once(arena, seen, altered, ours, ARRAY_LEN(ours), NULL, &payload), RC_NONE);
    assert_int_equal(jws_verify_once(arena, seen, other, NULL, 0, NULL, &payload), RC_NONE);
    assert_int_equal(jws_verify_once(arena, jws_seen_new(arena, members), good, NULL, 0, NULL, &payload), RC_NONE);
    assert_null(payload);
}

/* Of one that is known, the members that were asked for, whatever stands around them. */
static void known_in_part(void **state)
{
    struct jws_seen *seen = jws_seen_new(arena, members);
    const char *token = forge(ALG_EDDSA, HEADER("EdDSA", ""),
                              " {\"x\":[{\"n\":2},\"},\\\"\"], \"n\" : 1 ,\"y\":{\"a\":[1]},"
                              "\"a\" :{\"b\":[true]}, \"z\":\"n\" } ");
    struct json *payload = NULL;

    (void)state;
    assert_int_equal(jws_verify_once(arena, seen, token, ours, ARRAY_LEN(ours), NULL, &payload), RC_OK);
    assert_string_equal(json_str(json_get(payload, "z")), "n");
    assert_int_equal(jws_verify_once(arena, seen, token, NULL, 0, NULL, &payload), RC_OK);
    assert_string_equal(json_text(arena, payload), "{\"n\":1,\"a\":{\"b\":[true]}}");
}

/* Without a key they are known by their hashes.  By chance more than a set holds share one
 * and one of them is forgotten, in one of some hundred runs; five never are. */
static void many_are_known(void **state)
{
    struct jws_seen *seen = jws_seen_new(arena, members);
    const char *tokens[100];
    struct json *payload;
    size_t known_n = 0;

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(tokens); i++) {
        tokens[i] = forge(ALG_EDDSA, HEADER("EdDSA", ""), arena_printf(arena, "{\"n\":%zu}", i));
        assert_int_equal(jws_verify_once(arena, seen, tokens[i], ours, ARRAY_LEN(ours), NULL, &payload), RC_OK);
    }
    for (size_t i = 0; i < ARRAY_LEN(tokens); i++)
        known_n += jws_verify_once(arena, seen, tokens[i], NULL, 0, NULL, &payload) == RC_OK;
    assert_true(known_n > 95);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(rfc7515_a2_rs256),
        TEST(rfc7515_a3_es256),
        TEST(rfc8037_a4_eddsa),
        TEST(thumbprints_of_the_rfcs),
        TEST(thumbprints_of_nothing),
        TEST(half_hashes),
        TEST(names),
        TEST(each_algorithm),
        TEST(verified_once),
        TEST(known_in_part),
        TEST(many_are_known),
        TEST(jo01_alg_is_that_of_the_key),
        TEST(jo01_kid_chooses_the_key),
        TEST(jo02_none),
        TEST(jo03_hs256_with_the_public_key),
        TEST(jo04_crit),
        TEST(jo05_keys_in_the_header),
        TEST(jo06_typ),
        TEST(jo07_segments),
        TEST(jo07_base64url),
        TEST(jo07_json),
        TEST(jo08_r_and_s_out_of_range),
        TEST(jo08_wrong_form),
        TEST(jo08_altered_signatures),
        TEST(jo09_rsa_keys),
        TEST(jo09_points_off_the_curve),
        TEST(jo09_other_kinds_of_key),
        TEST(jo09_private_and_contradicting_members),
        TEST(jo10_times),
        TEST(an_unloaded_key_is_our_fault),
    };

    return cmocka_run_group_tests(tests, make_keys, drop_keys);
}
