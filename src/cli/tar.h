/*
 * A tar archive (POSIX ustar) of a few regular files: a backup with its configuration
 * can be opened without this program.
 */
#ifndef AUTENTICO_CLI_TAR_H
#define AUTENTICO_CLI_TAR_H

#include <stdbool.h>

#include "util/rc.h"

#define TAR_BLOCK 512

struct tar_member { char name[101]; int64_t size; };

/* size must be known; the content follows, padded to whole blocks; two empty blocks end it. */
void tar_header(const struct tar_member *m, int64_t now, uint8_t out[TAR_BLOCK]);
static inline size_t tar_padding(int64_t size)
{
    return (size_t)((TAR_BLOCK - size % TAR_BLOCK) % TAR_BLOCK);
}
bool tar_is_archive(const uint8_t *head, size_t n);
/* RC_NONE: the empty block at the end; RC_REFUSED: not a regular file's header. */
MUST_CHECK enum rc tar_read_header(const uint8_t block[TAR_BLOCK], struct tar_member *out);

#endif
