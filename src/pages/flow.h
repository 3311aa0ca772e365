/*
 * What comes next in a sign-in (flows 3, 5): every first factor ends here, and so does
 * every second one.
 */
#ifndef AUTENTICO_PAGES_FLOW_H
#define AUTENTICO_PAGES_FLOW_H

#include "authn/password.h"
#include "oidc/authz_request.h"

/* What was proven, and for which request. */
struct proof {
    const struct authz_request *request;
    const struct user *user;
    struct right_password *password; /* theirs, given just now and not recorded yet, or NULL */
    const char *amr;             /* RFC 8176, space-separated: "pwd", "pwd otp", "hwk user" */
    bool is_two_factors;         /* acr 2 (design D26): two factors, or a passkey with user verification */
    const char *event, *method;  /* of the audit row: "login_success", "password" */
    const char *trusted_device_id; /* that stands for the second factor, or NULL */
};

/*
 * A first factor was right.  Asks for the second one where it is demanded and missing,
 * else completes the sign-in.
 */
enum rc flow_after_first_factor(struct exchange *x, const struct proof *p);

/* Everything that is demanded was proven: a new session, and the code. */
enum rc flow_complete(struct exchange *x, const struct proof *p);

/* The same, of a session that this browser had already and that lacked a factor: it
 * becomes a stronger one.  Back to the start when it has ended meanwhile. */
enum rc flow_step_up(struct exchange *x, const struct proof *p, const char *session_id);

/* Back to the page the person came from, with everything the request said and a code of
 * the fixed table (design D27). */
enum rc flow_show_again(struct exchange *x, const struct authz_request *r, const char *error);

#endif
