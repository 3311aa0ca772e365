/* Redirect URIs: what may be registered, what matches (RFC 6749 3.1.2, RFC 8252 7.3, RFC 9700 2.1). */
#ifndef AUTENTICO_OIDC_REDIRECT_URI_H
#define AUTENTICO_OIDC_REDIRECT_URI_H

#include "util/text.h"

/* Acceptable at registration: absolute, no fragment, no userinfo, no script or
 * local scheme (OA-11), no control characters, ≤ 2048 bytes.  Custom schemes of native
 * apps need a dot (RFC 8252 7.1); http(s) need a host.  No '*'; with_wildcard (the setting
 * allow_redirect_uri_wildcard): one, in the path of an http(s) URI, for a piece of one
 * segment.  `why` is for people. */
bool redirect_uri_is_registrable(const char *uri, bool with_wildcard, const char **why);
/* At the authorization endpoint.  Exact string; only the port of a registered http
 * loopback-IP URI may vary.  At the token endpoint nothing may: there it is the very
 * value of the authorization request (TK-16).  with_wildcard: the '*' of a registered one
 * stands for one to 128 unreserved characters (RFC 3986 2.3) that make no dot segment; else
 * one with a '*' matches nothing. */
bool redirect_uri_matches(const struct text_list *registered, const char *uri, bool with_wildcard);

#endif
