#include "config.h"

#include "http/request.h"

#include <arpa/inet.h>
#include <string.h>

#include "crypto/random.h"
#include "util/uri.h"

#define COOKIES_MAX 100

/* What we read of the environment.  Any of these twice is refused (design D11). */
enum var {
    V_METHOD, V_URI, V_QUERY, V_TYPE, V_LENGTH, V_REMOTE, V_HTTPS, V_SCHEME, V_FORWARDED_FOR,
    V_FORWARDED_PROTO, V_HOST, V_AUTHORIZATION, V_USER_AGENT, V_ORIGIN, V_REFERER, V_SEC_FETCH_SITE,
    V_CSRF, V_ACCEPT, V_IF_NONE_MATCH, V_COOKIE, V_FRONT_SECRET, VARS_N
};

#define VAR(name) { name, sizeof(name) - 1 }

static const struct { const char *name; size_t n; } var_names[VARS_N] = {
    [V_METHOD] = VAR("REQUEST_METHOD"),
    [V_URI] = VAR("REQUEST_URI"),
    [V_QUERY] = VAR("QUERY_STRING"),
    [V_TYPE] = VAR("CONTENT_TYPE"),
    [V_LENGTH] = VAR("CONTENT_LENGTH"),
    [V_REMOTE] = VAR("REMOTE_ADDR"),
    [V_HTTPS] = VAR("HTTPS"),
    [V_SCHEME] = VAR("REQUEST_SCHEME"),
    [V_FORWARDED_FOR] = VAR("HTTP_X_FORWARDED_FOR"),
    [V_FORWARDED_PROTO] = VAR("HTTP_X_FORWARDED_PROTO"),
    [V_HOST] = VAR("HTTP_HOST"),
    [V_AUTHORIZATION] = VAR("HTTP_AUTHORIZATION"),
    [V_USER_AGENT] = VAR("HTTP_USER_AGENT"),
    [V_ORIGIN] = VAR("HTTP_ORIGIN"),
    [V_REFERER] = VAR("HTTP_REFERER"),
    [V_SEC_FETCH_SITE] = VAR("HTTP_SEC_FETCH_SITE"),
    [V_CSRF] = VAR("HTTP_X_CSRF_TOKEN"),
    [V_ACCEPT] = VAR("HTTP_ACCEPT"),
    [V_IF_NONE_MATCH] = VAR("HTTP_IF_NONE_MATCH"),
    [V_COOKIE] = VAR("HTTP_COOKIE"),
    [V_FRONT_SECRET] = VAR("AUTENTICO_FRONT_SECRET"),
};

struct building {
    struct arena *arena;
    const struct conf *conf;
    const char *vars[VARS_N]; /* NULL: absent */
    struct request *rq;
    struct refusal *no;
};

static int var_of(const char *entry, size_t n)
{
    for (int i = 0; i < VARS_N; i++)
        if (var_names[i].n == n && memcmp(var_names[i].name, entry, n) == 0)
            return i;
    return -1;
}

static enum rc read_vars(struct building *b, char *const *env)
{
    const char *twice = NULL;

    for (char *const *e = env; *e != NULL; e++) {
        const char *eq = strchr(*e, '=');
        int i = eq != NULL ? var_of(*e, (size_t)(eq - *e)) : -1;

        if (i < 0)
            continue;
        if (b->vars[i] != NULL)
            twice = var_names[i].name;
        b->vars[i] = eq + 1;
    }
    if (twice != NULL)
        return refuse(b->no, REFUSE_BAD_REQUEST, "%s was sent twice", twice);
    return RC_OK;
}

static const char *var(const struct building *b, enum var i)
{
    return text_or(b->vars[i], "");
}

static enum method method_of(const char *text)
{
    static const struct { const char *text; enum method method; } known[] = {
        { "GET", M_GET },       { "POST", M_POST },   { "PUT", M_PUT },   { "DELETE", M_DELETE },
        { "PATCH", M_PATCH },   { "OPTIONS", M_OPTIONS }, { "HEAD", M_HEAD },
    };

    for (size_t i = 0; i < ARRAY_LEN(known); i++)
        if (strcmp(known[i].text, text) == 0)
            return known[i].method;
    return M_OTHER;
}

/* --- path and query ------------------------------------------------------- */

/* An encoded slash or dot would mean one path to the web server and another to us. */
static bool has_encoded_trick(const char *path)
{
    for (const char *p = path; (p = strchr(p, '%')) != NULL; p++)
        if (strncasecmp(p, "%2f", 3) == 0 || strncasecmp(p, "%5c", 3) == 0 ||
            strncasecmp(p, "%2e", 3) == 0 || strncmp(p, "%00", 3) == 0)
            return true;
    return strchr(path, '\\') != NULL;
}

/* A path is not a form component: '+' is itself. */
static enum rc decode_path(struct arena *a, const char *raw, char **out)
{
    struct sbuf plus;

    if (strchr(raw, '+') == NULL)
        return form_decode(a, raw, strlen(raw), out);
    sbuf_init(&plus, a, strlen(raw) + 8);
    for (const char *p = raw; *p != '\0'; p++) {
        if (*p == '+')
            sbuf_add(&plus, "%2B");
        else
            sbuf_addc(&plus, *p);
    }
    return form_decode(a, plus.text, plus.n, out);
}

static enum rc read_target(struct building *b)
{
    const char *uri = var(b, V_URI), *question = strchr(uri, '?');
    char *raw = arena_strndup(b->arena, uri, question != NULL ? (size_t)(question - uri) : strlen(uri));
    char *path;

    b->rq->raw_path = raw;
    b->rq->query_text = question != NULL ? arena_strdup(b->arena, question + 1) : "";
    if (raw[0] != '/' || has_encoded_trick(raw) || decode_path(b->arena, raw, &path) != RC_OK ||
        !is_text(path))
        return refuse(b->no, REFUSE_BAD_REQUEST, "The path is malformed");
    b->rq->path = path;
    b->rq->is_bad_query = params_parse(b->arena, b->rq->query_text, strlen(b->rq->query_text),
                                       &b->rq->query) != RC_OK;
    return RC_OK;
}

/* Old browsers and odd programs put Latin-1 here; it is only shown and logged. */
static const char *as_text(struct arena *a, const char *value)
{
    char *copy;

    if (is_text(value))
        return value;
    copy = arena_strdup(a, value);
    for (char *p = copy; *p != '\0'; p++)
        if ((unsigned char)*p < 0x20 || (unsigned char)*p > 0x7e)
            *p = '?';
    return copy;
}

/* --- body ----------------------------------------------------------------- */

static const char *media_type(struct arena *a, const char *text)
{
    size_t n = strcspn(text, ";");

    return text_lower(a, text_trim(a, arena_strndup(a, text, n)));
}

static void read_body(struct building *b, struct bytes body)
{
    struct request *rq = b->rq;

    rq->body = body;
    rq->content_type = media_type(b->arena, as_text(b->arena, var(b, V_TYPE)));
    rq->is_form = text_same(rq->content_type, "application/x-www-form-urlencoded");
    if (rq->is_form)
        rq->is_bad_form = params_parse(b->arena, (const char *)body.p, body.n, &rq->form) != RC_OK;
}

/* --- who is asking -------------------------------------------------------- */

/* Canonical text; NULL: not an address.  IPv4 that came in by a socket for both is
 * IPv4, or all of it would share one IPv6 bucket. */
static const char *address_of(struct arena *a, const char *text)
{
    static const uint8_t mapped[12] = { [10] = 0xff, [11] = 0xff };
    uint8_t raw[16];
    char out[INET6_ADDRSTRLEN];

    if (inet_pton(AF_INET, text, raw) == 1)
        return text;
    if (inet_pton(AF_INET6, text, raw) != 1)
        return NULL;
    if (memcmp(raw, mapped, sizeof(mapped)) == 0)
        inet_ntop(AF_INET, raw + sizeof(mapped), out, sizeof(out));
    else
        inet_ntop(AF_INET6, raw, out, sizeof(out));
    return arena_strdup(a, out);
}

/* Some proxies write "192.0.2.1:5678" and "[2001:db8::1]:5678". */
static const char *without_port(struct arena *a, const char *entry)
{
    const char *colon = strchr(entry, ':');

    if (entry[0] == '[')
        return arena_strndup(a, entry + 1, strcspn(entry + 1, "]"));
    if (colon != NULL && strchr(colon + 1, ':') == NULL)
        return arena_strndup(a, entry, (size_t)(colon - entry));
    return entry;
}

/* The right-most entry that is not one of our proxies (design D11).  Anything that
 * is no address ends the walk: what stands left of it cannot be trusted. */
static const char *forwarded_address(const struct building *b, const char *peer)
{
    struct text_list list = text_split(b->arena, var(b, V_FORWARDED_FOR), ',');
    const char *out = peer;

    for (size_t i = list.n; i > 0; i--) {
        const char *entry = without_port(b->arena, text_trim(b->arena, list.v[i - 1]));
        const char *address = address_of(b->arena, entry);

        if (address == NULL)
            return out;
        out = address;
        if (!net_has(&b->conf->trusted_proxies, address))
            return out;
    }
    return out;
}

/* What the nearest proxy says: further ones stand left of it. */
static bool is_forwarded_https(const struct building *b)
{
    struct text_list list = text_split(b->arena, var(b, V_FORWARDED_PROTO), ',');

    return list.n > 0 && text_same_nocase(text_trim(b->arena, list.v[list.n - 1]), "https");
}

/* IPv6 buckets are per /64: a subscriber has that many addresses. */
static const char *limit_key(struct arena *a, const char *address)
{
    uint8_t raw[16];
    char text[INET6_ADDRSTRLEN];

    if (inet_pton(AF_INET6, address, raw) != 1)
        return address;
    memset(raw + 8, 0, 8);
    inet_ntop(AF_INET6, raw, text, sizeof(text));
    return arena_printf(a, "%s/64", text);
}

static void read_peer(struct building *b)
{
    struct request *rq = b->rq;
    const char *peer = var(b, V_REMOTE);

    rq->address = text_or(address_of(b->arena, peer), "");
    rq->is_secure = text_same_nocase(var(b, V_HTTPS), "on") || text_same(var(b, V_HTTPS), "1") ||
                    text_same_nocase(var(b, V_SCHEME), "https");
    if (net_has(&b->conf->trusted_proxies, rq->address)) {
        rq->address = forwarded_address(b, rq->address);
        if (b->vars[V_FORWARDED_PROTO] != NULL)
            rq->is_secure = is_forwarded_https(b);
    } else if (!rq->is_secure) {
        rq->is_forwarded_untrusted = is_forwarded_https(b);
    }
    rq->limit_key = limit_key(b->arena, rq->address);
}

/* --- headers -------------------------------------------------------------- */

/* Other applications of the host have cookies too: what is not text is not ours. */
static void read_cookies(struct building *b)
{
    struct text_list list = text_split(b->arena, var(b, V_COOKIE), ';');
    struct params *out = &b->rq->cookies;

    out->v = arena_array(b->arena, struct param, list.n < COOKIES_MAX ? list.n : COOKIES_MAX);
    for (size_t i = 0; i < list.n && out->n < COOKIES_MAX; i++) {
        char *pair = text_trim(b->arena, list.v[i]), *eq = strchr(pair, '=');

        if (eq == NULL || eq == pair || !is_text(pair))
            continue;
        *eq = '\0';
        out->v[out->n++] = (struct param){ pair, eq + 1 };
    }
}

static enum rc read_headers(struct building *b)
{
    static const enum var strict[] = { V_HOST, V_AUTHORIZATION, V_ORIGIN, V_SEC_FETCH_SITE, V_CSRF };
    struct request *rq = b->rq;

    for (size_t i = 0; i < ARRAY_LEN(strict); i++)
        if (!is_text(var(b, strict[i])))
            return refuse(b->no, REFUSE_BAD_REQUEST, "%s is malformed", var_names[strict[i]].name);
    rq->host = var(b, V_HOST);
    rq->authorization = var(b, V_AUTHORIZATION);
    rq->has_authorization = b->vars[V_AUTHORIZATION] != NULL;
    rq->origin = var(b, V_ORIGIN);
    rq->sec_fetch_site = var(b, V_SEC_FETCH_SITE);
    rq->csrf_header = var(b, V_CSRF);
    rq->user_agent = as_text(b->arena, var(b, V_USER_AGENT));
    rq->referer = as_text(b->arena, var(b, V_REFERER));
    rq->accept = as_text(b->arena, var(b, V_ACCEPT));
    rq->if_none_match = as_text(b->arena, var(b, V_IF_NONE_MATCH));
    read_cookies(b);
    return RC_OK;
}

static void set_defaults(struct request *rq)
{
    const char **texts[] = { &rq->method_text, &rq->path, &rq->raw_path, &rq->query_text, &rq->content_type,
                             &rq->address, &rq->limit_key, &rq->host, &rq->authorization, &rq->user_agent,
                             &rq->origin, &rq->referer, &rq->sec_fetch_site, &rq->csrf_header, &rq->accept,
                             &rq->if_none_match, &rq->front_secret };

    for (size_t i = 0; i < ARRAY_LEN(texts); i++)
        *texts[i] = "";
}

static const char *new_id(struct arena *a)
{
    uint8_t raw[12];

    random_bytes(raw, sizeof(raw));
    return base64url_encode(a, BYTES(raw));
}

enum rc request_build(struct arena *a, const struct conf *conf, char *const *env, struct bytes body,
                      struct request *out, struct refusal *no)
{
    struct building b = { .arena = a, .conf = conf, .rq = out, .no = no };

    memset(out, 0, sizeof(*out));
    set_defaults(out);
    out->id = new_id(a);
    enum rc rc = read_vars(&b, env);
    out->front_secret = var(&b, V_FRONT_SECRET);
    out->method_text = is_vschar(var(&b, V_METHOD)) ? var(&b, V_METHOD) : "";
    out->method = method_of(out->method_text);
    read_peer(&b);
    TRY(read_target(&b)); /* first: what is wrong besides is said in the language of the path */
    TRY(rc);
    TRY(read_headers(&b));
    read_body(&b, body);
    return RC_OK;
}

const char *request_with_query(struct arena *a, const struct request *rq, const char *uri)
{
    return *rq->query_text != '\0' ? arena_printf(a, "%s?%s", uri, rq->query_text) : uri;
}
