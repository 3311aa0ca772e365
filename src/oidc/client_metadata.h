/*
 * The rules of a registration (http-api 7.2, RFC 7591 2), for the admin API, the
 * console, the command line and, later, dynamic registration.
 */
#ifndef AUTENTICO_OIDC_CLIENT_METADATA_H
#define AUTENTICO_OIDC_CLIENT_METADATA_H

#include "store/clients.h"
#include "util/json.h"

/* A create body into a client with defaults filled in.  RC_REFUSED
 * INVALID_CLIENT_METADATA or INVALID_REDIRECT_URI, the text names the member;
 * with_wildcard: the setting allow_redirect_uri_wildcard;
 * "not available yet" for grants and methods that are not built yet (design D17). */
MUST_CHECK enum rc client_metadata_new(struct arena *a, const struct json *body, int64_t now, bool with_wildcard,
                                       struct client *out, const char **secret, struct refusal *no);
/* An update: absent members keep their value, null clears an override. */
MUST_CHECK enum rc client_metadata_update(struct arena *a, const struct json *body, int64_t now, bool with_wildcard,
                                          struct client *inout, struct refusal *no);
/* The secret as it is stored (design D8): SHA-256 when made by us or ≥ 32 bytes;
 * needs_hash: the caller hashes it with Argon2id first. */
void client_secret_row(struct arena *a, const char *secret, int64_t now, struct client_secret *out, bool *needs_hash);

struct json *client_json(struct arena *a, const struct client *c);              /* client object */
struct json *client_registration_json(struct arena *a, const struct client *c, const char *secret); /* registration object */

#endif
