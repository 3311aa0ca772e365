#include "config.h"

#include "util/arena.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "util/log.h"

/* Under AddressSanitizer what was not handed out is poisoned, and pieces stand
 * apart, so that an overrun inside a block is found as one of malloc() is. */
#if defined(__SANITIZE_ADDRESS__)
#define ARENA_ASAN
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define ARENA_ASAN
#endif
#endif

#ifdef ARENA_ASAN
#include <sanitizer/asan_interface.h>
#define POISON(p, n) __asan_poison_memory_region((p), (n))
#define UNPOISON(p, n) __asan_unpoison_memory_region((p), (n))
#define GAP 16
#else
#define POISON(p, n) ((void)0)
#define UNPOISON(p, n) ((void)0)
#define GAP 0
#endif

#define ALIGN _Alignof(max_align_t)
#define BLOCK_BYTES ((size_t)16 * 1024)
#define FIRST_BYTES ((size_t)2 * 1024) /* many an arena lives for a few strings */
#define KEEP_BYTES ((size_t)64 * 1024) /* what a reset keeps, all blocks together */

struct block {
    struct block *next; /* older */
    size_t size, used;
    max_align_t data[];
};

struct deferred {
    struct deferred *next; /* older */
    void (*drop)(void *);
    void *p;
};

struct arena {
    const char *what;
    struct block *newest; /* pieces come from here */
    struct block *spare;  /* kept by a reset, wiped */
    struct deferred *defers;
    size_t handed_out;
};

static char *block_at(struct block *b, size_t offset)
{
    return (char *)b->data + offset;
}

static struct block *block_new(const struct arena *a, size_t size)
{
    struct block *b = calloc(1, sizeof(*b) + size);

    if (b == NULL)
        die("arena %s: no memory for %zu bytes", a->what, size);
    b->size = size;
    POISON(b->data, size);
    return b;
}

/* Unused bytes are still as calloc() gave them. */
static void block_wipe(struct block *b)
{
    UNPOISON(b->data, b->size);
    explicit_bzero(b->data, b->used);
    b->used = 0;
}

static void block_free(struct block *b)
{
    block_wipe(b);
    free(b);
}

struct arena *arena_start(const char *what)
{
    struct arena *a = calloc(1, sizeof(*a));

    if (a == NULL)
        die("arena %s: no memory", what);
    a->what = what;
    return a;
}

/* A drop may allocate and defer again. */
static void run_defers(struct arena *a)
{
    while (a->defers != NULL) {
        struct deferred *d = a->defers;

        a->defers = d->next;
        d->drop(d->p);
    }
}

static size_t bytes_of_blocks(const struct block *b)
{
    size_t n = 0;

    for (; b != NULL; b = b->next)
        n += b->size;
    return n;
}

/* Blocks of the ordinary size only: any request can use them. */
static bool is_worth_keeping(const struct block *b, size_t kept)
{
    return b->size == BLOCK_BYTES && kept + b->size <= KEEP_BYTES;
}

void arena_reset(struct arena *a)
{
    size_t kept = bytes_of_blocks(a->spare);
    struct block *next;

    run_defers(a);
    a->handed_out = 0;
    for (struct block *b = a->newest; b != NULL; b = next) {
        next = b->next;
        if (!is_worth_keeping(b, kept)) {
            block_free(b);
            continue;
        }
        block_wipe(b);
        POISON(b->data, b->size);
        kept += b->size;
        b->next = a->spare;
        a->spare = b;
    }
    a->newest = NULL;
}

void arena_done(struct arena *a)
{
    struct block *next;

    if (a == NULL)
        return;
    arena_reset(a);
    for (struct block *b = a->spare; b != NULL; b = next) {
        next = b->next;
        block_free(b);
    }
    free(a);
}

static struct block *take_spare(struct arena *a)
{
    struct block *b = a->spare;

    if (b != NULL)
        a->spare = b->next;
    return b;
}

/* Bytes a piece of `size` takes in its block. */
static size_t footprint(const struct arena *a, size_t size)
{
    if (size > PTRDIFF_MAX / 2)
        die("arena %s: absurd size %zu", a->what, size);
    if (size == 0)
        size = 1;
    return (size + GAP + ALIGN - 1) / ALIGN * ALIGN;
}

/* A block with room for `need`.  A large piece gets its own, behind the newest,
 * so that the rest of that one is not lost. */
static struct block *block_for(struct arena *a, size_t need)
{
    struct block *b = a->newest;

    if (b != NULL && need <= b->size - b->used)
        return b;
    size_t size = a->newest == NULL && a->spare == NULL && need <= FIRST_BYTES ? FIRST_BYTES : BLOCK_BYTES;
    b = need <= BLOCK_BYTES ? take_spare(a) : NULL;
    if (b == NULL)
        b = block_new(a, need > size ? need : size);
    if (need > BLOCK_BYTES / 2 && a->newest != NULL) {
        b->next = a->newest->next;
        a->newest->next = b;
        return b;
    }
    b->next = a->newest;
    a->newest = b;
    return b;
}

void *arena_alloc(struct arena *a, size_t size)
{
    size_t need = footprint(a, size);
    struct block *b = block_for(a, need);
    char *p = block_at(b, b->used);

    b->used += need;
    a->handed_out += size;
    UNPOISON(p, size);
    return p;
}

void *arena_alloc_n(struct arena *a, size_t n, size_t size)
{
    size_t total;

    if (__builtin_mul_overflow(n, size, &total))
        die("arena %s: absurd size %zu times %zu", a->what, n, size);
    return arena_alloc(a, total);
}

static bool is_newest_piece(const struct arena *a, const char *p, size_t old_need)
{
    struct block *b = a->newest;

    return b != NULL && b->used >= old_need && p == block_at(b, b->used - old_need);
}

void *arena_grow(struct arena *a, void *p, size_t old_size, size_t size)
{
    size_t old_need = footprint(a, old_size), need = footprint(a, size);
    struct block *b = a->newest;
    void *copy;

    if (size <= old_size)
        return p;
    if (is_newest_piece(a, p, old_need) && need - old_need <= b->size - b->used) {
        b->used += need - old_need;
        a->handed_out += size - old_size;
        UNPOISON(p, size);
        return p;
    }
    copy = arena_alloc(a, size);
    if (old_size > 0)
        memcpy(copy, p, old_size);
    return copy;
}

char *arena_strdup(struct arena *a, const char *text)
{
    return text == NULL ? NULL : arena_memdup(a, text, strlen(text) + 1);
}

char *arena_strndup(struct arena *a, const char *text, size_t n)
{
    size_t len;
    char *copy;

    if (text == NULL)
        return NULL;
    len = strnlen(text, n);
    copy = arena_alloc(a, len + 1);
    memcpy(copy, text, len);
    return copy;
}

void *arena_memdup(struct arena *a, const void *p, size_t n)
{
    void *copy = arena_alloc(a, n);

    if (n > 0)
        memcpy(copy, p, n);
    return copy;
}

struct bytes arena_bytes(struct arena *a, struct bytes from)
{
    return (struct bytes){ arena_memdup(a, from.p, from.n), from.n };
}

char *arena_printf(struct arena *a, const char *fmt, ...)
{
    va_list ap;
    char *text;

    va_start(ap, fmt);
    text = arena_vprintf(a, fmt, ap);
    va_end(ap);
    return text;
}

/* The longest piece that the newest block has room for. */
static size_t room_left(const struct arena *a)
{
    size_t left = a->newest != NULL ? a->newest->size - a->newest->used : 0;

    return left > GAP ? left - GAP : 0;
}

__attribute__((format(printf, 4, 0))) static int format(struct arena *a, char *to, size_t room, const char *fmt, va_list ap)
{
    va_list again;
    int n;

    va_copy(again, ap);
    n = vsnprintf(to, room, fmt, again);
    va_end(again);
    if (n < 0)
        die("arena %s: vsnprintf refuses a format", a->what);
    return n;
}

/* Where the next piece will lie, so that mostly the text is formatted once. */
char *arena_vprintf(struct arena *a, const char *fmt, va_list ap)
{
    size_t room = room_left(a);
    char *at = room > 0 ? block_at(a->newest, a->newest->used) : NULL;

    UNPOISON(at, room);
    int n = format(a, at, room, fmt, ap);
    bool fits = (size_t)n < room;
    if (!fits && room > 0)
        explicit_bzero(at, room); /* unused bytes are zero */
    POISON(at, room);
    char *text = arena_alloc(a, (size_t)n + 1);
    if (!fits)
        (void)format(a, text, (size_t)n + 1, fmt, ap);
    return text;
}

void arena_defer(struct arena *a, void (*drop)(void *), void *p)
{
    struct deferred *d = arena_new(a, struct deferred);

    d->next = a->defers;
    d->drop = drop;
    d->p = p;
    a->defers = d;
}

size_t arena_size(const struct arena *a)
{
    return a->handed_out;
}
