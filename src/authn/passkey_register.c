/* Adding a passkey; declared in passkey.h. */
#include "config.h"

#include "authn/passkey.h"
#include "authn/caller.h"
#include "authn/notice.h"
#include "authn/trail.h"
#include "crypto/random.h"

struct adding {
    struct exchange *x;
    const struct passkey_challenge *challenge;
    struct passkey passkey;
    const char *why;
};

static enum rc fail(struct adding *g, const char *why)
{
    g->why = why;
    return RC_NONE;
}

static const char *new_name(struct arena *a)
{
    uint8_t raw[2];

    random_bytes(raw, sizeof(raw));
    return arena_printf(a, "Passkey %s", hex_encode(a, BYTES(raw)));
}

static enum rc verify(struct adding *g, const struct webauthn_made *made)
{
    struct exchange *x = g->x;
    struct webauthn_expected e = { .challenge = g->challenge->challenge, .origin = x->conf->origin, .rp_id = x->conf->host,
                                   .needs_user_verified = g->challenge->needs_user_verified };
    struct webauthn_credential c;

    TRY(webauthn_register(x->arena, &e, made, &c, &g->why));
    g->passkey = (struct passkey){
        .credential_id = c.id,
        .user_id = x->user->id,
        .name = new_name(x->arena),
        .public_key = c.public_key,
        .alg = c.alg,
        .sign_count = c.sign_count,
        .transports = made->transports,
        .aaguid = c.aaguid,
        .is_uv_initialized = c.is_user_verified,
        .is_backup_eligible = c.is_backup_eligible,
        .is_backed_up = c.is_backed_up,
        .created_at = x->now,
    };
    return RC_OK;
}

static enum rc check_room(struct adding *g, struct db *db)
{
    struct passkey_rows rows;

    TRY(passkeys_of_user(db, g->x->arena, g->x->user->id, &rows));
    return rows.n < PASSKEYS_MAX ? RC_OK : fail(g, "too many");
}

/* Step 27: whoever has it registered keeps it (WR-24). */
static enum rc insert(struct adding *g, struct db *db)
{
    enum rc rc = passkeys_add(db, &g->passkey);

    return rc == RC_REFUSED ? fail(g, "registered already") : rc;
}

/* WR-26: a factor that was enrolled since this began has not been shown. */
static enum rc check_proof(struct adding *g, struct db *db)
{
    enum caller_proof needed;

    TRY(caller_proof_needed(g->x, db, &needed));
    return needed == PROOF_PASSWORD || g->challenge->is_proven ? RC_OK : fail(g, "sign in again first");
}

static enum rc add(struct db *db, void *arg)
{
    struct adding *g = arg;
    enum rc rc;

    TRY(caller_check(g->x, db));
    TRY(check_proof(g, db));
    rc = passkey_challenge_spend(db, g->challenge);
    if (rc == RC_REFUSED)
        return fail(g, "challenge used");
    TRY(rc);
    TRY(check_room(g, db));
    TRY(insert(g, db));
    TRY(notice_queue(g->x, db, g->x->user, NOTICE_PASSKEY_ADDED));
    return trail(g->x, "passkey_added", NULL, "user", g->x->user->id, NULL);
}

static enum rc spend(struct db *db, void *arg)
{
    struct adding *g = arg;
    enum rc rc = passkey_challenge_spend(db, g->challenge);

    return rc == RC_REFUSED ? RC_OK : rc;
}

enum rc passkey_register(struct exchange *x, const struct passkey_challenge *c, const struct webauthn_made *made)
{
    struct adding g = { .x = x, .challenge = c };
    enum rc rc = verify(&g, made);

    if (rc == RC_OK)
        rc = db_write(x->db, add, &g);
    if (rc != RC_NONE)
        return rc;
    TRY(db_write(x->db, spend, &g));
    return refuse(&x->no, REFUSE_PASSKEY_REGISTRATION, "The passkey could not be registered (%s)", g.why);
}
