/* The rules of a registration (http-api 7.2, RFC 7591 2). */
#include "oidc_test.h"

#include "oidc/client_metadata.h"

static struct json *parsed(const char *text)
{
    struct json *j = NULL;

    if (json_parse(A, text, strlen(text), &j) != RC_OK)
        fail_msg("not JSON: %s", text);
    return j;
}

#define OK_BODY "\"client_name\":\"App\",\"redirect_uris\":[\"https://app.example/cb\"]"

static enum rc create(const char *body, struct client *out, const char **secret, struct refusal *no)
{
    return client_metadata_new(A, parsed(body), NOW, false, out, secret, no);
}

static void test_defaults(void **state)
{
    struct refusal no = { 0 };
    const char *secret = NULL;
    struct client c;

    (void)state;
    assert_ok(create("{" OK_BODY "}", &c, &secret, &no));
    assert_int_equal(strlen(c.client_id), TOKEN_CHARS);
    assert_int_equal(strlen(secret), TOKEN_CHARS);
    assert_true(is_id(c.id));
    assert_false(c.is_public);
    assert_true(c.is_active);
    assert_string_equal(c.scopes, "openid profile email");
    assert_string_equal(c.token_endpoint_auth_method, "client_secret_basic");
    assert_int_equal(c.grant_types.n, 1);
    assert_string_equal(c.grant_types.v[0], "authorization_code");
    assert_string_equal(c.response_types.v[0], "code");
    assert_int_equal(c.post_logout_redirect_uris.n, 0);
    assert_null(c.access_token_expiration);
    assert_int_equal(c.consent_required, -1);
    assert_int_equal(c.created_at, NOW);
}

/* A generated client_id is typed on command lines: one of 64 would begin with a dash. */
static void test_generated_ids_are_no_flags(void **state)
{
    struct refusal no = { 0 };
    const char *secret;
    struct client c;

    (void)state;
    for (int i = 0; i < 500; i++) {
        assert_ok(create("{" OK_BODY "}", &c, &secret, &no));
        assert_int_not_equal(c.client_id[0], '-');
    }
}

static void test_public(void **state)
{
    struct refusal no = { 0 };
    const char *secret = "untouched";
    struct client c;

    (void)state;
    assert_ok(create("{" OK_BODY ",\"client_type\":\"public\"}", &c, &secret, &no));
    assert_true(c.is_public);
    assert_null(secret);
    assert_string_equal(c.token_endpoint_auth_method, "none");
    assert_ok(create("{" OK_BODY ",\"token_endpoint_auth_method\":\"none\"}", &c, &secret, &no)); /* RFC 7591 */
    assert_true(c.is_public);
}

static void test_given(void **state)
{
    struct refusal no = { 0 };
    const char *secret;
    struct client c;

    (void)state;
    assert_ok(create("{" OK_BODY ",\"client_id\":\"my.app\",\"client_secret\":\"s3cret\",\"scope\":\" openid  email\","
                     "\"grant_types\":[\"refresh_token\",\"authorization_code\"],\"client_uri\":\"ignored\","
                     "\"token_endpoint_auth_method\":\"client_secret_post\",\"access_token_expiration\":\"24h\","
                     "\"sso_session_idle_timeout\":\"0\",\"allowed_audiences\":[\"https://api.example\"],"
                     "\"consent_required\":false,\"require_mfa\":null,\"access_token_format\":\"jwt\","
                     "\"post_logout_redirect_uris\":[\"https://app.example/bye\"]}", &c, &secret, &no));
    assert_string_equal(c.client_id, "my.app");
    assert_string_equal(secret, "s3cret");
    assert_string_equal(c.scopes, "openid email");
    assert_int_equal(c.grant_types.n, 2);
    assert_string_equal(c.access_token_expiration, "24h");
    assert_true(c.has_allowed_audiences);
    assert_int_equal(c.consent_required, 0);
    assert_int_equal(c.require_mfa, -1);
    assert_string_equal(c.post_logout_redirect_uris.v[0], "https://app.example/bye");
}

struct bad_row { const char *body, *word; enum refusal_code code; };

static void test_refused(void **state)
{
    static const struct bad_row rows[] = {
        { "[]", "object", REFUSE_INVALID_REQUEST },
        { "{\"redirect_uris\":[\"https://a.example/\"]}", "client_name", REFUSE_INVALID_CLIENT_METADATA },
        { "{" OK_BODY ",\"client_name2\":1,\"client_id\":5}", "client_id", REFUSE_INVALID_REQUEST },
        { "{\"client_name\":\"\",\"redirect_uris\":[\"https://a.example/\"]}", "client_name",
          REFUSE_INVALID_CLIENT_METADATA },
        { "{\"client_name\":\"<b>\",\"redirect_uris\":[\"https://a.example/\"]}", "client_name",
          REFUSE_INVALID_CLIENT_METADATA },
        /* DR-05 */
        { "{\"client_name\":\"App\"}", "redirect_uris", REFUSE_INVALID_REDIRECT_URI },
        { "{\"client_name\":\"App\",\"redirect_uris\":[]}", "redirect_uris", REFUSE_INVALID_REDIRECT_URI },
        { "{\"client_name\":\"App\",\"redirect_uris\":\"https://a.example/\"}", "redirect_uris",
          REFUSE_INVALID_REQUEST },
        { "{\"client_name\":\"App\",\"redirect_uris\":[\"bare\"]}", "redirect_uris", REFUSE_INVALID_REDIRECT_URI },
        { "{\"client_name\":\"App\",\"redirect_uris\":[\"https://a.example/#f\"]}", "redirect_uris",
          REFUSE_INVALID_REDIRECT_URI },
        { "{\"client_name\":\"App\",\"redirect_uris\":[\"javascript:alert(1)\"]}", "redirect_uris",
          REFUSE_INVALID_REDIRECT_URI },
        { "{\"client_name\":\"App\",\"redirect_uris\":[\"https://a.example/1\",\"https://a.example/2\","
          "\"https://a.example/3\",\"https://a.example/4\",\"https://a.example/5\",\"https://a.example/6\","
          "\"https://a.example/7\",\"https://a.example/8\",\"https://a.example/9\",\"https://a.example/10\","
          "\"https://a.example/11\"]}", "redirect_uris", REFUSE_INVALID_REDIRECT_URI },
        { "{" OK_BODY ",\"post_logout_redirect_uris\":[\"javascript:alert(1)\"]}", "post_logout",
          REFUSE_INVALID_CLIENT_METADATA },
        { "{" OK_BODY ",\"client_id\":\"a b\"}", "client_id", REFUSE_INVALID_CLIENT_METADATA },
        { "{" OK_BODY ",\"client_id\":\"a/b\"}", "client_id", REFUSE_INVALID_CLIENT_METADATA },
        { "{" OK_BODY ",\"client_id\":\"..\"}", "client_id", REFUSE_INVALID_CLIENT_METADATA },
        /* AT-05 */
        { "{" OK_BODY ",\"client_id\":\"0123456789abcdefghuv\"}", "person", REFUSE_INVALID_CLIENT_METADATA },
        { "{" OK_BODY ",\"client_secret\":\"a\\u0007b\"}", "client_secret", REFUSE_INVALID_CLIENT_METADATA },
        { "{" OK_BODY ",\"client_type\":\"public\",\"client_secret\":\"x\"}", "client_secret",
          REFUSE_INVALID_CLIENT_METADATA },
        { "{" OK_BODY ",\"client_type\":\"secret\"}", "client_type", REFUSE_INVALID_CLIENT_METADATA },
        /* design D17 */
        { "{" OK_BODY ",\"grant_types\":[\"urn:ietf:params:oauth:grant-type:device_code\"]}", "not available yet",
          REFUSE_INVALID_CLIENT_METADATA },
        { "{" OK_BODY ",\"grant_types\":[\"implicit\"]}", "unknown", REFUSE_INVALID_CLIENT_METADATA },
        { "{" OK_BODY ",\"grant_types\":[\"authorization_code refresh_token\"]}", "unknown",
          REFUSE_INVALID_CLIENT_METADATA },
        { "{" OK_BODY ",\"grant_types\":[7]}", "grant_types", REFUSE_INVALID_REQUEST },
        { "{" OK_BODY ",\"response_types\":[\"token\"]}", "not available yet", REFUSE_INVALID_CLIENT_METADATA },
        { "{" OK_BODY ",\"response_types\":[\"cod\"]}", "unknown", REFUSE_INVALID_CLIENT_METADATA },
        { "{" OK_BODY ",\"token_endpoint_auth_method\":\"private_key_jwt\"}", "not available yet",
          REFUSE_INVALID_CLIENT_METADATA },
        { "{" OK_BODY ",\"token_endpoint_auth_method\":\"magic\"}", "unknown", REFUSE_INVALID_CLIENT_METADATA },
        { "{" OK_BODY ",\"client_type\":\"confidential\",\"token_endpoint_auth_method\":\"none\"}", "confidential",
          REFUSE_INVALID_CLIENT_METADATA },
        { "{" OK_BODY ",\"client_type\":\"public\",\"token_endpoint_auth_method\":\"client_secret_basic\"}", "public",
          REFUSE_INVALID_CLIENT_METADATA },
        { "{" OK_BODY ",\"scopes\":\"open\\\"id\"}", "scopes", REFUSE_INVALID_CLIENT_METADATA },
        { "{" OK_BODY ",\"scopes\":\"openid\",\"scope\":\"email\"}", "scopes", REFUSE_INVALID_CLIENT_METADATA },
        { "{" OK_BODY ",\"access_token_expiration\":\"25h\"}", "24h", REFUSE_INVALID_CLIENT_METADATA },
        { "{" OK_BODY ",\"access_token_expiration\":\"0\"}", "zero", REFUSE_INVALID_CLIENT_METADATA },
        { "{" OK_BODY ",\"access_token_expiration\":\"-5m\"}", "duration", REFUSE_INVALID_CLIENT_METADATA },
        { "{" OK_BODY ",\"access_token_expiration\":900}", "string", REFUSE_INVALID_REQUEST },
        { "{" OK_BODY ",\"refresh_token_expiration\":\"30d\"}", "duration", REFUSE_INVALID_CLIENT_METADATA },
        { "{" OK_BODY ",\"consent_required\":true}", "not available yet", REFUSE_INVALID_CLIENT_METADATA },
        { "{" OK_BODY ",\"allow_self_signup\":true}", "not available yet", REFUSE_INVALID_CLIENT_METADATA },
        { "{" OK_BODY ",\"trust_device_enabled\":\"yes\"}", "true or false", REFUSE_INVALID_REQUEST },
        { "{" OK_BODY ",\"trust_device_expiration\":\"0\"}", "zero", REFUSE_INVALID_CLIENT_METADATA },
        { "{" OK_BODY ",\"trust_device_expiration\":\"30d\"}", "duration", REFUSE_INVALID_CLIENT_METADATA },
        { "{" OK_BODY ",\"require_mfa\":\"yes\"}", "true or false", REFUSE_INVALID_REQUEST },
        { "{" OK_BODY ",\"id_token_signed_response_alg\":\"HS256\"}", "HS256 is unknown",
          REFUSE_INVALID_CLIENT_METADATA },
        { "{" OK_BODY ",\"access_token_format\":\"paper\"}", "unknown", REFUSE_INVALID_CLIENT_METADATA },
        { "{" OK_BODY ",\"access_token_format\":true}", "string", REFUSE_INVALID_REQUEST },
        { "{" OK_BODY ",\"profile\":\"fapi2\"}", "not available yet", REFUSE_INVALID_CLIENT_METADATA },
        { "{" OK_BODY ",\"allowed_audiences\":[\"\"]}", "allowed_audiences", REFUSE_INVALID_CLIENT_METADATA },
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct refusal no = { 0 };
        const char *secret;
        struct client c;

        if (create(rows[i].body, &c, &secret, &no) != RC_REFUSED || no.code != rows[i].code ||
            strstr(refusal_text(&no), rows[i].word) == NULL)
            fail_msg("%s: %s (%s)", rows[i].body, refusal_wire(no.code), refusal_text(&no));
    }
}

static struct client registered(void)
{
    struct refusal no = { 0 };
    const char *secret;
    struct client c;

    assert_ok(create("{" OK_BODY ",\"client_id\":\"app\",\"access_token_expiration\":\"5m\",\"scopes\":\"openid\","
                     "\"allowed_audiences\":[\"x\"]}", &c, &secret, &no));
    return c;
}

/* http-api 7.2 */
static void test_grant_types(void **state)
{
    static const char words[] = "authorization_code refresh_token client_credentials password";
    struct refusal no = { 0 };
    const char *secret;
    struct client c;

    (void)state;
    assert_ok(create("{" OK_BODY ",\"grant_types\":[\"authorization_code\",\"refresh_token\",\"client_credentials\","
                     "\"password\"]}", &c, &secret, &no));
    assert_string_equal(text_join(A, &c.grant_types, ' '), words);
    assert_ok(create("{" OK_BODY ",\"grant_types\":[]}", &c, &secret, &no));
    assert_string_equal(text_join(A, &c.grant_types, ' '), "authorization_code");
}

static void test_update(void **state)
{
    struct client c = registered();
    struct refusal no = { 0 };

    (void)state;
    assert_ok(client_metadata_update(A, parsed("{\"client_name\":\"Other\",\"is_active\":false,\"client_id\":\"x\","
                                               "\"client_type\":\"public\"}"), NOW + 5, false, &c, &no));
    assert_string_equal(c.client_name, "Other");
    assert_string_equal(c.client_id, "app"); /* not a member of an update */
    assert_false(c.is_public);
    assert_false(c.is_active);
    assert_string_equal(c.access_token_expiration, "5m");
    assert_string_equal(c.scopes, "openid");
    assert_int_equal(c.updated_at, NOW + 5);
    assert_int_equal(c.created_at, NOW);
    assert_ok(client_metadata_update(A, parsed("{\"access_token_expiration\":null,\"allowed_audiences\":null}"), NOW, false,
                                     &c, &no));
    assert_null(c.access_token_expiration);
    assert_false(c.has_allowed_audiences);
}

/* A refused update leaves the client as it was. */
static void test_update_refused(void **state)
{
    struct client c = registered();
    struct refusal no = { 0 };

    (void)state;
    assert_refused(client_metadata_update(A, parsed("{\"client_name\":\"Other\",\"redirect_uris\":[]}"), NOW, false, &c, &no));
    assert_string_equal(c.client_name, "App");
    assert_refused(client_metadata_update(A, parsed("{\"token_endpoint_auth_method\":\"none\"}"), NOW, false, &c, &no));
    assert_refused(client_metadata_update(A, parsed("{\"is_active\":\"no\"}"), NOW, false, &c, &no));
}

static void test_json(void **state)
{
    struct client c = registered();

    (void)state;
    assert_string_equal(json_text(A, client_json(A, &c)),
        "{\"client_id\":\"app\",\"client_name\":\"App\",\"client_type\":\"confidential\","
        "\"redirect_uris\":[\"https://app.example/cb\"],\"post_logout_redirect_uris\":[],"
        "\"grant_types\":[\"authorization_code\"],\"response_types\":[\"code\"],\"scopes\":\"openid\","
        "\"scope\":\"openid\",\"token_endpoint_auth_method\":\"client_secret_basic\",\"is_active\":true,"
        "\"access_token_expiration\":\"5m\",\"allowed_audiences\":[\"x\"]}");
    struct json *r = client_registration_json(A, &c, "s");
    assert_string_equal(text_of(r, "client_secret"), "s");
    assert_int_equal(int_of(r, "client_secret_expires_at"), 0); /* DR-02 */
    assert_int_equal(int_of(r, "client_id_issued_at"), NOW);
    assert_false(json_has(client_registration_json(A, &c, NULL), "client_secret"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_defaults, in_memory, after),
        cmocka_unit_test_setup_teardown(test_generated_ids_are_no_flags, in_memory, after),
        cmocka_unit_test_setup_teardown(test_public, in_memory, after),
        cmocka_unit_test_setup_teardown(test_given, in_memory, after),
        cmocka_unit_test_setup_teardown(test_refused, in_memory, after),
        cmocka_unit_test_setup_teardown(test_grant_types, in_memory, after),
        cmocka_unit_test_setup_teardown(test_update, in_memory, after),
        cmocka_unit_test_setup_teardown(test_update_refused, in_memory, after),
        cmocka_unit_test_setup_teardown(test_json, in_memory, after),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
