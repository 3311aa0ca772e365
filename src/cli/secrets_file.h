/*
 * A secret that stands in a file of its own (NAME_FILE) is replaced there, as one of the
 * configuration file is: whole or not at all, its owner and mode stay.  The one before goes
 * into FILE.previous, beside it and as private, to which the configuration file then leads
 * by NAME_PREVIOUS_FILE: first the one before, then that line, then the new one, so that a
 * crash loses neither.
 *
 * What somebody else puts there (a credential of systemd, a mount that cannot be written) is
 * left alone: RC_REFUSED, and what to do by hand is said.
 */
#ifndef AUTENTICO_CLI_SECRETS_FILE_H
#define AUTENTICO_CLI_SECRETS_FILE_H

#include "cli/env_edit.h"

struct secret_change {
    const char *name, *path;   /* the variable, and what NAME_FILE says */
    const char *const *names;  /* it and others that mean the same, which go; NULL-terminated */
    const char *previous;      /* the variable of the one before */
    const char *value;         /* the new one */
    const char *recipe;        /* what to type for such a value */
    bool keeps;                /* the one before is kept */
};

/* `e` NULL: there is no configuration file.
 * RC_REFUSED: said, and nothing was changed. */
MUST_CHECK enum rc secrets_file_change(struct arena *a, struct env_edit *e, const struct secret_change *c);
/* The file of the one before, which nothing leads to any more: away with it when we have made
 * it, else that is left to whoever made it.  Says which. */
void secrets_file_drop(struct arena *a, const char *path);

#endif
