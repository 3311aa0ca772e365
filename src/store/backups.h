/* The last backup that was made and found good: how old it is (doctor asks). */
#ifndef AUTENTICO_STORE_BACKUPS_H
#define AUTENTICO_STORE_BACKUPS_H

#include "store/db.h"

struct backup {
    const char *file;
    int64_t bytes_n;
    bool is_encrypted;
    int64_t taken_at;    /* what was acknowledged before is in it */
    int64_t verified_at;
};
MUST_CHECK enum rc backups_note(struct db *db, const struct backup *b); /* instead of the one before */
MUST_CHECK enum rc backups_last(struct db *db, struct arena *a, struct backup *out); /* RC_NONE: never */

#endif
