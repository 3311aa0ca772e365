#include "config.h"

#include "crypto/seal.h"

#include <string.h>

#include <gnutls/crypto.h>
#include <gnutls/gnutls.h>

#include "crypto/hash.h"
#include "crypto/random.h"
#include "util/log.h"

#define SEAL_VERSION 1
#define SALT_BYTES 16
#define TAG_BYTES 16
#define HEAD_BYTES (1 + SALT_BYTES)

/* Every message has a key of its own, so that one nonce serves for all. */
static const uint8_t nonce[12];

static gnutls_aead_cipher_hd_t message_cipher(const uint8_t *key, const uint8_t *salt)
{
    uint8_t own[SHA256_BYTES];
    gnutls_datum_t d = { own, sizeof(own) };
    gnutls_aead_cipher_hd_t cipher;
    int err;

    hmac_sha256((struct bytes){ key, SEAL_KEY_BYTES }, (struct bytes){ salt, SALT_BYTES }, own);
    err = gnutls_aead_cipher_init(&cipher, GNUTLS_CIPHER_AES_256_GCM, &d);
    explicit_bzero(own, sizeof(own));
    if (err != 0)
        die("seal: %s", gnutls_strerror(err));
    return cipher;
}

struct bytes seal_box(struct arena *a, const uint8_t key[SEAL_KEY_BYTES], struct bytes aad,
                      struct bytes plain)
{
    size_t n = plain.n + TAG_BYTES;
    uint8_t *box = arena_alloc(a, HEAD_BYTES + n);
    gnutls_aead_cipher_hd_t cipher;
    int err;

    box[0] = SEAL_VERSION;
    random_bytes(box + 1, SALT_BYTES);
    cipher = message_cipher(key, box + 1);
    err = gnutls_aead_cipher_encrypt(cipher, nonce, sizeof(nonce), aad.p, aad.n, TAG_BYTES,
                                     plain.p, plain.n, box + HEAD_BYTES, &n);
    gnutls_aead_cipher_deinit(cipher);
    if (err != 0)
        die("seal: %s", gnutls_strerror(err));
    return (struct bytes){ box, HEAD_BYTES + n };
}

enum rc seal_open(struct arena *a, const uint8_t key[SEAL_KEY_BYTES], struct bytes aad,
                  struct bytes sealed, struct bytes *out)
{
    gnutls_aead_cipher_hd_t cipher;
    uint8_t *plain;
    size_t n;
    int err;

    if (sealed.n < SEAL_OVERHEAD || sealed.p[0] != SEAL_VERSION)
        return RC_NONE;
    n = sealed.n - SEAL_OVERHEAD;
    plain = arena_alloc(a, n + 1); /* so that a sealed text is a text */
    cipher = message_cipher(key, sealed.p + 1);
    err = gnutls_aead_cipher_decrypt(cipher, nonce, sizeof(nonce), aad.p, aad.n, TAG_BYTES,
                                     sealed.p + HEAD_BYTES, n + TAG_BYTES, plain, &n);
    gnutls_aead_cipher_deinit(cipher);
    if (err != 0)
        return RC_NONE;
    *out = (struct bytes){ plain, n };
    return RC_OK;
}
