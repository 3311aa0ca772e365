#include "config.h"

#include "util/ask.h"

#include <errno.h>
#include <limits.h>
#include <poll.h>
#include <pthread.h>
#include <stdbool.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

#include "util/clock.h"
#include "util/log.h"

/* The kernel sends no empty packet, and receiving one looks like the end: so
 * every message begins with this byte. */
#define MARK 'A'
#define PACKET_MAX (ASK_MAX + 1)
#define QUEUE_SNDBUF (8 * ASK_MAX) /* the kernel clips it to net.core.wmem_max */
#define ANSWER_SNDBUF (2 * ASK_MAX)
#define CROWDED_NAP_MS 5

enum outcome { DONE, LATE, DIED, BROKEN };

/* One message is handled at a time, so one buffer will do; wiped after use. */
static uint8_t packet[PACKET_MAX];

static void close_fd(int fd)
{
    if (fd >= 0)
        close(fd);
}

static bool is_starved;

bool ask_is_starved(void)
{
    return is_starved;
}

/* pair[0] sends large packets without waiting. */
static enum rc open_pair(int pair[2], int sndbuf)
{
    if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) != 0) {
        is_starved = is_starved || errno == EMFILE || errno == ENFILE;
        return fault("ask: socketpair: %s", strerror(errno));
    }
    if (setsockopt(pair[0], SOL_SOCKET, SO_SNDBUF, &sndbuf, sizeof(sndbuf)) == 0)
        return RC_OK;
    close(pair[0]);
    close(pair[1]);
    return fault("ask: SO_SNDBUF: %s", strerror(errno));
}

enum rc ask_queue_open(struct ask_queue *out)
{
    int pair[2];

    TRY(open_pair(pair, QUEUE_SNDBUF));
    *out = (struct ask_queue){ .ask_fd = pair[0], .answer_fd = pair[1] };
    return RC_OK;
}

/* A descriptor to travel with a message (SCM_RIGHTS). */
union control {
    struct cmsghdr align;
    char room[CMSG_SPACE(sizeof(int))];
};

static void attach_fd(struct msghdr *msg, union control *control, int fd)
{
    struct cmsghdr *c;

    memset(control, 0, sizeof(*control));
    msg->msg_control = control->room;
    msg->msg_controllen = sizeof(control->room);
    c = CMSG_FIRSTHDR(msg);
    c->cmsg_level = SOL_SOCKET;
    c->cmsg_type = SCM_RIGHTS;
    c->cmsg_len = CMSG_LEN(sizeof(int));
    memcpy(CMSG_DATA(c), &fd, sizeof(fd));
}

/* One packet, never waiting; travelling_fd -1: none.  Returns 0 or errno. */
static int send_packet(int fd, struct bytes data, int travelling_fd)
{
    uint8_t mark = MARK;
    struct iovec parts[] = { { &mark, 1 }, { (void *)(uintptr_t)data.p, data.n } };
    struct msghdr msg = { .msg_iov = parts, .msg_iovlen = ARRAY_LEN(parts) };
    union control control;
    ssize_t sent;

    if (travelling_fd >= 0)
        attach_fd(&msg, &control, travelling_fd);
    do {
        sent = sendmsg(fd, &msg, MSG_NOSIGNAL | MSG_DONTWAIT);
    } while (sent < 0 && errno == EINTR);
    return sent < 0 ? errno : 0;
}

/* Wait until `fd` is ready (-1: just wait) or the deadline has passed. */
static enum outcome wait_for(int fd, short events, int64_t deadline_ms)
{
    struct pollfd p = { .fd = fd, .events = events };

    for (;;) {
        int64_t left = deadline_ms - clock_mono_ms();
        int ready;

        if (left <= 0)
            return LATE;
        ready = poll(&p, 1, left > INT_MAX ? INT_MAX : (int)left);
        if (ready > 0)
            return DONE;
        if (ready < 0 && errno != EINTR) {
            (void)fault("ask: poll: %s", strerror(errno));
            return BROKEN;
        }
    }
}

/* More descriptors are under way than RLIMIT_NOFILE allows; poll() does not
 * tell when that ends. */
static enum outcome nap(int64_t deadline_ms)
{
    int64_t until = clock_mono_ms() + CROWDED_NAP_MS;
    enum outcome o = wait_for(-1, 0, until < deadline_ms ? until : deadline_ms);

    return o == LATE && clock_mono_ms() < deadline_ms ? DONE : o;
}

/* After a failed send; DONE: try again. */
static enum outcome recover(int error, int ask_fd, int64_t deadline_ms)
{
    if (error == EAGAIN)
        return wait_for(ask_fd, POLLOUT, deadline_ms);
    if (error == ETOOMANYREFS)
        return nap(deadline_ms);
    (void)fault("ask: send: %s", strerror(error));
    return BROKEN;
}

static enum outcome send_question(int ask_fd, struct bytes question, int travelling_fd,
                                  int64_t deadline_ms)
{
    enum outcome o = DONE;
    int error;

    while (o == DONE && (error = send_packet(ask_fd, question, travelling_fd)) != 0)
        o = recover(error, ask_fd, deadline_ms);
    return o;
}

/* The descriptor that came with a message, -1 if there is none. */
static int travelled_fd(struct msghdr *msg)
{
    struct cmsghdr *c = CMSG_FIRSTHDR(msg);
    int fd = -1;

    if (c == NULL || c->cmsg_level != SOL_SOCKET || c->cmsg_type != SCM_RIGHTS ||
        c->cmsg_len != CMSG_LEN(sizeof(int)))
        return -1;
    memcpy(&fd, CMSG_DATA(c), sizeof(fd));
    return fd;
}

/* One packet into the buffer, and the descriptor that came with it, or -1.  Room for one
 * only: the kernel closes those beyond.  Returns recvmsg()'s result. */
static ssize_t receive_packet(int from, int *flags, int *fd)
{
    struct iovec part = { packet, sizeof(packet) };
    union control control;
    struct msghdr msg = {
        .msg_iov = &part,
        .msg_iovlen = 1,
        .msg_control = control.room,
        .msg_controllen = CMSG_LEN(sizeof(int)),
    };
    ssize_t n;

    do {
        n = recvmsg(from, &msg, MSG_CMSG_CLOEXEC | MSG_DONTWAIT);
    } while (n < 0 && errno == EINTR);
    *fd = n > 0 ? travelled_fd(&msg) : -1;
    *flags = msg.msg_flags;
    return n;
}

/* The contents of the packet of n bytes, on `a`; the packet is wiped. */
static struct bytes unpack(struct arena *a, size_t n)
{
    struct bytes data = arena_bytes(a, (struct bytes){ packet + 1, n - 1 });

    explicit_bzero(packet, n);
    return data;
}

/* What answers come by, between two questions; -1: none. */
struct way { int theirs, ours; };
static struct way way = { -1, -1 };

static void give_up(struct way *w)
{
    close_fd(w->theirs);
    close_fd(w->ours);
    *w = (struct way){ -1, -1 };
}

/* A child that had it too would hide the death of an answerer, and read our answers. */
static void leave_to_parent(void)
{
    give_up(&way);
}

static enum outcome receive_answer(struct way *w, struct arena *a, int64_t deadline_ms,
                                   struct bytes *out)
{
    enum outcome o = wait_for(w->ours, POLLIN, deadline_ms);
    int flags;
    ssize_t n;

    if (o != DONE)
        return o;
    n = receive_packet(w->ours, &flags, &w->theirs);
    if (n == 0 || (n < 0 && errno == ECONNRESET))
        return DIED;
    if (n < 0 || (flags & MSG_TRUNC) != 0 || packet[0] != MARK) {
        (void)fault("ask: receive: %s", n < 0 ? strerror(errno) : "not an answer");
        return BROKEN;
    }
    *out = unpack(a, (size_t)n);
    return DONE;
}

static enum outcome ask_by(struct way *w, int ask_fd, struct arena *a, struct bytes question,
                           int64_t deadline_ms, struct bytes *out)
{
    enum outcome o = send_question(ask_fd, question, w->theirs, deadline_ms);

    close_fd(w->theirs); /* else the death of the answerer would not show */
    w->theirs = -1;
    return o == DONE ? receive_answer(w, a, deadline_ms, out) : o;
}

static bool is_ready(struct way *w)
{
    static bool is_told;
    int pair[2];

    if (w->theirs >= 0)
        return true;
    if (!is_told && pthread_atfork(NULL, NULL, leave_to_parent) != 0)
        die("ask: no memory");
    is_told = true;
    if (open_pair(pair, ANSWER_SNDBUF) != RC_OK)
        return false;
    *w = (struct way){ pair[0], pair[1] };
    return true;
}

static enum outcome ask_once(int ask_fd, struct arena *a, struct bytes question,
                             int64_t deadline_ms, struct bytes *out)
{
    enum outcome o;

    if (!is_ready(&way))
        return is_starved ? LATE : BROKEN;
    o = ask_by(&way, ask_fd, a, question, deadline_ms, out);
    if (o != DONE || way.theirs < 0)
        give_up(&way);
    return o;
}

enum rc ask(int ask_fd, struct arena *a, struct bytes question, int tries,
            int64_t deadline_ms, struct bytes *out)
{
    if (question.n > ASK_MAX)
        return fault("ask: question of %zu bytes", question.n);
    for (int i = 0; i < tries; i++) {
        switch (ask_once(ask_fd, a, question, deadline_ms, out)) {
        case DONE:
            return RC_OK;
        case LATE:
            return RC_NONE;
        case BROKEN:
            return RC_FAULT;
        case DIED:
            break;
        }
    }
    return RC_REFUSED;
}

/* Nothing but a packet socket of this machine: writing to and closing it
 * cannot hang, whatever a captured asker passes us. */
static bool is_reply_socket(int fd)
{
    int domain = 0, type = 0;
    socklen_t n = sizeof(domain), m = sizeof(type);

    return fd >= 0 && getsockopt(fd, SOL_SOCKET, SO_DOMAIN, &domain, &n) == 0 &&
           getsockopt(fd, SOL_SOCKET, SO_TYPE, &type, &m) == 0 && domain == AF_UNIX &&
           type == SOCK_SEQPACKET;
}

/* An asker past its deadline has closed its end: its work need not be done. */
static bool is_asker_gone(int reply_fd)
{
    struct pollfd p = { .fd = reply_fd };

    return poll(&p, 1, 0) > 0 && (p.revents & (POLLHUP | POLLERR)) != 0;
}

/* RC_REFUSED: to be dropped, *fd too. */
static enum rc receive_question(int answer_fd, size_t *n_out, int *fd)
{
    int flags;
    ssize_t n = receive_packet(answer_fd, &flags, fd);

    if (n == 0 || (n < 0 && errno == EAGAIN))
        return RC_NONE;
    if (n < 0)
        return fault("ask: receive: %s", strerror(errno));
    *n_out = (size_t)n;
    if ((flags & (MSG_TRUNC | MSG_CTRUNC)) != 0 || packet[0] != MARK)
        return RC_REFUSED;
    return is_reply_socket(*fd) ? RC_OK : RC_REFUSED;
}

enum rc ask_next(int answer_fd, struct arena *a, struct bytes *question, int *reply_fd)
{
    for (;;) {
        size_t n = 0;
        int fd;
        enum rc rc = receive_question(answer_fd, &n, &fd);

        if (rc == RC_OK && !is_asker_gone(fd)) {
            *question = unpack(a, n);
            *reply_fd = fd;
            return RC_OK;
        }
        explicit_bzero(packet, n);
        close_fd(fd);
        if (rc == RC_NONE || rc == RC_FAULT)
            return rc;
        if (rc == RC_REFUSED)
            log_event(LOG_LEVEL_WARNING, "ask_malformed", "bytes", log_num((int64_t)n), NULL);
    }
}

void ask_reply(int reply_fd, struct bytes answer)
{
    int error = answer.n > ASK_MAX ? EMSGSIZE : send_packet(reply_fd, answer, reply_fd);

    if (error == ETOOMANYREFS) /* more are under way than RLIMIT_NOFILE: the asker makes another */
        error = send_packet(reply_fd, answer, -1);
    if (error != 0 && error != EPIPE && error != ECONNRESET)
        (void)fault("ask: answer of %zu bytes: %s", answer.n, strerror(error));
    close(reply_fd);
}
