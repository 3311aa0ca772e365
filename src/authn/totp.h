/*
 * The authenticator app: a secret is drafted, shown, and becomes a factor with the
 * first right code (flows 5, http-api 8).
 *
 * Until then it need not be kept anywhere: it is derived (HMAC under KEY_ENROL) from
 * who enrols and from a nonce, the challenge's id or what travels in the page's own
 * form.  So nothing in a form can be put in its place, a reload shows the same
 * picture, and a page that is left behind leaves nothing behind.
 */
#ifndef AUTENTICO_AUTHN_TOTP_H
#define AUTENTICO_AUTHN_TOTP_H

#include "http/exchange.h"
#include "store/factors.h"
#include "store/users.h"

struct totp_draft {
    struct bytes raw;
    const char *secret; /* base32, 32 characters */
    const char *uri;    /* otpauth://, for the picture */
};

/* `issuer`: the name the app shows it under.  `nonce`: at least 128 random bits that
 * this enrolment alone has. */
void totp_draft(struct exchange *x, const struct user *u, const char *issuer, const char *nonce,
                struct totp_draft *out);
/* The same of a secret that is known. */
struct totp_draft totp_show(struct arena *a, const struct user *u, const char *issuer, struct bytes raw);

/* A secret by the signer's seal, for the row of this person. */
MUST_CHECK enum rc totp_seal(struct exchange *x, const char *user_id, struct bytes raw, struct bytes *out);
/*
 * Which time step has this code?  Ends the read transaction: it asks the signer.
 * RC_OK       `step`, to be accepted by factors_totp_…(), which may still say that it
 *             was used meanwhile
 * RC_REFUSED  x->no: INVALID_CODE, or BUSY when the signers do not answer
 */
MUST_CHECK enum rc totp_step_of(struct exchange *x, const char *user_id, struct bytes secret_sealed,
                                int64_t last_step, const char *code, int64_t *step);

/*
 * The first code of an enrolment whose draft was shown: RC_OK with what is to be
 * stored by factors_totp_enrol().  A draft from before the cookie secret was rotated
 * (with an overlap) is still good.
 */
struct totp_proof { struct bytes secret_sealed; int64_t step; };
MUST_CHECK enum rc totp_prove_draft(struct exchange *x, const struct user *u, const char *nonce, const char *code,
                                    struct totp_proof *out);

/* As people type it: without the white space (OT-07). */
const char *totp_typed(struct arena *a, const char *code);

#endif
