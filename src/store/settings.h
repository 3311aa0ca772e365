/*
 * Runtime settings: the rows, and the facts about this installation.
 * What a key means, its default and its type stand in oidc/… nowhere: they stand
 * in settings_table.h, shared by API, command line and handlers.
 */
#ifndef AUTENTICO_STORE_SETTINGS_H
#define AUTENTICO_STORE_SETTINGS_H

#include "store/db.h"

struct setting { const char *key, *value; int64_t updated_at; };
struct settings_rows { struct setting *v; size_t n; };
MUST_CHECK enum rc settings_all(struct db *db, struct arena *a, struct settings_rows *out); /* by key */
/* Inside db_write; bump afterwards.  RC_FAULT: a secret that is not sealed (authn/setting_secret.h). */
MUST_CHECK enum rc settings_put(struct db *db, const char *key, const char *value, int64_t now);
MUST_CHECK enum rc settings_seed(struct db *db, const char *key, const char *value, int64_t now); /* only if missing or empty */
/* A secret, sealed anew; RC_NONE: it is not `from` any more. */
MUST_CHECK enum rc settings_reseal(struct db *db, const char *key, const char *from, const char *to);

struct installation {
    int64_t settings_version;
    const char *encryption_fingerprint; /* NULL: not yet set */
    struct bytes onboard_token_hash;
    int64_t onboard_token_expires_at;
};
MUST_CHECK enum rc installation_get(struct db *db, struct arena *a, struct installation *out);
MUST_CHECK enum rc installation_version(struct db *db, int64_t *out); /* one cheap read: has anything been written? */
MUST_CHECK enum rc installation_bump(struct db *db); /* settings, keys or registrations have changed */
MUST_CHECK enum rc installation_set_fingerprint(struct db *db, const char *fingerprint);
/* The fingerprint of the key before, while values are sealed anew; NULL: they are not. */
MUST_CHECK enum rc installation_reseal_from(struct db *db, struct arena *a, const char **out);
/* From now on values are sealed under the key of this fingerprint; what the one of `from` sealed
 * is to be sealed anew, NULL: nothing is. */
MUST_CHECK enum rc installation_set_sealing(struct db *db, const char *fingerprint, const char *from);
/* Is everything sealed under the key of this fingerprint, and nothing under another any more? */
MUST_CHECK enum rc installation_is_sealed(struct db *db, struct arena *a, const char *fingerprint, bool *out);
MUST_CHECK enum rc installation_set_onboard_token(struct db *db, struct bytes hash, int64_t expires_at); /* n = 0 clears */

#endif
