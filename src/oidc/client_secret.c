#include "config.h"

#include "oidc/client_secret.h"

#include <string.h>

#include "crypto/hash.h"
#include "crypto/random.h"
#include "hasher/hasher.h"
#include "oidc/client_metadata.h"
#include "store/clients_kept.h"

/* ---- what needed Argon2 a moment ago ---- */

/* A confidential client comes every few seconds; Argon2 for each request would cost
 * more than all the rest.  Only a keyed MAC is kept, so the memory of a worker does
 * not hold the secret (design D6). */
#define MEMO_N 64
static struct {
    uint8_t mac[SHA256_BYTES];
    int64_t expires_at;
} memo[MEMO_N];
static size_t memo_next;

/* Bound to the row: a secret that was removed or replaced is not remembered. */
static enum rc memo_mac(struct exchange *x, const struct client_secret *row, const char *secret,
                        uint8_t out[SHA256_BYTES])
{
    const char *text = arena_printf(x->arena, "%s %s %s", row->id, row->hash, secret);

    return keyring_mac(x->keys, KEY_CLIENT_SECRET, 0, bytes_of(text), out);
}

static bool is_remembered(const uint8_t mac[SHA256_BYTES], int64_t now)
{
    bool is = false;

    for (size_t i = 0; i < MEMO_N; i++)
        if (memo[i].expires_at > now &&
            ct_equal((struct bytes){ memo[i].mac, SHA256_BYTES }, (struct bytes){ mac, SHA256_BYTES }))
            is = true;
    return is;
}

static void remember(const uint8_t mac[SHA256_BYTES], int64_t now)
{
    memcpy(memo[memo_next].mac, mac, SHA256_BYTES);
    memo[memo_next].expires_at = now + CLIENT_SECRET_MEMO_S;
    memo_next = (memo_next + 1) % MEMO_N;
}

/* ---- verification ---- */

static enum rc hash_matches(struct exchange *x, const char *secret, const char *encoded)
{
    const char *rehash;
    enum rc rc;

    db_read_end(x->db);
    rc = hasher_verify(x->hasher, x->arena, secret, encoded, &rehash);
    if (rc == RC_REFUSED)
        return refuse(&x->no, REFUSE_TEMPORARILY_UNAVAILABLE, NULL);
    return rc;
}

static enum rc argon2_matches(struct exchange *x, const struct client_secret *row, const char *secret)
{
    uint8_t mac[SHA256_BYTES];

    TRY(memo_mac(x, row, secret, mac));
    if (is_remembered(mac, x->now))
        return RC_OK;
    TRY(hash_matches(x, secret, row->hash));
    remember(mac, x->now);
    return RC_OK;
}

/* Every row is compared, whatever the first one says. */
static bool sha256_matches(const struct client_secrets *rows, const char *secret)
{
    uint8_t hash[SHA256_BYTES];
    bool is = false;

    sha256(bytes_of(secret), hash);
    for (size_t i = 0; i < rows->n; i++)
        if (ct_equal(BYTES(hash), rows->v[i].sha256))
            is = true;
    return is;
}

enum rc client_secret_verify(struct exchange *x, const char *client_id, const char *secret)
{
    struct client_secrets rows;
    bool has_hashed = false;

    TRY(clients_known_secrets(x->clients, x->db, x->arena, text_or(client_id, ""), x->now, &rows));
    if (sha256_matches(&rows, secret))
        return RC_OK;
    for (size_t i = 0; i < rows.n; i++) {
        if (rows.v[i].hash == NULL)
            continue;
        has_hashed = true;
        enum rc rc = argon2_matches(x, &rows.v[i], secret);
        if (rc != RC_NONE)
            return rc;
    }
    /* Short ones can only be Argon2 (client_secret_row): the work of one is done for
     * a client that has none and for one that does not exist, too. */
    if (!has_hashed && strlen(secret) < CLIENT_SECRET_SHA_MIN)
        return hash_matches(x, secret, NULL);
    return RC_NONE;
}

/* ---- storing ---- */

void client_secret_row(struct arena *a, const char *secret, int64_t now, struct client_secret *out, bool *needs_hash)
{
    *out = (struct client_secret){ .id = random_id(a, now), .created_at = now };
    *needs_hash = strlen(secret) < CLIENT_SECRET_SHA_MIN;
    if (!*needs_hash)
        out->sha256 = sha256_of(a, secret);
}
