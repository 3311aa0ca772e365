/* Handlers of this room; their rows are in routes.c. */
#ifndef AUTENTICO_ADMIN_HANDLERS_H
#define AUTENTICO_ADMIN_HANDLERS_H

#include "http/exchange.h"

/* users (http-api 7.1); both faces where not said otherwise */
enum rc admin_users_list(struct exchange *x);
enum rc admin_users_add(struct exchange *x);
enum rc admin_users_new(struct exchange *x);             /* page: the empty form */
enum rc admin_users_get(struct exchange *x);
enum rc admin_users_update(struct exchange *x);          /* JSON */
enum rc admin_users_delete(struct exchange *x);          /* JSON */
enum rc admin_users_deactivate(struct exchange *x);
enum rc admin_users_reactivate(struct exchange *x);
enum rc admin_users_unlock(struct exchange *x);
enum rc admin_users_revoke_sessions(struct exchange *x);
enum rc admin_user_factors(struct exchange *x);          /* JSON: what is set up */
enum rc admin_user_factor_reset(struct exchange *x);
enum rc admin_user_passkeys_remove(struct exchange *x);  /* all of them */
enum rc admin_user_recovery_link(struct exchange *x);

enum rc admin_users_lookup(struct exchange *x);          /* JSON */
enum rc admin_users_idp_sessions(struct exchange *x);    /* JSON */

/* clients (http-api 7.2); the first five also below {oauth}/register */
enum rc admin_clients_add(struct exchange *x);
enum rc admin_clients_get(struct exchange *x);
enum rc admin_clients_update(struct exchange *x);
enum rc admin_clients_delete(struct exchange *x);        /* JSON */
enum rc admin_clients_list(struct exchange *x);
enum rc admin_clients_new(struct exchange *x);           /* page: the empty form */
enum rc admin_clients_rotate_secret(struct exchange *x);
enum rc admin_clients_disable(struct exchange *x);       /* page */
enum rc admin_clients_enable(struct exchange *x);        /* page */

enum rc admin_doctor(struct exchange *x);                /* the last report of `autentico doctor`; both faces */

/* settings (http-api 7.6) */
enum rc admin_settings_get(struct exchange *x);
enum rc admin_settings_put(struct exchange *x);
enum rc admin_settings_test_smtp(struct exchange *x);     /* JSON */
enum rc admin_settings_export(struct exchange *x);
enum rc admin_settings_import_preview(struct exchange *x);
enum rc admin_settings_import_apply(struct exchange *x);
enum rc admin_stats(struct exchange *x);
enum rc admin_audit_list(struct exchange *x);            /* both faces */

/* sessions and tokens (http-api 7.3); the second and third both faces */
enum rc admin_sessions_list(struct exchange *x);
enum rc admin_idp_sessions_list(struct exchange *x);
enum rc admin_idp_sessions_end(struct exchange *x);
enum rc admin_sessions_end(struct exchange *x);
enum rc admin_idp_sessions_families(struct exchange *x);
enum rc admin_tokens_list(struct exchange *x);
enum rc admin_tokens_revoke(struct exchange *x);

enum rc admin_dashboard(struct exchange *x);             /* page */

#endif
