/* Cookies as http-api 10 and design D18a have them. */
#ifndef AUTENTICO_HTTP_COOKIE_H
#define AUTENTICO_HTTP_COOKIE_H

#include "http/response.h"

enum same_site { SAME_LAX, SAME_STRICT };
/* HttpOnly always; Secure iff APP_URL is https.  max_age_s 0: a session cookie;
 * negative: cleared (Max-Age=0). */
void cookie_set(struct exchange *x, const char *name, const char *value, const char *path, enum same_site same_site,
                int64_t max_age_s);
void cookie_clear(struct exchange *x, const char *name, const char *path);

#endif
