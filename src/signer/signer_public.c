#include "config.h"

#include <string.h>

#include <gnutls/abstract.h>
#include <gnutls/gnutls.h>

#include "signer/signer_native.h"
#include "signer/signer_number.h"
#include "util/encode.h"
#include "util/log.h"

/* ---- numbers of a fixed length ---- */

/* The library's numbers may begin with a zero too many or be a byte short. */
struct bytes number_without_zeros(struct bytes n)
{
    while (n.n > 1 && n.p[0] == 0) {
        n.p++;
        n.n--;
    }
    return n;
}

bool number_pad(uint8_t out[P256_BYTES], const gnutls_datum_t *d)
{
    struct bytes n = number_without_zeros((struct bytes){ d->data, d->size });

    if (n.n > P256_BYTES)
        return false;
    memset(out, 0, P256_BYTES - n.n);
    memcpy(out + P256_BYTES - n.n, n.p, n.n);
    return true;
}

static struct bytes bytes_in(const gnutls_datum_t *d)
{
    return (struct bytes){ d->data, d->size };
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
    set_number(a, jwk, "n", number_without_zeros(bytes_in(&n)));
    set_number(a, jwk, "e", number_without_zeros(bytes_in(&e)));
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
    if (curve != GNUTLS_ECC_CURVE_SECP256R1 || !number_pad(x32, &x) || !number_pad(y32, &y))
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

enum rc native_public_jwk(struct arena *a, struct native_key *key, enum jws_alg alg,
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
    err = gnutls_pubkey_import_privkey(pub, native_handle(key), 0, 0);
    if (err == 0)
        err = add_members(a, pub, alg, jwk);
    gnutls_pubkey_deinit(pub);
    if (err != 0)
        return fault("signer: public key: %s", gnutls_strerror(err));
    *out = json_text(a, jwk);
    return RC_OK;
}
