/* grant_type=refresh_token (RFC 6749 6; flows 8); declared in token.h. */
#include "config.h"

#include "oidc/token.h"

#include <string.h>

#include "http/fields.h"
#include "oidc/issue.h"
#include "store/clients_kept.h"
#include "store/sessions.h"
#include "store/settings_table.h"
#include "util/log.h"

struct refresh_form { const char *refresh_token, *scope; };
/* A garbled token is an unknown one: invalid_grant (http-api 6.1). */
static const struct field refresh_fields[] = {
    FIELD(refresh_form, refresh_token, F_OPTIONAL, 2048, NULL),
    FIELD(refresh_form, scope, F_OPTIONAL, 2048, is_scope),
};

enum outcome { ROTATED, REPLAYED, ENDED };

struct refresh {
    struct exchange *x;
    const struct client *client;
    int64_t selector;
    struct token_view view;
    const char *scope; /* of the new token */
    struct grant g;
    enum outcome outcome;
};

static enum rc no_grant(struct exchange *x, const char *text)
{
    return refuse(&x->no, REFUSE_INVALID_GRANT, "%s", text_or(text, "The refresh token is invalid or has expired"));
}

/* ---- the checks of flows 8, before anything is consumed ---- */

static enum rc find(struct refresh *r, const char *value)
{
    struct opaque_value v;
    enum rc rc = value != NULL ? issue_read_opaque(value, &v) : RC_NONE;

    if (rc == RC_OK)
        rc = tokens_find(r->x->db, r->x->arena, v.selector, &r->view);
    if (rc == RC_OK && !ct_equal(r->view.token.refresh_hash, BYTES(v.hash)))
        rc = RC_NONE;
    if (rc == RC_NONE)
        return no_grant(r->x, NULL);
    TRY(rc);
    r->selector = v.selector;
    return RC_OK;
}

/* RFC 6749 6: a confidential client authenticates (TK-25); a public one is named by
 * its token (http-api 6.1). */
static enum rc own_client(struct refresh *r)
{
    struct exchange *x = r->x;
    struct client *c;

    TRY(clients_known(x->clients, x->db, x->arena, r->view.family.client_id, &c));
    if (!c->is_public)
        return refuse(&x->no, REFUSE_INVALID_CLIENT, "Client authentication is required");
    if (!c->is_active)
        return no_grant(x, NULL);
    r->client = c;
    return grant_check_registered(x, c, "refresh_token");
}

static enum rc bind_client(struct refresh *r)
{
    if (r->x->client == NULL)
        return own_client(r);
    if (!text_same(r->x->client->client_id, r->view.family.client_id)) /* TK-24 */
        return no_grant(r->x, "The refresh token was issued to another client");
    r->client = r->x->client;
    return RC_OK;
}

/* RFC 6749 6: nothing beyond what was granted; absent means all of it (TK-26, TK-27). */
static enum rc choose_scope(struct refresh *r, const char *asked)
{
    struct text_list words = text_split(r->x->arena, asked, ' ');

    r->scope = r->view.family.scope;
    if (words.n == 0)
        return RC_OK;
    if (!text_list_within(asked, r->view.family.scope))
        return refuse(&r->x->no, REFUSE_INVALID_SCOPE, "The scope goes beyond what was granted");
    r->scope = text_join(r->x->arena, &words, ' ');
    return RC_OK;
}

static int64_t idle_limit(const struct exchange *x, const struct client *c)
{
    return text_duration_or(c->sso_session_idle_timeout, x->settings->sso_session_idle_timeout);
}

static bool is_over(int64_t since, int64_t limit_s, int64_t now)
{
    return limit_s > 0 && now - since >= limit_s;
}

/* The sign-in behind the token ends it too (flows 8 "end of life"), even before the
 * keeper has come by. */
static enum rc check_session(struct refresh *r)
{
    const struct exchange *x = r->x;
    const struct token_view *v = &r->view;

    if (v->family.session_id == NULL)
        return RC_OK;
    if (!v->is_session_live || !v->is_user_active ||
        is_over(v->session_active_at, idle_limit(x, r->client), x->now) ||
        is_over(v->session_created_at, x->settings->sso_session_max_age, x->now))
        return no_grant(r->x, "The sign-in behind this token has ended");
    return RC_OK;
}

static bool was_spent(const struct token_view *v)
{
    return v->token.rotated_at != 0 || v->token.revoked_at != 0 || v->family.revoked_at != 0;
}

static enum rc load_user(struct refresh *r)
{
    struct user *u = arena_new(r->x->arena, struct user);
    enum rc rc;

    if (r->view.family.user_id == NULL)
        return RC_OK;
    rc = users_by_id(r->x->db, r->x->arena, r->view.family.user_id, u);
    if (rc == RC_NONE)
        return no_grant(r->x, "The account of this token is no longer active");
    TRY(rc);
    r->g.user = u;
    return RC_OK;
}

/* Who has enrolled a factor since signed in with less than is asked for now; whoever
 * signed in afterwards was asked, or trusts the device (design D26). */
static enum rc check_factors(struct refresh *r)
{
    const struct family *f = &r->view.family;

    if (r->g.user == NULL || text_same(f->acr, "2") || r->g.user->totp_since <= f->auth_time)
        return RC_OK;
    return refuse(&r->x->no, REFUSE_MFA_REQUIRED, NULL);
}

/* ---- replay (RFC 9700 4.14.2, TK-30) ---- */

static enum rc end_family(struct db *db, struct refresh *r)
{
    log_event(LOG_LEVEL_WARNING, "refresh_token_replayed", "client_id", r->view.family.client_id, "family",
              r->view.family.id, NULL);
    return families_revoke(db, r->view.family.id, "refresh_token_replayed", r->x->now);
}

static enum rc replay(struct db *db, void *arg)
{
    return end_family(db, arg);
}

static enum rc refuse_replay(struct refresh *r)
{
    if (r->view.family.revoked_at == 0)
        TRY(db_write(r->x->db, replay, r));
    return no_grant(r->x, "The refresh token was used before or revoked");
}

static enum rc check(struct refresh *r, const struct refresh_form *form)
{
    TRY(find(r, form->refresh_token));
    TRY(bind_client(r));
    if (r->view.token.refresh_expires_at <= r->x->now)
        return no_grant(r->x, NULL);
    if (was_spent(&r->view))
        return refuse_replay(r);
    TRY(check_session(r));
    TRY(load_user(r));
    TRY(check_factors(r));
    return choose_scope(r, form->scope);
}

/* ---- rotation, one transaction ---- */

static void prepare_next(struct refresh *r)
{
    r->g.client = r->client;
    r->g.family = r->view.family;
    r->g.family.nonce = NULL; /* flows 8: only the first ID token repeats it */
    issue_prepare_next(r->x, &r->g, r->scope);
}

static enum rc touch(struct db *db, struct refresh *r)
{
    if (r->view.family.session_id == NULL || r->view.session_active_at >= r->x->now)
        return RC_OK;
    return sessions_touch(db, r->view.family.session_id, r->x->now);
}

/* Of racing requests one rotates; the others are replays, and whether they come
 * before or after its commit, the family is dead in the end (TK-32). */
static enum rc not_rotated(struct db *db, struct refresh *r)
{
    struct token_view now;

    TRY(tokens_find(db, r->x->arena, r->selector, &now));
    if (!now.is_session_live || !now.is_user_active || !now.is_client_active) {
        r->outcome = ENDED;
        return RC_OK;
    }
    r->outcome = REPLAYED;
    return end_family(db, r);
}

static enum rc rotate(struct db *db, void *arg)
{
    struct refresh *r = arg;
    enum rc rc = tokens_rotate(db, r->selector, r->x->now);

    if (rc == RC_NONE)
        return not_rotated(db, r);
    TRY(rc);
    r->outcome = ROTATED;
    prepare_next(r);
    TRY(issue_write(r->x, db, &r->g, false));
    return touch(db, r);
}

enum rc grant_refresh(struct exchange *x)
{
    struct refresh r = { .x = x };
    struct refresh_form form = { 0 };

    TRY(form_bind(x, refresh_fields, ARRAY_LEN(refresh_fields), &form));
    TRY(check(&r, &form));
    enum rc rc = db_write(x->db, rotate, &r);
    if (rc == RC_NONE || (rc == RC_OK && r.outcome == ENDED))
        return no_grant(x, NULL);
    TRY(rc);
    if (r.outcome == REPLAYED)
        return no_grant(x, "The refresh token was used before or revoked");
    return issue_respond(x, &r.g);
}
