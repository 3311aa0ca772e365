#include "config.h"

#include "crypto/cose.h"

#include <string.h>

#include <gnutls/abstract.h>
#include <gnutls/crypto.h>
#include <gnutls/gnutls.h>

#include "crypto/pubkey.h"

#define ED25519_SIGNATURE_BYTES 64

/* RFC 9053 7: labels and values of a COSE_Key */
enum { KTY = 1, ALG = 3, CRV = -1, X = -2, Y = -3, RSA_N = -1, RSA_E = -2 };
enum { KTY_OKP = 1, KTY_EC2 = 2, KTY_RSA = 3 };
enum { CRV_P256 = 1, CRV_P384 = 2, CRV_P521 = 3, CRV_ED25519 = 6 };

const int64_t cose_algs[] = {
    COSE_ES256, COSE_ES384, COSE_ES512, COSE_RS256, COSE_RS384, COSE_RS512, COSE_PS256, COSE_PS384, COSE_PS512, COSE_EDDSA,
};
const size_t cose_algs_n = ARRAY_LEN(cose_algs);

/* WebAuthn 5.8.5: each with its one curve.  An RSA-PSS signature is by an ordinary RSA key,
 * with a salt as long as the hash (RFC 8230 2): RSAE. */
static const struct kind {
    int64_t alg, kty, crv;
    enum pubkey_curve curve;
    gnutls_sign_algorithm_t sign;
} kinds[] = {
    { COSE_ES256, KTY_EC2, CRV_P256, PUBKEY_P256, GNUTLS_SIGN_ECDSA_SHA256 },
    { COSE_ES384, KTY_EC2, CRV_P384, PUBKEY_P384, GNUTLS_SIGN_ECDSA_SHA384 },
    { COSE_ES512, KTY_EC2, CRV_P521, PUBKEY_P521, GNUTLS_SIGN_ECDSA_SHA512 },
    { COSE_EDDSA, KTY_OKP, CRV_ED25519, 0, GNUTLS_SIGN_EDDSA_ED25519 },
    { COSE_RS256, KTY_RSA, 0, 0, GNUTLS_SIGN_RSA_SHA256 },
    { COSE_RS384, KTY_RSA, 0, 0, GNUTLS_SIGN_RSA_SHA384 },
    { COSE_RS512, KTY_RSA, 0, 0, GNUTLS_SIGN_RSA_SHA512 },
    { COSE_PS256, KTY_RSA, 0, 0, GNUTLS_SIGN_RSA_PSS_RSAE_SHA256 },
    { COSE_PS384, KTY_RSA, 0, 0, GNUTLS_SIGN_RSA_PSS_RSAE_SHA384 },
    { COSE_PS512, KTY_RSA, 0, 0, GNUTLS_SIGN_RSA_PSS_RSAE_SHA512 },
};

static const struct kind *kind_of(int64_t alg)
{
    for (size_t i = 0; i < ARRAY_LEN(kinds); i++)
        if (kinds[i].alg == alg)
            return &kinds[i];
    return NULL;
}

/* ---- keys ---- */

static bool get_number(const struct ctap_item *map, int64_t label, int64_t *out)
{
    const struct ctap_item *value = ctap_get_int(map, label, CTAP_INT);

    if (value != NULL)
        *out = value->n;
    return value != NULL;
}

static bool get_octets(const struct ctap_item *map, int64_t label, struct bytes *out)
{
    const struct ctap_item *value = ctap_get_int(map, label, CTAP_BYTES);

    if (value != NULL)
        *out = value->data;
    return value != NULL;
}

/* WebAuthn 6.5.1.1: alg, what the kind needs, and nothing else. */
static bool has_members(const struct ctap_item *map, size_t n)
{
    return map->items_n == 2 * n;
}

static enum rc read_curve(const struct ctap_item *map, const struct kind *kind)
{
    int64_t crv;

    return get_number(map, CRV, &crv) && crv == kind->crv ? RC_OK : RC_NONE;
}

static enum rc read_ec(struct arena *a, const struct ctap_item *map, const struct kind *kind, struct cose_key *out)
{
    TRY(read_curve(map, kind));
    if (!has_members(map, 5) || !get_octets(map, X, &out->x) || !get_octets(map, Y, &out->y))
        return RC_NONE;
    return pubkey_ec(a, kind->curve, out->x, out->y, &out->key);
}

static enum rc read_okp(struct arena *a, const struct ctap_item *map, const struct kind *kind, struct cose_key *out)
{
    TRY(read_curve(map, kind));
    if (!has_members(map, 4) || !get_octets(map, X, &out->x))
        return RC_NONE;
    return pubkey_ed25519(a, out->x, &out->key);
}

static enum rc read_rsa(struct arena *a, const struct ctap_item *map, struct cose_key *out)
{
    if (!has_members(map, 4) || !get_octets(map, RSA_N, &out->n) || !get_octets(map, RSA_E, &out->e))
        return RC_NONE;
    return pubkey_rsa(a, out->n, out->e, &out->key);
}

static enum rc read_kind(struct arena *a, const struct ctap_item *map, const struct kind *kind, struct cose_key *out)
{
    switch (kind->kty) {
    case KTY_EC2: return read_ec(a, map, kind, out);
    case KTY_OKP: return read_okp(a, map, kind, out);
    default: return read_rsa(a, map, out);
    }
}

enum rc cose_key_read(struct arena *a, struct bytes encoded, struct cose_key *out)
{
    struct cose_key key = { 0 };
    const struct kind *kind;
    struct ctap_item map;
    int64_t kty;

    TRY(ctap_parse(a, encoded, &map));
    if (!get_number(&map, ALG, &key.alg) || !get_number(&map, KTY, &kty))
        return RC_NONE;
    kind = kind_of(key.alg);
    if (kind == NULL || kind->kty != kty)
        return RC_NONE;
    TRY(read_kind(a, &map, kind, &key));
    *out = key;
    return RC_OK;
}

/* ---- signatures ---- */

static gnutls_datum_t datum(struct bytes b)
{
    return (gnutls_datum_t){ (unsigned char *)b.p, (unsigned)b.n };
}

/* GnuTLS reads BER: the same numbers written in another way would be another signature
 * that is good, and bytes could follow. */
static bool is_der(struct bytes signature)
{
    gnutls_datum_t in = datum(signature), r = { NULL, 0 }, s = { NULL, 0 }, again = { NULL, 0 };
    bool is = gnutls_decode_rs_value(&in, &r, &s) == 0 && gnutls_encode_rs_value(&again, &r, &s) == 0 &&
              again.size == in.size && memcmp(again.data, in.data, in.size) == 0;

    gnutls_free(r.data);
    gnutls_free(s.data);
    gnutls_free(again.data);
    return is;
}

static bool is_form_of(const struct kind *kind, struct bytes signature)
{
    if (signature.n == 0)
        return false;
    if (kind->kty == KTY_EC2)
        return is_der(signature);
    return kind->kty != KTY_OKP || signature.n == ED25519_SIGNATURE_BYTES;
}

enum rc cose_verify_by(void *key, int64_t alg, struct bytes data, struct bytes signature)
{
    const struct kind *kind = kind_of(alg);
    gnutls_datum_t d = datum(data), s = datum(signature);

    if (kind == NULL || !is_form_of(kind, signature))
        return RC_NONE;
    return gnutls_pubkey_verify_data2(key, kind->sign, 0, &d, &s) >= 0 ? RC_OK : RC_NONE;
}

enum rc cose_verify(const struct cose_key *key, struct bytes data, struct bytes signature)
{
    return cose_verify_by(key->key, key->alg, data, signature);
}
