/*
 * A connection to a worker (http/fcgi.c, fcgi_park.c and libfcgi behind it), then the request that came
 * of it.  Input: what the peer sends; the first byte says whether in one piece or two and
 * whether it hangs up then.
 */
#include "config.h"

#include "fuzz.h"

#include <fcntl.h>
#include <sys/socket.h>
#include <sys/un.h>

#include "conf/conf.h"
#include "http/fcgi.h"
#include "http/request.h"

#define BODY_MAX 4096

static struct conf conf;
static struct sockaddr_un at = { .sun_family = AF_UNIX };
static socklen_t at_n;
static int listen_fd = -1;

static void prepare(void)
{
    if (listen_fd >= 0)
        return;
    conf = (struct conf){ .url = "https://id.example.org", .host_port = "id.example.org", .oauth_path = "/oauth2",
                          .is_https = true };
    listen_fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    at_n = sizeof(at);
    MUST(bind(listen_fd, (struct sockaddr *)&at, sizeof(sa_family_t)) == 0 && listen(listen_fd, 16) == 0);
    MUST(getsockname(listen_fd, (struct sockaddr *)&at, &at_n) == 0);
}

static int send_all(int how, struct bytes b)
{
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    size_t first = how & 1 ? b.n / 2 : b.n;

    MUST(connect(fd, (struct sockaddr *)&at, at_n) == 0);
    (void)!send(fd, b.p, first, MSG_NOSIGNAL);
    (void)!send(fd, b.p + first, b.n - first, MSG_NOSIGNAL);
    if (how & 2)
        shutdown(fd, SHUT_WR);
    return fd;
}

static void check(const struct fcgi_request *r)
{
    struct request rq = { 0 };
    struct refusal no = { REFUSE_NOTHING };

    MUST(r->env != NULL && r->body.n <= 65536);
    for (size_t i = 0; r->env[i] != NULL; i++)
        MUST(strchr(r->env[i], '=') != NULL);
    (void)!request_build(A, &conf, r->env, r->body, &rq, &no);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct input in = { data, size };
    struct fcgi_request r;
    struct fcgi *f;
    int control[2];

    begin();
    prepare();
    MUST(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, control) == 0);
    struct fcgi_setup setup = { .listen_fd = listen_fd, .control_fd = control[1], .park_ms = 1, .body_max = BODY_MAX,
                                .parked_max = 4 };
    MUST(fcgi_start(&setup, &f) == RC_OK);
    int how = take_byte(&in), fd = send_all(how, take_rest(&in));
    close(control[0]); /* told to stop: what is there is still answered */
    while (fcgi_next(f, A, NULL, NULL, 1, &r) == RC_OK) {
        check(&r);
        fcgi_answer(f, bytes_of("Status: 200 OK\r\n\r\n"));
    }
    fcgi_stop(f);
    close(control[1]);
    close(fd);
    return end();
}
