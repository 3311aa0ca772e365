/*
 * The trail as a chain.  The hash of a row is SHA-256 of the hash before it and of the
 * row's content, so that it stands for everything up to there; the one before the first
 * is 32 zeros.  The end of the chain is a row of its own.  Now and then a signer signs
 * place and hash: a checkpoint.  What is taken away because of its age leaves an anchor,
 * signed as well.  So whoever can write to the database, and cannot sign, can change
 * nothing that is older than the last checkpoint without audit_verify() finding it.
 */
#ifndef AUTENTICO_STORE_AUDIT_CHAIN_H
#define AUTENTICO_STORE_AUDIT_CHAIN_H

#include "crypto/hash.h"
#include "crypto/jwk.h"
#include "store/audit.h"

struct audit_place { int64_t seq; struct bytes hash; };

/* --- appending; audit_add() does it ------------------------------------------------ */

/* What is hashed of a row, all of it but its place. */
struct bytes audit_content(struct arena *a, const struct audit_row *r);
/* One more, inside db_write: the end of the chain moves. */
MUST_CHECK enum rc audit_chain_append(struct db *db, struct arena *a, struct bytes content, struct audit_place *out);

/* --- reading ------------------------------------------------------------------------ */

struct audit_chain {
    struct audit_place end, anchor;
    const char *anchor_jws;     /* NULL: nothing was taken away so far */
    int64_t checkpoints_n;      /* the number of the last one */
    int64_t unchained_seq;      /* of the last row from before the chain; 0: there was none */
    int64_t copied_seq;         /* of the last row that went to syslog; 0: there is no copy */
};
MUST_CHECK enum rc audit_chain_read(struct db *db, struct arena *a, struct audit_chain *out); /* RC_NONE: it is gone */

struct audit_link { struct audit_row row; struct audit_place place; }; /* hash n = 0: from before the chain */
struct audit_links { struct audit_link *v; size_t n; };
MUST_CHECK enum rc audit_links(struct db *db, struct arena *a, int64_t after_seq, int64_t limit, struct audit_links *out);

struct audit_checkpoint { int64_t number; struct audit_place place; const char *kid, *jws; int64_t made_at; };
struct audit_checkpoints { struct audit_checkpoint *v; size_t n; };
MUST_CHECK enum rc audit_checkpoints(struct db *db, struct arena *a, struct audit_checkpoints *out); /* all, by number */
MUST_CHECK enum rc audit_checkpoint_last(struct db *db, struct arena *a, struct audit_checkpoint *out); /* RC_NONE: none */

/* --- checkpoints, and what has become old: inside db_write --------------------------- */

/* number is the one after checkpoints_n, else RC_NONE: somebody else has been here. */
MUST_CHECK enum rc audit_checkpoint_add(struct db *db, const struct audit_checkpoint *c);
/* How far the chain may be taken away: the last of at most `limit` rows from its beginning that
 * were made before then; the order of the chain counts, not the clock.  RC_NONE: nothing. */
MUST_CHECK enum rc audit_old(struct db *db, struct arena *a, int64_t created_before, int64_t limit, struct audit_place *out);
/* Take them away, up to the anchor. */
MUST_CHECK enum rc audit_prune(struct db *db, const struct audit_place *anchor, const char *jws);
MUST_CHECK enum rc audit_set_copied(struct db *db, int64_t seq); /* 0: there is no copy */

/* As `audit export` and the copy for syslog have it: the members of the API, and seq and hash. */
struct json *audit_link_json(struct arena *a, const struct audit_link *l);

/* --- what is signed -------------------------------------------------------------------- */

/* The payload (of TOKEN_AUDIT_CHECKPOINT): iss, iat, seq, hash in hex; a checkpoint's number,
 * or `pruned` of an anchor (number 0), so that neither can be taken for the other. */
struct json *audit_claims(struct arena *a, const char *issuer, int64_t now, const struct audit_place *place, int64_t number);

/* --- verifying --------------------------------------------------------------------------- */

struct audit_verdict {
    int64_t rows_n, unchained_n;    /* unchained: from before the chain, not covered */
    int64_t checkpoints_n, old_n;   /* good ones; those of them that an old key signed */
    bool is_anchor_old;             /* an old key signed it */
    struct audit_place end;
    struct audit_checkpoint last;   /* number 0: none */
    const char *finding;            /* of RC_REFUSED, for the operator */
};
/*
 * From the anchor to the end, and every checkpoint.
 *   keys    public keys that are known to be ours
 *   old     those of which only the database says so: their private halves are gone
 *   expect  a place that was noted elsewhere and must be in the chain; hash n = 0: none
 *   told    called now and then with rows done and rows there are; may be NULL
 * RC_OK      all of it is as it was written
 * RC_REFUSED it is not, and the first finding
 */
struct audit_trust {
    const struct jwk *keys, *old;
    size_t keys_n, old_n;
    struct audit_place expect;
    db_told_fn *told;
    void *told_arg;
};
MUST_CHECK enum rc audit_verify(struct db *db, struct arena *a, const struct audit_trust *trust, struct audit_verdict *out);

#endif
