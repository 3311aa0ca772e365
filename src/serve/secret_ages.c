#include "config.h"

#include "serve/secret_ages.h"

#include "store/secrets_seen.h"
#include "store/settings.h"
#include "util/encode.h"

static const char *const names[SECRET_NAMES_N] = {
    [SECRET_COOKIE] = "cookie",
    [SECRET_COOKIE_PREVIOUS] = "cookie_previous",
    [SECRET_ADMIN_TOKEN] = "admin_token",
    [SECRET_ADMIN_TOKEN_PREVIOUS] = "admin_token_previous",
    [SECRET_FRONT] = "front",
    [SECRET_ENCRYPTION] = "encryption",
};

struct fingerprints { const char *v[SECRET_NAMES_N]; }; /* NULL: absent */

/* Eight bytes of a hash of a secret that is random. */
static const char *short_hash(struct arena *a, const uint8_t hash[32])
{
    return hex_encode(a, (struct bytes){ hash, 8 });
}

static const char *key_id(struct arena *a, const uint8_t id[4])
{
    return hex_encode(a, (struct bytes){ id, 4 });
}

static enum rc fingerprints_of(struct db *db, struct arena *a, const struct keyring *k, struct fingerprints *out)
{
    struct installation found;

    TRY(installation_get(db, a, &found));
    *out = (struct fingerprints){ { [SECRET_ENCRYPTION] = found.encryption_fingerprint } };
    out->v[SECRET_COOKIE] = key_id(a, k->now[KEY_SESSION].id);
    if (k->has_previous)
        out->v[SECRET_COOKIE_PREVIOUS] = key_id(a, k->previous[KEY_SESSION].id);
    if (k->has_admin_token[0])
        out->v[SECRET_ADMIN_TOKEN] = short_hash(a, k->admin_token_hash[0]);
    if (k->has_admin_token[1])
        out->v[SECRET_ADMIN_TOKEN_PREVIOUS] = short_hash(a, k->admin_token_hash[1]);
    if (k->has_front)
        out->v[SECRET_FRONT] = short_hash(a, k->front_hash);
    return RC_OK;
}

enum rc secret_ages_note(struct db *db, struct arena *a, const struct keyring *keys, int64_t now)
{
    struct fingerprints f;

    TRY(fingerprints_of(db, a, keys, &f));
    for (int i = 0; i < SECRET_NAMES_N; i++)
        if (f.v[i] != NULL)
            TRY(secrets_seen_note(db, names[i], f.v[i], now));
    return RC_OK;
}

enum rc secret_ages_find(struct db *db, struct arena *a, const struct keyring *keys, struct secret_ages *out)
{
    struct fingerprints f;
    enum rc rc;

    TRY(fingerprints_of(db, a, keys, &f));
    for (int i = 0; i < SECRET_NAMES_N; i++) {
        rc = f.v[i] != NULL ? secrets_seen_since(db, names[i], f.v[i], &out->v[i]) : RC_NONE;
        if (rc != RC_OK && rc != RC_NONE)
            return rc;
    }
    return RC_OK;
}
