/*
 * Compact JWS, their headers, payloads and times (crypto/jws.c).  The first byte says how
 * the rest becomes a token:
 *   0  as it is: nothing that comes from outside bears our signature
 *   1  lines: header, payload, signature, each encoded here: the same
 *   2  lines: header, payload; signed here, so that what is behind the signature is reached
 */
#include "config.h"

#include "fuzz.h"

#include <gnutls/abstract.h>
#include <gnutls/crypto.h>

#include "crypto/jwk.h"
#include "util/encode.h"

static gnutls_privkey_t private_key;
static struct jwk keys[3];
static struct arena *always;
static struct jws_seen *seen;
static const char *const members[] = { "exp", "iat", "a", NULL };

static const char *const texts[] = {
    /* RFC 7515 A.2, A.3; the third is made here */
    "{\"kty\":\"RSA\",\"kid\":\"rsa\",\"e\":\"AQAB\",\"n\":\"ofgWCuLjybRlzo0tZWJjNiuSfb4p4fAkd_wWJcyQoTbji9k0l8W26mPddxHmfHQp"
    "-Vaw-4qPCJrcS2mJPMEzP1Pt0Bm4d4QlL-yRT-SFd2lZS-pCgNMsD1W_YpRPEwOWvG6b32690r2jZ47soMZo9wGzjb_7OMg0LOL-bSf63kpaSHSXndS5z"
    "5rexMdbBYUsLA9e-KXBdQOS-UTo7WTBEMa2R2CapHg665xsmtdVMTBQY4uDZlxvb3qCo5ZwKh9kG4LT6_I5IhlJH7aGhyxXFvUK-DWNmoudF8NAco9_h9"
    "iaGNj8q2ethFkMLs91kzk2PAcDTW9gb54h4FRWyuXpoQ\"}",
    "{\"kty\":\"EC\",\"kid\":\"ec\",\"crv\":\"P-256\",\"x\":\"f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU\","
    "\"y\":\"x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0\"}",
};

static const char *own_key(void)
{
    gnutls_datum_t x;
    gnutls_ecc_curve_t curve;

    MUST(gnutls_privkey_init(&private_key) == 0);
    MUST(gnutls_privkey_generate(private_key, GNUTLS_PK_EDDSA_ED25519, 256, 0) == 0);
    MUST(gnutls_privkey_export_ecc_raw2(private_key, &curve, &x, NULL, NULL, 0) == 0);
    const char *text = arena_printf(always, "{\"kty\":\"OKP\",\"kid\":\"ed\",\"crv\":\"Ed25519\",\"x\":\"%s\"}",
                                    base64url_encode(always, (struct bytes){ x.data, x.size }));
    gnutls_free(x.data);
    return text;
}

static void prepare(void)
{
    static const enum jws_alg algs[] = { ALG_RS256, ALG_ES256, ALG_EDDSA };
    static const char *const kids[] = { "rsa", "ec", "ed" };

    if (always != NULL)
        return;
    always = arena_start("always");
    for (size_t i = 0; i < ARRAY_LEN(keys); i++) {
        keys[i] = (struct jwk){ .kid = kids[i], .alg = algs[i], .json = i < 2 ? texts[i] : own_key() };
        MUST(jwk_load(always, &keys[i]) == RC_OK);
    }
    seen = jws_seen_new(always, members);
}

static const char *sign(const char *input)
{
    gnutls_datum_t data = { (unsigned char *)(uintptr_t)input, (unsigned)strlen(input) }, signature;

    MUST(gnutls_privkey_sign_data2(private_key, GNUTLS_SIGN_EDDSA_ED25519, 0, &data, &signature) == 0);
    const char *text = base64url_encode(A, (struct bytes){ signature.data, signature.size });
    gnutls_free(signature.data);
    return text;
}

static const char *token_of(int mode, struct input *in)
{
    if (mode == 0)
        return take_text(in);
    const char *header = base64url_encode(A, take_line(in)), *payload = base64url_encode(A, take_line(in));
    const char *input = arena_printf(A, "%s.%s", header, payload);
    const char *signature = mode == 1 ? base64url_encode(A, take_rest(in)) : sign(input);
    return arena_printf(A, "%s.%s", input, signature);
}

static void judge(int mode, const char *token, size_t keys_n, const char *typ)
{
    const struct jwk *set = keys_n == 1 ? &keys[2] : keys;
    struct json *payload, *again;

    if (jws_verify(A, token, set, keys_n, typ, &payload) != RC_OK)
        return;
    MUST(mode == 2);
    MUST(json_type(payload) == JSON_OBJECT);
    (void)!jwt_check_times(payload, FUZZ_NOW);
    if (keys_n == 3 && typ == NULL)
        MUST(jws_verify_once(A, seen, token, set, keys_n, typ, &again) == RC_OK);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct input in = { data, size };

    begin();
    prepare();
    int mode = take_byte(&in) % 3;
    const char *token = token_of(mode, &in);
    judge(mode, token, 3, NULL);
    judge(mode, token, 1, NULL);
    judge(mode, token, 3, "JWT");
    (void)jws_half_hash(A, ALG_ES256, token);
    return end();
}
