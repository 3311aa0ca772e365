/* The columns and lists of a client, shared by clients.c and clients_list.c. */
#ifndef AUTENTICO_STORE_CLIENTS_ROW_H
#define AUTENTICO_STORE_CLIENTS_ROW_H

#include "store/clients.h"

#define CLIENT_COLS                                                                       \
    "c.id, c.client_id, c.client_name, c.client_type, c.scopes, c.token_endpoint_auth_method," \
    " c.is_active, c.profile, c.access_token_expiration, c.refresh_token_expiration,"          \
    " c.authorization_code_expiration, c.sso_session_idle_timeout, c.trust_device_expiration," \
    " c.allow_self_signup, c.trust_device_enabled, c.consent_required, c.require_mfa,"         \
    " c.id_token_signed_response_alg, c.access_token_signing_alg, c.access_token_format,"      \
    " c.has_allowed_audiences, c.last_used_at, c.created_at, c.updated_at"

void client_row(struct stmt *q, struct arena *a, void *out);

/* A row of client_values, and its way into the lists of its client. */
struct client_value { const char *client_id, *kind, *value; };
#define CLIENT_VALUE_COLS "v.client_id, v.kind, v.value"
#define CLIENT_VALUE_ORDER " ORDER BY v.client_id, v.kind, v.position"
void client_value_row(struct stmt *q, struct arena *a, void *out);
/* The values of one client, all of them and in order. */
void client_take_values(struct client *c, struct arena *a, const struct client_value *v, size_t n);

#endif
