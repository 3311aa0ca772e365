/*
 * Settings that would leave no administrator a way in are refused, with the reason:
 * nobody could take them back.
 */
#ifndef AUTENTICO_AUTHN_WAY_IN_H
#define AUTENTICO_AUTHN_WAY_IN_H

#include "http/exchange.h"

/*
 * Could some administrator still sign in under the settings as they are stored now?
 * Inside the db_write that has stored them, so that refusing takes them back; the
 * settings of before are x->settings, and what they ruled out already is not refused
 * once more.
 * RC_REFUSED  INVALID_REQUEST with the reason
 */
MUST_CHECK enum rc way_in_check(struct exchange *x, struct db *db);

#endif
