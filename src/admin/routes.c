#include "config.h"

#include "admin/routes.h"

#include "admin/handlers.h"
#include "oidc/console.h"

/*
 * One action, two faces (design D13): below /admin/api for bearers, as JSON; below
 * /admin for the console, as pages.  An API row never looks at a cookie, a page
 * row never at a bearer.
 */
#define API WHO_ADMIN, LIMIT_NONE, CSRF_NONE, SPEAK_JSON
#define PAGE WHO_ADMIN, LIMIT_NONE, CSRF_TOKEN, SPEAK_HTML
#define ROOT .base = BASE_ROOT
#define AT_API .base = BASE_ROOT, .cors = true
#define CONSOLE .base = BASE_ROOT, .console = "admin"

static const struct route rows[] = {
    /* http-api 7.1 */
    { M_GET,    "/admin/api/users", API, admin_users_list, AT_API },
    { M_POST,   "/admin/api/users", API, admin_users_add, AT_API, .hashes = true },
    { M_GET,    "/admin/api/users/:id", API, admin_users_get, AT_API },
    { M_PUT,    "/admin/api/users/:id", API, admin_users_update, AT_API, .hashes = true },
    { M_DELETE, "/admin/api/users/:id", API, admin_users_delete, AT_API },
    { M_POST,   "/admin/api/users/:id/deactivate", API, admin_users_deactivate, AT_API },
    { M_POST,   "/admin/api/users/:id/reactivate", API, admin_users_reactivate, AT_API },
    { M_POST,   "/admin/api/users/:id/unlock", API, admin_users_unlock, AT_API },
    { M_GET,    "/admin/api/users/:id/factors", API, admin_user_factors, AT_API },
    { M_DELETE, "/admin/api/users/:id/factors/totp", API, admin_user_factor_reset, AT_API },
    { M_DELETE, "/admin/api/users/:id/factors/passkeys", API, admin_user_passkeys_remove, AT_API },
    { M_POST,   "/admin/api/users/:id/recovery-link", API, admin_user_recovery_link, AT_API },
    { M_POST,   "/admin/api/users/:id/revoke-sessions", API, admin_users_revoke_sessions, AT_API },
    { M_POST,   "/admin/api/users/lookup", API, admin_users_lookup, AT_API },
    { M_GET,    "/admin/api/users/:id/idp-sessions", API, admin_users_idp_sessions, AT_API },

    /* http-api 7.2 */
    { M_GET,    "/admin/api/clients", API, admin_clients_list, AT_API },
    { M_POST,   "/admin/api/clients", API, admin_clients_add, AT_API },
    { M_GET,    "/admin/api/clients/:client_id", API, admin_clients_get, AT_API },
    { M_PUT,    "/admin/api/clients/:client_id", API, admin_clients_update, AT_API },
    { M_DELETE, "/admin/api/clients/:client_id", API, admin_clients_delete, AT_API },
    { M_POST,   "/admin/api/clients/:client_id/rotate-secret", API, admin_clients_rotate_secret, AT_API },
    { M_POST,   "/register", API, admin_clients_add, .cors = true },
    { M_GET,    "/register/:client_id", API, admin_clients_get, .cors = true },
    { M_PUT,    "/register/:client_id", API, admin_clients_update, .cors = true },
    { M_DELETE, "/register/:client_id", API, admin_clients_delete, .cors = true },

    /* http-api 7.3 */
    { M_GET,    "/admin/api/sessions", API, admin_sessions_list, AT_API },
    { M_DELETE, "/admin/api/sessions/:id", API, admin_sessions_end, AT_API },
    { M_GET,    "/admin/api/idp-sessions", API, admin_idp_sessions_list, AT_API },
    { M_GET,    "/admin/api/idp-sessions/:id/sessions", API, admin_idp_sessions_families, AT_API },
    { M_DELETE, "/admin/api/idp-sessions/:id", API, admin_idp_sessions_end, AT_API },
    { M_GET,    "/admin/api/tokens", API, admin_tokens_list, AT_API },
    { M_DELETE, "/admin/api/tokens/:id", API, admin_tokens_revoke, AT_API },

    /* http-api 7.6 */
    { M_GET, "/admin/api/settings", API, admin_settings_get, AT_API },
    { M_PUT, "/admin/api/settings", API, admin_settings_put, AT_API, .body_max = 128 * 1024 },
    { M_POST, "/admin/api/settings/test-smtp", API, admin_settings_test_smtp, AT_API },
    { M_GET,  "/admin/api/stats", API, admin_stats, AT_API },
    { M_GET,  "/admin/api/doctor", API, admin_doctor, AT_API },
    { M_GET,  "/admin/api/audit-logs", API, admin_audit_list, AT_API },
    { M_GET,  "/admin/api/settings/export", API, admin_settings_export, AT_API },
    { M_POST, "/admin/api/settings/import/preview", API, admin_settings_import_preview, AT_API, .body_max = 128 * 1024 },
    { M_POST, "/admin/api/settings/import/apply", API, admin_settings_import_apply, AT_API, .body_max = 128 * 1024 },

    /* the console */
    { M_GET,  "/admin/callback", WHO_ANYONE, LIMIT_NONE, CSRF_NONE, SPEAK_HTML, console_callback_admin, ROOT },
    { M_GET,  "/admin/", PAGE, admin_dashboard, CONSOLE },
    { M_GET,  "/admin/users", PAGE, admin_users_list, CONSOLE },
    { M_GET,  "/admin/users/new", PAGE, admin_users_new, CONSOLE },
    { M_POST, "/admin/users/new", PAGE, admin_users_add, CONSOLE, .hashes = true },
    { M_GET,  "/admin/users/:id", PAGE, admin_users_get, CONSOLE },
    { M_POST, "/admin/users/:id/deactivate", PAGE, admin_users_deactivate, CONSOLE },
    { M_POST, "/admin/users/:id/reactivate", PAGE, admin_users_reactivate, CONSOLE },
    { M_POST, "/admin/users/:id/unlock", PAGE, admin_users_unlock, CONSOLE },
    { M_POST, "/admin/users/:id/revoke-sessions", PAGE, admin_users_revoke_sessions, CONSOLE },
    { M_POST, "/admin/users/:id/factors/totp/remove", PAGE, admin_user_factor_reset, CONSOLE },
    { M_POST, "/admin/users/:id/factors/passkeys/remove", PAGE, admin_user_passkeys_remove, CONSOLE },
    { M_POST, "/admin/users/:id/recovery-link", PAGE, admin_user_recovery_link, CONSOLE },
    { M_GET,  "/admin/sessions", PAGE, admin_idp_sessions_list, CONSOLE },
    { M_POST, "/admin/sessions/:id/end", PAGE, admin_idp_sessions_end, CONSOLE },
    { M_GET,  "/admin/audit", PAGE, admin_audit_list, CONSOLE },
    { M_GET,  "/admin/doctor", PAGE, admin_doctor, CONSOLE },
    { M_GET,  "/admin/clients", PAGE, admin_clients_list, CONSOLE },
    { M_GET,  "/admin/clients/new", PAGE, admin_clients_new, CONSOLE },
    { M_POST, "/admin/clients/new", PAGE, admin_clients_add, CONSOLE },
    { M_GET,  "/admin/clients/:client_id", PAGE, admin_clients_get, CONSOLE },
    { M_POST, "/admin/clients/:client_id", PAGE, admin_clients_update, CONSOLE },
    { M_POST, "/admin/clients/:client_id/rotate-secret", PAGE, admin_clients_rotate_secret, CONSOLE },
    { M_POST, "/admin/clients/:client_id/disable", PAGE, admin_clients_disable, CONSOLE },
    { M_POST, "/admin/clients/:client_id/enable", PAGE, admin_clients_enable, CONSOLE },
};

const struct route_table admin_routes = { rows, ARRAY_LEN(rows) };
