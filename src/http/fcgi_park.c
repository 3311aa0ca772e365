#include "config.h"

#include "http/fcgi_park.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "util/clock.h"
#include "util/log.h"

#define BUFFER_MAX (512 * 1024)
#define ALL_HELD_MAX ((size_t)4 * 1024 * 1024) /* of one worker */
#define DRAIN_MS 2000 /* for a refused peer to read its answer and close */

void park_start(struct parking *k, int epoll_fd, size_t max, int64_t park_ms)
{
    *k = (struct parking){ .epoll_fd = epoll_fd, .max = max > 0 ? max : 1, .park_ms = park_ms };
    k->v = calloc(k->max, sizeof(*k->v));
    if (k->v == NULL)
        die("fcgi: no memory");
}

static void send_refusal(const struct parked *p, const char *status, const char *text)
{
    char cgi[512];
    int n = snprintf(cgi, sizeof(cgi),
                     "Status: %s\r\nContent-Type: text/plain; charset=utf-8\r\n"
                     "Cache-Control: no-store\r\nX-Content-Type-Options: nosniff\r\n"
                     "X-Frame-Options: DENY\r\n"
                     "Content-Security-Policy: default-src 'none'; frame-ancestors 'none'\r\n\r\n%s",
                     status, text);

    if (p->id != 0)
        (void)fcgi_send(p->fd, p->id, (struct bytes){ (const uint8_t *)cgi, (size_t)n }, 0);
    log_event(LOG_LEVEL_INFO, "request_refused", "status", status, "why", text, NULL);
}

void park_stop(struct parking *k)
{
    for (size_t i = 0; i < k->n; i++) {
        if (!k->v[i].is_draining)
            send_refusal(&k->v[i], "503 Service Unavailable", "The service is being restarted");
        held_drop(&k->v[i].held);
        close(k->v[i].fd);
    }
    free(k->v);
}

/* --- in and out ----------------------------------------------------------- */

struct parked *park_find(const struct parking *k, int fd)
{
    for (size_t i = 0; i < k->n; i++)
        if (k->v[i].fd == fd)
            return &k->v[i];
    return NULL;
}

/* The last one takes its place. */
static void take_out(struct parking *k, struct parked *p)
{
    held_drop(&p->held);
    *p = k->v[--k->n];
}

static void close_parked(struct parking *k, struct parked *p)
{
    close(p->fd);
    take_out(k, p);
}

static struct parked *oldest(const struct parking *k)
{
    struct parked *p = k->v;

    for (size_t i = 1; i < k->n; i++)
        if (k->v[i].deadline_ms < p->deadline_ms)
            p = &k->v[i];
    return p;
}

void park_make_room(struct parking *k)
{
    struct parked *p = oldest(k);

    if (k->n == 0)
        return;
    if (!p->is_draining)
        send_refusal(p, "408 Request Timeout", "Too many requests arrive slowly");
    close_parked(k, p);
}

/* What can be peeked over TCP is bounded by our buffer; on a Unix socket by that of the
 * sender, which is not ours to set. */
static void widen(int fd)
{
    int n = BUFFER_MAX;

    (void)setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &n, sizeof(n));
}

struct parked *park_add(struct parking *k, int fd)
{
    /* edge-triggered: the unread bytes would wake a level-triggered poll for ever */
    struct epoll_event event = { .events = EPOLLIN | EPOLLRDHUP | EPOLLET, .data = { .fd = fd } };
    struct parked *p = park_find(k, fd);

    if (p != NULL)
        return p;
    if (k->n == k->max)
        park_make_room(k);
    if (epoll_ctl(k->epoll_fd, EPOLL_CTL_ADD, fd, &event) != 0) {
        log_event(LOG_LEVEL_ERROR, "park_failed", "why", strerror(errno), NULL);
        close(fd);
        return NULL;
    }
    widen(fd);
    p = &k->v[k->n++];
    *p = (struct parked){ .fd = fd, .deadline_ms = clock_mono_ms() + k->park_ms };
    return p;
}

void park_forget(struct parking *k, int fd)
{
    struct parked *p = park_find(k, fd);

    if (p == NULL)
        return;
    take_out(k, p);
    (void)epoll_ctl(k->epoll_fd, EPOLL_CTL_DEL, fd, NULL);
}

void park_drop(struct parking *k, int fd)
{
    struct parked *p = park_find(k, fd);

    if (p != NULL)
        close_parked(k, p);
    else
        close(fd);
}

/* --- holding ---------------------------------------------------------------- */

static size_t all_held(const struct parking *k)
{
    size_t n = 0;

    for (size_t i = 0; i < k->n; i++)
        n += k->v[i].held.cap;
    return n;
}

static struct parked *oldest_held(const struct parking *k)
{
    struct parked *found = NULL;

    for (size_t i = 0; i < k->n; i++)
        if (k->v[i].held.p != NULL && (found == NULL || k->v[i].deadline_ms < found->deadline_ms))
            found = &k->v[i];
    return found;
}

bool park_hold(struct parking *k, int fd, size_t max)
{
    struct parked *p = park_find(k, fd);

    if (!held_read(&p->held, fd, max)) {
        close_parked(k, p);
        return false;
    }
    while (all_held(k) > ALL_HELD_MAX) {
        p = oldest_held(k);
        send_refusal(p, "503 Service Unavailable", "Too many large requests arrive slowly");
        close_parked(k, p);
    }
    return park_find(k, fd) != NULL;
}

/* --- refusing ------------------------------------------------------------- */

void park_drain(struct parking *k, struct parked *p)
{
    char away[4096];
    ssize_t n;

    do
        n = recv(p->fd, away, sizeof(away), MSG_DONTWAIT);
    while (n > 0 && clock_mono_ms() < p->deadline_ms);
    explicit_bzero(away, sizeof(away));
    held_drop(&p->held);
    if (n >= 0 || errno != EAGAIN)
        close_parked(k, p);
}

static void refuse_parked(struct parking *k, struct parked *p, const char *status, const char *text)
{
    send_refusal(p, status, text);
    shutdown(p->fd, SHUT_WR);
    p->is_draining = true;
    p->deadline_ms = clock_mono_ms() + DRAIN_MS;
    park_drain(k, p);
}

void park_refuse(struct parking *k, int fd, uint16_t id, const char *status, const char *text)
{
    struct parked *p = park_add(k, fd);

    if (p == NULL)
        return;
    p->id = id;
    refuse_parked(k, p, status, text);
}

void park_expire(struct parking *k)
{
    int64_t now = clock_mono_ms();

    for (size_t i = k->n; i > 0; i--) {
        struct parked *p = &k->v[i - 1];

        if (p->deadline_ms > now)
            continue;
        if (p->is_draining || p->id == 0)
            close_parked(k, p);
        else
            refuse_parked(k, p, "408 Request Timeout", "The request did not arrive in time");
    }
}

int64_t park_deadline(const struct parking *k)
{
    return k->n > 0 ? oldest(k)->deadline_ms : INT64_MAX;
}

bool park_is_waiting(const struct parking *k)
{
    for (size_t i = 0; i < k->n; i++)
        if (!k->v[i].is_draining)
            return true;
    return false;
}
