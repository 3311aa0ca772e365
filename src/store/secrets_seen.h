/* Since when each secret of the configuration has been what it is, as fingerprints tell:
 * nobody writes the day beside a secret. */
#ifndef AUTENTICO_STORE_SECRETS_SEEN_H
#define AUTENTICO_STORE_SECRETS_SEEN_H

#include "store/db.h"

/* Inside db_write.  The day stays while the fingerprint does. */
MUST_CHECK enum rc secrets_seen_note(struct db *db, const char *name, const char *fingerprint, int64_t now);
/* RC_NONE: not with this fingerprint. */
MUST_CHECK enum rc secrets_seen_since(struct db *db, const char *name, const char *fingerprint, int64_t *out);

#endif
