/* May the secret before be taken out of the configuration?  What the database knows of it. */
#ifndef AUTENTICO_CLI_SECRETS_RETIRE_H
#define AUTENTICO_CLI_SECRETS_RETIRE_H

#include <stdbool.h>

#include "util/rc.h"

/*
 * Of "cookie", "admin-token" or "encryption".  In a process of its own, for it takes the uid of
 * the pool and the configuration may be root's; to be called before this one reads that, for a
 * child does not see the secrets.
 *   now   somebody knows what it ends; nothing is lost that could not be had again, so the
 *         encryption key is asked for all the same
 * RC_REFUSED: not yet, and why was said on standard error
 */
MUST_CHECK enum rc secrets_may_retire(const char *word, const char *config, bool now);

#endif
