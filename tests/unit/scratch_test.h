/* Taking away a folder that a test made for itself, with all that is in it. */
#ifndef AUTENTICO_TESTS_SCRATCH_TEST_H
#define AUTENTICO_TESTS_SCRATCH_TEST_H

#include <ftw.h>
#include <stdio.h>

static inline int scratch_remove_one(const char *path, const struct stat *st, int flag, struct FTW *ftw)
{
    (void)st;
    (void)flag;
    (void)ftw;
    return remove(path);
}

static inline void scratch_remove(const char *dir)
{
    (void)nftw(dir, scratch_remove_one, 8, FTW_DEPTH | FTW_PHYS);
}

#endif
