/*
 * Redeeming an authorization_code (RFC 6749 4.1.3, flows 7) as one transaction;
 * shared by the token endpoint and the consoles' callback.
 */
#ifndef AUTENTICO_OIDC_CODE_GRANT_H
#define AUTENTICO_OIDC_CODE_GRANT_H

#include "oidc/issue.h"

struct code_form { const char *code, *redirect_uri, *code_verifier; };
/* Inside the transaction of the redemption, after the family exists; may be NULL. */
typedef enum rc code_extra(struct exchange *x, const struct grant *g, void *arg);
/*
 * RC_OK       g is filled, rows are committed, nothing is signed yet
 * RC_REFUSED  INVALID_GRANT.  A replay by the code's own client ends its family;
 *             a wrong verifier or redirect_uri burns the code.
 */
MUST_CHECK enum rc code_redeem(struct exchange *x, const struct client *client, const struct code_form *form,
                               code_extra *extra, void *arg, struct grant *g);

#endif
