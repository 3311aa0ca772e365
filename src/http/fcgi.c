#include "config.h"

#include "http/fcgi.h"

#include <errno.h>
#include <fcgiapp.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "http/fcgi_park.h"
#include "util/clock.h"
#include "util/log.h"

#define PEEK_MIN ((size_t)16 * 1024)
#define PEEK_MAX ((size_t)256 * 1024)
#define SEND_MS 5000           /* all a peer has to read its answer */
#define STOP_MS 300            /* design 6: from SIGTERM to exit within a second */
#define LOOK_EVERY 16          /* requests, or … */
#define LOOK_EVERY_MS 20       /* … time, until a busy worker looks at its other descriptors */
#define NO_DESCRIPTORS_MS 10
#define EVENTS_N 32
#define QUESTIONS_MAX 8         /* one web server asks at most once */

struct fcgi {
    struct fcgi_setup setup;
    int epoll_fd;
    uint8_t *peek;
    size_t peek_cap;
    struct parking parking;
    int ready[EVENTS_N];       /* parked ones that have more; edge-triggered, so kept */
    size_t ready_n;
    bool has_new;              /* the listener may have a connection */
    int unlooked_n;            /* connections since epoll was asked */
    int64_t looked_ms;
    bool is_stopping;
    int64_t stop_by_ms;
    FCGX_Request request;
    int fd;                    /* of the request being served; -1: none */
    uint16_t id;
};

/* --- start and stop ------------------------------------------------------- */

static enum rc watch(const struct fcgi *f, int fd, uint32_t events)
{
    struct epoll_event event = { .events = events, .data = { .fd = fd } };

    if (epoll_ctl(f->epoll_fd, EPOLL_CTL_ADD, fd, &event) != 0)
        return fault("fcgi: epoll: %s", strerror(errno));
    return RC_OK;
}

static enum rc watch_all(const struct fcgi *f)
{
    TRY(watch(f, f->setup.listen_fd, EPOLLIN | EPOLLEXCLUSIVE));
    return watch(f, f->setup.control_fd, EPOLLIN);
}

enum rc fcgi_start(const struct fcgi_setup *setup, struct fcgi **out)
{
    struct fcgi *f = calloc(1, sizeof(*f));

    if (f == NULL || (f->peek = malloc(PEEK_MIN)) == NULL)
        die("fcgi: no memory");
    f->setup = *setup;
    f->peek_cap = PEEK_MIN;
    f->has_new = true;
    f->fd = -1;
    f->epoll_fd = epoll_create1(EPOLL_CLOEXEC);
    if (f->epoll_fd < 0)
        die("fcgi: epoll: %s", strerror(errno));
    park_start(&f->parking, f->epoll_fd, setup->parked_max, setup->park_ms);
    enum rc rc = watch_all(f);
    /* socket -1: libfcgi itself never accepts, whatever it meets on a connection */
    if (rc == RC_OK && (FCGX_Init() != 0 || FCGX_InitRequest(&f->request, -1, 0) != 0))
        rc = fault("fcgi: libfcgi does not start");
    if (rc != RC_OK) {
        fcgi_stop(f);
        return rc;
    }
    *out = f;
    return RC_OK;
}

void fcgi_stop(struct fcgi *f)
{
    park_stop(&f->parking);
    if (f->fd >= 0)
        close(f->fd);
    close(f->epoll_fd);
    free(f->peek);
    free(f);
}

/* --- reading a whole request ---------------------------------------------- */

static uint16_t id_of(struct bytes seen)
{
    struct record r = { .id = 0 };
    enum rc rc = record_read(seen.p, seen.n, &r); /* knows the id once the header is there */

    return rc == RC_OK || seen.n >= RECORD_HEADER ? r.id : 0;
}

/* Everything that has arrived, up to PEEK_MAX. */
static ssize_t peek_all(struct fcgi *f, int fd)
{
    for (;;) {
        ssize_t n = recv(fd, f->peek, f->peek_cap, MSG_PEEK | MSG_DONTWAIT);

        if (n < 0 && errno == EINTR)
            continue;
        if (n < (ssize_t)f->peek_cap || f->peek_cap == PEEK_MAX)
            return n;
        f->peek_cap *= 2;
        free(f->peek);
        f->peek = malloc(f->peek_cap);
        if (f->peek == NULL)
            die("fcgi: no memory");
    }
}

/* True: look again, what is seen now was taken off the socket. */
static bool wait_for_more(struct fcgi *f, int fd, struct bytes seen)
{
    struct parked *p = park_find(&f->parking, fd);

    if (p != NULL && p->is_hung) {
        park_drop(&f->parking, fd);
        return false;
    }
    p = park_add(&f->parking, fd);
    if (p == NULL)
        return false;
    p->id = id_of(seen);
    return seen.n >= HOLD_FROM && p->held.p == NULL && park_hold(&f->parking, fd, PEEK_MAX);
}

/* A management record is answered and taken off the connection. */
static bool answer_question(struct fcgi *f, int fd, size_t n)
{
    struct record r;

    return record_read(f->peek, n, &r) == RC_OK && fcgi_send_values(fd, &r) &&
           recv(fd, f->peek, r.total_n, MSG_DONTWAIT) == (ssize_t)r.total_n;
}

static enum fcgi_state scan_peeked(struct fcgi *f, int fd, struct bytes *seen)
{
    for (int questions_n = 0; questions_n < QUESTIONS_MAX; questions_n++) {
        ssize_t got = peek_all(f, fd);

        *seen = (struct bytes){ f->peek, got > 0 ? (size_t)got : 0 };
        if (got == 0 || (got < 0 && errno != EAGAIN))
            return FCGI_BAD;
        enum fcgi_state state = fcgi_scan(f->peek, seen->n, f->setup.body_max);
        if (state != FCGI_ASKS)
            return state;
        if (!answer_question(f, fd, seen->n))
            return FCGI_BAD;
    }
    return FCGI_BAD;
}

static enum fcgi_state scan_all(struct fcgi *f, int fd, struct bytes *seen)
{
    const struct parked *p = park_find(&f->parking, fd);

    if (p == NULL || p->held.p == NULL)
        return scan_peeked(f, fd, seen);
    *seen = (struct bytes){ p->held.p, p->held.n };
    return fcgi_scan(seen->p, seen->n, f->setup.body_max);
}

static void turn_away(struct fcgi *f, int fd, struct bytes seen, const char *status, const char *text)
{
    park_refuse(&f->parking, fd, id_of(seen), status, text);
}

/* RC_OK: whole, for libfcgi; RC_NONE: parked or gone. */
static enum rc judge(struct fcgi *f, int fd, struct bytes *seen)
{
    for (;;) {
        switch (scan_all(f, fd, seen)) {
        case FCGI_WHOLE:
            return RC_OK;
        case FCGI_ASKS: /* answered already */
        case FCGI_BAD:
            park_drop(&f->parking, fd);
            return RC_NONE;
        case FCGI_BIG:
            turn_away(f, fd, *seen, "413 Content Too Large", "The request is too large");
            return RC_NONE;
        case FCGI_PART:
            if (seen->n == PEEK_MAX) {
                turn_away(f, fd, *seen, "408 Request Timeout", "The request is larger than can be held");
                return RC_NONE;
            }
            if (!wait_for_more(f, fd, *seen))
                return RC_NONE;
        }
    }
}

static enum rc look_at(struct fcgi *f, int fd, struct bytes *seen)
{
    struct parked *p = park_find(&f->parking, fd);

    if (p != NULL && p->is_draining) {
        park_drain(&f->parking, p);
        return RC_NONE;
    }
    if (p != NULL && p->held.p != NULL && !park_hold(&f->parking, fd, PEEK_MAX))
        return RC_NONE;
    return judge(f, fd, seen);
}

/* libfcgi frees its strings without wiping them; cookies and credentials are here. */
static char *const *take_env(char **from, struct arena *a)
{
    size_t n = 0;
    char **env;

    while (from[n] != NULL)
        n++;
    env = arena_array(a, char *, n + 1);
    for (size_t i = 0; i < n; i++) {
        size_t len = strlen(from[i]);

        env[i] = arena_memdup(a, from[i], len + 1);
        explicit_bzero(from[i], len);
    }
    return env;
}

/* keepConnection = 1 keeps libfcgi's own Finish, which Accept begins with, from
 * closing the descriptor; FCGX_Detach() keeps it from lingering for up to two seconds
 * should it not like what it reads.  It never waits: all of it is there. */
/* RC_FAULT: libfcgi has closed `fd`. */
static enum rc read_request(struct fcgi *f, int fd, size_t n, struct arena *a, struct fcgi_request *out)
{
    FCGX_Request *r = &f->request;
    uint8_t *body = arena_alloc(a, n);

    r->ipcFd = fd;
    r->keepConnection = 1;
    FCGX_Detach(r);
    if (FCGX_Accept_r(r) != 0) {
        log_event(LOG_LEVEL_WARNING, "request_unreadable", NULL);
        return RC_FAULT;
    }
    out->env = take_env(r->envp, a);
    int body_n = FCGX_GetStr((char *)body, (int)n, r->in);
    bool is_good = FCGX_GetError(r->in) == 0;
    out->body = (struct bytes){ body, (size_t)body_n };
    f->id = (uint16_t)r->requestId;
    FCGX_Free(r, 0);
    r->ipcFd = -1;
    return is_good ? RC_OK : RC_NONE;
}

/* From the connection itself, or what was taken off it. */
static enum rc hand_over(struct fcgi *f, int fd, size_t n, struct arena *a, struct fcgi_request *out)
{
    struct parked *p = park_find(&f->parking, fd);
    int from = p != NULL && p->held.p != NULL ? held_file(&p->held) : fd;
    enum rc rc = from >= 0 ? read_request(f, from, n, a, out) : RC_NONE;

    if (from == fd)
        explicit_bzero(f->peek, n);
    else if (from >= 0 && rc != RC_FAULT)
        close(from);
    park_forget(&f->parking, fd);
    if (rc == RC_OK)
        f->fd = fd;
    else if (rc == RC_NONE || from != fd)
        close(fd);
    return rc;
}

void fcgi_answer(struct fcgi *f, struct bytes cgi)
{
    if (f->fd < 0)
        return;
    if (!fcgi_send(f->fd, f->id, cgi, clock_mono_ms() + SEND_MS))
        log_event(LOG_LEVEL_INFO, "answer_not_read", NULL);
    close(f->fd);
    f->fd = -1;
}

/* --- waiting -------------------------------------------------------------- */

static void begin_stop(struct fcgi *f)
{
    if (f->is_stopping)
        return;
    f->is_stopping = true;
    f->has_new = true; /* what the kernel has queued for us is still answered */
    f->stop_by_ms = clock_mono_ms() + (f->setup.park_ms < STOP_MS ? f->setup.park_ms : STOP_MS);
    (void)epoll_ctl(f->epoll_fd, EPOLL_CTL_DEL, f->setup.control_fd, NULL);
    (void)epoll_ctl(f->epoll_fd, EPOLL_CTL_DEL, f->setup.listen_fd, NULL);
}

static void sort_event(struct fcgi *f, const struct epoll_event *event)
{
    int fd = event->data.fd;
    struct parked *p;

    if (fd == f->setup.control_fd)
        begin_stop(f);
    else if (fd == f->setup.listen_fd)
        f->has_new = true;
    else if ((p = park_find(&f->parking, fd)) != NULL) {
        p->is_hung = (event->events & (EPOLLRDHUP | EPOLLHUP | EPOLLERR)) != 0;
        f->ready[f->ready_n++] = fd;
    }
}

/* Only while nothing is ready: then the array has room for all events. */
static enum rc wait_events(struct fcgi *f, int timeout_ms)
{
    struct epoll_event events[EVENTS_N];
    int n = epoll_wait(f->epoll_fd, events, EVENTS_N, timeout_ms);

    if (n < 0 && errno != EINTR)
        return fault("fcgi: epoll_wait: %s", strerror(errno));
    for (int i = 0; i < n; i++)
        sort_event(f, &events[i]);
    f->unlooked_n = 0;
    f->looked_ms = clock_mono_ms();
    park_expire(&f->parking);
    return RC_OK;
}

/* The parked, and the order to stop, are not starved by an endless queue of new ones. */
static enum rc look_around(struct fcgi *f)
{
    if (f->ready_n > 0 || f->is_stopping)
        return RC_OK;
    if (f->parking.n == 0 && ++f->unlooked_n < LOOK_EVERY && clock_mono_ms() < f->looked_ms + LOOK_EVERY_MS)
        return RC_OK;
    return wait_events(f, 0);
}

/* Ours are used up and none is parked: they are leaked, or the limit is none to work
 * with.  Another process takes over; the connection waits for it in the queue. */
static void without_descriptors(struct fcgi *f)
{
    bool is_hopeless = errno == EMFILE && f->parking.n == 0;

    log_event(LOG_LEVEL_ERROR, "accept_failed", "why", strerror(errno), NULL);
    if (is_hopeless)
        die("fcgi: no descriptors left");
    if (f->parking.n > 0)
        park_make_room(&f->parking);
    else
        (void)poll(NULL, 0, NO_DESCRIPTORS_MS);
}

static int accept_one(struct fcgi *f)
{
    /* cppcheck-suppress nullPointer ; accept4(2) takes NULL */
    int fd = accept4(f->setup.listen_fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);

    if (fd >= 0)
        return fd;
    if (errno == EMFILE || errno == ENFILE || errno == ENOBUFS || errno == ENOMEM)
        without_descriptors(f);
    f->has_new = false;
    return -1;
}

/* One connection, new or with more to read; -1: none at hand. */
static int next_connection(struct fcgi *f)
{
    while (f->ready_n > 0) {
        int fd = f->ready[--f->ready_n];

        if (park_find(&f->parking, fd) != NULL)
            return fd;
    }
    if (f->is_stopping && clock_mono_ms() >= f->stop_by_ms)
        f->has_new = false;
    return f->has_new ? accept_one(f) : -1;
}

static int timeout_of(const struct fcgi *f, int tick_ms)
{
    int64_t until = park_deadline(&f->parking), now;

    if (f->is_stopping && f->stop_by_ms < until)
        until = f->stop_by_ms;
    if (until == INT64_MAX)
        return tick_ms;
    now = clock_mono_ms();
    if (until <= now)
        return 0;
    return tick_ms < 0 || until - now < tick_ms ? (int)(until - now) : tick_ms;
}

static bool is_done(const struct fcgi *f)
{
    if (!f->is_stopping || f->has_new || f->ready_n > 0)
        return false;
    return !park_is_waiting(&f->parking) || clock_mono_ms() >= f->stop_by_ms;
}

enum rc fcgi_next(struct fcgi *f, struct arena *a, void (*tick)(void *), void *arg, int tick_ms,
                  struct fcgi_request *out)
{
    for (;;) {
        TRY(look_around(f));
        int fd = next_connection(f);
        struct bytes seen;
        if (fd >= 0) {
            if (look_at(f, fd, &seen) == RC_OK && hand_over(f, fd, seen.n, a, out) == RC_OK)
                return RC_OK;
            continue;
        }
        if (is_done(f))
            return RC_NONE;
        TRY(wait_events(f, timeout_of(f, tick_ms)));
        if (tick != NULL)
            tick(arg);
    }
}
