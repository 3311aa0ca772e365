/*
 * Under which uid everything runs (design D21), and whether the files around the
 * database are as they must be (design 4 "database").  Shared by the pool and by
 * every subcommand that opens the database.
 */
#ifndef AUTENTICO_SERVE_IDENTITY_H
#define AUTENTICO_SERVE_IDENTITY_H

#include <stdio.h>

#include "serve/pool.h"

/* RC_REFUSED: a line for the operator was written to `err`. */
MUST_CHECK enum rc identity_resolve(const struct conf *conf, FILE *err, struct identity *out);
/* The database file is 0600 and its directory not writable by others; no network
 * file system.  `create`: the directory is ours to make.  RC_REFUSED as above. */
MUST_CHECK enum rc identity_check_files(const struct conf *conf, FILE *err);
bool identity_is_network_fs(const char *dir);
/* What a subcommand does before it opens the database: become the pool's uid. */
MUST_CHECK enum rc identity_take(const struct conf *conf, FILE *err);

#endif
