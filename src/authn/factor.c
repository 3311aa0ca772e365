#include "config.h"

#include "authn/factor.h"

#include "authn/recovery.h"
#include "authn/totp.h"
#include "authn/trail.h"
#include "crypto/hash.h"
#include "crypto/otp.h"
#include "crypto/random.h"
#include "store/lockouts.h"
#include "store/settings_table.h"
#include "util/frame.h"

#define LOCK_S_MIN 60

/* A try in hand. */
struct turn {
    struct exchange *x;
    struct factor_try *t;
    bool is_spent;      /* the challenge */
    bool was_used;      /* the code */
    struct bytes hash;  /* FACTOR_RECOVERY */
    int64_t step;       /* FACTOR_TOTP */
};

const char *factor_name(enum factor_kind kind)
{
    static const char *const names[] = {
        [FACTOR_TOTP] = "totp", [FACTOR_EMAIL] = "email", [FACTOR_RECOVERY] = "recovery_code",
    };

    return names[kind];
}

/* ---- counting ---- */

/* Guessing six digits is a matter of time: there is no switching this off. */
static int64_t tries_max(const struct exchange *x)
{
    int64_t n = x->settings->account_lockout_max_attempts;

    return n > 0 ? n : FACTOR_TRIES_MAX;
}

static int64_t lock_s(const struct exchange *x)
{
    int64_t s = x->settings->account_lockout_duration;

    return s > LOCK_S_MIN ? s : LOCK_S_MIN;
}

static enum rc claim_challenge(struct db *db, struct turn *u)
{
    const struct challenge *c = u->t->challenge;
    int64_t n = 0;

    if (c == NULL)
        return RC_OK;
    enum rc rc = challenges_claim(db, c->id_hash, FACTOR_TRIES_MAX, u->x->now, &n);
    u->is_spent = rc == RC_NONE;
    u->t->is_last = n >= FACTOR_TRIES_MAX;
    return rc;
}

/* Both or neither: a locked person's challenge is not used up meanwhile. */
static enum rc claim(struct db *db, void *arg)
{
    struct turn *u = arg;
    struct lockout ignored;

    TRY(claim_challenge(db, u));
    return lockouts_claim_factor(db, u->x->arena, u->t->user->id, tries_max(u->x), lock_s(u->x), u->x->now,
                                 &ignored);
}

static enum rc give_back(struct db *db, void *arg)
{
    struct turn *u = arg;

    if (u->t->challenge != NULL)
        TRY(challenges_give_back(db, u->t->challenge->id_hash));
    return lockouts_give_back_factor(db, u->t->user->id, tries_max(u->x));
}

/* ---- looking ---- */

static enum rc wrong(struct exchange *x)
{
    return refuse(&x->no, REFUSE_INVALID_CODE, NULL);
}

/* Said only to be kind; what is accepted is decided under the write lock. */
static bool was_right_before(struct exchange *x, const char *user_id, const struct totp *row, const char *code)
{
    int64_t step;

    return row->last_step > 0 && totp_step_of(x, user_id, row->secret_sealed, 0, code, &step) == RC_OK;
}

static enum rc look_at_totp(struct turn *u)
{
    struct exchange *x = u->x;
    const char *user_id = u->t->user->id, *code = totp_typed(x->arena, u->t->code);
    struct totp row;
    enum rc rc = factors_totp_find(x->db, x->arena, user_id, &row);

    if (rc == RC_NONE || (rc == RC_OK && row.confirmed_at == 0))
        return wrong(x);
    TRY(rc);
    rc = totp_step_of(x, user_id, row.secret_sealed, row.last_step, code, &u->step);
    if (rc == RC_REFUSED && x->no.code == REFUSE_INVALID_CODE && was_right_before(x, user_id, &row, code))
        return refuse(&x->no, REFUSE_USED_CODE, NULL);
    return rc;
}

static enum rc email_mac(struct exchange *x, const char *user_id, const char *code, int key, struct bytes *out)
{
    uint8_t mac[SHA256_BYTES];
    struct sbuf b;

    sbuf_init(&b, x->arena, 64);
    frame_put_text(&b, "second factor");
    frame_put_text(&b, user_id); /* not the challenge: the code stays good when the method is switched and back */
    frame_put_text(&b, code);
    TRY(keyring_mac(x->keys, KEY_SHORT_CODE, key, sbuf_bytes(&b), mac));
    *out = arena_bytes(x->arena, BYTES(mac));
    return RC_OK;
}

const char *factor_email_code(struct exchange *x, const char *user_id, struct bytes *hash)
{
    const char *code = random_digits(x->arena, OTP_DIGITS);

    (void)email_mac(x, user_id, code, KEY_MAKES, hash); /* it is always there */
    return code;
}

static enum rc look_at_email(struct turn *u)
{
    const char *code = totp_typed(u->x->arena, u->t->code);
    struct bytes expected = u->t->challenge != NULL ? u->t->challenge->code_hash : (struct bytes){ 0 }, mac;
    bool is_right = false;

    if (!otp_is_code(code) || expected.n == 0)
        return wrong(u->x);
    for (int key = 0; key < 2; key++)
        if (email_mac(u->x, u->t->user->id, code, key, &mac) == RC_OK)
            is_right |= ct_equal(mac, expected);
    return is_right ? RC_OK : wrong(u->x);
}

/* Finding the row is the comparison, and that is done where the code is spent. */
static enum rc look_at_recovery(struct turn *u)
{
    enum rc rc = recovery_hash(u->x->arena, u->t->user->id, u->t->code, &u->hash);

    return rc == RC_NONE ? wrong(u->x) : rc;
}

static enum rc look(struct turn *u)
{
    switch (u->t->kind) {
    case FACTOR_TOTP: return look_at_totp(u);
    case FACTOR_EMAIL: return look_at_email(u);
    case FACTOR_RECOVERY: return look_at_recovery(u);
    }
    return RC_FAULT;
}

/* ---- accepting ---- */

static enum rc spend(struct db *db, struct turn *u)
{
    const char *user_id = u->t->user->id;

    switch (u->t->kind) {
    case FACTOR_TOTP:
        return factors_totp_accept(db, user_id, u->step);
    case FACTOR_RECOVERY:
        TRY(factors_recovery_spend(db, user_id, u->hash, u->x->now));
        return factors_recovery_left(db, user_id, &u->t->recovery_left);
    case FACTOR_EMAIL:
        break; /* goes with its challenge */
    }
    return RC_OK;
}

static enum rc accept(struct db *db, void *arg)
{
    struct turn *u = arg;
    enum rc rc = u->t->challenge != NULL ? challenges_use(db, u->t->challenge->id_hash, u->x->now) : RC_OK;

    u->is_spent = rc == RC_NONE;
    TRY(rc);
    rc = spend(db, u);
    u->was_used = rc == RC_NONE;
    TRY(rc);
    TRY(lockouts_clear_factor(db, u->t->user->id));
    return u->t->then != NULL ? u->t->then(db, u->t->arg) : RC_OK;
}

static enum rc try_to_accept(struct turn *u)
{
    struct exchange *x = u->x;
    enum rc rc = db_write(x->db, accept, u);

    if (rc != RC_NONE)
        return rc;
    if (u->is_spent)
        return refuse(&x->no, REFUSE_CHALLENGE_SPENT, NULL);
    if (u->was_used && u->t->kind == FACTOR_TOTP)
        return refuse(&x->no, REFUSE_USED_CODE, NULL);
    return wrong(x);
}

/* ---- the whole of it ---- */

static enum rc record_failure(struct turn *u)
{
    struct exchange *x = u->x;
    const char *reason = x->no.code == REFUSE_FACTOR_LOCKED ? "locked" : x->no.code == REFUSE_USED_CODE ? "used" : NULL;

    TRY(trail_now(x, "mfa_failed", u->t->user, "user", u->t->user->id, "method", factor_name(u->t->kind),
                  reason != NULL ? "reason" : NULL, reason, NULL));
    return RC_REFUSED;
}

static bool is_about_the_code(enum refusal_code code)
{
    return code == REFUSE_INVALID_CODE || code == REFUSE_USED_CODE;
}

static enum rc look_and_accept(struct turn *u)
{
    enum rc rc = look(u);

    if (rc == RC_OK)
        rc = try_to_accept(u);
    if (rc == RC_REFUSED && is_about_the_code(u->x->no.code))
        return record_failure(u);
    if (rc == RC_REFUSED && u->x->no.code == REFUSE_BUSY) {
        TRY(db_write(u->x->db, give_back, u));
        return RC_REFUSED;
    }
    return rc;
}

enum rc factor_check(struct exchange *x, struct factor_try *t)
{
    struct turn u = { .x = x, .t = t };
    enum rc rc = db_write(x->db, claim, &u);

    if (rc == RC_NONE)
        return refuse(&x->no, REFUSE_CHALLENGE_SPENT, NULL);
    if (rc == RC_REFUSED) {
        t->is_last = false;
        (void)refuse(&x->no, REFUSE_FACTOR_LOCKED, NULL);
        return record_failure(&u);
    }
    TRY(rc);
    return look_and_accept(&u);
}
