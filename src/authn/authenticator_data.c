#include "config.h"

#include "authn/authenticator_data.h"

#include "crypto/ctap.h"
#include "crypto/hash.h"

enum { FLAG_UP = 0x01, FLAG_UV = 0x04, FLAG_BE = 0x08, FLAG_BS = 0x10, FLAG_AT = 0x40, FLAG_ED = 0x80 };

/* RC_NONE: there are not so many. */
static enum rc take(struct bytes *left, size_t n, struct bytes *out)
{
    if (left->n < n)
        return RC_NONE;
    *out = (struct bytes){ left->p, n };
    left->p += n;
    left->n -= n;
    return RC_OK;
}

static uint32_t big_endian(struct bytes b)
{
    uint32_t n = 0;

    for (size_t i = 0; i < b.n; i++)
        n = n << 8 | b.p[i];
    return n;
}

/* One map at the front, as long as it says itself. */
static enum rc take_map(struct arena *a, struct bytes *left, struct bytes *out)
{
    struct ctap_item item;

    TRY(ctap_read(a, *left, &item, left));
    *out = item.raw;
    return item.type == CTAP_MAP ? RC_OK : RC_NONE;
}

/* 6.5.1 */
static enum rc take_credential(struct arena *a, struct bytes *left, struct authenticator_data *out)
{
    struct bytes n;

    TRY(take(left, AAGUID_BYTES, &out->aaguid));
    TRY(take(left, 2, &n));
    TRY(take(left, big_endian(n), &out->credential_id));
    return take_map(a, left, &out->public_key);
}

static void set_flags(uint8_t flags, struct authenticator_data *out)
{
    out->is_user_present = (flags & FLAG_UP) != 0;
    out->is_user_verified = (flags & FLAG_UV) != 0;
    out->is_backup_eligible = (flags & FLAG_BE) != 0;
    out->is_backed_up = (flags & FLAG_BS) != 0;
    out->has_credential = (flags & FLAG_AT) != 0;
    out->has_extensions = (flags & FLAG_ED) != 0;
}

enum rc authenticator_data_read(struct arena *a, struct bytes in, struct authenticator_data *out)
{
    struct authenticator_data d = { { 0 } };
    struct bytes left = in, flags, count, ignored;

    TRY(take(&left, SHA256_BYTES, &d.rp_id_hash));
    TRY(take(&left, 1, &flags));
    TRY(take(&left, 4, &count));
    set_flags(flags.p[0], &d);
    d.sign_count = big_endian(count);
    if (d.has_credential)
        TRY(take_credential(a, &left, &d));
    if (d.has_extensions) /* nobody asked for any: well-formed, and ignored (WR-18, WA-12) */
        TRY(take_map(a, &left, &ignored));
    if (left.n != 0)
        return RC_NONE;
    *out = d;
    return RC_OK;
}
