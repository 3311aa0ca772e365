/* The public address, as a stranger meets it. */
#include "config.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "cli/doctor.h"
#include "cli/outside.h"
#include "util/sbuf.h"

#define DAY_S 86400
#define EXPIRES_SOON_S (14 * DAY_S)
#define HSTS_MIN_S (180 * DAY_S)
#define CLOCKS_APART_S 30
#define STRANGER "https://doctor.autentico.invalid"

static struct outside *outside(struct doctor *d)
{
    if (d->outside == NULL)
        d->outside = outside_new(d->arena, &d->conf);
    return d->outside;
}

/* NULL, and skipped, when nobody gets there: that is said once. */
static struct outside *reachable(struct doctor *d)
{
    struct outside *o = outside(d);

    if (o->unreachable == NULL)
        return o;
    doctor_skip(d, "the public address cannot be reached");
    return NULL;
}

static const char *mend_site(struct doctor *d)
{
    struct outside *o = outside(d);

    return o->server != NULL ? outside_mend(o, mend_command(d, "site %s", o->server)) : NULL;
}

/* --- is it us? -------------------------------------------------------------------- */

static const char *issuer_in(struct doctor *d, const struct probe *p)
{
    const char *issuer = NULL;
    struct json *obj;

    if (json_parse(d->arena, p->body, p->body_n, &obj) != RC_OK || json_get_str(obj, "issuer", &issuer) != RC_OK)
        return NULL;
    return issuer;
}

/* What a proxy nobody knows of gets for an answer (design 4 "TLS"). */
static bool names_proxies(const struct probe *p)
{
    return p->status == 400 && strstr(p->body, "AUTENTICO_TRUSTED_PROXIES") != NULL;
}

static bool leads_to_itself(const struct doctor *d, const struct probe *p)
{
    const char *where = probe_header(p, "Location", NULL);

    return p->status >= 301 && p->status <= 308 && where != NULL && text_starts(where, d->conf.issuer);
}

static const char *mend_start(struct doctor *d)
{
    return access("/run/systemd/system", F_OK) == 0 && access("/etc/systemd/system/autentico.service", F_OK) == 0
               ? "systemctl start autentico" : mend_command(d, "start");
}

static void tell_unreachable(struct doctor *d, const struct outside *o)
{
    if (o->prober == NULL)
        doctor_skip(d, "%s", o->unreachable);
    else
        doctor_fail(d, "", NULL, "%s cannot be reached from here: %s", d->conf.url, o->unreachable);
}

void doctor_public_address(struct doctor *d)
{
    const struct outside *o = outside(d);
    const struct probe *p = &o->discovery;
    const char *issuer = o->unreachable == NULL ? issuer_in(d, p) : NULL;

    if (o->unreachable != NULL)
        tell_unreachable(d, o);
    else if (text_same(issuer, d->conf.issuer))
        doctor_ok(d, "%s", d->conf.issuer);
    else if (names_proxies(p) || leads_to_itself(d, p))
        doctor_skip(d, "it does not get past the proxy in front");
    else if (issuer != NULL)
        doctor_fail(d, "", NULL, "another server answers there: %s", issuer);
    else if (p->status >= 500 && d->pool.parent == 0)
        doctor_fail(d, "", mend_start(d), "the web server answers %d, since no server runs here", p->status);
    else
        doctor_fail(d, "", mend_site(d), "discovery answers %d: the web server does not pass on what it gets", p->status);
}

void doctor_proxy_seen(struct doctor *d)
{
    const struct outside *o = reachable(d);

    if (o == NULL)
        return;
    if (names_proxies(&o->discovery))
        doctor_fail(d, "", mend_variable(d, "AUTENTICO_TRUSTED_PROXIES", "127.0.0.1,::1"),
                    "a proxy in front says that a browser came by https, and is not trusted; what to type is for one on "
                    "this machine");
    else if (leads_to_itself(d, &o->discovery))
        doctor_fail(d, "", mend_site(d), "the web server in front does not say that a browser came by https: pages lead "
                    "to themselves for ever");
}

/* --- TLS -------------------------------------------------------------------------- */

void doctor_certificate(struct doctor *d)
{
    struct outside *o = reachable(d);
    int64_t left, soon, life, now = time(NULL);

    if (o == NULL)
        return;
    if (o->untrusted != NULL) {
        doctor_fail(d, "", NULL, "browsers will refuse it: %s (AUTENTICO_CA_FILE names an authority of your own)",
                    o->untrusted);
        return;
    }
    left = o->discovery.cert_until - now;
    life = o->discovery.cert_until - o->discovery.cert_from;
    soon = life / 3 < EXPIRES_SOON_S ? life / 3 : EXPIRES_SOON_S; /* some live for days only */
    if (o->discovery.cert_until == 0)
        doctor_ok(d, "it is trusted");
    else if (left < soon)
        doctor_warn(d, "", access("/usr/bin/certbot", X_OK) == 0 ? "certbot renew" : NULL,
                    "it ends in %s; renew it, and reload the web server", doctor_days(d->arena, left));
    else
        doctor_ok(d, "it is good for %s", doctor_days(d->arena, left));
}

static bool takes(struct outside *o, enum probe_tls tls)
{
    struct probe_ask ask = { .url = arena_printf(o->arena, "%s/healthz", o->conf->url), .tls = tls };
    struct probe p;

    outside_ask(o, &ask, &p);
    return p.end == PROBE_ANSWERED;
}

void doctor_tls_versions(struct doctor *d)
{
    static const struct { enum probe_tls tls; const char *name; } old[] = { { PROBE_TLS_1_0, "TLS 1.0" },
                                                                           { PROBE_TLS_1_1, "TLS 1.1" } };
    struct outside *o = reachable(d);

    if (o == NULL)
        return;
    for (size_t i = 0; i < ARRAY_LEN(old); i++)
        if (takes(o, old[i].tls))
            doctor_fail(d, old[i].name, mend_site(d), "is taken, and is broken");
    if (!takes(o, PROBE_TLS_1_3))
        doctor_warn(d, "TLS 1.3", mend_site(d), "is not taken");
}

/* --- headers ---------------------------------------------------------------------- */

static int64_t max_age_in(const char *value)
{
    const char *at = value != NULL ? strstr(value, "max-age=") : NULL;

    return at != NULL ? strtoll(at + strlen("max-age="), NULL, 10) : 0;
}

void doctor_hsts(struct doctor *d)
{
    struct outside *o = reachable(d);
    const char *const paths[] = {
        "/", "/admin/api/users", "/nothing-of-that-name",
        arena_printf(d->arena, "%s/static/auth.css", d->conf.oauth_path),
        arena_printf(d->arena, "%s/.well-known/openid-configuration", d->conf.oauth_path),
    };
    int64_t least = INT64_MAX;
    const char *missing = "";

    for (size_t i = 0; i < ARRAY_LEN(paths) && o != NULL; i++) {
        struct probe p;

        outside_get(o, paths[i], NULL, &p);
        int64_t age = max_age_in(probe_header(&p, "Strict-Transport-Security", NULL));
        if (p.end == PROBE_ANSWERED && age == 0)
            missing = arena_printf(d->arena, "%s%s%s", missing, *missing ? ", " : "", paths[i]);
        least = age < least ? age : least;
    }
    if (o == NULL)
        return;
    if (*missing != '\0')
        doctor_fail(d, "", mend_site(d), "browsers are not told to stay with https: no Strict-Transport-Security at %s", missing);
    else if (least < HSTS_MIN_S)
        doctor_warn(d, "", mend_site(d), "browsers are told to stay with https for %s only", doctor_days(d->arena, least));
    else
        doctor_ok(d, "for %s", doctor_days(d->arena, least));
}

void doctor_security_headers(struct doctor *d)
{
    static const char *const names[] = { "Content-Security-Policy", "X-Content-Type-Options", "X-Frame-Options",
                                         "Referrer-Policy", "Cache-Control" };
    struct outside *o = reachable(d);
    struct probe p;

    if (o == NULL)
        return;
    outside_get(o, arena_printf(d->arena, "%s/authorize", d->conf.oauth_path), NULL, &p);
    if (p.end != PROBE_ANSWERED || p.status >= 500) {
        doctor_skip(d, "the server does not answer");
        return;
    }
    for (size_t i = 0; i < ARRAY_LEN(names); i++) {
        size_t n;

        (void)probe_header(&p, names[i], &n);
        if (n == 0)
            doctor_fail(d, names[i], mend_site(d), "is taken away by the web server");
        else if (n > 1)
            doctor_warn(d, names[i], mend_site(d), "comes %zu times: the web server adds one of its own", n);
    }
}

/* --- what should not be ----------------------------------------------------------- */

void doctor_plain_http(struct doctor *d)
{
    struct outside *o = reachable(d);
    const char *base = o != NULL ? outside_plain(o) : NULL;
    struct probe p;

    if (o == NULL)
        return;
    if (base == NULL) {
        doctor_skip(d, "the address has a port of its own, where only https is");
        return;
    }
    probe(o->prober, d->arena, &(struct probe_ask){ .url = arena_printf(d->arena, "%s%s/authorize", base,
                                                                        d->conf.oauth_path) }, &p);
    const char *where = probe_header(&p, "Location", NULL);
    if (p.end != PROBE_ANSWERED)
        doctor_ok(d, "nobody listens there");
    else if (p.status >= 300 && p.status < 400 && where != NULL && text_starts(where, d->conf.url))
        doctor_ok(d, "it leads to https");
    else if (p.status >= 300 && p.status < 400)
        doctor_warn(d, "", mend_site(d), "it leads to %s, and not to %s", text_or(where, "nowhere"), d->conf.url);
    else if (p.status >= 400)
        doctor_ok(d, "it answers %d", p.status);
    else
        doctor_fail(d, "", mend_site(d), "%s answers with a page instead of saying where https is: what is typed there "
                    "crosses the network as it is", base);
}

void doctor_cors_seen(struct doctor *d)
{
    struct outside *o = reachable(d);
    const char *allowed;
    struct probe p;

    if (o == NULL)
        return;
    outside_get(o, arena_printf(d->arena, "%s/.well-known/openid-configuration", d->conf.oauth_path),
                "Origin: " STRANGER, &p);
    allowed = probe_header(&p, "Access-Control-Allow-Origin", NULL);
    if (text_same(allowed, "*") || text_same(allowed, STRANGER))
        doctor_fail(d, "", mend_site(d), "Access-Control-Allow-Origin: %s: scripts of any page in the world may ask", allowed);
}

static bool is_given_away(struct doctor *d, struct outside *o, const char *base, const char *path)
{
    struct probe p;
    struct probe_ask ask = { .url = arena_printf(d->arena, "%s%s", base, path), .headers = { "Range: bytes=0-4095" } };

    outside_ask(o, &ask, &p);
    return p.end == PROBE_ANSWERED && (p.status == 200 || p.status == 206) &&
           (text_starts(p.body, "SQLite format 3") || strstr(p.body, "\nAUTENTICO_") || text_starts(p.body, "AUTENTICO_"));
}

static bool is_plain_path(const char *path)
{
    return strspn(path, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-./") == strlen(path);
}

/* Nobody knows where the document root is: /var/www/x/y.db may be /y.db, /x/y.db and so on. */
static void look_for(struct doctor *d, struct outside *o, const char *base, const char *file)
{
    if (base == NULL || file == NULL || !is_plain_path(file))
        return;
    for (const char *at = strrchr(file, '/'); at != NULL; at = at > file ? memrchr(file, '/', (size_t)(at - file)) : NULL)
        if (is_given_away(d, o, base, at)) {
            doctor_fail(d, arena_printf(d->arena, "%s%s", base, at), mend_site(d), "the web server gives %s to everybody: "
                        "whoever fetched it has all of it; mend it, and change every secret", file);
            return;
        }
}

void doctor_served_files(struct doctor *d)
{
    struct outside *o = reachable(d);
    const char *file = d->conf.file, *plain;

    if (o == NULL)
        return;
    if (file != NULL && strchr(file, '/') == NULL)
        file = arena_printf(d->arena, "/%s", file);
    plain = outside_plain(o);
    look_for(d, o, d->conf.url, d->conf.db_path);
    look_for(d, o, d->conf.url, file);
    look_for(d, o, plain, d->conf.db_path);
    look_for(d, o, plain, file);
}

void doctor_clock_seen(struct doctor *d)
{
    const struct outside *o = reachable(d);
    const char *date = o != NULL ? probe_header(&o->discovery, "Date", NULL) : NULL;
    struct tm tm = { 0 };

    if (o == NULL)
        return;
    if (date == NULL || strptime(date, "%a, %d %b %Y %H:%M:%S GMT", &tm) == NULL) {
        doctor_skip(d, "it does not say");
        return;
    }
    long long apart = (long long)(timegm(&tm) - time(NULL));
    if (apart > CLOCKS_APART_S || apart < -CLOCKS_APART_S)
        doctor_warn(d, "", NULL, "the web server's clock is %lld seconds away from this one", apart);
}
