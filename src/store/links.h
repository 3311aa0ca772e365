/*
 * Links that are good once: a new password, recovery by an administrator, "this was not
 * me".  The token is 256 random bits; the row has its SHA-256 (design D8, CS-16).
 */
#ifndef AUTENTICO_STORE_LINKS_H
#define AUTENTICO_STORE_LINKS_H

#include "store/db.h"

enum link_kind {
    LINK_RESET,   /* a new password, asked for by whoever reads the person's mail */
    LINK_RECOVER, /* the same, by an administrator */
    LINK_NOT_ME,  /* in the mail that reports a change */
};

struct one_time_link {
    struct bytes token_hash;
    enum link_kind kind;
    const char *user_id;
    int64_t created_at, expires_at;
};

MUST_CHECK enum rc links_add(struct db *db, const struct one_time_link *l); /* inside db_write */
/* Live, and of an active person.  RC_NONE: unknown, expired, used or void. */
MUST_CHECK enum rc links_find(struct db *db, struct arena *a, struct bytes token_hash, int64_t now,
                              struct one_time_link *out);
/* The same, and it never is again: of racing requests one gets it.  Inside db_write. */
MUST_CHECK enum rc links_use(struct db *db, struct arena *a, struct bytes token_hash, int64_t now,
                             struct one_time_link *out);
/* Those that set a password are void: a newer one was made, or the password was changed. */
MUST_CHECK enum rc links_void_of_user(struct db *db, const char *user_id, int64_t now);
MUST_CHECK enum rc links_sweep(struct db *db, int64_t expired_before, int64_t limit, int64_t *out_n);

#endif
