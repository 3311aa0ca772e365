#include "config.h"

#include "http/problem.h"

#include <string.h>

#include "http/request.h"
#include "http/route.h"
#include "util/uri.h"

/* --- to a client ---------------------------------------------------------- */

/* Chromium holds redirects after a form post against form-action too, and "*" does
 * not cover the private schemes of native apps. */
const char *problem_form_action(struct arena *a, const char *redirect_uri)
{
    struct uri u;

    if (uri_parse(a, redirect_uri, &u) != RC_OK || text_same(u.scheme, "https") ||
        text_same(u.scheme, "http"))
        return "*";
    return arena_printf(a, "* %s:", u.scheme);
}

static void add_field(struct exchange *x, struct json *fields, const char *name, const char *value)
{
    if (value != NULL)
        json_add_pair(x->arena, fields, "name", name, "value", value);
}

static enum rc post_to_client(struct exchange *x, const struct return_to *to, const struct params *params)
{
    struct json *vars = json_object(x->arena), *fields = json_array(x->arena);

    for (size_t i = 0; i < params->n; i++)
        add_field(x, fields, params->v[i].name, params->v[i].value);
    json_set_str(vars, "action", to->redirect_uri);
    json_set(vars, "fields", fields);
    json_set_str_nonempty(vars, "client_name", to->client_name);
    x->rs->form_action = problem_form_action(x->arena, to->redirect_uri);
    x->rs->cache_control = "no-cache, no-store";
    response_header(x, "Pragma", "no-cache");
    return respond_page(x, 200, "pages/form_post", vars);
}

static enum rc redirect_to_client(struct exchange *x, const struct return_to *to, const struct params *params)
{
    struct sbuf uri;

    sbuf_init(&uri, x->arena, 1024);
    sbuf_add(&uri, to->redirect_uri);
    for (size_t i = 0; i < params->n; i++)
        uri_add_param(&uri, params->v[i].name, params->v[i].value);
    return respond_redirect(x, uri.text);
}

/* A script posts it for us: {"redirect": where, "form_post": {name: value}}. */
static enum rc post_by_script(struct exchange *x, const struct return_to *to, const struct params *params)
{
    struct json *obj = json_object(x->arena), *fields = json_object(x->arena);

    for (size_t i = 0; i < params->n; i++)
        json_set_str(fields, params->v[i].name, params->v[i].value);
    json_set_str(obj, "redirect", to->redirect_uri);
    json_set(obj, "form_post", fields);
    return respond_json(x, 200, obj);
}

/* RFC 6749 4.1.2, RFC 9207 2: state as it came, iss always. */
enum rc respond_to_client(struct exchange *x, const struct return_to *to, ...)
{
    struct param v[8];
    struct params params = { v, 0 };
    const char *name;
    va_list ap;

    va_start(ap, to);
    while ((name = va_arg(ap, const char *)) != NULL && params.n < ARRAY_LEN(v) - 2)
        v[params.n++] = (struct param){ name, va_arg(ap, const char *) };
    va_end(ap);
    v[params.n++] = (struct param){ "state", to->state };
    /* cppcheck-suppress unreadVariable ; read through params.v */
    v[params.n++] = (struct param){ "iss", x->conf->issuer };
    if (to->is_form_post)
        return is_script(x) ? post_by_script(x, to, &params) : post_to_client(x, to, &params);
    return redirect_to_client(x, to, &params);
}

/* --- the languages -------------------------------------------------------- */

static bool is_bearer_row(const struct exchange *x)
{
    const struct route *row = x->route;

    if (row == NULL)
        return false;
    return row->who == WHO_BEARER || row->who == WHO_CLIENT_OR_ADMIN ||
           ((row->who == WHO_USER || row->who == WHO_ADMIN) && row->speaks != SPEAK_HTML);
}

static void challenge_bearer(struct exchange *x)
{
    const char *scope = "";

    if (x->no.code == REFUSE_NO_TOKEN) {
        response_header(x, "WWW-Authenticate", "Bearer realm=\"%s\"", x->conf->issuer);
        return;
    }
    if (x->no.code == REFUSE_INSUFFICIENT_SCOPE && x->route->needs != NULL)
        scope = arena_printf(x->arena, ", scope=\"%s\"", x->route->needs);
    response_header(x, "WWW-Authenticate", "Bearer realm=\"%s\", error=\"%s\", error_description=\"%s\"%s",
                    x->conf->issuer, refusal_wire(x->no.code), refusal_text(&x->no), scope);
}

/* RFC 6749 5.2, RFC 6750 3: a challenge in the scheme that was tried. */
static void challenge(struct exchange *x, int status)
{
    size_t scheme_n = strcspn(x->rq->authorization, " ");
    bool tried_basic = scheme_n == 5 && strncasecmp(x->rq->authorization, "Basic", scheme_n) == 0;

    if (x->no.code == REFUSE_INVALID_CLIENT) {
        if (tried_basic)
            response_header(x, "WWW-Authenticate", "Basic realm=\"%s\", charset=\"UTF-8\"", x->conf->issuer);
        return;
    }
    if (is_bearer_row(x) && (status == 401 || x->no.code == REFUSE_INSUFFICIENT_SCOPE ||
                             x->no.code == REFUSE_BEARER_TWICE))
        challenge_bearer(x);
}

static void say_json(struct exchange *x, int status)
{
    struct json *obj = json_object(x->arena);

    challenge(x, status);
    if (x->no.code != REFUSE_NO_TOKEN) {
        json_set_str_nonempty(obj, "error", refusal_wire(x->no.code));
        json_set_str_nonempty(obj, "error_description", refusal_text(&x->no));
    }
    (void)respond_json(x, status, obj);
}

/* PERR of http-api 1.3 */
static void say_to_script(struct exchange *x, int status, const char *text)
{
    struct json *obj = json_object(x->arena);

    json_set_str(obj, "error", text);
    (void)respond_json(x, status, obj);
}

/* DERR of http-api 1.3, for date filters only. */
static void say_date_range(struct exchange *x)
{
    struct json *obj = json_object(x->arena), *error = json_object(x->arena);

    json_set_str(error, "message", refusal_text(&x->no));
    json_set_int(error, "code", 400);
    json_set_null(obj, "data");
    json_set(obj, "error", error);
    (void)respond_json(x, 400, obj);
}

/* What somebody who only wanted to sign in can do about it. */
static const char *hint_for(enum refusal_code code, int status)
{
    if (status >= 500)
        return "Go back and try again. If it happens again, tell whoever runs this service, with the "
               "number below.";
    switch (code) {
    case REFUSE_INVALID_REQUEST:
    case REFUSE_INVALID_CLIENT_400:
        return "The application that sent you here has to mend this. Go back to it and try again; if "
               "that does not help, show this page to whoever runs it.";
    default:
        return NULL;
    }
}

static void say_page(struct exchange *x, int status, const char *message)
{
    struct json *vars = json_object(x->arena);

    json_set_str(vars, "message", message);
    json_set_str_nonempty(vars, "hint", hint_for(x->no.code, status));
    json_set_str(vars, "request_id", x->rq->id);
    if (x->templates == NULL) {
        (void)respond_text(x, status, message);
        return;
    }
    (void)respond_page(x, status, "pages/error", vars);
}

/* http-api 1.4 has OERR for all; a person's browser gets a page. */
static enum speak language_of(const struct exchange *x, int status)
{
    enum speak speaks = x->route != NULL ? x->route->speaks : SPEAK_TEXT;

    if (status >= 500 && x->route != NULL && x->route->when_down != SPEAK_UNSET)
        return x->route->when_down;
    if (status == 429 && speaks == SPEAK_HTML && strstr(x->rq->accept, "text/html") == NULL)
        return SPEAK_JSON;
    if (status == 429 && speaks == SPEAK_SCRIPT)
        return SPEAK_JSON;
    return speaks;
}

static void say(struct exchange *x, int status)
{
    enum speak speaks = language_of(x, status);

    if (x->no.code == REFUSE_CSRF) {
        (void)respond_text(x, status, refusal_text(&x->no)); /* form-fields 1: text, always */
        return;
    }
    if (x->no.code == REFUSE_BAD_DATE_RANGE && speaks == SPEAK_JSON) {
        say_date_range(x);
        return;
    }
    switch (speaks) {
    case SPEAK_OAUTH:
    case SPEAK_JSON:
        say_json(x, status);
        return;
    case SPEAK_HTML:
        say_page(x, status, refusal_text(&x->no));
        return;
    case SPEAK_SCRIPT:
        say_to_script(x, status, refusal_text(&x->no));
        return;
    case SPEAK_TEXT:
    case SPEAK_UNSET:
        (void)respond_text(x, status, refusal_text(&x->no));
        return;
    }
}

static void add_allow(struct exchange *x, int allow)
{
    static const struct { enum method method; const char *text; } known[] = {
        { M_GET, "GET, HEAD" }, { M_POST, "POST" },     { M_PUT, "PUT" },
        { M_DELETE, "DELETE" }, { M_PATCH, "PATCH" },
    };
    struct sbuf list;

    if (allow == 0)
        return;
    sbuf_init(&list, x->arena, 64);
    for (size_t i = 0; i < ARRAY_LEN(known); i++)
        if (allow & (int)known[i].method)
            sbuf_printf(&list, "%s%s", list.n > 0 ? ", " : "", known[i].text);
    response_header(x, "Allow", "%s", list.text);
}

static void reset(struct exchange *x)
{
    struct response *rs = x->rs;
    struct sbuf headers = rs->headers; /* cookies set before stay */
    const char *nonce = rs->nonce;

    memset(rs, 0, sizeof(*rs));
    rs->headers = headers;
    rs->nonce = nonce;
}

/* What is wrong between the browser and us is no business of the application. */
static bool is_for_client(const struct exchange *x)
{
    static const enum refusal_code ours[] = { REFUSE_CSRF, REFUSE_METHOD, REFUSE_TOO_LARGE, REFUSE_TOO_MANY };

    for (size_t i = 0; i < ARRAY_LEN(ours); i++)
        if (x->no.code == ours[i])
            return false;
    return x->no.return_to != NULL;
}

/* OIDC Core 3.1.2.6: the code says it all (http-api 5.1, row 11). */
static const char *description_of(const struct exchange *x)
{
    switch (x->no.code) {
    case REFUSE_LOGIN_REQUIRED:
    case REFUSE_CONSENT_REQUIRED:
    case REFUSE_INTERACTION_REQUIRED:
        return NULL;
    default:
        return refusal_text(&x->no);
    }
}

void problem_respond(struct exchange *x, int allow)
{
    int status = refusal_status(x->no.code);

    reset(x);
    if (is_for_client(x) && respond_to_client(x, x->no.return_to, "error", refusal_wire(x->no.code),
                                              "error_description", description_of(x), NULL) == RC_OK)
        return;
    if (x->no.code == REFUSE_TOO_MANY) /* an account that is locked stays so for longer */
        response_header(x, "Retry-After", "1");
    if (status == 503)
        response_header(x, "Retry-After", "2");
    if (x->no.code == REFUSE_METHOD)
        add_allow(x, allow);
    say(x, status);
}

void problem_fault(struct exchange *x, bool is_busy)
{
    const char *text = is_busy ? "The service cannot store anything at the moment; please try again later"
                               : "Something went wrong here; the request id helps to find out what";
    int status = is_busy ? 503 : 500;
    enum speak speaks = language_of(x, status);
    struct json *obj = json_object(x->arena);

    reset(x);
    if (is_busy)
        response_header(x, "Retry-After", "5");
    if (speaks == SPEAK_OAUTH || speaks == SPEAK_JSON) {
        json_set_str(obj, "error", is_busy ? "temporarily_unavailable" : "server_error");
        json_set_str(obj, "error_description", text);
        json_set_str(obj, "request_id", x->rq->id);
        (void)respond_json(x, status, obj);
    } else if (speaks == SPEAK_SCRIPT) {
        say_to_script(x, status, is_busy ? "temporarily_unavailable" : "server_error");
    } else if (speaks == SPEAK_HTML) {
        say_page(x, status, text);
        if (response_render(x) == RC_OK)
            return;
        (void)respond_text(x, status, arena_printf(x->arena, "%s (%s)", text, x->rq->id));
    } else {
        (void)respond_text(x, status, arena_printf(x->arena, "%s (%s)", text, x->rq->id));
    }
}
