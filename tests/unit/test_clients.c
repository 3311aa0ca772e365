#include "config.h"

#include "store_test.h"

#include "store/settings.h"

static struct text_list texts(const char *spaced)
{
    return text_split(A, spaced, ' ');
}

static struct client full_client(void)
{
    return (struct client){
        .id = "c1", .client_id = "app", .client_name = "An App", .is_active = true, .scopes = "openid email",
        .token_endpoint_auth_method = "client_secret_post", .profile = "fapi2",
        .redirect_uris = texts("https://b/2 https://a/1"), .post_logout_redirect_uris = texts("https://c/"),
        .grant_types = texts("refresh_token authorization_code"), .response_types = texts("code"),
        .allowed_audiences = texts("api"), .has_allowed_audiences = true,
        .access_token_expiration = "5m", .refresh_token_expiration = "1h",
        .authorization_code_expiration = "1m", .sso_session_idle_timeout = "24h",
        .trust_device_expiration = "48h", .allow_self_signup = 1, .trust_device_enabled = 0,
        .consent_required = -1, .require_mfa = 1, .id_token_signed_response_alg = "ES256",
        .access_token_signing_alg = "EdDSA", .access_token_format = "opaque",
        .created_at = NOW, .updated_at = NOW + 1,
    };
}

static const char *joined(const struct text_list *list)
{
    return text_join(A, list, ' ');
}

static void test_round_trip(void **state)
{
    struct client in = full_client(), c;

    (void)state;
    assert_ok(clients_add(DB, &in));
    assert_ok(clients_find(DB, A, "app", &c));
    assert_string_equal(c.id, "c1");
    assert_string_equal(c.client_name, "An App");
    assert_false(c.is_public);
    assert_true(c.is_active);
    assert_string_equal(c.scopes, "openid email");
    assert_string_equal(c.token_endpoint_auth_method, "client_secret_post");
    assert_string_equal(c.profile, "fapi2");
    assert_string_equal(joined(&c.redirect_uris), "https://b/2 https://a/1"); /* in their order */
    assert_string_equal(joined(&c.post_logout_redirect_uris), "https://c/");
    assert_string_equal(joined(&c.grant_types), "refresh_token authorization_code");
    assert_string_equal(joined(&c.response_types), "code");
    assert_string_equal(joined(&c.allowed_audiences), "api");
    assert_true(c.has_allowed_audiences);
    assert_string_equal(c.access_token_expiration, "5m");
    assert_string_equal(c.refresh_token_expiration, "1h");
    assert_string_equal(c.authorization_code_expiration, "1m");
    assert_string_equal(c.sso_session_idle_timeout, "24h");
    assert_string_equal(c.trust_device_expiration, "48h");
    assert_int_equal(c.allow_self_signup, 1);
    assert_int_equal(c.trust_device_enabled, 0);
    assert_int_equal(c.consent_required, -1);
    assert_int_equal(c.require_mfa, 1);
    assert_string_equal(c.id_token_signed_response_alg, "ES256");
    assert_string_equal(c.access_token_signing_alg, "EdDSA");
    assert_string_equal(c.access_token_format, "opaque");
    assert_int_equal(c.last_used_at, 0);
    assert_int_equal(c.created_at, NOW);
    assert_int_equal(c.updated_at, NOW + 1);
    assert_none(clients_find(DB, A, "App", &c));
}

static void test_conflict_leaves_nothing(void **state)
{
    struct client c = full_client();

    (void)state;
    assert_ok(clients_add(DB, &c));
    c.id = "c2";
    assert_refused(clients_add(DB, &c));
    assert_string_equal(db_why(DB), "clients.client_id");
    assert_int_equal(count("SELECT COUNT(*) FROM client_values WHERE kind = 'redirect_uri'"), 2);
}

static void test_update(void **state)
{
    struct client c = full_client();

    (void)state;
    assert_ok(clients_add(DB, &c));
    c.client_name = "Other";
    c.redirect_uris = texts("https://new/");
    c.allowed_audiences = (struct text_list){ 0 };
    c.has_allowed_audiences = false;
    c.access_token_expiration = NULL;
    c.require_mfa = -1;
    c.is_public = true; /* not this */
    c.updated_at = NOW + 9;
    assert_ok(clients_update(DB, &c));
    assert_ok(clients_find(DB, A, "app", &c));
    assert_string_equal(c.client_name, "Other");
    assert_string_equal(joined(&c.redirect_uris), "https://new/");
    assert_int_equal(c.allowed_audiences.n, 0);
    assert_false(c.has_allowed_audiences);
    assert_null(c.access_token_expiration);
    assert_int_equal(c.require_mfa, -1);
    assert_false(c.is_public);
    assert_int_equal(c.updated_at, NOW + 9);
    c.client_id = "nobody";
    assert_none(clients_update(DB, &c));
}

static void test_active_and_count(void **state)
{
    struct client c;
    int64_t n;

    (void)state;
    add_client("app");
    add_client("web");
    assert_ok(clients_set_active(DB, "app", false, NOW + 1));
    assert_none(clients_set_active(DB, "nobody", false, NOW + 1));
    assert_ok(clients_find(DB, A, "app", &c));
    assert_false(c.is_active);
    assert_ok(clients_count(DB, &n));
    assert_int_equal(n, 1);
}

static void test_touch_once_an_hour(void **state)
{
    struct client c;

    (void)state;
    add_client("app");
    assert_ok(clients_touch(DB, "app", NOW));
    assert_ok(clients_touch(DB, "app", NOW + 3599));
    assert_ok(clients_find(DB, A, "app", &c));
    assert_int_equal(c.last_used_at, NOW);
    assert_ok(clients_touch(DB, "app", NOW + 3600));
    assert_ok(clients_find(DB, A, "app", &c));
    assert_int_equal(c.last_used_at, NOW + 3600);
    assert_ok(clients_touch(DB, "nobody", NOW));
}

static void test_secrets(void **state)
{
    struct client_secret old = { .id = "x1", .sha256 = hash_like(1), .created_at = NOW };
    struct client_secret fresh = { .id = "x2", .hash = "$argon2id$", .created_at = NOW + 5 };
    struct client_secret bad = { .id = "x3", .created_at = NOW };
    struct client_secrets s;

    (void)state;
    add_client("app");
    assert_ok(clients_add_secret(DB, "app", &old));
    assert_ok(clients_add_secret(DB, "app", &fresh));
    assert_refused(clients_add_secret(DB, "app", &bad)); /* neither form */
    assert_refused(clients_add_secret(DB, "nobody", &bad));
    assert_ok(clients_secrets(DB, A, "app", NOW + 10, &s));
    assert_int_equal(s.n, 2);
    assert_string_equal(s.v[0].id, "x2");
    assert_string_equal(s.v[0].hash, "$argon2id$");
    assert_int_equal(s.v[0].sha256.n, 0);
    assert_int_equal(s.v[1].sha256.n, 32);
    assert_memory_equal(s.v[1].sha256.p, old.sha256.p, 32);
    assert_null(s.v[1].hash);
    assert_ok(clients_expire_secrets(DB, "app", "x2", NOW + 20));
    assert_ok(clients_expire_secrets(DB, "app", "x2", NOW + 99)); /* never later */
    assert_ok(clients_secrets(DB, A, "app", NOW + 19, &s));
    assert_int_equal(s.n, 2);
    assert_int_equal(s.v[1].expires_at, NOW + 20);
    assert_ok(clients_secrets(DB, A, "app", NOW + 20, &s));
    assert_int_equal(s.n, 1);
    assert_ok(clients_expire_secrets(DB, "app", NULL, NOW + 1));
    assert_ok(clients_secrets(DB, A, "app", NOW + 1, &s));
    assert_int_equal(s.n, 0);
}

/* Lists. */

static void add_listed(const char *client_id, const char *name, bool is_public, int64_t at)
{
    struct client c = full_client();

    c.id = arena_printf(A, "row-%s", client_id);
    c.client_id = client_id;
    c.client_name = name;
    c.is_public = is_public;
    c.redirect_uris = texts(arena_printf(A, "https://%s/", client_id));
    c.created_at = at;
    assert_ok(clients_add(DB, &c));
}

static const char *ids(const struct clients_query *q, int64_t total)
{
    struct clients_page p;
    const char *s = "";

    assert_ok(clients_list(DB, A, q, &p));
    assert_int_equal(p.total, total);
    for (size_t i = 0; i < p.n; i++) {
        s = arena_printf(A, "%s%s", s, p.v[i].client_id);
        assert_string_equal(joined(&p.v[i].redirect_uris), arena_printf(A, "https://%s/", p.v[i].client_id));
        assert_string_equal(joined(&p.v[i].response_types), "code");
    }
    return s;
}

#define Q(...) ids(&(struct clients_query){ .is_active = -1, __VA_ARGS__ }, total)

static void test_list(void **state)
{
    int64_t total = 3;

    (void)state;
    add_listed("c", "Zoo", false, NOW + 1);
    add_listed("a", "yak", true, NOW + 2);
    add_listed("b", "Xen", false, NOW + 3);
    assert_ok(clients_set_active(DB, "b", false, NOW));
    assert_string_equal(Q(.list = { .limit = 9 }), "cab");
    assert_string_equal(Q(.list = { .limit = 9, .is_descending = true }), "bac");
    assert_string_equal(Q(.list = { .limit = 9, .sort = "client_id" }), "abc");
    assert_string_equal(Q(.list = { .limit = 9, .sort = "client_name" }), "bac");
    assert_string_equal(Q(.list = { .limit = 9, .sort = "client_type", .is_descending = true }), "acb");
    assert_string_equal(Q(.list = { .limit = 1, .offset = 1 }), "a");
    assert_string_equal(Q(.list = { .limit = 1, .offset = 3 }), "");
    total = 1;
    assert_string_equal(Q(.list = { .limit = 9, .search = "zo" }), "c");
    assert_string_equal(Q(.list = { .limit = 9 }, .client_type = "public"), "a");
    assert_string_equal(ids(&(struct clients_query){ .is_active = 0, .list = { .limit = 9 } }, 1), "b");
    total = 0;
    assert_string_equal(Q(.list = { .limit = 9 }, .client_type = "other"), "");
}

/* Workers look at the registrations again when one changes. */
static void test_version_moves(void **state)
{
    struct client c = full_client();
    int64_t before, now;

    (void)state;
    assert_ok(installation_version(DB, &before));
    assert_ok(clients_add(DB, &c));
    assert_ok(installation_version(DB, &now));
    assert_int_equal(now, before + 1);
    assert_ok(clients_update(DB, &c));
    assert_ok(clients_set_active(DB, "app", false, NOW));
    assert_ok(installation_version(DB, &now));
    assert_int_equal(now, before + 3);
    assert_ok(clients_touch(DB, "app", NOW));
    assert_none(clients_set_active(DB, "nobody", false, NOW));
    assert_ok(installation_version(DB, &now));
    assert_int_equal(now, before + 3);
    assert_ok(clients_add_secret(DB, "app", &(struct client_secret){ .id = "s", .hash = "h", .created_at = NOW }));
    assert_ok(clients_expire_secrets(DB, "app", NULL, NOW + 1));
    assert_ok(installation_version(DB, &now));
    assert_int_equal(now, before + 5);
}

static void test_facts(void **state)
{
    struct client c = full_client();
    struct clients_facts facts;

    (void)state;
    assert_ok(clients_add(DB, &c));
    assert_ok(clients_facts_load(DB, &facts));
    assert_false(facts.has_password_grant);
    c.grant_types = texts("authorization_code password");
    assert_ok(clients_update(DB, &c));
    assert_ok(clients_facts_load(DB, &facts));
    assert_true(facts.has_password_grant);
    assert_ok(clients_set_active(DB, "app", false, NOW));
    assert_ok(clients_facts_load(DB, &facts));
    assert_false(facts.has_password_grant);
}

int main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, in_memory, after)
    const struct CMUnitTest tests[] = {
        T(test_round_trip), T(test_conflict_leaves_nothing), T(test_update), T(test_active_and_count),
        T(test_touch_once_an_hour), T(test_secrets), T(test_list),
        T(test_version_moves), T(test_facts),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
