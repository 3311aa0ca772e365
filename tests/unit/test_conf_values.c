/* Every kind of variable: what is taken for it, and what a refusal says. */
#include "config.h"

#include "conf_test.h"

#include "conf/keys.h"

#define HEX32 "00112233445566778899aabbccddeeff0123456789abcdeffedcba9876543210"

static const char *line(const char *name, const char *value)
{
    return arena_printf(A, "%s=\"%s\"\n", name, value);
}

struct bad { const char *name, *value, *why; };

static void refuse_all(const struct bad *cases, size_t n)
{
    for (size_t i = 0; i < n; i++)
        assert_says(line(cases[i].name, cases[i].value), arena_printf(A, "%s: %s\n", cases[i].name, cases[i].why));
}

static void defaults(void **state)
{
    (void)state;
    assert_taken("");
    assert_string_equal(CONF.url, "http://localhost:9999");
    assert_string_equal(CONF.oauth_path, "/oauth2");
    assert_string_equal(CONF.issuer, "http://localhost:9999/oauth2");
    assert_string_equal(CONF.jwk_kid, "autentico-key-1");
    assert_string_equal(CONF.refresh_cookie_name, "autentico_refresh_token");
    assert_string_equal(CONF.session_cookie_name, "autentico_idp_session");
    assert_true(CONF.csrf_secure && CONF.idp_session_secure);
    assert_false(CONF.refresh_cookie_only || CONF.allow_http);
    assert_true(CONF.rate_rps > 4.9 && CONF.rate_rps < 5.1 && CONF.rate_rpm > 19.9 && CONF.rate_rpm < 20.1);
    assert_int_equal(CONF.rate_burst, 10);
    assert_int_equal(CONF.rate_rpm_burst, 20);
    assert_int_equal(CONF.socket_mode, 0660);
    assert_int_equal(CONF.front, FRONT_AUTO);
    assert_int_equal(CONF.durability, DURABILITY_FULL);
    assert_int_equal(CONF.request_deadline_s, 30);
    assert_int_equal(CONF.drain_deadline_s, 10);
    assert_int_equal(CONF.log_format, LOG_TEXT);
    assert_int_equal(CONF.log_level, LOG_LEVEL_INFO);
    assert_string_equal(CONF.user, "");
    assert_string_equal(CONF.file, path);
    assert_string_equal(said, "");
}

static void numbers(void **state)
{
    static const struct bad cases[] = {
        { "AUTENTICO_RATE_LIMIT_BURST", "-1", "\"-1\" is not a number from 0 to 1000000" },
        { "AUTENTICO_RATE_LIMIT_BURST", "1000001", "\"1000001\" is not a number from 0 to 1000000" },
        { "AUTENTICO_RATE_LIMIT_RPM_BURST", "ten", "\"ten\" is not a number from 0 to 1000000" },
        { "AUTENTICO_WORKERS", "", "\"\" is not a number from 1 to 64" },
        { "AUTENTICO_WORKERS", "0", "\"0\" is not a number from 1 to 64" },
        { "AUTENTICO_WORKERS", "65", "\"65\" is not a number from 1 to 64" },
        { "AUTENTICO_LOGIN_WORKERS", "1.5", "\"1.5\" is not a number from 1 to 64" },
        { "AUTENTICO_HASHERS", "33", "\"33\" is not a number from 1 to 32" },
        { "AUTENTICO_SIGNERS", "9223372036854775808", "\"9223372036854775808\" is not a number from 1 to 32" },
        { "AUTENTICO_RATE_LIMIT_RPS", "x", "\"x\" is not a number" },
        { "AUTENTICO_RATE_LIMIT_RPS", "", "\"\" is not a number" },
        { "AUTENTICO_RATE_LIMIT_RPS", "nan", "\"nan\" is not a number" },
        { "AUTENTICO_RATE_LIMIT_RPM", "inf", "\"inf\" is not a number" },
        { "AUTENTICO_RATE_LIMIT_RPM", "1e999", "\"1e999\" is not a number" },
        { "AUTENTICO_RATE_LIMIT_RPM", "5,5", "\"5,5\" is not a number" },
    };

    (void)state;
    refuse_all(cases, ARRAY_LEN(cases));
    assert_taken("AUTENTICO_WORKERS=64\nAUTENTICO_HASHERS=1\nAUTENTICO_RATE_LIMIT_RPS=0.5\n");
    assert_int_equal(CONF.workers, 64);
    assert_int_equal(CONF.hashers, 1);
    assert_true(CONF.rate_rps > 0.49 && CONF.rate_rps < 0.51);
    /* the contract's "0 or less", and its bursts of 0 beside them */
    assert_taken("AUTENTICO_RATE_LIMIT_RPS=-1\nAUTENTICO_RATE_LIMIT_BURST=0\n"
                 "AUTENTICO_RATE_LIMIT_RPM=-0.5\nAUTENTICO_RATE_LIMIT_RPM_BURST=0\n");
    assert_true(CONF.rate_rps < 0 && CONF.rate_rpm < 0);
    assert_int_equal(CONF.rate_burst, 0);
    assert_int_equal(CONF.rate_rpm_burst, 0);
}

static void durations(void **state)
{
    static const struct bad cases[] = {
        { "AUTENTICO_REQUEST_DEADLINE", "0s", "\"0s\" is not a duration from 1s to 600s (for example 30s)" },
        { "AUTENTICO_REQUEST_DEADLINE", "10m1s", "\"10m1s\" is not a duration from 1s to 600s (for example 30s)" },
        { "AUTENTICO_REQUEST_DEADLINE", "30", "\"30\" is not a duration from 1s to 600s (for example 30s)" },
        { "AUTENTICO_DRAIN_DEADLINE", "", "\"\" is not a duration from 1s to 600s (for example 30s)" },
        { "AUTENTICO_DRAIN_DEADLINE", "soon", "\"soon\" is not a duration from 1s to 600s (for example 30s)" },
    };

    (void)state;
    refuse_all(cases, ARRAY_LEN(cases));
    assert_taken("AUTENTICO_REQUEST_DEADLINE=1m30s\nAUTENTICO_DRAIN_DEADLINE=600s\n");
    assert_int_equal(CONF.request_deadline_s, 90);
    assert_int_equal(CONF.drain_deadline_s, 600);
}

static void modes(void **state)
{
    static const char *const bad[] = { "", "9", "01000", "-1", "0x1ff", "660 ", "rw-rw----" };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(bad); i++)
        assert_says(line("AUTENTICO_SOCKET_MODE", bad[i]),
                    arena_printf(A, "AUTENTICO_SOCKET_MODE: \"%s\" is not an octal mode (for example 0660)\n", bad[i]));
    assert_taken("AUTENTICO_SOCKET_MODE=777\n");
    assert_int_equal(CONF.socket_mode, 0777);
}

static void choices(void **state)
{
    (void)state;
    for (size_t i = 0; i < conf_keys_n; i++) {
        const struct key *key = &conf_keys[i];

        if (key->type != KEY_CHOICE)
            continue;
        assert_says(line(key->name, "iis"),
                    arena_printf(A, "%s: \"iis\" is not one of: %s\n", key->name, key->choices));
        assert_says(line(key->name, ""), arena_printf(A, "%s: \"\" is not one of: %s\n", key->name, key->choices));
        assert_says(line(key->name, key->choices), "is not one of");
    }
    assert_taken("AUTENTICO_FRONT=none\nAUTENTICO_LOG_LEVEL=error\nAUTENTICO_LOG_FORMAT=json\nAUTENTICO_DURABILITY=normal\n");
    assert_int_equal(CONF.front, FRONT_NONE);
    assert_int_equal(CONF.log_level, LOG_LEVEL_ERROR);
    assert_int_equal(CONF.log_format, LOG_JSON);
    assert_int_equal(CONF.durability, DURABILITY_NORMAL);
}

/* spec/settings.md 1: what is neither is the default. */
static void booleans(void **state)
{
    static const char *const yes[] = { "1", "t", "T", "TRUE", "true", "True" };
    static const char *const no[] = { "0", "f", "F", "FALSE", "false", "False", "", "yes", "on" };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(yes); i++) {
        assert_taken(line("AUTENTICO_REFRESH_TOKEN_COOKIE_ONLY", yes[i]));
        assert_true(CONF.refresh_cookie_only);
    }
    for (size_t i = 0; i < ARRAY_LEN(no); i++) {
        assert_taken(line("AUTENTICO_REFRESH_TOKEN_COOKIE_ONLY", no[i]));
        assert_false(CONF.refresh_cookie_only);
    }
    assert_taken("AUTENTICO_CSRF_SECURE_COOKIE=maybe\n");
    assert_true(CONF.csrf_secure);
}

static void networks(void **state)
{
    static const char *const bad[] = { "10.0.0", "10.0.0.0/33", "::1/129", "localhost", "10.0.0.0/", "10.0.0.0/-1",
                                       "10.0.0.0/8/8", "1.2.3.4.5", "::g", "/8", "10.0.0.0;::1", ",", "\" \"",
                                       "10.0.0.0/8,all" };
    static const char *const names[] = { "AUTENTICO_TRUSTED_PROXIES", "AUTENTICO_ADMIN_ALLOW" };

    (void)state;
    for (size_t i = 0; i < 2 * ARRAY_LEN(bad); i++)
        assert_says(line(names[i % 2], bad[i / 2]),
                    arena_printf(A, "%s: expected addresses or prefixes, for example 127.0.0.1 10.0.0.0/8 ::1\n",
                                 names[i % 2]));
    assert_taken("AUTENTICO_ADMIN_ALLOW=192.0.2.0/24\n");
    assert_true(net_has(&CONF.admin_allow, "192.0.2.9"));
    assert_taken("AUTENTICO_ADMIN_ALLOW=\n");
    assert_int_equal(CONF.admin_allow.n, 0);
    assert_taken("AUTENTICO_TRUSTED_PROXIES=10.0.0.0/8, 2001:db8::/32  192.0.2.1\n");
    assert_int_equal(CONF.trusted_proxies.n, 3);
}

/* Design D17: nothing fails open. */
static void not_built_yet(void **state)
{
    int n = 0;

    (void)state;
    for (size_t i = 0; i < conf_keys_n; i++) {
        const struct key *key = &conf_keys[i];

        if (key->type != KEY_LATER)
            continue;
        n++;
        assert_says(line(key->name, "x"),
                    arena_printf(A, "%s: not available yet; take it out of the configuration\n", key->name));
        assert_taken(line(key->name, key->initial));
    }
    print_message("%d variables are not built yet\n", n);
}

/* An empty one would come to mean something else: a database that is gone at the end. */
static void may_not_be_empty(void **state)
{
    static const char *const names[] = { "AUTENTICO_DB_FILE_PATH", "AUTENTICO_APP_URL", "AUTENTICO_APP_OAUTH_PATH", "AUTENTICO_JWK_CERT_KEY_ID",
                                         "AUTENTICO_REFRESH_TOKEN_COOKIE_NAME", "AUTENTICO_IDP_SESSION_COOKIE_NAME" };
    static const struct bad cases[] = {
        { "AUTENTICO_ACCESS_TOKEN_SECRET", "", "is set but empty; give it a value or take it out" },
        { "AUTENTICO_REFRESH_TOKEN_SECRET", "", "is set but empty; give it a value or take it out" },
    };

    (void)state;
    refuse_all(cases, ARRAY_LEN(cases));
    for (size_t i = 0; i < ARRAY_LEN(names); i++)
        assert_says(line(names[i], ""), arena_printf(A, "%s: is set but empty; give it a value or take it out\n", names[i]));
    assert_taken("AUTENTICO_ACCESS_TOKEN_SECRET=x\nAUTENTICO_REFRESH_TOKEN_SECRET=y\n");
    assert_taken("AUTENTICO_ANTI_TIMING_MIN_MS=\nAUTENTICO_ANTI_TIMING_MAX_MS=x\nAUTENTICO_DB_READ_POOL_SIZE=-1\n");
}

static void names_that_are_unknown(void **state)
{
    struct conf_source met = { .file = NULL };

    (void)state;
    assert_says("AUTENTICO_WORKRES=3\n", "AUTENTICO_WORKRES: unknown variable\n");
    assert_says("PATH=/bin\n", "PATH: unknown variable\n");
    /* met in ./.env: a warning, and only of what bears our name (design D22) */
    write_bytes(".env", "AUTENTICO_WORKRES=3\nPATH=/bin\n", 30);
    assert_int_equal(load_from(&met, &CONF), RC_OK);
    assert_string_equal(said, "warning: unknown variable AUTENTICO_WORKRES is ignored\n");
    assert_string_equal(CONF.file, ".env");
    /* in the environment: a warning, though a file was named */
    setenv("AUTENTICO_WORKRES", "3", 1);
    assert_taken("");
    assert_string_equal(said, "warning: unknown variable AUTENTICO_WORKRES is ignored\n");
}

static void all_faults_at_once(void **state)
{
    (void)state;
    assert_says("AUTENTICO_WORKERS=0\nNONSENSE=1\nAUTENTICO_COOKIE_SECRET=x\n", "AUTENTICO_WORKERS: ");
    assert_said("NONSENSE: ");
    assert_said("AUTENTICO_COOKIE_SECRET: ");
    assert_says("AUTENTICO_APP_OAUTH_PATH=x\nAUTENTICO_LISTEN_PORT=x\n", "AUTENTICO_APP_OAUTH_PATH: ");
    assert_said("AUTENTICO_LISTEN_PORT: ");
}

static void no_file(void **state)
{
    struct conf_source source = { .file = "/nonexistent/autentico.env" };

    (void)state;
    assert_int_equal(load_from(&source, &CONF), RC_REFUSED);
    assert_string_equal(said, "/nonexistent/autentico.env: no such file\n");
}

static void the_environment_wins(void **state)
{
    (void)state;
    setenv("AUTENTICO_WORKERS", "7", 1);
    assert_taken("AUTENTICO_WORKERS=3\nAUTENTICO_SIGNERS=2\n");
    assert_int_equal(CONF.workers, 7);
    assert_int_equal(CONF.signers, 2);
    unsetenv("AUTENTICO_WORKERS");
    assert_taken("AUTENTICO_WORKERS=3\nAUTENTICO_WORKERS=4\n"); /* the last line of a file */
    assert_int_equal(CONF.workers, 4);
}

/* --- secrets ------------------------------------------------------------------ */

static void assert_secret(const struct secret *s, const void *p, size_t n)
{
    assert_int_equal(s->n, n);
    assert_memory_equal(s->p, p, n);
}

static void take(const char *text)
{
    if (load(text, &CONF) != RC_OK)
        fail_msg("%s: %s", text, said);
}

/* Design 4: base64, base64url or hex, else the text itself. */
static void ways_to_write_a_secret(void **state)
{
    static const uint8_t raw[32] = { 0xfb, 0xff, 0xfe, 1,  2,  3,  4,  5,  6,  7,  8,  9,  10, 11, 12, 13,
                                     14,   15,   16,   17, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 29 };
    static const char *const forms[] = {
        "fbfffe0102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d",
        "+//+AQIDBAUGBwgJCgsMDQ4PEBESExQVFhcYGRobHB0=",
        "-__-AQIDBAUGBwgJCgsMDQ4PEBESExQVFhcYGRobHB0",
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(forms); i++) {
        take(line("AUTENTICO_ENCRYPTION_KEY", forms[i]));
        assert_secret(&CONF.secrets->encryption, raw, sizeof(raw));
        take(line("AUTENTICO_COOKIE_SECRET", forms[i]));
        assert_secret(&CONF.secrets->cookie, raw, sizeof(raw));
        secrets_free(CONF.secrets);
    }
    take("AUTENTICO_COOKIE_SECRET=a sentence of several words, with ! in it\n");
    assert_secret(&CONF.secrets->cookie, "a sentence of several words, with ! in it", 41);
    take("AUTENTICO_ADMIN_TOKEN=" HEX32 "\n"); /* what is sent is the text */
    assert_secret(&CONF.secrets->admin_token, HEX32, 64);
}

static void secrets_that_are_refused(void **state)
{
    static const struct bad cases[] = {
        { "AUTENTICO_COOKIE_SECRET", "", "is too short: take the output of: openssl rand -hex 32" },
        { "AUTENTICO_COOKIE_SECRET", "00112233445566778899aabbccddeeff",
          "is too short: take the output of: openssl rand -hex 32" },
        { "AUTENTICO_COOKIE_SECRET", "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
          "is not random: take the output of: openssl rand -hex 32" },
        { "AUTENTICO_COOKIE_SECRET_PREVIOUS", "passwordpasswordpasswordpasswordpassword!",
          "is not random: take the output of: openssl rand -hex 32" },
        { "AUTENTICO_CSRF_SECRET_KEY", "short", "is too short: take the output of: openssl rand -hex 32" },
        { "AUTENTICO_ENCRYPTION_KEY", "00112233445566778899aabbccddeeff",
          "must be 32 random bytes in base64: openssl rand -base64 32" },
        { "AUTENTICO_ENCRYPTION_KEY", HEX32 "00", "must be 32 random bytes in base64: openssl rand -base64 32" },
        { "AUTENTICO_ENCRYPTION_KEY_PREVIOUS", "", "must be 32 random bytes in base64: openssl rand -base64 32" },
        { "AUTENTICO_ADMIN_TOKEN", "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
          "is not random: take the output of: openssl rand -hex 32" },
        { "AUTENTICO_PRIVATE_KEY", "-----BEGIN RSA PRIVATE KEY-----",
          "is not the base64 of a PEM file: base64 -w0 key.pem" },
        { "AUTENTICO_PRIVATE_KEY", "AAAA", "is not the base64 of a PEM file: base64 -w0 key.pem" },
        { "AUTENTICO_PRIVATE_KEY", "x", "is not the base64 of a PEM file: base64 -w0 key.pem" },
    };
    char *long_one = arena_alloc(A, 12000);

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        const char *name = text_same(cases[i].name, "AUTENTICO_CSRF_SECRET_KEY") ? "AUTENTICO_COOKIE_SECRET" : cases[i].name;

        assert_says(line(cases[i].name, cases[i].value), arena_printf(A, "%s: %s\n", name, cases[i].why));
    }
    memset(long_one, 'Q', 11000);
    assert_says(line("AUTENTICO_PRIVATE_KEY", long_one), "is not the base64 of a PEM file");
    for (size_t i = 0; i < 258; i++)
        long_one[i] = "0123456789abcdef"[i * 7 % 16];
    long_one[258] = '\0';
    assert_says(line("AUTENTICO_COOKIE_SECRET", long_one), "AUTENTICO_COOKIE_SECRET: is longer than 128 bytes\n");
    assert_null(strstr(said, "0123456789")); /* a secret is not repeated */
    take(line("AUTENTICO_PRIVATE_KEY", ""));
    assert_string_equal(CONF.secrets->private_key_pem, "");
    take(line("AUTENTICO_PRIVATE_KEY", "YSBQRU0K"));
    assert_string_equal(CONF.secrets->private_key_pem, "a PEM\n");
}

static void secrets_that_are_missing(void **state)
{
    struct conf_source source = { .file = path, .needs_secrets = true };

    (void)state;
    write_bytes(path, "", 0);
    assert_int_equal(load_from(&source, &CONF), RC_REFUSED);
    assert_said("AUTENTICO_COOKIE_SECRET: is missing: autentico init makes a configuration, ");
    assert_said("AUTENTICO_ENCRYPTION_KEY: is missing: autentico init --complete adds it\n");
    const char *text = "AUTENTICO_COOKIE_SECRET=" HEX32 "\nAUTENTICO_ENCRYPTION_KEY=" HEX32 "\n";
    write_bytes(path, text, strlen(text));
    assert_int_equal(load_from(&source, &CONF), RC_OK);
}

/* Two names of one secret (design D16). */
static void two_names(void **state)
{
    (void)state;
    take("AUTENTICO_CSRF_SECRET_KEY=" HEX32 "\n");
    assert_int_equal(CONF.secrets->cookie.n, 32);
    take("AUTENTICO_CSRF_SECRET_KEY=" HEX32 "\nAUTENTICO_COOKIE_SECRET=" HEX32 "\n");
    assert_int_equal(CONF.secrets->cookie.n, 32);
    assert_says("AUTENTICO_CSRF_SECRET_KEY=" HEX32 "\nAUTENTICO_COOKIE_SECRET=f" HEX32 "0\n",
                "AUTENTICO_CSRF_SECRET_KEY: and AUTENTICO_COOKIE_SECRET are two names of one secret and differ\n");
}

/* --- help and manual ----------------------------------------------------------- */

static char *printed(void (*print)(FILE *out))
{
    char *text = NULL;
    size_t n;
    FILE *out = open_memstream(&text, &n);

    print(out);
    fclose(out);
    return text;
}

/* Every variable that can be set is in both; those that cannot yet are in neither. */
static void help_and_manual(void **state)
{
    char *help = printed(conf_print_help), *man = printed(conf_print_man), *flat = arena_strdup(A, man);

    (void)state;
    for (char *p = flat; *p; p++) /* lines are broken anywhere */
        *p = *p == '\n' ? ' ' : *p;
    for (size_t i = 0; i < conf_keys_n; i++) {
        const struct key *key = &conf_keys[i];
        bool is_shown = key->type != KEY_LATER;

        assert_int_equal(strstr(help, arena_printf(A, "  %s=", key->name)) != NULL ||
                             strstr(help, arena_printf(A, "  %s\n", key->name)) != NULL, is_shown);
        assert_int_equal(strstr(man, arena_printf(A, "\n.B %s\n", key->name)) != NULL, is_shown);
        if (is_shown && key->type == KEY_CHOICE)
            assert_non_null(strstr(flat, arena_printf(A, " One of: %s.", key->choices)));
    }
    free(help);
    free(man);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
        TEST(defaults), TEST(numbers), TEST(durations), TEST(modes), TEST(choices), TEST(booleans), TEST(networks),
        TEST(not_built_yet), TEST(may_not_be_empty), TEST(names_that_are_unknown), TEST(all_faults_at_once),
        TEST(no_file), TEST(the_environment_wins), TEST(ways_to_write_a_secret), TEST(secrets_that_are_refused),
        TEST(secrets_that_are_missing), TEST(two_names), TEST(help_and_manual),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
