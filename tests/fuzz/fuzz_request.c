/*
 * The environment of a request as the web server sends it: method, address, query, body,
 * cookies, headers (http/request.c), bound into fields (http/fields.c), routed
 * (http/route.c).  Input: "NAME=value" lines, an empty line, the body.
 */
#include "config.h"

#include "fuzz.h"

#include "conf/conf.h"
#include "http/fields.h"
#include "http/user_agent.h"
#include "serve/dispatch.h"
#include "util/json.h"
#include "util/uri.h"

#define LINES_MAX 64

static struct conf conf;
static struct router *router;
static struct arena *always;

struct form { const char *a, *client_id, *redirect_uri, *scope, *code_verifier, *state, *email; };
static const struct field fields[] = {
    FIELD(form, a, F_OPTIONAL, 20, NULL),
    FIELD(form, client_id, F_OPTIONAL, 64, is_vschar),
    FIELD(form, redirect_uri, F_OPTIONAL, 2048, is_uri),
    FIELD(form, scope, F_OPTIONAL, 512, is_scope),
    FIELD(form, code_verifier, F_OPTIONAL, 128, is_unreserved),
    FIELD(form, state, F_OPTIONAL, 1024, field_any),
    FIELD(form, email, F_OPTIONAL, 254, is_email),
};

static void prepare(void)
{
    if (router != NULL)
        return;
    always = arena_start("always");
    conf = (struct conf){ .url = "https://id.example.org", .origin = "https://id.example.org", .host = "id.example.org",
                          .host_port = "id.example.org", .oauth_path = "/oauth2", .is_https = true,
                          .issuer = "https://id.example.org/oauth2" };
    MUST(net_list_parse(always, "127.0.0.0/8 ::1 10.0.0.0/8", &conf.trusted_proxies) == RC_OK);
    MUST(dispatch_router(always, "/oauth2", &router) == RC_OK);
}

static void check_text(const char *text)
{
    MUST(text == NULL || text_is_utf8(text, strlen(text)));
}

static void check_params(const struct params *params)
{
    for (size_t i = 0; i < params->n; i++) {
        check_text(params->v[i].name);
        check_text(params->v[i].value);
    }
}

static void check_request(const struct request *rq)
{
    const char *const texts[] = { rq->id, rq->method_text, rq->path, rq->query_text, rq->content_type, rq->address,
                                  rq->limit_key, rq->host, rq->authorization, rq->user_agent, rq->origin, rq->referer };

    for (size_t i = 0; i < ARRAY_LEN(texts); i++)
        check_text(texts[i]);
    check_params(&rq->query);
    check_params(&rq->form);
    check_params(&rq->cookies);
    MUST(rq->path[0] == '/' || rq->path[0] == '*');
    (void)cookie_get(rq, "autentico_csrf");
    check_text(user_agent_name(A, rq->user_agent));
}

static void check_bound(const struct form *form)
{
    MUST(form->a == NULL || strlen(form->a) <= 20);
    MUST(form->client_id == NULL || is_vschar(form->client_id));
    MUST(form->redirect_uri == NULL || is_uri(form->redirect_uri));
    MUST(form->scope == NULL || is_scope(form->scope));
    MUST(form->code_verifier == NULL || is_unreserved(form->code_verifier));
    MUST(form->email == NULL || is_email(form->email));
}

static void bind(const struct request *rq)
{
    struct exchange x = { .arena = A, .conf = &conf, .rq = rq, .now = FUZZ_NOW };
    struct json *body;
    struct form form = { 0 };

    if (form_bind(&x, fields, ARRAY_LEN(fields), &form) == RC_OK)
        check_bound(&form);
    form = (struct form){ 0 };
    if (query_bind(&x, fields, ARRAY_LEN(fields), &form) == RC_OK)
        check_bound(&form);
    form = (struct form){ 0 };
    if (either_bind(&x, fields, ARRAY_LEN(fields), &form) == RC_OK)
        check_bound(&form);
    form = (struct form){ 0 };
    if (json_bind(&x, fields, ARRAY_LEN(fields), &form, &body) == RC_OK)
        MUST(json_type(body) == JSON_OBJECT);
}

/* A clean path is clean, and finds a row or none. */
static void route(const struct request *rq)
{
    char *cleaned = (char *)(uintptr_t)path_clean(A, rq->path);
    const char *path = cleaned != NULL ? cleaned : rq->path;
    const struct route *row = NULL;
    int allow = 0;

    MUST(path_clean(A, path) == NULL);
    if (router_match(router, rq->method, path, &row, &allow) == RC_OK)
        MUST(row != NULL && row->handle != NULL);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct input in = { data, size };
    char *env[LINES_MAX + 1] = { NULL };
    struct request rq = { 0 };
    struct refusal no = { REFUSE_NOTHING };

    begin();
    prepare();
    for (size_t i = 0; i < LINES_MAX; i++) {
        struct bytes line = take_line(&in);

        if (line.n == 0)
            break;
        env[i] = text_from(line);
    }
    enum rc rc = request_build(A, &conf, env, take_rest(&in), &rq, &no);
    MUST(rc == RC_OK || rc == RC_REFUSED);
    MUST(rc == RC_OK || no.code != REFUSE_NOTHING);
    if (rc == RC_OK) {
        check_request(&rq);
        bind(&rq);
        route(&rq);
    }
    return end();
}
