/*
 * The second factor of a sign-in (http-api 5.4): what mfa.c, mfa_page.c and enroll.c
 * share.
 */
#ifndef AUTENTICO_PAGES_MFA_H
#define AUTENTICO_PAGES_MFA_H

#include "authn/factor.h"
#include "oidc/authz_request.h"

/* A challenge that is open, and whose it is. */
struct mfa_visit {
    const char *id;               /* as in the URL */
    struct challenge challenge;
    struct authz_request request; /* checked again */
    struct user user;
    int64_t recovery_left;
};

/* The pages; `error` and `info` are shown when given. */
enum rc mfa_show(struct exchange *x, const struct mfa_visit *v, const char *error, const char *info);
enum rc mfa_show_recovery(struct exchange *x, const struct mfa_visit *v, const char *error);
enum rc enroll_show(struct exchange *x, const struct mfa_visit *v, const char *error);
/* The first code of a new authenticator app. */
enum rc enroll_submit(struct exchange *x, const struct mfa_visit *v, const char *code);
/* What every one of them has: where to go, and the form's hidden fields. */
struct json *mfa_vars(struct exchange *x, const struct mfa_visit *v, const char *error);

/* The factor was accepted: the end of the sign-in. */
enum rc mfa_complete(struct exchange *x, const struct mfa_visit *v, enum factor_kind kind);

#endif
