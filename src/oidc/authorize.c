#include "config.h"

#include "oidc/authorize.h"

#include <string.h>

#include "authn/assurance.h"
#include "authn/session.h"
#include "authn/trail.h"
#include "crypto/hash.h"
#include "crypto/random.h"
#include "http/request.h"
#include "oidc/id_token_hint.h"
#include "oidc/interaction.h"
#include "oidc/second_factor.h"
#include "store/codes.h"
#include "store/settings_table.h"

static int64_t idle_limit_s(const struct exchange *x, const struct authz_request *r)
{
    return text_duration_or(r->client->sso_session_idle_timeout, x->settings->sso_session_idle_timeout);
}

/* --- whose login is asked for ---------------------------------------------- */

/* Ours and of anybody, or the request is refused (CO-22).  `sub` NULL: no hint. */
static enum rc read_hint(struct exchange *x, const struct authz_request *r, const char **sub)
{
    struct id_token_hint hint;

    *sub = NULL;
    if (text_empty(r->id_token_hint))
        return RC_OK;
    enum rc rc = id_token_hint_read(x, r->id_token_hint, &hint);
    if (rc == RC_NONE)
        return refuse(&x->no, REFUSE_INVALID_REQUEST, "id_token_hint is not an ID token of this server");
    TRY(rc);
    *sub = hint.sub;
    return RC_OK;
}

/* prompt=login asks the person who is signed in here once more; whoever else signs
 * in then has not been re-authenticated (CO-10). */
static enum rc check_reauthentication(struct exchange *x, const struct authz_request *r, const char *user_id)
{
    if (!authz_prompt_has(r, "login"))
        return RC_OK;
    enum rc rc = session_find(x);
    if (rc == RC_NONE)
        return RC_OK;
    TRY(rc);
    if (text_same(x->session->user_id, user_id) || !session_is_fresh(x, x->session, idle_limit_s(x, r), -1))
        return RC_OK;
    return RC_NONE;
}

enum rc authorize_expects(struct exchange *x, const struct authz_request *r, const char *user_id)
{
    const char *hinted_sub;

    TRY(read_hint(x, r, &hinted_sub));
    if (hinted_sub != NULL && !text_same(hinted_sub, user_id)) /* OIDC Core 3.1.2.2 */
        return RC_NONE;
    return check_reauthentication(x, r, user_id);
}

/* --- issuing the code ------------------------------------------------------ */

/*
 * Does this session satisfy what the request says of the login (OIDC Core 3.1.2.1)?
 * A login made for this very request does, however the clock stands.
 */
static bool is_login_good_enough(const struct exchange *x, const struct authorization *z)
{
    const struct authz_request *r = z->request;

    if (z->is_new || z->session->auth_time >= r->requested_at)
        return true;
    if (authz_prompt_has(r, "login"))
        return false;
    return r->max_age < 0 || (r->max_age > 0 && x->now - z->session->auth_time <= r->max_age);
}

struct writing {
    struct exchange *x;
    const struct authorization *z;
    struct code code;
};

static enum rc write_session(struct db *db, const struct writing *w)
{
    const struct authorization *z = w->z;
    struct session live;
    struct user active;

    if (z->is_new) {
        /* may have been deactivated while the password was hashed */
        TRY(z->password != NULL ? password_record(db, z->password)
                                : users_by_id(db, w->x->arena, z->session->user_id, &active));
        return sessions_add(db, z->session);
    }
    /* may have been ended since it was looked at */
    TRY(sessions_by_id(db, w->x->arena, z->session->id, &live));
    if (z->is_stronger)
        return sessions_step_up(db, z->session->id, z->session->cookie_hash, z->session->acr, z->session->amr,
                                w->x->now);
    return sessions_touch(db, z->session->id, w->x->now);
}

/* RC_NONE: there is nobody left to write it for. */
static enum rc write_all(struct db *db, void *arg)
{
    struct writing *w = arg;
    const struct authorization *z = w->z;

    TRY(write_session(db, w));
    TRY(codes_add(db, &w->code));
    if (client_touch_is_due(z->request->client, w->x->now))
        TRY(clients_touch(db, z->request->client_id, w->x->now));
    if (z->event == NULL)
        return RC_OK;
    return trail(w->x, z->event, z->user, "user", z->session->user_id, z->method != NULL ? "method" : NULL, z->method, NULL);
}

static void fill_code(struct exchange *x, const struct authorization *z, const char *value, struct code *out)
{
    const struct authz_request *r = z->request;
    int64_t life = text_duration_or(r->client->authorization_code_expiration,
                              x->settings->authorization_code_expiration);

    *out = (struct code){
        .code_hash = sha256_of(x->arena, value),
        .client_id = r->client_id,
        .user_id = z->session->user_id,
        .session_id = z->session->id,
        .redirect_uri = r->redirect_uri,
        .scope = text_or(r->scope, ""),
        .nonce = r->nonce,
        .code_challenge = r->code_challenge,
        .code_challenge_method = r->code_challenge_method,
        .auth_time = z->session->auth_time,
        .acr = z->session->acr,
        .amr = z->session->amr,
        .created_at = x->now,
        .expires_at = x->now + life,
    };
}

/* Time has passed since the request was read: all of it again. */
static enum rc check_again(struct exchange *x, const struct authorization *z, struct authz_request *r)
{
    *r = *z->request;
    TRY(authz_request_check(x, r));
    if (!is_login_good_enough(x, z))
        return RC_NONE;
    return authorize_expects(x, r, z->session->user_id);
}

static enum rc issue(struct exchange *x, const struct authorization *z)
{
    struct writing w = { .x = x, .z = z };
    const char *value = random_token(x->arena);

    fill_code(x, z, value, &w.code);
    TRY(db_write(x->db, write_all, &w));
    if (client_touch_is_due(z->request->client, x->now))
        z->request->client->last_used_at = x->now;
    if (z->password != NULL)
        z->password->is_recorded = true;
    if (z->cookie != NULL)
        session_cookie_set(x, z->cookie);
    return respond_to_client(x, z->request->to, "code", value, NULL);
}

enum rc authorize_complete(struct exchange *x, const struct authorization *z)
{
    struct authorization checked = *z;
    struct authz_request r;
    enum rc rc = check_again(x, z, &r);

    checked.request = &r;
    if (rc == RC_OK)
        rc = issue(x, &checked);
    return rc == RC_NONE ? refuse(&x->no, REFUSE_LOGIN_REQUIRED, NULL) : rc;
}

/* --- the endpoint ---------------------------------------------------------- */

static bool is_reusable(struct exchange *x, const struct authz_request *r, const char *hinted_sub)
{
    if (!x->settings->sso_enabled || authz_prompt_has(r, "login"))
        return false;
    if (!session_is_fresh(x, x->session, idle_limit_s(x, r), r->max_age))
        return false;
    return hinted_sub == NULL || text_same(hinted_sub, x->session->user_id);
}

/* What the session lacks: a factor that is demanded here, or since it began. */
static enum rc what_is_missing(struct exchange *x, const struct authz_request *r, struct assurance *out)
{
    const struct session *s = x->session;
    struct user u;
    struct assurance_ask ask = { .user = &u, .client = r->client, .acr_values = r->acr_values, .acr = s->acr,
                                 .trusted_device_id = s->trusted_device_id };

    TRY(users_by_id(x->db, x->arena, s->user_id, &u));
    return assurance_next(x, &ask, out);
}

/* The missing factor only, not a new login (design D26). */
static enum rc step_up(struct exchange *x, const struct authz_request *r, enum assurance_step step)
{
    struct second_factor s = { r, x->session->user_id, step, x->session->amr, x->session->id, NULL };

    if (authz_prompt_has(r, "none"))
        return refuse(&x->no, REFUSE_INTERACTION_REQUIRED, NULL);
    if (step == ASSURANCE_STUCK)
        return interaction_login_page(x, r, "mfa_unavailable");
    if (step == ASSURANCE_PASSKEY)
        return interaction_login_page(x, r, "use_passkey");
    return second_factor_begin(x, &s);
}

static enum rc reuse_session(struct exchange *x, const struct authz_request *r)
{
    struct authorization z = { .request = r, .session = x->session };
    struct assurance next;
    enum rc rc = what_is_missing(x, r, &next);

    if (rc == RC_NONE) /* deactivated this very moment */
        return refuse(&x->no, REFUSE_LOGIN_REQUIRED, NULL);
    TRY(rc);
    return next.step == ASSURED ? authorize_complete(x, &z) : step_up(x, r, next.step);
}

static const char *error_of(struct exchange *x, const struct authz_request *r, const char *hinted_sub)
{
    const char *code = param_get(&x->rq->query, "error", NULL);

    if (code != NULL)
        return code;
    if (authz_prompt_has(r, "create"))
        return "signup_disabled";
    if (hinted_sub != NULL && x->session != NULL && !text_same(hinted_sub, x->session->user_id))
        return "other_user";
    return NULL;
}

static enum rc ask_to_sign_in(struct exchange *x, const struct authz_request *r, const char *hinted_sub)
{
    if (authz_prompt_has(r, "none"))
        return refuse(&x->no, REFUSE_LOGIN_REQUIRED, NULL);
    return interaction_login_page(x, r, error_of(x, r, hinted_sub));
}

/* SSO cookies are Lax: on a POST from another site they are not there, so the
 * session is looked at after a GET of our own (http-api 5.1, 13). */
static enum rc turn_into_get(struct exchange *x, const struct authz_request *r)
{
    return respond_redirect(x, authz_request_url(x, r, NULL));
}

enum rc authorize_handle(struct exchange *x)
{
    struct authz_request r;
    const char *hinted_sub;

    TRY(authz_request_read(x, &r));
    if (x->rq->method == M_POST)
        return turn_into_get(x, &r);
    TRY(read_hint(x, &r, &hinted_sub));
    enum rc rc = session_find(x);
    if (rc != RC_OK && rc != RC_NONE)
        return rc;
    if (rc == RC_OK && is_reusable(x, &r, hinted_sub))
        return reuse_session(x, &r);
    return ask_to_sign_in(x, &r, hinted_sub);
}
