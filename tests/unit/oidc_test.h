/*
 * What the tests of the token side of oidc/ share: an exchange on a fresh database,
 * people and applications in it, and real signer and hasher processes.
 */
#ifndef AUTENTICO_TESTS_OIDC_TEST_H
#define AUTENTICO_TESTS_OIDC_TEST_H

#include "store_test.h"

#include <fcntl.h>
#include <sys/socket.h>

#include "crypto/hash.h"
#include "crypto/random.h"
#include "hasher/hasher.h"
#include "http/problem.h"
#include "http/route.h"
#include "oidc/bearer.h"
#include "oidc/endpoints.h"
#include "oidc/keys.h"
#include "signer/process.h"
#include "store/codes.h"
#include "store/settings_table.h"

#define ISSUER "https://id.example/oauth2"
#define SECRET "0123456789abcdef0123456789abcdef-app" /* of "app": long, so SHA-256 */
#define VERIFIER "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"   /* RFC 7636 App. B */
#define CHALLENGE "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"
#define REDIRECT "https://app.example/cb"
#define ADMIN_TOKEN "an-admin-token-of-more-than-32-characters"

static int64_t T0 UNUSED; /* the signer has a clock of its own: tests start at the real time */

/* ---- processes, one of each per program ---- */

static struct signer SIGNER UNUSED, CLI_SIGNER UNUSED;
static struct hasher HASHER UNUSED;
static struct arena *ALWAYS UNUSED;
static struct signing_key KEY UNUSED; /* RS256, made once: an RSA key takes its time */
static int CONTROLS[2] UNUSED;

static UNUSED int fork_signer(void)
{
    static const uint8_t encryption[32] = "an encryption key of 32 bytes!!";
    struct signer_setup setup = { .issuer = ISSUER, .env_kid = "autentico-key-1", .request_deadline_s = 30 };
    struct signer_secrets secrets = { .encryption = BYTES(encryption), .private_key_pem = "" };
    struct ask_queue worker, cli;
    int control[2];

    assert_ok(ask_queue_open(&worker));
    assert_ok(ask_queue_open(&cli));
    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, control), 0);
    for (int i = 0; i < CHANNELS_N; i++)
        setup.answer_fd[i] = -1;
    setup.answer_fd[CHANNEL_WORKER] = worker.answer_fd;
    setup.answer_fd[CHANNEL_CLI] = cli.answer_fd;
    setup.control_fd = control[1];
    if (fork() == 0) {
        close(control[0]);
        _exit(signer_run(&setup));
    }
    close(control[1]);
    assert_ok(signer_hand_over(control[0], &secrets));
    SIGNER.ask_fd = worker.ask_fd;
    CLI_SIGNER.ask_fd = cli.ask_fd;
    return control[0];
}

static UNUSED int fork_hasher(void)
{
    struct hasher_setup setup = { 0 };
    struct ask_queue q;
    int control[2];

    assert_ok(ask_queue_open(&q));
    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, control), 0);
    setup.answer_fd = q.answer_fd;
    setup.control_fd = control[1];
    if (fork() == 0) {
        close(control[0]);
        _exit(hasher_run(&setup));
    }
    close(control[1]);
    HASHER.ask_fd = q.ask_fd;
    return control[0];
}

static UNUSED void set_deadlines(void)
{
    SIGNER.deadline_ms = CLI_SIGNER.deadline_ms = HASHER.deadline_ms = clock_mono_ms() + 60000;
}

static UNUSED int with_processes(void **state)
{
    (void)state;
    ALWAYS = arena_start("test program");
    CONTROLS[0] = fork_signer();
    CONTROLS[1] = fork_hasher();
    set_deadlines();
    assert_ok(signer_generate(&CLI_SIGNER, ALWAYS, ALG_RS256, &KEY));
    return 0;
}

static UNUSED int without_processes(void **state)
{
    int status;

    (void)state;
    close(CONTROLS[0]); /* both end when their parent is gone */
    close(CONTROLS[1]);
    while (wait(&status) > 0)
        assert_int_equal(status, 0);
    arena_done(ALWAYS);
    return 0;
}

/* ---- rows ---- */

static UNUSED void put_user(const char *id, const char *username, const char *role)
{
    struct user u = {
        .id = id, .username = username, .role = role, .email = arena_printf(A, "%s@example.org", username),
        .is_email_verified = true, .given_name = "Ann", .family_name = "Lee", .middle_name = "", .nickname = "",
        .website = "", .gender = "", .birthdate = "1990-01-02", .profile = "", .phone_number = "", .picture = "",
        .locale = "en", .zoneinfo = "", .address_street = "", .address_locality = "Ghent", .address_region = "",
        .address_postal_code = "", .address_country = "BE", .created_at = T0 - 9000, .updated_at = T0 - 100,
    };

    assert_ok(users_add(DB, &u));
}

static UNUSED void put_client_of(const char *client_id, bool is_public, const char *method, const char *secret)
{
    static const char *uris[] = { REDIRECT }, *grants[] = { "authorization_code", "refresh_token" },
                      *types[] = { "code" };
    struct client c = {
        .id = random_id(A, T0), .client_id = client_id, .client_name = "An App", .is_public = is_public,
        .is_active = true, .scopes = "openid profile email", .token_endpoint_auth_method = method, .profile = "oauth",
        .redirect_uris = { uris, 1 }, .grant_types = { grants, 2 }, .response_types = { types, 1 },
        .allow_self_signup = -1, .trust_device_enabled = -1, .consent_required = -1, .require_mfa = -1,
        .created_at = T0, .updated_at = T0,
    };
    struct client_secret s = { .id = random_id(A, T0), .created_at = T0 };

    assert_ok(clients_add(DB, &c));
    if (secret == NULL)
        return;
    s.sha256 = sha256_of(A, secret);
    assert_ok(clients_add_secret(DB, client_id, &s));
}

/* Grant types of a client, and scopes (NULL: as they are). */
static UNUSED void register_for(const char *client_id, const char *grant_types, const char *scopes)
{
    struct client c;

    assert_ok(clients_find(DB, A, client_id, &c));
    c.grant_types = text_split(A, grant_types, ' ');
    c.scopes = scopes != NULL ? scopes : c.scopes;
    assert_ok(clients_update(DB, &c));
}

static UNUSED void put_session(const char *id, const char *user_id)
{
    struct session s = {
        .id = id, .cookie_hash = sha256_of(A, id), .user_id = user_id, .auth_time = T0 - 60, .acr = "1", .amr = "pwd",
        .user_agent = "curl", .ip_address = "192.0.2.1", .created_at = T0 - 60, .last_activity_at = T0 - 60,
    };

    assert_ok(sessions_add(DB, &s));
}

static UNUSED struct code a_code(const char *value, const char *client_id)
{
    return (struct code){
        .code_hash = sha256_of(A, value), .client_id = client_id, .user_id = "u1", .session_id = "s1",
        .redirect_uri = REDIRECT, .scope = "openid profile email", .nonce = "n-0S6", .code_challenge = CHALLENGE,
        .code_challenge_method = "S256", .auth_time = T0 - 60, .acr = "1", .amr = "pwd", .created_at = T0,
        .expires_at = T0 + 600,
    };
}

static UNUSED void put_code(const char *value, const char *client_id)
{
    struct code c = a_code(value, client_id);

    assert_ok(codes_add(DB, &c));
}

static UNUSED void put_key(void)
{
    struct signing_key_row row = {
        .kid = KEY.kid, .alg = "RS256", .public_jwk = KEY.public_jwk, .private_sealed = KEY.private_sealed,
        .state = "active", .thumbprint = KEY.kid, .created_at = T0, .activated_at = T0,
    };

    assert_ok(signing_keys_add(DB, &row));
}

/* Ann (u1, a session s1) and Root (u2, an administrator, s2); the applications app
 * (confidential, Basic), poster (confidential, post), spa (public), autentico-admin. */
static UNUSED void put_world(void)
{
    T0 = clock_now();
    put_user("u1", "ann", "user");
    put_user("u2", "root", "admin");
    put_client_of("app", false, "client_secret_basic", SECRET);
    put_client_of("poster", false, "client_secret_post", SECRET "2");
    put_client_of("spa", true, "none", NULL);
    put_client_of("autentico-admin", true, "none", NULL);
    put_session("s1", "u1");
    put_session("s2", "u2");
    if (KEY.kid != NULL)
        put_key();
}

static UNUSED int world(void **state)
{
    in_memory(state);
    put_world();
    set_deadlines();
    return 0;
}

static UNUSED int world_in_file(void **state)
{
    in_file(state);
    put_world();
    set_deadlines();
    return 0;
}

/* ---- exchanges ---- */

static struct conf CONF UNUSED = {
    .url = "https://id.example", .oauth_path = "/oauth2", .issuer = ISSUER, .origin = "https://id.example",
    .host = "id.example", .host_port = "id.example", .is_https = true,
    .refresh_cookie_name = "autentico_refresh_token", .session_cookie_name = "autentico_idp_session",
    .request_deadline_s = 30,
};
static struct route ROUTE UNUSED = { .methods = M_POST, .path = "/token", .who = WHO_ANYONE, .limit = LIMIT_NONE,
                                     .csrf = CSRF_NONE, .speaks = SPEAK_OAUTH };

static UNUSED const struct keyring *keyring(void)
{
    static struct keyring k;
    static bool is_made;
    struct keyring_roots roots = { .cookie = bytes_of("a cookie secret of at least 32 bytes"),
                                   .admin_token = bytes_of(ADMIN_TOKEN) };

    if (!is_made)
        keyring_derive(&roots, &k);
    is_made = true;
    return &k;
}

static UNUSED struct request *a_request(enum method method)
{
    struct request *rq = arena_new(A, struct request);

    *rq = (struct request){
        .id = "r1", .method = method, .method_text = method == M_GET ? "GET" : "POST", .path = "/oauth2/token",
        .raw_path = "/oauth2/token", .query_text = "", .content_type = "", .address = "192.0.2.7",
        .limit_key = "192.0.2.7", .is_secure = true, .host = "id.example", .authorization = "", .user_agent = "curl/8",
        .origin = "", .referer = "", .sec_fetch_site = "", .csrf_header = "", .accept = "", .if_none_match = "",
    };
    return rq;
}

/* A fresh exchange, as the worker makes it. */
static UNUSED struct exchange *an_exchange(struct request *rq)
{
    struct exchange *x = arena_new(A, struct exchange);
    struct settings *settings = arena_new(A, struct settings);
    struct key_set *keys = arena_new(A, struct key_set);
    struct clients_facts *facts = arena_new(A, struct clients_facts);

    assert_ok(settings_load(DB, A, settings));
    assert_ok(clients_facts_load(DB, facts));
    assert_ok(key_set_load(DB, A, keys));
    *x = (struct exchange){ .arena = A, .db = DB, .signer = &SIGNER, .hasher = &HASHER, .conf = &CONF,
                            .keys = keyring(), .settings = settings, .key_set = keys, .facts = facts, .rq = rq, .route = &ROUTE,
                            .rs = arena_new(A, struct response), .now = clock_now() };
    response_init(x->rs, A);
    return x;
}

static UNUSED struct exchange *a_post(const char *form)
{
    struct request *rq = a_request(M_POST);

    rq->is_form = true;
    rq->content_type = "application/x-www-form-urlencoded";
    rq->body = bytes_of(form);
    assert_ok(params_parse(A, form, strlen(form), &rq->form));
    return an_exchange(rq);
}

static UNUSED struct exchange *with_header(struct exchange *x, const char *authorization)
{
    struct request *rq = arena_memdup(A, x->rq, sizeof(*rq));

    rq->has_authorization = true;
    rq->authorization = authorization;
    x->rq = rq;
    return x;
}

static UNUSED const char *basic(const char *id, const char *secret)
{
    struct sbuf b;

    sbuf_init(&b, A, 0);
    sbuf_urlencode(&b, id);
    sbuf_addc(&b, ':');
    sbuf_urlencode(&b, secret);
    return arena_printf(A, "Basic %s", base64_encode(A, sbuf_bytes(&b)));
}

static UNUSED const char *bearer(const char *token)
{
    return arena_printf(A, "Bearer %s", token);
}

/* The body of the answer. */
static UNUSED struct json *answer_of(struct exchange *x)
{
    struct json *j = NULL;

    assert_int_equal(x->rs->status, 200);
    assert_ok(json_parse(A, (const char *)x->rs->body.p, x->rs->body.n, &j));
    return j;
}

static UNUSED const char *text_of(const struct json *obj, const char *name)
{
    return json_str(json_get(obj, name));
}

static UNUSED int64_t int_of(const struct json *obj, const char *name)
{
    int64_t n = -1;

    assert_ok(json_get_int(obj, name, &n));
    return n;
}

static UNUSED void assert_no(struct exchange *x, enum rc rc, enum refusal_code code)
{
    assert_int_equal(rc, RC_REFUSED);
    if (x->no.code != code)
        fail_msg("refused with %s (%s), not %s", refusal_wire(x->no.code), refusal_text(&x->no), refusal_wire(code));
}

/* What the token endpoint says to a form; `header` NULL: no Authorization. */
static UNUSED void assert_token_refused(const char *what, const char *header, const char *form, enum refusal_code code)
{
    struct exchange *x = a_post(form);

    if (header != NULL)
        with_header(x, header);
    if (token_handle(x) != RC_REFUSED || x->no.code != code)
        fail_msg("%s: %s (%s)", what, refusal_wire(x->no.code), refusal_text(&x->no));
}

/* A bearer that is worth nothing. */
static UNUSED void assert_dead(const char *token)
{
    struct exchange *x = a_post("");

    assert_no(x, bearer_check(x, token), REFUSE_INVALID_TOKEN);
    assert_null(x->token);
}

/* Claims of a JWT that our own verification accepts. */
static UNUSED struct json *claims_of(struct exchange *x, const char *jwt)
{
    struct json *claims = NULL;

    assert_non_null(jwt);
    assert_ok(jws_verify(A, jwt, x->key_set->v, x->key_set->n, "JWT", &claims));
    return claims;
}

/* A person signs in to an application: the token response. */
static UNUSED struct json *sign_in(const char *client_id, const char *user_id, const char *scope)
{
    const char *value = random_token(A);
    struct code c = a_code(value, client_id);
    bool is_app = strcmp(client_id, "app") == 0;
    struct exchange *x;

    c.user_id = user_id;
    c.session_id = strcmp(user_id, "u2") == 0 ? "s2" : "s1";
    c.scope = scope;
    assert_ok(codes_add(DB, &c));
    x = a_post(arena_printf(A, "grant_type=authorization_code&code=%s&redirect_uri=https%%3A%%2F%%2Fapp.example%%2Fcb"
                               "&code_verifier=" VERIFIER "%s%s", value, is_app ? "" : "&client_id=",
                            is_app ? "" : client_id));
    if (is_app)
        with_header(x, basic("app", SECRET));
    if (token_handle(x) != RC_OK)
        fail_msg("sign_in: %s", refusal_text(&x->no));
    return answer_of(x);
}

#define SCOPES "openid profile email"

#endif
