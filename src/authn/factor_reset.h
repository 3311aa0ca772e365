/* Taking a person's second factor away, with all that rests on it. */
#ifndef AUTENTICO_AUTHN_FACTOR_RESET_H
#define AUTENTICO_AUTHN_FACTOR_RESET_H

#include "http/exchange.h"

/*
 * The authenticator app, recovery codes, trusted devices and counted failures go; every
 * session and token ends (flows 11 "disable TOTP").  Inside db_write; writes the audit
 * row mfa_disabled, with `source` when it is not NULL.
 * RC_NONE  there was no authenticator app, begun or enrolled
 */
MUST_CHECK enum rc factor_reset(struct exchange *x, const char *user_id, const char *source);

/*
 * Every passkey of a person goes, by an administrator: a device was lost or stolen.  Every
 * session and token ends.  Inside db_write; writes the audit row passkey_removed.
 * RC_NONE  there was none
 */
MUST_CHECK enum rc factor_reset_passkeys(struct exchange *x, const char *user_id, const char *source);

#endif
