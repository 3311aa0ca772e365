/*
 * clientDataJSON (WebAuthn 5.8.1): what the browser says of a ceremony.  Total: any bytes
 * give an answer.
 */
#ifndef AUTENTICO_AUTHN_CLIENT_DATA_H
#define AUTENTICO_AUTHN_CLIENT_DATA_H

#include <stdbool.h>

#include "util/arena.h"

struct client_data {
    const char *type, *origin;
    struct bytes challenge;  /* decoded */
    bool is_cross_origin;
    const char *top_origin;  /* NULL: absent */
};

/* RC_NONE: not UTF-8 JSON (a byte order mark in front is allowed), a member missing, of
 * another type, or twice. */
MUST_CHECK enum rc client_data_read(struct arena *a, struct bytes json, struct client_data *out);

#endif
