#include "config.h"

#include "http/fcgi_scan.h"

#include <errno.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/uio.h>

#include "util/clock.h"

/*
 * libfcgi writes 8 KiB at a time, takes a short write for a whole one and waits for
 * ever: neither goes with a peer that may be slow.  So the records of an answer are
 * made here.
 */
#define CHUNK_MAX 65528 /* a multiple of 8: only the last record is padded */

struct tail {
    uint8_t end_of_stdout[RECORD_HEADER];
    uint8_t end_head[RECORD_HEADER];
    uint8_t end_body[8]; /* status 0, FCGI_REQUEST_COMPLETE */
};

static void put_header(uint8_t *p, enum record_type type, uint16_t id, size_t content_n, size_t padding_n)
{
    p[0] = 1;
    p[1] = (uint8_t)type;
    p[2] = (uint8_t)(id >> 8);
    p[3] = (uint8_t)id;
    p[4] = (uint8_t)(content_n >> 8);
    p[5] = (uint8_t)content_n;
    p[6] = (uint8_t)padding_n;
    p[7] = 0;
}

static bool wait_writable(int fd, int64_t by_ms)
{
    struct pollfd p = { .fd = fd, .events = POLLOUT };
    int64_t left = by_ms - clock_mono_ms();

    if (by_ms == 0 || left <= 0)
        return false;
    return poll(&p, 1, (int)left) > 0 || errno == EINTR;
}

static void advance(struct msghdr *m, size_t n)
{
    while (m->msg_iovlen > 0 && n >= m->msg_iov->iov_len) {
        n -= m->msg_iov->iov_len;
        m->msg_iov++;
        m->msg_iovlen--;
    }
    if (m->msg_iovlen > 0) {
        m->msg_iov->iov_base = (char *)m->msg_iov->iov_base + n;
        m->msg_iov->iov_len -= n;
    }
}

static bool send_all(int fd, struct iovec *v, size_t v_n, int64_t by_ms)
{
    struct msghdr m = { .msg_iov = v, .msg_iovlen = v_n };

    while (m.msg_iovlen > 0) {
        ssize_t n = sendmsg(fd, &m, MSG_NOSIGNAL | MSG_DONTWAIT);

        if (n >= 0)
            advance(&m, (size_t)n);
        else if (errno == EAGAIN) {
            if (!wait_writable(fd, by_ms))
                return false;
        } else if (errno != EINTR)
            return false;
    }
    return true;
}

static struct iovec piece(const void *p, size_t n)
{
    return (struct iovec){ .iov_base = (void *)(uintptr_t)p, .iov_len = n };
}

bool fcgi_send(int fd, uint16_t id, struct bytes cgi, int64_t by_ms)
{
    static const uint8_t padding[8];
    uint8_t head[RECORD_HEADER];
    struct tail tail = { .end_body = { 0 } };

    put_header(tail.end_of_stdout, RECORD_STDOUT, id, 0, 0);
    put_header(tail.end_head, RECORD_END, id, sizeof(tail.end_body), 0);
    while (cgi.n > CHUNK_MAX) {
        struct iovec v[] = { piece(head, sizeof(head)), piece(cgi.p, CHUNK_MAX) };

        put_header(head, RECORD_STDOUT, id, CHUNK_MAX, 0);
        if (!send_all(fd, v, ARRAY_LEN(v), by_ms))
            return false;
        cgi = (struct bytes){ cgi.p + CHUNK_MAX, cgi.n - CHUNK_MAX };
    }
    size_t padding_n = (8 - cgi.n % 8) % 8;
    struct iovec v[] = { piece(head, sizeof(head)), piece(cgi.p, cgi.n), piece(padding, padding_n),
                         piece(&tail, sizeof(tail)) };
    put_header(head, RECORD_STDOUT, id, cgi.n, padding_n);
    return send_all(fd, v, ARRAY_LEN(v), by_ms);
}

/* --- management records --------------------------------------------------- */

/* Specification 4.1.  libfcgi never sees these: having met one it reads on, whether the
 * request that follows has arrived or not.  Each name is answered once. */
static size_t put_value(uint8_t *to, const struct record *question, const char *name, char value)
{
    size_t n = strlen(name);

    if (memmem(question->content, question->content_n, name, n) == NULL)
        return 0;
    to[0] = (uint8_t)n;
    to[1] = 1;
    memcpy(to + 2, name, n);
    to[2 + n] = (uint8_t)value;
    return n + 3;
}

bool fcgi_send_values(int fd, const struct record *question)
{
    uint8_t out[128] = { 0 }, *content = out + RECORD_HEADER;
    size_t n = 8;

    if (question->type != RECORD_GET_VALUES) {
        content[0] = (uint8_t)question->type;
        put_header(out, RECORD_UNKNOWN_TYPE, 0, n, 0);
    } else {
        n = put_value(content, question, "FCGI_MAX_CONNS", '1');
        n += put_value(content + n, question, "FCGI_MAX_REQS", '1');
        n += put_value(content + n, question, "FCGI_MPXS_CONNS", '0');
        put_header(out, RECORD_GET_VALUES_RESULT, 0, n, 0);
    }
    struct iovec v[] = { piece(out, RECORD_HEADER + n) };
    return send_all(fd, v, ARRAY_LEN(v), 0);
}
