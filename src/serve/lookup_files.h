/*
 * The files that tell where mail servers are and whom to trust.  The courier's sandbox
 * opens them by name once; one that is replaced afterwards (a network came up, the CA was
 * renewed) is another file, which it may not read.
 */
#ifndef AUTENTICO_SERVE_LOOKUP_FILES_H
#define AUTENTICO_SERVE_LOOKUP_FILES_H

#include <stdbool.h>
#include <stddef.h>

#include "conf/conf.h"

#define LOOKUP_FILES_MAX 8

struct lookup_files {
    struct { const char *path; unsigned long long dev, ino; } v[LOOKUP_FILES_MAX]; /* 0, 0: not there */
    size_t n;
};

void lookup_files_note(const struct conf *conf, struct lookup_files *out);
bool lookup_files_changed(const struct lookup_files *f); /* logged with which */

#endif
