/*
 * Request memory.  Everything a request allocates lives on its arena and goes
 * with it: nothing is freed by hand, so `return` is always safe.  At the end
 * the arena runs its defers, newest first, and is overwritten with zeros,
 * secrets included.
 *
 * No function here returns NULL: a process without memory logs and ends
 * (workers are crash-only).
 */
#ifndef AUTENTICO_UTIL_ARENA_H
#define AUTENTICO_UTIL_ARENA_H

#include <stdarg.h>

#include "util/rc.h"

struct arena;

/* An arena; `arena_done` wipes and frees it, `arena_reset` wipes and keeps up
 * to 64 KiB for the next request.  `what` names it in logs (not copied). */
struct arena *arena_start(const char *what);
void arena_reset(struct arena *a);
void arena_done(struct arena *a);

void *arena_alloc(struct arena *a, size_t size);       /* zeroed, max-aligned */
void *arena_alloc_n(struct arena *a, size_t n, size_t size); /* overflow: die() */
/* A larger copy of a piece from this arena, the rest zeroed; in place when
 * nothing was allocated since. */
void *arena_grow(struct arena *a, void *p, size_t old_size, size_t size);
char *arena_strdup(struct arena *a, const char *text); /* NULL gives NULL */
char *arena_strndup(struct arena *a, const char *text, size_t n);
void *arena_memdup(struct arena *a, const void *p, size_t n);
struct bytes arena_bytes(struct arena *a, struct bytes from); /* a copy */
char *arena_printf(struct arena *a, const char *fmt, ...) PRINTF_LIKE(2, 3);
char *arena_vprintf(struct arena *a, const char *fmt, va_list ap) PRINTF_LIKE(2, 0);

/* Run drop(p) when the arena is reset or done. */
void arena_defer(struct arena *a, void (*drop)(void *), void *p);

size_t arena_size(const struct arena *a); /* bytes handed out since the reset */

#define arena_new(a, type) ((type *)arena_alloc((a), sizeof(type)))
#define arena_array(a, type, n) ((type *)arena_alloc_n((a), (n), sizeof(type)))

#endif
