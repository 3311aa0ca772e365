/*
 * What migrations need of the engine beyond db.h.
 */
#ifndef AUTENTICO_STORE_DB_SCHEMA_H
#define AUTENTICO_STORE_DB_SCHEMA_H

#include "store/db.h"

MUST_CHECK enum rc db_script(struct db *db, const char *sql); /* several statements; inside db_write */
MUST_CHECK enum rc db_has_table(struct db *db, const char *name, bool *out);
MUST_CHECK enum rc db_tables_n(struct db *db, int64_t *out);
/* The number other programs keep in the file's header; ours stays 0. */
MUST_CHECK enum rc db_user_version(struct db *db, int64_t *out);

#endif
