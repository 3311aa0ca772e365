#include "config.h"

#include "http/cookie.h"

#include <time.h>

static const char *common(const struct exchange *x, enum same_site same_site)
{
    return arena_printf(x->arena, "HttpOnly; SameSite=%s%s", same_site == SAME_STRICT ? "Strict" : "Lax",
                        x->conf->is_https ? "; Secure" : "");
}

/* RFC 6265 wants the old date form; Max-Age wins where both are understood. */
static const char *http_date(struct arena *a, int64_t at)
{
    char text[40];
    time_t t = (time_t)at;
    struct tm tm;

    gmtime_r(&t, &tm);
    strftime(text, sizeof(text), "%a, %d %b %Y %H:%M:%S GMT", &tm);
    return arena_strdup(a, text);
}

void cookie_set(struct exchange *x, const char *name, const char *value, const char *path, enum same_site same_site,
                int64_t max_age_s)
{
    const char *life = "";

    if (max_age_s != 0)
        life = arena_printf(x->arena, "; Max-Age=%lld; Expires=%s", (long long)(max_age_s > 0 ? max_age_s : 0),
                            http_date(x->arena, max_age_s > 0 ? x->now + max_age_s : 0));
    response_header(x, "Set-Cookie", "%s=%s; Path=%s%s; %s", name, value, path, life, common(x, same_site));
}

void cookie_clear(struct exchange *x, const char *name, const char *path)
{
    cookie_set(x, name, "", path, SAME_LAX, -1);
}
