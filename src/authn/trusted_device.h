/*
 * "Trust this device": a browser that has proven a second factor is not asked for it
 * again for a while (flows 3, http-api 10).  It never makes a login stronger than it
 * was (design D26).
 */
#ifndef AUTENTICO_AUTHN_TRUSTED_DEVICE_H
#define AUTENTICO_AUTHN_TRUSTED_DEVICE_H

#include "http/exchange.h"
#include "store/trusted_devices.h"

#define TRUSTED_DEVICE_COOKIE "autentico_trusted_device"

/* May devices be trusted for sign-ins to this application?  The client's own word, else
 * the setting. */
bool trusted_device_is_on(const struct exchange *x, const struct client *c);
int64_t trusted_device_life_s(const struct exchange *x, const struct client *c);

/* The trusted device of this person that the request comes from; noted as used.
 * RC_NONE: none, or trust is off. */
MUST_CHECK enum rc trusted_device_find(struct exchange *x, const struct client *c, const char *user_id, const char **id);

/* A new one: to be stored with trusted_devices_add() in the transaction that accepts
 * the factor; its cookie is sent afterwards. */
void trusted_device_new(struct exchange *x, const struct client *c, const char *user_id, struct trusted_device *out,
                        const char **cookie);
void trusted_device_cookie_set(struct exchange *x, const struct client *c, const char *cookie);

#endif
