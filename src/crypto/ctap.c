#include "config.h"

#include "crypto/ctap.h"

#include <string.h>

#include <cbor.h>

#include "util/text.h"

struct reader {
    struct arena *a;
    struct bytes left;
    size_t items_n; /* so far */
};

/* One item without what is in it, as the decoder tells it. */
struct head {
    enum ctap_type type;
    uint64_t argument;   /* the number in the head: value, length or count */
    bool is_negative, is_refused;
    bool has_argument;   /* false: floats, null and the like */
    struct bytes data;
};

/* ---- what the decoder calls ---- */

static void set(void *head, enum ctap_type type, uint64_t argument)
{
    struct head *h = head;

    h->type = type;
    h->argument = argument;
    h->has_argument = true;
}

static void on_uint8(void *h, uint8_t n) { set(h, CTAP_INT, n); }
static void on_uint16(void *h, uint16_t n) { set(h, CTAP_INT, n); }
static void on_uint32(void *h, uint32_t n) { set(h, CTAP_INT, n); }
static void on_uint64(void *h, uint64_t n) { set(h, CTAP_INT, n); }

static void on_negint64(void *h, uint64_t n)
{
    set(h, CTAP_INT, n);
    ((struct head *)h)->is_negative = true;
}

static void on_negint8(void *h, uint8_t n) { on_negint64(h, n); }
static void on_negint16(void *h, uint16_t n) { on_negint64(h, n); }
static void on_negint32(void *h, uint32_t n) { on_negint64(h, n); }

static void on_bytes(void *h, cbor_data p, size_t n)
{
    set(h, CTAP_BYTES, n);
    ((struct head *)h)->data = (struct bytes){ p, n };
}

static void on_text(void *h, cbor_data p, size_t n)
{
    set(h, CTAP_TEXT, n);
    ((struct head *)h)->data = (struct bytes){ p, n };
}

static void on_array(void *h, size_t n) { set(h, CTAP_ARRAY, n); }
static void on_map(void *h, size_t n) { set(h, CTAP_MAP, n); }

static void on_bool(void *head, bool is)
{
    struct head *h = head;

    h->type = CTAP_BOOL;
    h->argument = is;
}

static void on_other(void *h) { ((struct head *)h)->type = CTAP_OTHER; }
static void on_float(void *h, float n) { (void)n; on_other(h); }
static void on_double(void *h, double n) { (void)n; on_other(h); }
static void on_refused(void *h) { ((struct head *)h)->is_refused = true; }
static void on_tag(void *h, uint64_t n) { (void)n; on_refused(h); }

static const struct cbor_callbacks callbacks = {
    .uint8 = on_uint8, .uint16 = on_uint16, .uint32 = on_uint32, .uint64 = on_uint64,
    .negint8 = on_negint8, .negint16 = on_negint16, .negint32 = on_negint32, .negint64 = on_negint64,
    .byte_string = on_bytes, .byte_string_start = on_refused, .string = on_text, .string_start = on_refused,
    .array_start = on_array, .indef_array_start = on_refused, .map_start = on_map, .indef_map_start = on_refused,
    .tag = on_tag, .float2 = on_float, .float4 = on_float, .float8 = on_double,
    .undefined = on_other, .null = on_other, .boolean = on_bool, .indef_break = on_refused,
};

/* ---- one head ---- */

static size_t shortest_head(uint64_t argument)
{
    return argument < 24 ? 1 : argument <= UINT8_MAX ? 2 : argument <= UINT16_MAX ? 3 : argument <= UINT32_MAX ? 5 : 9;
}

static enum rc read_head(struct reader *r, struct head *out)
{
    struct head h = { .type = CTAP_OTHER };
    struct cbor_decoder_result got;

    if (r->items_n++ >= CTAP_ITEMS_MAX || r->left.n == 0)
        return RC_NONE;
    got = cbor_stream_decode(r->left.p, r->left.n, &callbacks, &h);
    if (got.status != CBOR_DECODER_FINISHED || h.is_refused || got.read > r->left.n)
        return RC_NONE;
    if (h.has_argument && got.read != shortest_head(h.argument) + h.data.n)
        return RC_NONE;
    if (h.type == CTAP_TEXT && !text_is_utf8((const char *)h.data.p, h.data.n))
        return RC_NONE;
    r->left.p += got.read;
    r->left.n -= got.read;
    *out = h;
    return RC_OK;
}

/* ---- items ---- */

static int64_t major_of(const struct ctap_item *key)
{
    return key->raw.p[0] >> 5;
}

/* CTAP 2.1, 8: by major type, then the shorter, then byte by byte; so none twice. */
static bool is_before(const struct ctap_item *a, const struct ctap_item *b)
{
    if (major_of(a) != major_of(b))
        return major_of(a) < major_of(b);
    if (a->raw.n != b->raw.n)
        return a->raw.n < b->raw.n;
    return memcmp(a->raw.p, b->raw.p, a->raw.n) < 0;
}

static bool is_key(const struct ctap_item *item)
{
    return item->type == CTAP_INT || item->type == CTAP_TEXT || item->type == CTAP_BYTES;
}

static enum rc check_keys(const struct ctap_item *items, size_t n)
{
    for (size_t i = 0; i < n; i += 2)
        if (!is_key(&items[i]) || (i > 0 && !is_before(&items[i - 2], &items[i])))
            return RC_NONE;
    return RC_OK;
}

static enum rc read_item(struct reader *r, int depth, struct ctap_item *out);

/* NOLINTBEGIN(misc-no-recursion): CTAP_DEPTH_MAX deep at most */

/* Each item takes a byte at least: a count beyond that is a lie, and nothing is allocated for it. */
static enum rc read_items(struct reader *r, int depth, const struct head *h, struct ctap_item *out)
{
    uint64_t each = h->type == CTAP_MAP ? 2 : 1;
    struct ctap_item *items;

    if (depth >= CTAP_DEPTH_MAX || h->argument > r->left.n / each || h->argument > CTAP_ITEMS_MAX)
        return RC_NONE;
    out->items_n = (size_t)(h->argument * each);
    items = arena_array(r->a, struct ctap_item, out->items_n);
    for (size_t i = 0; i < out->items_n; i++)
        TRY(read_item(r, depth + 1, &items[i]));
    out->items = items;
    return h->type == CTAP_MAP ? check_keys(items, out->items_n) : RC_OK;
}

static void set_number(const struct head *h, struct ctap_item *out)
{
    if (h->argument > INT64_MAX)
        out->type = CTAP_OTHER;
    else
        out->n = h->is_negative ? -1 - (int64_t)h->argument : (int64_t)h->argument;
}

static enum rc read_item(struct reader *r, int depth, struct ctap_item *out)
{
    const uint8_t *start = r->left.p;
    struct head h;

    TRY(read_head(r, &h));
    *out = (struct ctap_item){ .type = h.type, .data = h.data };
    if (h.type == CTAP_INT || h.type == CTAP_BOOL)
        set_number(&h, out);
    if (h.type == CTAP_ARRAY || h.type == CTAP_MAP)
        TRY(read_items(r, depth, &h, out));
    out->raw = (struct bytes){ start, (size_t)(r->left.p - start) };
    return RC_OK;
}
/* NOLINTEND(misc-no-recursion) */

enum rc ctap_read(struct arena *a, struct bytes in, struct ctap_item *out, struct bytes *rest)
{
    struct reader r = { .a = a, .left = in };
    struct ctap_item item;

    TRY(read_item(&r, 0, &item));
    *out = item;
    *rest = r.left;
    return RC_OK;
}

enum rc ctap_parse(struct arena *a, struct bytes in, struct ctap_item *out)
{
    struct ctap_item item;
    struct bytes rest;

    TRY(ctap_read(a, in, &item, &rest));
    if (rest.n != 0)
        return RC_NONE;
    *out = item;
    return RC_OK;
}

/* ---- looking ---- */

bool ctap_is_text(const struct ctap_item *item, const char *text)
{
    return item != NULL && item->type == CTAP_TEXT && item->data.n == strlen(text) &&
           memcmp(item->data.p, text, item->data.n) == 0;
}

static const struct ctap_item *of_type(const struct ctap_item *value, enum ctap_type type)
{
    return value->type == type ? value : NULL;
}

const struct ctap_item *ctap_get(const struct ctap_item *map, const char *key, enum ctap_type type)
{
    for (size_t i = 0; map != NULL && map->type == CTAP_MAP && i < map->items_n; i += 2)
        if (ctap_is_text(&map->items[i], key))
            return of_type(&map->items[i + 1], type);
    return NULL;
}

const struct ctap_item *ctap_get_int(const struct ctap_item *map, int64_t key, enum ctap_type type)
{
    for (size_t i = 0; map != NULL && map->type == CTAP_MAP && i < map->items_n; i += 2)
        if (map->items[i].type == CTAP_INT && map->items[i].n == key)
            return of_type(&map->items[i + 1], type);
    return NULL;
}
