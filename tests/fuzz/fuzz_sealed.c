/*
 * What is sealed and comes back (crypto/seal.c, crypto/keyring.c, util/frame.c,
 * oidc/authz_request_pack.c).  Nothing from outside opens; what was sealed here opens to the
 * same; the bytes within, whatever they are, are a request or none.
 */
#include "config.h"

#include "fuzz.h"

#include "crypto/keyring.h"
#include "crypto/seal.h"
#include "oidc/authz_request.h"
#include "util/encode.h"
#include "util/frame.h"

static const struct keyring *keyring(void)
{
    static struct keyring k;
    static bool is_made;
    struct keyring_roots roots = { .cookie = bytes_of("a cookie secret of at least 32 bytes"),
                                   .cookie_previous = bytes_of("the one before it, of at least 32 bytes") };

    if (!is_made)
        keyring_derive(&roots, &k);
    is_made = true;
    return &k;
}

/* Anything, and anything under the id of a key of ours. */
static void from_outside(struct bytes b)
{
    const struct keyring *k = keyring();
    struct sbuf named;
    struct bytes out;

    for (int purpose = 0; purpose < KEY_PURPOSES_N; purpose++)
        MUST(keyring_open(k, (enum key_purpose)purpose, A, bytes_of("aad"), b, &out) != RC_OK);
    MUST(seal_open(A, k->now[KEY_HANDLE].key, bytes_of("aad"), b, &out) != RC_OK);
    sbuf_init(&named, A, b.n + 8);
    sbuf_addn(&named, k->now[KEY_HANDLE].id, sizeof(k->now[KEY_HANDLE].id));
    sbuf_addn(&named, b.p, b.n);
    MUST(keyring_open(k, KEY_HANDLE, A, bytes_of("aad"), sbuf_bytes(&named), &out) != RC_OK);
}

static void from_here(struct bytes b)
{
    const struct keyring *k = keyring();
    struct bytes sealed = keyring_seal(k, KEY_HANDLE, A, bytes_of("aad"), b), out;

    MUST(keyring_open(k, KEY_HANDLE, A, bytes_of("aad"), sealed, &out) == RC_OK && same_bytes(b, out));
    MUST(keyring_open(k, KEY_HANDLE, A, bytes_of("other"), sealed, &out) != RC_OK);
    MUST(keyring_open(k, KEY_CONSOLE, A, bytes_of("aad"), sealed, &out) != RC_OK);
    uint8_t *altered = arena_memdup(A, sealed.p, sealed.n);
    altered[b.n > 0 ? b.p[0] % sealed.n : 0] ^= 1;
    MUST(keyring_open(k, KEY_HANDLE, A, bytes_of("aad"), (struct bytes){ altered, sealed.n }, &out) != RC_OK);
}

static void as_request(struct bytes b)
{
    struct authz_request r = { 0 };

    if (authz_request_unpack(A, b, &r) == RC_OK)
        MUST(same_bytes(authz_request_pack(A, &r), b)); /* one way to write it */
}

static void as_frame(struct bytes b)
{
    struct frame_reader r;

    frame_read(&r, b);
    for (int i = 0; i < 64 && !r.is_bad; i++) {
        struct frame_reader before = r;

        (void)frame_get_text(&r, A);
        r = before;
        struct bytes field = frame_get_bytes(&r);
        MUST(r.is_bad || field.n == 0 || (field.p >= b.p && field.p + field.n <= b.p + b.n));
    }
    (void)!frame_end(&r);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct bytes all = { data, size }, decoded;

    begin();
    from_outside(all);
    from_here(all);
    as_request(all);
    as_frame(all);
    if (base64url_decode(A, text_from(all), &decoded) == RC_OK)
        from_outside(decoded);
    return end();
}
