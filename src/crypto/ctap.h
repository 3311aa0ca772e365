/*
 * CTAP2 canonical CBOR (CTAP 2.1, 8; RFC 8949): what authenticators send.  Read with the
 * streaming decoder of libcbor, whose only home is ctap.c, within bounds of our own.
 *
 * Refused: anything that is not the one canonical encoding (lengths and integers in their
 * shortest form, definite lengths only, no tags, map keys in order and none twice), text
 * that is not UTF-8, more than CTAP_DEPTH_MAX containers in each other or CTAP_ITEMS_MAX
 * items, lengths beyond the input.  Total: any bytes give an answer, in time and memory
 * proportional to their number.
 */
#ifndef AUTENTICO_CRYPTO_CTAP_H
#define AUTENTICO_CRYPTO_CTAP_H

#include <stdbool.h>

#include "util/arena.h"

#define CTAP_DEPTH_MAX 4
#define CTAP_ITEMS_MAX 512

enum ctap_type { CTAP_INT, CTAP_BYTES, CTAP_TEXT, CTAP_ARRAY, CTAP_MAP, CTAP_BOOL, CTAP_OTHER };

struct ctap_item {
    enum ctap_type type;            /* CTAP_OTHER: null, a float, an integer beyond int64_t */
    int64_t n;                      /* CTAP_INT, CTAP_BOOL */
    struct bytes data;              /* CTAP_BYTES, CTAP_TEXT: points into the input */
    const struct ctap_item *items;  /* CTAP_ARRAY; CTAP_MAP: key, value, key, value */
    size_t items_n;                 /* how many of them; of a map twice its pairs */
    struct bytes raw;               /* as encoded: points into the input */
};

/* The item at the front of `in`; `*rest` is what follows it.  RC_NONE: refused. */
MUST_CHECK enum rc ctap_read(struct arena *a, struct bytes in, struct ctap_item *out, struct bytes *rest);
/* One item and nothing after it. */
MUST_CHECK enum rc ctap_parse(struct arena *a, struct bytes in, struct ctap_item *out);

/* The value of a key of this type; NULL: `map` is no map, or has none. */
const struct ctap_item *ctap_get(const struct ctap_item *map, const char *key, enum ctap_type type);
const struct ctap_item *ctap_get_int(const struct ctap_item *map, int64_t key, enum ctap_type type);
bool ctap_is_text(const struct ctap_item *item, const char *text);

#endif
