#include "config.h"

#include "signer/signer_native.h"

#include <string.h>

#include <gnutls/abstract.h>
#include <gnutls/crypto.h>
#include <gnutls/gnutls.h>
#include <gnutls/x509.h>

#include "signer/process.h"
#include "util/encode.h"
#include "util/log.h"

#define RSA_BITS 2048
#define RSA_BITS_MAX 8192
#define P256_BYTES 32

static const struct {
    gnutls_pk_algorithm_t pk;
    gnutls_sign_algorithm_t sign;
    unsigned bits; /* of a new key */
} natives[] = {
    [ALG_RS256] = { GNUTLS_PK_RSA, GNUTLS_SIGN_RSA_SHA256, RSA_BITS },
    [ALG_ES256] = { GNUTLS_PK_ECDSA, GNUTLS_SIGN_ECDSA_SHA256,
                    GNUTLS_CURVE_TO_BITS(GNUTLS_ECC_CURVE_SECP256R1) },
    [ALG_EDDSA] = { GNUTLS_PK_EDDSA_ED25519, GNUTLS_SIGN_EDDSA_ED25519,
                    GNUTLS_CURVE_TO_BITS(GNUTLS_ECC_CURVE_ED25519) },
};

static enum rc broken(const char *what, int err)
{
    return fault("signer: %s: %s", what, gnutls_strerror(err));
}

static struct bytes bytes_in(const gnutls_datum_t *d)
{
    return (struct bytes){ d->data, d->size };
}

/* A copy on `a`; the library's own is wiped, as it does not do that itself. */
static struct bytes take(struct arena *a, gnutls_datum_t *d)
{
    struct bytes copy = arena_bytes(a, bytes_in(d));

    if (d->data)
        explicit_bzero(d->data, d->size);
    gnutls_free(d->data);
    return copy;
}

/* ---- making and loading ---- */

static int generate(gnutls_x509_privkey_t key, enum jws_alg alg, gnutls_datum_t *der)
{
    int err = gnutls_x509_privkey_generate(key, natives[alg].pk, natives[alg].bits, 0);

    if (err == 0)
        err = gnutls_x509_privkey_export2_pkcs8(key, GNUTLS_X509_FMT_DER, NULL,
                                                GNUTLS_PKCS_PLAIN, der);
    return err;
}

enum rc native_generate(struct arena *a, enum jws_alg alg, struct bytes *der)
{
    gnutls_x509_privkey_t key;
    gnutls_datum_t d;
    int err = gnutls_x509_privkey_init(&key);

    if (err != 0)
        return broken("generate", err);
    err = generate(key, alg, &d);
    gnutls_x509_privkey_deinit(key);
    if (err != 0)
        return broken("generate", err);
    *der = take(a, &d);
    return RC_OK;
}

static gnutls_privkey_t new_privkey(void)
{
    gnutls_privkey_t key;

    if (gnutls_privkey_init(&key) != 0)
        die("signer: no memory");
    return key;
}

static bool is_kind(gnutls_privkey_t key, enum jws_alg alg)
{
    return gnutls_privkey_get_pk_algorithm(key, NULL) == (int)natives[alg].pk;
}

enum rc native_import(struct bytes der, enum jws_alg alg, struct gnutls_privkey_st **out)
{
    gnutls_datum_t d = { (unsigned char *)der.p, (unsigned)der.n };
    gnutls_privkey_t key = new_privkey();

    if (gnutls_privkey_import_x509_raw(key, &d, GNUTLS_X509_FMT_DER, NULL, 0) != 0 ||
        !is_kind(key, alg)) {
        gnutls_privkey_deinit(key);
        return RC_NONE;
    }
    *out = key;
    return RC_OK;
}

void native_free(struct gnutls_privkey_st *key)
{
    if (key)
        gnutls_privkey_deinit(key);
}

static const char *count_blocks(const char *pem)
{
    static const char begin[] = "-----BEGIN ";
    const char *block = pem ? strstr(pem, begin) : NULL;

    if (!block)
        return "it is not PEM";
    if (strstr(block + 1, begin))
        return "it holds more than one PEM block";
    block += sizeof(begin) - 1;
    if (strncmp(block, "ENCRYPTED", 9) == 0 || strstr(block, "Proc-Type: 4,ENCRYPTED"))
        return "it is protected by a passphrase";
    if (strncmp(block, "RSA PRIVATE KEY-----", 20) != 0 &&
        strncmp(block, "PRIVATE KEY-----", 16) != 0)
        return "it is neither PKCS#1 (RSA PRIVATE KEY) nor PKCS#8 (PRIVATE KEY)";
    return NULL;
}

static const char *load_pem(gnutls_x509_privkey_t key, const char *pem)
{
    gnutls_datum_t d = { (unsigned char *)pem, (unsigned)strlen(pem) };
    unsigned bits = 0;

    if (gnutls_x509_privkey_import2(key, &d, GNUTLS_X509_FMT_PEM, NULL, GNUTLS_PKCS_PLAIN) != 0)
        return "it cannot be decoded";
    if (gnutls_x509_privkey_get_pk_algorithm2(key, &bits) != GNUTLS_PK_RSA)
        return "it is not an RSA key";
    if (bits < RSA_BITS)
        return "it has fewer than 2048 bits";
    if (bits > RSA_BITS_MAX)
        return "it has more than 8192 bits";
    if (gnutls_x509_privkey_verify_params(key) != 0)
        return "its numbers do not belong together";
    return NULL;
}

enum rc native_import_pem(const char *pem, struct gnutls_privkey_st **out, const char **why)
{
    gnutls_x509_privkey_t x509;
    gnutls_privkey_t key;

    *why = count_blocks(pem);
    if (*why)
        return RC_REFUSED;
    if (gnutls_x509_privkey_init(&x509) != 0)
        die("signer: no memory");
    *why = load_pem(x509, pem);
    if (*why) {
        gnutls_x509_privkey_deinit(x509);
        return RC_REFUSED;
    }
    key = new_privkey();
    if (gnutls_privkey_import_x509(key, x509, GNUTLS_PRIVKEY_IMPORT_AUTO_RELEASE) != 0)
        die("signer: no memory");
    *out = key;
    return RC_OK;
}

enum rc signer_check_pem(struct arena *a, const char *pem, const char **why)
{
    gnutls_privkey_t key;

    (void)a;
    TRY(native_import_pem(pem, &key, why));
    native_free(key);
    return RC_OK;
}

/* ---- numbers of a fixed length ---- */

/* The library's numbers may begin with a zero too many or be a byte short. */
static struct bytes without_zeros(struct bytes n)
{
    while (n.n > 1 && n.p[0] == 0) {
        n.p++;
        n.n--;
    }
    return n;
}

static bool put_padded(uint8_t out[P256_BYTES], const gnutls_datum_t *d)
{
    struct bytes n = without_zeros(bytes_in(d));

    if (n.n > P256_BYTES)
        return false;
    memset(out, 0, P256_BYTES - n.n);
    memcpy(out + P256_BYTES - n.n, n.p, n.n);
    return true;
}

/* ---- signing ---- */

/* RFC 7518 3.4: r || s, where GnuTLS gives the DER of X9.62. */
static enum rc decode_p256(struct arena *a, struct bytes der, struct bytes *out)
{
    gnutls_datum_t d = { (unsigned char *)der.p, (unsigned)der.n }, r, s;
    uint8_t *rs = arena_alloc(a, 2 * P256_BYTES);
    int err = gnutls_decode_rs_value(&d, &r, &s);
    bool fits;

    if (err != 0)
        return broken("signature", err);
    fits = put_padded(rs, &r) && put_padded(rs + P256_BYTES, &s);
    gnutls_free(r.data);
    gnutls_free(s.data);
    if (!fits)
        return fault("signer: signature of another curve");
    *out = (struct bytes){ rs, 2 * P256_BYTES };
    return RC_OK;
}

enum rc native_sign(struct arena *a, struct gnutls_privkey_st *key, enum jws_alg alg,
                    struct bytes input, struct bytes *out)
{
    gnutls_datum_t data = { (unsigned char *)input.p, (unsigned)input.n }, sig;
    struct bytes signature;
    int err = gnutls_privkey_sign_data2(key, natives[alg].sign, 0, &data, &sig);

    if (err != 0)
        return broken("sign", err);
    signature = take(a, &sig);
    if (alg == ALG_ES256)
        return decode_p256(a, signature, out);
    *out = signature;
    return RC_OK;
}

/* ---- the public half ---- */

static void set_number(struct arena *a, struct json *jwk, const char *name, struct bytes n)
{
    json_set_str(jwk, name, base64url_encode(a, n));
}

static int add_rsa(struct arena *a, gnutls_pubkey_t pub, struct json *jwk)
{
    gnutls_datum_t n, e;
    int err = gnutls_pubkey_export_rsa_raw2(pub, &n, &e, GNUTLS_EXPORT_FLAG_NO_LZ);

    if (err != 0)
        return err;
    set_number(a, jwk, "n", without_zeros(bytes_in(&n)));
    set_number(a, jwk, "e", without_zeros(bytes_in(&e)));
    gnutls_free(n.data);
    gnutls_free(e.data);
    return 0;
}

static int add_p256(struct arena *a, gnutls_pubkey_t pub, struct json *jwk)
{
    uint8_t x32[P256_BYTES], y32[P256_BYTES];
    gnutls_ecc_curve_t curve;
    gnutls_datum_t x, y;
    int err = gnutls_pubkey_export_ecc_raw2(pub, &curve, &x, &y, 0);

    if (err != 0)
        return err;
    if (curve != GNUTLS_ECC_CURVE_SECP256R1 || !put_padded(x32, &x) || !put_padded(y32, &y))
        err = GNUTLS_E_ECC_UNSUPPORTED_CURVE;
    gnutls_free(x.data);
    gnutls_free(y.data);
    json_set_str(jwk, "crv", "P-256");
    set_number(a, jwk, "x", BYTES(x32));
    set_number(a, jwk, "y", BYTES(y32));
    return err;
}

static int add_ed25519(struct arena *a, gnutls_pubkey_t pub, struct json *jwk)
{
    gnutls_ecc_curve_t curve;
    gnutls_datum_t x;
    int err = gnutls_pubkey_export_ecc_raw2(pub, &curve, &x, NULL, 0);

    if (err != 0)
        return err;
    json_set_str(jwk, "crv", "Ed25519");
    set_number(a, jwk, "x", bytes_in(&x));
    gnutls_free(x.data);
    return 0;
}

static int add_members(struct arena *a, gnutls_pubkey_t pub, enum jws_alg alg, struct json *jwk)
{
    return alg == ALG_RS256   ? add_rsa(a, pub, jwk)
           : alg == ALG_ES256 ? add_p256(a, pub, jwk)
                              : add_ed25519(a, pub, jwk);
}

enum rc native_public_jwk(struct arena *a, struct gnutls_privkey_st *key, enum jws_alg alg,
                          const char *kid, const char **out)
{
    static const char *const kty[] = {
        [ALG_RS256] = "RSA", [ALG_ES256] = "EC", [ALG_EDDSA] = "OKP"
    };
    struct json *jwk = json_object(a);
    gnutls_pubkey_t pub;
    int err;

    json_set_str(jwk, "kty", kty[alg]);
    json_set_str(jwk, "kid", kid);
    json_set_str(jwk, "use", "sig");
    json_set_str(jwk, "alg", jws_alg_name(alg));
    if (gnutls_pubkey_init(&pub) != 0)
        die("signer: no memory");
    err = gnutls_pubkey_import_privkey(pub, key, 0, 0);
    if (err == 0)
        err = add_members(a, pub, alg, jwk);
    gnutls_pubkey_deinit(pub);
    if (err != 0)
        return broken("public key", err);
    *out = json_text(a, jwk);
    return RC_OK;
}
