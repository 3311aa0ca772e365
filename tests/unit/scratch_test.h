/* A folder that a test makes for itself, and takes away with all that is in it. */
#ifndef AUTENTICO_TESTS_SCRATCH_TEST_H
#define AUTENTICO_TESTS_SCRATCH_TEST_H

#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>

#include "util/arena.h"

static inline const char *scratch_new(struct arena *a)
{
    char name[] = "/tmp/autentico-test.XXXXXX";

    assert_non_null(mkdtemp(name));
    return arena_strdup(a, name);
}

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
