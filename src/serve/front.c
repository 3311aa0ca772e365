#include "config.h"

#include "serve/front.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "util/clock.h"

#define PORT_WAIT_MS 1000

/* --- which ----------------------------------------------------------------- */

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

static const char *program_of(struct arena *a, const struct web_server *server)
{
    const char *found = NULL;

    for (size_t i = 0; i < ARRAY_LEN(server->programs) && found == NULL; i++)
        if (server->programs[i] != NULL)
            found = find_program(a, server->programs[i]);
    return found;
}

/* The first that is there and can do with who we are. */
static void choose(struct arena *a, struct front_server *out)
{
    for (const struct web_server *s = web_server_next(NULL); s != NULL; s = web_server_next(s)) {
        out->program = s->runs_as_root || !out->as_root ? program_of(a, s) : NULL;
        out->server = s;
        if (out->program != NULL)
            return;
    }
}

static enum rc take_named(struct arena *a, const struct conf *conf, FILE *err, struct front_server *out)
{
    out->server = web_server_of(conf->front);
    out->program = program_of(a, out->server);
    if (out->program == NULL) {
        fprintf(err, "AUTENTICO_FRONT: %s is not installed: apt-get install %s\n", out->server->name,
                out->server->package);
        return RC_REFUSED;
    }
    if (out->as_root && !out->server->runs_as_root) {
        fprintf(err, "AUTENTICO_FRONT: %s does not run as root; give the database directory to a user of its own\n",
                out->server->name);
        return RC_REFUSED;
    }
    return RC_OK;
}

static bool is_wanted(const struct conf *conf, bool is_spoken_for)
{
    if (conf->front == FRONT_NONE || conf->is_https || (is_spoken_for && conf->front == FRONT_AUTO))
        return false;
    return conf->is_loopback || conf->front != FRONT_AUTO;
}

/* --- where it listens -------------------------------------------------------- */

/* 0, or errno: EADDRNOTAVAIL or EAFNOSUPPORT where there is no such address. */
static int try_bind(const struct sockaddr *addr, socklen_t n)
{
    int fd = socket(addr->sa_family, SOCK_STREAM | SOCK_CLOEXEC, 0), yes = 1, why;

    if (fd < 0)
        return errno;
    (void)setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof(yes)); /* as web servers do */
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

static bool is_port_free(in_port_t port)
{
    return try_port(AF_INET, port) != EADDRINUSE && try_port(AF_INET6, port) != EADDRINUSE;
}

/* A server of ours whose parent was killed a moment ago is on its way out. */
static bool becomes_free(in_port_t port)
{
    int64_t until = clock_mono_ms() + PORT_WAIT_MS;

    while (!is_port_free(port)) {
        if (clock_mono_ms() >= until)
            return false;
        (void)poll(NULL, 0, 20);
    }
    return true;
}

/* Said now: the server would only be started again and again. */
static enum rc check_port(const struct conf *conf, FILE *err)
{
    if (becomes_free((in_port_t)strtoul(conf->listen_port, NULL, 10)))
        return RC_OK;
    fprintf(err, "port %s is in use by another program: stop it, or take another port in AUTENTICO_APP_URL and "
                 "AUTENTICO_LISTEN_PORT, or AUTENTICO_FRONT=none\n", conf->listen_port);
    return RC_REFUSED;
}

/* --- its configuration --------------------------------------------------------- */

static const char *apache_modules(void)
{
    static const char *const known[] = { "/usr/lib/apache2/modules", "/usr/lib64/httpd/modules",
                                         "/usr/local/apache2/modules" };

    for (size_t i = 0; i < ARRAY_LEN(known); i++)
        if (access(known[i], X_OK) == 0)
            return known[i];
    return known[0];
}

static enum rc render(const struct conf *conf, const struct router *router, struct front_server *out)
{
    struct site_private how = { out->dir, apache_modules(), out->as_root, has_ipv6_loopback() };
    char *text;

    out->arena = arena_start("front");
    TRY(site_private(out->arena, conf, router, out->server, &how, &text));
    out->config = text;
    return RC_OK;
}

enum rc front_prepare(struct arena *a, const struct conf *conf, const struct router *router, FILE *err,
                      struct front_server *out)
{
    out->is_wanted = false;
    if (!is_wanted(conf, out->is_spoken_for))
        return RC_OK;
    if (conf->front == FRONT_AUTO)
        choose(a, out);
    else
        TRY(take_named(a, conf, err, out));
    if (out->program == NULL)
        return RC_OK;
    TRY(check_port(conf, err));
    out->dir = arena_printf(a, "%s/front", conf->state_dir);
    TRY(render(conf, router, out));
    out->stop_signal = out->server->stop_signal;
    out->is_wanted = true;
    return RC_OK;
}

static const char *config_path(struct arena *a, const struct front_server *front)
{
    return arena_printf(a, "%s/%s", front->dir, front->server->config_name);
}

static enum rc write_file(const char *path, const char *text)
{
    int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0600);
    size_t n = strlen(text);

    if (fd < 0 || write(fd, text, n) != (ssize_t)n)
        return fault("front: %s: %s", path, strerror(errno));
    close(fd);
    return RC_OK;
}

enum rc front_write(const struct front_server *front)
{
    struct arena *a = arena_start("front");
    enum rc rc = RC_OK;

    if (!front->is_wanted)
        return RC_OK;
    if (mkdir(front->dir, 0700) != 0 && errno != EEXIST)
        rc = fault("front: %s: %s", front->dir, strerror(errno));
    if (rc == RC_OK)
        rc = write_file(config_path(a, front), front->config);
    arena_done(a);
    return rc;
}

void front_forget(struct front_server *front)
{
    if (front->arena != NULL)
        arena_done(front->arena);
    front->arena = NULL;
    front->config = NULL;
}

/* --- becoming it ------------------------------------------------------------------ */

/* Nothing of ours may be open in the server but the three standard descriptors. */
static void close_ours(void)
{
    if (close_range(3, ~0U, 0) != 0)
        die("front: close_range: %s", strerror(errno));
}

static char *argument(struct arena *a, const struct front_server *front, const char *text)
{
    if (text_same(text, "%d"))
        return arena_printf(a, "%s/", front->dir);
    return arena_strdup(a, text_same(text, "%c") ? config_path(a, front) : text);
}

void front_exec(const struct front_server *front)
{
    struct arena *a = arena_start("front");
    char *argv[ARRAY_LEN(front->server->args) + 1] = { NULL };
    char *const envp[] = { arena_strdup(a, "PATH=/usr/sbin:/usr/bin:/sbin:/bin"), NULL };

    for (size_t i = 0; i < ARRAY_LEN(front->server->args) && front->server->args[i] != NULL; i++)
        argv[i] = argument(a, front, front->server->args[i]);
    /* a terminal's INT is not for it, and what it leaves behind can be found */
    if (setpgid(0, 0) != 0)
        die("front: setpgid: %s", strerror(errno));
    close_ours();
    execve(front->program, argv, envp);
    die("front: %s: %s", front->program, strerror(errno));
}
