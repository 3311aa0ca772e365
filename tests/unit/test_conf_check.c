/* What follows from the values: addresses, paths, cookies, numbers of processes; whose the
 * file may be; what a reload may change. */
#include "config.h"

#include "conf_test.h"

#include "conf/keys.h"

static void public_addresses(void **state)
{
    static const struct {
        const char *url, *kept, *host, *origin, *host_port, *port;
        bool is_https, is_loopback;
    } cases[] = {
        { "https://id.example.org", "https://id.example.org", "id.example.org", "https://id.example.org",
          "id.example.org", "443", true, false },
        { "https://id.example.org/", "https://id.example.org", "id.example.org", "https://id.example.org",
          "id.example.org", "443", true, false },
        { "https://id.example.org:8443///", "https://id.example.org:8443", "id.example.org",
          "https://id.example.org:8443", "id.example.org:8443", "8443", true, false },
        { "http://127.0.0.1:9", "http://127.0.0.1:9", "127.0.0.1", "http://127.0.0.1:9", "127.0.0.1:9", "9", false,
          true },
        { "http://[::1]:9", "http://[::1]:9", "[::1]", "http://[::1]:9", "[::1]:9", "9", false, true },
        { "http://localhost", "http://localhost", "localhost", "http://localhost", "localhost", "80", false, true },
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        assert_taken(arena_printf(A, "AUTENTICO_APP_URL=%s\n", cases[i].url));
        assert_string_equal(CONF.url, cases[i].kept);
        assert_string_equal(CONF.host, cases[i].host);
        assert_string_equal(CONF.origin, cases[i].origin);
        assert_string_equal(CONF.host_port, cases[i].host_port);
        assert_string_equal(CONF.listen_port, cases[i].port);
        assert_int_equal(CONF.is_https, cases[i].is_https);
        assert_int_equal(CONF.is_loopback, cases[i].is_loopback);
        assert_string_equal(CONF.issuer, arena_printf(A, "%s/oauth2", cases[i].kept));
    }
}

/* A program and words, without a shell; nobody else's to change (design D24). */
static void password_commands(void **state)
{
    char program[] = "/tmp/autentico-command-XXXXXX";

    (void)state;
    assert_taken("AUTENTICO_PASSWORD_COMMAND=\n");
    assert_null(CONF.password_argv);
    assert_taken("AUTENTICO_PASSWORD_COMMAND=\"/bin/sh  -c $(id)\"\n");
    assert_string_equal(CONF.password_argv[0], "/bin/sh");
    assert_string_equal(CONF.password_argv[1], "-c");
    assert_string_equal(CONF.password_argv[2], "$(id)");
    assert_null(CONF.password_argv[3]);
    assert_says("AUTENTICO_PASSWORD_COMMAND=sh\n", "AUTENTICO_PASSWORD_COMMAND: sh is not an absolute path\n");
    assert_says("AUTENTICO_PASSWORD_COMMAND=/no/such\n",
                "AUTENTICO_PASSWORD_COMMAND: /no/such No such file or directory\n");
    assert_says("AUTENTICO_PASSWORD_COMMAND=/etc/passwd\n", "AUTENTICO_PASSWORD_COMMAND: /etc/passwd is not a program\n");
    assert_says("AUTENTICO_PASSWORD_COMMAND=/tmp\n", "AUTENTICO_PASSWORD_COMMAND: /tmp is not a program\n");
    close(mkstemp(program));
    chmod(program, 0775);
    assert_says(arena_printf(A, "AUTENTICO_PASSWORD_COMMAND=%s\n", program),
                arena_printf(A, "AUTENTICO_PASSWORD_COMMAND: %s may be written by others: chmod go-w %s\n", program, program));
    chmod(program, 0755);
    assert_taken(arena_printf(A, "AUTENTICO_PASSWORD_COMMAND=%s\n", program));
    unlink(program);
}

/* Whom to trust is known before anything is sent. */
static void ca_files(void **state)
{
    (void)state;
    assert_taken("AUTENTICO_CA_FILE=\n");
    assert_string_equal(CONF.ca_file, "");
    assert_taken("AUTENTICO_CA_FILE=/etc/passwd\n");
    assert_string_equal(CONF.ca_file, "/etc/passwd");
    assert_says("AUTENTICO_CA_FILE=/no/such\n", "AUTENTICO_CA_FILE: /no/such: No such file or directory\n");
}

static void addresses_that_are_refused(void **state)
{
    static const char *const bad[] = { "x", "id.example.org", "ftp://id.example.org", "https://", "https:///x",
                                       "https://id.example.org?x=1", "https://id.example.org#x",
                                       "https://id.exam ple.org", "https://id.example.org:x" };
    static const char *const plain[] = { "http://id.example.org", "http://192.0.2.1", "http://localhost.example.org" };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(bad); i++)
        assert_says(arena_printf(A, "AUTENTICO_APP_URL=\"%s\"\n", bad[i]),
                    "AUTENTICO_APP_URL: must be an http or https address without query or fragment, "
                    "for example https://id.example.org\n");
    assert_says("AUTENTICO_APP_URL=https://id.example.org/sso\n",
                "AUTENTICO_APP_URL: must not have a path; see AUTENTICO_APP_OAUTH_PATH\n");
    for (size_t i = 0; i < ARRAY_LEN(plain); i++) {
        assert_says(arena_printf(A, "AUTENTICO_APP_URL=%s\n", plain[i]),
                    "AUTENTICO_APP_URL: is http and not loopback: use https, or set AUTENTICO_ALLOW_HTTP=true if you must\n");
        assert_taken(arena_printf(A, "AUTENTICO_APP_URL=%s\nAUTENTICO_ALLOW_HTTP=true\n", plain[i]));
        assert_false(CONF.is_https);
    }
}

static void oauth_paths(void **state)
{
    static const char *const good[] = { "/oauth2", "/a", "/auth/v1", "/oauth2/", "/~x/y-z_1.0" };
    static const char *const bad[] = { "/", "oauth2", "/oauth2//x", "//x", "/../x", "/.well-known", "/a/./b", "/o?x",
                                       "/o#x", "/o x", "/o%41", "/admin", "/admin/x", "/account", "/account/x", "/\xc3\xa9" };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(good); i++)
        assert_taken(arena_printf(A, "AUTENTICO_APP_OAUTH_PATH=%s\n", good[i]));
    assert_taken("AUTENTICO_APP_OAUTH_PATH=/auth/v1//\n");
    assert_string_equal(CONF.oauth_path, "/auth/v1");
    assert_string_equal(CONF.issuer, "http://localhost:9999/auth/v1");
    for (size_t i = 0; i < ARRAY_LEN(bad); i++)
        assert_says(arena_printf(A, "AUTENTICO_APP_OAUTH_PATH=\"%s\"\n", bad[i]),
                    "AUTENTICO_APP_OAUTH_PATH: must be a path such as /oauth2, and not below /admin or /account\n");
}

static void ports(void **state)
{
    static const char *const bad[] = { "", "0", "65536", "-1", "x", "80 80", "8080x" };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(bad); i++)
        assert_says(arena_printf(A, "AUTENTICO_LISTEN_PORT=\"%s\"\n", bad[i]), "AUTENTICO_LISTEN_PORT: is not a port\n");
    assert_taken("AUTENTICO_LISTEN_PORT=65535\n");
    assert_string_equal(CONF.listen_port, "65535");
}

static void cookies(void **state)
{
    static const char *const bad[] = { "a b", "a;b", "a=b", "a,b", "a\"b", "a/b", "(a)", "\xc3\xa9", "a\\b" };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
        assert_says(arena_printf(A, "AUTENTICO_IDP_SESSION_COOKIE_NAME='%s'\n", bad[i]),
                    "AUTENTICO_IDP_SESSION_COOKIE_NAME: is not a cookie name\n");
        assert_says(arena_printf(A, "AUTENTICO_REFRESH_TOKEN_COOKIE_NAME='%s'\n", bad[i]),
                    "AUTENTICO_REFRESH_TOKEN_COOKIE_NAME: is not a cookie name\n");
    }
    assert_says("AUTENTICO_IDP_SESSION_COOKIE_NAME=__Host-sso\n",
                "AUTENTICO_IDP_SESSION_COOKIE_NAME: browsers take a __Host- cookie from https only\n");
    assert_taken("AUTENTICO_IDP_SESSION_COOKIE_NAME=__Host-sso\nAUTENTICO_APP_URL=https://id.example.org\n");
    assert_string_equal(said, "");
    /* D18a: they can only warn */
    assert_taken("AUTENTICO_CSRF_SECURE_COOKIE=false\nAUTENTICO_APP_URL=https://id.example.org\n");
    assert_string_equal(said, "warning: AUTENTICO_*_SECURE=false is ignored: APP_URL is https, cookies are Secure\n");
    assert_taken("AUTENTICO_IDP_SESSION_SECURE=false\n");
    assert_string_equal(said, "");
}

static void places(void **state)
{
    (void)state;
    assert_taken("");
    assert_string_equal(CONF.db_path, arena_printf(A, "%s/autentico.db", dir));
    assert_string_equal(CONF.state_dir, dir);
    assert_string_equal(CONF.socket, arena_printf(A, "%s/main.sock", dir));
    assert_string_equal(CONF.login_socket, arena_printf(A, "%s/login.sock", dir));
    assert_string_equal(CONF.theme_css_file, "");
    assert_taken("AUTENTICO_APP_URL=https://id.example.org\n"); /* D11a */
    assert_string_equal(CONF.socket, "/run/autentico/main.sock");
    assert_string_equal(CONF.login_socket, "/run/autentico/login.sock");
    assert_taken("AUTENTICO_DB_FILE_PATH=data/x.db\nAUTENTICO_STATE_DIR=./state\nAUTENTICO_SOCKET=s/m.sock\n"
                 "AUTENTICO_LOGIN_SOCKET=\nAUTENTICO_THEME_CSS_FILE=own.css\n");
    assert_string_equal(CONF.db_path, arena_printf(A, "%s/data/x.db", dir));
    assert_string_equal(CONF.state_dir, arena_printf(A, "%s/state", dir));
    assert_string_equal(CONF.socket, arena_printf(A, "%s/s/m.sock", dir));
    assert_string_equal(CONF.login_socket, "");
    assert_string_equal(CONF.theme_css_file, arena_printf(A, "%s/own.css", dir));
    assert_taken("AUTENTICO_DB_FILE_PATH=/srv/a/x.db\n");
    assert_string_equal(CONF.state_dir, "/srv/a");
}

static void how_many_processes(void **state)
{
    int64_t cores = sysconf(_SC_NPROCESSORS_ONLN);

    (void)state;
    assert_taken("");
    assert_int_equal(CONF.workers, 2 * cores + 2 < 64 ? 2 * cores + 2 : 64);
    assert_int_equal(CONF.login_workers, cores + 1 < 64 ? cores + 1 : 64);
    assert_in_range(CONF.hashers, 1, 32);
    assert_in_range(CONF.signers, 1, 32);
}

/* D11 */
static void trusted_proxies(void **state)
{
    (void)state;
    assert_taken("");
    assert_true(net_has(&CONF.trusted_proxies, "127.0.0.1"));
    assert_true(net_has(&CONF.trusted_proxies, "::1"));
    assert_false(net_has(&CONF.trusted_proxies, "192.0.2.1"));
    assert_taken("AUTENTICO_APP_URL=https://id.example.org\n");
    assert_false(net_has(&CONF.trusted_proxies, "127.0.0.1"));
    assert_taken("AUTENTICO_TRUSTED_PROXIES=\n"); /* said: nobody */
    assert_false(net_has(&CONF.trusted_proxies, "127.0.0.1"));
}

/* --- whose the file may be (design D22) ---------------------------------------- */

#define SOMEBODY 54321

static enum rc load_owned(uid_t file, uid_t directory, const char *named)
{
    struct conf_source source = { .file = named };

    assert_int_equal(chown(named != NULL ? named : ".env", file, (gid_t)-1), 0);
    assert_int_equal(chown(dir, directory, (gid_t)-1), 0);
    return load_from(&source, &CONF);
}

static void owners(void **state)
{
    (void)state;
    if (geteuid() != 0)
        skip(); /* nobody but root can give a file away, and nobody but root takes another's */
    write_bytes(path, "", 0);
    write_bytes(".env", "", 0);
    assert_int_equal(load_owned(0, SOMEBODY, path), RC_OK);
    assert_int_equal(load_owned(SOMEBODY, SOMEBODY, path), RC_OK); /* whom the pool runs as */
    assert_int_equal(load_owned(SOMEBODY, SOMEBODY, NULL), RC_OK);
    assert_int_equal(load_owned(SOMEBODY, SOMEBODY + 1, path), RC_REFUSED);
    assert_string_equal(said, arena_printf(A, "%s: belongs to somebody else (uid %d): chown it to the user Autentico "
                                              "runs as\n", path, SOMEBODY));
    assert_int_equal(load_owned(SOMEBODY, SOMEBODY + 1, NULL), RC_REFUSED);
    assert_int_equal(chmod(dir, 01777), 0);
    assert_int_equal(load_owned(SOMEBODY, SOMEBODY, path), RC_OK);
    assert_int_equal(load_owned(SOMEBODY, SOMEBODY, NULL), RC_REFUSED); /* met where anybody may put one */
    assert_string_equal(said, ".env: lies where others may write: name it with --config if it is yours\n");
    write_bytes(path, "AUTENTICO_USER=nobody-of-this-name\n", 35);
    assert_int_equal(load_owned(SOMEBODY, SOMEBODY, path), RC_REFUSED);
    write_bytes(path, "AUTENTICO_DB_FILE_PATH=/nonexistent/x.db\n", 41);
    assert_int_equal(load_owned(SOMEBODY, SOMEBODY, path), RC_REFUSED);
    assert_int_equal(chown(dir, 0, 0), 0);
}

/* --- reload ---------------------------------------------------------------------- */

static enum rc reload(const char *before, const char *after)
{
    struct conf now, next;
    char *lines = NULL;
    size_t n;

    assert_int_equal(load(before, &now), RC_OK);
    assert_int_equal(load(after, &next), RC_OK);
    FILE *err = open_memstream(&lines, &n);
    enum rc rc = conf_check_reload(&now, &next, err);
    fclose(err);
    said = arena_strdup(A, lines);
    free(lines);
    return rc;
}

static void reloads(void **state)
{
    static const struct { const char *name, *value; } fixed[] = {
        { "AUTENTICO_DB_FILE_PATH", "other.db" },     { "AUTENTICO_APP_URL", "http://localhost:1" },
        { "AUTENTICO_APP_OAUTH_PATH", "/o" },         { "AUTENTICO_SOCKET", "x.sock" },
        { "AUTENTICO_LOGIN_SOCKET", "y.sock" },       { "AUTENTICO_SOCKET_GROUP", "adm" },
        { "AUTENTICO_SOCKET_MODE", "0600" },          { "AUTENTICO_FRONT", "none" },
        { "AUTENTICO_USER", "nobody" },               { "AUTENTICO_STATE_DIR", "/srv" },
        { "AUTENTICO_LISTEN_PORT", "1" },
    };

    (void)state;
    assert_int_equal(reload("", "AUTENTICO_WORKERS=3\nAUTENTICO_LOG_LEVEL=debug\nAUTENTICO_RATE_LIMIT_RPS=0\n"
                                "AUTENTICO_REQUEST_DEADLINE=5s\nAUTENTICO_DURABILITY=normal\n"), RC_OK);
    assert_string_equal(said, "");
    for (size_t i = 0; i < ARRAY_LEN(fixed); i++) {
        assert_int_equal(reload("", arena_printf(A, "%s=%s\n", fixed[i].name, fixed[i].value)), RC_REFUSED);
        assert_said(arena_printf(A, "%s: cannot change while running; restart Autentico\n", fixed[i].name));
    }
    assert_int_equal(reload("", "AUTENTICO_APP_LISTEN_PORT=9000\n"
                                "AUTENTICO_FRONT_SECRET=0123456789abcdefghijklmnopqrstuvwxyz\n"), RC_REFUSED);
    assert_said("AUTENTICO_APP_LISTEN_PORT: cannot change while running; restart Autentico\n");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
        TEST(public_addresses), TEST(addresses_that_are_refused), TEST(oauth_paths), TEST(ports), TEST(cookies),
        TEST(places), TEST(how_many_processes), TEST(password_commands), TEST(ca_files), TEST(trusted_proxies), TEST(owners), TEST(reloads),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
