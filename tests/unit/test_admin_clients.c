/* Applications in the admin API, at {oauth}/register and in the console: http-api 7.2; design D8, D13, D25. */
#include "config.h"

#include "admin_test.h"

#include "oidc/client_secret.h"

#define API "/admin/api/clients"
#define REGISTER "/oauth2/register"

static int with_console_client(void **state)
{
    static const char *uris[] = { "https://id.example/admin/callback" };
    struct client c;

    console_world(state);
    assert_ok(clients_find(DB, A, "autentico-admin", &c));
    c.redirect_uris = (struct text_list){ uris, 1 };
    c.scopes = "openid profile email offline_access";
    assert_ok(clients_update(DB, &c));
    return 0;
}

static const char *new_body(const char *more)
{
    return arena_printf(A, "{\"client_name\":\"My App\",\"redirect_uris\":[\"https://my.example/cb\"]%s}", more);
}

static struct client stored(const char *client_id)
{
    struct client c;

    assert_ok(clients_find(DB, A, client_id, &c));
    return c;
}

static bool opens(const char *client_id, const char *secret)
{
    struct exchange *x = a_visit(M_GET, API, NULL);

    return client_secret_verify(x, client_id, secret) == RC_OK;
}

static bool family_is_live(const char *id)
{
    struct stmt *q = db_sql(DB, "SELECT revoked_at IS NULL FROM token_families WHERE id = $1");
    int64_t is;

    db_text(q, 1, id);
    return db_int_of(q, &is) == RC_OK && is != 0;
}

/* ---- the API ---- */

static void test_create(void **state)
{
    static const char *const paths[] = { API, REGISTER };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(paths); i++) {
        struct json *j = run_json(M_POST, paths[i], new_body(""), 201);
        const char *id = text_of(j, "client_id"), *secret = text_of(j, "client_secret");

        assert_int_equal(strlen(id), 43);
        assert_int_equal(strlen(secret), 43);
        assert_int_equal(int_of(j, "client_secret_expires_at"), 0);
        assert_string_equal(text_of(j, "client_type"), "confidential");
        assert_trail("client_created", id);
        assert_true(opens(id, secret));
        assert_false(opens(id, "nonsense, and long enough to be one"));
        j = run_json(M_GET, arena_printf(A, "%s/%s", paths[i], id), NULL, 200);
        assert_string_equal(text_of(j, "client_name"), "My App");
        assert_false(json_has(j, "client_secret"));
    }
}

/* design D8: a short secret of somebody's own is hashed like a password. */
static void test_create_own_secret(void **state)
{
    struct client_secrets s;

    (void)state;
    run_json(M_POST, API, new_body(",\"client_id\":\"mine\",\"client_secret\":\"short secret\""), 201);
    assert_ok(clients_secrets(DB, A, "mine", T0, &s));
    assert_int_equal(s.n, 1);
    assert_int_equal(s.v[0].sha256.n, 0);
    assert_true(text_starts(s.v[0].hash, "$argon2id$"));
    assert_true(opens("mine", "short secret"));
}

static void test_create_public(void **state)
{
    struct json *j = run_json(M_POST, API, new_body(",\"client_type\":\"public\""), 201);
    struct client_secrets s;

    (void)state;
    assert_false(json_has(j, "client_secret"));
    assert_string_equal(text_of(j, "token_endpoint_auth_method"), "none");
    assert_ok(clients_secrets(DB, A, text_of(j, "client_id"), T0, &s));
    assert_int_equal(s.n, 0);
}

static void test_create_refused(void **state)
{
    static const struct { const char *body; enum refusal_code code; } cases[] = {
        { "", REFUSE_INVALID_REQUEST },
        { "[]", REFUSE_INVALID_REQUEST },
        { "{\"client_name\":1}", REFUSE_INVALID_REDIRECT_URI },
        { "{\"client_name\":\"a\",\"redirect_uris\":[]}", REFUSE_INVALID_REDIRECT_URI },
        { "{\"client_name\":\"a\",\"redirect_uris\":[\"javascript:x\"]}", REFUSE_INVALID_REDIRECT_URI },
        { "{\"client_name\":\"<b>\",\"redirect_uris\":[\"https://a.example/\"]}", REFUSE_INVALID_CLIENT_METADATA },
        { "{\"client_name\":\"a\",\"redirect_uris\":[\"https://a.example/\"],\"client_id\":\"app\"}", REFUSE_CONFLICT },
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(cases); i++)
        run_refused(M_POST, API, cases[i].body, cases[i].code);
    assert_ok(clients_set_active(DB, "app", false, T0)); /* taken, inactive too */
    run_refused(M_POST, API, cases[ARRAY_LEN(cases) - 1].body, REFUSE_CONFLICT);
}

static void test_update(void **state)
{
    struct json *j = run_json(M_PUT, API "/app", "{\"client_name\":\"New\",\"access_token_expiration\":\"5m\","
                              "\"client_id\":\"other\",\"client_type\":\"public\"}", 200);
    struct client c = stored("app");

    (void)state;
    assert_string_equal(text_of(j, "client_name"), "New");
    assert_string_equal(c.access_token_expiration, "5m");
    assert_string_equal(c.redirect_uris.v[0], REDIRECT);
    assert_false(c.is_public);
    assert_trail("client_updated", "app");
    run_json(M_PUT, API "/app", "{}", 200);
    assert_string_equal(stored("app").access_token_expiration, "5m");
    run_json(M_PUT, API "/app", "{\"access_token_expiration\":null}", 200);
    assert_null(stored("app").access_token_expiration);
    run_refused(M_PUT, API "/app", "{\"redirect_uris\":[\"x\"]}", REFUSE_INVALID_REDIRECT_URI);
    run_refused(M_PUT, API "/nobody", "{}", REFUSE_INVALID_CLIENT_404);
    run_refused(M_GET, API "/nobody", NULL, REFUSE_INVALID_CLIENT_404);
}

static void test_update_disables(void **state)
{
    (void)state;
    add_family("f1", "u1", "app", "s1");
    run_json(M_PUT, API "/app", "{\"is_active\":false}", 200);
    assert_false(family_is_live("f1"));
    run_json(M_PUT, API "/app", "{\"is_active\":true}", 200);
    assert_true(stored("app").is_active);
    assert_false(family_is_live("f1"));
}

static void test_delete(void **state)
{
    struct json *j;
    bool is_active = true;

    (void)state;
    add_family("f1", "u1", "app", "s1");
    run_json(M_DELETE, API "/app", NULL, 204);
    assert_trail("client_deleted", "app");
    assert_false(family_is_live("f1"));
    j = run_json(M_GET, API "/app", NULL, 200); /* soft */
    assert_ok(json_get_bool(j, "is_active", &is_active));
    assert_false(is_active);
    run_refused(M_DELETE, API "/nobody", NULL, REFUSE_INVALID_CLIENT_404);
    run_json(M_DELETE, REGISTER "/spa", NULL, 204);
}

static void test_list(void **state)
{
    static const struct { const char *query; int64_t total; const char *first; } cases[] = {
        { "sort=client_id&order=asc", 4, "app" },
        { "sort=client_id", 4, "spa" }, /* the route's order is descending */
        { "search=POST", 1, "poster" },
        { "search=%25", 0, NULL },
        { "client_type=public&sort=client_id&order=asc", 2, "autentico-admin" },
        { "client_type=x'--", 0, NULL },
        { "is_active=1&search=app&sort=client_id&order=asc", 4, "app" }, /* all are named An App */
        { "is_active=0", 0, NULL },
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct json *data = json_get(run_json(M_GET, arena_printf(A, API "?%s", cases[i].query), NULL, 200), "data");
        const char *first = text_of(json_at(json_get(data, "items"), 0), "client_id");

        if (int_of(data, "total") != cases[i].total || !text_same(first, cases[i].first))
            fail_msg("%s: %lld, %s", cases[i].query, (long long)int_of(data, "total"), first);
    }
}

/* design D25: AUTENTICO_ADMIN_TOKEN opens /admin/api and nothing else. */
static void test_admin_token(void **state)
{
    struct exchange *x = as_admin(M_GET, API "/app", NULL);

    (void)state;
    x->user = NULL;
    x->is_admin_token = true;
    assert_ok(run(x));
    x = as_admin(M_GET, REGISTER "/app", NULL);
    x->user = NULL;
    x->is_admin_token = true;
    assert_no(x, run(x), REFUSE_INVALID_TOKEN);
}

static void test_rotate(void **state)
{
    struct json *j = run_json(M_POST, API "/app/rotate-secret", "", 200);
    const char *second = text_of(j, "client_secret"), *third;

    (void)state;
    assert_trail("client_secret_rotated", "app");
    assert_int_equal(int_of(j, "previous_secret_expires_at") / 60, (T0 + 86400) / 60);
    assert_true(opens("app", SECRET));
    assert_true(opens("app", second));
    clock_set_for_test(T0 + 86400 + 60);
    assert_false(opens("app", SECRET));
    third = text_of(run_json(M_POST, API "/app/rotate-secret", "{\"now\":true}", 200), "client_secret");
    assert_false(opens("app", second));
    assert_true(opens("app", third));
    run_refused(M_POST, API "/app/rotate-secret", "{\"now\":\"yes\"}", REFUSE_INVALID_REQUEST);
    run_refused(M_POST, API "/spa/rotate-secret", "", REFUSE_INVALID_CLIENT_METADATA);
    run_refused(M_POST, API "/nobody/rotate-secret", "", REFUSE_INVALID_CLIENT_404);
}

/* What the consoles sign in with is not taken from under them. */
static void test_console_client(void **state)
{
    static const char *const bodies[] = {
        "{\"is_active\":false}",
        "{\"redirect_uris\":[\"https://evil.example/admin/callback\"]}",
        "{\"redirect_uris\":[\"https://id.example/admin/callback\",\"https://evil.example/\"]}",
        "{\"grant_types\":[\"refresh_token\"]}",
        "{\"scopes\":\"openid\"}",
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(bodies); i++)
        run_refused(M_PUT, API "/autentico-admin", bodies[i], REFUSE_CONFLICT);
    run_refused(M_DELETE, API "/autentico-admin", NULL, REFUSE_CONFLICT);
    run_json(M_PUT, API "/autentico-admin", "{\"redirect_uris\":[\"https://id.example/admin/callback\"]}", 200);
    run_json(M_PUT, API "/autentico-admin", "{\"client_name\":\"Console\",\"access_token_expiration\":\"5m\"}", 200);
    assert_true(stored("autentico-admin").is_active);
}

/* ---- the console ---- */

static void test_pages(void **state)
{
    const char *page = run_page(M_GET, "/admin/", NULL, 200);

    (void)state;
    assert_has(page, "data-testid=\"admin-dashboard\"");
    assert_has(page, "<strong>4</strong> <span>Applications");
    assert_has(page, "https://id.example/oauth2/.well-known/openid-configuration");
    assert_has(page, "data-testid=\"user-menu\"");
    page = run_page(M_GET, "/admin/clients", NULL, 200);
    assert_has(page, "href=\"/admin/clients/app\"");
    page = run_page(M_GET, "/admin/clients/app", NULL, 200);
    assert_has(page, "action=\"/admin/clients/app/rotate-secret\"");
    assert_has(page, "action=\"/admin/clients/app/disable\"");
    assert_has(page, REDIRECT "</textarea>");
    assert_has(page, "<option value=\"client_secret_basic\" selected>");
    assert_has(page, "name=\"allow_refresh_token\" value=\"on\" checked>");
    page = run_page(M_GET, "/admin/clients/autentico-admin", NULL, 200);
    assert_has_not(page, "/disable");
    assert_has_not(page, "/rotate-secret");
    assert_none(run(as_admin(M_GET, "/admin/clients/nobody", NULL)));
}

static void test_page_new(void **state)
{
    const char *page = run_page(M_GET, "/admin/clients/new", NULL, 200);

    (void)state;
    assert_has(page, "name=\"client_type\"");
    page = run_page(M_POST, "/admin/clients/new",
                    "client_name=My+App&client_type=confidential&redirect_uris=https%3A%2F%2Fmy.example%2Fcb%0D%0A%0D%0A"
                    "+http%3A%2F%2Flocalhost%3A8080%2Fcb&post_logout_redirect_uris=&scopes=openid+email"
                    "&allow_refresh_token=on&token_endpoint_auth_method=", 200);
    assert_has(page, "data-testid=\"client-secret\"");
    assert_has(page, "Copy the secret now.");
    const char *at = strstr(page, "data-testid=\"client-id\">") + strlen("data-testid=\"client-id\">");
    struct client c = stored(arena_strndup(A, at, 43));
    assert_int_equal(c.redirect_uris.n, 2);
    assert_string_equal(c.redirect_uris.v[1], "http://localhost:8080/cb");
    assert_int_equal(c.grant_types.n, 2);
    assert_string_equal(c.scopes, "openid email");
    at = strstr(page, "data-testid=\"client-secret\">") + strlen("data-testid=\"client-secret\">");
    assert_true(opens(c.client_id, arena_strndup(A, at, 43)));
    assert_has_not(run_page(M_GET, arena_printf(A, "/admin/clients/%s", c.client_id), NULL, 200),
                   arena_strndup(A, at, 43));
}

static void test_page_new_public(void **state)
{
    const char *page = run_page(M_POST, "/admin/clients/new",
                                "client_name=Spa&client_type=public&redirect_uris=https%3A%2F%2Fmy.example%2Fcb"
                                "&scopes=openid&token_endpoint_auth_method=client_secret_post", 200);

    (void)state;
    assert_has_not(page, "data-testid=\"client-secret\"");
    assert_has(page, "must use PKCE");
}

static void test_page_new_refused(void **state)
{
    const char *page = run_page(M_POST, "/admin/clients/new",
                                "client_name=%3Cb%3E&client_type=public&redirect_uris=https%3A%2F%2Fmy.example%2Fcb", 400);

    (void)state;
    assert_has(page, "id=\"client_name-error\"");
    assert_has(page, "value=\"&lt;b&gt;\"");
    assert_has(page, "value=\"public\" checked>");
    page = run_page(M_POST, "/admin/clients/new", "client_name=a&redirect_uris=javascript%3Ax", 400);
    assert_has(page, "id=\"redirect_uris-error\"");
    assert_has(page, "javascript:x</textarea>");
    page = run_page(M_POST, "/admin/clients/new", "", 400);
    assert_has(page, "id=\"client_name-error\">Missing");
}

static void test_page_update(void **state)
{
    const char *page;
    struct client c;

    (void)state;
    assert_string_equal(run_page(M_POST, "/admin/clients/app",
                                 "client_name=New&redirect_uris=https%3A%2F%2Fapp.example%2Fnew"
                                 "&post_logout_redirect_uris=https%3A%2F%2Fapp.example%2F&scopes=openid"
                                 "&token_endpoint_auth_method=client_secret_post", 303),
                        "/admin/clients/app?notice=saved");
    c = stored("app");
    assert_string_equal(c.client_name, "New");
    assert_string_equal(c.redirect_uris.v[0], "https://app.example/new");
    assert_string_equal(c.token_endpoint_auth_method, "client_secret_post");
    assert_int_equal(c.grant_types.n, 1); /* the box was not ticked */
    assert_int_equal(c.post_logout_redirect_uris.n, 1);
    run_page(M_POST, "/admin/clients/app", "client_name=New&redirect_uris=https%3A%2F%2Fapp.example%2Fnew"
             "&post_logout_redirect_uris=&scopes=openid&allow_refresh_token=on", 303);
    c = stored("app");
    assert_int_equal(c.grant_types.n, 2);
    assert_int_equal(c.post_logout_redirect_uris.n, 0); /* sent empty: cleared */
    page = run_page(M_POST, "/admin/clients/app", "client_name=Newer&redirect_uris=https%3A%2F%2Fapp.example%2Fnew"
                    "&scopes=+", 400);
    assert_has(page, "id=\"scopes-error\"");
    assert_has(page, "value=\"Newer\"");
    assert_has(page, "<h1>New <span");
    page = run_page(M_POST, "/admin/clients/autentico-admin", "client_name=C&redirect_uris=https%3A%2F%2Fevil.example%2F"
                    "&scopes=openid+profile+email+offline_access", 409);
    assert_has(page, "The consoles sign in with it");
}

#define OF_APP "client_name=New&redirect_uris=https%3A%2F%2Fapp.example%2Fnew&scopes=openid"

static const char *grants_of(const char *client_id)
{
    struct client c = stored(client_id);

    return text_join(A, &c.grant_types, ' ');
}

/* Each comes and goes with its own box. */
static void test_page_grants(void **state)
{
    const char *page;

    (void)state;
    page = run_page(M_GET, "/admin/clients/app", NULL, 200);
    assert_has(page, "name=\"allow_client_credentials\" value=\"on\">");
    assert_has(page, "name=\"allow_password_grant\" value=\"on\"");
    run_page(M_POST, "/admin/clients/app", OF_APP "&allow_client_credentials=on", 303);
    assert_string_equal(grants_of("app"), "authorization_code client_credentials");
    page = run_page(M_GET, "/admin/clients/app", NULL, 200);
    assert_has(page, "name=\"allow_client_credentials\" value=\"on\" checked>");
    run_page(M_POST, "/admin/clients/app", OF_APP "&allow_password_grant=on&allow_refresh_token=on", 303);
    assert_string_equal(grants_of("app"), "authorization_code refresh_token password");
    run_page(M_POST, "/admin/clients/app", OF_APP, 303);
    assert_string_equal(grants_of("app"), "authorization_code");
    page = run_page(M_GET, "/admin/clients/spa", NULL, 200);
    assert_has_not(page, "allow_client_credentials");
    page = run_page(M_POST, "/admin/clients/spa", OF_APP "&allow_client_credentials=on", 400);
    assert_has(page, "Client credentials are for confidential applications");
    page = run_page(M_POST, "/admin/clients/new", OF_APP "&client_type=public&allow_client_credentials=on", 400);
    assert_has(page, "Client credentials are for confidential applications");
}

/* The box is the application's own demand; without it the setting decides (settings 5). */
static void test_page_require_mfa(void **state)
{
    struct client c;

    (void)state;
    assert_has_not(run_page(M_GET, "/admin/clients/app", NULL, 200), "name=\"require_mfa\" value=\"on\" checked");
    run_page(M_POST, "/admin/clients/app", OF_APP "&require_mfa=on", 303);
    c = stored("app");
    assert_int_equal(c.require_mfa, 1);
    assert_has(run_page(M_GET, "/admin/clients/app", NULL, 200), "name=\"require_mfa\" value=\"on\" checked");
    run_page(M_POST, "/admin/clients/app", OF_APP, 303);
    c = stored("app");
    assert_int_equal(c.require_mfa, -1);
    c.require_mfa = 0; /* excepted by the API */
    assert_ok(clients_update(DB, &c));
    run_page(M_POST, "/admin/clients/app", OF_APP, 303);
    c = stored("app");
    assert_int_equal(c.require_mfa, 0);
}

static void test_page_rotate(void **state)
{
    const char *page = run_page(M_POST, "/admin/clients/app/rotate-secret", "", 200);

    (void)state;
    assert_has(page, "The previous secret works until <time>");
    assert_true(opens("app", SECRET));
    page = run_page(M_POST, "/admin/clients/app/rotate-secret", "now=on", 200);
    assert_has(page, "The previous secret has stopped working.");
    assert_false(opens("app", SECRET));
    assert_has(run_page(M_POST, "/admin/clients/spa/rotate-secret", "", 400), "A public client has no secret");
}

static void test_page_disable(void **state)
{
    (void)state;
    add_family("f1", "u1", "app", "s1");
    assert_string_equal(run_page(M_POST, "/admin/clients/app/disable", "", 303), "/admin/clients/app?notice=disabled");
    assert_false(stored("app").is_active);
    assert_false(family_is_live("f1"));
    assert_has(run_page(M_GET, "/admin/clients/app", NULL, 200), "action=\"/admin/clients/app/enable\"");
    assert_string_equal(run_page(M_POST, "/admin/clients/app/enable", "", 303), "/admin/clients/app?notice=enabled");
    assert_true(stored("app").is_active);
    assert_has(run_page(M_POST, "/admin/clients/autentico-admin/disable", "", 409), "The consoles sign in with it");
    assert_none(run(as_admin(M_POST, "/admin/clients/nobody/disable", "")));
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, with_console_client, after)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_create), TEST(test_create_own_secret), TEST(test_create_public), TEST(test_create_refused),
        TEST(test_update), TEST(test_update_disables), TEST(test_delete), TEST(test_list), TEST(test_admin_token),
        TEST(test_rotate), TEST(test_console_client), TEST(test_pages), TEST(test_page_new),
        TEST(test_page_new_public), TEST(test_page_new_refused), TEST(test_page_update), TEST(test_page_grants),
        TEST(test_page_require_mfa), TEST(test_page_rotate),
        TEST(test_page_disable),
    };

    return cmocka_run_group_tests(tests, with_consoles, without_consoles);
}
