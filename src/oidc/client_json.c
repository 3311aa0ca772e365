/* How a client is shown (http-api 7.2); declared in client_metadata.h. */
#include "config.h"

#include "oidc/client_metadata.h"

/* `scope` beside the contract's `scopes`: RFC 7591 3.2.1 wants all of it echoed. */
static void set_metadata(struct arena *a, struct json *out, const struct client *c)
{
    json_set_str(out, "client_name", c->client_name);
    json_set_str(out, "client_type", c->is_public ? "public" : "confidential");
    json_set_texts(a, out, "redirect_uris", &c->redirect_uris);
    json_set_texts(a, out, "post_logout_redirect_uris", &c->post_logout_redirect_uris);
    json_set_texts(a, out, "grant_types", &c->grant_types);
    json_set_texts(a, out, "response_types", &c->response_types);
    json_set_str(out, "scopes", text_or(c->scopes, ""));
    json_set_str(out, "scope", text_or(c->scopes, ""));
    json_set_str(out, "token_endpoint_auth_method", c->token_endpoint_auth_method);
}

static void set_bool_override(struct json *out, const char *name, int is)
{
    if (is >= 0)
        json_set_bool(out, name, is != 0);
}

/* Each omitted when null. */
static void set_overrides(struct arena *a, struct json *out, const struct client *c)
{
    json_set_str(out, "access_token_expiration", c->access_token_expiration);
    json_set_str(out, "refresh_token_expiration", c->refresh_token_expiration);
    json_set_str(out, "authorization_code_expiration", c->authorization_code_expiration);
    json_set_str(out, "sso_session_idle_timeout", c->sso_session_idle_timeout);
    json_set_str(out, "trust_device_expiration", c->trust_device_expiration);
    if (c->has_allowed_audiences)
        json_set_texts(a, out, "allowed_audiences", &c->allowed_audiences);
    set_bool_override(out, "allow_self_signup", c->allow_self_signup);
    set_bool_override(out, "trust_device_enabled", c->trust_device_enabled);
    set_bool_override(out, "consent_required", c->consent_required);
    set_bool_override(out, "require_mfa", c->require_mfa);
    json_set_str(out, "id_token_signed_response_alg", c->id_token_signed_response_alg);
    json_set_str(out, "access_token_signing_alg", c->access_token_signing_alg);
    json_set_str(out, "access_token_format", c->access_token_format);
}

struct json *client_json(struct arena *a, const struct client *c)
{
    struct json *out = json_object(a);

    json_set_str(out, "client_id", c->client_id);
    set_metadata(a, out, c);
    json_set_bool(out, "is_active", c->is_active);
    set_overrides(a, out, c);
    return out;
}

struct json *client_registration_json(struct arena *a, const struct client *c, const char *secret)
{
    struct json *out = json_object(a);

    json_set_str(out, "client_id", c->client_id);
    json_set_str(out, "client_secret", secret);
    json_set_int(out, "client_secret_expires_at", 0); /* never */
    json_set_int(out, "client_id_issued_at", c->created_at);
    set_metadata(a, out, c);
    set_overrides(a, out, c);
    return out;
}
