/* Who may call the admin and account APIs; declared in bearer.h. */
#include "config.h"

#include "oidc/bearer.h"

#include <string.h>

#include "authn/trail.h"
#include "crypto/hash.h"
#include "http/request.h"
#include "http/route.h"
#include "oidc/client_auth.h"
#include "store/replays.h"
#include "store/settings_table.h"
#include "store/users.h"

#define ACCOUNT_SCOPES "openid profile email"

/* ---- AUTENTICO_ADMIN_TOKEN (design D25) ---- */

static bool is_admin_token(const struct exchange *x, const char *token)
{
    uint8_t hash[SHA256_BYTES];
    bool is = false;

    sha256(bytes_of(token), hash);
    for (size_t i = 0; i < 2; i++)
        if (x->keys->has_admin_token[i] && ct_equal(BYTES(hash), BYTES(x->keys->admin_token_hash[i])))
            is = true;
    return is;
}

/* Its reads are recorded once per address and hour, in the pool and not once per
 * worker; this worker asks the database only when it does not remember. */
#define NOTED_N 16
static uint8_t noted[NOTED_N][SHA256_BYTES];
static size_t noted_next;

static bool is_noted(const uint8_t hash[SHA256_BYTES])
{
    for (size_t i = 0; i < NOTED_N; i++)
        if (memcmp(noted[i], hash, SHA256_BYTES) == 0) /* no secret */
            return true;
    return false;
}

struct use { struct exchange *x; struct bytes hash; };

static enum rc record_use(struct db *db, void *arg)
{
    struct use *u = arg;
    enum rc rc = replays_spend(db, u->hash, (u->x->now / 3600 + 1) * 3600);

    if (rc == RC_REFUSED) /* another worker did */
        return RC_OK;
    TRY(rc);
    return trail(u->x, "admin_token_used", NULL, NULL, NULL, (char *)NULL);
}

static enum rc note_admin_token(struct exchange *x)
{
    uint8_t hash[SHA256_BYTES];
    struct use u = { x, BYTES(hash) };

    if (x->rq->method != M_GET && x->rq->method != M_HEAD) /* changes write rows of their own */
        return RC_OK;
    sha256(bytes_of(arena_printf(x->arena, "admin-token %s %lld", x->rq->address, (long long)(x->now / 3600))), hash);
    if (is_noted(hash))
        return RC_OK;
    TRY(db_write(x->db, record_use, &u));
    memcpy(noted[noted_next], hash, SHA256_BYTES);
    noted_next = (noted_next + 1) % NOTED_N;
    return RC_OK;
}

/* ---- the steps of http-api 1.10 ---- */

/* 3: only when the setting names audiences. */
static enum rc check_setting_audience(struct exchange *x, const struct json *aud)
{
    const struct text_list *wanted = &x->settings->access_token_audiences;

    for (size_t i = 0; i < wanted->n; i++)
        if (audience_has(aud, wanted->v[i]))
            return RC_OK;
    return wanted->n == 0 ? RC_OK : refuse(&x->no, REFUSE_INVALID_TOKEN, NULL);
}

/* 4 */
static enum rc check_console_audience(struct exchange *x, const struct json *aud, bool needs_admin)
{
    if (audience_has(aud, "autentico-admin"))
        return RC_OK;
    if (needs_admin)
        return refuse(&x->no, REFUSE_FORBIDDEN, "Token not issued for admin API");
    if (audience_has(aud, "autentico-account"))
        return RC_OK;
    return refuse(&x->no, REFUSE_FORBIDDEN, "Token not issued for account API");
}

/* 5 */
static enum rc check_scope(struct exchange *x, const struct token_value *v, bool needs_admin)
{
    if (needs_admin || text_list_within(ACCOUNT_SCOPES, v->view.token.scope))
        return RC_OK;
    return refuse(&x->no, REFUSE_INSUFFICIENT_SCOPE, "The access token lacks one of the scopes " ACCOUNT_SCOPES);
}

/* 6: the person as of now, by the row: `sub` is a client_id where nobody signed in. */
static enum rc load_person(struct exchange *x, const char *user_id)
{
    struct user *u = arena_new(x->arena, struct user);
    enum rc rc = user_id != NULL ? users_by_id(x->db, x->arena, user_id, u) : RC_NONE;

    if (rc == RC_NONE)
        return refuse(&x->no, REFUSE_INVALID_TOKEN, NULL);
    TRY(rc);
    x->user = u;
    return RC_OK;
}

static enum rc check_steps(struct exchange *x, const struct token_value *v, bool needs_admin)
{
    struct json *aud;

    TRY(token_audience(x, v, &aud));
    TRY(check_setting_audience(x, aud));
    TRY(check_console_audience(x, aud, needs_admin));
    TRY(check_scope(x, v, needs_admin));
    TRY(load_person(x, v->view.family.user_id));
    if (needs_admin && !text_same(x->user->role, "admin")) /* 7 */
        return refuse(&x->no, REFUSE_FORBIDDEN, NULL);
    return bearer_live(x, v); /* 8, 9 */
}

enum rc bearer_api(struct exchange *x, bool needs_admin)
{
    struct token_value v;
    const char *token;

    TRY(bearer_token(x, false, &token)); /* 1, 2 */
    if (needs_admin && is_admin_token(x, token)) {
        x->is_admin_token = true;
        return note_admin_token(x);
    }
    TRY(bearer_read(x, token, &v)); /* 3 */
    enum rc rc = check_steps(x, &v, needs_admin);
    if (rc != RC_OK)
        x->user = NULL;
    return rc;
}

/* ---- introspection and revocation ---- */

/* 6.3: any live token of an administrator; its audience is not looked at. */
static enum rc admin_bearer(struct exchange *x)
{
    const char *token;

    TRY(bearer_token(x, false, &token));
    TRY(bearer_check(x, token));
    TRY(load_person(x, x->token->family.user_id));
    if (text_same(x->user->role, "admin"))
        return RC_OK;
    x->user = NULL;
    return refuse(&x->no, REFUSE_INSUFFICIENT_SCOPE, "The token does not belong to an administrator");
}

enum rc client_or_admin(struct exchange *x)
{
    if (x->rq->has_authorization && !client_has_basic(x))
        return admin_bearer(x);
    return client_authenticate(x, CLIENT_REQUIRED);
}
