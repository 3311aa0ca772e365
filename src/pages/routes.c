#include "config.h"

#include "pages/routes.h"

#include "pages/handlers.h"

#define NOT_POST (M_ANY & ~M_POST)
#define NOT_GET_POST (M_ANY & ~(M_GET | M_HEAD | M_POST))
#define OPEN WHO_ANYONE, LIMIT_NONE, CSRF_NONE
#define SCRIPT WHO_ANYONE, LIMIT_RL, CSRF_NONE, SPEAK_SCRIPT

/* Columns: methods, path, who, limit, csrf, speaks, handler. */
static const struct route rows[] = {
    /* the protocol's refusals of a login post are JSON, others are pages (http-api 5.2):
     * a person waits in front of them */
    { M_POST, "/login", WHO_ANYONE, LIMIT_RL, CSRF_TOKEN, SPEAK_OAUTH, pages_login_handle, .hashes = true,
      .when_down = SPEAK_HTML },
    { NOT_POST, "/login", WHO_ANYONE, LIMIT_RL, CSRF_NONE, SPEAK_HTML, pages_login_wrong_method },

    /* refusals are JSON here too, what a person is to read is a page (http-api 5.4) */
    { M_GET, "/mfa", WHO_ANYONE, LIMIT_RL, CSRF_NONE, SPEAK_OAUTH, pages_mfa_show, .when_down = SPEAK_HTML },
    { M_POST, "/mfa", WHO_ANYONE, LIMIT_RL, CSRF_TOKEN, SPEAK_OAUTH, pages_mfa_submit, .when_down = SPEAK_HTML },
    { M_GET, "/mfa/*", WHO_ANYONE, LIMIT_RL, CSRF_NONE, SPEAK_OAUTH, pages_mfa_show, .when_down = SPEAK_HTML },
    { M_POST, "/mfa/*", WHO_ANYONE, LIMIT_RL, CSRF_TOKEN, SPEAK_OAUTH, pages_mfa_submit, .when_down = SPEAK_HTML },
    { NOT_GET_POST, "/mfa", WHO_ANYONE, LIMIT_RL, CSRF_TOKEN, SPEAK_OAUTH, pages_mfa_wrong_method },

    /* http-api 5.5: no form token, but what was begun in one browser finishes in no other */
    { M_GET,  "/passkey/login/begin", SCRIPT, pages_passkey_begin },
    { M_POST, "/passkey/login/finish", SCRIPT, pages_passkey_finish },
    { M_GET,  "/passkey/discoverable/begin", SCRIPT, pages_passkey_discover },
    { M_POST, "/passkey/discoverable/finish", SCRIPT, pages_passkey_discovered },
    { M_GET,  "/passkey/register/begin", OPEN, SPEAK_SCRIPT, pages_passkey_sign_up },
    { M_POST, "/passkey/register/finish", OPEN, SPEAK_SCRIPT, pages_passkey_sign_up },
    { M_GET, "/reset-password", WHO_ANYONE, LIMIT_RL, CSRF_NONE, SPEAK_HTML, pages_reset_show },
    { M_POST, "/reset-password", WHO_ANYONE, LIMIT_RL, CSRF_TOKEN, SPEAK_HTML, pages_reset_submit, .hashes = true },
    { M_GET, "/not-me", WHO_ANYONE, LIMIT_RL, CSRF_NONE, SPEAK_HTML, pages_not_me_show },
    { M_POST, "/not-me", WHO_ANYONE, LIMIT_RL, CSRF_TOKEN, SPEAK_HTML, pages_not_me_submit },

    { M_GET, "/onboard", OPEN, SPEAK_HTML, pages_onboard_show, .base = BASE_ROOT },
    { M_POST, "/onboard", WHO_ANYONE, LIMIT_RL, CSRF_TOKEN, SPEAK_HTML, pages_onboard_submit, .base = BASE_ROOT,
      .hashes = true },
    { NOT_GET_POST, "/onboard", WHO_ANYONE, LIMIT_NONE, CSRF_TOKEN, SPEAK_JSON, pages_onboard_wrong_method,
      .base = BASE_ROOT },
    { M_GET, "/onboard/*", OPEN, SPEAK_HTML, pages_onboard_show, .base = BASE_ROOT },

    { M_GET, "/static/theme.css", OPEN, SPEAK_TEXT, pages_theme_handle, .is_quiet = true },
    { M_GET, "/static/*", OPEN, SPEAK_TEXT, pages_static_handle, .is_quiet = true },
    { M_GET, "/static", OPEN, SPEAK_TEXT, pages_add_slash },

    { M_ANY, "/", OPEN, SPEAK_TEXT, pages_root_handle, .base = BASE_ROOT },
    { M_ANY, "/admin", OPEN, SPEAK_TEXT, pages_add_slash, .base = BASE_ROOT },
    { M_ANY, "/account", OPEN, SPEAK_TEXT, pages_add_slash, .base = BASE_ROOT },
    { M_GET, "/healthz", OPEN, SPEAK_JSON, pages_health_handle, .base = BASE_ROOT, .is_quiet = true,
      .needs_no_store = true, .cors = true },
};

const struct route_table pages_routes = { rows, ARRAY_LEN(rows) };
