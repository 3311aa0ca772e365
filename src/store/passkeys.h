/*
 * WebAuthn credentials, and what authenticators know a person by: a user handle, random
 * and without meaning, made with the first passkey.
 */
#ifndef AUTENTICO_STORE_PASSKEYS_H
#define AUTENTICO_STORE_PASSKEYS_H

#include "store/db.h"

#define USER_HANDLE_BYTES 32

struct passkey {
    struct bytes credential_id;
    const char *user_id, *name;
    struct bytes public_key;   /* COSE_Key */
    int64_t alg;               /* COSE algorithm */
    int64_t sign_count;
    const char *transports;    /* space-separated */
    struct bytes aaguid;
    bool is_uv_initialized, is_backup_eligible, is_backed_up;
    int64_t created_at, last_used_at; /* last_used_at 0: never */
};

/* RC_REFUSED: the credential id is registered, to whomever.  Inside db_write. */
MUST_CHECK enum rc passkeys_add(struct db *db, const struct passkey *p);
MUST_CHECK enum rc passkeys_find(struct db *db, struct arena *a, struct bytes credential_id, struct passkey *out);
struct passkey_rows { struct passkey *v; size_t n; };
MUST_CHECK enum rc passkeys_of_user(struct db *db, struct arena *a, const char *user_id, struct passkey_rows *out); /* oldest first */
/* Has this person one that has verified its user before?  RC_NONE: no. */
MUST_CHECK enum rc passkeys_any_verifying(struct db *db, const char *user_id);
/*
 * It was shown.  The counter moves upwards only, and of two uses with the same one gets in;
 * an authenticator that does not count says 0 for ever.
 * RC_NONE: the counter is not higher (a clone, WebAuthn 6.1.1), or the passkey is gone.
 */
MUST_CHECK enum rc passkeys_use(struct db *db, struct bytes credential_id, int64_t sign_count, bool is_user_verified,
                                bool is_backed_up, int64_t now);
/* RC_NONE: this person has no such passkey. */
MUST_CHECK enum rc passkeys_rename(struct db *db, struct bytes credential_id, const char *user_id, const char *name);
MUST_CHECK enum rc passkeys_remove(struct db *db, struct bytes credential_id, const char *user_id);
MUST_CHECK enum rc passkeys_remove_of_user(struct db *db, const char *user_id); /* all; RC_NONE: there was none */
/* Those that were added then or later. */
MUST_CHECK enum rc passkeys_remove_since(struct db *db, const char *user_id, int64_t since);

/* RC_NONE: the person has none yet. */
MUST_CHECK enum rc user_handles_find(struct db *db, struct arena *a, const char *user_id, struct bytes *out);
/* Unless there is one already.  Inside db_write. */
MUST_CHECK enum rc user_handles_add(struct db *db, const char *user_id, struct bytes user_handle);

#endif
