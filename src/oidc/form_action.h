/*
 * The form-action of a page whose form post may end in a redirect (HT-21):
 * Chromium applies it to where the redirect leads, too.
 */
#ifndef AUTENTICO_OIDC_FORM_ACTION_H
#define AUTENTICO_OIDC_FORM_ACTION_H

#include "util/arena.h"

/* "'self'" and the origin of `uri`, a verified redirect URI; NULL: "'self'" alone. */
const char *form_action_of(struct arena *a, const char *uri);

#endif
