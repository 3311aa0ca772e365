#include "config.h"

#include "http/csrf.h"

#include <string.h>

#include "crypto/hash.h"
#include "crypto/random.h"
#include "http/cookie.h"
#include "http/request.h"
#include "util/uri.h"

/* Cookie: random(16) issued_at(4, big-endian) mac(12), as base64url. */
#define RANDOM_N 16
#define STAMP_N 4
#define MAC_N 12
#define COOKIE_N (RANDOM_N + STAMP_N + MAC_N)
#define CLOCK_STEP_S 60 /* our clock may have been set back since */

static enum rc cookie_mac(const struct exchange *x, int i, const uint8_t *raw, uint8_t out[MAC_N])
{
    uint8_t full[32];

    TRY(keyring_mac(x->keys, KEY_CSRF, i, (struct bytes){ raw, RANDOM_N + STAMP_N }, full));
    memcpy(out, full, MAC_N);
    return RC_OK;
}

static int64_t stamp_of(const uint8_t *raw)
{
    const uint8_t *p = raw + RANDOM_N;

    return (int64_t)p[0] << 24 | (int64_t)p[1] << 16 | (int64_t)p[2] << 8 | p[3];
}

/* Made by us, with this key or the previous one, and not too old. */
static bool is_own_cookie(const struct exchange *x, const char *cookie)
{
    uint8_t mac[MAC_N];
    struct bytes raw;

    if (base64url_decode(x->arena, cookie, &raw) != RC_OK || raw.n != COOKIE_N)
        return false;
    if (stamp_of(raw.p) + CSRF_LIFE_S <= x->now || stamp_of(raw.p) > x->now + CLOCK_STEP_S)
        return false;
    for (int i = 0; i < 2; i++)
        if (cookie_mac(x, i, raw.p, mac) == RC_OK &&
            ct_equal(BYTES(mac), (struct bytes){ raw.p + RANDOM_N + STAMP_N, MAC_N }))
            return true;
    return false;
}

static const char *new_cookie(struct exchange *x)
{
    uint8_t raw[COOKIE_N];

    random_bytes(raw, RANDOM_N);
    for (int i = 0; i < STAMP_N; i++)
        raw[RANDOM_N + i] = (uint8_t)(x->now >> (24 - 8 * i));
    if (cookie_mac(x, KEY_MAKES, raw, raw + RANDOM_N + STAMP_N) != RC_OK)
        die("csrf: no key");
    return base64url_encode(x->arena, BYTES(raw));
}

/* The browser's cookie, if we made it.  A neighbouring host can plant others of that
 * name beside it. */
static const char *own_cookie(const struct exchange *x)
{
    const struct params *p = &x->rq->cookies;

    for (size_t i = 0; i < p->n; i++)
        if (strcmp(p->v[i].name, CSRF_COOKIE) == 0 && is_own_cookie(x, p->v[i].value))
            return p->v[i].value;
    return NULL;
}

const char *csrf_cookie(struct exchange *x)
{
    if (x->csrf_cookie == NULL)
        x->csrf_cookie = own_cookie(x);
    if (x->csrf_cookie == NULL) {
        x->csrf_cookie = new_cookie(x);
        cookie_set(x, CSRF_COOKIE, x->csrf_cookie, "/", SAME_LAX, CSRF_LIFE_S);
    }
    return x->csrf_cookie;
}

/* What a token proves: this MAC of the whole cookie. */
static enum rc token_secret(const struct exchange *x, int i, const char *cookie, uint8_t out[32])
{
    struct bytes text = bytes_of(arena_printf(x->arena, "form token %s", cookie));

    return keyring_mac(x->keys, KEY_CSRF, i, text, out);
}

/* mask || mask XOR secret: another text each time, so that compression of the page
 * tells nothing. */
const char *csrf_token(struct exchange *x)
{
    const char *cookie = csrf_cookie(x);
    uint8_t token[64], secret[32];

    if (token_secret(x, KEY_MAKES, cookie, secret) != RC_OK)
        die("csrf: no key");
    random_bytes(token, 32);
    for (int i = 0; i < 32; i++)
        token[32 + i] = token[i] ^ secret[i];
    return base64url_encode(x->arena, BYTES(token));
}

struct bytes csrf_binding(struct exchange *x)
{
    const char *cookie = csrf_cookie(x);
    uint8_t full[32];

    sha256(bytes_of(cookie), full);
    return arena_bytes(x->arena, (struct bytes){ full, 16 });
}

/* --- checking ------------------------------------------------------------- */

static enum rc refuse_csrf(struct exchange *x)
{
    return refuse(&x->no, REFUSE_CSRF, NULL);
}

static int port_of(const struct uri *u)
{
    return u->port != 0 ? u->port : uri_default_port(u->scheme);
}

static bool same_host(const struct exchange *x, const struct uri *u, const char *host_port)
{
    struct uri v;

    return uri_parse(x->arena, arena_printf(x->arena, "%s://%s", u->scheme, host_port), &v) == RC_OK &&
           text_same(u->host, v.host) && port_of(u) == port_of(&v);
}

/* Ours is the host[:port] of APP_URL; the request's own only over https (http-api 1.5).
 * What a page that came in the clear sends is not ours where our pages are encrypted. */
static bool is_own_origin(const struct exchange *x, const char *text)
{
    struct uri u;

    if (uri_parse(x->arena, text, &u) != RC_OK || text_empty(u.host))
        return false;
    if (same_host(x, &u, x->conf->host_port))
        return !x->conf->is_https || text_same(u.scheme, "https");
    return text_same(u.scheme, "https") && x->rq->is_secure && same_host(x, &u, x->rq->host);
}

/* Paths hold things that no URI should: only the origin counts. */
static const char *origin_of(struct arena *a, const char *referer)
{
    const char *host = strstr(referer, "://");

    if (host == NULL)
        return "";
    return arena_strndup(a, referer, (size_t)(host - referer) + 3 + strcspn(host + 3, "/?#"));
}

static bool is_own_referer(const struct exchange *x, const char *text)
{
    struct uri u;

    if (uri_parse(x->arena, origin_of(x->arena, text), &u) != RC_OK || text_empty(u.host) ||
        !text_same(u.scheme, "https"))
        return false;
    return same_host(x, &u, x->conf->host_port) || same_host(x, &u, x->rq->host);
}

static enum rc check_origin(struct exchange *x)
{
    if (text_same(x->rq->sec_fetch_site, "cross-site"))
        return refuse_csrf(x);
    if (!text_empty(x->rq->origin))
        return is_own_origin(x, x->rq->origin) ? RC_OK : refuse_csrf(x);
    return is_own_referer(x, x->rq->referer) ? RC_OK : refuse_csrf(x);
}

static bool is_token_of(const struct exchange *x, struct bytes token, const char *cookie, int key)
{
    uint8_t secret[32], unmasked[32];

    if (token_secret(x, key, cookie, secret) != RC_OK)
        return false;
    for (int i = 0; i < 32; i++)
        unmasked[i] = token.p[i] ^ token.p[32 + i];
    return ct_equal(BYTES(unmasked), BYTES(secret));
}

static enum rc check_token(struct exchange *x)
{
    const char *cookie = own_cookie(x), *token = x->rq->csrf_header;
    bool is_repeated = false;
    struct bytes raw;

    if (text_empty(token))
        token = param_get(&x->rq->form, CSRF_FIELD, &is_repeated);
    if (cookie == NULL || token == NULL || is_repeated)
        return refuse_csrf(x);
    if (base64url_decode(x->arena, token, &raw) != RC_OK || raw.n != 64)
        return refuse_csrf(x);
    /* a page made before a rotation carries a token of the previous key */
    for (int i = 0; i < 2; i++)
        if (is_token_of(x, raw, cookie, i))
            return RC_OK;
    return refuse_csrf(x);
}

enum rc csrf_check(struct exchange *x)
{
    if (x->rq->method & (M_GET | M_HEAD | M_OPTIONS))
        return RC_OK;
    TRY(check_origin(x));
    TRY(check_token(x));
    response_header(x, "Vary", "Cookie");
    return RC_OK;
}
