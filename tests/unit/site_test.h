/* A configuration, a folder and the three web servers themselves, for test_site.c and
 * test_front.c. */
#ifndef AUTENTICO_TESTS_SITE_TEST_H
#define AUTENTICO_TESTS_SITE_TEST_H

#include "config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <arpa/inet.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "scratch_test.h"
#include "serve/dispatch.h"
#include "serve/front.h"
#include "util/sbuf.h"

static struct arena *A;
static const char *dir;
static struct router *router;

static inline int set_up(void **state)
{
    char name[] = "/tmp/autentico front.XXXXXX"; /* a space, as people have them */

    (void)state;
    A = arena_start("test");
    assert_non_null(mkdtemp(name));
    dir = arena_strdup(A, name);
    return dispatch_router(A, "/oauth2", &router) == RC_OK ? 0 : -1;
}

static inline int tear_down(void **state)
{
    (void)state;
    scratch_remove(dir);
    arena_done(A);
    return 0;
}

/* A port nobody has now. */
static inline const char *free_port(void)
{
    struct sockaddr_in addr = { .sin_family = AF_INET, .sin_addr = { htonl(INADDR_LOOPBACK) } };
    socklen_t n = sizeof(addr);
    int fd = socket(AF_INET, SOCK_STREAM, 0);

    assert_int_equal(bind(fd, (struct sockaddr *)&addr, n), 0);
    assert_int_equal(getsockname(fd, (struct sockaddr *)&addr, &n), 0);
    close(fd);
    return arena_printf(A, "%d", ntohs(addr.sin_port));
}

static inline struct conf conf_of(bool is_https)
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

static inline const char *at(const char *text, const char *what)
{
    const char *found = strstr(text, what);

    if (found == NULL)
        fail_msg("no \"%s\"", what);
    return found;
}

static inline size_t count(const char *text, const char *what)
{
    size_t n = 0;

    for (const char *p = text; (p = strstr(p, what)) != NULL; p++)
        n++;
    return n;
}

/* The text with each `from` turned into `to`. */
static inline char *with(const char *text, const char *from, const char *to)
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

static inline void write_file(const char *path, const char *text)
{
    FILE *f = fopen(path, "w");

    assert_non_null(f);
    assert_int_equal(fputs(text, f) >= 0, 1);
    assert_int_equal(fclose(f), 0);
}

static inline void run(const char *command)
{
    int status = system(command);

    if (status != 0)
        fail_msg("%s: %d", command, status);
}

static inline char *read_file(const char *path)
{
    FILE *f = fopen(path, "r");
    char *text = arena_alloc(A, 65536);

    if (f == NULL)
        fail_msg("%s", path);
    text[fread(text, 1, 65535, f)] = '\0';
    (void)fclose(f);
    return text;
}

/* Whether the server itself takes the configuration. */
static inline void assert_taken(const struct web_server *server, const char *config)
{
    const char *file = arena_printf(A, "%s/t.conf", dir);

    write_file(file, config);
    if (text_same(server->name, "nginx"))
        run(arena_printf(A, "PATH=/usr/sbin:$PATH; nginx -e stderr -t -q -p '%s/' -c '%s'", dir, file));
    else if (text_same(server->name, "apache"))
        run(arena_printf(A, "PATH=/usr/sbin:$PATH; apache2 -t -d '%s' -f '%s' 2>'%s/said' || { cat '%s/said'; false; }",
                         dir, file, dir, dir));
    else
        run(arena_printf(A, "PATH=/usr/sbin:$PATH; lighttpd -tt -f '%s' >'%s/said' 2>&1 || { cat '%s/said'; false; }", file,
                         dir, dir));
}

#define EACH_SERVER(s) (const struct web_server *s = web_server_next(NULL); s != NULL; s = web_server_next(s))

#endif
