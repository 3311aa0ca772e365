#include "config.h"

#include "oidc/routes.h"

#include "oidc/authorize.h"
#include "oidc/end_session.h"
#include "oidc/endpoints.h"

/* Columns: methods, path, who, limit, csrf, speaks, handler.
 * token is open to anyone because grant_type is judged before the client is
 * (http-api 6.1).  It hashes for the password grant and for short client secrets, and
 * yet is no row with .hashes: codes and refresh tokens must not queue behind sign-ins.
 * The cap of the main socket holds (design D6). */
#define CORS .cors = true
#define OPEN WHO_ANYONE, LIMIT_NONE, CSRF_NONE
static const struct route rows[] = {
    /* metadata (http-api 4) */
    { M_GET, "/.well-known/openid-configuration", OPEN, SPEAK_OAUTH, discovery_handle, .base = BASE_ROOT, CORS },
    { M_GET, "/.well-known/oauth-authorization-server", OPEN, SPEAK_OAUTH, discovery_infix_handle, .base = BASE_ROOT, CORS },
    { M_GET, "/.well-known/oauth-authorization-server/*", OPEN, SPEAK_OAUTH, discovery_infix_handle, .base = BASE_ROOT, CORS },
    { M_GET, "/.well-known/openid-configuration", OPEN, SPEAK_OAUTH, discovery_handle, CORS },
    { M_GET, "/.well-known/jwks.json", OPEN, SPEAK_OAUTH, jwks_handle, CORS },

    /* browsers (http-api 5.1, 6.6) */
    { M_GET | M_POST, "/authorize", WHO_ANYONE, LIMIT_RL, CSRF_NONE, SPEAK_HTML, authorize_handle },
    { M_GET | M_POST, "/logout", OPEN, SPEAK_HTML, end_session_handle },
    { M_POST, "/logout/confirm", WHO_ANYONE, LIMIT_NONE, CSRF_TOKEN, SPEAK_HTML, end_session_confirm_handle },

    /* clients (http-api 6.1, 6.3, 6.4) */
    { M_POST, "/token", WHO_ANYONE, LIMIT_REFUND, CSRF_NONE, SPEAK_OAUTH, token_handle, CORS },
    { M_POST, "/protocol/openid-connect/token", WHO_ANYONE, LIMIT_REFUND, CSRF_NONE, SPEAK_OAUTH, token_handle, CORS },
    { M_POST, "/revoke", WHO_CLIENT_OR_ADMIN, LIMIT_REFUND, CSRF_NONE, SPEAK_OAUTH, revoke_handle, CORS },
    { M_POST, "/introspect", WHO_CLIENT_OR_ADMIN, LIMIT_REFUND, CSRF_NONE, SPEAK_OAUTH, introspect_handle, CORS },

    /* bearers (http-api 6.5) */
    { M_GET | M_POST, "/userinfo", WHO_BEARER, LIMIT_REFUND, CSRF_NONE, SPEAK_OAUTH, userinfo_handle,
      .needs = "openid", CORS },
    { M_GET | M_POST, "/protocol/openid-connect/userinfo", WHO_BEARER, LIMIT_REFUND, CSRF_NONE, SPEAK_OAUTH,
      userinfo_handle, .needs = "openid", CORS },
};

const struct route_table oidc_routes = { rows, ARRAY_LEN(rows) };
