#include "config.h"

#include "crypto/hash.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include <gnutls/crypto.h>
#include <gnutls/gnutls.h>

#include "util/log.h"

static void digest(gnutls_digest_algorithm_t kind, struct bytes in, uint8_t *out)
{
    if (gnutls_hash_fast(kind, in.p, in.n, out) != 0)
        die("hash: digest %d failed", (int)kind);
}

void sha256(struct bytes in, uint8_t out[SHA256_BYTES])
{
    digest(GNUTLS_DIG_SHA256, in, out);
}

static enum rc hash_fd(gnutls_hash_hd_t hash, int fd)
{
    uint8_t buffer[65536];
    off_t at = 0;
    ssize_t n;

    while ((n = pread(fd, buffer, sizeof(buffer), at)) != 0) {
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return fault("hash: cannot read: %s", strerror(errno));
        if (gnutls_hash(hash, buffer, (size_t)n) != 0)
            die("hash: digest failed");
        at += n;
    }
    return RC_OK;
}

enum rc sha256_fd(int fd, uint8_t out[SHA256_BYTES])
{
    gnutls_hash_hd_t hash;

    if (gnutls_hash_init(&hash, GNUTLS_DIG_SHA256) != 0)
        die("hash: no digest");
    enum rc rc = hash_fd(hash, fd);
    gnutls_hash_deinit(hash, out);
    return rc;
}

void sha384(struct bytes in, uint8_t out[48])
{
    digest(GNUTLS_DIG_SHA384, in, out);
}

void sha512(struct bytes in, uint8_t out[64])
{
    digest(GNUTLS_DIG_SHA512, in, out);
}

struct bytes sha256_of(struct arena *a, const char *text)
{
    uint8_t *out = arena_alloc(a, SHA256_BYTES);

    sha256(bytes_of(text), out);
    return (struct bytes){ out, SHA256_BYTES };
}

void hmac_sha256(struct bytes key, struct bytes in, uint8_t out[SHA256_BYTES])
{
    if (gnutls_hmac_fast(GNUTLS_MAC_SHA256, key.p, key.n, in.p, in.n, out) != 0)
        die("hash: hmac failed");
}

static gnutls_datum_t datum(const void *p, size_t n)
{
    return (gnutls_datum_t){ (unsigned char *)p, (unsigned)n };
}

void hkdf(struct bytes root, const char *label, uint8_t *out, size_t n)
{
    uint8_t prk[SHA256_BYTES];
    gnutls_datum_t key = datum(root.p, root.n), no_salt = datum("", 0);
    gnutls_datum_t extracted = datum(prk, sizeof(prk)), info = datum(label, strlen(label));

    if (gnutls_hkdf_extract(GNUTLS_MAC_SHA256, &key, &no_salt, prk) != 0 ||
        gnutls_hkdf_expand(GNUTLS_MAC_SHA256, &extracted, &info, out, n) != 0)
        die("hash: hkdf failed");
    explicit_bzero(prk, sizeof(prk));
}

bool ct_equal(struct bytes a, struct bytes b)
{
    return a.n == b.n && (a.n == 0 || gnutls_memcmp(a.p, b.p, a.n) == 0);
}

bool ct_same_text(const char *a, const char *b)
{
    uint8_t of_a[SHA256_BYTES], of_b[SHA256_BYTES];

    sha256(bytes_of(a), of_a);
    sha256(bytes_of(b), of_b);
    return ct_equal(BYTES(of_a), BYTES(of_b));
}

char *key_fingerprint(struct arena *a, struct bytes key)
{
    uint8_t hash[SHA256_BYTES];

    sha256(key, hash);
    return hex_encode(a, (struct bytes){ hash, 8 });
}

const char *log_hash(struct arena *a, const char *secret)
{
    struct bytes hash = sha256_of(a, secret);

    hash.n = 4;
    return hex_encode(a, hash);
}
