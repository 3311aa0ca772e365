/*
 * The files of a backup: written aside under a name of their own, brought to disk,
 * given their name without overwriting anything, with a checksum beside them.
 *
 * A part is ".NAME.part" in the directory where it is wanted, mode 0600, locked while
 * it is written.  One that a killed command left behind is taken over by the next.
 */
#ifndef AUTENTICO_CLI_BACKUP_FILE_H
#define AUTENTICO_CLI_BACKUP_FILE_H

#include <stdbool.h>

#include "cli/progress.h"
#include "util/text.h"

struct part { const char *path; int fd; };

/* RC_REFUSED: said on standard error; somebody else is writing it, or may not write there. */
MUST_CHECK enum rc part_new(struct arena *a, const char *dir, const char *name, struct part *out);
void part_drop(struct part *p); /* away with it; once more does nothing */
/* To disk, and to its name.  RC_REFUSED: there is something of that name. */
MUST_CHECK enum rc part_publish(struct part *p, struct arena *a, const char *path);

/*
 * n bytes from one to the other; n < 0: until the end.  RC_REFUSED: it ended before.
 *   disk_fd  the file in which they arrive, beside a server at work: brought to disk in small
 *            pieces with pauses in between, or its commits would wait for a whole file.
 *            -1: nobody else is waited for
 */
struct bytes_copy { int from_fd, to_fd, disk_fd; };
MUST_CHECK enum rc copy_bytes(const struct bytes_copy *c, int64_t n, struct progress *p);
MUST_CHECK enum rc write_whole(int fd, struct bytes b);
int64_t file_size(int fd);

/* FILE.sha256, in the form that sha256sum -c reads. */
MUST_CHECK enum rc checksum_write(struct arena *a, const char *path, int fd);
/* RC_NONE: there is no FILE.sha256; RC_REFUSED: another sum, or not a sum; said. */
MUST_CHECK enum rc checksum_check(struct arena *a, const char *path, int fd);

/* The name for a directory: autentico-20260131T120000Z and the ending. */
char *backup_name(struct arena *a, int64_t at, const char *ending);
/* Of the backups with such names `made` stays, and the newest of the others: `keep` in all. */
MUST_CHECK enum rc backups_prune(struct arena *a, const char *dir, const char *made, int64_t keep, int64_t *out_n);

#endif
