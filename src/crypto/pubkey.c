#include "config.h"

#include "crypto/pubkey.h"

#include <string.h>

#include <gnutls/abstract.h>
#include <gnutls/gnutls.h>

#include "util/log.h"

#define RSA_BITS_MIN 2048
#define RSA_BITS_MAX 8192 /* a larger one only costs us time */
#define RSA_E_BYTES_MAX 8

static void drop_pubkey(void *key)
{
    gnutls_pubkey_deinit(key);
}

static gnutls_pubkey_t new_pubkey(struct arena *a)
{
    gnutls_pubkey_t key;

    if (gnutls_pubkey_init(&key) != 0)
        die("pubkey: no memory");
    arena_defer(a, drop_pubkey, key);
    return key;
}

static gnutls_datum_t datum(struct bytes b)
{
    return (gnutls_datum_t){ (unsigned char *)b.p, (unsigned)b.n };
}

/* RFC 7518 6.3.1, RFC 8230 4.  An even exponent or 1 makes no RSA key; a huge one costs us
 * time; a leading zero gives one key two thumbprints. */
static bool is_rsa(struct bytes n, struct bytes e)
{
    if (n.n == 0 || n.n > RSA_BITS_MAX / 8 || e.n == 0 || e.n > RSA_E_BYTES_MAX || n.p[0] == 0 || e.p[0] == 0)
        return false;
    return e.p[e.n - 1] % 2 != 0 && !(e.n == 1 && e.p[0] == 1) && n.p[n.n - 1] % 2 != 0;
}

enum rc pubkey_rsa(struct arena *a, struct bytes n, struct bytes e, void **out)
{
    gnutls_datum_t dn = datum(n), de = datum(e);
    gnutls_pubkey_t key;
    unsigned bits;

    if (!is_rsa(n, e))
        return RC_NONE;
    key = new_pubkey(a);
    if (gnutls_pubkey_import_rsa_raw(key, &dn, &de) != 0)
        return RC_NONE;
    if (gnutls_pubkey_get_pk_algorithm(key, &bits) != GNUTLS_PK_RSA || bits < RSA_BITS_MIN || bits > RSA_BITS_MAX)
        return RC_NONE;
    *out = key;
    return RC_OK;
}

static const struct { gnutls_ecc_curve_t curve; size_t bytes_n; } curves[] = {
    [PUBKEY_P256] = { GNUTLS_ECC_CURVE_SECP256R1, 32 },
    [PUBKEY_P384] = { GNUTLS_ECC_CURVE_SECP384R1, 48 },
    [PUBKEY_P521] = { GNUTLS_ECC_CURVE_SECP521R1, 66 },
};

/* RFC 7518 6.2.1, RFC 9053 7.1.1 */
enum rc pubkey_ec(struct arena *a, enum pubkey_curve curve, struct bytes x, struct bytes y, void **out)
{
    gnutls_datum_t dx = datum(x), dy = datum(y);
    gnutls_pubkey_t key;

    if (x.n != curves[curve].bytes_n || y.n != curves[curve].bytes_n)
        return RC_NONE;
    key = new_pubkey(a);
    if (gnutls_pubkey_import_ecc_raw(key, curves[curve].curve, &dx, &dy) != 0)
        return RC_NONE;
    if (gnutls_pubkey_verify_params(key) != 0)
        return RC_NONE;
    *out = key;
    return RC_OK;
}

enum rc pubkey_ed25519(struct arena *a, struct bytes x, void **out)
{
    gnutls_datum_t dx = datum(x);
    gnutls_pubkey_t key;

    if (x.n != 32)
        return RC_NONE;
    key = new_pubkey(a);
    if (gnutls_pubkey_import_ecc_raw(key, GNUTLS_ECC_CURVE_ED25519, &dx, NULL) != 0)
        return RC_NONE;
    *out = key;
    return RC_OK;
}

bool pubkey_same(const void *a, const void *b)
{
    gnutls_datum_t da = { NULL, 0 }, db = { NULL, 0 };
    bool is = gnutls_pubkey_export2((gnutls_pubkey_t)a, GNUTLS_X509_FMT_DER, &da) == 0 &&
              gnutls_pubkey_export2((gnutls_pubkey_t)b, GNUTLS_X509_FMT_DER, &db) == 0 && da.size == db.size &&
              memcmp(da.data, db.data, da.size) == 0;

    gnutls_free(da.data);
    gnutls_free(db.data);
    return is;
}
