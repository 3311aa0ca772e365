/* Password hashes, and failure counters with their lock (flows 15). */
#ifndef AUTENTICO_STORE_PASSWORDS_H
#define AUTENTICO_STORE_PASSWORDS_H

#include "store/db.h"

struct password { const char *hash; int64_t changed_at; };
MUST_CHECK enum rc passwords_find(struct db *db, struct arena *a, const char *user_id, struct password *out);
/* Each one is later than the one before, so that passwords_changed_at() tells them apart. */
MUST_CHECK enum rc passwords_set(struct db *db, const char *user_id, const char *hash, int64_t now);
/* When the person, or somebody for them, chose it.  RC_NONE: has none. */
MUST_CHECK enum rc passwords_changed_at(struct db *db, const char *user_id, int64_t *out);
MUST_CHECK enum rc passwords_remove(struct db *db, const char *user_id);
/* Replace the hash only if it still is `old` (rehash at login; not a change of password).
 * RC_NONE: it is another one by now. */
MUST_CHECK enum rc passwords_upgrade(struct db *db, const char *user_id, const char *old, const char *hash, int64_t now);

#endif
