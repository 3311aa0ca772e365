#include "config.h"

#include "account/routes.h"

#include "account/handlers.h"
#include "account/security.h"
#include "oidc/console.h"

#define PAGE WHO_USER, LIMIT_NONE, CSRF_TOKEN, SPEAK_HTML
#define SCRIPT WHO_USER, LIMIT_NONE, CSRF_TOKEN, SPEAK_SCRIPT
#define OPEN WHO_ANYONE, LIMIT_NONE, CSRF_NONE
#define API WHO_USER, LIMIT_NONE, CSRF_NONE, SPEAK_JSON
#define API_RL WHO_USER, LIMIT_RL, CSRF_NONE, SPEAK_JSON
#define AT_API .base = BASE_ROOT, .cors = true
#define CONSOLE .base = BASE_ROOT, .console = "account"

static const struct route rows[] = {
    { M_GET,  "/account/api/settings", OPEN, SPEAK_JSON, account_settings, .base = BASE_ROOT, .cors = true },

    /* http-api 8 */
    { M_GET,    "/account/api/profile", API, account_profile_get, AT_API },
    { M_PUT,    "/account/api/profile", API, account_profile_put, AT_API, .hashes = true },
    { M_POST,   "/account/api/password", API_RL, account_password, AT_API, .hashes = true },
    { M_GET,    "/account/api/sessions", API, account_sessions, AT_API },
    { M_POST,   "/account/api/sessions/revoke-others", API, account_sessions_end_others, AT_API },
    { M_DELETE, "/account/api/sessions/:id", API, account_session_end, AT_API },

    /* second factors */
    { M_GET,    "/account/api/mfa", API, account_mfa, AT_API },
    { M_POST,   "/account/api/mfa/totp/setup", API, account_totp_setup, AT_API, .hashes = true },
    { M_POST,   "/account/api/mfa/totp/verify", API, account_totp_verify, AT_API },
    { M_DELETE, "/account/api/mfa/totp", API_RL, account_totp_remove, AT_API, .hashes = true },
    { M_POST,   "/account/api/mfa/recovery-codes", API_RL, account_recovery_renew, AT_API, .hashes = true },
    { M_GET,    "/account/api/passkeys", API, account_passkeys, AT_API },
    { M_DELETE, "/account/api/passkeys/:id", API, account_passkey_remove, AT_API, .hashes = true },
    { M_PATCH,  "/account/api/passkeys/:id", API, account_passkey_rename, AT_API },
    { M_POST,   "/account/api/passkeys/register/begin", API, account_passkey_begin, AT_API, .hashes = true },
    { M_POST,   "/account/api/passkeys/register/finish", API, account_passkey_finish, AT_API },
    { M_GET,    "/account/api/trusted-devices", API, account_trusted_devices, AT_API },
    { M_DELETE, "/account/api/trusted-devices/:id", API, account_trusted_device_remove, AT_API },

    { M_GET,  "/account/callback", OPEN, SPEAK_HTML, console_callback_account, .base = BASE_ROOT },
    { M_GET,  "/account/", PAGE, account_overview, CONSOLE },
    { M_GET,  "/account/profile", PAGE, account_profile, CONSOLE },
    { M_POST, "/account/profile", PAGE, account_profile_update, CONSOLE, .hashes = true },
    { M_GET,  ACCOUNT_SECURITY, PAGE, account_security, CONSOLE },
    { M_GET,  ACCOUNT_SECURITY "/confirm", PAGE, account_security_confirm, CONSOLE },
    { M_POST, ACCOUNT_SECURITY "/totp", PAGE, account_totp_setup, CONSOLE, .hashes = true },
    { M_POST, ACCOUNT_SECURITY "/totp/verify", PAGE, account_totp_enrol, CONSOLE },
    { M_POST, ACCOUNT_SECURITY "/totp/remove", PAGE, account_totp_remove, CONSOLE, .hashes = true },
    { M_POST, ACCOUNT_SECURITY "/recovery-codes", PAGE, account_recovery_renew, CONSOLE, .hashes = true },
    { M_POST, ACCOUNT_SECURITY "/passkeys/begin", SCRIPT, account_passkey_begin, CONSOLE, .hashes = true },
    { M_POST, ACCOUNT_SECURITY "/passkeys/finish", SCRIPT, account_passkey_finish, CONSOLE },
    { M_POST, ACCOUNT_SECURITY "/passkeys/:id/rename", PAGE, account_passkey_rename, CONSOLE },
    { M_POST, ACCOUNT_SECURITY "/passkeys/:id/remove", PAGE, account_passkey_remove, CONSOLE, .hashes = true },
    { M_POST, ACCOUNT_SECURITY "/password", PAGE, account_password, CONSOLE, .hashes = true },
    { M_GET,  ACCOUNT_SESSIONS, PAGE, account_sessions_show, CONSOLE },
    { M_POST, ACCOUNT_SESSIONS "/end-others", PAGE, account_sessions_end_others, CONSOLE },
    { M_POST, ACCOUNT_SESSIONS "/:id/end", PAGE, account_session_end, CONSOLE },
    { M_GET,  ACCOUNT_TRUSTED_DEVICES, PAGE, account_trusted_devices, CONSOLE },
    { M_POST, ACCOUNT_TRUSTED_DEVICES "/:id/remove", PAGE, account_trusted_device_remove, CONSOLE },
};

const struct route_table account_routes = { rows, ARRAY_LEN(rows) };
