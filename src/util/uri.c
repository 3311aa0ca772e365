#include "config.h"

#include "util/uri.h"

#include <arpa/inet.h>
#include <string.h>

#include "util/text.h"

#define ALPHA "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
#define DIGIT "0123456789"
#define UNRESERVED ALPHA DIGIT "-._~"
#define SUB_DELIMS "!$&'()*+,;="
#define PCHAR UNRESERVED SUB_DELIMS ":@"

/* A stretch of the text being parsed; p NULL: not there. */
struct part {
    const char *p;
    size_t n;
};

struct parts {
    struct part scheme, authority, path, query, fragment;
};

static int hex_value(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    if (c >= 'a' && c <= 'f')
        return c - 'a' + 10;
    return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

/* The byte of the "%41" at p; -1: not one. */
static int percent_value(const char *p, size_t n)
{
    if (n < 3 || p[0] != '%' || hex_value(p[1]) < 0 || hex_value(p[2]) < 0)
        return -1;
    return hex_value(p[1]) * 16 + hex_value(p[2]);
}

/* Only characters of `allowed` and percent-encoded bytes. */
static bool is_made_of(struct part part, const char *allowed)
{
    size_t i = 0;

    /* the text goes on behind the part, to its NUL */
    while (part.n > 0 && (i += strspn(part.p + i, allowed)) < part.n) {
        if (percent_value(part.p + i, part.n - i) < 0)
            return false;
        i += 3;
    }
    return true;
}

/* From *p up to one of `stops`; *p moves to the stop. */
static struct part take_until(const char **p, const char *stops)
{
    struct part part = { *p, strcspn(*p, stops) };

    *p += part.n;
    return part;
}

/* RFC 3986 appendix B */
static struct parts split(const char *p)
{
    struct parts s = { 0 };

    s.scheme = take_until(&p, ":/?#");
    if (*p++ != ':')
        return (struct parts){ 0 };
    if (text_starts(p, "//")) {
        p += 2;
        s.authority = take_until(&p, "/?#");
    }
    s.path = take_until(&p, "?#");
    if (*p == '?') {
        p++;
        s.query = take_until(&p, "#");
    }
    if (*p == '#')
        s.fragment = (struct part){ p + 1, strlen(p + 1) };
    return s;
}

static bool is_scheme(struct part s)
{
    return s.n > 0 && strchr(ALPHA, s.p[0]) != NULL && strspn(s.p, ALPHA DIGIT "+-.") >= s.n;
}

static bool is_web(const char *scheme)
{
    return text_same(scheme, "http") || text_same(scheme, "https");
}

/* "[…]" with an IPv6 address; no zone, no IPvFuture. */
static bool is_ip6_host(const char *host, struct in6_addr *out)
{
    char address[INET6_ADDRSTRLEN];
    size_t n = strlen(host);

    if (n < 4 || n - 2 >= sizeof(address) || host[0] != '[' || host[n - 1] != ']')
        return false;
    memcpy(address, host + 1, n - 2);
    address[n - 2] = '\0';
    return inet_pton(AF_INET6, address, out) == 1;
}

/* No percent-encoding in a host: browsers decode it, so two texts would name
 * one host. */
static bool is_host(const char *host)
{
    struct in6_addr ignored;

    if (host[0] == '[')
        return is_ip6_host(host, &ignored);
    return host[strspn(host, UNRESERVED SUB_DELIMS)] == '\0';
}

/* ":1" to ":65535", 0 when empty; -1: neither. */
static int port_of(struct part text)
{
    int port = 0;

    if (text.n == 0)
        return 0;
    if (text.n < 2 || text.n > 6 || text.p[0] != ':' || text.p[1] == '0')
        return -1;
    for (size_t i = 1; i < text.n; i++) {
        if (text.p[i] < '0' || text.p[i] > '9')
            return -1;
        port = port * 10 + (text.p[i] - '0');
    }
    return port <= 65535 ? port : -1;
}

/* RFC 3986 3.2; userinfo has no place here: '@' is in no host. */
static enum rc parse_authority(struct arena *a, struct part authority, struct uri *out)
{
    const char *bracket = authority.n > 0 ? memchr(authority.p, ']', authority.n) : NULL;
    size_t skip = bracket != NULL ? (size_t)(bracket - authority.p) : 0;
    const char *colon = memchr(authority.p + skip, ':', authority.n - skip);
    size_t host_n = colon != NULL ? (size_t)(colon - authority.p) : authority.n;
    char *host = text_lower(a, arena_strndup(a, authority.p, host_n));
    int port = port_of((struct part){ authority.p + host_n, authority.n - host_n });

    if (!is_host(host) || port < 0)
        return RC_NONE;
    out->host = host;
    out->port = port;
    return RC_OK;
}

static const char *copy(struct arena *a, struct part part)
{
    return arena_strndup(a, part.p, part.n);
}

enum rc uri_parse(struct arena *a, const char *text, struct uri *out)
{
    struct parts s = split(text == NULL ? "" : text);
    struct uri u = { 0 };

    if (!is_scheme(s.scheme) || !is_made_of(s.path, PCHAR "/") ||
        !is_made_of(s.query, PCHAR "/?") || !is_made_of(s.fragment, PCHAR "/?"))
        return RC_NONE;
    u.scheme = text_lower(a, copy(a, s.scheme));
    if (s.authority.p != NULL)
        TRY(parse_authority(a, s.authority, &u));
    if (is_web(u.scheme) && text_empty(u.host)) /* RFC 9110 4.2.1 */
        return RC_NONE;
    u.path = copy(a, s.path);
    u.query = copy(a, s.query);
    u.fragment = copy(a, s.fragment);
    *out = u;
    return RC_OK;
}

bool is_uri(const char *text)
{
    struct arena *a;
    struct uri ignored;
    bool is;

    if (text_empty(text))
        return true;
    a = arena_start("is_uri");
    is = uri_parse(a, text, &ignored) == RC_OK;
    arena_done(a);
    return is;
}

bool uri_is_loopback_host(const char *host)
{
    struct in_addr v4;
    struct in6_addr v6;

    if (text_empty(host))
        return false;
    if (text_same_nocase(host, "localhost"))
        return true;
    if (strlen(host) > strlen(".localhost") && host[0] != '.' &&
        text_same_nocase(host + strlen(host) - strlen(".localhost"), ".localhost"))
        return true;
    if (inet_pton(AF_INET, host, &v4) == 1)
        return ntohl(v4.s_addr) >> 24 == 127;
    return is_ip6_host(host, &v6) && IN6_IS_ADDR_LOOPBACK(&v6);
}

int uri_default_port(const char *scheme)
{
    if (text_same_nocase(scheme, "https"))
        return 443;
    return text_same_nocase(scheme, "http") ? 80 : 0;
}

char *uri_origin(struct arena *a, const struct uri *u)
{
    const char *host = text_or(u->host, "");

    if (u->port == 0 || u->port == uri_default_port(u->scheme))
        return arena_printf(a, "%s://%s", u->scheme, host);
    return arena_printf(a, "%s://%s:%d", u->scheme, host, u->port);
}

/* What must stand before another parameter.  Behind a '#' the parameters are
 * the fragment's (response_mode=fragment). */
static const char *glue_for(const char *uri)
{
    const char *fragment = strchr(uri, '#');
    const char *start = fragment != NULL ? fragment : strchr(uri, '?');

    if (start == NULL)
        return "?";
    return start[1] == '\0' || text_ends(start, "&") ? "" : "&";
}

void uri_add_param(struct sbuf *b, const char *name, const char *value)
{
    if (value == NULL)
        return;
    sbuf_add(b, glue_for(b->text));
    sbuf_urlencode(b, name);
    sbuf_addc(b, '=');
    sbuf_urlencode(b, value);
}

/* What stands for itself: mostly all of it, and a thousand characters of a token. */
static size_t plain_run(const char *p, size_t n)
{
    size_t i = 0;

    while (i < n && p[i] != '%' && p[i] != '+' && p[i] != '\0')
        i++;
    return i;
}

enum rc form_decode(struct arena *a, const char *p, size_t n, char **out)
{
    char *text = arena_alloc(a, n + 1);
    size_t used = 0;

    for (size_t i = 0; i < n;) {
        size_t plain = plain_run(p + i, n - i);

        memcpy(text + used, p + i, plain);
        used += plain;
        i += plain;
        if (i == n)
            break;
        int c = p[i] == '+' ? ' ' : percent_value(p + i, n - i);
        if (c <= 0) /* a NUL, as it is or encoded, or no encoding at all */
            return RC_NONE;
        text[used++] = (char)c;
        i += p[i] == '+' ? 1 : 3;
    }
    if (!text_is_utf8(text, used))
        return RC_NONE;
    *out = text;
    return RC_OK;
}
