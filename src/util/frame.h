/*
 * Flat frames: length-prefixed fields for what our own processes and our own
 * sealed handles say to each other.  A frame is a sequence of fields, each a
 * 32-bit big-endian length and that many bytes; integers are 8 bytes
 * big-endian, in a field like any other.  The length 2^32-1 is a NULL text, which
 * no bytes follow.  A reader that meets anything malformed goes bad and stays bad;
 * the last step of reading is frame_end(), which demands that nothing is left.
 */
#ifndef AUTENTICO_UTIL_FRAME_H
#define AUTENTICO_UTIL_FRAME_H

#include <stdbool.h>

#include "util/sbuf.h"

void frame_put_bytes(struct sbuf *b, struct bytes data);
void frame_put_text(struct sbuf *b, const char *text); /* NULL travels as NULL */
void frame_put_int(struct sbuf *b, int64_t n);

struct frame_reader {
    const uint8_t *p, *end;
    bool is_bad;
};

void frame_read(struct frame_reader *r, struct bytes frame);
struct bytes frame_get_bytes(struct frame_reader *r);                  /* {0} when bad; points into the frame */
const char *frame_get_text(struct frame_reader *r, struct arena *a);   /* NULL when bad or NULL; NUL inside is bad */
int64_t frame_get_int(struct frame_reader *r);                         /* 0 when bad */
MUST_CHECK enum rc frame_end(const struct frame_reader *r);            /* RC_NONE: malformed */

#endif
