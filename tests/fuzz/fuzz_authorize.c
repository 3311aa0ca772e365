/*
 * Authorization requests (oidc/authz_request.c) and the handles they travel in
 * (oidc/interaction.c), on a database with two applications.  The first byte says what the
 * rest is:
 *   0  a query string
 *   1  a handle, as it comes in the form
 *   2  what is in a handle of ours, sealed here
 *   3  the request in a handle of ours, framed and sealed here
 */
#include "config.h"

#include "fuzz.h"

#include "http/csrf.h"
#include "http/request.h"
#include "oidc/authz_request.h"
#include "oidc/interaction.h"
#include "store/clients.h"
#include "store/migrate.h"
#include "store/settings_table.h"
#include "util/encode.h"
#include "util/frame.h"

#define REDIRECT "https://app.example/cb"
#define HANDLE_VERSION 2 /* as in oidc/interaction.c */

static struct arena *always;
static struct db *db;
static struct settings settings;
static struct keyring keyring;
static struct conf conf = {
    .url = "https://id.example", .oauth_path = "/oauth2", .issuer = "https://id.example/oauth2",
    .origin = "https://id.example", .host = "id.example", .host_port = "id.example", .is_https = true,
    .refresh_cookie_name = "autentico_refresh_token", .session_cookie_name = "autentico_idp_session",
};

static void add_client(const char *id, const char *uri, bool is_public)
{
    const char *uris[] = { uri, "http://127.0.0.1/cb" }, *grants[] = { "authorization_code" }, *types[] = { "code" };
    struct client c = {
        .id = id, .client_id = id, .client_name = "An App", .is_active = true, .is_public = is_public,
        .scopes = "openid profile email", .token_endpoint_auth_method = is_public ? "none" : "client_secret_basic",
        .redirect_uris = { uris, 2 }, .grant_types = { grants, 1 }, .response_types = { types, 1 },
        .allow_self_signup = -1, .trust_device_enabled = -1, .consent_required = 0, .require_mfa = -1,
        .created_at = FUZZ_NOW, .updated_at = FUZZ_NOW,
    };

    MUST(clients_add(db, &c) == RC_OK);
}

static struct exchange *an_exchange(const char *query)
{
    struct request *rq = arena_new(A, struct request);
    struct exchange *x = arena_new(A, struct exchange);

    *rq = (struct request){
        .id = "r1", .method = M_GET, .method_text = "GET", .path = "/oauth2/authorize", .raw_path = "/oauth2/authorize",
        .query_text = query, .content_type = "", .address = "192.0.2.7", .limit_key = "192.0.2.7", .is_secure = true,
        .host = "id.example", .authorization = "", .user_agent = "", .origin = "", .referer = "", .sec_fetch_site = "",
        .csrf_header = "", .accept = "", .if_none_match = "",
    };
    rq->is_bad_query = params_parse(A, query, strlen(query), &rq->query) != RC_OK;
    *x = (struct exchange){ .arena = A, .db = db, .conf = &conf, .keys = &keyring, .settings = &settings, .rq = rq,
                            .rs = arena_new(A, struct response), .now = FUZZ_NOW };
    response_init(x->rs, A);
    return x;
}

static bool is_registered(const char *uri)
{
    return strcmp(uri, REDIRECT) == 0 || strcmp(uri, "com.example.app:/cb") == 0 ||
           strncmp(uri, "http://127.0.0.1", 16) == 0;
}

static struct interaction_form form_of(const struct authz_request *r, const char *handle)
{
    return (struct interaction_form){
        .authorize_sig = handle, .client_id = r->client_id, .redirect_uri = r->redirect_uri, .scope = r->scope,
        .state = r->state, .nonce = r->nonce, .code_challenge = r->code_challenge,
        .code_challenge_method = r->code_challenge_method, .prompt = r->prompt,
    };
}

/* There and back. */
static void travel(struct exchange *x, const struct authz_request *r)
{
    struct authz_request back = { 0 };
    const char *handle;

    if (interaction_seal(x, r, &handle) != RC_OK)
        return; /* too long */
    MUST(strlen(handle) <= INTERACTION_MAX);
    struct interaction_form form = form_of(r, handle);
    MUST(interaction_open(x, &form, &back) == RC_OK);
    MUST(same_bytes(authz_request_pack(A, r), authz_request_pack(A, &back)));
    (void)authz_request_url(x, r, "extra", "value", NULL);
}

/* The whole open-redirect rule (style 4.1): nothing goes where nobody registered. */
static void query(const char *text)
{
    struct exchange *x = an_exchange(text);
    struct authz_request r = { 0 };
    enum rc rc = authz_request_read(x, &r);

    MUST(rc == RC_OK || rc == RC_REFUSED);
    MUST(rc == RC_OK || x->no.code != REFUSE_NOTHING);
    if (x->no.return_to != NULL)
        MUST(is_registered(x->no.return_to->redirect_uri));
    if (rc != RC_OK)
        return;
    MUST(is_registered(r.redirect_uri) && r.client != NULL && strcmp(r.response_type, "code") == 0);
    MUST(!r.client->is_public || !text_empty(r.code_challenge));
    travel(x, &r);
}

static void open_handle(struct exchange *x, const char *handle, bool may_open)
{
    struct interaction_form form = { .authorize_sig = handle, .client_id = "app", .redirect_uri = REDIRECT,
                                     .scope = "openid" };
    struct authz_request r = { 0 };
    enum rc rc = interaction_open(x, &form, &r);

    MUST(rc == RC_OK || rc == RC_NONE || rc == RC_REFUSED);
    MUST(rc != RC_OK || may_open);
    if (rc != RC_REFUSED)
        MUST(is_registered(r.redirect_uri));
}

static const char *sealed(struct bytes plain)
{
    return base64url_encode(A, keyring_seal(&keyring, KEY_HANDLE, A, bytes_of("autentico interaction"), plain));
}

static const char *framed(struct exchange *x, int64_t issued_at, struct bytes packed)
{
    struct sbuf b;

    sbuf_init(&b, A, 256);
    frame_put_int(&b, HANDLE_VERSION);
    frame_put_int(&b, issued_at);
    frame_put_bytes(&b, csrf_binding(x));
    frame_put_bytes(&b, packed);
    return sealed(sbuf_bytes(&b));
}

/* That these applications can ask, and a handle framed here opens: else nothing would be tried. */
static void check_usual(void)
{
    struct exchange *x = an_exchange("response_type=code&client_id=app&scope=openid&redirect_uri=" REDIRECT);
    struct authz_request r = { 0 }, back = { 0 };

    MUST(authz_request_read(x, &r) == RC_OK);
    struct interaction_form form = form_of(&r, framed(x, FUZZ_NOW, authz_request_pack(A, &r)));
    MUST(interaction_open(x, &form, &back) == RC_OK);
}

static void prepare(void)
{
    struct db_open how = { .path = ":memory:", .wrote_fd = -1 };
    struct keyring_roots roots = { .cookie = bytes_of("a cookie secret of at least 32 bytes") };
    const char *why = "";

    if (db != NULL)
        return;
    always = arena_start("always");
    MUST(db_open(&how, &db) == RC_OK && migrate_apply(db, always, &why) == RC_OK);
    MUST(settings_load(db, always, &settings) == RC_OK);
    keyring_derive(&roots, &keyring);
    add_client("app", REDIRECT, false);
    add_client("spa", "com.example.app:/cb", true);
    check_usual();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct input in = { data, size };
    const char *handle;

    begin();
    prepare();
    struct exchange *x = an_exchange("");
    switch (take_byte(&in) % 4) {
    case 0:
        query(take_text(&in));
        break;
    case 1:
        open_handle(x, take_text(&in), false);
        break;
    case 2:
        open_handle(x, sealed(take_rest(&in)), true);
        break;
    default:
        handle = framed(x, FUZZ_NOW - take_byte(&in) * 20, take_rest(&in));
        open_handle(x, handle, true);
        break;
    }
    MUST(db_is_idle(db));
    return end();
}
