#include "config.h"

#include "oidc/form_action.h"

#include "util/text.h"
#include "util/uri.h"

/* CSP has no host-source for an IPv6 address, nor for an app's own scheme: there
 * the scheme is all that can be said. */
const char *form_action_of(struct arena *a, const char *uri)
{
    struct uri u;

    if (text_empty(uri) || uri_parse(a, uri, &u) != RC_OK)
        return "'self'";
    if (text_empty(u.host) || u.host[0] == '[' || uri_default_port(u.scheme) == 0)
        return arena_printf(a, "'self' %s:", u.scheme);
    return arena_printf(a, "'self' %s", uri_origin(a, &u));
}
