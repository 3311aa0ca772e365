/*
 * A person's second factors: the authenticator app (TOTP) and recovery codes.  Wrong
 * ones are counted in lockouts.h.
 */
#ifndef AUTENTICO_STORE_FACTORS_H
#define AUTENTICO_STORE_FACTORS_H

#include "store/db.h"

struct totp {
    struct bytes secret_sealed; /* by the signer: TOTP_TABLE, TOTP_COLUMN, user_id */
    int64_t last_step;          /* accepted last; 0: none */
    int64_t created_at;
    int64_t confirmed_at;       /* 0: begun, no factor yet */
};

/* Everybody's, a page at a time, in the order of user_id; after "": from the first. */
struct totp_sealed { const char *user_id; struct bytes secret_sealed; };
struct totp_sealed_rows { struct totp_sealed *v; size_t n; };
MUST_CHECK enum rc factors_totp_after(struct db *db, struct arena *a, const char *user_id, int64_t limit,
                                      struct totp_sealed_rows *out);
/* Sealed anew; RC_NONE: it is not `from` any more. */
MUST_CHECK enum rc factors_totp_reseal(struct db *db, const char *user_id, struct bytes from, struct bytes to);

/* RC_NONE: not even begun. */
MUST_CHECK enum rc factors_totp_find(struct db *db, struct arena *a, const char *user_id, struct totp *out);
/* Begin, or begin again with another secret.  RC_REFUSED: enrolled already. */
MUST_CHECK enum rc factors_totp_begin(struct db *db, const char *user_id, struct bytes secret_sealed, int64_t now);
/* The code of `step` was right for what was begun with this very secret; it becomes a
 * factor.  RC_NONE: begun again meanwhile, confirmed, or gone. */
MUST_CHECK enum rc factors_totp_confirm(struct db *db, const char *user_id, struct bytes secret_sealed, int64_t step,
                                        int64_t now);
/* Begin and confirm in one: an enrolment that nothing was stored of.  RC_REFUSED:
 * enrolled already. */
MUST_CHECK enum rc factors_totp_enrol(struct db *db, const char *user_id, struct bytes secret_sealed, int64_t step,
                                      int64_t now);
/* Accept the code of `step`, once (RFC 6238 5.2).  RC_NONE: that step or a later one was
 * accepted before; at most one caller ever gets RC_OK for a step. */
MUST_CHECK enum rc factors_totp_accept(struct db *db, const char *user_id, int64_t step);
MUST_CHECK enum rc factors_totp_remove(struct db *db, const char *user_id); /* RC_NONE: there is none */

/*
 * Recovery codes, by their SHA-256 (authn/recovery.h makes both).  A new set replaces
 * the old one.
 */
MUST_CHECK enum rc factors_recovery_replace(struct db *db, const char *user_id, const struct bytes *hashes, size_t n,
                                            int64_t now); /* inside db_write; n = 0: none any more */
/* RC_OK: at most one caller ever gets this for a code; RC_NONE: unknown, used, or of somebody else. */
MUST_CHECK enum rc factors_recovery_spend(struct db *db, const char *user_id, struct bytes code_hash, int64_t now);
MUST_CHECK enum rc factors_recovery_left(struct db *db, const char *user_id, int64_t *out);

#endif
