/* What `start` prints (spec/settings.md 7), and the theme of the pages. */
#include "config.h"

#include "serve_test.h"

#include "serve/banner.h"
#include "serve/theme.h"

static struct sockets sockets;

static const char *printed(const struct prepared *prepared, const struct front_server *front)
{
    FILE *out = listen_to();

    banner_print(out, &conf, prepared, front, &sockets);
    return heard(out);
}

static void with_a_front_of_our_own(void **state)
{
    struct prepared prepared = { .is_onboarded = true };
    struct front_server front = { .is_wanted = true, .program = "/usr/sbin/nginx" };

    (void)state;
    printed(&prepared, &front);
    assert_said("\nAutentico " PACKAGE_VERSION "\n");
    assert_said("  Base URL      http://localhost:9999\n");
    assert_said("  Admin         http://localhost:9999/admin/\n");
    assert_said("  Account       http://localhost:9999/account/\n");
    assert_said("  Issuer        http://localhost:9999/oauth2\n");
    assert_said("  Discovery     http://localhost:9999/oauth2/.well-known/openid-configuration\n");
    assert_said("  JWKS          http://localhost:9999/oauth2/.well-known/jwks.json\n");
    assert_said("  Authorize     http://localhost:9999/oauth2/authorize\n");
    assert_said("  Token         http://localhost:9999/oauth2/token\n");
    assert_said(arena_printf(A, "  Database      %s\n", conf.db_path));
    assert_said("  Front         /usr/sbin/nginx, private, on port 9999\n");
    assert_null(strstr(said, "Set up"));
    assert_null(strstr(said, "FastCGI"));
}

static void behind_the_operators_server(void **state)
{
    struct prepared prepared = { .is_onboarded = true };
    struct front_server front = { .is_wanted = false };

    (void)state;
    printed(&prepared, &front);
    assert_said(arena_printf(A, "  FastCGI       %s\n                %s\n", conf.socket, conf.login_socket));
    assert_said("put this in front: autentico site ");
    conf.login_socket = "";
    assert_null(strstr(printed(&prepared, &front), "login.sock"));
    conf.tcp_listen = conf.tcp_address = "127.0.0.1";
    conf.tcp_port = 9000;
    printed(&prepared, &front);
    assert_said("  FastCGI       127.0.0.1 port 9000\n");
    sockets = (struct sockets){ 3, -1, true };
    printed(&prepared, &front);
    assert_said("  FastCGI       a socket that was handed over\n");
    assert_null(strstr(said, "put this in front"));
    sockets.login_fd = 4;
    printed(&prepared, &front);
    assert_said("  FastCGI       two sockets that were handed over\n");
    sockets = (struct sockets){ -1, -1, false };
}

/* Design D23: the token is in the link, and nowhere when none is needed. */
static void somebody_has_to_set_it_up(void **state)
{
    struct prepared prepared = { .is_onboarded = false };
    struct front_server front = { .is_wanted = false };

    (void)state;
    printed(&prepared, &front);
    assert_said("  Set up        http://localhost:9999/onboard\n");
    assert_null(strstr(said, "token="));
    strcpy(prepared.onboard_token, "abc123");
    printed(&prepared, &front);
    assert_said("  Set up        http://localhost:9999/onboard?token=abc123\n");
    assert_said("works once and for one hour; a new one: autentico onboard --token");
    prepared.is_onboarded = true;
    assert_null(strstr(printed(&prepared, &front), "abc123"));
}

/* --- theme -------------------------------------------------------------------------- */

static struct settings SETTINGS;

static int set_up_theme(void **state)
{
    (void)set_up(state);
    SETTINGS = (struct settings){
        .theme_title = "Acme", .theme_tagline = "Sign in", .theme_logo_url = "", .theme_css_inline = "",
        .theme_brand_color = setting_row_of("theme_brand_color")->initial, .footer_links = "[]",
    };
    return 0;
}

static const char *text_of(const char *member)
{
    const char *text = NULL;

    assert_int_equal(json_get_str(theme_model(A, &conf, &SETTINGS), member, &text), RC_OK);
    return text;
}

static bool has_css(void)
{
    bool is = false;

    assert_int_equal(json_get_bool(theme_model(A, &conf, &SETTINGS), "theme_css", &is), RC_OK);
    return is;
}

static void names_and_logo(void **state)
{
    static const char *const good[] = { "/logo.png", "https://cdn.example/x.svg", "http://cdn.example/x.svg" };
    static const char *const bad[] = { "", "javascript:alert(1)", "data:image/svg+xml,x", "//cdn.example/x", "logo.png",
                                       "JavaScript:alert(1)", " https://cdn.example" };

    (void)state;
    assert_string_equal(text_of("title"), "Acme");
    assert_string_equal(text_of("tagline"), "Sign in");
    for (size_t i = 0; i < ARRAY_LEN(good); i++) {
        SETTINGS.theme_logo_url = good[i];
        assert_string_equal(text_of("logo_url"), good[i]);
    }
    for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
        SETTINGS.theme_logo_url = bad[i];
        assert_string_equal(text_of("logo_url"), "/oauth2/static/logo.svg");
    }
}

/* A style sheet of its own is asked for only when there is something in it. */
static void style_sheet(void **state)
{
    (void)state;
    assert_false(has_css());
    SETTINGS.theme_brand_color = text_lower(A, SETTINGS.theme_brand_color);
    assert_false(has_css());
    SETTINGS.theme_brand_color = "#123456";
    assert_true(has_css());
    SETTINGS.theme_brand_color = "";
    assert_false(has_css());
    SETTINGS.theme_css_inline = "body{}";
    assert_true(has_css());
    SETTINGS.theme_css_inline = "";
    conf.theme_css_file = "/etc/own.css";
    assert_true(has_css());
}

static void footer(void **state)
{
    static const struct { const char *setting; size_t n; } cases[] = {
        { "[{\"label\":\"Help\",\"url\":\"https://help.example\"},{\"label\":\"Mail\",\"url\":\"mailto:a@example.org\"}]", 2 },
        { "[{\"label\":\"Here\",\"url\":\"/imprint\"}]", 1 },
        { "[{\"label\":\"X\",\"url\":\"javascript:alert(1)\"},{\"label\":\"Y\",\"url\":\"//evil.example\"}]", 0 },
        { "[{\"label\":\"X\"},{\"url\":\"/x\"},{\"label\":1,\"url\":\"/x\"},[],null,\"/x\"]", 0 },
        { "[]", 0 }, { "{}", 0 }, { "", 0 }, { "nonsense", 0 }, { "[{\"label\":\"X\",\"url\":\"/x\"}", 0 },
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        const struct json *links;

        SETTINGS.footer_links = cases[i].setting;
        links = json_get(theme_model(A, &conf, &SETTINGS), "footer_links");
        assert_int_equal(json_type(links), JSON_ARRAY);
        if (json_len(links) != cases[i].n)
            fail_msg("%s: %zu links", cases[i].setting, json_len(links));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
#define TEST(name, set) cmocka_unit_test_setup_teardown(name, set, tear_down)
        TEST(with_a_front_of_our_own, set_up), TEST(behind_the_operators_server, set_up),
        TEST(somebody_has_to_set_it_up, set_up), TEST(names_and_logo, set_up_theme), TEST(style_sheet, set_up_theme),
        TEST(footer, set_up_theme),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
