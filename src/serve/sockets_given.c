#include "config.h"

#include "serve/sockets.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#define LISTEN_FDS_START 3
#define LISTEN_FDS_MAX 16

static bool is_listening(int fd)
{
    int is = 0, type = 0;
    socklen_t n = sizeof(is), type_n = sizeof(type);

    return getsockopt(fd, SOL_SOCKET, SO_ACCEPTCONN, &is, &n) == 0 && is != 0 &&
           getsockopt(fd, SOL_SOCKET, SO_TYPE, &type, &type_n) == 0 && type == SOCK_STREAM;
}

/* "" when it has none. */
static int family_of(int fd, char path[sizeof(((struct sockaddr_un *)NULL)->sun_path) + 1])
{
    struct sockaddr_storage addr = { .ss_family = AF_UNSPEC };
    const struct sockaddr_un *un = (const struct sockaddr_un *)&addr;
    socklen_t n = sizeof(addr);

    path[0] = '\0';
    if (getsockname(fd, (struct sockaddr *)&addr, &n) != 0)
        return AF_UNSPEC;
    if (addr.ss_family == AF_UNIX && n > sizeof(un->sun_family)) {
        memcpy(path, un->sun_path, sizeof(un->sun_path));
        path[sizeof(un->sun_path)] = '\0';
    }
    return addr.ss_family;
}

/* The backlog of whoever made it may be small. */
static enum rc prepare(const struct conf *conf, int fd, FILE *err)
{
    char path[sizeof(((struct sockaddr_un *)NULL)->sun_path) + 1];
    int flags = fcntl(fd, F_GETFL);

    if (family_of(fd, path) != AF_UNIX && (conf->secrets == NULL || conf->secrets->front.n == 0)) {
        fprintf(err, "AUTENTICO_FRONT_SECRET: is missing: the socket that was handed over is TCP, where anybody "
                     "could claim any address; take the output of: openssl rand -hex 32\n");
        return RC_REFUSED;
    }
    if (flags < 0 || fcntl(fd, F_SETFL, flags | O_NONBLOCK) != 0 || fcntl(fd, F_SETFD, FD_CLOEXEC) != 0 ||
        listen(fd, SOCKETS_BACKLOG) != 0)
        return fault("sockets: descriptor %d: %s", fd, strerror(errno));
    return RC_OK;
}

/* --- descriptor 0 ---------------------------------------------------------- */

/* FastCGI 2.2: nothing but descriptor 0 need be open. */
static enum rc open_null(void)
{
    for (int fd = STDOUT_FILENO; fd <= STDERR_FILENO; fd++)
        if (fcntl(fd, F_GETFD) < 0 && open("/dev/null", O_RDWR) != fd)
            return fault("sockets: /dev/null: %s", strerror(errno));
    return RC_OK;
}

static enum rc take_stdin(const struct conf *conf, FILE *err, struct sockets *out)
{
    int null;

    if (!is_listening(STDIN_FILENO)) {
        fprintf(err, "descriptor 0 is no listening socket: `autentico fcgi` is for spawn-fcgi and lighttpd's bin-path; "
                     "by hand it is `autentico start`\n");
        return RC_REFUSED;
    }
    TRY(open_null());
    out->main_fd = fcntl(STDIN_FILENO, F_DUPFD_CLOEXEC, LISTEN_FDS_START);
    null = open("/dev/null", O_RDONLY | O_CLOEXEC);
    if (out->main_fd < 0 || null < 0 || dup2(null, STDIN_FILENO) != STDIN_FILENO)
        return fault("sockets: descriptor 0: %s", strerror(errno));
    close(null);
    out->are_given = true;
    return prepare(conf, out->main_fd, err);
}

/* --- systemd ---------------------------------------------------------------- */

/* sd_listen_fds(3): the number, when they are for this very process. */
static int64_t count_fds(void)
{
    int64_t pid, n;

    if (text_int(text_or(getenv("LISTEN_PID"), ""), &pid) != RC_OK || pid != getpid() ||
        text_int(text_or(getenv("LISTEN_FDS"), ""), &n) != RC_OK || n < 1 || n > LISTEN_FDS_MAX)
        return 0;
    return n;
}

/* A socket unit gives all of its sockets one name; then the path tells them apart. */
static int *place_of(const struct conf *conf, const char *name, int fd, struct sockets *out)
{
    char path[sizeof(((struct sockaddr_un *)NULL)->sun_path) + 1];

    (void)family_of(fd, path);
    if (text_same(name, "login") || (path[0] != '\0' && text_same(path, conf->login_socket)))
        return &out->login_fd;
    return &out->main_fd;
}

static enum rc take_one(const struct conf *conf, const char *name, int fd, FILE *err, struct sockets *out)
{
    int *place = place_of(conf, name, fd, out);

    if (!is_listening(fd)) {
        fprintf(err, "systemd's descriptor %d (%s) is no listening stream socket: Accept=no, and ListenStream= only\n",
                fd, name);
        return RC_REFUSED;
    }
    if (*place >= 0) {
        fprintf(err, "systemd handed over more than one socket for %s: name them FileDescriptorName=main and login, or "
                     "let their paths be those of AUTENTICO_SOCKET and AUTENTICO_LOGIN_SOCKET\n",
                place == &out->login_fd ? "login" : "main");
        return RC_REFUSED;
    }
    *place = fd;
    return prepare(conf, fd, err);
}

static enum rc take_systemd(struct arena *a, const struct conf *conf, FILE *err, struct sockets *out)
{
    struct text_list names = text_split(a, text_or(getenv("LISTEN_FDNAMES"), ""), ':');
    int64_t n = count_fds();

    for (int64_t i = 0; i < n; i++)
        TRY(take_one(conf, (size_t)i < names.n ? names.v[i] : "", (int)(LISTEN_FDS_START + i), err, out));
    if (n > 0 && out->main_fd < 0) {
        fprintf(err, "systemd handed over a socket for login and none for main\n");
        return RC_REFUSED;
    }
    out->are_given = n > 0;
    return RC_OK;
}

enum rc sockets_take(const struct conf *conf, bool from_stdin, FILE *err, struct sockets *out)
{
    struct arena *a = arena_start("sockets");
    struct sockets s = { -1, -1, false };
    enum rc rc = from_stdin ? take_stdin(conf, err, &s) : take_systemd(a, conf, err, &s);

    unsetenv("LISTEN_PID");
    unsetenv("LISTEN_FDS");
    unsetenv("LISTEN_FDNAMES");
    arena_done(a);
    if (rc == RC_OK)
        *out = s;
    return rc;
}
