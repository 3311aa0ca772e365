#include "config.h"

#include "oidc/code_grant.h"

#include <string.h>

#include "crypto/random.h"
#include "http/request.h"
#include "oidc/pkce.h"
#include "store/codes.h"
#include "util/log.h"

struct redemption {
    struct exchange *x;
    const struct client *client;
    const struct code_form *form;
    code_extra *extra;
    void *arg;
    struct bytes code_hash;
    const char *family_id;
    struct code code;
    struct grant *g;
    bool is_burnt; /* redeemed and refused: the transaction commits all the same */
};

/* ---- the checks, after the code has been spent ---- */

/* RFC 6749 4.1.3: the very value of the authorization request. */
static enum rc check_redirect_uri(const struct redemption *r, struct refusal *no)
{
    if (text_same(r->code.redirect_uri, r->form->redirect_uri))
        return RC_OK;
    return refuse(no, REFUSE_INVALID_GRANT, "redirect_uri differs from the one of the authorization request");
}

/* RFC 7636 4.6, RFC 9700 2.1.1: a public client has nothing else to prove itself by. */
static enum rc check_pkce(const struct redemption *r, struct refusal *no)
{
    const struct code *c = &r->code;

    if (r->client->is_public && text_empty(c->code_challenge))
        return refuse(no, REFUSE_INVALID_GRANT, "A public client needs PKCE");
    return pkce_verify(r->x->arena, c->code_challenge, c->code_challenge_method, r->form->code_verifier, no);
}

/* The code's session has been looked at by codes_redeem(); the client by its
 * authentication, and again by token_is_live() whenever the token is used. */
static enum rc check_user(struct db *db, struct redemption *r, struct refusal *no)
{
    struct user *u = arena_new(r->x->arena, struct user);
    enum rc rc = users_by_id(db, r->x->arena, r->code.user_id, u);

    if (rc == RC_NONE)
        return refuse(no, REFUSE_INVALID_GRANT, "The account of this code is no longer active");
    TRY(rc);
    r->g->user = u;
    return RC_OK;
}

static enum rc check(struct db *db, struct redemption *r)
{
    struct refusal *no = &r->x->no;

    if (!r->client->is_active)
        return refuse(no, REFUSE_INVALID_GRANT, NULL);
    TRY(check_redirect_uri(r, no));
    TRY(check_pkce(r, no));
    return check_user(db, r, no);
}

/* ---- the transaction (flows 7; design D9) ---- */

static struct family family_of(const struct redemption *r)
{
    const struct code *c = &r->code;

    return (struct family){
        .id = r->family_id,
        .user_id = c->user_id,
        .session_id = c->session_id,
        .grant_type = "authorization_code",
        .scope = c->scope,
        .nonce = c->nonce,
        .auth_time = c->auth_time,
        .acr = c->acr,
        .amr = c->amr,
    };
}

static enum rc begin_family(struct db *db, struct redemption *r)
{
    struct grant *g = r->g;

    g->client = r->client;
    g->family = family_of(r);
    issue_prepare(r->x, g);
    TRY(issue_write(r->x, db, g, true));
    return r->extra != NULL ? r->extra(r->x, g, r->arg) : RC_OK;
}

static enum rc redeem(struct db *db, void *arg)
{
    struct redemption *r = arg;

    memset(r->g, 0, sizeof(*r->g));
    r->is_burnt = false;
    TRY(codes_redeem(db, r->x->arena, r->code_hash, r->client->client_id, r->family_id, r->x->now,
                     &r->code));
    enum rc rc = check(db, r);
    if (rc == RC_REFUSED) {
        r->is_burnt = true;
        return codes_burn(db, r->code_hash);
    }
    TRY(rc);
    return begin_family(db, r);
}

/* ---- replay (RFC 6749 4.1.2, 10.5; RFC 9700 4.5) ---- */

static enum rc revoke_replayed(struct db *db, void *arg)
{
    struct redemption *r = arg;
    const char *family_id;

    TRY(codes_replayed(db, r->x->arena, r->code_hash, r->client->client_id, &family_id));
    log_event(LOG_LEVEL_WARNING, "code_replayed", "client_id", r->client->client_id, "family", family_id, NULL);
    return families_revoke(db, family_id, "code_replayed", r->x->now);
}

/* Only the code's own client can tell a replay from a guess (design D9). */
static enum rc refuse_code(struct redemption *r)
{
    enum rc rc = db_write(r->x->db, revoke_replayed, r);

    if (rc == RC_FAULT)
        return rc;
    return refuse(&r->x->no, REFUSE_INVALID_GRANT, NULL);
}

enum rc code_redeem(struct exchange *x, const struct client *client, const struct code_form *form,
                    code_extra *extra, void *arg, struct grant *g)
{
    struct redemption r = {
        .x = x, .client = client, .form = form, .extra = extra, .arg = arg, .g = g,
        .code_hash = sha256_of(x->arena, form->code),
        .family_id = random_id(x->arena, x->now),
    };
    enum rc rc = db_write(x->db, redeem, &r);

    if (rc == RC_NONE)
        return refuse_code(&r);
    TRY(rc);
    return r.is_burnt ? RC_REFUSED : RC_OK;
}
