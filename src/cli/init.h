/* Writing a configuration file; used by `init` and by `start --auto-setup`. */
#ifndef AUTENTICO_CLI_INIT_H
#define AUTENTICO_CLI_INIT_H

#include "cli/cli.h"

/* DIR/.env, 0600; refused when it exists.  dev: cookie flags false.  Said on
 * standard error when it fails. */
MUST_CHECK enum rc init_write(struct arena *a, const char *dir, const char *url, bool dev);

#endif
