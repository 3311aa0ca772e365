/*
 * A new password by a link that is good once (http-api 5.9; CS-16): made by an
 * administrator for somebody who is locked out, or by "this was not me".
 *
 * Whoever sets the password by it ends everything that the old one has opened: sessions,
 * tokens, the trust in devices, and the lock (flows 11).
 */
#ifndef AUTENTICO_AUTHN_RESET_H
#define AUTENTICO_AUTHN_RESET_H

#include "http/exchange.h"
#include "store/links.h"
#include "store/users.h"

struct reset_link {
    const char *token, *url;
    int64_t expires_at;
};

/* LINK_RESET or LINK_RECOVER; those of before are void.  Inside db_write; the audit row is
 * the caller's. */
MUST_CHECK enum rc reset_link_new(struct exchange *x, struct db *db, const char *user_id, enum link_kind kind,
                                  struct reset_link *out);

/* Whose is it?  RC_NONE: it is not good, or no longer; why makes no difference. */
MUST_CHECK enum rc reset_find(struct exchange *x, const char *token, struct user *out);

/*
 * Where passwords are no way in (auth_mode = passkey_only) a new one lets nobody in: there
 * the person is signed in once, by a session with one factor that is none of its own, to
 * add a passkey.
 *   session   NULL, or that session without its user, added in the same transaction
 * RC_OK       the password is set
 * RC_NONE     the link is not good, or somebody was faster
 * RC_REFUSED  x->no: VALIDATION (the password), BUSY; the link is still good
 */
struct session;
MUST_CHECK enum rc reset_finish(struct exchange *x, const char *token, const char *password, struct session *session);

/*
 * "This was not me": the link of a mail that reported a change.  The password that somebody
 * else may know is gone at once, with everything that is signed in, and a link to a new one
 * is made.
 */
MUST_CHECK enum rc not_me_link_new(struct exchange *x, struct db *db, const char *user_id, const char **url);
MUST_CHECK enum rc not_me_find(struct exchange *x, const char *token, struct user *out);
MUST_CHECK enum rc not_me_finish(struct exchange *x, const char *token, struct reset_link *out);

#endif
