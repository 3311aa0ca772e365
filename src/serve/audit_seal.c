#include "config.h"

#include "serve/audit_seal.h"

#include "store/audit_chain.h"
#include "store/settings_table.h"
#include "store/signing_keys.h"
#include "util/clock.h"
#include "util/log.h"

#define LOOK_MS 5000
#define PRUNE_MS 600000
#define AFTER_FAULT_MS 30000
#define SIGNER_MS 5000
#define ROWS_PER_TURN 500

void audit_seal_start(struct audit_seal *s, const char *issuer, struct signer *signer)
{
    *s = (struct audit_seal){ .arena = arena_start("audit seal"), .issuer = issuer, .signer = signer };
    clock_guard_start(&s->clock);
}

void audit_seal_done(struct audit_seal *s)
{
    if (s->arena != NULL)
        arena_done(s->arena);
}

bool audit_seal_is_busy(const struct audit_seal *s)
{
    return s->look_ms == 0;
}

/* --- signing ------------------------------------------------------------------------ */

static enum rc key_of(struct audit_seal *s, struct db *db, struct signing_key *out)
{
    struct signing_key_rows rows;

    TRY(signing_keys_all(db, s->arena, &rows)); /* active ones first */
    if (rows.n == 0 || !text_same(rows.v[0].state, "active"))
        return RC_NONE;
    *out = (struct signing_key){ rows.v[0].kid, jws_alg_of(rows.v[0].alg), rows.v[0].public_jwk, rows.v[0].private_sealed };
    return RC_OK;
}

/* Outside of any transaction: a signer works on it. */
static enum rc sign(struct audit_seal *s, const struct signing_key *key, const struct audit_place *place, int64_t number,
                    char **out)
{
    struct json *claims = audit_claims(s->arena, s->issuer, clock_now(), place, number);

    s->signer->deadline_ms = clock_mono_ms() + SIGNER_MS;
    enum rc rc = signer_sign(s->signer, s->arena, TOKEN_AUDIT_CHECKPOINT, key, json_text(s->arena, claims), out);
    return rc == RC_OK ? RC_OK : fault("audit: the trail could not be signed");
}

/* --- checkpoints -------------------------------------------------------------------- */

static enum rc add_checkpoint(struct db *db, void *arg)
{
    return audit_checkpoint_add(db, arg);
}

/* A key that is new vouches at once: the one before may be gone tomorrow. */
static bool is_due(const struct audit_chain *chain, const struct audit_checkpoint *last, const char *kid)
{
    int64_t now = clock_now();

    if (last->number > 0 && !text_same(last->kid, kid))
        return true;
    return chain->end.seq > last->place.seq &&
           (now >= last->made_at + AUDIT_SEAL_EVERY_S || now < last->made_at - AUDIT_SEAL_EVERY_S);
}

static enum rc checkpoint(struct audit_seal *s, struct db *db, const struct signing_key *key, bool *did)
{
    struct audit_checkpoint next, last = { 0 };
    struct audit_chain chain;
    char *jws;

    TRY(audit_chain_read(db, s->arena, &chain));
    enum rc rc = audit_checkpoint_last(db, s->arena, &last);
    if (rc != RC_OK && rc != RC_NONE)
        return rc;
    if (!is_due(&chain, &last, key->kid))
        return RC_OK;
    next = (struct audit_checkpoint){ .number = chain.checkpoints_n + 1, .place = chain.end, .kid = key->kid,
                                      .made_at = clock_now() };
    TRY(sign(s, key, &next.place, next.number, &jws));
    next.jws = jws;
    *did = true;
    rc = db_write(db, add_checkpoint, &next);
    if (rc == RC_OK)
        log_event(LOG_LEVEL_INFO, "audit_checkpoint", "number", log_num(next.number), "seq", log_num(next.place.seq),
                  "hash", hex_encode(s->arena, next.place.hash), NULL);
    return rc == RC_NONE ? RC_OK : rc;
}

/* --- what has become old --------------------------------------------------------------- */

struct pruning { struct audit_place anchor; const char *jws; };

static enum rc prune_rows(struct db *db, void *arg)
{
    const struct pruning *p = arg;

    return audit_prune(db, &p->anchor, p->jws);
}

static enum rc prune(struct audit_seal *s, struct db *db, const struct signing_key *key, bool *did)
{
    struct settings settings;
    struct pruning p;
    char *jws;

    TRY(settings_load(db, s->arena, &settings));
    if (settings.audit_log_retention <= 0)
        return RC_NONE;
    TRY(audit_old(db, s->arena, clock_now() - settings.audit_log_retention, ROWS_PER_TURN, &p.anchor));
    TRY(sign(s, key, &p.anchor, 0, &jws));
    p.jws = jws;
    *did = true;
    return db_write(db, prune_rows, &p);
}

/* --- a look ------------------------------------------------------------------------------ */

static enum rc look(struct audit_seal *s, struct db *db, bool *did)
{
    struct signing_key key;
    enum rc rc = key_of(s, db, &key);

    if (rc == RC_NONE)
        return RC_OK; /* the server has not been started yet */
    TRY(rc);
    TRY(checkpoint(s, db, &key, did));
    if (clock_mono_ms() < s->prune_ms)
        return RC_OK;
    rc = prune(s, db, &key, did);
    if (rc == RC_OK) {
        s->look_ms = 0; /* there may be more */
        return RC_OK;
    }
    s->prune_ms = clock_mono_ms() + PRUNE_MS;
    return rc == RC_NONE ? RC_OK : rc;
}

bool audit_seal_turn(struct audit_seal *s, struct db *db)
{
    bool did = false;

    if (clock_mono_ms() < s->look_ms)
        return false;
    s->look_ms = clock_mono_ms() + LOOK_MS;
    if (clock_guard_has_jumped(&s->clock))
        s->prune_ms = clock_mono_ms() + CLOCK_SETTLE_MS;
    if (look(s, db, &did) != RC_OK)
        s->look_ms = clock_mono_ms() + AFTER_FAULT_MS;
    arena_reset(s->arena);
    return did;
}
