/*
 * Who is this, by password (flows 3, 15).  Used by login, account password checks
 * and the password grant.
 */
#ifndef AUTENTICO_AUTHN_PASSWORD_H
#define AUTENTICO_AUTHN_PASSWORD_H

#include "http/exchange.h"
#include "store/passwords.h"
#include "store/users.h"

/* A right password, whose attempt is still counted until that is recorded. */
struct right_password {
    struct user user;
    struct password looked_at;
    const char *rehash;  /* what takes the place of a hash of an old kind, or NULL */
    int64_t now;
    bool is_recorded;    /* set by whoever's transaction has committed it */
    bool is_stale;       /* changed or taken away while it was looked at */
};

/*
 * Check a username and password.  Counts the attempt before looking (atomically);
 * an unknown user costs as much time as a wrong password.  Ends the read
 * transaction first.  Writes the audit row login_failed with `reason`.
 * RC_OK       out has the user; to be recorded
 * RC_REFUSED  x->no: BAD_CREDENTIALS, LOCKED, or BUSY (hashers)
 */
MUST_CHECK enum rc password_login(struct exchange *x, const char *username, const char *password,
                                  struct right_password *out);
/* In the transaction that lets them in: takes back what is counted, notes the login, upgrades
 * a hash of an old kind.  RC_NONE: the person is no longer active, or (is_stale) it is no
 * longer their password, and everything that was signed in was to end. */
MUST_CHECK enum rc password_record(struct db *db, struct right_password *p);
/* The end of a sign-in that came to `rc`: one that let nobody in has shown the right
 * password all the same, and is recorded now.  Returns rc, or RC_FAULT. */
MUST_CHECK enum rc password_settle(struct exchange *x, struct right_password *p, enum rc rc);

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
