/* By which grant types an application got something, and when last: to the hour. */
#ifndef AUTENTICO_STORE_CLIENT_GRANTS_H
#define AUTENTICO_STORE_CLIENT_GRANTS_H

#include "store/db.h"

/* Inside db_write; within the hour it costs nothing. */
MUST_CHECK enum rc client_grants_note(struct db *db, const char *client_id, const char *grant_type, int64_t now);
/* Since when it is written down, in this database.  RC_NONE: it is not. */
MUST_CHECK enum rc client_grants_since(struct db *db, int64_t *out);
/* RC_NONE: never, since then. */
MUST_CHECK enum rc client_grants_last(struct db *db, const char *client_id, const char *grant_type, int64_t *out);

#endif
