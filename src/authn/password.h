/*
 * Who is this, by password (flows 3, 15).  Used by login, account password checks
 * and the password grant.
 */
#ifndef AUTENTICO_AUTHN_PASSWORD_H
#define AUTENTICO_AUTHN_PASSWORD_H

#include "http/exchange.h"
#include "store/users.h"

/*
 * Check a username and password.  Counts the attempt before looking (atomically),
 * takes it back when right; an unknown user costs as much time as a wrong
 * password; the hash is upgraded when it is of an old kind.  Ends the read
 * transaction first.  Writes the audit row login_failed with `reason`.
 * RC_OK       out is the user
 * RC_REFUSED  x->no: BAD_CREDENTIALS, LOCKED, or BUSY (hashers)
 */
MUST_CHECK enum rc password_login(struct exchange *x, const char *username, const char *password, struct user *out);
/* In the transaction that lets them in: is the password that password_login() looked at still
 * theirs?  Whoever came another way passes.  RC_NONE: it was changed or taken away meanwhile,
 * and everything that was signed in was to end. */
MUST_CHECK enum rc password_is_current(struct db *db, const struct user *u);

/* Could this be the name of an account of ours?  Its limits count at login too (settings
 * 3); what they rule out says no more than a wrong password does.  Those of passwords are
 * for new ones: whoever chose one under other rules still gets in. */
bool username_may_be(const struct exchange *x, const char *username);

/* The password of a known user (account changes): RC_REFUSED BAD_CREDENTIALS or LOCKED. */
MUST_CHECK enum rc password_confirm(struct exchange *x, const struct user *user, const char *password);

/* Rules for a new password and username by the settings, and what the operator's command
 * says of the password (hasher/checker.h); RC_REFUSED VALIDATION with a text for people that
 * begins with the field's name.  Lengths count bytes.  Outside any transaction. */
MUST_CHECK enum rc password_rules(struct exchange *x, const char *password);
MUST_CHECK enum rc username_rules(struct exchange *x, const char *username);

/* Hash a new password outside any transaction; store it with passwords_set. */
MUST_CHECK enum rc password_hash(struct exchange *x, const char *password, const char **out);

#endif
