/*
 * What the courier has to deliver.  A row is made in the transaction of what it tells
 * of, and goes when it was delivered, was refused for good, or is too late to be of use.
 * Whoever delivers claims it with a lease, so that a killed courier loses nothing: at
 * least once, never lost.
 */
#ifndef AUTENTICO_STORE_OUTBOX_H
#define AUTENTICO_STORE_OUTBOX_H

#include "store/db.h"

struct outbox_item {
    const char *id;
    const char *kind;              /* "mail" */
    struct bytes content_sealed;
    int64_t tries_n;               /* this one included */
    int64_t next_try_at, created_at, expires_at;
    const char *last_error;        /* "": none so far */
};

/* Inside db_write: tries_n and last_error are new; next_try_at may be now.  The courier
 * is told after the commit. */
MUST_CHECK enum rc outbox_add(struct db *db, const struct outbox_item *item);
/* The one that is due first, ours until `lease_until`.  RC_NONE: none is due. */
MUST_CHECK enum rc outbox_claim(struct db *db, struct arena *a, int64_t now, int64_t lease_until, struct outbox_item *out);
MUST_CHECK enum rc outbox_remove(struct db *db, const char *id); /* delivered, or of no use */
/* Not delivered, because of `why`: try again then, but not once it has expired. */
MUST_CHECK enum rc outbox_put_off(struct db *db, const struct outbox_item *item, int64_t next_try_at, const char *why);
/* Refused for good: its content goes at once, the reason is kept until `until` for whoever waits. */
MUST_CHECK enum rc outbox_refuse(struct db *db, const char *id, int64_t until, const char *why);
/* Take away one that has expired; no content: it was refused.  RC_NONE: there is none. */
MUST_CHECK enum rc outbox_expire(struct db *db, struct arena *a, int64_t now, struct outbox_item *out);
MUST_CHECK enum rc outbox_next(struct db *db, int64_t *out); /* when something is due or expires; RC_NONE: empty */
MUST_CHECK enum rc outbox_find(struct db *db, struct arena *a, const char *id, struct outbox_item *out);
/* How many begin with these bytes: the name of the key that they are sealed with. */
MUST_CHECK enum rc outbox_count_under(struct db *db, struct bytes key_id, int64_t *out);
MUST_CHECK enum rc outbox_sweep(struct db *db, int64_t expired_before, int64_t limit, int64_t *out_n);

#endif
