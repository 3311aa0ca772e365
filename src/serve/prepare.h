/*
 * Everything a start does to the database before the first request: migrations,
 * defaults, seeded clients, the signing key, the encryption key's fingerprint, the
 * one-time onboarding token, a fresh limits.db.  Runs in a short-lived child under
 * the pool's uid, so that the parent never opens the database; subcommands that
 * need the same call it directly.
 */
#ifndef AUTENTICO_SERVE_PREPARE_H
#define AUTENTICO_SERVE_PREPARE_H

#include "serve/pool.h"

/* What the child found out; lives in shared memory. */
struct prepared {
    bool is_onboarded;
    char onboard_token[64]; /* "" : not needed, or a valid one was printed before */
    char why[512];          /* a line for the operator when the start is refused */
};

struct prepare_setup {
    const struct conf *conf;
    const struct keyring *keys;
    struct signer *signer;  /* command-line channel; NULL: leave signing keys alone */
    bool may_migrate;
    bool is_start;          /* a cold start: seed the clients, recreate limits.db, make an onboarding token */
    const char *lock_path, *limits_dir;
};

MUST_CHECK enum rc prepare(const struct prepare_setup *setup, struct prepared *out);

/* A new onboarding token (design D23), valid for one hour: stores its hash. */
struct db;
MUST_CHECK enum rc prepare_onboard_token(struct db *db, struct arena *a, int64_t now, char **out);

/* The imported or generated signing key (design D4). */
MUST_CHECK enum rc prepare_keys(struct db *db, struct arena *a, struct signer *signer, int64_t now, const char **why);

#endif
