/*
 * Recovery codes: ten that a person keeps for the day the phone is gone.  80 random
 * bits each, shown once, stored as SHA-256 with the person's id before it, so that
 * neither a guess nor a stolen table is worth anything (OT-08).
 */
#ifndef AUTENTICO_AUTHN_RECOVERY_H
#define AUTENTICO_AUTHN_RECOVERY_H

#include "http/exchange.h"
#include "store/factors.h"

#define RECOVERY_CODES_N 10
#define RECOVERY_LEFT_WARN 2 /* so few left: tell the person */

struct recovery_codes {
    const char *text[RECOVERY_CODES_N]; /* "ABCD-EFGH-IJKL-MNOP" */
    struct bytes hash[RECOVERY_CODES_N];
};
struct recovery_codes recovery_make(struct arena *a, const char *user_id);

/* Store them instead of those there were, with the audit row; inside db_write. */
MUST_CHECK enum rc recovery_store(struct exchange *x, const char *user_id, const struct recovery_codes *codes);

/* The hash of what was typed: any case, with or without spaces and hyphens, 0 for O, 1
 * for I and 8 for B.  RC_NONE: not the shape of a code. */
MUST_CHECK enum rc recovery_hash(struct arena *a, const char *user_id, const char *typed, struct bytes *out);

#endif
