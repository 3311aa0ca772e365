/*
 * A backup as `backup verify` and `restore` meet it: encrypted or not, with a
 * configuration in it or not.
 */
#ifndef AUTENTICO_CLI_BACKUP_SOURCE_H
#define AUTENTICO_CLI_BACKUP_SOURCE_H

#include "cli/backup_file.h"
#include "conf/conf.h"

#define BACKUP_DB "autentico.db"      /* members of an archive */
#define BACKUP_CONF "autentico.env"

struct backup_source {
    const char *path;
    int fd;
    bool is_encrypted;
    struct bytes identity;
};

/*
 * Opens both and compares the checksum; before a command gives up being root.
 *   identity  an identity file of age; NULL: none
 * RC_REFUSED: said on standard error.  Close fd.
 */
MUST_CHECK enum rc backup_source_open(struct arena *a, const char *path, const char *identity, struct backup_source *out);

/* What is in it, on this disk: conf.fd is -1 when there is no configuration in it. */
struct extracted { struct part db, conf; };
MUST_CHECK enum rc backup_extract(struct arena *a, const struct backup_source *s, const char *dir, const char *name,
                                  struct extracted *out);
void extracted_drop(struct extracted *e);

#endif
