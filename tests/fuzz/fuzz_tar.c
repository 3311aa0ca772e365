/*
 * Heads of backups (cli/tar.c, cli/age.c): whoever restores one has it from elsewhere.  The
 * check sum is put right here, else nothing behind it would be reached.
 */
#include "config.h"

#include "fuzz.h"

#include "cli/age.h"
#include "cli/tar.h"

#define SUM_AT 148
#define SUM_BYTES 8

static void put_sum(uint8_t block[TAR_BLOCK])
{
    unsigned sum = 0;

    memset(block + SUM_AT, ' ', SUM_BYTES);
    for (size_t i = 0; i < TAR_BLOCK; i++)
        sum += block[i];
    snprintf((char *)block + SUM_AT, SUM_BYTES, "%06o", sum);
    block[SUM_AT + 7] = ' ';
}

static void check(const uint8_t block[TAR_BLOCK])
{
    struct tar_member m, again;
    uint8_t written[TAR_BLOCK];

    if (tar_read_header(block, &m) != RC_OK)
        return;
    MUST(m.size >= 0 && memchr(m.name, '\0', sizeof(m.name)) != NULL);
    MUST((m.size + (int64_t)tar_padding(m.size)) % TAR_BLOCK == 0 && tar_padding(m.size) < TAR_BLOCK);
    tar_header(&m, FUZZ_NOW, written);
    MUST(tar_read_header(written, &again) == RC_OK && again.size == m.size && strcmp(again.name, m.name) == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    uint8_t block[TAR_BLOCK] = { 0 };

    (void)age_is_encrypted(data, size);
    (void)tar_is_archive(data, size);
    if (size > 0)
        memcpy(block, data, size < TAR_BLOCK ? size : TAR_BLOCK);
    check(block);
    put_sum(block);
    check(block);
    return 0;
}
