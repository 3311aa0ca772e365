/*
 * Schema migrations: numbered files of sql/sqlite/, embedded at build, forward
 * only, each in one transaction, recorded with their SHA-256.  A database whose
 * recorded hashes are not ours, a newer one, and one of the Go product (design
 * D28: `PRAGMA user_version` set, no schema_migrations table) are refused.
 */
#ifndef AUTENTICO_STORE_MIGRATE_H
#define AUTENTICO_STORE_MIGRATE_H

#include "store/db.h"

struct schema_state { int64_t current, target; };
/* RC_REFUSED with a line for the operator in `why`. */
MUST_CHECK enum rc migrate_state(struct db *db, struct arena *a, struct schema_state *out, const char **why);
MUST_CHECK enum rc migrate_apply(struct db *db, struct arena *a, const char **why);
/* limits.db has one fixed schema. */
MUST_CHECK enum rc migrate_limits(struct db *db);

#endif
