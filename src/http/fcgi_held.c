#include "config.h"

#include "http/fcgi_held.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

#include "util/log.h"

static void grow(struct held *h, size_t max)
{
    size_t cap = h->cap == 0 ? 2 * HOLD_FROM : 2 * h->cap;
    struct held bigger = { .n = h->n, .cap = cap < max ? cap : max };

    bigger.p = malloc(bigger.cap);
    if (bigger.p == NULL)
        die("fcgi: no memory");
    if (h->n > 0)
        memcpy(bigger.p, h->p, h->n);
    held_drop(h);
    *h = bigger;
}

bool held_read(struct held *h, int fd, size_t max)
{
    for (;;) {
        if (h->n == h->cap && h->cap < max)
            grow(h, max);
        if (h->n == h->cap)
            return true;
        ssize_t n = recv(fd, h->p + h->n, h->cap - h->n, MSG_DONTWAIT);
        if (n > 0)
            h->n += (size_t)n;
        else if (n == 0 || errno != EINTR)
            return n < 0 && errno == EAGAIN;
    }
}

static bool write_all(int fd, const struct held *h)
{
    for (size_t at = 0; at < h->n;) {
        ssize_t n = write(fd, h->p + at, h->n - at);

        if (n < 0 && errno != EINTR)
            return false;
        at += n > 0 ? (size_t)n : 0;
    }
    return lseek(fd, 0, SEEK_SET) == 0;
}

int held_file(const struct held *h)
{
    int fd = memfd_create("request", MFD_CLOEXEC);

    if (fd >= 0 && write_all(fd, h))
        return fd;
    log_event(LOG_LEVEL_ERROR, "request_not_held", "why", strerror(errno), NULL);
    if (fd >= 0)
        close(fd);
    return -1;
}

void held_drop(struct held *h)
{
    if (h->p != NULL)
        explicit_bzero(h->p, h->n);
    free(h->p);
    *h = (struct held){ NULL, 0, 0 };
}
