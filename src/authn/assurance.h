/*
 * How sure is this sign-in, and what is missing (design D26, flows 3): acr "1" for one
 * factor, "2" for two or for a passkey with user verification.
 *
 * A second factor is demanded by the application's require_mfa (else the setting), by
 * having enrolled one, or by acr_values.  A trusted device stands for it, but not
 * where acr_values asks for "2": it proves nothing now.
 */
#ifndef AUTENTICO_AUTHN_ASSURANCE_H
#define AUTENTICO_AUTHN_ASSURANCE_H

#include "http/exchange.h"
#include "store/users.h"

/* What comes next. */
enum assurance_step {
    ASSURED,            /* nothing is missing */
    ASSURANCE_TOTP,     /* a code of the authenticator app */
    ASSURANCE_ENROL,    /* the app has to be set up first */
    ASSURANCE_EMAIL,    /* a code by mail */
    ASSURANCE_PASSKEY,  /* none of these, but a passkey that verifies its user: it is both factors */
    ASSURANCE_STUCK,    /* demanded, and there is no way to: an administrator has to help */
};

struct assurance_ask {
    const struct user *user;       /* as stored now: what is enrolled stands in it */
    const struct client *client;
    const char *acr_values;        /* of the request; NULL: none */
    const char *acr;               /* proven so far: "1" or "2" */
    const char *trusted_device_id; /* of the session that is there already, or NULL */
};

struct assurance {
    enum assurance_step step;
    const char *trusted_device_id; /* ASSURED: that stood for the second factor, or NULL */
};

MUST_CHECK enum rc assurance_next(struct exchange *x, const struct assurance_ask *ask, struct assurance *out);

/* Does the application, or the setting, want two factors of everybody? */
bool assurance_is_required(const struct exchange *x, const struct client *c);

/* How would this person prove a second factor: never ASSURED or PASSKEY. */
enum assurance_step assurance_method(const struct exchange *x, const struct user *u);
/* May a code be mailed to this person as a second factor? */
bool assurance_can_email(const struct exchange *x, const struct user *u);
/* From one method to the other (http-api 5.4): `to` is "totp" or "email". */
bool assurance_may_switch(const struct exchange *x, const struct user *u, const char *to);

/* RFC 8176: what was proven before and now, each once, and "mfa". */
const char *assurance_amr(struct arena *a, const char *before, const char *now);

#endif
