#include "config.h"

#include "crypto/x509.h"

#include <string.h>

#include <gnutls/abstract.h>
#include <gnutls/gnutls.h>
#include <gnutls/x509.h>

#include "util/log.h"
#include "util/text.h"

#define CERT_BYTES_MAX 65536
#define NAME_BYTES 256

static void drop_crt(void *crt)
{
    gnutls_x509_crt_deinit(crt);
}

static void drop_pubkey(void *key)
{
    gnutls_pubkey_deinit(key);
}

enum rc x509_read(struct arena *a, struct bytes der, struct x509_cert *out)
{
    gnutls_datum_t d = { (unsigned char *)der.p, (unsigned)der.n };
    gnutls_x509_crt_t crt;
    gnutls_pubkey_t key;

    if (der.n == 0 || der.n > CERT_BYTES_MAX)
        return RC_NONE;
    if (gnutls_x509_crt_init(&crt) != 0)
        die("x509: no memory");
    arena_defer(a, drop_crt, crt);
    if (gnutls_pubkey_init(&key) != 0)
        die("x509: no memory");
    arena_defer(a, drop_pubkey, key);
    if (gnutls_x509_crt_import(crt, &d, GNUTLS_X509_FMT_DER) != 0 || gnutls_pubkey_import_x509(key, crt, 0) != 0)
        return RC_NONE;
    *out = (struct x509_cert){ crt, key };
    return RC_OK;
}

/* "": none. */
static const char *name_of(struct arena *a, const struct x509_cert *c, const char *oid)
{
    size_t n = NAME_BYTES;
    char *text = arena_alloc(a, n);

    return gnutls_x509_crt_get_dn_by_oid(c->crt, oid, 0, 0, text, &n) == 0 ? text : "";
}

static bool has_name(struct arena *a, const struct x509_cert *c, const char *oid)
{
    return *name_of(a, c, oid) != '\0';
}

static bool is_no_ca(const struct x509_cert *c)
{
    unsigned critical, ca = 1;
    int path_n;

    return gnutls_x509_crt_get_basic_constraints(c->crt, &critical, &ca, &path_n) >= 0 && ca == 0;
}

bool x509_is_attestation(struct arena *a, const struct x509_cert *c)
{
    if (gnutls_x509_crt_get_version(c->crt) != 3 || !is_no_ca(c))
        return false;
    return has_name(a, c, GNUTLS_OID_X520_COUNTRY_NAME) && has_name(a, c, GNUTLS_OID_X520_ORGANIZATION_NAME) &&
           has_name(a, c, GNUTLS_OID_X520_COMMON_NAME) &&
           text_same(name_of(a, c, GNUTLS_OID_X520_ORGANIZATIONAL_UNIT_NAME), "Authenticator Attestation");
}

static bool has_purpose(struct arena *a, const struct x509_cert *c, const char *oid)
{
    char *found = arena_alloc(a, NAME_BYTES);

    for (unsigned i = 0;; i++) {
        size_t n = NAME_BYTES;
        int rc = gnutls_x509_crt_get_key_purpose_oid(c->crt, i, found, &n, NULL);

        if (rc < 0)
            return false;
        if (text_same(found, oid))
            return true;
    }
}

bool x509_is_tpm(struct arena *a, const struct x509_cert *c)
{
    struct x509_extension names;
    size_t n = NAME_BYTES;
    char *subject = arena_alloc(a, n);

    if (gnutls_x509_crt_get_version(c->crt) != 3 || !is_no_ca(c))
        return false;
    if (gnutls_x509_crt_get_dn(c->crt, subject, &n) != GNUTLS_E_REQUESTED_DATA_NOT_AVAILABLE && *subject != '\0')
        return false;
    return x509_extension(a, c, "2.5.29.17", &names) == RC_OK && has_purpose(a, c, "2.23.133.8.3");
}

bool x509_is_p256(const struct x509_cert *c)
{
    gnutls_ecc_curve_t curve;

    return gnutls_pubkey_export_ecc_raw2(c->key, &curve, NULL, NULL, 0) == 0 && curve == GNUTLS_ECC_CURVE_SECP256R1;
}

enum rc x509_extension(struct arena *a, const struct x509_cert *c, const char *oid, struct x509_extension *out)
{
    gnutls_datum_t found = { NULL, 0 };
    unsigned critical = 0;

    if (gnutls_x509_crt_get_extension_by_oid2(c->crt, oid, 0, &found, &critical) != 0)
        return RC_NONE;
    out->value = arena_bytes(a, (struct bytes){ found.data, found.size });
    out->is_critical = critical != 0;
    gnutls_free(found.data);
    return RC_OK;
}
