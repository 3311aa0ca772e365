/*
 * Browsers that need no second factor for a while (flows 3, http-api 8).  The cookie is
 * 256 random bits; the row has its SHA-256 and a public id.
 */
#ifndef AUTENTICO_STORE_TRUSTED_DEVICES_H
#define AUTENTICO_STORE_TRUSTED_DEVICES_H

#include "store/db.h"

struct trusted_device {
    const char *id;
    struct bytes cookie_hash;
    const char *user_id, *device_name;
    int64_t created_at, last_used_at, expires_at;
};

MUST_CHECK enum rc trusted_devices_add(struct db *db, const struct trusted_device *d);
/* The device of this cookie, if it is this person's and has not expired; last_used_at
 * becomes `now`.  RC_NONE otherwise. */
MUST_CHECK enum rc trusted_devices_use(struct db *db, struct arena *a, struct bytes cookie_hash, const char *user_id,
                                       int64_t now, const char **id);
/* Is its trust still on?  RC_NONE: withdrawn or expired. */
MUST_CHECK enum rc trusted_devices_live(struct db *db, const char *id, const char *user_id, int64_t now);
/* Those that have not expired, newest first. */
struct trusted_device_rows { struct trusted_device *v; size_t n; };
MUST_CHECK enum rc trusted_devices_of_user(struct db *db, struct arena *a, const char *user_id, int64_t now,
                                           struct trusted_device_rows *out);
MUST_CHECK enum rc trusted_devices_remove(struct db *db, const char *id, const char *user_id); /* RC_NONE: not this person's */
/* Whatever the trust was in is gone: a factor, the password. */
MUST_CHECK enum rc trusted_devices_remove_of_user(struct db *db, const char *user_id);
MUST_CHECK enum rc trusted_devices_sweep(struct db *db, int64_t expired_before, int64_t limit, int64_t *out_n);

#endif
