/*
 * Is a copy of the database good?  It is whole, of a schema that this program knows,
 * sealed under the configuration's key, and every active signing key in it signs.
 */
#ifndef AUTENTICO_CLI_BACKUP_CHECK_H
#define AUTENTICO_CLI_BACKUP_CHECK_H

#include "conf/conf.h"
#include "store/migrate.h"

struct backup_facts { struct schema_state schema; int64_t keys_n; };
/*
 *   path  of the copy, which is left exactly as it is
 *   name  what messages call it
 * RC_REFUSED: said on standard error.
 */
MUST_CHECK enum rc backup_check(struct arena *a, const char *path, const char *name, const struct conf *conf,
                                struct backup_facts *out);
/* "whole, schema 6, 2 keys sign" */
char *backup_facts_text(struct arena *a, const struct backup_facts *f);

#endif
