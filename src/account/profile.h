/* The profile form: what profile.c and profile_page.c share. */
#ifndef AUTENTICO_ACCOUNT_PROFILE_H
#define AUTENTICO_ACCOUNT_PROFILE_H

#include "authn/account_change.h"

struct profile_form {
    struct account_change account; /* as typed; NULL: not sent */
    const char *current_password;
};

/* `form` NULL: as stored.  `wrong` names the member that x->no is about, or NULL. */
enum rc account_profile_show(struct exchange *x, int status, const struct profile_form *form, const char *wrong);
/* May the person change it?  (settings allow_…_change) */
bool account_may_change_username(const struct exchange *x);
bool account_may_change_email(const struct exchange *x);

#endif
