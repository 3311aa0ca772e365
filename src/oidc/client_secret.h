/*
 * Is this a secret of that client?  (design D6, D8; RFC 6749 2.3.1)
 */
#ifndef AUTENTICO_OIDC_CLIENT_SECRET_H
#define AUTENTICO_OIDC_CLIENT_SECRET_H

#include "http/exchange.h"

#define CLIENT_SECRET_MEMO_S 300 /* how long an Argon2 result is remembered */
#define CLIENT_SECRET_SHA_MIN 32 /* bytes; shorter ones are stored as Argon2id */

/*
 * All live secrets of the client are tried.  The work depends on the length of
 * what was sent, not on whether the client exists (TK-05).
 *   client_id  NULL: there is no such client
 * RC_OK       right
 * RC_NONE     wrong
 * RC_REFUSED  x->no: the hashers are busy
 */
MUST_CHECK enum rc client_secret_verify(struct exchange *x, const char *client_id, const char *secret);

#endif
