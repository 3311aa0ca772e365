/* Handlers of this room; their rows are in routes.c. */
#ifndef AUTENTICO_ACCOUNT_HANDLERS_H
#define AUTENTICO_ACCOUNT_HANDLERS_H

#include "http/exchange.h"

enum rc account_settings(struct exchange *x);       /* GET /account/api/settings, open to anyone (http-api 8) */
enum rc account_overview(struct exchange *x);       /* page */
enum rc account_profile(struct exchange *x);        /* page: the form */
enum rc account_profile_update(struct exchange *x); /* page: the post */
enum rc account_profile_get(struct exchange *x);    /* JSON */
enum rc account_profile_put(struct exchange *x);    /* JSON */
enum rc account_password(struct exchange *x);       /* both faces */
enum rc account_sessions(struct exchange *x);       /* JSON */
enum rc account_sessions_show(struct exchange *x);  /* page */
enum rc account_session_end(struct exchange *x);    /* both faces, as the next */
enum rc account_sessions_end_others(struct exchange *x);

/* second factors (http-api 8); both faces where not said otherwise */
enum rc account_security(struct exchange *x);       /* page */
enum rc account_security_confirm(struct exchange *x); /* to a sign-in with both factors, and back */
enum rc account_mfa(struct exchange *x);            /* JSON */
enum rc account_totp_setup(struct exchange *x);     /* page: shows the secret; JSON: begins */
enum rc account_totp_verify(struct exchange *x);    /* JSON: the first code of what was begun */
enum rc account_totp_enrol(struct exchange *x);     /* page: the first code of what was shown */
enum rc account_totp_remove(struct exchange *x);
enum rc account_recovery_renew(struct exchange *x);
enum rc account_passkeys(struct exchange *x);       /* JSON */
enum rc account_passkey_begin(struct exchange *x);  /* JSON: asks for one; to API and script */
enum rc account_passkey_finish(struct exchange *x); /* JSON: adds what was made */
enum rc account_passkey_rename(struct exchange *x);
enum rc account_passkey_remove(struct exchange *x);
enum rc account_trusted_devices(struct exchange *x);
enum rc account_trusted_device_remove(struct exchange *x);

/* In how many browsers the person is signed in. */
MUST_CHECK enum rc account_sessions_count(struct exchange *x, int64_t *out);

/* A page of this console. */
enum rc account_page(struct exchange *x, int status, const char *page, struct json *vars);

#define ACCOUNT_HOME "/account/"
#define ACCOUNT_PROFILE "/account/profile"
#define ACCOUNT_SESSIONS "/account/sessions"
#define ACCOUNT_SESSIONS_MAX 100 /* on one page */
#define ACCOUNT_TRUSTED_DEVICES "/account/trusted-devices"

#endif
