#include "config.h"

#include "signer/signer_rsa.h"

#include "crypto/hash.h"
#include "util/log.h"

#ifdef HAVE_LIBCRYPTO

#include <openssl/crypto.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/rsa.h>

/*
 * struct rsa_key is libcrypto's own EVP_PKEY_CTX, ready to sign and kept: making one
 * looks up providers and algorithms by their names.
 */
static EVP_PKEY_CTX *ctx_of(struct rsa_key *k)
{
    return (EVP_PKEY_CTX *)k;
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

/* RFC 8017 8.2 with SHA-256.  The key belongs to the context from here on. */
static enum rc make_ready(EVP_PKEY *key, struct rsa_key **out)
{
    EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new(key, NULL);

    EVP_PKEY_free(key);
    if (ctx == NULL || EVP_PKEY_sign_init(ctx) != 1 || EVP_PKEY_CTX_set_rsa_padding(ctx, RSA_PKCS1_PADDING) != 1 ||
        EVP_PKEY_CTX_set_signature_md(ctx, EVP_sha256()) != 1) {
        EVP_PKEY_CTX_free(ctx);
        return broken("key");
    }
    *out = (struct rsa_key *)ctx;
    return RC_OK;
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
    return make_ready(key, out);
}

void rsa_free(struct rsa_key *k)
{
    EVP_PKEY_CTX_free(ctx_of(k));
}

enum rc rsa_sign(struct arena *a, struct rsa_key *k, struct bytes input, struct bytes *out)
{
    size_t n = (size_t)EVP_PKEY_get_size(EVP_PKEY_CTX_get0_pkey(ctx_of(k)));
    uint8_t *sig = arena_alloc(a, n), hash[SHA256_BYTES];

    sha256(input, hash);
    if (EVP_PKEY_sign(ctx_of(k), sig, &n, hash, sizeof(hash)) != 1)
        return broken("sign");
    *out = (struct bytes){ sig, n };
    return RC_OK;
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
