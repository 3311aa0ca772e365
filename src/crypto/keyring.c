#include "config.h"

#include "crypto/keyring.h"

#include <string.h>

#include "crypto/hash.h"
#include "crypto/seal.h"
#include "util/log.h"

#define ID_BYTES 4

/* One label per purpose.  A label never changes: every cookie would end. */
static const char *const labels[KEY_PURPOSES_N] = {
    [KEY_CSRF] = "autentico csrf v1",
    [KEY_HANDLE] = "autentico handle v1",
    [KEY_SESSION] = "autentico session v1",
    [KEY_CONSOLE] = "autentico console v1",
    [KEY_SHORT_CODE] = "autentico short code v1",
    [KEY_CLIENT_SECRET] = "autentico client secret v1",
    [KEY_ENROL] = "autentico enrol v1",
    [KEY_PASSKEY] = "autentico passkey v1",
    [KEY_OUTBOX] = "autentico outbox v1",
};

static void derive_key(struct bytes root, enum key_purpose purpose, uint8_t key[32], uint8_t *id)
{
    uint8_t hash[SHA256_BYTES];

    hkdf(root, labels[purpose], key, 32);
    sha256((struct bytes){ key, 32 }, hash);
    memcpy(id, hash, ID_BYTES);
}

static bool hash_if_any(struct bytes secret, uint8_t out[32])
{
    if (secret.n == 0)
        return false;
    sha256(secret, out);
    return true;
}

void keyring_derive(const struct keyring_roots *roots, struct keyring *out)
{
    if (roots->cookie.n == 0)
        die("keyring: no cookie secret");
    memset(out, 0, sizeof(*out));
    out->has_previous = roots->cookie_previous.n > 0;
    for (enum key_purpose i = 0; i < KEY_PURPOSES_N; i++) {
        derive_key(roots->cookie, i, out->now[i].key, out->now[i].id);
        if (out->has_previous)
            derive_key(roots->cookie_previous, i, out->previous[i].key, out->previous[i].id);
    }
    out->has_admin_token[0] = hash_if_any(roots->admin_token, out->admin_token_hash[0]);
    out->has_admin_token[1] = hash_if_any(roots->admin_token_previous, out->admin_token_hash[1]);
    out->has_front = hash_if_any(roots->front, out->front_hash);
}

void keyring_of(const struct secrets *s, struct keyring *out)
{
    struct keyring_roots roots = {
        .cookie = secret_bytes(&s->cookie),
        .cookie_previous = secret_bytes(&s->cookie_previous),
        .admin_token = secret_bytes(&s->admin_token),
        .admin_token_previous = secret_bytes(&s->admin_token_previous),
        .front = secret_bytes(&s->front),
    };

    keyring_derive(&roots, out);
}

void keyring_keep_only(struct keyring *k, enum key_purpose purpose)
{
    struct keyring rest = { .has_previous = k->has_previous, .is_overlapping = k->is_overlapping };

    rest.now[purpose] = k->now[purpose];
    rest.previous[purpose] = k->previous[purpose];
    *k = rest;
    explicit_bzero(&rest, sizeof(rest));
}

bool keyring_is_settled(const struct keyring *k)
{
    return !k->has_previous || k->is_overlapping == NULL || __atomic_load_n(k->is_overlapping, __ATOMIC_ACQUIRE) == 0;
}

enum rc keyring_mac(const struct keyring *k, enum key_purpose purpose, int i, struct bytes in,
                    uint8_t out[32])
{
    bool is_now = i == 0 || (i == KEY_MAKES && keyring_is_settled(k));
    const uint8_t *key = is_now ? k->now[purpose].key : k->previous[purpose].key;

    if (!is_now && !k->has_previous)
        return RC_NONE;
    hmac_sha256((struct bytes){ key, 32 }, in, out);
    return RC_OK;
}

enum rc keyring_look_up(const struct keyring *k, keyring_find *find, void *arg, bool *goes_over)
{
    enum rc rc = find(arg, 0);

    *goes_over = false;
    if (rc != RC_NONE || !k->has_previous)
        return rc;
    rc = find(arg, 1);
    *goes_over = rc == RC_OK && keyring_is_settled(k);
    return rc == RC_NONE ? find(arg, 0) : rc;
}

struct bytes keyring_seal(const struct keyring *k, enum key_purpose purpose, struct arena *a,
                          struct bytes aad, struct bytes plain)
{
    bool is_now = keyring_is_settled(k);
    const uint8_t *key = is_now ? k->now[purpose].key : k->previous[purpose].key;
    struct bytes box = seal_box(a, key, aad, plain);
    uint8_t *out = arena_alloc(a, ID_BYTES + box.n);

    memcpy(out, is_now ? k->now[purpose].id : k->previous[purpose].id, ID_BYTES);
    memcpy(out + ID_BYTES, box.p, box.n);
    return (struct bytes){ out, ID_BYTES + box.n };
}

enum rc keyring_open(const struct keyring *k, enum key_purpose purpose, struct arena *a,
                     struct bytes aad, struct bytes sealed, struct bytes *out)
{
    struct bytes id = { sealed.p, ID_BYTES }, box;

    if (sealed.n < ID_BYTES)
        return RC_NONE;
    box = (struct bytes){ sealed.p + ID_BYTES, sealed.n - ID_BYTES };
    if (ct_equal(id, BYTES(k->now[purpose].id)))
        return seal_open(a, k->now[purpose].key, aad, box, out);
    if (k->has_previous && ct_equal(id, BYTES(k->previous[purpose].id)))
        return seal_open(a, k->previous[purpose].key, aad, box, out);
    return RC_NONE;
}
