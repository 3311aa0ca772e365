/*
 * Settings that are secrets (smtp_password) stand in their row sealed by the signer:
 * "sealed:" and base64url.  Whoever takes one in seals it, only the courier may have it
 * opened (design D3, D8).
 */
#ifndef AUTENTICO_AUTHN_SETTING_SECRET_H
#define AUTENTICO_AUTHN_SETTING_SECRET_H

#include "http/exchange.h"

/* Before settings_put(), outside db_write: *value as it is to be stored; what is no secret,
 * or empty, stays.  RC_REFUSED BUSY: the signer did not answer. */
MUST_CHECK enum rc setting_secret_seal(struct exchange *x, const char *key, const char **value);
/* The other way, on the courier's channel.  RC_NONE: not now; RC_FAULT: it does not open, logged. */
struct signer;
MUST_CHECK enum rc setting_secret_open(struct signer *s, struct arena *a, const char *key, const char *stored,
                                       const char **out);

#endif
