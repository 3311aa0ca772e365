#include "config.h"

#include "authn/recovery.h"

#include <string.h>

#include "authn/trail.h"
#include "crypto/hash.h"
#include "crypto/random.h"
#include "util/frame.h"

#define CODE_BYTES 10
#define CODE_CHARS 16 /* base32 of them */
#define GROUP 4

static struct bytes hash_of(struct arena *a, const char *user_id, const char *chars)
{
    uint8_t hash[SHA256_BYTES];
    struct sbuf b;

    sbuf_init(&b, a, 64);
    frame_put_text(&b, user_id);
    frame_put_text(&b, chars);
    sha256(sbuf_bytes(&b), hash);
    return arena_bytes(a, BYTES(hash));
}

static const char *in_groups(struct arena *a, const char *chars)
{
    struct sbuf b;

    sbuf_init(&b, a, 32);
    for (int i = 0; i < CODE_CHARS; i++) {
        if (i > 0 && i % GROUP == 0)
            sbuf_addc(&b, '-');
        sbuf_addc(&b, chars[i]);
    }
    return b.text;
}

struct recovery_codes recovery_make(struct arena *a, const char *user_id)
{
    struct recovery_codes codes;
    uint8_t bits[CODE_BYTES];

    for (size_t i = 0; i < RECOVERY_CODES_N; i++) {
        const char *chars;

        random_bytes(bits, sizeof(bits));
        chars = base32_encode(a, BYTES(bits));
        codes.text[i] = in_groups(a, chars);
        codes.hash[i] = hash_of(a, user_id, chars);
    }
    explicit_bzero(bits, sizeof(bits));
    return codes;
}

enum rc recovery_store(struct exchange *x, const char *user_id, const struct recovery_codes *codes)
{
    TRY(factors_recovery_replace(x->db, user_id, codes->hash, RECOVERY_CODES_N, x->now));
    return trail(x, "recovery_codes_created", NULL, "user", user_id, (char *)NULL);
}

/* What people take for something else has no place in base32.  0: ignore it. */
static char folded(char c)
{
    static const char *const alike[] = { "0O", "1I", "8B" };

    if (c >= 'a' && c <= 'z')
        return (char)(c - 'a' + 'A');
    for (size_t i = 0; i < ARRAY_LEN(alike); i++)
        if (c == alike[i][0])
            return alike[i][1];
    return c == ' ' || c == '-' || c == '\t' ? '\0' : c;
}

enum rc recovery_hash(struct arena *a, const char *user_id, const char *typed, struct bytes *out)
{
    char chars[CODE_CHARS + 1] = { 0 };
    struct bytes ignored;
    size_t n = 0;

    for (const char *p = text_or(typed, ""); *p != '\0'; p++) {
        char c = folded(*p);

        if (c == '\0')
            continue;
        if (n == CODE_CHARS)
            return RC_NONE;
        chars[n++] = c;
    }
    if (n != CODE_CHARS)
        return RC_NONE;
    TRY(base32_decode(a, chars, &ignored));
    *out = hash_of(a, user_id, chars);
    return RC_OK;
}
