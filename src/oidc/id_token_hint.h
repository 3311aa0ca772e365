/*
 * id_token_hint: an ID token of ours that a client shows again (OIDC Core
 * 3.1.2.1, RP-Initiated Logout 2).  It may have expired; everything else must
 * hold.
 */
#ifndef AUTENTICO_OIDC_ID_TOKEN_HINT_H
#define AUTENTICO_OIDC_ID_TOKEN_HINT_H

#include "http/exchange.h"

struct id_token_hint {
    const char *sub;       /* our user_id */
    const char *client_id; /* whom it was issued to: its aud */
    const char *sid;       /* NULL: the token has none */
};

/* RC_NONE: not an ID token of ours. */
MUST_CHECK enum rc id_token_hint_read(struct exchange *x, const char *hint, struct id_token_hint *out);

#endif
