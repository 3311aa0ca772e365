#include "config.h"

#include "account/handlers.h"
#include "account/security.h"
#include "oidc/console_frame.h"

static const struct console_link nav[] = {
    { "Overview", ACCOUNT_HOME, "nav-overview" },
    { "Profile", ACCOUNT_PROFILE, "nav-profile" },
    { "Security", ACCOUNT_SECURITY, "nav-security" },
    { "Sessions", ACCOUNT_SESSIONS, "nav-sessions" },
    { "Devices", ACCOUNT_TRUSTED_DEVICES, "nav-trusted-devices" },
};
static const struct console_frame frame = { "account", "Account", nav, ARRAY_LEN(nav) };

enum rc account_page(struct exchange *x, int status, const char *page, struct json *vars)
{
    return console_page(x, &frame, status, page, vars);
}
