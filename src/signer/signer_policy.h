/*
 * What a signer signs, seals and opens, and for whom (design D3).  Pure.
 *
 * Each kind of token has claims that it must have and claims that it must not,
 * so that no kind can pose as another even where a reader forgets to look at
 * the `typ` of the header (JO-06).
 *
 * All return RC_OK or RC_REFUSED, then with `why` for the log.
 */
#ifndef AUTENTICO_SIGNER_SIGNER_POLICY_H
#define AUTENTICO_SIGNER_SIGNER_POLICY_H

#include "signer/signer_frame.h"

struct policy {
    const char *issuer;
    int64_t request_deadline_s;
    int64_t now;
};

/* A payload of that kind, asked for on that channel. */
MUST_CHECK enum rc policy_token(const struct policy *p, enum signer_channel channel, int64_t kind,
                                const struct json *payload, const char **why);
/* Any other operation; `table` for SEAL and OPEN, else NULL. */
MUST_CHECK enum rc policy_op(enum signer_channel channel, int64_t op, const char *table,
                             const char **why);

const char *policy_typ(enum token_kind kind);          /* of the protected header */
const char *policy_channel_name(enum signer_channel channel);

#endif
