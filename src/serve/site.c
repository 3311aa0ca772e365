#include "config.h"

#include "serve/site.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "crypto/hash.h"
#include "serve/site_words.h"
#include "util/sbuf.h"

#define TEMPLATE_MAX (256 * 1024)
#define HSTS_LINE "        add_header Strict-Transport-Security \"max-age=63072000; includeSubDomains\" always;"

struct site {
    struct arena *arena;
    const struct conf *conf;
    const struct router *router;
    const struct web_server *server;
    const struct dialect *dialect;
    const char *id;
};

static enum rc read_template(const struct site *s, const char *name, char **out)
{
    const char *path = arena_printf(s->arena, "%s/contrib/%s/%s", s->conf->data_dir, s->server->name, name);
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    char *text = arena_alloc(s->arena, TEMPLATE_MAX);
    ssize_t n;

    if (fd < 0)
        return fault("%s: %s", path, strerror(errno));
    n = read(fd, text, TEMPLATE_MAX - 1);
    close(fd);
    if (n < 0)
        return fault("%s: %s", path, strerror(errno));
    *out = text;
    return RC_OK;
}

/* Zones, variables and workers are known by name to the whole of a web server, which may
 * serve two sites of ours.  Short: nginx has little room for the names of variables. */
static const char *id_of(struct arena *a, const struct conf *conf)
{
    uint8_t hash[SHA256_BYTES];

    sha256(bytes_of(text_lower(a, conf->host_port)), hash);
    return hex_encode(a, (struct bytes){ hash, 4 });
}

/* --- where requests go ------------------------------------------------------- */

/* One that listens everywhere is reached here. */
static const char *reached_at(struct arena *a, const char *address)
{
    if (text_same(address, "0.0.0.0"))
        return "127.0.0.1";
    return text_same(address, "::") ? "::1" : arena_strdup(a, address);
}

static const char *tcp_pass(const struct site *s)
{
    const char *address = reached_at(s->arena, s->conf->tcp_address);
    bool is_bracketed = strchr(address, ':') != NULL && s->server->kind != FRONT_LIGHTTPD;

    return s->dialect->pass_tcp(s->arena, is_bracketed ? arena_printf(s->arena, "[%s]", address) : address,
                                (int)s->conf->tcp_port);
}

static const char *pass(const struct site *s, bool is_login)
{
    const struct conf *conf = s->conf;

    if (!text_empty(conf->tcp_listen))
        return tcp_pass(s);
    if (is_login && !text_empty(conf->login_socket))
        return s->dialect->pass_socket(s->arena, conf->login_socket, "login", s->id);
    return s->dialect->pass_socket(s->arena, conf->socket, "main", s->id);
}

struct listing { struct sbuf text; const char *pass; };

static void add_location(const char *path, void *arg)
{
    struct listing *l = arg;
    struct arena *a = l->text.arena;

    if (strchr(path, ':') == NULL)
        sbuf_printf(&l->text, "    location = %s {\n", path);
    else
        sbuf_printf(&l->text, "    location ~ ^%s$ {\n", pattern_of(a, path));
    if (text_ends(path, "/reset-password")) /* nginx names the whole request when nobody answers */
        sbuf_add(&l->text, "        error_log /dev/null crit;\n");
    if (strstr(path, "/api/") != NULL)
        sbuf_add(&l->text, "        error_page 502 504 =503 /.autentico/503.json;\n");
    sbuf_printf(&l->text, "        fastcgi_pass %s;\n    }\n", l->pass);
}

/* nginx finds a path of its own sooner than a pattern. */
static const char *login_locations(const struct site *s)
{
    struct listing l = { .pass = pass(s, true) };

    sbuf_init(&l.text, s->arena, 1024);
    if (!text_empty(s->conf->login_socket))
        router_each_hashing(s->router, add_location, &l);
    return l.text.text;
}

static void add_alternative(const char *path, void *arg)
{
    struct listing *l = arg;

    sbuf_printf(&l->text, "%s%s", l->text.n > 0 ? "|" : "", pattern_of(l->text.arena, path));
}

static const char *login_pattern(const struct site *s)
{
    struct listing l = { .pass = NULL };

    sbuf_init(&l.text, s->arena, 256);
    router_each_hashing(s->router, add_alternative, &l);
    return arena_printf(s->arena, "^(%s)$", l.text.text);
}

/* --- static files ------------------------------------------------------------- */

static int is_asset(const struct dirent *entry)
{
    const char *name = entry->d_name;

    return name[0] >= 'a' && name[0] <= 'z' &&
           (text_ends(name, ".css") || text_ends(name, ".js") || text_ends(name, ".svg") || text_ends(name, ".png"));
}

/* lighttpd cannot ask whether a file is there before it decides who answers. */
static enum rc asset_pattern(const struct site *s, const char *dir, const char **out)
{
    struct dirent **entries;
    int n = scandir(dir, &entries, is_asset, alphasort);
    struct sbuf b;

    if (n < 0)
        return fault("site: %s: %s", dir, strerror(errno));
    sbuf_init(&b, s->arena, 256);
    for (int i = 0; i < n; i++) {
        sbuf_printf(&b, "%s%s", i > 0 ? "|" : "", pattern_of(s->arena, entries[i]->d_name));
        free(entries[i]);
    }
    free(entries);
    *out = b.text;
    return RC_OK;
}

/* --- what a request meets -------------------------------------------------------- */

static const char *secret_line(const struct site *s)
{
    const struct secrets *secrets = s->conf->secrets;

    if (secrets == NULL || secrets->front.n == 0)
        return "";
    return arena_printf(s->arena, "%s%.*s%s\n", s->dialect->before_secret, (int)secrets->front.n,
                        (const char *)secrets->front.p, s->dialect->after_secret);
}

static enum rc fill_locations(const struct site *s, const char *hsts, char **out)
{
    const char *assets = arena_printf(s->arena, "%s/html/assets", s->conf->data_dir), *known;
    struct words w = { .n = 0 };
    char *text;

    TRY(read_template(s, "locations.conf", &text));
    TRY(words_check_name(s->conf->socket));
    TRY(words_check_name(s->conf->login_socket));
    TRY(words_add_name(&w, "ASSETS", assets));
    TRY(asset_pattern(s, assets, &known));
    TRY(words_add_name(&w, "CONTRIB", arena_printf(s->arena, "%s/contrib/%s", s->conf->data_dir, s->server->name)));
    TRY(words_add_name(&w, "OAUTH", s->conf->oauth_path));
    words_add(&w, "ASSET_PATTERN", known);
    words_add(&w, "OAUTH_PATTERN", pattern_of(s->arena, s->conf->oauth_path));
    words_add(&w, "HSTS", hsts);
    words_add(&w, "ID", s->id);
    words_add(&w, "MAIN_PASS", pass(s, false));
    words_add(&w, "LOGIN_PASS", pass(s, true));
    words_add(&w, "LOGIN_PATTERN", login_pattern(s));
    words_add(&w, "LOGIN_LOCATIONS", login_locations(s));
    words_add(&w, "SECRET", secret_line(s));
    return words_fill(s->arena, text, &w, out);
}

static struct site site_of(struct arena *a, const struct conf *conf, const struct router *router,
                           const struct web_server *server)
{
    return (struct site){ a, conf, router, server, dialect_of(server->kind), id_of(a, conf) };
}

/* --- the operator's ---------------------------------------------------------------- */

/* The port of the public address; what a URL does not say is 443. */
static const char *tls_port(const struct conf *conf)
{
    const char *colon = strrchr(conf->host_port, ':');

    return conf->is_https && colon != NULL && strchr(colon, ']') == NULL ? colon + 1 : "443";
}

enum rc site_public(struct arena *a, const struct conf *conf, const struct router *router,
                    const struct web_server *server, char **out)
{
    struct site s = site_of(a, conf, router, server);
    const char *port = tls_port(conf);
    struct words w = { .n = 0 };
    char *text, *locations;

    TRY(read_template(&s, "autentico.conf", &text));
    TRY(fill_locations(&s, HSTS_LINE, &locations));
    TRY(words_add_name(&w, "SERVER_NAME", conf->host));
    TRY(words_add_name(&w, "URL", conf->url));
    words_add(&w, "TLS_PORT", port);
    /* 443 is in Debian's ports.conf */
    words_add(&w, "LISTEN", text_same(port, "443") ? "" : arena_printf(a, "Listen %s\n", port));
    words_add(&w, "ID", s.id);
    words_add(&w, "OAUTH_PATTERN", pattern_of(a, conf->oauth_path));
    words_add(&w, "LOCATIONS", locations);
    return words_fill(a, text, &w, out);
}

/* --- the private one --------------------------------------------------------------- */

static bool is_common_name(const char *host)
{
    return text_same(host, "localhost") || text_same(host, "127.0.0.1") || text_same(host, "[::1]");
}

enum rc site_private(struct arena *a, const struct conf *conf, const struct router *router,
                     const struct web_server *server, const struct site_private *how, char **out)
{
    struct site s = site_of(a, conf, router, server);
    const char *name = is_common_name(conf->host) ? "" : conf->host;
    struct words w = { .n = 0 };
    char *text, *locations;

    TRY(read_template(&s, "private.conf", &text));
    TRY(fill_locations(&s, "", &locations));
    TRY(words_add_name(&w, "FRONT_DIR", how->dir));
    TRY(words_add_name(&w, "SERVER_NAME", name));
    words_add(&w, "OR_SERVER_PATTERN", *name != '\0' ? arena_printf(a, "|%s", pattern_of(a, name)) : "");
    words_add(&w, "ASSETS", arena_printf(a, "%s/html/assets", conf->data_dir));
    words_add(&w, "MODULES", text_or(how->modules, ""));
    words_add(&w, "LISTEN_DEFAULT", s.dialect->listen(a, conf->listen_port, how->has_ipv6, " default_server"));
    words_add(&w, "LISTEN", s.dialect->listen(a, conf->listen_port, how->has_ipv6, ""));
    /* root without capabilities cannot make workers of another identity */
    words_add(&w, "MASTER_LINE", how->as_root ? "user root;\nmaster_process off;" : "");
    words_add(&w, "ID", s.id);
    words_add(&w, "LOCATIONS", locations);
    return words_fill(a, text, &w, out);
}
