/* Whose scripts may call: design D16, http-api 1.8. */
#include "oidc_test.h"

#include "oidc/browser_origins.h"

static struct cors loaded(int enable_cors, const char *list)
{
    struct settings settings;
    struct conf conf = CONF;
    struct cors c;

    conf.enable_cors = enable_cors;
    assert_ok(settings_put(DB, "cors_allowed_origins", list, T0));
    assert_ok(settings_load(DB, A, &settings));
    assert_ok(browser_origins_load(DB, A, &conf, &settings, &c));
    return c;
}

static const char *origins(int enable_cors, const char *list)
{
    struct cors c = loaded(enable_cors, list);

    return text_join(A, &c.origins, ' ');
}

static void set_redirects(const char *client_id, const char *spaced)
{
    struct client c;

    assert_ok(clients_find(DB, A, client_id, &c));
    c.redirect_uris = text_split(A, spaced, ' ');
    assert_ok(clients_update(DB, &c));
}

static void test_list(void **state)
{
    static const struct { const char *list, *origins; bool is_on, is_any; } rows[] = {
        { "", "", false, false },
        { "https://a.example", "https://a.example", true, false },
        { " https://b.example ,https://a.example,, ", "https://a.example https://b.example", true, false },
        { "*", "", true, true },
        { "https://a.example,*", "https://a.example", true, true },
        { "null", "", false, false },
        { ", ,", "", false, false },
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct cors c = loaded(-1, rows[i].list);

        assert_string_equal(text_join(A, &c.origins, ' '), rows[i].origins);
        assert_int_equal(c.is_on, rows[i].is_on);
        assert_int_equal(c.is_any, rows[i].is_any);
    }
}

/* The variable: unset, the list decides; false, nobody; true, the list, else the clients. */
static void test_variable(void **state)
{
    (void)state;
    set_redirects("spa", "https://spa.example/cb");
    set_redirects("autentico-admin", "https://id.example/admin/callback");
    assert_false(loaded(-1, "").is_on);
    assert_false(loaded(0, "").is_on);
    assert_false(loaded(0, "https://a.example").is_on);
    assert_false(loaded(0, "*").is_on);
    assert_false(loaded(0, "*").is_any);
    assert_string_equal(origins(1, "https://a.example"), "https://a.example");
    assert_string_equal(origins(1, ""), "https://id.example https://spa.example");
    assert_string_equal(origins(1, " "), "https://id.example https://spa.example");
    assert_true(loaded(1, "").is_on);
}

/* As browsers say them; only of active public clients. */
static void test_clients(void **state)
{
    (void)state;
    set_redirects("autentico-admin", "https://id.example/admin/callback");
    set_redirects("app", "https://confidential.example/cb");
    set_redirects("spa", "https://SPA.example:443/cb https://spa.example/other?x=1 http://localhost:5173/cb "
                         "com.example.app:/cb com.example.app://host/cb http://127.0.0.1:80/cb https://spa.example:8443/");
    assert_string_equal(origins(1, ""), "http://127.0.0.1 http://localhost:5173 https://id.example https://spa.example "
                                        "https://spa.example:8443");
    assert_ok(clients_set_active(DB, "spa", false, T0));
    assert_string_equal(origins(1, ""), "https://id.example");
}

static void test_nobody_registered(void **state)
{
    struct cors c;

    (void)state;
    assert_ok(clients_set_active(DB, "spa", false, T0));
    assert_ok(clients_set_active(DB, "autentico-admin", false, T0));
    c = loaded(1, "");
    assert_int_equal(c.origins.n, 0);
    assert_false(c.is_any);
}

int main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, world, after)
    const struct CMUnitTest tests[] = { T(test_list), T(test_variable), T(test_clients), T(test_nobody_registered) };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
