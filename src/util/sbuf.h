/*
 * Text (or bytes) that grows on an arena.  `text` is always NUL-terminated and
 * may move when the buffer grows: do not keep it across an append.
 */
#ifndef AUTENTICO_UTIL_SBUF_H
#define AUTENTICO_UTIL_SBUF_H

#include "util/arena.h"

struct sbuf {
    struct arena *arena;
    char *text;
    size_t n;   /* bytes used, without the NUL */
    size_t cap;
};

void sbuf_init(struct sbuf *b, struct arena *a, size_t hint); /* hint: expected bytes, 0 = 256 */
void sbuf_add(struct sbuf *b, const char *text);
void sbuf_addn(struct sbuf *b, const void *p, size_t n);
void sbuf_int(struct sbuf *b, int64_t n); /* in decimal */
void sbuf_addc(struct sbuf *b, char c);
void sbuf_printf(struct sbuf *b, const char *fmt, ...) PRINTF_LIKE(2, 3);

/* Appends for a place: HTML text or a quoted attribute; one component of
 * application/x-www-form-urlencoded (space becomes '+'); the same for a URI that is
 * no form (space becomes "%20"). */
void sbuf_html(struct sbuf *b, const char *text);
void sbuf_urlencode(struct sbuf *b, const char *text);
void sbuf_percent(struct sbuf *b, const char *text);

struct bytes sbuf_bytes(const struct sbuf *b);

#endif
