/* What `init` writes: the keys of spec/settings.md 7 in their order, then ours; and
 * what `init --complete` adds. */
#include "config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "scratch_test.h"
#include "cli/init.h"
#include "conf/conf.h"

static struct arena *A;
static const char *dir, *path;

static int set_up(void **state)
{
    (void)state;
    A = arena_start("test");
    dir = scratch_new(A);
    path = arena_printf(A, "%s/.env", dir);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    scratch_remove(dir);
    arena_done(A);
    return 0;
}

static char *content(void)
{
    char *text = arena_alloc(A, 65536);
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    ssize_t n = read(fd, text, 65535);

    assert_true(n >= 0);
    text[n] = '\0';
    close(fd);
    return text;
}

static void write_content(const char *text)
{
    int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);

    assert_int_equal(write(fd, text, strlen(text)), (ssize_t)strlen(text));
    close(fd);
}

/* Value of the only line of that name. */
static const char *value_of(const char *text, const char *name)
{
    const char *line = arena_printf(A, "\n%s=", name), *found = strstr(text, line);

    if (found == NULL)
        fail_msg("no %s", name);
    assert_null(strstr(found + 1, line));
    found += strlen(line);
    return arena_strndup(A, found, strcspn(found, "\n"));
}

static int init(const char *a, const char *b, const char *c)
{
    char name[] = "init", output[] = "--output";
    char *argv[] = { name, output, arena_strdup(A, dir), NULL, NULL, NULL, NULL };
    const char *more[] = { a, b, c };
    int n = 3;

    for (size_t i = 0; i < ARRAY_LEN(more) && more[i] != NULL; i++)
        argv[n++] = arena_strdup(A, more[i]);
    return cli_init(n, argv);
}

static void assert_hex64(const char *value)
{
    assert_int_equal(strlen(value), 64);
    assert_int_equal(strspn(value, "0123456789abcdef"), 64);
}

static void test_keys_in_order(void **state)
{
    static const char *const keys[] = {
        "DB_FILE_PATH", "APP_URL", "APP_OAUTH_PATH", "LISTEN_PORT", "ACCESS_TOKEN_SECRET", "REFRESH_TOKEN_SECRET",
        "CSRF_SECRET_KEY", "PRIVATE_KEY", "JWK_CERT_KEY_ID", "CSRF_SECURE_COOKIE", "REFRESH_TOKEN_COOKIE_NAME",
        "REFRESH_TOKEN_COOKIE_ONLY", "IDP_SESSION_COOKIE_NAME", "IDP_SESSION_SECURE", "RATE_LIMIT_RPS",
        "RATE_LIMIT_BURST", "RATE_LIMIT_RPM", "RATE_LIMIT_RPM_BURST", "ANTI_TIMING_MIN_MS", "ANTI_TIMING_MAX_MS",
        "DB_READ_POOL_SIZE", "ENCRYPTION_KEY",
    };
    const char *text, *at;
    struct stat st;
    size_t n = 0;

    (void)state;
    assert_int_equal(init(NULL, NULL, NULL), 0);
    assert_int_equal(stat(path, &st), 0);
    assert_int_equal(st.st_mode & 07777, 0600);
    at = text = content();
    for (size_t i = 0; i < ARRAY_LEN(keys); i++) {
        const char *found = strstr(at, arena_printf(A, "\nAUTENTICO_%s=", keys[i]));

        if (found == NULL)
            fail_msg("%s is not where it should be", keys[i]);
        at = found;
    }
    for (const char *p = text; (p = strstr(p, "\nAUTENTICO_")) != NULL; p++)
        n++;
    assert_int_equal(n, ARRAY_LEN(keys));
    assert_int_equal(text[strlen(text) - 1], '\n');
}

static void test_values(void **state)
{
    const char *text, *secret;

    (void)state;
    assert_int_equal(init("--url", "https://id.example.org///", NULL), 0);
    text = content();
    assert_string_equal(value_of(text, "AUTENTICO_APP_URL"), "https://id.example.org");
    assert_string_equal(value_of(text, "AUTENTICO_LISTEN_PORT"), "443");
    assert_string_equal(value_of(text, "AUTENTICO_IDP_SESSION_COOKIE_NAME"), "__Host-autentico_idp_session");
    assert_string_equal(value_of(text, "AUTENTICO_CSRF_SECURE_COOKIE"), "true");
    assert_string_equal(value_of(text, "AUTENTICO_IDP_SESSION_SECURE"), "true");
    secret = value_of(text, "AUTENTICO_CSRF_SECRET_KEY");
    assert_hex64(secret);
    assert_hex64(value_of(text, "AUTENTICO_ACCESS_TOKEN_SECRET"));
    assert_hex64(value_of(text, "AUTENTICO_REFRESH_TOKEN_SECRET"));
    assert_string_not_equal(secret, value_of(text, "AUTENTICO_ACCESS_TOKEN_SECRET"));
    assert_int_equal(strlen(value_of(text, "AUTENTICO_ENCRYPTION_KEY")), 44);
}

static void test_development(void **state)
{
    const char *text;

    (void)state;
    assert_int_equal(init("--url=http://localhost:9998", "--dev", NULL), 0);
    text = content();
    assert_string_equal(value_of(text, "AUTENTICO_LISTEN_PORT"), "9998");
    assert_string_equal(value_of(text, "AUTENTICO_IDP_SESSION_COOKIE_NAME"), "autentico_idp_session");
    assert_string_equal(value_of(text, "AUTENTICO_CSRF_SECURE_COOKIE"), "false");
    assert_string_equal(value_of(text, "AUTENTICO_IDP_SESSION_SECURE"), "false");
}

static void test_refused(void **state)
{
    static const char *const urls[] = { "", "id.example.org", "https://", "ftp://id.example.org", "//id.example.org" };
    struct stat st;

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(urls); i++) {
        assert_int_equal(init("--url", urls[i], NULL), 1);
        assert_int_equal(stat(path, &st), -1);
    }
    assert_int_equal(init("word", NULL, NULL), 1);
    write_content("# mine\n");
    assert_int_equal(init(NULL, NULL, NULL), 1);
    assert_string_equal(content(), "# mine\n");
}

/* A link put there beforehand is not followed. */
static void test_link(void **state)
{
    struct stat st;

    (void)state;
    assert_int_equal(symlink(arena_printf(A, "%s/elsewhere", dir), path), 0);
    assert_int_equal(init(NULL, NULL, NULL), 1);
    assert_int_equal(stat(arena_printf(A, "%s/elsewhere", dir), &st), -1);
}

/* The configuration takes what was written. */
static void test_loads(void **state)
{
    struct conf_source source = { .file = path, .needs_secrets = true };
    struct conf conf;

    (void)state;
    assert_int_equal(init("--url", "https://id.example.org", NULL), 0);
    assert_int_equal(conf_load(A, &source, stderr, &conf), RC_OK);
    assert_string_equal(conf.issuer, "https://id.example.org/oauth2");
    assert_int_equal(conf.secrets->cookie.n, 32);
    assert_int_equal(conf.secrets->encryption.n, 32);
    assert_true(text_starts(conf.secrets->private_key_pem, "-----BEGIN RSA PRIVATE KEY-----"));
    secrets_wipe(conf.secrets);
}

static void test_complete(void **state)
{
    static const struct { const char *before; bool cookie, encryption; } cases[] = {
        { "", true, true },
        { "AUTENTICO_APP_URL=http://localhost:9999", true, true },                /* no final newline */
        { "AUTENTICO_CSRF_SECRET_KEY=x\n", false, true },
        { "AUTENTICO_COOKIE_SECRET=x\n", false, true },
        { "AUTENTICO_CSRF_SECRET_KEY=\nAUTENTICO_ENCRYPTION_KEY=\"\"\n", true, true }, /* set, to nothing */
        { "#AUTENTICO_ENCRYPTION_KEY=x\n", true, true },
        { "  export AUTENTICO_ENCRYPTION_KEY = x\n", true, false },
        { "AUTENTICO_ENCRYPTION_KEY_FILE=/x\nAUTENTICO_COOKIE_SECRET_FILE=/y\n", false, false },
        { "AUTENTICO_ENCRYPTION_KEY_PREVIOUS=x\n", true, true },
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        const char *after;
        struct stat st;

        write_content(cases[i].before);
        assert_int_equal(init("--complete", NULL, NULL), 0);
        after = content();
        assert_true(text_starts(after, cases[i].before));
        after += strlen(cases[i].before);
        if ((strstr(after, "AUTENTICO_CSRF_SECRET_KEY=") != NULL) != cases[i].cookie ||
            (strstr(after, "AUTENTICO_ENCRYPTION_KEY=") != NULL) != cases[i].encryption)
            fail_msg("%s -> %s", cases[i].before, after);
        assert_int_equal(stat(path, &st), 0);
        assert_int_equal(st.st_mode & 07777, 0600);
    }
}

static void test_complete_refusals(void **state)
{
    (void)state;
    assert_int_equal(init("--complete", NULL, NULL), 1); /* there is none */
    write_content("");
    assert_int_equal(init("--complete", "--url", "https://x.example"), 1);
    assert_int_equal(init("--complete", "--dev", NULL), 1);
    assert_int_equal(init("--config", path, NULL), 1); /* without --complete */
    assert_string_equal(content(), "");
    assert_int_equal(init("--complete", "--config", path), 0);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        TEST(test_keys_in_order), TEST(test_values), TEST(test_development),   TEST(test_refused),
        TEST(test_link),          TEST(test_loads),  TEST(test_complete),      TEST(test_complete_refusals),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
