/* Whose scripts may call from browsers (design D16). */
#ifndef AUTENTICO_OIDC_BROWSER_ORIGINS_H
#define AUTENTICO_OIDC_BROWSER_ORIGINS_H

#include "http/cors.h"
#include "store/settings_table.h"

/*
 * The list of the setting cors_allowed_origins; while that is empty and
 * AUTENTICO_ENABLE_CORS is true, the origins of the redirect URIs of active public
 * clients; nobody when the variable is false.
 */
MUST_CHECK enum rc browser_origins_load(struct db *db, struct arena *a, const struct conf *conf,
                                        const struct settings *settings, struct cors *out);

#endif
