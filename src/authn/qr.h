/* A text as a QR code, for phones to read off the page. */
#ifndef AUTENTICO_AUTHN_QR_H
#define AUTENTICO_AUTHN_QR_H

#include "util/arena.h"

/* "data:image/png;base64,…", black on white with the quiet zone that readers need.
 * RC_FAULT: the text is too long for any code, or no memory; logged. */
MUST_CHECK enum rc qr_data_uri(struct arena *a, const char *text, const char **out);

#endif
