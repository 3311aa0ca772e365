/*
 * Making accounts: the rules shared by onboarding, the admin API, the consoles and
 * the command line.  (http-api 7.1 "Validation".)
 */
#ifndef AUTENTICO_AUTHN_ACCOUNTS_H
#define AUTENTICO_AUTHN_ACCOUNTS_H

#include "http/exchange.h"
#include "store/users.h"

struct account_form { const char *username, *email, *password; };

/* Trim, lower-case and check; RC_REFUSED with a text that names the field. */
MUST_CHECK enum rc account_check(struct exchange *x, struct account_form *form);
/*
 * The first administrator, once: fails with RC_REFUSED CONFLICT when any user
 * exists or `onboarded` is true, also against a concurrent submission.  Sets
 * onboarded, clears the onboarding token, seeds the clients (design D23, flows 16).
 *   session         added in the same transaction when not NULL
 *   password_grant  autentico-admin may use it, unless that client exists already
 */
struct session;
MUST_CHECK enum rc account_onboard(struct exchange *x, const struct account_form *form, struct session *session,
                                   bool password_grant, struct user *out);
/* An ordinary user; audit user_created with source.  RC_REFUSED CONFLICT when taken. */
MUST_CHECK enum rc account_add(struct exchange *x, const struct account_form *form, const char *role,
                               const char *source, struct user *out);

/* Where people come back to the console of that client while `url` is our address; NULL: it is
 * no console's. */
const char *accounts_console_uri(struct arena *a, const char *url, const char *client_id);
struct db;
/* RC_NONE: its client was made for another address, and nobody can sign in to that console. */
MUST_CHECK enum rc accounts_console_check(struct db *db, struct arena *a, const char *url, const char *client_id);
/* The two consoles' clients of settings 6, when missing (inside db_write). */
MUST_CHECK enum rc accounts_seed_clients(struct db *db, struct arena *a, const char *url, bool password_grant,
                                         int64_t now);

#endif
