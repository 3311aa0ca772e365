/* The site an operator pastes: what the templates of contrib/ become, and whether the
 * web servers themselves take it. */
#include "site_test.h"

#define HSTS "add_header Strict-Transport-Security \"max-age=63072000; includeSubDomains\" always;"
#define SECRET "0123456789abcdefghijklmnopqrstuvwxyz"

static char *site_of(const struct conf *conf, const char *kind)
{
    char *site = NULL;

    assert_int_equal(site_public(A, conf, router, web_server_named(kind), &site), RC_OK);
    return site;
}

static struct conf tcp_conf(const char *address)
{
    static struct secrets secrets = { .front = { SECRET, sizeof(SECRET) - 1 } };
    struct conf c = conf_of(true);

    c.tcp_listen = "given";
    c.tcp_address = address;
    c.tcp_port = 9000;
    c.login_socket = "";
    c.secrets = &secrets;
    return c;
}

static void make_certificate(void)
{
    run(arena_printf(A, "openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2 -subj /CN=t"
                        " -keyout '%s/key.pem' -out '%s/cert.pem' 2>/dev/null", dir, dir));
}

/* With places that exist here and ports that are free. */
static char *local_site(const struct conf *conf, const struct web_server *server)
{
    const char *here = text_same(server->name, "lighttpd") ? arena_printf(A, "%s/", dir) : ""; /* or below its root */
    char *site = site_of(conf, server->name);
    const char *const places[][2] = {
        { "/etc/ssl/autentico/fullchain.pem", arena_printf(A, "%scert.pem", here) },
        { "/etc/ssl/autentico/privkey.pem", arena_printf(A, "%skey.pem", here) },
        { "/var/cache/", here },
        { "/var/log/nginx/", here },
        { "/var/log/apache2/", here },
        { "/var/log/lighttpd/", here },
        { "    listen [::]:80;\n", "" },
        { "    listen [::]:8443 ssl http2;\n", "" },
        { "listen 80;", arena_printf(A, "listen 127.0.0.1:%s;", free_port()) },
        { "listen 8443", arena_printf(A, "listen 127.0.0.1:%s", free_port()) },
        { "Listen 8443", arena_printf(A, "Listen 127.0.0.1:%s", free_port()) },
    };

    for (size_t i = 0; i < ARRAY_LEN(places); i++)
        site = with(site, places[i][0], places[i][1]);
    return site;
}

/* Apache's modules as in our private one, and those a site needs besides. */
static const char *apache_modules(void)
{
    const char *template = read_file(SRCDIR "/contrib/apache/private.conf"), *from = at(template, "LoadModule");
    const char *lines = arena_strndup(A, from, (size_t)(at(from, "TypesConfig") - from));

    return arena_printf(A, "%sLoadModule ssl_module \"@MODULES@/mod_ssl.so\"\n"
                           "LoadModule http2_module \"@MODULES@/mod_http2.so\"\n"
                           "LoadModule authz_host_module \"@MODULES@/mod_authz_host.so\"\n", lines);
}

/* The site within what its server has around it. */
static const char *around(const struct web_server *server, const char *site)
{
    if (text_same(server->name, "nginx"))
        return arena_printf(A, "pid nginx.pid; events {} http { client_body_temp_path b; proxy_temp_path p;"
                               " fastcgi_temp_path f; uwsgi_temp_path u; scgi_temp_path s;\n%s\n}", site);
    if (text_same(server->name, "lighttpd"))
        return arena_printf(A, "server.document-root = \"%s\"\nserver.port = %s\n"
                               "server.modules = ( \"mod_access\", \"mod_alias\", \"mod_redirect\" )\n%s",
                            dir, free_port(), site);
    return arena_printf(A, "ServerName localhost\nDefaultRuntimeDir .\nPidFile p\nErrorLog e\nTypesConfig /dev/null\n"
                           "User nobody\nListen %s\n%s%s",
                        free_port(), with(apache_modules(), "@MODULES@", "/usr/lib/apache2/modules"), site);
}

/* --- what it says ------------------------------------------------------------- */

static void test_no_word_is_left(void **state)
{
    struct conf conf = conf_of(true);

    (void)state;
    for EACH_SERVER (s)
        for (const char *p = site_of(&conf, s->name); (p = strchr(p, '@')) != NULL; p++)
            if (p[1] >= 'A' && p[1] <= 'Z')
                fail_msg("%s: %.20s", s->name, p);
}

static void test_site_is_complete(void **state)
{
    static const char *const words[][2] = {
        { "nginx", "server_name id.example.org;" },
        { "nginx", "listen 8443 ssl http2;" },
        { "nginx", "return 301 https://id.example.org:8443$request_uri;" },
        { "nginx", "ssl_protocols TLSv1.2 TLSv1.3;" },
        { "nginx", "fastcgi_param HTTP_X_FORWARDED_FOR   \"\";" },
        { "nginx", "fastcgi_keep_conn off;" },
        { "apache", "ServerName id.example.org\n" },
        { "apache", "\nListen 8443\n" },
        { "apache", "<VirtualHost *:8443>" },
        { "apache", "RewriteRule ^ \"https://id.example.org:8443%1\" [R=301" },
        { "apache", "SSLProtocol -all +TLSv1.2 +TLSv1.3\n" },
        { "apache", "RequestHeader unset X-Forwarded-For\n" },
        { "apache", "enablereuse=off" },
        { "apache", "RequestReadTimeout " },
        { "lighttpd", "$HTTP[\"host\"] == \"id.example.org\"" },
        { "lighttpd", "$SERVER[\"socket\"] == \"[::]:8443\"" },
        { "lighttpd", "url.redirect = ( \"\" => \"https://id.example.org:8443${url.path}${qsa}\" )" },
        { "lighttpd", "\"MinProtocol\"  => \"TLSv1.2\"" },
        { "lighttpd", "\"X-Forwarded-For\"   => \"\"" },
    };
    struct conf conf = conf_of(true);

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(words); i++)
        at(site_of(&conf, words[i][0]), words[i][1]);
    conf.host_port = conf.host;
    conf.url = "https://id.example.org";
    assert_null(strstr(site_of(&conf, "apache"), "\nListen ")); /* Debian's ports.conf does */
}

/* nginx drops the outer add_header where a block has one of its own. */
static void test_hsts_in_every_block_of_nginx(void **state)
{
    struct conf conf = conf_of(true);
    const char *site = site_of(&conf, "nginx"), *tls = at(site, " ssl http2;");
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

/* --- where requests go ----------------------------------------------------------- */

static void note_location(const char *path, void *arg)
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

static void note_alternative(const char *path, void *arg)
{
    at(arg, arena_strndup(A, path, strcspn(path, ":.")));
}

/* From `from` to the end of its line. */
static char *line_of(const char *text, const char *from)
{
    const char *p = at(text, from);

    return arena_strndup(A, p, strcspn(p, "\n"));
}

/* The last line with `from` before `end`. */
static char *line_before(const char *text, const char *from, const char *end)
{
    const char *stop = at(text, end), *found = at(text, from);

    for (const char *p = found; (p = strstr(p + 1, from)) != NULL && p < stop;)
        found = p;
    return line_of(found, from);
}

static void test_hashing_routes_go_to_the_login_socket(void **state)
{
    struct conf conf = conf_of(true);
    char *apache = site_of(&conf, "apache"), *lighttpd = site_of(&conf, "lighttpd");

    (void)state;
    router_each_hashing(router, note_location, site_of(&conf, "nginx"));
    router_each_hashing(router, note_alternative, line_of(apache, "ProxyPassMatch "));
    at(line_of(apache, "ProxyPassMatch "), "/login.sock|fcgi://");
    assert_true(at(apache, "ProxyPassMatch ") < at(apache, "ProxyPass \"/\" ")); /* the first counts */
    router_each_hashing(router, note_alternative, line_before(lighttpd, "$HTTP[\"url\"] =~", "login.sock"));
    assert_true(at(lighttpd, "main.sock") < at(lighttpd, "login.sock")); /* the last counts */
    conf.login_socket = "";
    for EACH_SERVER (s)
        assert_null(strstr(site_of(&conf, s->name), "login.sock"));
}

static void test_tcp(void **state)
{
    static const struct { const char *address, *server, *expected; } cases[] = {
        { "127.0.0.1", "nginx", "fastcgi_pass 127.0.0.1:9000;" },
        { "::1", "nginx", "fastcgi_pass [::1]:9000;" },
        { "0.0.0.0", "nginx", "fastcgi_pass 127.0.0.1:9000;" }, /* everywhere is also here */
        { "192.0.2.1", "nginx", "fastcgi_pass 192.0.2.1:9000;" },
        { "127.0.0.1", "nginx", "fastcgi_param AUTENTICO_FRONT_SECRET \"" SECRET "\";" },
        { "127.0.0.1", "apache", "\"fcgi://127.0.0.1:9000/\"" },
        { "::", "apache", "\"fcgi://[::1]:9000/\"" },
        { "127.0.0.1", "apache", "SetEnv AUTENTICO_FRONT_SECRET \"" SECRET "\"" },
        { "127.0.0.1", "lighttpd", "\"host\" => \"127.0.0.1\", \"port\" => 9000" },
        { "::1", "lighttpd", "\"host\" => \"::1\", \"port\" => 9000" },
        { "127.0.0.1", "lighttpd", "\"AUTENTICO_FRONT_SECRET\" => \"" SECRET "\"" },
    };
    struct conf plain = conf_of(true);

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct conf conf = tcp_conf(cases[i].address);
        const char *site = site_of(&conf, cases[i].server);

        at(site, cases[i].expected);
        assert_null(strstr(site, ".sock"));
    }
    for EACH_SERVER (s)
        assert_null(strstr(site_of(&plain, s->name), "AUTENTICO_FRONT_SECRET"));
}

/* --- whether the servers take it ------------------------------------------------- */

static void test_servers_take_the_site(void **state)
{
    (void)state;
    make_certificate();
    for EACH_SERVER (s) {
        struct conf conf = conf_of(true), tcp = tcp_conf("::1");

        assert_taken(s, around(s, local_site(&conf, s)));
        assert_taken(s, around(s, local_site(&tcp, s)));
    }
}

static void test_servers_take_two_sites(void **state)
{
    (void)state;
    make_certificate();
    for EACH_SERVER (s) {
        struct conf one = conf_of(true), two = conf_of(true);

        two.host = "id-2.example.org";
        two.host_port = "id-2.example.org:8444";
        two.url = "https://id-2.example.org:8444";
        assert_taken(s, around(s, arena_printf(A, "%s\n%s", local_site(&one, s), with(local_site(&two, s), "8444",
                                                                                       free_port()))));
    }
}

/* Of two hosts that differ in anything, also the names in the site do. */
static void test_ids_never_meet(void **state)
{
    static const char *const hosts[] = { "a.b.c", "a-b.c", "a.b-c", "a_b.c", "a.b_c", "a.b.c:8443", "ab.c" };
    const char *seen[ARRAY_LEN(hosts)];

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(hosts); i++) {
        struct conf conf = conf_of(true);

        conf.host_port = hosts[i];
        conf.host = arena_strndup(A, hosts[i], strcspn(hosts[i], ":"));
        seen[i] = line_of(site_of(&conf, "nginx"), "keys_zone=");
        for (size_t k = 0; k < i; k++)
            assert_string_not_equal(seen[i], seen[k]);
    }
}

/* --- refusals -------------------------------------------------------------------- */

/* A name that would end the line it stands in, or mean something there. */
static void test_names_cannot_write_configuration(void **state)
{
    static const char *const odd[] = { "/run/a\";b", "/run/$x", "/run/a\nb", "/run/a\\", "/run/{", "/run/}", "/run/;",
                                       "/run/a|b", "/run/%{x}", "/run/<x>", "/run/'" };
    struct conf conf = conf_of(true);
    char *site;

    (void)state;
    for EACH_SERVER (s) {
        for (size_t i = 0; i < ARRAY_LEN(odd); i++) {
            conf.socket = odd[i];
            assert_int_equal(site_public(A, &conf, router, s, &site), RC_FAULT);
            conf.socket = "/run/main.sock";
            conf.login_socket = odd[i];
            assert_int_equal(site_public(A, &conf, router, s, &site), RC_FAULT);
            conf.login_socket = "/run/login.sock";
        }
        assert_int_equal(site_public(A, &conf, router, s, &site), RC_OK);
    }
}

static void test_unknown_word(void **state)
{
    struct conf conf = conf_of(true);
    const struct web_server *nginx = web_server_named("nginx");
    char *site;

    (void)state;
    run(arena_printf(A, "mkdir -p '%s/contrib/nginx' '%s/html/assets' && cp %s/contrib/nginx/* '%s/contrib/nginx/'", dir,
                     dir, SRCDIR, dir));
    conf.data_dir = dir;
    assert_int_equal(site_public(A, &conf, router, nginx, &site), RC_OK);
    run(arena_printf(A, "echo '# @NEVER_HEARD_OF@' >> '%s/contrib/nginx/autentico.conf'", dir));
    assert_int_equal(site_public(A, &conf, router, nginx, &site), RC_FAULT);
    run(arena_printf(A, "rm -r '%s/contrib' '%s/html'", dir, dir));
    assert_int_equal(site_public(A, &conf, router, nginx, &site), RC_FAULT);
}

static void test_servers_by_name(void **state)
{
    (void)state;
    assert_null(web_server_named("caddy"));
    assert_null(web_server_of(FRONT_NONE));
    assert_string_equal(web_server_of(FRONT_APACHE)->name, "apache");
    assert_string_equal(web_server_names(A), "nginx, lighttpd, apache");
}

/* nginx takes them from html/assets, the others need them in a form of their own, which
 * make gives them. */
static void test_error_pages_are_the_same(void **state)
{
    static const char *const kinds[] = { "html", "json" };
    static const int statuses[] = { 500, 502, 503, 504 };

    (void)state;
    for (size_t k = 0; k < ARRAY_LEN(kinds); k++) {
        const char *page = read_file(arena_printf(A, SRCDIR "/html/assets/503.%s", kinds[k]));
        const char *asis = read_file(arena_printf(A, BUILDDIR "/contrib/apache/503.%s.asis", kinds[k]));

        assert_string_equal(at(asis, "\n\n") + 2, page);
        for (size_t i = 0; i < ARRAY_LEN(statuses); i++)
            assert_string_equal(read_file(arena_printf(A, BUILDDIR "/contrib/lighttpd/%s%d.html", k == 0 ? "" : "json-",
                                                       statuses[i])), page);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_no_word_is_left),
        cmocka_unit_test(test_site_is_complete),
        cmocka_unit_test(test_hsts_in_every_block_of_nginx),
        cmocka_unit_test(test_hashing_routes_go_to_the_login_socket),
        cmocka_unit_test(test_tcp),
        cmocka_unit_test(test_servers_take_the_site),
        cmocka_unit_test(test_servers_take_two_sites),
        cmocka_unit_test(test_ids_never_meet),
        cmocka_unit_test(test_names_cannot_write_configuration),
        cmocka_unit_test(test_unknown_word),
        cmocka_unit_test(test_servers_by_name),
        cmocka_unit_test(test_error_pages_are_the_same),
    };

    return cmocka_run_group_tests(tests, set_up, tear_down);
}
