/*
 * A file that takes the place of another, whole: written beside it as NAME.new, brought to
 * disk with the owner and the mode it has to have, and renamed over it, so that a crash
 * leaves the old one or the new one.
 *
 * Nothing is said here: errno tells why a call is RC_REFUSED.
 */
#ifndef AUTENTICO_CLI_FILE_PUT_H
#define AUTENTICO_CLI_FILE_PUT_H

#include <stdbool.h>
#include <sys/stat.h>

#include "util/text.h"

struct file_put { struct arena *arena; const char *path, *beside; }; /* beside NULL: done, or dropped */

/* `like`: of this owner, group and mode. */
MUST_CHECK enum rc file_put_begin(struct arena *a, const char *path, const char *text, const struct stat *like,
                                 struct file_put *out);
MUST_CHECK enum rc file_put_end(struct file_put *r);
void file_put_drop(struct file_put *r); /* away with it; once more, or after the end, does nothing */

/* All of it at once. */
MUST_CHECK enum rc file_put(struct arena *a, const char *path, const char *text, const struct stat *like);

/* A new file, 0600, with this in it, on disk; it must not be there. */
MUST_CHECK enum rc file_put_new(const char *path, const char *text);
/* What was given a name or lost one in the directory of `path` stays so after a power cut, too; false: see errno. */
bool file_put_sync_directory(struct arena *a, const char *path);

#endif
