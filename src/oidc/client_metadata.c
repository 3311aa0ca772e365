#include "config.h"

#include "oidc/client_metadata.h"

#include <string.h>

#include "crypto/random.h"
#include "oidc/client_draft.h"
#include "oidc/redirect_uri.h"

#define CLIENT_ID_MAX 255
#define CLIENT_SECRET_MAX 512
#define CLIENT_NAME_MAX 255
#define SCOPES_MAX 1000
#define URIS_MAX 10
#define DEFAULT_SCOPES "openid profile email"

/* ---- the rules, one function per member (http-api 7.2) ---- */

static enum rc read_client_name(struct draft *d)
{
    const char *name;

    GIVEN(draft_text(d, "client_name", &name));
    name = text_trim(d->a, name);
    if (*name == '\0' || strlen(name) > CLIENT_NAME_MAX)
        return draft_bad(d, "client_name", "a name of 1 to 255 bytes is needed");
    if (strpbrk(name, "<>") != NULL || !is_text(name))
        return draft_bad(d, "client_name", "no angle brackets or control characters");
    d->c->client_name = name;
    return RC_OK;
}

static enum rc read_redirect_uris(struct draft *d)
{
    struct text_list uris;
    const char *why;

    GIVEN(draft_list(d, "redirect_uris", &uris));
    if (uris.n < 1 || uris.n > URIS_MAX)
        return refuse(d->no, REFUSE_INVALID_REDIRECT_URI, "redirect_uris: 1 to 10 entries");
    for (size_t i = 0; i < uris.n; i++)
        if (!redirect_uri_is_registrable(uris.v[i], d->with_wildcard, &why))
            return refuse(d->no, REFUSE_INVALID_REDIRECT_URI, "redirect_uris: %.100s: %s", uris.v[i], why);
    d->c->redirect_uris = uris;
    return RC_OK;
}

/* The contract does not look at these; but a browser is sent there, too. */
static enum rc read_post_logout_redirect_uris(struct draft *d)
{
    static const char member[] = "post_logout_redirect_uris";
    struct text_list uris;
    const char *why;

    GIVEN(draft_list(d, member, &uris));
    if (uris.n > URIS_MAX)
        return draft_bad(d, member, "at most 10 entries");
    for (size_t i = 0; i < uris.n; i++)
        if (!redirect_uri_is_registrable(uris.v[i], false, &why))
            return draft_bad(d, member, arena_printf(d->a, "%.100s: %s", uris.v[i], why));
    d->c->post_logout_redirect_uris = uris;
    return RC_OK;
}

struct word_rule { const char *member, *now, *later; };

static enum rc read_words(const struct draft *d, const struct word_rule *rule, struct text_list *out)
{
    struct text_list words;

    GIVEN(draft_list(d, rule->member, &words));
    if (words.n == 0) /* RFC 7591 2: as if omitted */
        return RC_OK;
    for (size_t i = 0; i < words.n; i++)
        TRY(draft_word(d, rule->member, words.v[i], rule->now, rule->later));
    *out = words;
    return RC_OK;
}

static enum rc read_grant_types(struct draft *d)
{
    static const struct word_rule rule = {
        "grant_types", "authorization_code refresh_token client_credentials password",
        "urn:ietf:params:oauth:grant-type:device_code urn:ietf:params:oauth:grant-type:token-exchange",
    };

    return read_words(d, &rule, &d->c->grant_types);
}

static enum rc read_response_types(struct draft *d)
{
    static const struct word_rule rule = { "response_types", "code", "token id_token" };

    return read_words(d, &rule, &d->c->response_types);
}

/* RFC 7591 calls it `scope`, the contract `scopes`; both are read and answered. */
static enum rc read_scopes(struct draft *d)
{
    const char *scopes = NULL, *scope = NULL;
    enum rc rc = draft_text(d, "scopes", &scopes);

    if (rc != RC_NONE)
        TRY(rc);
    rc = draft_text(d, "scope", &scope);
    if (rc != RC_NONE)
        TRY(rc);
    if (!text_empty(scopes) && !text_empty(scope) && !text_same(scopes, scope))
        return draft_bad(d, "scopes", "differs from scope");
    scopes = text_or(scopes, scope);
    struct text_list words = text_split(d->a, scopes, ' ');
    if (words.n == 0) /* an empty list would allow every scope (scope_check) */
        return RC_OK;
    if (!is_scope(scopes) || strlen(scopes) > SCOPES_MAX)
        return draft_bad(d, "scopes", "at most 1000 characters, without quotes and backslashes");
    d->c->scopes = text_join(d->a, &words, ' ');
    return RC_OK;
}

/* RFC 7591 2, Core 9.  A secret and no secret exclude each other. */
static enum rc check_auth_method(const struct draft *d)
{
    static const char member[] = "token_endpoint_auth_method";
    const char *method = d->c->token_endpoint_auth_method;

    TRY(draft_word(d, member, method, "client_secret_basic client_secret_post none",
                   "client_secret_jwt private_key_jwt tls_client_auth self_signed_tls_client_auth"));
    if (d->c->is_public != text_same(method, "none"))
        return draft_bad(d, member, d->c->is_public ? "a public client has none" : "a confidential client cannot have none");
    return RC_OK;
}

static enum rc read_auth_method(struct draft *d)
{
    const char *method;

    GIVEN(draft_text(d, "token_endpoint_auth_method", &method));
    if (*method != '\0')
        d->c->token_endpoint_auth_method = arena_strdup(d->a, method);
    return RC_OK;
}

static enum rc read_common(struct draft *d)
{
    TRY(read_client_name(d));
    TRY(read_redirect_uris(d));
    TRY(read_post_logout_redirect_uris(d));
    TRY(read_grant_types(d));
    TRY(read_response_types(d));
    TRY(read_scopes(d));
    TRY(read_auth_method(d));
    TRY(check_auth_method(d));
    return draft_overrides(d);
}

/* ---- create ---- */

static struct text_list one_word(struct arena *a, const char *word)
{
    struct text_list list = { arena_array(a, const char *, 1), 1 };

    list.v[0] = word;
    return list;
}

static void set_defaults(struct draft *d, int64_t now)
{
    *d->c = (struct client){
        .id = random_id(d->a, now),
        .is_active = true,
        .scopes = DEFAULT_SCOPES,
        .profile = "oauth",
        .grant_types = one_word(d->a, "authorization_code"),
        .response_types = one_word(d->a, "code"),
        .allow_self_signup = -1, .trust_device_enabled = -1, .consent_required = -1, .require_mfa = -1,
        .created_at = now, .updated_at = now,
    };
}

/* RFC 7591 knows no client_type: there, `none` makes a client public. */
static enum rc read_client_type(struct draft *d)
{
    const char *type = NULL;
    enum rc rc = draft_text(d, "client_type", &type);

    if (rc != RC_NONE)
        TRY(rc);
    if (text_empty(type))
        type = text_same(json_str(json_get(d->body, "token_endpoint_auth_method")), "none") ? "public" : "confidential";
    TRY(draft_word(d, "client_type", type, "confidential public", ""));
    d->c->is_public = text_same(type, "public");
    d->c->token_endpoint_auth_method = d->c->is_public ? "none" : "client_secret_basic";
    return RC_OK;
}

/* It stands in paths of ours, in URLs and in Basic credentials. */
static bool is_client_id(const char *text)
{
    return strlen(text) <= CLIENT_ID_MAX && is_vschar(text) && strpbrk(text, " /?#%\"\\<>&") == NULL;
}

/* Not one that a command line would take for a flag. */
static const char *new_client_id(struct arena *a)
{
    const char *id;

    do
        id = random_token(a);
    while (*id == '-');
    return id;
}

static enum rc read_client_id(struct draft *d)
{
    const char *id = NULL;
    enum rc rc = draft_text(d, "client_id", &id);

    if (rc != RC_NONE)
        TRY(rc);
    if (text_empty(id))
        id = new_client_id(d->a);
    if (!is_client_id(id) || text_same(id, ".") || text_same(id, ".."))
        return draft_bad(d, "client_id", "at most 255 characters of a URL path segment");
    if (is_id(id)) /* RFC 9068 5: with client_credentials it is a `sub` beside those of people (AT-05) */
        return draft_bad(d, "client_id", "looks like the id of a person");
    d->c->client_id = arena_strdup(d->a, id);
    return RC_OK;
}

static enum rc read_client_secret(struct draft *d, const char **out)
{
    const char *secret = NULL;
    enum rc rc = draft_text(d, "client_secret", &secret);

    if (rc != RC_NONE)
        TRY(rc);
    if (d->c->is_public) {
        *out = NULL;
        return text_empty(secret) ? RC_OK : draft_bad(d, "client_secret", "a public client has none");
    }
    if (text_empty(secret))
        secret = random_token(d->a);
    if (strlen(secret) > CLIENT_SECRET_MAX || !is_text(secret))
        return draft_bad(d, "client_secret", "at most 512 bytes without control characters");
    *out = arena_strdup(d->a, secret);
    return RC_OK;
}

static enum rc check_body(const struct draft *d)
{
    if (json_type(d->body) == JSON_OBJECT)
        return RC_OK;
    return refuse(d->no, REFUSE_INVALID_REQUEST, "The body must be a JSON object");
}

static enum rc check_required(const struct draft *d)
{
    if (json_get(d->body, "client_name") == NULL)
        return draft_bad(d, "client_name", "missing");
    if (json_get(d->body, "redirect_uris") == NULL)
        return refuse(d->no, REFUSE_INVALID_REDIRECT_URI, "redirect_uris: missing");
    return RC_OK;
}

enum rc client_metadata_new(struct arena *a, const struct json *body, int64_t now, bool with_wildcard,
                            struct client *out, const char **secret, struct refusal *no)
{
    struct client c;
    struct draft d = { a, body, &c, no, with_wildcard };
    const char *made = NULL;

    set_defaults(&d, now);
    TRY(check_body(&d));
    TRY(check_required(&d));
    TRY(read_client_type(&d));
    TRY(read_client_id(&d));
    TRY(read_client_secret(&d, &made));
    TRY(read_common(&d));
    *out = c;
    *secret = made;
    return RC_OK;
}

/* ---- update ---- */

static enum rc read_is_active(struct draft *d)
{
    GIVEN(draft_bool(d, "is_active", &d->c->is_active));
    return RC_OK;
}

enum rc client_metadata_update(struct arena *a, const struct json *body, int64_t now, bool with_wildcard,
                               struct client *inout, struct refusal *no)
{
    struct client c = *inout;
    struct draft d = { a, body, &c, no, with_wildcard };

    TRY(check_body(&d));
    TRY(read_common(&d));
    TRY(read_is_active(&d));
    c.updated_at = now;
    *inout = c;
    return RC_OK;
}
