#include "config.h"

#include "signer/signer_native.h"

#include <stdlib.h>
#include <string.h>

#include <gnutls/abstract.h>
#include <gnutls/crypto.h>
#include <gnutls/gnutls.h>
#include <gnutls/x509.h>

#include "crypto/der.h"
#include "signer/process.h"
#include "signer/signer_number.h"
#include "signer/signer_rsa.h"
#include "util/log.h"

#define RSA_BITS 2048
#define RSA_BITS_MAX 8192

struct native_key {
    gnutls_privkey_t key;
    struct rsa_key *rsa; /* the same key once more, for signing; NULL: GnuTLS signs */
};

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

/* A copy on `a`; the library's own is wiped, as it does not do that itself. */
static struct bytes take(struct arena *a, gnutls_datum_t *d)
{
    struct bytes copy = arena_bytes(a, (struct bytes){ d->data, d->size });

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

static struct native_key *own(gnutls_privkey_t key)
{
    struct native_key *k = calloc(1, sizeof *k);

    if (k == NULL)
        die("signer: no memory");
    k->key = key;
    return k;
}

enum rc native_import(struct bytes der, enum jws_alg alg, struct native_key **out)
{
    gnutls_datum_t d = { (unsigned char *)der.p, (unsigned)der.n };
    gnutls_privkey_t key = new_privkey();
    struct native_key *k;

    if (gnutls_privkey_import_x509_raw(key, &d, GNUTLS_X509_FMT_DER, NULL, 0) != 0 ||
        !is_kind(key, alg)) {
        gnutls_privkey_deinit(key);
        return RC_NONE;
    }
    k = own(key);
    if (alg == ALG_RS256 && rsa_import(der, &k->rsa) == RC_FAULT) {
        native_free(k);
        return RC_NONE;
    }
    *out = k;
    return RC_OK;
}

void native_free(struct native_key *k)
{
    if (k == NULL)
        return;
    gnutls_privkey_deinit(k->key);
    rsa_free(k->rsa);
    free(k);
}

const char *native_rsa_name(void)
{
    return rsa_is_here() ? "openssl" : "gnutls";
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

/* By way of DER: one form for both libraries. */
static void import_x509(gnutls_x509_privkey_t x509, struct native_key **out)
{
    gnutls_datum_t der;

    if (gnutls_x509_privkey_export2(x509, GNUTLS_X509_FMT_DER, &der) != 0 ||
        native_import((struct bytes){ der.data, der.size }, ALG_RS256, out) != RC_OK)
        die("signer: a checked key does not load");
    explicit_bzero(der.data, der.size);
    gnutls_free(der.data);
}

enum rc native_import_pem(const char *pem, struct native_key **out, const char **why)
{
    gnutls_x509_privkey_t x509;

    *why = count_blocks(pem);
    if (*why)
        return RC_REFUSED;
    if (gnutls_x509_privkey_init(&x509) != 0)
        die("signer: no memory");
    *why = load_pem(x509, pem);
    if (!*why)
        import_x509(x509, out);
    gnutls_x509_privkey_deinit(x509);
    return *why ? RC_REFUSED : RC_OK;
}

enum rc signer_check_pem(struct arena *a, const char *pem, const char **why)
{
    struct native_key *key;

    (void)a;
    TRY(native_import_pem(pem, &key, why));
    native_free(key);
    return RC_OK;
}

/* ---- signing ---- */

static bool take_p256(struct bytes *left, uint8_t out[P256_BYTES])
{
    struct bytes n;
    gnutls_datum_t d;

    if (der_take_of(left, DER_INTEGER, &n) != RC_OK)
        return false;
    d = (gnutls_datum_t){ (unsigned char *)n.p, (unsigned)n.n };
    return number_pad(out, &d);
}

/* RFC 7518 3.4: r || s, where GnuTLS gives the DER of X9.62. */
static enum rc decode_p256(struct arena *a, struct bytes der, struct bytes *out)
{
    uint8_t *rs = arena_alloc(a, 2 * P256_BYTES);
    struct bytes both;

    if (der_take_of(&der, DER_SEQUENCE, &both) != RC_OK || !take_p256(&both, rs) ||
        !take_p256(&both, rs + P256_BYTES) || both.n != 0)
        return fault("signer: signature of another curve");
    *out = (struct bytes){ rs, 2 * P256_BYTES };
    return RC_OK;
}

static enum rc sign_native(struct arena *a, struct native_key *k, enum jws_alg alg,
                           struct bytes input, struct bytes *out)
{
    gnutls_datum_t data = { (unsigned char *)input.p, (unsigned)input.n }, sig;
    int err = gnutls_privkey_sign_data2(k->key, natives[alg].sign, 0, &data, &sig);

    if (err != 0)
        return broken("sign", err);
    *out = take(a, &sig);
    return RC_OK;
}

enum rc native_sign(struct arena *a, struct native_key *k, enum jws_alg alg,
                    struct bytes input, struct bytes *out)
{
    struct bytes signature;

    if (k->rsa)
        return rsa_sign(a, k->rsa, input, out);
    TRY(sign_native(a, k, alg, input, &signature));
    if (alg == ALG_ES256)
        return decode_p256(a, signature, out);
    *out = signature;
    return RC_OK;
}

void *native_handle(struct native_key *k)
{
    return k->key;
}
