#include "config.h"

#include "crypto/der.h"

#include <stdbool.h>

#define NUMBER_MAX 0xffffffu
#define LENGTH_BYTES_MAX 3 /* 16 MiB: nothing is that large */

static enum rc take_byte(struct bytes *left, uint8_t *out)
{
    if (left->n == 0)
        return RC_NONE;
    *out = *left->p++;
    left->n--;
    return RC_OK;
}

/* X.690 8.1.2.4: numbers from 31 on. */
static enum rc take_number(struct bytes *left, uint32_t *out)
{
    uint32_t number = 0;
    uint8_t byte;

    do {
        TRY(take_byte(left, &byte));
        number = number << 7 | (byte & 0x7f);
        if (number > NUMBER_MAX || number == 0)
            return RC_NONE;
    } while (byte & 0x80);
    *out = number;
    return RC_OK;
}

static enum rc take_tag(struct bytes *left, uint32_t *out)
{
    uint32_t number;
    uint8_t byte;

    TRY(take_byte(left, &byte));
    number = byte & 0x1f;
    if (number == 0x1f)
        TRY(take_number(left, &number));
    if ((byte & 0xe0) == 0xa0) /* context-specific, constructed */
        *out = DER_CONTEXT(number);
    else if (number < 0x1f)
        *out = byte;
    else
        return RC_NONE;
    return RC_OK;
}

static enum rc take_length(struct bytes *left, size_t *out)
{
    size_t n = 0;
    uint8_t byte;

    TRY(take_byte(left, &byte));
    if (byte < 0x80) {
        *out = byte;
        return RC_OK;
    }
    if ((byte & 0x7f) == 0 || (byte & 0x7f) > LENGTH_BYTES_MAX)
        return RC_NONE;
    for (int bytes_n = byte & 0x7f; bytes_n > 0; bytes_n--) {
        TRY(take_byte(left, &byte));
        n = n << 8 | byte;
    }
    *out = n;
    return RC_OK;
}

enum rc der_take(struct bytes *left, struct der *out)
{
    struct bytes in = *left;
    struct der d;
    size_t n;

    TRY(take_tag(&in, &d.tag));
    TRY(take_length(&in, &n));
    if (n > in.n)
        return RC_NONE;
    d.value = (struct bytes){ in.p, n };
    *left = (struct bytes){ in.p + n, in.n - n };
    *out = d;
    return RC_OK;
}

enum rc der_take_of(struct bytes *left, uint32_t tag, struct bytes *out)
{
    struct bytes in = *left;
    struct der d;

    TRY(der_take(&in, &d));
    if (d.tag != tag)
        return RC_NONE;
    *left = in;
    *out = d.value;
    return RC_OK;
}
