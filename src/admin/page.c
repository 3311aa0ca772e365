#include "config.h"

#include "admin/page.h"

#include "oidc/console_frame.h"

static const struct console_link nav[] = {
    { "Overview", "/admin/", "nav-overview" },
    { "Applications", "/admin/clients", "nav-clients" },
    { "People", "/admin/users", "nav-users" },
    { "Sessions", "/admin/sessions", "nav-sessions" },
    { "Audit", "/admin/audit", "nav-audit" },
    { "Doctor", "/admin/doctor", "nav-doctor" },
};
static const struct console_frame frame = { "admin", "Administration", nav, ARRAY_LEN(nav) };

enum rc admin_page(struct exchange *x, int status, const char *page, struct json *vars)
{
    return console_page(x, &frame, status, page, vars);
}

enum rc admin_refusal(struct exchange *x, const char *back_href, const char *back_label)
{
    return console_refusal(x, &frame, back_href, back_label);
}

struct json *admin_endpoints(struct exchange *x)
{
    static const char *const known[][2] = {
        { "Discovery", "/.well-known/openid-configuration" },
        { "Authorization endpoint", "/authorize" },
        { "Token endpoint", "/token" },
        { "Userinfo endpoint", "/userinfo" },
        { "End session endpoint", "/logout" },
        { "JWKS", "/.well-known/jwks.json" },
    };
    struct json *list = json_array(x->arena);

    for (size_t i = 0; i < ARRAY_LEN(known); i++)
        json_add_pair(x->arena, list, "label", known[i][0], "url",
                      arena_printf(x->arena, "%s%s", x->conf->issuer, known[i][1]));
    return list;
}
