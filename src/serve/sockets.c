#include "config.h"

#include "serve/sockets.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/file.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

enum rc sockets_lock_instance(const struct conf *conf, const struct identity *id, FILE *err)
{
    struct arena *a = arena_start("lock");
    const char *path = arena_printf(a, "%s/autentico.run", conf->state_dir);
    int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
    enum rc rc = RC_OK;

    if (fd < 0 || flock(fd, LOCK_EX | LOCK_NB) != 0) {
        if (errno == EWOULDBLOCK)
            fprintf(err, "Autentico is already running in %s\n", conf->state_dir);
        else
            fprintf(err, "%s: %s\n", path, strerror(errno));
        rc = RC_REFUSED;
    } else if (id->was_root && fchown(fd, id->uid, id->gid) != 0) {
        rc = fault("sockets: chown %s: %s", path, strerror(errno));
    }
    if (rc != RC_OK && fd >= 0)
        close(fd);
    arena_done(a);
    /* cppcheck-suppress resourceLeak ; open, and so locked, until the process ends */
    return rc;
}

/* /run is emptied at boot: root makes the folder again. */
static enum rc make_directory(const char *dir, const struct identity *id, FILE *err)
{
    gid_t gid = id->socket_gid != (gid_t)-1 ? id->socket_gid : id->gid;

    if (mkdir(dir, 0750) != 0) {
        if (errno == EEXIST)
            return RC_OK;
        fprintf(err, "AUTENTICO_SOCKET: cannot make %s: %s\n", dir, strerror(errno));
        return RC_REFUSED;
    }
    if (id->was_root && lchown(dir, id->uid, gid) != 0) {
        fprintf(err, "AUTENTICO_SOCKET: cannot give %s away: %s\n", dir, strerror(errno));
        return RC_REFUSED;
    }
    return RC_OK;
}

/* A socket the web server cannot reach is a 502 later; say so now. */
static enum rc check_traverse(const char *dir, const struct identity *id, FILE *err)
{
    struct stat st;

    if (stat(dir, &st) != 0 || id->socket_gid == (gid_t)-1)
        return RC_OK;
    if ((st.st_mode & S_IXOTH) != 0 || ((st.st_mode & S_IXGRP) != 0 && st.st_gid == id->socket_gid))
        return RC_OK;
    fprintf(err, "the web server's group (gid %u) cannot enter %s: chgrp %u %s && chmod 0750 %s\n",
            (unsigned)id->socket_gid, dir, (unsigned)id->socket_gid, dir, dir);
    return RC_REFUSED;
}

/* A socket of an earlier run makes room; nothing else does, whatever the path says. */
static enum rc make_room(const char *path, FILE *err)
{
    struct stat st;

    if (lstat(path, &st) != 0)
        return RC_OK;
    if (!S_ISSOCK(st.st_mode)) {
        fprintf(err, "AUTENTICO_SOCKET: %s is there and is no socket\n", path);
        return RC_REFUSED;
    }
    unlink(path);
    return RC_OK;
}

static enum rc bind_socket(const char *path, const struct conf *conf, FILE *err, int *out)
{
    struct sockaddr_un addr = { .sun_family = AF_UNIX };
    mode_t before;
    int fd;

    if (strlen(path) >= sizeof(addr.sun_path)) {
        fprintf(err, "AUTENTICO_SOCKET: %s is longer than the %zu bytes a socket path may have\n", path,
                sizeof(addr.sun_path) - 1);
        return RC_REFUSED;
    }
    memcpy(addr.sun_path, path, strlen(path) + 1);
    TRY(make_room(path, err));
    fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    /* the mode comes from umask: chmod(2) would follow a link put there meanwhile */
    before = umask((mode_t)(0777 & ~conf->socket_mode));
    int failed = fd < 0 || bind(fd, (struct sockaddr *)&addr, sizeof(addr)) != 0;
    umask(before);
    if (failed || listen(fd, SOCKETS_BACKLOG) != 0) {
        fprintf(err, "AUTENTICO_SOCKET: %s: %s\n", path, strerror(errno));
        if (fd >= 0)
            close(fd);
        return RC_REFUSED;
    }
    *out = fd;
    return RC_OK;
}

static enum rc open_socket(const char *path, const struct conf *conf, const struct identity *id,
                           bool is_private_front, FILE *err, int *out)
{
    struct arena *a = arena_start("socket");
    const char *dir = text_directory(a, path);
    enum rc rc = make_directory(dir, id, err);

    if (rc == RC_OK && !is_private_front && !conf->is_loopback)
        rc = check_traverse(dir, id, err);
    if (rc == RC_OK)
        rc = bind_socket(path, conf, err, out);
    if (rc == RC_OK && id->was_root && lchown(path, id->uid, id->socket_gid) != 0)
        rc = fault("sockets: chown %s: %s", path, strerror(errno));
    /* without the right to give it away, a supplementary group still may do */
    if (rc == RC_OK && !id->was_root && id->socket_gid != (gid_t)-1 &&
        lchown(path, (uid_t)-1, id->socket_gid) != 0 && !is_private_front)
        log_event(LOG_LEVEL_WARNING, "socket_group", "path", path, "why", strerror(errno), NULL);
    arena_done(a);
    return rc;
}

/* --- TCP ------------------------------------------------------------------- */

static socklen_t fill_address(const struct conf *conf, struct sockaddr_storage *out)
{
    struct sockaddr_in *v4 = (struct sockaddr_in *)out;
    struct sockaddr_in6 *v6 = (struct sockaddr_in6 *)out;
    in_port_t port = htons((in_port_t)conf->tcp_port);

    if (inet_pton(AF_INET, conf->tcp_address, &v4->sin_addr) == 1) {
        v4->sin_family = AF_INET;
        v4->sin_port = port;
        return sizeof(*v4);
    }
    (void)inet_pton(AF_INET6, conf->tcp_address, &v6->sin6_addr);
    v6->sin6_family = AF_INET6;
    v6->sin6_port = port;
    return sizeof(*v6);
}

static bool is_loopback(const struct sockaddr_storage *addr)
{
    if (addr->ss_family == AF_INET)
        return ntohl(((const struct sockaddr_in *)addr)->sin_addr.s_addr) >> 24 == IN_LOOPBACKNET;
    return IN6_IS_ADDR_LOOPBACK(&((const struct sockaddr_in6 *)addr)->sin6_addr);
}

static enum rc open_tcp(const struct conf *conf, FILE *err, int *out)
{
    struct sockaddr_storage addr = { .ss_family = AF_UNSPEC };
    socklen_t n = fill_address(conf, &addr);
    int fd = socket(addr.ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0), yes = 1;

    if (fd < 0 || setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof(yes)) != 0 ||
        bind(fd, (const struct sockaddr *)&addr, n) != 0 || listen(fd, SOCKETS_BACKLOG) != 0) {
        fprintf(err, "AUTENTICO_APP_LISTEN_PORT: %s: %s\n", conf->tcp_listen, strerror(errno));
        if (fd >= 0)
            close(fd);
        return RC_REFUSED;
    }
    if (!is_loopback(&addr))
        log_event(LOG_LEVEL_WARNING, "fastcgi_not_loopback", "listen", conf->tcp_listen, "hint",
                  "FastCGI is not encrypted: passwords and tokens cross this network as they are", NULL);
    *out = fd;
    return RC_OK;
}

/* --- all of them ------------------------------------------------------------ */

enum rc sockets_open(const struct conf *conf, const struct identity *id, bool is_private_front, FILE *err,
                     struct sockets *s)
{
    if (s->are_given)
        return RC_OK;
    s->login_fd = -1;
    if (!text_empty(conf->tcp_listen))
        return open_tcp(conf, err, &s->main_fd);
    TRY(open_socket(conf->socket, conf, id, is_private_front, err, &s->main_fd));
    if (text_empty(conf->login_socket))
        return RC_OK;
    return open_socket(conf->login_socket, conf, id, is_private_front, err, &s->login_fd);
}

void sockets_remove(const struct conf *conf, const struct sockets *s)
{
    if (s->are_given || !text_empty(conf->tcp_listen))
        return;
    unlink(conf->socket);
    if (!text_empty(conf->login_socket))
        unlink(conf->login_socket);
}
