#include "config.h"

#include "authn/session.h"

#include <string.h>

#include "crypto/hash.h"
#include "crypto/random.h"
#include "http/cookie.h"
#include "http/request.h"
#include "store/settings_table.h"

#define USER_AGENT_MAX 512

/* design D8: a stolen backup must not be a stolen cookie */
static enum rc cookie_hash(struct exchange *x, const char *cookie, int key, struct bytes *out)
{
    uint8_t mac[SHA256_BYTES];

    TRY(keyring_mac(x->keys, KEY_SESSION, key, bytes_of(cookie), mac));
    *out = arena_bytes(x->arena, BYTES(mac));
    return RC_OK;
}

struct looking { struct exchange *x; const char *cookie; struct session *out; };

static enum rc find_under(void *arg, int key)
{
    const struct looking *l = arg;
    struct bytes hash;

    TRY(cookie_hash(l->x, l->cookie, key, &hash));
    return sessions_by_cookie(l->x->db, l->x->arena, hash, l->out);
}

/* The cookie secret was rotated with an overlap: who comes back until that ends stays signed in.
 * If it cannot be stored now, then the next time. */
static void take_over(struct exchange *x, const char *cookie, struct session *s)
{
    struct bytes hash;

    if (cookie_hash(x, cookie, 0, &hash) == RC_OK && sessions_rekey(x->db, s->id, s->cookie_hash, hash) == RC_OK)
        s->cookie_hash = hash;
}

enum rc session_find(struct exchange *x)
{
    const char *cookie = cookie_get(x->rq, x->conf->session_cookie_name);
    struct session *s = arena_new(x->arena, struct session);
    struct looking l = { x, cookie, s };
    bool goes_over;

    if (cookie == NULL || strlen(cookie) != TOKEN_CHARS || !is_base64url(cookie))
        return RC_NONE;
    TRY(keyring_look_up(x->keys, find_under, &l, &goes_over));
    if (goes_over)
        take_over(x, cookie, s);
    x->session = s;
    return RC_OK;
}

bool session_is_fresh(const struct exchange *x, const struct session *s, int64_t idle_limit_s,
                      int64_t max_age_s)
{
    int64_t absolute_s = x->settings->sso_session_max_age;

    if (idle_limit_s > 0 && x->now - s->last_activity_at >= idle_limit_s)
        return false;
    if (absolute_s > 0 && x->now - s->created_at >= absolute_s)
        return false;
    if (max_age_s == 0) /* like prompt=login, even within the second of the login (CO-16) */
        return false;
    return max_age_s < 0 || x->now - s->auth_time <= max_age_s;
}

static const char *new_cookie(struct exchange *x, struct bytes *hash)
{
    const char *cookie = random_token(x->arena);

    if (cookie_hash(x, cookie, KEY_MAKES, hash) != RC_OK)
        die("session: no current key");
    return cookie;
}

/* Seconds of life, 0: no end; what began at the result or later lives at `now`. */
static int64_t begin_of_life(int64_t now, int64_t life_s)
{
    return life_s > 0 ? now - life_s + 1 : 0;
}

void session_live_only(const struct exchange *x, struct sessions_query *q)
{
    q->now = x->now;
    q->created_from = begin_of_life(x->now, x->settings->sso_session_max_age);
    q->active_from = begin_of_life(x->now, x->settings->sso_session_idle_timeout);
}

void session_new(struct exchange *x, const char *user_id, const char *acr, const char *amr,
                 struct session *out, const char **cookie)
{
    struct session s = { 0 };

    *cookie = new_cookie(x, &s.cookie_hash);
    s.id = random_id(x->arena, x->now);
    s.user_id = user_id;
    s.auth_time = s.created_at = s.last_activity_at = x->now;
    s.acr = acr;
    s.amr = amr;
    s.user_agent = arena_strndup(x->arena, x->rq->user_agent,
                                 strnlen(x->rq->user_agent, USER_AGENT_MAX));
    s.ip_address = x->rq->address;
    *out = s;
}

void session_stronger(struct exchange *x, const struct session *s, const char *acr, const char *amr,
                      struct session *out, const char **cookie)
{
    struct session stronger = *s;

    *cookie = new_cookie(x, &stronger.cookie_hash);
    stronger.acr = acr;
    stronger.amr = amr;
    stronger.trusted_device_id = NULL;
    *out = stronger;
}

void session_cookie_set(struct exchange *x, const char *cookie)
{
    cookie_set(x, x->conf->session_cookie_name, cookie, "/", SAME_LAX,
               x->settings->sso_session_max_age);
}

void session_cookie_clear(struct exchange *x)
{
    cookie_clear(x, x->conf->session_cookie_name, "/");
}
