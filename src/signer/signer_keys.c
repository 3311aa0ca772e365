#include "config.h"

#include "signer/signer_keys.h"

#include <string.h>

#include "util/frame.h"
#include "util/log.h"

#define ROOT_BYTES 32
#define WRAPPED_MAX 8192 /* an RSA-8192 key in PKCS#8 takes some 4.7 KiB */

/* A label never changes: nothing would open any more. */
#define WRAP_LABEL "autentico signing key v1"
#define COLUMN_LABEL "autentico column v1"

/* ---- start and end ---- */

static enum rc add_root(struct signer_keys *k, struct bytes root, const char *name)
{
    if (root.n < ROOT_BYTES) {
        log_event(LOG_LEVEL_ERROR, "signer_start", "why", "encryption key shorter than 32 bytes",
                  "which", name, NULL);
        return RC_REFUSED;
    }
    hkdf(root, WRAP_LABEL, k->roots[k->roots_n].wrap, SEAL_KEY_BYTES);
    hkdf(root, COLUMN_LABEL, k->roots[k->roots_n].column, SEAL_KEY_BYTES);
    k->roots_n++;
    return RC_OK;
}

static void print_fingerprint(struct arena *own, struct bytes root, char out[17])
{
    memcpy(out, key_fingerprint(own, root), 17);
}

static enum rc load_env_key(struct signer_keys *k, struct arena *own, const char *kid,
                            const char *pem)
{
    const char *why = "it has no AUTENTICO_JWK_CERT_KEY_ID";

    if (text_empty(kid) || native_import_pem(pem, &k->env_key, &why) != RC_OK) {
        log_event(LOG_LEVEL_ERROR, "signer_start", "key", "AUTENTICO_PRIVATE_KEY", "why", why,
                  NULL);
        return RC_REFUSED;
    }
    k->env_kid = arena_strdup(own, kid);
    return native_public_jwk(own, k->env_key, ALG_RS256, kid, &k->env_jwk);
}

enum rc signer_keys_start(struct signer_keys *k, struct arena *own, const char *env_kid,
                          const struct signer_secrets *secrets)
{
    TRY(add_root(k, secrets->encryption, "current"));
    print_fingerprint(own, secrets->encryption, k->fingerprint);
    if (secrets->encryption_previous.n > 0) {
        TRY(add_root(k, secrets->encryption_previous, "previous"));
        print_fingerprint(own, secrets->encryption_previous, k->previous_fingerprint);
    }
    if (text_empty(secrets->private_key_pem))
        return RC_OK;
    return load_env_key(k, own, env_kid, secrets->private_key_pem);
}

void signer_keys_end(struct signer_keys *k)
{
    for (size_t i = 0; i < CACHED_KEYS_MAX; i++)
        native_free(k->cache[i].key);
    native_free(k->env_key);
    explicit_bzero(k, sizeof(*k));
}

/* ---- boxes ---- */

/* Which root new boxes are made with. */
static int sealing(const struct signer_keys *k)
{
    return k->roots_n > 1 && k->is_overlapping != NULL && __atomic_load_n(k->is_overlapping, __ATOMIC_ACQUIRE) != 0;
}

/* Associated data: what a value belongs to, so that moved elsewhere it does not open. */
static struct bytes place(struct arena *a, const char *table, const char *column, const char *row)
{
    struct sbuf b;

    sbuf_init(&b, a, 0);
    frame_put_text(&b, table);
    frame_put_text(&b, column);
    frame_put_text(&b, row);
    return sbuf_bytes(&b);
}

struct bytes signer_keys_seal(struct signer_keys *k, struct arena *a,
                              const struct seal_place *where, struct bytes plain)
{
    return seal_box(a, k->roots[sealing(k)].column, place(a, where->table, where->column, where->row_id),
                    plain);
}

enum rc signer_keys_open(struct signer_keys *k, struct arena *a, const struct seal_place *where,
                         struct bytes sealed, struct bytes *out)
{
    struct bytes aad = place(a, where->table, where->column, where->row_id);

    for (int i = 0; i < k->roots_n; i++)
        if (seal_open(a, k->roots[i].column, aad, sealed, out) == RC_OK)
            return RC_OK;
    return fault("signer: %s.%s of %s does not open: another AUTENTICO_ENCRYPTION_KEY, or altered",
                 text_or(where->table, "-"), text_or(where->column, "-"),
                 text_or(where->row_id, "-"));
}

/* The public half's name stands in the associated data: a wrapped key answers to its kid only. */
static enum rc unwrap(struct signer_keys *k, struct arena *a, const struct signing_key *key,
                      struct bytes *der)
{
    struct bytes aad = place(a, "signing_keys", jws_alg_name(key->alg), key->kid);

    for (int i = 0; i < k->roots_n; i++)
        if (seal_open(a, k->roots[i].wrap, aad, key->private_sealed, der) == RC_OK)
            return RC_OK;
    return fault("signer: signing key %s does not unwrap: another AUTENTICO_ENCRYPTION_KEY,"
                 " or altered", key->kid);
}

enum reseal_state signer_keys_reseal(struct signer_keys *k, struct arena *a, const struct seal_place *where,
                                     struct bytes sealed, struct bytes *out)
{
    bool is_key = text_same(where->table, "signing_keys");
    struct bytes aad = place(a, where->table, where->column, where->row_id), plain;

    for (int i = 0; i < k->roots_n; i++) {
        if (seal_open(a, is_key ? k->roots[i].wrap : k->roots[i].column, aad, sealed, &plain) != RC_OK)
            continue;
        if (i == 0)
            return RESEAL_NOT_NEEDED;
        *out = seal_box(a, is_key ? k->roots[0].wrap : k->roots[0].column, aad, plain);
        return RESEAL_DONE;
    }
    (void)fault("signer: %s.%s of %s does not open: another AUTENTICO_ENCRYPTION_KEY, or altered", where->table,
                where->column, where->row_id);
    return RESEAL_LOST;
}

/* ---- the cache ---- */

/* The same bytes under another kid or alg are another key. */
static void identify(struct arena *a, const struct signing_key *key, uint8_t id[SHA256_BYTES])
{
    struct sbuf b;

    sbuf_init(&b, a, key->private_sealed.n + 128);
    frame_put_text(&b, key->kid);
    frame_put_int(&b, key->alg);
    frame_put_bytes(&b, key->private_sealed);
    sha256(sbuf_bytes(&b), id);
}

static size_t least_used(const struct signer_keys *k)
{
    size_t oldest = 0;

    for (size_t i = 1; i < CACHED_KEYS_MAX; i++)
        if (k->cache[i].used < k->cache[oldest].used)
            oldest = i;
    return oldest;
}

static void remember(struct signer_keys *k, const uint8_t id[SHA256_BYTES],
                     struct native_key *key)
{
    size_t i = least_used(k);

    native_free(k->cache[i].key);
    memcpy(k->cache[i].id, id, SHA256_BYTES);
    k->cache[i].key = key;
    k->cache[i].used = ++k->uses;
}

static struct native_key *recall(struct signer_keys *k, const uint8_t id[SHA256_BYTES])
{
    struct bytes wanted = { id, SHA256_BYTES };

    for (size_t i = 0; i < CACHED_KEYS_MAX; i++)
        if (k->cache[i].key && ct_equal(BYTES(k->cache[i].id), wanted)) {
            k->cache[i].used = ++k->uses;
            return k->cache[i].key;
        }
    return NULL;
}

static enum rc find_env(const struct signer_keys *k, const struct signing_key *key,
                        struct native_key **out)
{
    if (!k->env_key || key->alg != ALG_RS256 || !text_same(key->kid, k->env_kid))
        return RC_REFUSED;
    *out = k->env_key;
    return RC_OK;
}

enum rc signer_keys_find(struct signer_keys *k, struct arena *a, const struct signing_key *key,
                         struct native_key **out)
{
    uint8_t id[SHA256_BYTES];
    struct bytes der;

    if (key->private_sealed.n == 0)
        return find_env(k, key, out);
    if (key->private_sealed.n > WRAPPED_MAX)
        return fault("signer: a wrapped key of %zu bytes", key->private_sealed.n);
    identify(a, key, id);
    *out = recall(k, id);
    if (*out)
        return RC_OK;
    TRY(unwrap(k, a, key, &der));
    if (native_import(der, key->alg, out) != RC_OK)
        return fault("signer: signing key %s is not of its kind", key->kid);
    remember(k, id, *out);
    return RC_OK;
}

/* ---- new keys ---- */

struct new_key { struct bytes der; const char *jwk; char *kid; };

static enum rc generate(struct arena *a, enum jws_alg alg, struct new_key *out)
{
    struct native_key *key;

    TRY(native_generate(a, alg, &out->der));
    if (native_import(out->der, alg, &key) != RC_OK)
        return fault("signer: a new key does not load");
    enum rc rc = native_public_jwk(a, key, alg, NULL, &out->jwk);
    if (rc == RC_OK)
        rc = jwk_thumbprint(a, out->jwk, &out->kid);
    if (rc == RC_OK)
        rc = native_public_jwk(a, key, alg, out->kid, &out->jwk);
    native_free(key);
    return rc == RC_OK ? RC_OK : fault("signer: a new key has no public half");
}

enum rc signer_keys_generate(struct signer_keys *k, struct arena *a, enum jws_alg alg,
                             struct signing_key *out)
{
    struct new_key made = { .kid = NULL };

    do { /* a name that begins with '-' would be taken for a flag: "keys retire" */
        TRY(generate(a, alg, &made));
    } while (made.kid[0] == '-');
    *out = (struct signing_key){ .kid = made.kid, .alg = alg, .public_jwk = made.jwk };
    out->private_sealed = seal_box(a, k->roots[sealing(k)].wrap,
                                   place(a, "signing_keys", jws_alg_name(alg), made.kid), made.der);
    return RC_OK;
}
