/* `backup verify` and `restore`: a backup is taken out, looked at, and put in place or not. */
#ifndef AUTENTICO_CLI_RESTORE_H
#define AUTENTICO_CLI_RESTORE_H

#include "util/rc.h"

/* RC_REFUSED: said on standard error. */
MUST_CHECK enum rc backup_verify(const char *config, const char *file, const char *identity);

#endif
