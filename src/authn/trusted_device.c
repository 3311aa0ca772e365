#include "config.h"

#include "authn/trusted_device.h"

#include <string.h>

#include "crypto/hash.h"
#include "crypto/random.h"
#include "http/cookie.h"
#include "http/request.h"
#include "store/clients.h"
#include "store/settings_table.h"

#define NAME_MAX_BYTES 200 /* data-model, trusted_devices */

bool trusted_device_is_on(const struct exchange *x, const struct client *c)
{
    return c->trust_device_enabled >= 0 ? c->trust_device_enabled != 0 : x->settings->trust_device_enabled;
}

int64_t trusted_device_life_s(const struct exchange *x, const struct client *c)
{
    return text_duration_or(c->trust_device_expiration, x->settings->trust_device_expiration);
}

enum rc trusted_device_find(struct exchange *x, const struct client *c, const char *user_id, const char **id)
{
    const char *cookie = cookie_get(x->rq, TRUSTED_DEVICE_COOKIE);

    if (!trusted_device_is_on(x, c) || cookie == NULL || strlen(cookie) != TOKEN_CHARS || !is_base64url(cookie))
        return RC_NONE;
    return trusted_devices_use(x->db, x->arena, sha256_of(x->arena, cookie), user_id, x->now, id);
}

/* Cut between characters. */
static const char *name_of(struct arena *a, const char *user_agent)
{
    size_t n = strnlen(user_agent, NAME_MAX_BYTES);

    while (n > 0 && !text_is_utf8(user_agent, n))
        n--;
    return arena_strndup(a, user_agent, n);
}

void trusted_device_new(struct exchange *x, const struct client *c, const char *user_id, struct trusted_device *out,
                        const char **cookie)
{
    *cookie = random_token(x->arena);
    *out = (struct trusted_device){
        .id = random_id(x->arena, x->now),
        .cookie_hash = sha256_of(x->arena, *cookie),
        .user_id = user_id,
        .device_name = text_or(name_of(x->arena, x->rq->user_agent), "Unknown browser"),
        .created_at = x->now,
        .last_used_at = x->now,
        .expires_at = x->now + trusted_device_life_s(x, c),
    };
}

void trusted_device_cookie_set(struct exchange *x, const struct client *c, const char *cookie)
{
    cookie_set(x, TRUSTED_DEVICE_COOKIE, cookie, x->conf->oauth_path, SAME_STRICT, trusted_device_life_s(x, c));
}
