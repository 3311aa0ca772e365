#include "config.h"

#include "signer/signer_rsa.h"

#include "util/log.h"

#ifdef HAVE_LIBCRYPTO

#include <openssl/crypto.h>
#include <openssl/err.h>
#include <openssl/evp.h>

/* struct rsa_key is libcrypto's own EVP_PKEY. */
static EVP_PKEY *pkey_of(struct rsa_key *k)
{
    return (EVP_PKEY *)k;
}

static enum rc broken(const char *what)
{
    unsigned long e = ERR_peek_last_error();
    const char *why = e ? ERR_reason_error_string(e) : NULL;

    ERR_clear_error();
    return fault("signer: libcrypto: %s: %s", what, why ? why : "?");
}

bool rsa_is_here(void)
{
    return true;
}

enum rc rsa_import(struct bytes der, struct rsa_key **out)
{
    const unsigned char *p = der.p;
    EVP_PKEY *key;

    /* no configuration file: in the sandbox there is none, and it is not ours */
    if (OPENSSL_init_crypto(OPENSSL_INIT_NO_LOAD_CONFIG, NULL) != 1)
        return broken("start");
    key = d2i_AutoPrivateKey(NULL, &p, (long)der.n);
    if (key == NULL)
        return broken("import");
    if (EVP_PKEY_get_base_id(key) != EVP_PKEY_RSA) {
        EVP_PKEY_free(key);
        return broken("not an RSA key");
    }
    *out = (struct rsa_key *)key;
    return RC_OK;
}

void rsa_free(struct rsa_key *k)
{
    EVP_PKEY_free(pkey_of(k));
}

static enum rc sign_with(EVP_MD_CTX *ctx, struct arena *a, struct rsa_key *k, struct bytes input,
                         struct bytes *out)
{
    size_t n = (size_t)EVP_PKEY_get_size(pkey_of(k));
    uint8_t *sig = arena_alloc(a, n);

    if (EVP_DigestSignInit(ctx, NULL, EVP_sha256(), NULL, pkey_of(k)) != 1 ||
        EVP_DigestSign(ctx, sig, &n, input.p, input.n) != 1)
        return broken("sign");
    *out = (struct bytes){ sig, n };
    return RC_OK;
}

enum rc rsa_sign(struct arena *a, struct rsa_key *k, struct bytes input, struct bytes *out)
{
    EVP_MD_CTX *ctx = EVP_MD_CTX_new();
    enum rc rc;

    if (ctx == NULL)
        die("signer: no memory");
    rc = sign_with(ctx, a, k, input, out);
    EVP_MD_CTX_free(ctx);
    return rc;
}

#else

bool rsa_is_here(void)
{
    return false;
}

enum rc rsa_import(struct bytes der, struct rsa_key **out)
{
    (void)der;
    (void)out;
    return RC_NONE;
}

void rsa_free(struct rsa_key *k)
{
    (void)k;
}

enum rc rsa_sign(struct arena *a, struct rsa_key *k, struct bytes input, struct bytes *out)
{
    (void)a;
    (void)k;
    (void)input;
    (void)out;
    return fault("signer: built without libcrypto");
}

#endif
