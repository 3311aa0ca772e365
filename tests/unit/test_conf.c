/* The configuration file: what is taken, and what each refusal says. */
#include "config.h"

#include "conf_test.h"

#define TOKEN "0123456789abcdefghijklmnopqrstuvwxyz"

/* It is compared with what an Authorization header can carry (RFC 6750 2.1). */
static void test_admin_token(void **state)
{
    static const char *const names[] = { "AUTENTICO_ADMIN_TOKEN", "AUTENTICO_ADMIN_TOKEN_PREVIOUS" };
    static const char *const bad[] = { TOKEN " x", "\"" TOKEN " \"", TOKEN "\tx", TOKEN "\x7f", TOKEN "\xc3\xa9" };

    (void)state;
    for (size_t k = 0; k < ARRAY_LEN(names); k++) {
        assert_taken(arena_printf(A, "%s=%s\n", names[k], TOKEN));
        assert_taken(arena_printf(A, "%s=%s-._~+/=!#\n", names[k], TOKEN));
        assert_says(arena_printf(A, "%s=short\n", names[k]), "too short");
        for (size_t i = 0; i < ARRAY_LEN(bad); i++)
            assert_says(arena_printf(A, "%s=%s\n", names[k], bad[i]), "has a space or a character");
        assert_null(strstr(said, TOKEN)); /* a secret is not repeated */
    }
}

/* Design D16: a truth value, or nothing. */
static void test_enable_cors(void **state)
{
    static const struct { const char *text; int is; } rows[] = {
        { "", -1 }, { "AUTENTICO_ENABLE_CORS=true\n", 1 }, { "AUTENTICO_ENABLE_CORS=0\n", 0 },
        { "AUTENTICO_ENABLE_CORS=\n", -1 }, { "AUTENTICO_ENABLE_CORS=maybe\n", -1 },
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct conf conf;

        assert_ok(load(rows[i].text, &conf));
        assert_int_equal(conf.enable_cors, rows[i].is);
        secrets_wipe(conf.secrets);
    }
}

static void test_who_may_write_it(void **state)
{
    struct conf_source source = { .file = path };
    struct conf conf;
    char *lines = NULL;
    size_t n;
    FILE *err;

    (void)state;
    assert_taken("");
    for (mode_t open_to = 002; open_to <= 020; open_to *= 8) {
        assert_int_equal(chmod(path, 0600 | open_to), 0);
        err = open_memstream(&lines, &n);
        assert_int_equal(conf_load(A, &source, err, &conf), RC_REFUSED);
        fclose(err);
        assert_non_null(strstr(lines, "can be written by others"));
        free(lines);
    }
}

/* --- FastCGI over TCP (design D11a) ------------------------------------------ */

static void test_where_tcp_listens(void **state)
{
    static const struct { const char *value, *address; int port; } good[] = {
        { "9000", "127.0.0.1", 9000 },           { "127.0.0.1:1", "127.0.0.1", 1 },
        { "[::1]:65535", "::1", 65535 },         { "0.0.0.0:9000", "0.0.0.0", 9000 },
        { "[2001:db8::1]:80", "2001:db8::1", 80 },
    };
    static const char *const bad[] = { "0", "65536", "x", "-1", ":9000", "localhost:9000", "*:9000", "::1:9000",
                                       "[::1]", "[::1]9000", "[]:1", "127.0.0.1:", "127.0.0.1:x", "1.2.3:80", "9000 " };
    struct conf conf;

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(good); i++) {
        const char *text = arena_printf(A, "AUTENTICO_APP_LISTEN_PORT=\"%s\"\nAUTENTICO_FRONT_SECRET=%s\n",
                                        good[i].value, TOKEN);

        if (load(text, &conf) != RC_OK)
            fail_msg("%s: %s", text, said);
        assert_string_equal(conf.tcp_address, good[i].address);
        assert_int_equal(conf.tcp_port, good[i].port);
        assert_string_equal(conf.login_socket, ""); /* one port: the half of the workers is what may wait */
        secrets_wipe(conf.secrets);
    }
    for (size_t i = 0; i < ARRAY_LEN(bad); i++)
        assert_says(arena_printf(A, "AUTENTICO_APP_LISTEN_PORT=\"%s\"\nAUTENTICO_FRONT_SECRET=%s\n", bad[i], TOKEN),
                    "AUTENTICO_APP_LISTEN_PORT: ");
}

static void test_front_secret(void **state)
{
    static const char *const bad[] = { TOKEN "\\\"", TOKEN "$x", TOKEN ";", TOKEN "{", TOKEN "@" };

    (void)state;
    assert_says("AUTENTICO_APP_LISTEN_PORT=9000\n", "AUTENTICO_FRONT_SECRET: is missing");
    assert_says("AUTENTICO_FRONT_SECRET=short\n", "too short");
    assert_taken("AUTENTICO_FRONT_SECRET=" TOKEN "-._~+/=\n"); /* demanded at the sockets too, then */
    for (size_t i = 0; i < ARRAY_LEN(bad); i++)
        assert_says(arena_printf(A, "AUTENTICO_FRONT_SECRET=%s\n", bad[i]), "not every web server takes");
}

/* What is printed for autentico.env(5) has short lines, and no word of a help text is
 * taken for a request of roff. */
static void test_manual(void **state)
{
    static char text[32768];
    FILE *out = fmemopen(text, sizeof(text), "w");

    (void)state;
    conf_print_man(out);
    assert_int_equal(fclose(out), 0);
    assert_non_null(strstr(text, ".TP\n.B AUTENTICO_COOKIE_SECRET\nAt least 32 random bytes"));
    assert_non_null(strstr(text, "./autentico.db.\n"));
    assert_null(strstr(text, "AUTENTICO_OUTBOUND_ALLOW")); /* not there yet */
    for (char *line = strtok(text, "\n"); line != NULL; line = strtok(NULL, "\n")) {
        assert_in_range(strlen(line), 1, 80);
        if (line[0] == '.' && strcmp(line, ".TP") != 0 && strncmp(line, ".B AUTENTICO_", 13) != 0)
            fail_msg("%s", line);
    }
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        TEST(test_admin_token),
        TEST(test_enable_cors),
        TEST(test_who_may_write_it),
        TEST(test_where_tcp_listens),
        TEST(test_front_secret),
        TEST(test_manual),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
