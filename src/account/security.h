/* The security page and the actions on it. */
#ifndef AUTENTICO_ACCOUNT_SECURITY_H
#define AUTENTICO_ACCOUNT_SECURITY_H

#include "authn/recovery.h"
#include "http/exchange.h"

#define ACCOUNT_SECURITY "/account/security"

/* With x->no, if there is something in it, above everything. */
enum rc account_security_show(struct exchange *x, int status);
/* What a refused action of a page row answers with: the page, or for whoever has been signed
 * out meanwhile the way to it; other faces and results as they are. */
enum rc account_security_answer(struct exchange *x, enum rc rc);
/* The same, said at a field of the password form; `wrong` NULL: above everything. */
enum rc account_security_answer_at(struct exchange *x, enum rc rc, const char *wrong);

/* What the page says of the password; `ask_password` is for the other panels, too. */
MUST_CHECK enum rc account_password_vars(struct exchange *x, struct json *vars);

/* What the page says of second factors. */
MUST_CHECK enum rc account_totp_vars(struct exchange *x, struct json *vars);
MUST_CHECK enum rc account_passkey_vars(struct exchange *x, struct json *vars); /* … and of passkeys */
/* New recovery codes, shown this once. */
enum rc account_recovery_show(struct exchange *x, const struct recovery_codes *codes);

#endif
