/*
 * What the audit trail needs of a signer now and then (store/audit_chain.h): checkpoints,
 * and anchors for what has become older than audit_log_retention, which is then taken away
 * in turns of at most 500 rows.
 */
#ifndef AUTENTICO_SERVE_AUDIT_SEAL_H
#define AUTENTICO_SERVE_AUDIT_SEAL_H

#include "serve/clock_guard.h"
#include "signer/signer.h"
#include "store/db.h"

#define AUDIT_SEAL_EVERY_S 300 /* about so much of the trail is not vouched for, at most */

struct audit_seal {
    struct arena *arena;
    const char *issuer;
    struct signer *signer;   /* on the courier's channel, whose process this runs in (design D3) */
    struct clock_guard clock;
    int64_t look_ms;         /* clock_mono_ms() of the next look */
    int64_t prune_ms;        /* the same, at what has become too old */
};

void audit_seal_start(struct audit_seal *s, const char *issuer, struct signer *signer);
void audit_seal_done(struct audit_seal *s);
bool audit_seal_is_busy(const struct audit_seal *s); /* there is more to take away: no pause */
/* Looks every few seconds; true when it wrote. */
bool audit_seal_turn(struct audit_seal *s, struct db *db);

#endif
