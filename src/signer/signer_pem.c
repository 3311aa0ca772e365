#include "config.h"

#include <gnutls/gnutls.h>
#include <gnutls/x509.h>
#include <string.h>

#include "signer/process.h"
#include "util/log.h"

static enum rc export_pem(struct arena *a, gnutls_x509_privkey_t key, char **out)
{
    gnutls_datum_t pem;
    int rc = gnutls_x509_privkey_export2(key, GNUTLS_X509_FMT_PEM, &pem);

    if (rc < 0)
        return fault("signer: %s", gnutls_strerror(rc));
    *out = arena_strndup(a, (const char *)pem.data, pem.size);
    explicit_bzero(pem.data, pem.size);
    gnutls_free(pem.data);
    return RC_OK;
}

enum rc signer_make_pem(struct arena *a, char **out)
{
    gnutls_x509_privkey_t key;
    int rc = gnutls_x509_privkey_init(&key);

    if (rc < 0)
        return fault("signer: %s", gnutls_strerror(rc));
    rc = gnutls_x509_privkey_generate(key, GNUTLS_PK_RSA, 2048, 0);
    enum rc done = rc < 0 ? fault("signer: %s", gnutls_strerror(rc)) : export_pem(a, key, out);
    gnutls_x509_privkey_deinit(key);
    return done;
}
