#include "config.h"

#include "serve/sockets.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/file.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#define BACKLOG 4096 /* the kernel caps it at somaxconn; never less than 1024 (design D10c) */

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
    arena_done(a);
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
    if (failed || listen(fd, BACKLOG) != 0) {
        fprintf(err, "AUTENTICO_SOCKET: %s: %s\n", path, strerror(errno));
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

enum rc sockets_open(const struct conf *conf, const struct identity *id, bool is_private_front, FILE *err,
                     int *main_fd, int *login_fd)
{
    *login_fd = -1;
    TRY(open_socket(conf->socket, conf, id, is_private_front, err, main_fd));
    if (text_empty(conf->login_socket))
        return RC_OK;
    return open_socket(conf->login_socket, conf, id, is_private_front, err, login_fd);
}

void sockets_remove(const struct conf *conf)
{
    unlink(conf->socket);
    if (!text_empty(conf->login_socket))
        unlink(conf->login_socket);
}
