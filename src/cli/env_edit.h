/*
 * A configuration file, changed in place: comments and the order of lines stay, whose it
 * is and its mode too.  It is written beside and renamed over, so that a crash leaves the
 * old one or the new one, whole.  From env_edit_read() to the end of the arena it is locked.
 */
#ifndef AUTENTICO_CLI_ENV_EDIT_H
#define AUTENTICO_CLI_ENV_EDIT_H

#include <sys/stat.h>

#include "util/sbuf.h"
#include "util/text.h"

struct env_edit {
    struct arena *arena;
    const char *path;  /* with links followed */
    struct stat st;
    const char *text; /* as it is now */
};

/* What goes wrong was said on standard error, here and below. */
MUST_CHECK enum rc env_edit_read(struct arena *a, const char *path, struct env_edit *out);
/* Is there a line that gives this variable a value, itself or by NAME_FILE? */
bool env_edit_has(const struct env_edit *e, const char *name);
/* Its value there, as it stands, quotes and all; the last line counts.  NULL: none is given. */
const char *env_edit_value(const struct env_edit *e, const char *name);
/* The last line of that name gets this value, NULL: every line of it goes.  One that is not
 * there is put behind the line of `after`, else at the end. */
void env_edit_set(struct env_edit *e, const char *name, const char *value, const char *after);
void env_edit_append(struct env_edit *e, const char *text);
MUST_CHECK enum rc env_edit_write(const struct env_edit *e);
/* A new file, 0600; it must not be there. */
MUST_CHECK enum rc env_edit_write_new(const char *path, const char *text);

#endif
