/*
 * News of a change that lets somebody in, or keeps them out: mailed to the person, with a
 * link for "this was not me" (authn/reset.h).  Queued in the transaction of the change.
 */
#ifndef AUTENTICO_AUTHN_NOTICE_H
#define AUTENTICO_AUTHN_NOTICE_H

#include "http/exchange.h"
#include "store/db.h"
#include "store/users.h"

enum notice {
    NOTICE_PASSWORD,         /* changed */
    NOTICE_RESET,            /* chosen anew, by a link */
    NOTICE_USERNAME,
    NOTICE_EMAIL,
    NOTICE_APP_ADDED,        /* authenticator app */
    NOTICE_APP_REMOVED,
    NOTICE_CODES,            /* new recovery codes */
    NOTICE_PASSKEY_ADDED,
    NOTICE_PASSKEY_REMOVED,
};

/*
 * Inside db_write.  `u` as before the change: news of another address go to the old one.
 * The link is only for an address that is known to be the person's; others are told without.
 * RC_OK also where no mail can be sent.
 */
MUST_CHECK enum rc notice_queue(struct exchange *x, struct db *db, const struct user *u, enum notice what);

#endif
