/* What a person calls a browser: "Firefox on Android". */
#ifndef AUTENTICO_HTTP_USER_AGENT_H
#define AUTENTICO_HTTP_USER_AGENT_H

#include "util/arena.h"

/* From a User-Agent header; the header itself when it says nothing known, "Unknown
 * browser" when it is empty.  For lists of devices: a hint, and as easily forged. */
const char *user_agent_name(struct arena *a, const char *user_agent);

#endif
