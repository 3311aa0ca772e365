#include "config.h"

#include <signal.h>

#include "serve/site.h"
#include "serve/site_words.h"

/* In order of preference.  -e: or nginx would complain of the log it was built for before
 * it reads ours. */
static const struct web_server servers[] = {
    { FRONT_NGINX, "nginx", { "nginx" }, "nginx-light",
      { "nginx", "-e", "stderr", "-p", "%d", "-c", "%c", "-g", "daemon off;" },
      "nginx.conf", SIGQUIT, true },
    { FRONT_LIGHTTPD, "lighttpd", { "lighttpd" }, "lighttpd", { "lighttpd", "-D", "-f", "%c" },
      "lighttpd.conf", SIGINT, true },
    { FRONT_APACHE, "apache", { "apache2", "httpd" }, "apache2-bin",
      { "apache2", "-d", "%d", "-f", "%c", "-D", "FOREGROUND" }, "apache.conf", SIGWINCH, false },
};

const struct web_server *web_server_of(enum front kind)
{
    for (size_t i = 0; i < ARRAY_LEN(servers); i++)
        if (servers[i].kind == kind)
            return &servers[i];
    return NULL;
}

const struct web_server *web_server_named(const char *name)
{
    for (size_t i = 0; i < ARRAY_LEN(servers); i++)
        if (text_same(servers[i].name, name))
            return &servers[i];
    return NULL;
}

const struct web_server *web_server_next(const struct web_server *before)
{
    const struct web_server *next = before == NULL ? servers : before + 1;

    return next < servers + ARRAY_LEN(servers) ? next : NULL;
}

const char *web_server_names(struct arena *a)
{
    const char *out = servers[0].name;

    for (size_t i = 1; i < ARRAY_LEN(servers); i++)
        out = arena_printf(a, "%s, %s", out, servers[i].name);
    return out;
}

/* --- where requests go ------------------------------------------------------ */

static const char *nginx_socket(struct arena *a, const char *path, const char *role, const char *id)
{
    (void)role;
    (void)id;
    return arena_printf(a, "\"unix:%s\"", path);
}

static const char *nginx_tcp(struct arena *a, const char *address, int port)
{
    return arena_printf(a, "%s:%d", address, port);
}

/* Two of the same host name would be one to mod_proxy, whatever their sockets. */
static const char *apache_socket(struct arena *a, const char *path, const char *role, const char *id)
{
    return arena_printf(a, "\"unix:%s|fcgi://%s.%s.autentico/\"", path, role, id);
}

static const char *apache_tcp(struct arena *a, const char *address, int port)
{
    return arena_printf(a, "\"fcgi://%s:%d/\"", address, port);
}

static const char *lighttpd_socket(struct arena *a, const char *path, const char *role, const char *id)
{
    (void)role;
    (void)id;
    return arena_printf(a, "\"socket\" => \"%s\"", path);
}

static const char *lighttpd_tcp(struct arena *a, const char *address, int port)
{
    return arena_printf(a, "\"host\" => \"%s\", \"port\" => %d", address, port);
}

/* --- where the private one listens -------------------------------------------- */

static const char *nginx_listen(struct arena *a, const char *port, bool has_ipv6, const char *more)
{
    const char *v4 = arena_printf(a, "        listen 127.0.0.1:%s%s;", port, more);

    return has_ipv6 ? arena_printf(a, "%s\n        listen [::1]:%s%s;", v4, port, more) : v4;
}

static const char *apache_listen(struct arena *a, const char *port, bool has_ipv6, const char *more)
{
    (void)more;
    return arena_printf(a, has_ipv6 ? "Listen 127.0.0.1:%s\nListen [::1]:%s" : "Listen 127.0.0.1:%s", port, port);
}

static const char *lighttpd_listen(struct arena *a, const char *port, bool has_ipv6, const char *more)
{
    const char *v4 = arena_printf(a, "server.bind = \"127.0.0.1\"\nserver.port = %s", port);

    (void)more;
    return has_ipv6 ? arena_printf(a, "%s\n$SERVER[\"socket\"] == \"[::1]:%s\" { }", v4, port) : v4;
}

#define SECRET_COMMENT "    # what proves that a request came through here: keep this file from others (chmod 0640)\n"

const struct dialect *dialect_of(enum front kind)
{
    static const struct dialect nginx = {
        nginx_socket, nginx_tcp, SECRET_COMMENT "    fastcgi_param AUTENTICO_FRONT_SECRET \"", "\";", nginx_listen,
    };
    static const struct dialect lighttpd = {
        lighttpd_socket, lighttpd_tcp,
        SECRET_COMMENT "    setenv.set-environment = ( \"AUTENTICO_FRONT_SECRET\" => \"", "\" )", lighttpd_listen,
    };
    static const struct dialect apache = {
        apache_socket, apache_tcp, SECRET_COMMENT "    SetEnv AUTENTICO_FRONT_SECRET \"", "\"", apache_listen,
    };

    return kind == FRONT_APACHE ? &apache : kind == FRONT_LIGHTTPD ? &lighttpd : &nginx;
}
