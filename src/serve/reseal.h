/*
 * Another AUTENTICO_ENCRYPTION_KEY (design 4 "rotation"): once every process knows it, the
 * keeper notes that new values are sealed under it and has a signer seal anew, up to a hundred
 * rows a turn and transaction, what the one before sealed: signing keys, secrets among the settings, TOTP secrets.
 * Each row is replaced only if it is what was read, so that it may stop anywhere; it begins
 * again from the first and finds done what is done.
 */
#ifndef AUTENTICO_SERVE_RESEAL_H
#define AUTENTICO_SERVE_RESEAL_H

#include "signer/signer.h"
#include "store/db.h"

struct reseal {
    struct arena *arena;
    const int *is_overlapping; /* board's: processes are at work that do not know the new key */
    int64_t patience_ms;       /* what was sealed while it was so is stored by then; < 0: there is no key before */
    bool is_done;
    int step;
    char after[64];            /* of the step's rows those up to here are done */
    int64_t done_n, lost_n;    /* sealed anew; that open with no key */
    int64_t look_ms;           /* clock_mono_ms() of the next turn */
};
void reseal_start(struct reseal *r, const int *is_overlapping, int64_t patience_ms);
void reseal_done(struct reseal *r);
/* One turn; true when it wrote. */
bool reseal_turn(struct reseal *r, struct db *db, struct signer *signer);
bool reseal_is_busy(const struct reseal *r); /* it wants the next turn at once */

#endif
