/* The web server in front: what the templates of contrib/nginx become, and whether
 * nginx itself takes it. */
#include "config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <arpa/inet.h>
#include <ftw.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "serve/dispatch.h"
#include "serve/front.h"
#include "util/sbuf.h"

#define HSTS "add_header Strict-Transport-Security \"max-age=63072000; includeSubDomains\" always;"

static struct arena *A;
static const char *dir;
static struct router *router;

static int set_up(void **state)
{
    char name[] = "/tmp/autentico front.XXXXXX"; /* a space, as people have them */

    (void)state;
    A = arena_start("test");
    assert_non_null(mkdtemp(name));
    dir = arena_strdup(A, name);
    return dispatch_router(A, "/oauth2", &router) == RC_OK ? 0 : -1;
}

static int remove_one(const char *path, const struct stat *st, int flag, struct FTW *ftw)
{
    (void)st;
    (void)flag;
    (void)ftw;
    return remove(path);
}

static int tear_down(void **state)
{
    (void)state;
    (void)nftw(dir, remove_one, 8, FTW_DEPTH | FTW_PHYS);
    arena_done(A);
    return 0;
}

/* A port nobody has now. */
static const char *free_port(void)
{
    struct sockaddr_in addr = { .sin_family = AF_INET, .sin_addr = { htonl(INADDR_LOOPBACK) } };
    socklen_t n = sizeof(addr);
    int fd = socket(AF_INET, SOCK_STREAM, 0);

    assert_int_equal(bind(fd, (struct sockaddr *)&addr, n), 0);
    assert_int_equal(getsockname(fd, (struct sockaddr *)&addr, &n), 0);
    close(fd);
    return arena_printf(A, "%d", ntohs(addr.sin_port));
}

static struct conf conf_of(bool is_https)
{
    struct conf c = {
        .oauth_path = "/oauth2",
        .url = is_https ? "https://id.example.org:8443" : "http://localhost:9999",
        .host = is_https ? "id.example.org" : "localhost",
        .host_port = is_https ? "id.example.org:8443" : "localhost:9999",
        .socket = arena_printf(A, "%s/main.sock", dir),
        .login_socket = arena_printf(A, "%s/login.sock", dir),
        .state_dir = dir,
        .listen_port = free_port(),
        .front = FRONT_AUTO,
        .is_https = is_https,
        .is_loopback = !is_https,
        .data_dir = SRCDIR,
    };

    return c;
}

static char *site_of(const struct conf *conf)
{
    char *site = NULL;

    assert_int_equal(front_site(A, conf, router, "nginx", &site), RC_OK);
    return site;
}

static const char *at(const char *text, const char *what)
{
    const char *found = strstr(text, what);

    if (found == NULL)
        fail_msg("no \"%s\"", what);
    return found;
}

static size_t count(const char *text, const char *what)
{
    size_t n = 0;

    for (const char *p = text; (p = strstr(p, what)) != NULL; p++)
        n++;
    return n;
}

/* The text with each `from` turned into `to`. */
static char *with(const char *text, const char *from, const char *to)
{
    struct sbuf b;

    sbuf_init(&b, A, strlen(text) + 256);
    for (const char *p; (p = strstr(text, from)) != NULL; text = p + strlen(from)) {
        sbuf_addn(&b, text, (size_t)(p - text));
        sbuf_add(&b, to);
    }
    sbuf_add(&b, text);
    return b.text;
}

static void write_file(const char *path, const char *text)
{
    FILE *f = fopen(path, "w");

    assert_non_null(f);
    assert_int_equal(fputs(text, f) >= 0, 1);
    assert_int_equal(fclose(f), 0);
}

static void run(const char *command)
{
    int status = system(command);

    if (status != 0)
        fail_msg("%s: %d", command, status);
}

static void assert_nginx_takes(const char *config)
{
    write_file(arena_printf(A, "%s/t.conf", dir), config);
    run(arena_printf(A, "PATH=/usr/sbin:$PATH; nginx -e stderr -t -q -p '%s/' -c '%s/t.conf'", dir, dir));
}

/* --- the site --------------------------------------------------------------- */

static void test_site_is_complete(void **state)
{
    struct conf conf = conf_of(true);
    const char *site = site_of(&conf);

    (void)state;
    for (const char *p = site; (p = strchr(p, '@')) != NULL; p++)
        assert_false(p[1] >= 'A' && p[1] <= 'Z');
    at(site, "server_name id.example.org;");
    at(site, "listen 8443 ssl http2;");
    at(site, "return 301 https://id.example.org:8443$request_uri;");
    at(site, "ssl_protocols TLSv1.2 TLSv1.3;");
    at(site, "fastcgi_param HTTP_X_FORWARDED_FOR   \"\";");
    assert_null(strstr(site, "fastcgi_keep_conn on"));
}

/* nginx drops the outer add_header where a block has one of its own. */
static void test_hsts_in_every_block(void **state)
{
    struct conf conf = conf_of(true);
    const char *site = site_of(&conf), *tls = at(site, " ssl http2;");
    int checked = 0;

    (void)state;
    for (const char *p = site; (p = strstr(p, "add_header ")) != NULL; p++)
        assert_true(p > tls); /* none of it on plain http */
    for (const char *block = tls; (block = strstr(block, "\n    location ")) != NULL; block++) {
        const char *end = strstr(block, "\n    }"), *header = strstr(block, "add_header ");

        if (end == NULL || header == NULL || header > end)
            continue;
        assert_memory_equal(header, HSTS, strlen(HSTS));
        checked++;
    }
    assert_int_equal(checked, 5);
    assert_int_equal(count(site, HSTS), 6);
}

static void note_path(const char *path, void *arg)
{
    const char *site = arg, *stem = arena_strndup(A, path, strcspn(path, ":"));
    const char *place = strchr(path, ':') == NULL ? arena_printf(A, "location = %s {", path)
                                                  : arena_printf(A, "location ~ ^%s[^/]+", stem);
    const char *block = at(site, place), *pass = at(block, "fastcgi_pass \"unix:");

    assert_true(pass < at(block, "\n    }"));
    assert_memory_equal(at(pass, "/login.sock"), "/login.sock\";", 13);
    /* of two patterns nginx takes the first */
    assert_true(block < at(site, "location ~ ^(/oauth2/(token|"));
}

static void test_hashing_routes_go_to_the_login_socket(void **state)
{
    struct conf conf = conf_of(true);
    char *site = site_of(&conf);

    (void)state;
    router_each_hashing(router, note_path, site);
    conf.login_socket = "";
    assert_null(strstr(site_of(&conf), "login.sock"));
}

static void test_nginx_takes_the_site(void **state)
{
    struct conf conf = conf_of(true);
    const char *site = site_of(&conf);

    (void)state;
    run(arena_printf(A, "openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2 -subj /CN=t"
                        " -keyout '%s/key.pem' -out '%s/cert.pem' 2>/dev/null", dir, dir));
    site = with(site, "/etc/ssl/autentico/fullchain.pem", "cert.pem");
    site = with(site, "/etc/ssl/autentico/privkey.pem", "key.pem");
    site = with(site, "/var/cache/nginx-autentico", "cache");
    site = with(site, "/var/log/nginx/", "");
    site = with(site, "listen 80;", arena_printf(A, "listen 127.0.0.1:%s;", free_port()));
    site = with(site, "    listen [::]:80;\n", "");
    site = with(site, "    listen [::]:8443 ssl http2;\n", "");
    site = with(site, "listen 8443", arena_printf(A, "listen 127.0.0.1:%s", free_port()));
    /* relative names are taken below the folder of this file */
    assert_nginx_takes(arena_printf(A, "pid nginx.pid; events {} http { client_body_temp_path b; proxy_temp_path p;"
                                       " fastcgi_temp_path f; uwsgi_temp_path u; scgi_temp_path s;\n%s\n}", site));
}

static void test_no_such_site(void **state)
{
    struct conf conf = conf_of(true);
    char *site;

    (void)state;
    assert_int_equal(front_site(A, &conf, router, "apache", &site), RC_NONE);
}

/* A name that would end the line it stands in. */
static void test_names_cannot_write_configuration(void **state)
{
    static const char *const odd[] = { "/run/a\";b", "/run/$x", "/run/a\nb", "/run/a\\", "/run/{", "/run/}", "/run/;" };
    struct conf conf = conf_of(true);
    char *site;

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(odd); i++) {
        conf.socket = odd[i];
        assert_int_equal(front_site(A, &conf, router, "nginx", &site), RC_FAULT);
        conf.socket = "/run/main.sock";
        conf.login_socket = odd[i];
        assert_int_equal(front_site(A, &conf, router, "nginx", &site), RC_FAULT);
        conf.login_socket = "/run/login.sock";
    }
    assert_int_equal(front_site(A, &conf, router, "nginx", &site), RC_OK);
}

static void test_unknown_word(void **state)
{
    struct conf conf = conf_of(true);
    char *site;

    (void)state;
    run(arena_printf(A, "mkdir -p '%s/contrib/nginx' && cp %s/contrib/nginx/* '%s/contrib/nginx/'", dir, SRCDIR, dir));
    conf.data_dir = dir;
    assert_int_equal(front_site(A, &conf, router, "nginx", &site), RC_OK);
    run(arena_printf(A, "echo '# @NEVER_HEARD_OF@' >> '%s/contrib/nginx/autentico.conf'", dir));
    assert_int_equal(front_site(A, &conf, router, "nginx", &site), RC_FAULT);
    run(arena_printf(A, "rm -r '%s/contrib'", dir));
}

/* --- the private one ---------------------------------------------------------- */

static struct front_server prepared(const struct conf *conf, enum rc expected)
{
    struct front_server front = { .as_root = geteuid() == 0 };
    FILE *err = tmpfile();

    assert_int_equal(front_prepare(A, conf, router, err, &front), expected);
    assert_int_equal(ftell(err) > 0, expected == RC_REFUSED);
    (void)fclose(err);
    return front;
}

static void test_nginx_takes_the_private_one(void **state)
{
    struct conf conf = conf_of(false);
    struct front_server front = prepared(&conf, RC_OK);

    (void)state;
    assert_true(front.is_wanted);
    assert_int_equal(mkdir(front.dir, 0700), 0);
    at(front.config, arena_printf(A, "listen 127.0.0.1:%s default_server;", conf.listen_port));
    at(front.config, "return 421;");
    assert_null(strstr(front.config, "Strict-Transport-Security"));
    assert_nginx_takes(front.config);
}

static void test_when_it_is_wanted(void **state)
{
    struct conf conf = conf_of(true);

    (void)state;
    assert_false(prepared(&conf, RC_OK).is_wanted); /* https: the operator's own server */
    conf = conf_of(false);
    conf.front = FRONT_NONE;
    assert_false(prepared(&conf, RC_OK).is_wanted);
    conf.front = FRONT_AUTO;
    conf.is_loopback = false;
    assert_false(prepared(&conf, RC_OK).is_wanted);
}

static void test_port_in_use(void **state)
{
    struct conf conf = conf_of(false);
    struct sockaddr_in addr = { .sin_family = AF_INET, .sin_port = htons((in_port_t)atoi(conf.listen_port)),
                                .sin_addr = { htonl(INADDR_LOOPBACK) } };
    int fd = socket(AF_INET, SOCK_STREAM, 0);

    (void)state;
    assert_int_equal(bind(fd, (struct sockaddr *)&addr, sizeof(addr)), 0);
    assert_int_equal(listen(fd, 1), 0);
    assert_false(prepared(&conf, RC_REFUSED).is_wanted);
    close(fd);
    assert_true(prepared(&conf, RC_OK).is_wanted);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_site_is_complete),
        cmocka_unit_test(test_hsts_in_every_block),
        cmocka_unit_test(test_hashing_routes_go_to_the_login_socket),
        cmocka_unit_test(test_nginx_takes_the_site),
        cmocka_unit_test(test_no_such_site),
        cmocka_unit_test(test_names_cannot_write_configuration),
        cmocka_unit_test(test_unknown_word),
        cmocka_unit_test(test_nginx_takes_the_private_one),
        cmocka_unit_test(test_when_it_is_wanted),
        cmocka_unit_test(test_port_in_use),
    };

    return cmocka_run_group_tests(tests, set_up, tear_down);
}
