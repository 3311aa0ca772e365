/*
 * Mails about second factors.  Each is queued in the transaction of what it tells of.
 */
#ifndef AUTENTICO_AUTHN_SECOND_MAIL_H
#define AUTENTICO_AUTHN_SECOND_MAIL_H

#include "http/exchange.h"
#include "store/db.h"
#include "store/users.h"

/* Can mail be sent, and has the person an address? */
bool second_mail_is_possible(const struct exchange *x, const struct user *u);
/* Inside db_write.  RC_NONE: it is not possible. */
MUST_CHECK enum rc second_mail_code(struct exchange *x, struct db *db, const struct user *u, const char *code,
                                    int64_t expires_at);
MUST_CHECK enum rc second_mail_recovery_used(struct exchange *x, struct db *db, const struct user *u, int64_t left_n);


#endif
