/*
 * The yardstick B: N processes that answer 180 bytes of JSON over FastCGI and do nothing else.
 *
 *   hello SOCKET N [plain]
 *
 * plain: the loop of libfcgi's manual, FCGX_Accept_r() and FCGX_Finish_r().  Otherwise
 * libfcgi is used as the workers of Autentico use it: an epoll of one's own on the listening
 * socket, accept, peek until the request is whole, hand the connection over with keepConnection
 * set, and close it oneself.  Ends when its standard input does.
 */
#define _GNU_SOURCE
#include <fastcgi.h>
#include <fcgiapp.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

static const char answer[] =
    "Status: 200 OK\r\nContent-Type: application/json\r\nCache-Control: no-store\r\n\r\n"
    "{\"issuer\":\"http://localhost/oauth2\",\"authorization_endpoint\":\"http://localhost/oauth2/authorize\","
    "\"token_endpoint\":\"http://localhost/oauth2/token\",\"hello\":\"world, this is it!\"}\n";

static void die(const char *what)
{
    perror(what);
    exit(1);
}

static int listen_at(const char *path)
{
    struct sockaddr_un address = { .sun_family = AF_UNIX };
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

    if (strlen(path) >= sizeof(address.sun_path))
        die("socket path");
    strcpy(address.sun_path, path);
    unlink(path);
    if (fd < 0 || bind(fd, (struct sockaddr *)&address, sizeof(address)) != 0 || listen(fd, 4096) != 0 ||
        chmod(path, 0666) != 0)
        die(path);
    return fd;
}

/* The load is GET requests: the last 8 bytes of a whole one are the empty STDIN record. */
static int is_whole(const unsigned char *p, ssize_t n)
{
    return n >= 8 && p[n - 8] == 1 && p[n - 7] == FCGI_STDIN && p[n - 4] == 0 && p[n - 3] == 0;
}

static void serve_one(FCGX_Request *request, int fd)
{
    unsigned char peek[16384];

    while (!is_whole(peek, recv(fd, peek, sizeof(peek), MSG_PEEK)))
        ; /* nginx sends it with one write: not seen in practice */
    request->ipcFd = fd;
    request->keepConnection = 1;
    FCGX_Detach(request);
    if (FCGX_Accept_r(request) == 0) {
        FCGX_PutStr(answer, sizeof(answer) - 1, request->out);
        FCGX_Finish_r(request);
        FCGX_Detach(request);
    }
    close(fd);
}

static void work_plainly(int listen_fd)
{
    FCGX_Request request;

    prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (FCGX_Init() != 0 || FCGX_InitRequest(&request, listen_fd, 0) != 0 || fcntl(listen_fd, F_SETFL, 0) != 0)
        die("worker");
    while (FCGX_Accept_r(&request) == 0) {
        FCGX_PutStr(answer, sizeof(answer) - 1, request.out);
        FCGX_Finish_r(&request);
    }
    exit(1);
}

static void work(int listen_fd)
{
    struct epoll_event event = { .events = EPOLLIN | EPOLLEXCLUSIVE };
    int epoll_fd = epoll_create1(EPOLL_CLOEXEC);
    FCGX_Request request;

    prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (FCGX_Init() != 0 || FCGX_InitRequest(&request, -1, 0) != 0 || epoll_fd < 0 ||
        epoll_ctl(epoll_fd, EPOLL_CTL_ADD, listen_fd, &event) != 0)
        die("worker");
    for (;;) {
        int fd = accept4(listen_fd, NULL, NULL, SOCK_CLOEXEC);

        if (fd >= 0)
            serve_one(&request, fd);
        else
            (void)epoll_wait(epoll_fd, &event, 1, -1);
    }
}

int main(int argc, char **argv)
{
    char byte;

    if (argc != 3 && argc != 4)
        return fprintf(stderr, "usage: hello SOCKET N [plain]\n"), 2;
    int listen_fd = listen_at(argv[1]);
    for (int i = atoi(argv[2]); i > 0; i--)
        if (fork() == 0)
            argc == 4 ? work_plainly(listen_fd) : work(listen_fd);
    while (read(0, &byte, 1) > 0)
        ;
    unlink(argv[1]);
    return 0; /* and the others are killed by that */
}
