/* Signing in with a passkey; declared in passkey.h. */
#include "config.h"

#include "authn/passkey.h"
#include "authn/trail.h"
#include "crypto/hash.h"
#include "store/settings_table.h"

/* A sign-in in hand. */
struct turn {
    struct exchange *x;
    struct passkey_login *l;
    struct passkey passkey;
    const struct user *user; /* once known */
    const char *why;         /* it failed */
};

static enum rc fail(struct turn *t, const char *why)
{
    t->why = why;
    return RC_NONE;
}

/* ---- whose is it (7.2 steps 5 and 6) ---- */

/* `allowCredentials` was what the person had when the challenge was made. */
static enum rc check_named(struct turn *t)
{
    const struct passkey_challenge *c = t->l->challenge;

    if (!text_same(t->passkey.user_id, c->user_id))
        return fail(t, "of somebody else");
    return t->passkey.created_at <= c->issued_at ? RC_OK : fail(t, "not asked for");
}

/* Who it says it is has to be whose it is; whoever was not named has to say. */
static enum rc check_handle(struct turn *t)
{
    struct bytes said = t->l->shown->user_handle, handle;
    bool is_named = t->l->challenge->ceremony == PASSKEY_LOGIN;

    if (said.n == 0)
        return is_named ? RC_OK : fail(t, "no user handle");
    enum rc rc = user_handles_find(t->x->db, t->x->arena, t->passkey.user_id, &handle);
    if (rc == RC_NONE)
        return fail(t, "user handle");
    TRY(rc);
    return ct_equal(said, handle) ? RC_OK : fail(t, "user handle");
}

static bool is_locked(const struct exchange *x, const struct user *u)
{
    return x->settings->account_lockout_max_attempts > 0 && u->locked_until_at > x->now;
}

static enum rc find_person(struct turn *t)
{
    struct user *u = arena_new(t->x->arena, struct user);
    enum rc rc = users_by_id(t->x->db, t->x->arena, t->passkey.user_id, u);

    if (rc == RC_NONE)
        return fail(t, "deactivated");
    TRY(rc);
    t->user = u;
    return is_locked(t->x, u) ? fail(t, "locked") : RC_OK;
}

static enum rc identify(struct turn *t)
{
    enum rc rc = passkeys_find(t->x->db, t->x->arena, t->l->shown->id, &t->passkey);

    if (rc == RC_NONE)
        return fail(t, "unknown");
    TRY(rc);
    TRY(find_person(t));
    if (t->l->challenge->ceremony == PASSKEY_LOGIN)
        TRY(check_named(t));
    return check_handle(t);
}

/* ---- is it good ---- */

static enum rc verify(struct turn *t)
{
    const struct passkey_challenge *c = t->l->challenge;
    struct webauthn_expected e = { .challenge = c->challenge, .origin = t->x->conf->origin, .rp_id = t->x->conf->host,
                                   .needs_user_verified = c->needs_user_verified };
    struct webauthn_known known = { t->passkey.public_key, t->passkey.is_backup_eligible };

    return webauthn_authenticate(t->x->arena, &e, &known, t->l->shown, &t->l->seen, &t->why);
}

/* Of two posts of the same assertion one gets in, and of two authenticators that share a
 * key one does (steps 22, 23). */
static enum rc accept(struct db *db, void *arg)
{
    struct turn *t = arg;
    const struct webauthn_seen *seen = &t->l->seen;
    enum rc rc = passkey_challenge_spend(db, t->l->challenge);

    if (rc == RC_REFUSED)
        return fail(t, "challenge used");
    TRY(rc);
    rc = passkeys_use(db, t->passkey.credential_id, seen->sign_count, seen->is_user_verified, seen->is_backed_up, t->x->now);
    if (rc == RC_NONE)
        return fail(t, "counter");
    TRY(rc);
    return users_set_last_login(db, t->passkey.user_id, t->x->now);
}

static enum rc try_it(struct turn *t)
{
    if (!t->l->is_bound)
        return fail(t, "another browser");
    TRY(identify(t));
    TRY(verify(t));
    enum rc rc = db_write(t->x->db, accept, t);
    return rc == RC_NONE && t->why == NULL ? fail(t, "unknown") : rc; /* deleted this very moment */
}

/* ---- the end ---- */

static enum rc record(struct db *db, void *arg)
{
    struct turn *t = arg;
    enum rc rc = passkey_challenge_spend(db, t->l->challenge);

    if (rc != RC_OK && rc != RC_REFUSED)
        return rc;
    return trail(t->x, "passkey_login_failed", t->user, "user", t->user != NULL ? t->user->id : "", "reason", t->why, NULL);
}

enum rc passkey_login(struct exchange *x, struct passkey_login *l)
{
    struct turn t = { .x = x, .l = l };
    enum rc rc = try_it(&t);

    if (rc == RC_NONE) {
        TRY(db_write(x->db, record, &t));
        return refuse(&x->no, REFUSE_PASSKEY_FAILED, NULL);
    }
    TRY(rc);
    l->user = arena_memdup(x->arena, t.user, sizeof(*t.user));
    l->is_backup_eligible = t.passkey.is_backup_eligible;
    return RC_OK;
}

const char *passkey_amr(struct arena *a, const struct passkey_login *l)
{
    return arena_printf(a, "%s user%s", l->is_backup_eligible ? "swk" : "hwk", l->seen.is_user_verified ? " mfa" : "");
}
