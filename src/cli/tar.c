#include "config.h"

#include "cli/tar.h"

#include <stdio.h>
#include <string.h>

#define OCTAL_MAX INT64_C(077777777777)
#define SIZE_AT 124
#define SIZE_BYTES 12
#define SUM_AT 148
#define SUM_BYTES 8
#define TYPE_AT 156
#define MAGIC_AT 257
#define MAGIC "ustar\00000" /* with its NUL and the version */
#define MAGIC_BYTES 8

/* Above eight gigabytes: the number itself, as GNU tar does. */
static void put_size(uint8_t *at, int64_t size)
{
    if (size <= OCTAL_MAX) {
        snprintf((char *)at, SIZE_BYTES, "%011llo", (unsigned long long)size);
        return;
    }
    memset(at, 0, SIZE_BYTES);
    for (int i = SIZE_BYTES - 1; i >= 4; i--, size >>= 8)
        at[i] = (uint8_t)size;
    at[0] = 0x80;
}

/* The checksum's own place counts as spaces. */
static unsigned sum_of(const uint8_t block[TAR_BLOCK])
{
    unsigned sum = 0;

    for (int i = 0; i < TAR_BLOCK; i++)
        sum += i >= SUM_AT && i < SUM_AT + SUM_BYTES ? ' ' : block[i];
    return sum;
}

void tar_header(const struct tar_member *m, int64_t now, uint8_t out[TAR_BLOCK])
{
    memset(out, 0, TAR_BLOCK);
    memcpy(out, m->name, strlen(m->name) < 100 ? strlen(m->name) : 100);
    memcpy(out + 100, "0000600", 8);
    memcpy(out + 108, "0000000", 8);
    memcpy(out + 116, "0000000", 8);
    put_size(out + SIZE_AT, m->size);
    snprintf((char *)out + 136, 12, "%011llo", (unsigned long long)now);
    out[TYPE_AT] = '0';
    memcpy(out + MAGIC_AT, MAGIC, MAGIC_BYTES);
    snprintf((char *)out + SUM_AT, SUM_BYTES, "%06o", sum_of(out));
    out[SUM_AT + 7] = ' ';
}

bool tar_is_archive(const uint8_t *head, size_t n)
{
    return n >= TAR_BLOCK && memcmp(head + MAGIC_AT, "ustar", 5) == 0;
}

static enum rc read_octal(const uint8_t *at, int n, int64_t *out)
{
    int64_t value = 0;
    int i = 0;

    for (; i < n && at[i] >= '0' && at[i] <= '7'; i++)
        value = value * 8 + (at[i] - '0');
    if (i == 0 || (i < n && at[i] != '\0' && at[i] != ' '))
        return RC_REFUSED;
    *out = value;
    return RC_OK;
}

static enum rc read_size(const uint8_t *at, int64_t *out)
{
    int64_t value = 0;

    if (at[0] != 0x80)
        return read_octal(at, SIZE_BYTES, out);
    for (int i = 1; i < SIZE_BYTES; i++) {
        if (value >> 54 != 0)
            return RC_REFUSED;
        value = value << 8 | at[i];
    }
    *out = value;
    return RC_OK;
}

enum rc tar_read_header(const uint8_t block[TAR_BLOCK], struct tar_member *out)
{
    static const uint8_t zeros[TAR_BLOCK] = { 0 };
    struct tar_member m = { "", 0 };
    int64_t sum;

    if (memcmp(block, zeros, TAR_BLOCK) == 0)
        return RC_NONE;
    if (read_octal(block + SUM_AT, SUM_BYTES, &sum) != RC_OK || sum != sum_of(block))
        return RC_REFUSED;
    if (!tar_is_archive(block, TAR_BLOCK) || (block[TYPE_AT] != '0' && block[TYPE_AT] != '\0'))
        return RC_REFUSED;
    if (read_size(block + SIZE_AT, &m.size) != RC_OK)
        return RC_REFUSED;
    memcpy(m.name, block, 100);
    *out = m;
    return RC_OK;
}
