#include "config.h"

#include "oidc/authz_request.h"

#include <stdarg.h>
#include <string.h>

#include "http/fields.h"
#include "oidc/pkce.h"
#include "oidc/redirect_uri.h"
#include "oidc/scope.h"
#include "store/clients_kept.h"
#include "store/settings_table.h"
#include "util/uri.h"

#define MAX_AGE_CLAMP INT32_MAX /* 68 years are as good as any */
#define ANY_LENGTH 65536        /* what is refused by name is refused at any length */

/* Until these two are verified a refusal stays on a page of ours. */
static const struct field place_fields[] = {
    FIELD(authz_request, redirect_uri, F_REQUIRED, 2048, is_uri),
    FIELD(authz_request, client_id, F_REQUIRED, 255, is_vschar),
};

/* How every later answer travels. */
static const struct field mode_fields[] = {
    FIELD(authz_request, response_mode, F_OPTIONAL, 64, NULL),
};
static const struct field state_fields[] = {
    FIELD(authz_request, state, F_OPTIONAL, 2048, NULL),
};

static const struct field request_fields[] = {
    FIELD(authz_request, response_type, F_OPTIONAL, 128, NULL),
    FIELD(authz_request, scope, F_OPTIONAL, 1024, is_scope),
    FIELD(authz_request, nonce, F_OPTIONAL, 1024, NULL),
    FIELD(authz_request, code_challenge, F_OPTIONAL, 256, NULL),
    FIELD(authz_request, code_challenge_method, F_OPTIONAL, 64, NULL),
    FIELD(authz_request, prompt, F_OPTIONAL, 256, NULL),
    FIELD(authz_request, login_hint, F_OPTIONAL, 1024, NULL),
    FIELD(authz_request, id_token_hint, F_OPTIONAL, 4096, NULL),
    FIELD(authz_request, ui_locales, F_OPTIONAL, 256, NULL),
    FIELD(authz_request, acr_values, F_OPTIONAL, 256, NULL),
    FIELD(authz_request, display, F_OPTIONAL, 64, NULL),
};

/* Looked at on the wire and not carried further. */
struct wire {
    const char *request, *request_uri, *registration, *max_age, *claims;
};
static const struct field wire_fields[] = {
    FIELD(wire, request, F_OPTIONAL, ANY_LENGTH, NULL),
    FIELD(wire, request_uri, F_OPTIONAL, ANY_LENGTH, NULL),
    FIELD(wire, registration, F_OPTIONAL, ANY_LENGTH, NULL),
    FIELD(wire, max_age, F_OPTIONAL, 64, NULL),
    FIELD(wire, claims, F_OPTIONAL, 4096, NULL),
};

/* ---- before redirect_uri is verified: pages (http-api 5.1, 2 and 3) ---- */

static enum rc find_client(struct exchange *x, struct authz_request *r)
{
    struct client *c;
    enum rc rc = clients_known(x->clients, x->db, x->arena, r->client_id, &c);

    if (rc == RC_NONE || (rc == RC_OK && !c->is_active))
        return refuse(&x->no, REFUSE_INVALID_CLIENT_400,
                      "The client_id names no application that is active here");
    TRY(rc);
    r->client = c;
    return RC_OK;
}

static enum rc place(struct exchange *x, struct authz_request *r)
{
    struct return_to *to = arena_new(x->arena, struct return_to);

    TRY(find_client(x, r));
    if (!redirect_uri_matches(&r->client->redirect_uris, r->redirect_uri, x->settings->allow_redirect_uri_wildcard))
        return refuse(&x->no, REFUSE_INVALID_REQUEST,
                      "The redirect_uri is not registered for this application");
    to->redirect_uri = r->redirect_uri;
    to->state = r->state;
    to->is_form_post = text_same(r->response_mode, "form_post");
    to->client_name = r->client->client_name;
    r->to = to;
    x->no.return_to = to;
    return RC_OK;
}

/* ---- from here on refusals travel to the client ---- */

static enum rc check_response_mode(struct exchange *x, const struct authz_request *r)
{
    if (text_empty(r->response_mode) || text_same(r->response_mode, "query") ||
        text_same(r->response_mode, "form_post"))
        return RC_OK;
    return refuse(&x->no, REFUSE_INVALID_REQUEST, "response_mode must be query or form_post");
}

/* Public clients always, others when they promised it (BCP 2.1.1). */
static bool needs_pkce(const struct client *c)
{
    return c->is_public || text_same(c->profile, "fapi2");
}

static enum rc check_pkce(struct exchange *x, const struct authz_request *r)
{
    if (!text_empty(r->code_challenge))
        return pkce_check_challenge(r->code_challenge, r->code_challenge_method,
                                    x->settings->pkce_enforce_s256, &x->no);
    if (needs_pkce(r->client))
        return refuse(&x->no, REFUSE_INVALID_REQUEST,
                      "code_challenge is required for this client");
    if (!text_empty(r->code_challenge_method)) /* somebody took the challenge out */
        return refuse(&x->no, REFUSE_INVALID_REQUEST,
                      "code_challenge_method without a code_challenge");
    return RC_OK;
}

static bool is_in(const struct text_list *list, const char *word)
{
    for (size_t i = 0; i < list->n; i++)
        if (text_same(list->v[i], word))
            return true;
    return false;
}

static enum rc check_response_type(struct exchange *x, const struct authz_request *r)
{
    if (!text_same(r->response_type, "code") || !is_in(&r->client->response_types, "code"))
        return refuse(&x->no, REFUSE_UNSUPPORTED_RESPONSE_TYPE, NULL);
    if (!is_in(&r->client->grant_types, "authorization_code"))
        return refuse(&x->no, REFUSE_UNAUTHORIZED_CLIENT, NULL);
    return RC_OK;
}

static enum rc check_prompt(struct exchange *x, const struct authz_request *r)
{
    struct text_list words = text_split(x->arena, r->prompt, ' ');

    if (words.n > 1 && authz_prompt_has(r, "none"))
        return refuse(&x->no, REFUSE_INVALID_REQUEST, "prompt=none stands alone");
    return RC_OK;
}

static enum rc check_request(struct exchange *x, struct authz_request *r)
{
    TRY(check_response_mode(x, r));                                         /* MRT 2.1 */
    if (text_empty(r->response_type))                                       /* RFC 6749 3.1.1 */
        return refuse(&x->no, REFUSE_INVALID_REQUEST, "response_type is missing");
    TRY(check_pkce(x, r));                                                  /* RFC 7636 4.4.1 */
    TRY(check_response_type(x, r));                                         /* RFC 6749 4.1.2.1 */
    TRY(scope_check(x->arena, r->scope, r->client->scopes, &x->no, &r->scope)); /* 3.3 */
    return check_prompt(x, r);                                              /* Core 3.1.2.1 */
}

enum rc authz_request_check(struct exchange *x, struct authz_request *r)
{
    TRY(place(x, r));
    return check_request(x, r);
}

/* ---- reading ---- */

/* OIDC Core 3.1.2.6, 6.1; RO-01 to RO-03, CO-25 */
static enum rc refuse_unsupported(struct exchange *x, const struct wire *w)
{
    if (w->request != NULL && w->request_uri != NULL)
        return refuse(&x->no, REFUSE_INVALID_REQUEST, "request and request_uri exclude each other");
    if (w->request != NULL)
        return refuse(&x->no, REFUSE_REQUEST_NOT_SUPPORTED, NULL);
    if (w->request_uri != NULL)
        return refuse(&x->no, REFUSE_REQUEST_URI_NOT_SUPPORTED, NULL);
    if (w->registration != NULL)
        return refuse(&x->no, REFUSE_REGISTRATION_NOT_SUPPORTED, NULL);
    return RC_OK;
}

/* CO-17: more digits than we can count are clamped, anything else is refused. */
static enum rc read_max_age(struct exchange *x, const char *text, int64_t *out)
{
    int64_t n;

    if (text == NULL)
        return RC_OK;
    if (!is_digits(text))
        return refuse(&x->no, REFUSE_INVALID_REQUEST, "max_age must be a number of seconds");
    if (text_int(text, &n) != RC_OK || n > MAX_AGE_CLAMP)
        n = MAX_AGE_CLAMP;
    *out = n;
    return RC_OK;
}

static bool is_object_or_absent(const struct json *obj, const char *name)
{
    const struct json *member = json_get(obj, name);

    return member == NULL || json_type(member) == JSON_OBJECT;
}

/* OIDC Core 5.5: what it asks for is voluntary and not looked at; its shape is
 * (UI-06). */
static enum rc check_claims(struct exchange *x, const char *text)
{
    struct json *claims;

    if (text == NULL)
        return RC_OK;
    if (json_parse(x->arena, text, strlen(text), &claims) != RC_OK ||
        json_type(claims) != JSON_OBJECT || !is_object_or_absent(claims, "userinfo") ||
        !is_object_or_absent(claims, "id_token"))
        return refuse(&x->no, REFUSE_INVALID_REQUEST, "claims is not a valid JSON object");
    return RC_OK;
}

/* Both, so that a fault in one still finds the other in its answer. */
static enum rc bind_way_back(struct exchange *x, struct authz_request *r)
{
    enum rc mode = either_bind(x, mode_fields, ARRAY_LEN(mode_fields), r);
    enum rc state = either_bind(x, state_fields, ARRAY_LEN(state_fields), r);

    r->to->state = r->state;
    r->to->is_form_post = text_same(r->response_mode, "form_post");
    TRY(mode);
    return state;
}

/* The contract takes an absent method for S256 (PK-07). */
static void complete_pkce(struct authz_request *r)
{
    if (!text_empty(r->code_challenge) && text_empty(r->code_challenge_method))
        r->code_challenge_method = "S256";
}

static enum rc bind_rest(struct exchange *x, struct authz_request *r, struct wire *w)
{
    TRY(either_bind(x, wire_fields, ARRAY_LEN(wire_fields), w));
    TRY(either_bind(x, request_fields, ARRAY_LEN(request_fields), r));
    complete_pkce(r);
    return RC_OK;
}

enum rc authz_request_read(struct exchange *x, struct authz_request *out)
{
    struct authz_request r = { .max_age = -1, .requested_at = x->now };
    struct wire w = { 0 };

    TRY(either_bind(x, place_fields, ARRAY_LEN(place_fields), &r));
    TRY(place(x, &r));
    TRY(bind_way_back(x, &r));
    TRY(bind_rest(x, &r, &w));
    TRY(refuse_unsupported(x, &w));
    TRY(check_request(x, &r));
    TRY(read_max_age(x, w.max_age, &r.max_age));
    TRY(check_claims(x, w.claims));
    *out = r;
    return RC_OK;
}

/* ---- writing ---- */

static void add_param(struct sbuf *b, const char *name, const char *value)
{
    if (!text_empty(value))
        uri_add_param(b, name, value);
}

static void add_fields(struct sbuf *b, const struct authz_request *r, const struct field *fields,
                       size_t n)
{
    for (size_t i = 0; i < n; i++)
        add_param(b, fields[i].name,
                  *(const char *const *)((const char *)r + fields[i].offset));
}

char *authz_request_url(struct exchange *x, const struct authz_request *r, ...)
{
    struct sbuf url;
    const char *name;
    va_list ap;

    sbuf_init(&url, x->arena, 1024);
    sbuf_printf(&url, "%s/authorize", x->conf->oauth_path);
    add_fields(&url, r, place_fields, ARRAY_LEN(place_fields));
    add_fields(&url, r, mode_fields, ARRAY_LEN(mode_fields));
    add_fields(&url, r, state_fields, ARRAY_LEN(state_fields));
    add_fields(&url, r, request_fields, ARRAY_LEN(request_fields));
    if (r->max_age >= 0)
        add_param(&url, "max_age", arena_printf(x->arena, "%lld", (long long)r->max_age));
    va_start(ap, r);
    while ((name = va_arg(ap, const char *)) != NULL)
        add_param(&url, name, va_arg(ap, const char *));
    va_end(ap);
    return url.text;
}

bool authz_prompt_has(const struct authz_request *r, const char *value)
{
    return text_list_has(r->prompt, value);
}
