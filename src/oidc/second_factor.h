/*
 * A sign-in that waits for its second factor (flows 5): a row, since only somebody who
 * knew a password or has a session gets here, and the way to {oauth}/mfa.
 */
#ifndef AUTENTICO_OIDC_SECOND_FACTOR_H
#define AUTENTICO_OIDC_SECOND_FACTOR_H

#include "authn/assurance.h"
#include "authn/password.h"
#include "oidc/authz_request.h"
#include "store/challenges.h"

#define SECOND_FACTOR_LIFE_S 600

struct second_factor {
    const struct authz_request *request;
    const char *user_id;
    enum assurance_step step;  /* TOTP, ENROL or EMAIL */
    const char *amr;           /* proven so far */
    const char *session_id;    /* of the session that is to be stepped up, or NULL */
    struct right_password *password; /* given just now and not recorded yet, or NULL */
};

/* Answers with the redirect. */
enum rc second_factor_begin(struct exchange *x, const struct second_factor *s);
/* The same challenge by another method: the old one is used up, its failures, its code
 * and its expiry carry over.  RC_NONE: the old one was used meanwhile. */
enum rc second_factor_switch(struct exchange *x, const struct challenge *old, const char *method);

const char *second_factor_url(struct exchange *x, const char *challenge_id); /* of the page */
struct bytes second_factor_hash(struct arena *a, const char *challenge_id);  /* challenge.id_hash */

#endif
