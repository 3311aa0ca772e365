#include "config.h"

#include "authn/letter.h"

#include <string.h>

#include "crypto/random.h"
#include "util/frame.h"

#define WORD_BYTES 16

static struct bytes place_of(struct arena *a, const char *row_id)
{
    return bytes_of(arena_printf(a, "outbox content_sealed %s", row_id));
}

struct bytes letter_seal(const struct keyring *k, struct arena *a, const char *row_id, const struct letter *l)
{
    struct sbuf b;

    sbuf_init(&b, a, 8192);
    frame_put_text(&b, l->to);
    frame_put_text(&b, l->from_name);
    frame_put_text(&b, l->subject);
    frame_put_text(&b, l->text);
    frame_put_text(&b, l->html);
    frame_put_text(&b, l->message_id);
    frame_put_int(&b, l->date);
    return keyring_seal(k, KEY_OUTBOX, a, place_of(a, row_id), sbuf_bytes(&b));
}

enum rc letter_open(const struct keyring *k, struct arena *a, const char *row_id, struct bytes sealed, struct letter *out)
{
    struct frame_reader r;
    struct bytes plain;
    struct letter l;

    TRY(keyring_open(k, KEY_OUTBOX, a, place_of(a, row_id), sealed, &plain));
    frame_read(&r, plain);
    l.to = frame_get_text(&r, a);
    l.from_name = frame_get_text(&r, a);
    l.subject = frame_get_text(&r, a);
    l.text = frame_get_text(&r, a);
    l.html = frame_get_text(&r, a);
    l.message_id = frame_get_text(&r, a);
    l.date = frame_get_int(&r);
    TRY(frame_end(&r));
    *out = l;
    return RC_OK;
}

char *letter_word(struct arena *a)
{
    uint8_t bits[WORD_BYTES];
    char *word = arena_alloc(a, 2 * WORD_BYTES + 1);

    random_bytes(bits, sizeof(bits));
    for (size_t i = 0; i < sizeof(bits); i++) {
        word[2 * i] = (char)('a' + (bits[i] >> 4));
        word[2 * i + 1] = (char)('a' + (bits[i] & 15));
    }
    return word;
}
