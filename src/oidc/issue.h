/*
 * Making tokens (flows 10): rows in one transaction, signatures after it has
 * committed, one message to the signer.
 */
#ifndef AUTENTICO_OIDC_ISSUE_H
#define AUTENTICO_OIDC_ISSUE_H

#include "crypto/hash.h"
#include "http/exchange.h"
#include "store/clients.h"
#include "store/tokens.h"
#include "store/users.h"

struct grant {
    const struct client *client;
    const struct user *user;      /* NULL: client_credentials */
    struct family family;
    struct token token;
    bool has_outgrown;            /* its family, which exists, must last longer */
    bool is_access_only;          /* no refresh token (RFC 6749 4.4.3) */
    const char *refresh_token;    /* the value; NULL: none */
    const char *access_token;     /* the value of an opaque one; NULL: a JWT, made by issue_respond */
};

/* Prepare a new family (which may have an id already) and its first token (random
 * values, lifetimes; nothing is written). */
void issue_prepare(struct exchange *x, struct grant *g);
/* Another token for an existing family (refresh). */
void issue_prepare_next(struct exchange *x, struct grant *g, const char *scope);
/* Write the prepared token (and, when new, its family), and note the use of a public
 * client, whose authentication notes none; inside db_write. */
MUST_CHECK enum rc issue_write(struct exchange *x, struct db *db, struct grant *g, bool is_new_family);
/* Sign and answer: access_token, token_type, expires_in, refresh_token, id_token,
 * scope (http-api 6.1). */
enum rc issue_respond(struct exchange *x, struct grant *g);

/* The value of a refresh token or an opaque access token: 20 characters of the
 * selector, 43 of the secret (design D8).  RC_NONE: garbled. */
struct opaque_value { int64_t selector; uint8_t hash[SHA256_BYTES]; };
MUST_CHECK enum rc issue_read_opaque(const char *value, struct opaque_value *out);

/* `aud` of this client's access tokens: us, itself, and what the settings and its
 * registration add. */
struct json *issue_audience(struct exchange *x, const struct client *c);

/* The claims, as JSON text; for tests. */
const char *issue_access_payload(struct exchange *x, const struct grant *g);
const char *issue_id_payload(struct exchange *x, const struct grant *g);

#endif
