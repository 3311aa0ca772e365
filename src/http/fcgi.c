#include "config.h"

#include "http/fcgi.h"

#include <errno.h>
#include <fcgiapp.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include "util/clock.h"
#include "util/log.h"
#include "util/sbuf.h"

#define PEEK_MAX (256 * 1024)
#define SEND_TIMEOUT_S 5       /* a peer that does not read its answer */
#define LINGER_AFTER_STOP_MS 300
#define EVENTS_N 32

/* A connection whose request has not arrived whole. */
struct parked { int fd; int64_t deadline_ms; };

struct fcgi {
    struct fcgi_setup setup;
    int epoll_fd;
    uint8_t *peek;
    struct parked *parked;
    size_t parked_n;
    int ready[EVENTS_N];       /* parked ones that have more */
    size_t ready_n;
    bool has_new;              /* the listener may have a connection */
    bool is_stopping;
    int64_t stop_by_ms;
    FCGX_Request request;
    bool is_open;              /* request holds a connection */
};

static enum rc watch(const struct fcgi *f, int fd, uint32_t events)
{
    struct epoll_event event = { .events = events, .data = { .fd = fd } };

    if (epoll_ctl(f->epoll_fd, EPOLL_CTL_ADD, fd, &event) != 0)
        return fault("fcgi: epoll: %s", strerror(errno));
    return RC_OK;
}

enum rc fcgi_start(const struct fcgi_setup *setup, struct fcgi **out)
{
    struct fcgi *f = calloc(1, sizeof(*f));

    if (f == NULL || (f->peek = malloc(PEEK_MAX)) == NULL ||
        (f->parked = calloc(setup->parked_max + 1, sizeof(*f->parked))) == NULL)
        die("fcgi: no memory");
    f->setup = *setup;
    f->has_new = true;
    f->epoll_fd = epoll_create1(EPOLL_CLOEXEC);
    if (f->epoll_fd < 0)
        return fault("fcgi: epoll: %s", strerror(errno));
    TRY(watch(f, setup->listen_fd, EPOLLIN | EPOLLEXCLUSIVE));
    TRY(watch(f, setup->control_fd, EPOLLIN));
    /* socket -1: libfcgi itself never accepts, whatever it meets on a connection */
    if (FCGX_Init() != 0 || FCGX_InitRequest(&f->request, -1, 0) != 0)
        return fault("fcgi: libfcgi does not start");
    *out = f;
    return RC_OK;
}

void fcgi_stop(struct fcgi *f)
{
    for (size_t i = 0; i < f->parked_n; i++)
        close(f->parked[i].fd);
    FCGX_Free(&f->request, 1);
    close(f->epoll_fd);
    free(f->parked);
    free(f->peek);
    free(f);
}

/* --- answers without libfcgi ---------------------------------------------- */

static void put_record(struct sbuf *b, int type, const uint8_t *id, const char *content, size_t n)
{
    const uint8_t head[8] = { 1, (uint8_t)type, id[0], id[1], (uint8_t)(n >> 8), (uint8_t)n, 0, 0 };

    sbuf_addn(b, head, sizeof(head));
    sbuf_addn(b, content, n);
}

/* For a request that will never be read: one non-blocking send, then close. */
static void answer_unread(struct fcgi *f, int fd, size_t n, const char *status, const char *text)
{
    struct arena *a = arena_start("refusal");
    const uint8_t *id = n >= 4 ? f->peek + 2 : (const uint8_t *)"\0\1";
    struct sbuf cgi, out;

    sbuf_init(&cgi, a, 512);
    sbuf_printf(&cgi,
                "Status: %s\r\nContent-Type: application/json\r\nCache-Control: no-store\r\n"
                "X-Content-Type-Options: nosniff\r\nX-Frame-Options: DENY\r\n"
                "Content-Security-Policy: default-src 'none'; frame-ancestors 'none'\r\n\r\n"
                "{\"error\":\"invalid_request\",\"error_description\":\"%s\"}",
                status, text);
    sbuf_init(&out, a, 1024);
    put_record(&out, 6, id, cgi.text, cgi.n);
    put_record(&out, 6, id, "", 0);
    put_record(&out, 3, id, "\0\0\0\0\0\0\0\0", 8);
    if (send(fd, out.text, out.n, MSG_DONTWAIT | MSG_NOSIGNAL) < 0)
        log_event(LOG_LEVEL_DEBUG, "refusal_not_sent", "why", strerror(errno), NULL);
    log_event(LOG_LEVEL_INFO, "request_refused", "status", status, "why", text, NULL);
    close(fd);
    arena_done(a);
}

/* --- parking -------------------------------------------------------------- */

static void unpark(struct fcgi *f, size_t i)
{
    f->parked[i] = f->parked[--f->parked_n];
}

static size_t find_parked(const struct fcgi *f, int fd)
{
    size_t i = 0;

    while (i < f->parked_n && f->parked[i].fd != fd)
        i++;
    return i;
}

static void drop_parked(struct fcgi *f, size_t i)
{
    int fd = f->parked[i].fd;

    unpark(f, i);
    answer_unread(f, fd, 0, "408 Request Timeout", "The request did not arrive in time");
}

static size_t oldest_parked(const struct fcgi *f)
{
    size_t oldest = 0;

    for (size_t i = 1; i < f->parked_n; i++)
        if (f->parked[i].deadline_ms < f->parked[oldest].deadline_ms)
            oldest = i;
    return oldest;
}

static void park(struct fcgi *f, int fd)
{
    if (find_parked(f, fd) < f->parked_n)
        return;
    if (f->parked_n == f->setup.parked_max)
        drop_parked(f, oldest_parked(f));
    /* edge-triggered: the unread bytes would wake a level-triggered poll for ever */
    if (watch(f, fd, EPOLLIN | EPOLLRDHUP | EPOLLET) != RC_OK) {
        close(fd);
        return;
    }
    f->parked[f->parked_n++] = (struct parked){ fd, clock_mono_ms() + f->setup.park_ms };
}

static void expire_parked(struct fcgi *f)
{
    int64_t now = clock_mono_ms();

    for (size_t i = 0; i < f->parked_n;) {
        if (f->parked[i].deadline_ms <= now)
            drop_parked(f, i);
        else
            i++;
    }
}

static int64_t next_deadline(const struct fcgi *f)
{
    return f->parked_n > 0 ? f->parked[oldest_parked(f)].deadline_ms : INT64_MAX;
}

/* --- reading a whole request ---------------------------------------------- */

static void forget(struct fcgi *f, int fd)
{
    size_t i = find_parked(f, fd);

    if (i == f->parked_n)
        return;
    unpark(f, i);
    (void)epoll_ctl(f->epoll_fd, EPOLL_CTL_DEL, fd, NULL);
}

static void refuse_connection(struct fcgi *f, int fd, size_t n, enum fcgi_state state)
{
    forget(f, fd);
    if (state == FCGI_BIG)
        answer_unread(f, fd, n, "413 Content Too Large", "The request is too large");
    else if (state == FCGI_PART)
        answer_unread(f, fd, n, "408 Request Timeout", "The request is larger than can be held");
    else
        close(fd);
}

/* RC_OK: whole (or a management record), ready for libfcgi; RC_NONE: parked or gone. */
static enum rc look_at(struct fcgi *f, int fd)
{
    ssize_t n = recv(fd, f->peek, PEEK_MAX, MSG_PEEK | MSG_DONTWAIT);

    if (n < 0 && (errno == EAGAIN || errno == EINTR)) {
        park(f, fd);
        return RC_NONE;
    }
    if (n <= 0) {
        forget(f, fd);
        close(fd);
        return RC_NONE;
    }
    enum fcgi_state state = fcgi_scan(f->peek, (size_t)n, f->setup.body_max);
    if (state == FCGI_WHOLE || state == FCGI_ASKS) {
        forget(f, fd);
        return RC_OK;
    }
    if (state == FCGI_PART && n < PEEK_MAX) {
        park(f, fd);
        return RC_NONE;
    }
    refuse_connection(f, fd, (size_t)n, state);
    return RC_NONE;
}

static struct bytes read_stdin(struct fcgi *f, struct arena *a)
{
    struct sbuf body;
    char chunk[4096];
    int n;

    sbuf_init(&body, a, 1024);
    while ((n = FCGX_GetStr(chunk, sizeof(chunk), f->request.in)) > 0)
        sbuf_addn(&body, chunk, (size_t)n);
    explicit_bzero(chunk, sizeof(chunk));
    return sbuf_bytes(&body);
}

/* keepConnection = 1 keeps libfcgi's own Finish, which Accept begins with, from
 * closing the descriptor; FCGX_Detach() from a lingering close of up to two seconds. */
static enum rc hand_over(struct fcgi *f, int fd, struct arena *a, struct fcgi_request *out)
{
    struct timeval limit = { .tv_sec = SEND_TIMEOUT_S };

    (void)setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof(limit));
    (void)setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof(limit));
    f->request.ipcFd = fd;
    f->request.keepConnection = 1;
    if (FCGX_Accept_r(&f->request) < 0) {
        FCGX_Free(&f->request, 1);
        return RC_NONE;
    }
    f->request.keepConnection = 0;
    FCGX_Detach(&f->request);
    f->is_open = true;
    out->env = f->request.envp;
    out->body = read_stdin(f, a);
    return RC_OK;
}

void fcgi_answer(struct fcgi *f, struct bytes cgi)
{
    if (!f->is_open)
        return;
    FCGX_PutStr((const char *)cgi.p, (int)cgi.n, f->request.out);
    FCGX_Finish_r(&f->request);
    f->is_open = false;
}

/* --- waiting -------------------------------------------------------------- */

static void begin_stop(struct fcgi *f)
{
    if (f->is_stopping)
        return;
    f->is_stopping = true;
    f->has_new = true; /* what the kernel has queued for us is still answered */
    f->stop_by_ms = clock_mono_ms() + LINGER_AFTER_STOP_MS;
    (void)epoll_ctl(f->epoll_fd, EPOLL_CTL_DEL, f->setup.control_fd, NULL);
    (void)epoll_ctl(f->epoll_fd, EPOLL_CTL_DEL, f->setup.listen_fd, NULL);
}

static void sort_event(struct fcgi *f, int fd)
{
    if (fd == f->setup.control_fd)
        begin_stop(f);
    else if (fd == f->setup.listen_fd)
        f->has_new = true;
    else
        f->ready[f->ready_n++] = fd;
}

static enum rc wait_events(struct fcgi *f, int timeout_ms)
{
    struct epoll_event events[EVENTS_N];
    int n = epoll_wait(f->epoll_fd, events, EVENTS_N, timeout_ms);

    if (n < 0 && errno != EINTR)
        return fault("fcgi: epoll_wait: %s", strerror(errno));
    for (int i = 0; i < n; i++)
        sort_event(f, events[i].data.fd);
    return RC_OK;
}

/* One connection, new or with more to read; -1: none at hand. */
static int next_connection(struct fcgi *f)
{
    int fd;

    while (f->ready_n > 0) {
        fd = f->ready[--f->ready_n];
        if (find_parked(f, fd) < f->parked_n)
            return fd;
    }
    if (!f->has_new)
        return -1;
    fd = accept4(f->setup.listen_fd, NULL, NULL, SOCK_CLOEXEC);
    if (fd < 0)
        f->has_new = false;
    return fd;
}

static int timeout_of(const struct fcgi *f, int tick_ms)
{
    int64_t until = next_deadline(f), now;

    if (f->is_stopping && f->stop_by_ms < until)
        until = f->stop_by_ms;
    if (until == INT64_MAX)
        return tick_ms;
    now = clock_mono_ms();
    if (until <= now)
        return 0;
    return until - now < tick_ms ? (int)(until - now) + 1 : tick_ms;
}

static bool is_done(const struct fcgi *f)
{
    return f->is_stopping && !f->has_new && f->ready_n == 0 &&
           (f->parked_n == 0 || clock_mono_ms() >= f->stop_by_ms);
}

enum rc fcgi_next(struct fcgi *f, struct arena *a, void (*tick)(void *), void *arg, int tick_ms,
                  struct fcgi_request *out)
{
    for (;;) {
        int fd = next_connection(f);

        if (fd >= 0) {
            if (look_at(f, fd) == RC_OK && hand_over(f, fd, a, out) == RC_OK) {
                if (f->parked_n > 0 && f->ready_n == 0)
                    TRY(wait_events(f, 0)); /* the parked are not starved by new ones */
                return RC_OK;
            }
            continue;
        }
        if (is_done(f))
            return RC_NONE;
        TRY(wait_events(f, timeout_of(f, tick_ms)));
        expire_parked(f);
        if (tick != NULL)
            tick(arg);
    }
}
