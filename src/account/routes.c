#include "config.h"

#include "account/routes.h"

#include "account/handlers.h"
#include "oidc/console.h"

#define PAGE WHO_USER, LIMIT_NONE, CSRF_TOKEN, SPEAK_HTML
#define OPEN WHO_ANYONE, LIMIT_NONE, CSRF_NONE
#define CONSOLE .base = BASE_ROOT, .console = "account"

static const struct route rows[] = {
    { M_GET,  "/account/api/settings", OPEN, SPEAK_JSON, account_settings, .base = BASE_ROOT, .cors = true },
    { M_GET,  "/account/callback", OPEN, SPEAK_HTML, console_callback_account, .base = BASE_ROOT },
    { M_GET,  "/account/", PAGE, account_overview, CONSOLE },
    { M_GET,  "/account/profile", PAGE, account_profile, CONSOLE },
    { M_POST, "/account/profile", PAGE, account_profile_update, CONSOLE, .hashes = true },
};

const struct route_table account_routes = { rows, ARRAY_LEN(rows) };
