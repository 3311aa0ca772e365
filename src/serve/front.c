#include "config.h"

#include "serve/front.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "util/sbuf.h"

#define TEMPLATE_MAX (256 * 1024)
#define HSTS_LINE "        add_header Strict-Transport-Security \"max-age=63072000; includeSubDomains\" always;"

struct word { const char *name, *value; };
struct words { struct word v[24]; size_t n; };

static void add_word(struct words *w, const char *name, const char *value)
{
    if (w->n == ARRAY_LEN(w->v))
        die("front: too many words");
    w->v[w->n++] = (struct word){ name, value };
}

/* Paths and names of the operator: one that means something to nginx, even between
 * quotes, would write configuration of its own. */
static enum rc add_name(struct words *w, const char *name, const char *value)
{
    for (const char *p = value; *p != '\0'; p++)
        if ((unsigned char)*p < ' ' || *p == 0x7f || strchr("\"\\$;{}", *p) != NULL)
            return fault("front: \"%s\" cannot stand in a configuration of nginx", value);
    add_word(w, name, value);
    return RC_OK;
}

/* --- templates ------------------------------------------------------------- */

static enum rc read_template(struct arena *a, const struct conf *conf, const char *name, char **out)
{
    const char *path = arena_printf(a, "%s/contrib/nginx/%s", conf->data_dir, name);
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    char *text = arena_alloc(a, TEMPLATE_MAX);
    ssize_t n;

    if (fd < 0)
        return errno == ENOENT ? RC_NONE : fault("%s: %s", path, strerror(errno));
    n = read(fd, text, TEMPLATE_MAX - 1);
    close(fd);
    if (n < 0)
        return fault("%s: %s", path, strerror(errno));
    *out = text;
    return RC_OK;
}

static const char *find_word(const struct words *w, const char *name, size_t n)
{
    for (size_t i = 0; i < w->n; i++)
        if (strlen(w->v[i].name) == n && memcmp(w->v[i].name, name, n) == 0)
            return w->v[i].value;
    return NULL;
}

static size_t word_length(const char *p)
{
    return strspn(p, "ABCDEFGHIJKLMNOPQRSTUVWXYZ_");
}

/* "@NAME@" becomes its value; any other '@' stays. */
static enum rc fill(struct arena *a, const char *text, const struct words *w, char **out)
{
    struct sbuf b;

    sbuf_init(&b, a, strlen(text) * 2);
    for (const char *p = text; *p != '\0'; p++) {
        size_t n = *p == '@' ? word_length(p + 1) : 0;

        if (n == 0 || p[n + 1] != '@') {
            sbuf_addc(&b, *p);
            continue;
        }
        const char *value = find_word(w, p + 1, n);
        if (value == NULL)
            return fault("front: the template has an unknown word @%.*s@", (int)n, p + 1);
        sbuf_add(&b, value);
        p += n + 1;
    }
    *out = b.text;
    return RC_OK;
}

/* --- what the words stand for ---------------------------------------------- */

struct listing { struct sbuf text; const struct conf *conf; };

/* ":name" of a route is one path segment. */
static void add_pattern(struct sbuf *b, const char *path)
{
    while (*path != '\0') {
        if (*path == ':') {
            sbuf_add(b, "[^/]+");
            path += strcspn(path, "/");
            continue;
        }
        if (strchr(".+*?()[]{}|^$\\", *path) != NULL)
            sbuf_addc(b, '\\');
        sbuf_addc(b, *path++);
    }
}

static const char *pattern_of(struct arena *a, const char *path)
{
    struct sbuf b;

    sbuf_init(&b, a, strlen(path) * 2 + 1);
    add_pattern(&b, path);
    return b.text;
}

static void add_login_location(const char *path, void *arg)
{
    struct listing *l = arg;

    sbuf_add(&l->text, "    location ");
    if (strchr(path, ':') == NULL) {
        sbuf_printf(&l->text, "= %s", path);
    } else {
        sbuf_add(&l->text, "~ ^");
        add_pattern(&l->text, path);
        sbuf_addc(&l->text, '$');
    }
    sbuf_add(&l->text, " {\n");
    if (strstr(path, "/api/") != NULL)
        sbuf_add(&l->text, "        error_page 502 504 =503 /.autentico/503.json;\n");
    sbuf_printf(&l->text, "        fastcgi_pass \"unix:%s\";\n    }\n", l->conf->login_socket);
}

static const char *login_locations(struct arena *a, const struct conf *conf, const struct router *router)
{
    struct listing l = { .conf = conf };

    sbuf_init(&l.text, a, 1024);
    if (!text_empty(conf->login_socket))
        router_each_hashing(router, add_login_location, &l);
    return l.text.text;
}

static enum rc fill_locations(struct arena *a, const struct conf *conf, const struct router *router,
                              const char *hsts, char **out)
{
    struct words w = { .n = 0 };
    char *text;

    TRY(read_template(a, conf, "locations.conf", &text));
    TRY(add_name(&w, "MAIN_SOCKET", conf->socket));
    TRY(add_name(&w, "LOGIN_SOCKET", conf->login_socket));
    TRY(add_name(&w, "ASSETS", arena_printf(a, "%s/html/assets", conf->data_dir)));
    TRY(add_name(&w, "OAUTH", conf->oauth_path));
    add_word(&w, "OAUTH_PATTERN", pattern_of(a, conf->oauth_path));
    add_word(&w, "HSTS", hsts);
    add_word(&w, "LOGIN_LOCATIONS", login_locations(a, conf, router));
    return fill(a, text, &w, out);
}

/* The port of the public address; what a URL does not say is 443. */
static const char *tls_port(const struct conf *conf)
{
    const char *colon = strrchr(conf->host_port, ':');

    return conf->is_https && colon != NULL && strchr(colon, ']') == NULL ? colon + 1 : "443";
}

enum rc front_site(struct arena *a, const struct conf *conf, const struct router *router, const char *kind,
                   char **out)
{
    struct words w = { .n = 0 };
    char *text, *locations;

    if (!text_same(kind, "nginx"))
        return RC_NONE;
    TRY(read_template(a, conf, "autentico.conf", &text));
    TRY(fill_locations(a, conf, router, HSTS_LINE, &locations));
    TRY(add_name(&w, "SERVER_NAME", conf->host));
    TRY(add_name(&w, "URL", conf->url));
    add_word(&w, "TLS_PORT", tls_port(conf));
    add_word(&w, "CACHE_DIR", "/var/cache/nginx-autentico");
    add_word(&w, "OAUTH_PATTERN", pattern_of(a, conf->oauth_path));
    add_word(&w, "LOCATIONS", locations);
    return fill(a, text, &w, out);
}

/* --- the private server ---------------------------------------------------- */

static const char *find_program(struct arena *a, const char *name)
{
    const char *path = text_or(getenv("PATH"), "");
    struct text_list dirs = text_split(a, arena_printf(a, "/usr/sbin:/usr/local/sbin:%s", path), ':');

    for (size_t i = 0; i < dirs.n; i++) {
        const char *full = arena_printf(a, "%s/%s", dirs.v[i], name);

        if (full[0] == '/' && dirs.v[i][0] != '\0' && access(full, X_OK) == 0)
            return full;
    }
    return NULL;
}

/* 0, or errno: EADDRNOTAVAIL or EAFNOSUPPORT where there is no such address. */
static int try_bind(const struct sockaddr *addr, socklen_t n)
{
    int fd = socket(addr->sa_family, SOCK_STREAM | SOCK_CLOEXEC, 0), yes = 1, why;

    if (fd < 0)
        return errno;
    (void)setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof(yes)); /* as nginx does */
    why = bind(fd, addr, n) == 0 ? 0 : errno;
    close(fd);
    return why;
}

static int try_port(int family, in_port_t port)
{
    struct sockaddr_in v4 = { .sin_family = AF_INET, .sin_port = htons(port), .sin_addr = { htonl(INADDR_LOOPBACK) } };
    struct sockaddr_in6 v6 = { .sin6_family = AF_INET6, .sin6_port = htons(port), .sin6_addr = IN6ADDR_LOOPBACK_INIT };

    return family == AF_INET ? try_bind((struct sockaddr *)&v4, sizeof(v4))
                             : try_bind((struct sockaddr *)&v6, sizeof(v6));
}

static bool has_ipv6_loopback(void)
{
    return try_port(AF_INET6, 0) == 0;
}

/* Said now: nginx would only be started again and again. */
static enum rc check_port(const struct conf *conf, FILE *err)
{
    in_port_t port = (in_port_t)strtoul(conf->listen_port, NULL, 10);

    if (try_port(AF_INET, port) != EADDRINUSE && try_port(AF_INET6, port) != EADDRINUSE)
        return RC_OK;
    fprintf(err, "port %s is in use by another program: stop it, or take another port in AUTENTICO_APP_URL and "
                 "AUTENTICO_LISTEN_PORT, or AUTENTICO_FRONT=none\n", conf->listen_port);
    return RC_REFUSED;
}

static const char *listen_lines(struct arena *a, const char *port, const char *more)
{
    const char *v4 = arena_printf(a, "        listen 127.0.0.1:%s%s;", port, more);

    return has_ipv6_loopback() ? arena_printf(a, "%s\n        listen [::1]:%s%s;", v4, port, more) : v4;
}

static bool is_common_name(const char *host)
{
    return text_same(host, "localhost") || text_same(host, "127.0.0.1") || text_same(host, "[::1]");
}

static enum rc render_private(struct arena *a, const struct conf *conf, const struct router *router,
                              struct front_server *out)
{
    struct words w = { .n = 0 };
    char *text, *locations, *config;

    TRY(read_template(a, conf, "private.conf", &text));
    TRY(fill_locations(a, conf, router, "", &locations));
    TRY(add_name(&w, "FRONT_DIR", out->dir));
    TRY(add_name(&w, "SERVER_NAME", is_common_name(conf->host) ? "" : conf->host));
    add_word(&w, "LISTEN_DEFAULT", listen_lines(a, conf->listen_port, " default_server"));
    add_word(&w, "LISTEN", listen_lines(a, conf->listen_port, ""));
    /* root without capabilities cannot make workers of another identity */
    add_word(&w, "MASTER_LINE", out->as_root ? "user root;\nmaster_process off;" : "");
    add_word(&w, "LOCATIONS", locations);
    TRY(fill(a, text, &w, &config));
    out->config = config;
    return RC_OK;
}

static bool is_wanted(const struct conf *conf, bool is_spoken_for)
{
    if (conf->front == FRONT_NONE || conf->is_https || (is_spoken_for && conf->front == FRONT_AUTO))
        return false;
    return conf->is_loopback || conf->front == FRONT_NGINX;
}

enum rc front_prepare(struct arena *a, const struct conf *conf, const struct router *router, FILE *err,
                      struct front_server *out)
{
    out->is_wanted = false;
    out->stop_signal = SIGQUIT;
    if (!is_wanted(conf, out->is_spoken_for))
        return RC_OK;
    out->program = find_program(a, "nginx");
    if (out->program == NULL && conf->front == FRONT_AUTO)
        return RC_OK;
    if (out->program == NULL) {
        fprintf(err, "AUTENTICO_FRONT: nginx is not installed: apt-get install nginx-light\n");
        return RC_REFUSED;
    }
    TRY(check_port(conf, err));
    out->dir = arena_printf(a, "%s/front", conf->state_dir);
    TRY(render_private(a, conf, router, out));
    out->is_wanted = true;
    return RC_OK;
}

static void write_config(const char *path, const char *text)
{
    int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0600);
    size_t n = strlen(text);

    if (fd < 0 || write(fd, text, n) != (ssize_t)n)
        die("front: %s: %s", path, strerror(errno));
    close(fd);
}

/* Nothing of ours may be open in the server but the three standard descriptors. */
static void close_ours(void)
{
    if (close_range(3, ~0U, 0) != 0)
        die("front: close_range: %s", strerror(errno));
}

void front_exec(const struct front_server *front)
{
    struct arena *a = arena_start("front");
    char *config = arena_printf(a, "%s/nginx.conf", front->dir);
    char *prefix = arena_printf(a, "%s/", front->dir);
    /* -e: or it would complain of the log it was built for before it reads ours */
    char *const argv[] = { arena_strdup(a, "nginx"), arena_strdup(a, "-e"), arena_strdup(a, "stderr"),
                           arena_strdup(a, "-p"), prefix, arena_strdup(a, "-c"), config,
                           arena_strdup(a, "-g"), arena_strdup(a, "daemon off;"), NULL };
    char *const envp[] = { arena_strdup(a, "PATH=/usr/sbin:/usr/bin:/sbin:/bin"), NULL };

    if (mkdir(front->dir, 0700) != 0 && errno != EEXIST)
        die("front: %s: %s", front->dir, strerror(errno));
    write_config(config, front->config);
    close_ours();
    execve(front->program, argv, envp);
    die("front: %s: %s", front->program, strerror(errno));
}
