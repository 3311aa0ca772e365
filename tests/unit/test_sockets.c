/* The listening sockets: modes, groups, what is in the way; one pool per state directory;
 * descriptors that somebody hands over. */
#include "config.h"

#include "serve_test.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <sys/file.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>

#include "conf/secrets.h"
#include "serve/sockets.h"

static struct identity id;
static struct sockets sockets;

static int set_up_identity(void **state)
{
    id = (struct identity){ .was_root = geteuid() == 0, .uid = geteuid(), .gid = getegid(), .socket_gid = (gid_t)-1 };
    sockets = (struct sockets){ -1, -1, false };
    unsetenv("LISTEN_PID");
    return set_up(state);
}

static int close_sockets(void **state)
{
    if (sockets.main_fd > STDERR_FILENO)
        close(sockets.main_fd);
    if (sockets.login_fd > STDERR_FILENO)
        close(sockets.login_fd);
    return tear_down(state);
}

static enum rc open_all(bool is_private_front)
{
    FILE *err = listen_to();
    enum rc rc = sockets_open(&conf, &id, is_private_front, err, &sockets);

    heard(err);
    return rc;
}

static int connect_path(const char *path)
{
    struct sockaddr_un at = { .sun_family = AF_UNIX };
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

    memcpy(at.sun_path, path, strlen(path) + 1);
    int e = connect(fd, (struct sockaddr *)&at, sizeof(at)) == 0 ? 0 : errno;
    close(fd);
    return e;
}

static void assert_flags(int fd)
{
    assert_true((fcntl(fd, F_GETFL) & O_NONBLOCK) != 0);
    assert_true((fcntl(fd, F_GETFD) & FD_CLOEXEC) != 0);
}

/* --- our own ---------------------------------------------------------------------- */

static void both_are_made(void **state)
{
    (void)state;
    assert_int_equal(open_all(false), RC_OK);
    assert_string_equal(said, "");
    assert_flags(sockets.main_fd);
    assert_flags(sockets.login_fd);
    assert_int_equal(mode_of(conf.socket), 0660);
    assert_int_equal(mode_of(conf.login_socket), 0660);
    assert_int_equal(connect_path(conf.socket), 0);
    assert_int_equal(connect_path(conf.login_socket), 0);
    sockets_remove(&conf, &sockets);
    assert_int_equal(connect_path(conf.socket), ENOENT);
    assert_int_equal(connect_path(conf.login_socket), ENOENT);
}

static void one_is_enough(void **state)
{
    (void)state;
    conf.login_socket = "";
    conf.socket_mode = 0600;
    assert_int_equal(open_all(false), RC_OK);
    assert_int_equal(sockets.login_fd, -1);
    assert_int_equal(mode_of(conf.socket), 0600);
    sockets_remove(&conf, &sockets);
}

static void the_umask_does_not_matter(void **state)
{
    mode_t before = umask(0);

    (void)state;
    conf.socket_mode = 0640;
    assert_int_equal(open_all(false), RC_OK);
    assert_int_equal(umask(before), 0); /* put back as it was */
    assert_int_equal(mode_of(conf.socket), 0640);
}

static void an_old_socket_makes_room(void **state)
{
    (void)state;
    assert_int_equal(open_all(false), RC_OK);
    close(sockets.main_fd);
    close(sockets.login_fd);
    assert_int_equal(connect_path(conf.socket), ECONNREFUSED); /* as after kill -9 */
    assert_int_equal(open_all(false), RC_OK);
    assert_int_equal(connect_path(conf.socket), 0);
}

static void nothing_else_does(void **state)
{
    (void)state;
    make_file("main.sock", 0600);
    assert_int_equal(open_all(false), RC_REFUSED);
    assert_string_equal(said, arena_printf(A, "AUTENTICO_SOCKET: %s is there and is no socket\n", conf.socket));
    assert_int_equal(access(conf.socket, F_OK), 0);
    assert_int_equal(unlink(conf.socket), 0);
    assert_int_equal(symlink(in_dir("elsewhere"), conf.socket), 0);
    assert_int_equal(open_all(false), RC_REFUSED);
    assert_said("is there and is no socket\n");
}

static void paths_have_a_length(void **state)
{
    char name[120];

    (void)state;
    memset(name, 'x', sizeof(name));
    name[sizeof(name) - 1] = '\0';
    conf.socket = in_dir(name);
    assert_int_equal(open_all(false), RC_REFUSED);
    assert_said("is longer than the 107 bytes a socket path may have\n");
}

static void a_directory_is_made(void **state)
{
    (void)state;
    conf.socket = in_dir("run/main.sock");
    conf.login_socket = in_dir("run/login.sock");
    assert_int_equal(open_all(false), RC_OK);
    assert_int_equal(mode_of(in_dir("run")), 0750);
    conf.socket = in_dir("a/b/main.sock");
    assert_int_equal(open_all(false), RC_REFUSED);
    assert_string_equal(said, arena_printf(A, "AUTENTICO_SOCKET: cannot make %s/a/b: No such file or directory\n", dir));
}

/* Design D11a: a socket that the web server cannot reach is said now, not with every 502. */
static void the_web_server_must_get_there(void **state)
{
    (void)state;
    conf.is_loopback = false;
    id.socket_gid = 54321;
    id.was_root = false;
    assert_int_equal(chmod(dir, 0700), 0);
    assert_int_equal(open_all(false), RC_REFUSED);
    assert_string_equal(said, arena_printf(A, "the web server's group (gid 54321) cannot enter %s: chgrp 54321 %s && "
                                              "chmod 0750 %s\n", dir, dir, dir));
    assert_int_equal(chmod(dir, 0750), 0); /* of another group */
    assert_int_equal(open_all(false), RC_REFUSED);
    assert_int_equal(open_all(true), RC_OK); /* the private front is of our own uid */
    assert_int_equal(chmod(dir, 0711), 0);
    assert_int_equal(open_all(false), RC_OK);
    id.socket_gid = getegid();
    assert_int_equal(chmod(dir, 0710), 0);
    assert_int_equal(open_all(false), RC_OK);
    assert_int_equal(chmod(dir, 0700), 0);
}

static void root_gives_them_away(void **state)
{
    struct stat st;

    (void)state;
    if (geteuid() != 0)
        skip(); /* nobody else can */
    id.uid = 54321;
    id.socket_gid = 54322;
    conf.socket = in_dir("run/main.sock");
    assert_int_equal(open_all(false), RC_OK);
    assert_int_equal(stat(conf.socket, &st), 0);
    assert_int_equal(st.st_uid, 54321);
    assert_int_equal(st.st_gid, 54322);
    assert_int_equal(stat(in_dir("run"), &st), 0);
    assert_int_equal(st.st_uid, 54321);
    assert_int_equal(st.st_gid, 54322);
}

/* --- TCP ---------------------------------------------------------------------------- */

static void by_tcp(void **state)
{
    struct sockaddr_in at;
    socklen_t n = sizeof(at);

    (void)state;
    conf.tcp_listen = "127.0.0.1:0";
    conf.tcp_address = "127.0.0.1";
    conf.tcp_port = 0; /* the kernel chooses */
    assert_int_equal(open_all(false), RC_OK);
    assert_flags(sockets.main_fd);
    assert_int_equal(sockets.login_fd, -1);
    assert_int_equal(getsockname(sockets.main_fd, (struct sockaddr *)&at, &n), 0);
    assert_int_equal(ntohl(at.sin_addr.s_addr), INADDR_LOOPBACK);
    int first = sockets.main_fd;
    conf.tcp_port = ntohs(at.sin_port);
    conf.tcp_listen = "the same";
    assert_int_equal(open_all(false), RC_REFUSED);
    assert_string_equal(said, "AUTENTICO_APP_LISTEN_PORT: the same: Address already in use\n");
    sockets.main_fd = first;
}

/* --- one pool per state directory ---------------------------------------------------- */

static enum rc lock_instance(void)
{
    FILE *err = listen_to();
    enum rc rc = sockets_lock_instance(&conf, &id, err);

    heard(err);
    return rc;
}

static void second_pool(void **state)
{
    int status;

    (void)state;
    pid_t pid = fork(); /* the lock is held until the process ends */
    if (pid == 0)
        _exit(lock_instance() == RC_OK && lock_instance() == RC_REFUSED &&
                      strcmp(said, arena_printf(A, "Autentico is already running in %s\n", dir)) == 0
                  ? 0 : 1);
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_int_equal(status, 0);
    pid = fork();
    if (pid == 0)
        _exit(lock_instance() == RC_OK ? 0 : 1);
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_int_equal(status, 0);
    assert_int_equal(mode_of(in_dir("autentico.run")), 0600);
    assert_int_equal(unlink(in_dir("autentico.run")), 0);
    assert_int_equal(symlink("/dev/null", in_dir("autentico.run")), 0);
    assert_int_equal(lock_instance(), RC_REFUSED);
    assert_string_equal(said, arena_printf(A, "%s/autentico.run: Too many levels of symbolic links\n", dir));
}

/* --- handed over ----------------------------------------------------------------------- */

/* In a child, whose descriptors from 3 on are these. */
struct gift { int family; const char *path; bool is_listening; };

static int make_gift(const struct gift *g)
{
    struct sockaddr_un un = { .sun_family = AF_UNIX };
    struct sockaddr_in in = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
    int fd = socket(g->family, SOCK_STREAM, 0);

    if (g->path != NULL)
        memcpy(un.sun_path, g->path, strlen(g->path) + 1);
    if (g->path != NULL && bind(fd, (struct sockaddr *)&un, sizeof(un)) != 0)
        return -1;
    if (g->family == AF_INET && bind(fd, (struct sockaddr *)&in, sizeof(in)) != 0)
        return -1;
    return g->is_listening && listen(fd, 1) != 0 ? -1 : fd;
}

static enum rc take(bool from_stdin)
{
    FILE *err = listen_to();
    enum rc rc = sockets_take(&conf, from_stdin, err, &sockets);

    heard(err);
    return rc;
}

/* 0 as told; the status of the child else. */
static int given(const struct gift *gifts, int n, const char *names, enum rc expected, const char *words, int main_fd,
                 int login_fd)
{
    int status;
    pid_t pid = fork();

    if (pid == 0) {
        int made[4];

        for (int i = 0; i < n; i++)
            made[i] = fcntl(make_gift(&gifts[i]), F_DUPFD, 100);
        for (int i = 0; i < n; i++)
            if (dup2(made[i], 3 + i) < 0)
                _exit(1);
        setenv("LISTEN_PID", arena_printf(A, "%d", (int)getpid()), 1);
        setenv("LISTEN_FDS", arena_printf(A, "%d", n), 1);
        setenv("LISTEN_FDNAMES", names, 1);
        if (take(false) != expected)
            _exit(2);
        if (strstr(said, words) == NULL)
            _exit(3);
        if (getenv("LISTEN_PID") != NULL || getenv("LISTEN_FDS") != NULL || getenv("LISTEN_FDNAMES") != NULL)
            _exit(4);
        if (expected == RC_OK && (sockets.main_fd != main_fd || sockets.login_fd != login_fd || !sockets.are_given))
            _exit(5);
        if (expected == RC_OK && (fcntl(main_fd, F_GETFL) & O_NONBLOCK) == 0)
            _exit(6);
        _exit(0);
    }
    assert_int_equal(waitpid(pid, &status, 0), pid);
    unlink(conf.socket);
    unlink(conf.login_socket);
    return status >> 8;
}

static void by_systemd(void **state)
{
    struct secrets *secrets = secrets_new();
    struct gift main_one = { AF_UNIX, conf.socket, true }, login = { AF_UNIX, conf.login_socket, true };
    struct gift other = { AF_UNIX, in_dir("other.sock"), true }, tcp = { AF_INET, NULL, true };
    struct gift deaf = { AF_UNIX, conf.socket, false };

    (void)state;
    conf.secrets = secrets;
    assert_int_equal(given((struct gift[]){ main_one, login }, 2, "a:a", RC_OK, "", 3, 4), 0); /* by their paths */
    assert_int_equal(given((struct gift[]){ login, main_one }, 2, "a:a", RC_OK, "", 4, 3), 0);
    assert_int_equal(given((struct gift[]){ other, main_one }, 2, "login:main", RC_OK, "", 4, 3), 0); /* by their names */
    unlink(other.path);
    assert_int_equal(given(&main_one, 1, "", RC_OK, "", 3, -1), 0);
    assert_int_equal(given(&login, 1, "", RC_REFUSED, "systemd handed over a socket for login and none for main\n", 0, 0), 0);
    assert_int_equal(given((struct gift[]){ main_one, other }, 2, "", RC_REFUSED,
                           "systemd handed over more than one socket for main: name them", 0, 0), 0);
    assert_int_equal(given(&deaf, 1, "main", RC_REFUSED, "systemd's descriptor 3 (main) is no listening stream socket: ", 0, 0),
                     0);
    assert_int_equal(given(&tcp, 1, "main", RC_REFUSED, "AUTENTICO_FRONT_SECRET: is missing: ", 0, 0), 0);
    secrets_free(secrets);
    conf.secrets = NULL;
}

/* Meant for a process before us: none of our business. */
static void for_somebody_else(void **state)
{
    static const char *const fds[] = { "0", "-1", "17", "x", "" };

    (void)state;
    setenv("LISTEN_PID", "1", 1);
    setenv("LISTEN_FDS", "1", 1);
    assert_int_equal(take(false), RC_OK);
    assert_false(sockets.are_given);
    assert_null(getenv("LISTEN_FDS"));
    for (size_t i = 0; i < ARRAY_LEN(fds); i++) {
        setenv("LISTEN_PID", arena_printf(A, "%d", (int)getpid()), 1);
        setenv("LISTEN_FDS", fds[i], 1);
        assert_int_equal(take(false), RC_OK);
        assert_false(sockets.are_given);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up_identity, close_sockets)
        TEST(both_are_made), TEST(one_is_enough), TEST(the_umask_does_not_matter), TEST(an_old_socket_makes_room),
        TEST(nothing_else_does), TEST(paths_have_a_length), TEST(a_directory_is_made),
        TEST(the_web_server_must_get_there), TEST(root_gives_them_away), TEST(by_tcp), TEST(second_pool),
        TEST(by_systemd), TEST(for_somebody_else),
    };

    log_setup(LOG_TEXT, LOG_LEVEL_ERROR);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
