/*
 * The sealed handle (design D7): CS-09 to CS-11; http-api 5.2; and the login page
 * (OA-25, CO-19, form-fields 2 to 4, HT-21).
 */
#include "config.h"

#include "authz_test.h"

#include "oidc/interaction.h"

#define QUERY "client_id=app&redirect_uri=https%3A%2F%2Fapp.example%2Fcb&response_type=code&scope=openid&state=st&nonce=no"
#define OLD_SECRET "a cookie secret of at least 32 bytes" /* of oidc_test.h */

/* A browser on the login page of a request. */
struct visit {
    struct jar jar;
    struct authz_request r;
    struct interaction_form form;
};

static struct visit visit(const char *query)
{
    struct jar empty = { NULL, NULL };
    struct exchange *x = get(&empty, query);
    struct visit v = { .jar = { NULL, NULL } };
    const char *handle;

    assert_ok(authz_request_read(x, &v.r));
    assert_ok(interaction_seal(x, &v.r, &handle));
    v.jar.csrf = x->csrf_cookie;
    assert_non_null(v.jar.csrf);
    v.form = (struct interaction_form){
        .authorize_sig = handle, .client_id = v.r.client_id, .redirect_uri = v.r.redirect_uri, .scope = v.r.scope,
        .state = v.r.state, .nonce = v.r.nonce, .code_challenge = v.r.code_challenge,
        .code_challenge_method = v.r.code_challenge_method, .prompt = v.r.prompt,
    };
    return v;
}

static struct exchange *back(const struct visit *v)
{
    return post(&v->jar, "");
}

static void assert_tampered(const struct visit *v, const struct interaction_form *form)
{
    struct exchange *x = back(v);
    struct authz_request r;

    assert_no(x, interaction_open(x, form, &r), REFUSE_TAMPERED);
    assert_int_equal(refusal_status(x->no.code), 400);
    assert_string_equal(refusal_wire(x->no.code), "invalid_request");
    assert_non_null(strstr(refusal_text(&x->no), "tampered"));
}

static void test_round_trip(void **state)
{
    struct visit v = visit(QUERY "&prompt=login&max_age=60&response_mode=form_post&login_hint=ann&display=page"
                                 "&acr_values=1&ui_locales=se&code_challenge=" CHALLENGE);
    struct authz_request r;

    (void)state;
    assert_ok(interaction_open(back(&v), &v.form, &r));
    assert_string_equal(r.client_id, "app");
    assert_string_equal(r.redirect_uri, REDIRECT);
    assert_string_equal(r.response_type, "code");
    assert_string_equal(r.state, "st");
    assert_string_equal(r.nonce, "no");
    assert_string_equal(r.prompt, "login");
    assert_string_equal(r.response_mode, "form_post");
    assert_string_equal(r.login_hint, "ann");
    assert_string_equal(r.code_challenge_method, "S256");
    assert_null(r.id_token_hint);
    assert_int_equal(r.max_age, 60);
    assert_int_equal(r.requested_at, v.r.requested_at);
    assert_non_null(r.client); /* checked anew */
    assert_true(r.to->is_form_post);
}

/* Callers scrape the fields and may send them in their own way. */
static void test_equal_forms(void **state)
{
    struct visit v = visit("client_id=app&redirect_uri=https%3A%2F%2Fapp.example%2Fcb&response_type=code"
                           "&scope=openid++profile&code_challenge=" CHALLENGE "&prompt=login");
    struct authz_request r;

    (void)state;
    v.form.scope = "openid  profile";
    v.form.code_challenge_method = ""; /* as it was asked */
    v.form.state = "";
    v.form.nonce = NULL;
    v.form.prompt = NULL; /* the sealed one holds */
    assert_ok(interaction_open(back(&v), &v.form, &r));
    assert_string_equal(r.prompt, "login");
}

/* CS-11 */
static void test_changed_parameters(void **state)
{
    struct visit v = visit(QUERY "&code_challenge=" CHALLENGE);
    struct { size_t offset; const char *value; } changes[] = {
        { offsetof(struct interaction_form, client_id), "poster" },
        { offsetof(struct interaction_form, client_id), NULL },
        { offsetof(struct interaction_form, redirect_uri), "https://app.example/other" },
        { offsetof(struct interaction_form, redirect_uri), "" },
        { offsetof(struct interaction_form, scope), "openid profile" },
        { offsetof(struct interaction_form, scope), NULL },
        { offsetof(struct interaction_form, state), "st2" },
        { offsetof(struct interaction_form, state), NULL },
        { offsetof(struct interaction_form, nonce), "No" },
        { offsetof(struct interaction_form, code_challenge), NULL },
        { offsetof(struct interaction_form, code_challenge), VERIFIER },
        { offsetof(struct interaction_form, code_challenge_method), "plain" },
        { offsetof(struct interaction_form, prompt), "none" },
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(changes); i++) {
        struct interaction_form form = v.form;

        *(const char **)((char *)&form + changes[i].offset) = changes[i].value;
        assert_tampered(&v, &form);
    }
}

static void test_forged(void **state)
{
    static const char *const forged[] = { NULL, "", "x", "tampered-signature", "not base64url!",
                                          "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM" /* the shape of an HMAC */ };
    struct visit v = visit(QUERY);
    struct interaction_form form = v.form;
    char *copy = arena_strdup(A, v.form.authorize_sig);
    size_t n = strlen(copy);

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(forged); i++) {
        form.authorize_sig = forged[i];
        assert_tampered(&v, &form);
    }
    form.authorize_sig = copy;
    for (size_t i = 6; i < n; i += 7) { /* from the end of the key id on */
        char was = copy[i];

        copy[i] = was == 'A' ? 'B' : 'A';
        assert_tampered(&v, &form);
        copy[i] = was;
    }
    form.authorize_sig = arena_strndup(A, copy, n - 4);
    assert_tampered(&v, &form);
    form.authorize_sig = arena_printf(A, "%sAAAA", copy);
    assert_tampered(&v, &form);
    form.authorize_sig = memset(arena_alloc(A, INTERACTION_MAX + 5), 'A', INTERACTION_MAX + 4);
    assert_tampered(&v, &form);
}

/* One sealed for something else opens as nothing here. */
static void test_other_purpose(void **state)
{
    struct visit v = visit(QUERY);
    struct exchange *x = back(&v);
    struct interaction_form form = v.form;
    struct bytes sealed, plain;

    (void)state;
    assert_ok(base64url_decode(A, v.form.authorize_sig, &sealed));
    assert_ok(keyring_open(x->keys, KEY_HANDLE, A, bytes_of("autentico interaction"), sealed, &plain));
    form.authorize_sig =
        base64url_encode(A, keyring_seal(x->keys, KEY_HANDLE, A, bytes_of("autentico logout"), plain));
    assert_tampered(&v, &form);
    form.authorize_sig =
        base64url_encode(A, keyring_seal(x->keys, KEY_CSRF, A, bytes_of("autentico interaction"), plain));
    struct authz_request r;
    assert_none(interaction_open(back(&v), &form, &r)); /* looks like an old key: start again */
}

/* Genuine, but not for here and now: the person starts again with the same request. */
static void assert_starts_again(struct exchange *x, const struct visit *v)
{
    struct authz_request r;

    assert_none(interaction_open(x, &v->form, &r));
    assert_string_equal(r.client_id, "app");
    assert_string_equal(r.state, "st");
    assert_non_null(r.to);
    assert_non_null(strstr(authz_request_url(x, &r, "error", "expired", NULL), "error=expired"));
}

static void test_expired(void **state)
{
    struct visit v = visit(QUERY);
    struct authz_request r;

    (void)state;
    clock_set_for_test(v.r.requested_at + INTERACTION_LIFE_S - 1);
    assert_ok(interaction_open(back(&v), &v.form, &r));
    clock_set_for_test(v.r.requested_at + INTERACTION_LIFE_S);
    assert_starts_again(back(&v), &v);
}

static void test_other_browser(void **state) /* CS-09 */
{
    struct visit v = visit(QUERY), other = visit(QUERY);
    struct jar none = { NULL, NULL };

    (void)state;
    assert_starts_again(post(&other.jar, ""), &v);
    assert_starts_again(post(&none, ""), &v);
}

static void test_tabs(void **state) /* CS-10 */
{
    struct visit one = visit(QUERY);
    struct exchange *x = get(&one.jar, "client_id=app&redirect_uri=https%3A%2F%2Fapp.example%2Fcb&response_type=code"
                                       "&scope=openid&state=two");
    struct authz_request r, two;
    struct interaction_form form;
    const char *handle;

    (void)state;
    assert_ok(authz_request_read(x, &two));
    assert_ok(interaction_seal(x, &two, &handle));
    form = (struct interaction_form){ .authorize_sig = handle, .client_id = "app", .redirect_uri = REDIRECT,
                                      .scope = "openid", .state = "two" };
    assert_ok(interaction_open(back(&one), &form, &r));
    assert_string_equal(r.state, "two");
    assert_ok(interaction_open(back(&one), &one.form, &r));
    assert_string_equal(r.state, "st");
    form.authorize_sig = one.form.authorize_sig; /* one's seal on the other's fields */
    assert_tampered(&one, &form);
}

static const struct keyring *keys_of(const char *secret, const char *previous)
{
    struct keyring *k = arena_new(A, struct keyring);
    struct keyring_roots roots = { .cookie = bytes_of(secret), .cookie_previous = bytes_of(previous) };

    keyring_derive(&roots, k);
    return k;
}

static void test_rotated_secret(void **state)
{
    struct visit v = visit(QUERY);
    struct exchange *x = back(&v);
    struct interaction_form form = v.form;
    struct authz_request r;

    (void)state;
    x->keys = keys_of("another secret of at least 32 bytes.", OLD_SECRET);
    assert_ok(interaction_open(x, &v.form, &r)); /* with an overlap nobody notices */
    x = back(&v);
    x->keys = keys_of("another secret of at least 32 bytes.", NULL);
    assert_starts_again(x, &v);
    /* unless what stands beside it would not be let in */
    x = back(&v);
    x->keys = keys_of("another secret of at least 32 bytes.", NULL);
    form.redirect_uri = "https://evil.example/cb";
    assert_no(x, interaction_open(x, &form, &r), REFUSE_TAMPERED);
    /* or could never have been in it */
    x = back(&v);
    x->keys = keys_of("another secret of at least 32 bytes.", NULL);
    form = v.form;
    form.state = memset(arena_alloc(A, 4001), 'x', 4000);
    assert_no(x, interaction_open(x, &form, &r), REFUSE_TAMPERED);
}

/* What has changed since the page was shown counts (CS-11). */
static void test_client_gone(void **state)
{
    struct visit v = visit(QUERY);
    struct exchange *x = back(&v);
    struct authz_request r;

    (void)state;
    assert_ok(clients_set_active(DB, "app", false, T0));
    assert_no(x, interaction_open(x, &v.form, &r), REFUSE_INVALID_CLIENT_400);
    assert_string_equal(refusal_wire(x->no.code), "invalid_client");
}

static void test_too_long(void **state)
{
    struct jar none = { NULL, NULL };
    char *state_text = memset(arena_alloc(A, 2049), 's', 2048), *nonce = memset(arena_alloc(A, 1025), 'n', 1024);
    struct exchange *x = get(&none, arena_printf(A, "client_id=app&redirect_uri=https://app.example/cb"
                                                    "&response_type=code&state=%s&nonce=%s", state_text, nonce));
    struct authz_request r;
    const char *handle;

    (void)state;
    assert_ok(authz_request_read(x, &r));
    assert_no(x, interaction_seal(x, &r, &handle), REFUSE_INVALID_REQUEST);
    assert_non_null(x->no.return_to); /* told to the client */
    r.nonce = NULL;
    x->no.return_to = NULL;
    assert_ok(interaction_seal(x, &r, &handle));
    assert_true(strlen(handle) <= INTERACTION_MAX);
    assert_true(is_base64url(handle)); /* form-fields 1 */
}

static const char *var(const struct exchange *x, const char *name)
{
    return json_str(json_get(x->rs->model, name));
}

static void test_login_page(void **state)
{
    static const char *const seven[] = { "state", "redirect_uri", "client_id", "scope", "nonce", "code_challenge",
                                         "code_challenge_method" };
    struct visit v = visit(QUERY "&login_hint=ann&prompt=login");
    struct exchange *x = get(&v.jar, QUERY);
    const struct json *params;

    (void)state;
    assert_ok(interaction_login_page(x, &v.r, NULL));
    assert_page(x, "pages/login");
    assert_int_equal(x->rs->status, 200);
    assert_string_equal(var(x, "username_value"), "ann"); /* CO-19 */
    assert_string_equal(var(x, "prompt"), "login");
    assert_string_equal(var(x, "login_error"), "");
    params = json_get(x->rs->model, "params");
    assert_int_equal(json_len(params), 7); /* form-fields 2 */
    for (size_t i = 0; i < 7; i++)
        assert_string_equal(json_str(json_get(json_at(params, i), "name")), seven[i]);
    assert_non_null(x->rs->form_action); /* HT-21 */
}

/* design D27, OA-25: known codes, fixed texts */
static void test_errors(void **state)
{
    static const char *const known[] = { "bad_credentials", "account_locked", "expired", "credentials_missing",
                                         "signup_disabled", "other_user" };
    struct visit v = visit(QUERY);
    struct exchange *x = get(&v.jar, QUERY);

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(known); i++)
        assert_false(text_empty(interaction_error_text(known[i])));
    assert_non_null(strstr(interaction_error_text("account_locked"), "temporarily locked"));
    assert_null(interaction_error_text("Call 0800-EVIL to unlock"));
    assert_null(interaction_error_text(NULL));
    assert_null(interaction_error_text(""));
    assert_ok(interaction_login_page(x, &v.r, "Call 0800-EVIL to unlock"));
    assert_string_equal(var(x, "login_error"), "");
    assert_ok(interaction_login_page(x, &v.r, "bad_credentials"));
    assert_string_equal(var(x, "login_error"), "Invalid username or password");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_round_trip, world, after),
        cmocka_unit_test_setup_teardown(test_equal_forms, world, after),
        cmocka_unit_test_setup_teardown(test_changed_parameters, world, after),
        cmocka_unit_test_setup_teardown(test_forged, world, after),
        cmocka_unit_test_setup_teardown(test_other_purpose, world, after),
        cmocka_unit_test_setup_teardown(test_expired, world, after),
        cmocka_unit_test_setup_teardown(test_other_browser, world, after),
        cmocka_unit_test_setup_teardown(test_tabs, world, after),
        cmocka_unit_test_setup_teardown(test_rotated_secret, world, after),
        cmocka_unit_test_setup_teardown(test_client_gone, world, after),
        cmocka_unit_test_setup_teardown(test_too_long, world, after),
        cmocka_unit_test_setup_teardown(test_login_page, world, after),
        cmocka_unit_test_setup_teardown(test_errors, world, after),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
