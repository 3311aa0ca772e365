/*
 * Authorization requests: OA-01 to OA-21, PK-05 to PK-09, RO-01 to RO-03, MR-03,
 * CO-05, CO-09, CO-17, CO-18, CO-25, UI-06, HT-03 to HT-05, CS-10.
 */
#include "config.h"

#include "authz_test.h"

#include "oidc/authz_request.h"

static const struct jar NOBODY = { NULL, NULL };

#define URI "redirect_uri=https%3A%2F%2Fapp.example%2Fcb"
#define APP "client_id=app&" URI
#define SPA "client_id=spa&" URI
#define GOOD APP "&response_type=code&scope=openid"
#define S256 "&code_challenge=" CHALLENGE "&code_challenge_method=S256"

enum where { FINE, PAGE, REDIR };

static const struct {
    const char *query;
    enum where where;
    const char *wire; /* error code */
    const char *says; /* part of the text; NULL: any */
} cases[] = {
    { GOOD, FINE, NULL, NULL },                                           /* OA-01 */
    { "scope=openid&response_type=code&" URI "&client_id=app", FINE, NULL, NULL }, /* OA-18 */
    { GOOD "&extra=foobar&resource=a&resource=b", FINE, NULL, NULL },     /* HT-05 */
    { GOOD "&nonce=&prompt=&max_age=&request=", FINE, NULL, NULL },       /* HT-04 */
    /* before redirect_uri is verified: a page */
    { "client_id=app&response_type=code", PAGE, "invalid_request", "redirect_uri" }, /* OA-09 */
    { "client_id=app&redirect_uri=", PAGE, "invalid_request", "redirect_uri" },
    { "client_id=app&redirect_uri=%2Fcb", PAGE, "invalid_request", "redirect_uri" },
    { URI "&response_type=code", PAGE, "invalid_request", "client_id" },  /* OA-07 */
    { "client_id=nobody&" URI, PAGE, "invalid_client", "client_id" },
    { "client_id=a%01b&" URI, PAGE, "invalid_request", "client_id" },
    { "client_id=disabled&" URI, PAGE, "invalid_client", "client_id" },
    { "client_id=app&redirect_uri=https%3A%2F%2Fevil.example%2Fcb", PAGE, "invalid_request", "redirect_uri" }, /* OA-08 */
    { "client_id=app&redirect_uri=https%3A%2F%2Fapp.example%2Fcb%2F", PAGE, "invalid_request", "redirect_uri" },
    { "client_id=app&redirect_uri=https%3A%2F%2Fapp.example%2Fcb%23x", PAGE, "invalid_request", "redirect_uri" }, /* OA-11 */
    { "client_id=app&redirect_uri=javascript%3Aalert(1)", PAGE, "invalid_request", "redirect_uri" },
    { GOOD "&client_id=app", PAGE, "invalid_request", "client_id" },      /* HT-03 */
    { GOOD "&" URI, PAGE, "invalid_request", "redirect_uri" },
    { "client_id=nobody&" URI "&response_type=x&request=y", PAGE, "invalid_client", NULL },
    /* after that: to the client */
    { GOOD "&scope=openid", REDIR, "invalid_request", "scope" },          /* HT-03 */
    { GOOD "&state=a&state=b", REDIR, "invalid_request", "state" },
    { GOOD "&max_age=1&max_age=1", REDIR, "invalid_request", "max_age" },
    { GOOD "&response_mode=query&response_mode=query", REDIR, "invalid_request", "response_mode" },
    { GOOD "&request=eyJ", REDIR, "request_not_supported", NULL },        /* RO-02 */
    { GOOD "&request_uri=https%3A%2F%2Fapp.example%2Fr", REDIR, "request_uri_not_supported", NULL }, /* RO-03 */
    { GOOD "&request=eyJ&request_uri=https%3A%2F%2Fapp.example%2Fr", REDIR, "invalid_request", NULL }, /* RO-01 */
    { GOOD "&registration=%7B%7D", REDIR, "registration_not_supported", NULL }, /* CO-25 */
    { APP "&request=eyJ", REDIR, "request_not_supported", NULL }, /* before response_type */
    { APP "&scope=openid", REDIR, "invalid_request", "response_type" },   /* OA-03 */
    { APP "&response_type=token", REDIR, "unsupported_response_type", NULL }, /* OA-04 */
    { APP "&response_type=code%20id_token", REDIR, "unsupported_response_type", NULL },
    { APP "&response_type=CODE", REDIR, "unsupported_response_type", NULL },
    { "client_id=typeless&" URI "&response_type=code", REDIR, "unsupported_response_type", NULL }, /* OA-05 */
    { "client_id=grantless&" URI "&response_type=code", REDIR, "unauthorized_client", NULL },
    { GOOD "&response_mode=fragment", REDIR, "invalid_request", "response_mode" }, /* MR-03 */
    { GOOD "&response_mode=query", FINE, NULL, NULL },
    { GOOD "&response_mode=form_post", FINE, NULL, NULL },                /* FP-01 */
    { APP "&response_type=code&scope=openid%09profile", REDIR, "invalid_request", "scope" }, /* OA-19; http-api 5.1, 5 */
    { APP "&response_type=code&scope=openid%20%20profile", FINE, NULL, NULL },
    { APP "&response_type=code&scope=openid%20admin", REDIR, "invalid_scope", "admin" }, /* OA-20: the contract */
    { APP "&response_type=code&scope=admin", REDIR, "invalid_scope", NULL }, /* OA-21 */
    { APP "&response_type=code", FINE, NULL, NULL },                      /* CO-01 */
    { SPA "&response_type=code", REDIR, "invalid_request", "code_challenge" }, /* PK-05 */
    { SPA "&response_type=code" S256, FINE, NULL, NULL },
    { SPA "&response_type=code&code_challenge=" CHALLENGE, FINE, NULL, NULL }, /* PK-07: the contract */
    { GOOD S256, FINE, NULL, NULL },
    { GOOD "&code_challenge=" CHALLENGE "&code_challenge_method=plain", REDIR, "invalid_request", "S256" }, /* PK-08 */
    { GOOD "&code_challenge=" CHALLENGE "&code_challenge_method=s256", REDIR, "invalid_request", NULL },
    { GOOD "&code_challenge=short", REDIR, "invalid_request", "code_challenge" }, /* PK-09 */
    { GOOD "&code_challenge_method=S256", REDIR, "invalid_request", "code_challenge" },
    { GOOD "&prompt=none%20login", REDIR, "invalid_request", "prompt" },  /* CO-09 */
    { GOOD "&prompt=none", FINE, NULL, NULL },
    { GOOD "&prompt=login%20consent", FINE, NULL, NULL },
    { GOOD "&prompt=whatever", FINE, NULL, NULL },                        /* CO-13 */
    { GOOD "&max_age=0", FINE, NULL, NULL },
    { GOOD "&max_age=-1", REDIR, "invalid_request", "max_age" },          /* CO-17 */
    { GOOD "&max_age=ten", REDIR, "invalid_request", "max_age" },
    { GOOD "&max_age=1.5", REDIR, "invalid_request", "max_age" },
    { GOOD "&max_age=99999999999999999999999", FINE, NULL, NULL },
    { GOOD "&display=hologram&ui_locales=se&claims_locales=se&acr_values=1%202", FINE, NULL, NULL }, /* CO-05, CO-18, CO-23 */
    { GOOD "&login_hint=ann", FINE, NULL, NULL },                         /* CO-19 */
    { GOOD "&claims=%7B%22userinfo%22%3A%7B%22name%22%3A%7B%22essential%22%3Atrue%7D%7D%7D", FINE, NULL, NULL }, /* UI-07 */
    { GOOD "&claims=%7B%7D", FINE, NULL, NULL },
    { GOOD "&claims=%7B", REDIR, "invalid_request", "claims" },           /* UI-06 */
    { GOOD "&claims=%5B%5D", REDIR, "invalid_request", "claims" },
    { GOOD "&claims=name", REDIR, "invalid_request", "claims" },
    { GOOD "&claims=%7B%22id_token%22%3A1%7D", REDIR, "invalid_request", "claims" },
};

/* Clients that are not registered for what they ask. */
static void put_odd_client(const char *client_id, const char *grant, const char *type)
{
    const char *uris[] = { REDIRECT }, *grants[] = { grant }, *types[] = { type };
    struct client c = {
        .id = random_id(A, T0), .client_id = client_id, .client_name = "Odd", .is_active = true, .scopes = "",
        .token_endpoint_auth_method = "client_secret_basic", .profile = "oauth", .redirect_uris = { uris, 1 },
        .grant_types = { grants, 1 }, .response_types = { types, 1 }, .allow_self_signup = -1,
        .trust_device_enabled = -1, .consent_required = -1, .require_mfa = -1, .created_at = T0, .updated_at = T0,
    };

    assert_ok(clients_add(DB, &c));
}

static int clients(void **state)
{
    world(state);
    put_odd_client("typeless", "authorization_code", "id_token");
    put_odd_client("grantless", "client_credentials", "code");
    put_odd_client("disabled", "authorization_code", "code");
    assert_ok(clients_set_active(DB, "disabled", false, T0));
    return 0;
}

static void assert_case(size_t i, struct exchange *x)
{
    struct authz_request r;
    enum rc rc = authz_request_read(x, &r);

    if (rc != (cases[i].where == FINE ? RC_OK : RC_REFUSED))
        fail_msg("%s: rc %d, %s", cases[i].query, rc, refusal_text(&x->no));
    if ((x->no.return_to != NULL) != (cases[i].where != PAGE))
        fail_msg("%s: stays or goes wrongly", cases[i].query);
    if (cases[i].where == FINE)
        return;
    if (strcmp(refusal_wire(x->no.code), cases[i].wire) != 0)
        fail_msg("%s: %s", cases[i].query, refusal_wire(x->no.code));
    if (cases[i].says != NULL && strstr(refusal_text(&x->no), cases[i].says) == NULL)
        fail_msg("%s: says %s", cases[i].query, refusal_text(&x->no));
    if (cases[i].where == PAGE)
        assert_int_equal(refusal_status(x->no.code), 400);
}

static void test_get(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(cases); i++)
        assert_case(i, get(&NOBODY, cases[i].query));
}

static void test_post(void **state) /* OA-02 */
{
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(cases); i++)
        assert_case(i, post(&NOBODY, cases[i].query));
}

/* OA-14, IS-02, FP-02: how a refusal travels, whatever it is about */
static void test_way_back(void **state)
{
    struct authz_request r;
    struct exchange *x = get(&NOBODY, GOOD "&state=a%20b%26%22%3C&response_mode=form_post&request=x");

    (void)state;
    assert_no(x, authz_request_read(x, &r), REFUSE_REQUEST_NOT_SUPPORTED);
    assert_string_equal(x->no.return_to->state, "a b&\"<");
    assert_true(x->no.return_to->is_form_post);
    x = get(&NOBODY, GOOD "&state=s&scope=openid");
    assert_no(x, authz_request_read(x, &r), REFUSE_INVALID_REQUEST);
    problem_respond(x, 0);
    assert_int_equal(x->rs->status, 302);
    assert_lands_at(x, REDIRECT "?error=invalid_request");
    assert_string_equal(landed(x, "state"), "s");
    assert_string_equal(landed(x, "iss"), ISSUER);
    x = get(&NOBODY, GOOD "&scope=openid");
    assert_no(x, authz_request_read(x, &r), REFUSE_INVALID_REQUEST);
    problem_respond(x, 0);
    assert_null(landed(x, "state"));
    /* a fault in the mode still has the state */
    x = get(&NOBODY, GOOD "&state=s&response_mode=query&response_mode=query");
    assert_no(x, authz_request_read(x, &r), REFUSE_INVALID_REQUEST);
    assert_string_equal(x->no.return_to->state, "s");
}

static void test_values(void **state)
{
    struct authz_request r;

    (void)state;
    assert_ok(authz_request_read(get(&NOBODY, GOOD), &r));
    assert_null(r.state);
    assert_null(r.nonce);
    assert_int_equal(r.max_age, -1);
    assert_true(r.requested_at >= T0);
    assert_ok(authz_request_read(get(&NOBODY, GOOD "&max_age=99999999999999999999999"), &r));
    assert_int_equal(r.max_age, INT32_MAX); /* CO-17 */
    assert_ok(authz_request_read(get(&NOBODY, SPA "&response_type=code&code_challenge=" CHALLENGE), &r));
    assert_string_equal(r.code_challenge_method, "S256");
    assert_ok(authz_request_read(get(&NOBODY, APP "&response_type=code&scope=openid++profile"), &r));
    assert_string_equal(r.scope, "openid profile"); /* OA-19 */
}

static char *of_length(const char *name, size_t n)
{
    char *value = arena_alloc(A, n + 1);

    memset(value, 'x', n);
    return arena_printf(A, "%s&%s=%s", GOOD, name, value);
}

static void test_lengths(void **state)
{
    struct authz_request r;

    (void)state;
    assert_ok(authz_request_read(get(&NOBODY, of_length("nonce", 384)), &r)); /* CO-04 */
    assert_int_equal(strlen(r.nonce), 384);
    assert_refused(authz_request_read(get(&NOBODY, of_length("nonce", 1025)), &r));
    assert_ok(authz_request_read(get(&NOBODY, of_length("state", 2048)), &r)); /* OA-13 */
    assert_int_equal(strlen(r.state), 2048);
    struct exchange *x = get(&NOBODY, of_length("state", 2049)); /* OA-15: never cut */
    assert_no(x, authz_request_read(x, &r), REFUSE_INVALID_REQUEST);
    assert_null(x->no.return_to->state);
}

/* A request that went through our own URL is the same request. */
static void test_url(void **state)
{
    struct exchange *x = get(&NOBODY, GOOD "&state=a%20%2B%26b&nonce=n&prompt=login&max_age=7&login_hint=ann"
                                           "&response_mode=form_post&display=page" S256);
    struct authz_request r, again;
    const char *url;

    (void)state;
    assert_ok(authz_request_read(x, &r));
    url = authz_request_url(x, &r, "error", "expired", "none", NULL, NULL);
    assert_true(text_starts(url, "/oauth2/authorize?"));
    assert_non_null(strstr(url, "error=expired"));
    assert_null(strstr(url, "none="));
    assert_null(strstr(url, "id_token_hint"));
    assert_ok(authz_request_read(get(&NOBODY, strchr(url, '?') + 1), &again));
    assert_string_equal(again.state, "a +&b");
    assert_string_equal(again.prompt, "login");
    assert_string_equal(again.login_hint, "ann");
    assert_string_equal(again.code_challenge, CHALLENGE);
    assert_int_equal(again.max_age, 7);
    assert_true(again.to->is_form_post);
}

static void test_check_again(void **state)
{
    struct exchange *x = get(&NOBODY, GOOD);
    struct authz_request r;

    (void)state;
    assert_ok(authz_request_read(x, &r));
    assert_ok(authz_request_check(x, &r));
    assert_ok(clients_set_active(DB, "app", false, T0)); /* a disabled client stops at once */
    x->no.return_to = NULL;
    assert_no(x, authz_request_check(x, &r), REFUSE_INVALID_CLIENT_400);
    assert_null(x->no.return_to);
}

static void test_fapi2_needs_pkce(void **state)
{
    struct authz_request r;
    struct client c;
    struct exchange *x;

    (void)state;
    assert_ok(clients_find(DB, A, "app", &c));
    c.profile = "fapi2";
    assert_ok(clients_update(DB, &c));
    x = get(&NOBODY, GOOD);
    assert_no(x, authz_request_read(x, &r), REFUSE_INVALID_REQUEST); /* PK-06 */
    assert_ok(authz_request_read(get(&NOBODY, GOOD S256), &r));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_get, clients, after),
        cmocka_unit_test_setup_teardown(test_post, clients, after),
        cmocka_unit_test_setup_teardown(test_way_back, world, after),
        cmocka_unit_test_setup_teardown(test_values, world, after),
        cmocka_unit_test_setup_teardown(test_lengths, world, after),
        cmocka_unit_test_setup_teardown(test_url, world, after),
        cmocka_unit_test_setup_teardown(test_check_again, world, after),
        cmocka_unit_test_setup_teardown(test_fapi2_needs_pkce, world, after),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
