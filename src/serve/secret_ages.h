/* How old the secrets of the configuration are: noted when a generation of the pool begins. */
#ifndef AUTENTICO_SERVE_SECRET_AGES_H
#define AUTENTICO_SERVE_SECRET_AGES_H

#include "crypto/keyring.h"
#include "store/db.h"

enum secret_name {
    SECRET_COOKIE, SECRET_COOKIE_PREVIOUS, SECRET_ADMIN_TOKEN, SECRET_ADMIN_TOKEN_PREVIOUS, SECRET_FRONT,
    SECRET_ENCRYPTION, SECRET_NAMES_N
};
struct secret_ages { int64_t v[SECRET_NAMES_N]; }; /* since when, unix seconds; 0: absent, or nobody knows */

/* Inside db_write. */
MUST_CHECK enum rc secret_ages_note(struct db *db, struct arena *a, const struct keyring *keys, int64_t now);
/* Of these very secrets. */
MUST_CHECK enum rc secret_ages_find(struct db *db, struct arena *a, const struct keyring *keys, struct secret_ages *out);

#endif
