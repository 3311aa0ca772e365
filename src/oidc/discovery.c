#include "config.h"

#include "http/request.h"
#include "http/response.h"
#include "oidc/endpoints.h"
#include "oidc/keys.h"
#include "oidc/scope.h"
#include "store/clients.h"
#include "store/settings_table.h"

#define INFIX "/.well-known/oauth-authorization-server"

/* What works, and nothing else (MD-09): a feature enters here in the commit that
 * brings it. */
static const struct { const char *name, *path; } endpoints[] = {
    { "authorization_endpoint", "/authorize" },
    { "token_endpoint", "/token" },
    { "userinfo_endpoint", "/userinfo" },
    { "registration_endpoint", "/register" },
    { "end_session_endpoint", "/logout" },
    { "jwks_uri", "/.well-known/jwks.json" },
    { "introspection_endpoint", "/introspect" },
    { "revocation_endpoint", "/revoke" },
};

#define SECRET_METHODS "client_secret_basic client_secret_post"

static const struct { const char *name, *words; } lists[] = {
    { "response_types_supported", "code" },
    { "response_modes_supported", "query form_post" },
    { "subject_types_supported", "public" },
    { "scopes_supported", SCOPES_SUPPORTED },
    { "token_endpoint_auth_methods_supported", SECRET_METHODS " none" },
    { "introspection_endpoint_auth_methods_supported", SECRET_METHODS },
    { "revocation_endpoint_auth_methods_supported", SECRET_METHODS " none" },
    { "claims_supported", "sub iss aud exp iat auth_time nonce sid acr amr name preferred_username given_name"
                          " family_name middle_name nickname profile picture website gender birthdate locale"
                          " zoneinfo updated_at email email_verified phone_number phone_number_verified"
                          " address groups" },
    { "claim_types_supported", "normal" },
    { "acr_values_supported", "1 2" },
    { "code_challenge_methods_supported", "S256" },
    { "prompt_values_supported", "none login" },
};

/* Stated even where false is the default: for one of them it is not (MD-12). */
static const struct { const char *name; bool is; } flags[] = {
    { "claims_parameter_supported", false },
    { "request_parameter_supported", false },
    { "request_uri_parameter_supported", false },
    { "require_request_uri_registration", false },
    { "authorization_response_iss_parameter_supported", true }, /* RFC 9207 3 */
};

/* The password grant is off unless a client is registered for it, and not advertised
 * before (TK-36). */
#define GRANT_TYPES "authorization_code refresh_token client_credentials"

/* What may change while the program runs. */
struct offer { const char *issuer, *grant_types, *algs; };

static const char *document(struct arena *a, const struct offer *o)
{
    struct json *doc = json_object(a);

    json_set_str(doc, "issuer", o->issuer);
    for (size_t i = 0; i < ARRAY_LEN(endpoints); i++)
        json_set_str(doc, endpoints[i].name, arena_printf(a, "%s%s", o->issuer, endpoints[i].path));
    for (size_t i = 0; i < ARRAY_LEN(lists); i++)
        json_set_list(a, doc, lists[i].name, lists[i].words);
    json_set_list(a, doc, "grant_types_supported", o->grant_types);
    json_set_list(a, doc, "id_token_signing_alg_values_supported", o->algs);
    for (size_t i = 0; i < ARRAY_LEN(flags); i++)
        json_set_bool(doc, flags[i].name, flags[i].is);
    return json_text(a, doc);
}

static bool is_same_offer(const struct offer *a, const struct offer *b)
{
    return text_same(a->issuer, b->issuer) && text_same(a->grant_types, b->grant_types) &&
           text_same(a->algs, b->algs);
}

/* Rendered once per process and change. */
static const char *cached(const struct offer *o)
{
    static struct arena *arena;
    static struct offer of;
    static const char *text;

    if (text != NULL && is_same_offer(&of, o))
        return text;
    if (arena == NULL)
        arena = arena_start("discovery");
    arena_reset(arena);
    of = (struct offer){ arena_strdup(arena, o->issuer), arena_strdup(arena, o->grant_types),
                         arena_strdup(arena, o->algs) };
    text = document(arena, o);
    return text;
}

enum rc discovery_handle(struct exchange *x)
{
    bool has_password_grant = x->facts != NULL && x->facts->has_password_grant &&
                              !text_same(x->settings->auth_mode, "passkey_only");
    struct offer o = { x->conf->issuer, has_password_grant ? GRANT_TYPES " password" : GRANT_TYPES,
                       x->key_set->algs };

    x->rs->cache_control = JWKS_CACHE_CONTROL;
    return respond_bytes(x, 200, "application/json", bytes_of(cached(&o)));
}

/* RFC 8414 3.1: the well-known part stands between the issuer's host and its path
 * (MD-02); without a path it is asked for by clients that know only the host. */
enum rc discovery_infix_handle(struct exchange *x)
{
    const char *path = x->rq->path + sizeof(INFIX) - 1;
    const char *issuer_path = x->conf->issuer + bytes_of(x->conf->origin).n;

    if (*path != '\0' && !text_same(path, issuer_path))
        return refuse(&x->no, REFUSE_PATH_NOT_FOUND, NULL);
    return discovery_handle(x);
}
