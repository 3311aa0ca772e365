#include "config.h"

#include "conf/secrets.h"

#include <errno.h>
#include <string.h>
#include <sys/mman.h>

#include "conf/keys.h"
#include "util/log.h"

/* Locking may be refused by a small RLIMIT_MEMLOCK; the rest may not. */
static void *locked_pages(size_t n)
{
    void *p = mmap(NULL, n, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

    if (p == MAP_FAILED || madvise(p, n, MADV_WIPEONFORK) != 0 || madvise(p, n, MADV_DONTDUMP) != 0)
        die("secrets: no memory for them: %s", strerror(errno));
    if (mlock(p, n) != 0)
        log_event(LOG_LEVEL_WARNING, "secrets_not_locked", "why", strerror(errno), NULL);
    return p;
}

struct bytes secret_bytes(const struct secret *s)
{
    return (struct bytes){ s->p, s->n };
}

struct secrets *secrets_new(void)
{
    return locked_pages(sizeof(struct secrets));
}

void secrets_wipe(struct secrets *s)
{
    explicit_bzero(s, sizeof(*s));
}

void secrets_free(struct secrets *s)
{
    if (s == NULL)
        return;
    secrets_wipe(s);
    munmap(s, sizeof(*s));
}

void region_new(struct region *r, size_t cap)
{
    *r = (struct region){ locked_pages(cap), 0, cap };
}

void region_wipe(struct region *r)
{
    explicit_bzero(r->p, r->cap);
    munmap(r->p, r->cap);
    *r = (struct region){ NULL, 0, 0 };
}
