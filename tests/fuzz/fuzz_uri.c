/* URIs (util/uri.c), redirect URIs: what may be registered and what matches
 * (oidc/redirect_uri.c).  Input: a URI; on further lines those that are registered. */
#include "config.h"

#include "fuzz.h"

#include "oidc/redirect_uri.h"
#include "util/uri.h"

#define REGISTERED_MAX 8

static void check_parts(const char *text)
{
    struct uri u;

    MUST((uri_parse(A, text, &u) == RC_OK) == (is_uri(text) && *text != '\0'));
    if (uri_parse(A, text, &u) != RC_OK)
        return;
    MUST(u.scheme[0] != '\0' && u.path != NULL && u.port >= 0 && u.port <= 65535);
    if (u.host == NULL)
        return;
    struct uri origin;
    const char *o = uri_origin(A, &u);
    if (u.host[0] != '\0') {
        MUST(uri_parse(A, o, &origin) == RC_OK && origin.host != NULL);
        MUST(strcmp(origin.host, u.host) == 0 && strcmp(origin.scheme, u.scheme) == 0);
    }
    (void)uri_is_loopback_host(u.host);
}

/* What may be registered can never become a script, nor lose its fragment. */
static void check_registrable(const char *text)
{
    const char *why = NULL;
    struct uri u;

    if (!redirect_uri_is_registrable(text, false, &why)) {
        MUST(why != NULL);
        return;
    }
    MUST(uri_parse(A, text, &u) == RC_OK && u.fragment == NULL && strlen(text) <= 2048);
    MUST(strcmp(u.scheme, "javascript") != 0 && strcmp(u.scheme, "data") != 0 && strcmp(u.scheme, "file") != 0);
    for (const char *p = text; *p != '\0'; p++)
        MUST(*p > ' ' && *p < 127 && *p != '*');
}

/* A wildcard never moves the origin, adds a segment or escapes upwards. */
static void check_wild(const struct text_list *registered, const char *text)
{
    bool is_there = false;
    struct uri u, r;

    MUST(strchr(text, '*') == NULL && uri_parse(A, text, &u) == RC_OK);
    for (size_t i = 0; i < registered->n; i++) {
        const char *star = strchr(registered->v[i], '*');

        if (star == NULL || uri_parse(A, registered->v[i], &r) != RC_OK || r.host == NULL || u.host == NULL)
            continue;
        is_there |= strcmp(u.host, r.host) == 0 && strcmp(u.scheme, r.scheme) == 0 &&
                    strncmp(text, registered->v[i], (size_t)(star - registered->v[i])) == 0;
    }
    MUST(is_there);
}

/* Exactly one of them, or, at the loopback addresses, one but for the port. */
static void check_match(const char *text, struct input *in)
{
    const char *v[REGISTERED_MAX], *why;
    struct text_list registered = { v, 0 };
    bool is_there = false;

    while (in->n > 0 && registered.n < REGISTERED_MAX) {
        v[registered.n++] = take_line_text(in);
        is_there |= strcmp(v[registered.n - 1], text) == 0;
    }
    bool matches = redirect_uri_matches(&registered, text, false);
    MUST(matches || !is_there || !redirect_uri_is_registrable(text, false, &why));
    if (redirect_uri_matches(&registered, text, true) && !matches)
        check_wild(&registered, text);
    if (matches && !is_there)
        MUST(strncmp(text, "http://127.0.0.1", 16) == 0 || strncmp(text, "http://[::1]", 12) == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct input in = { data, size };
    const char *text;

    begin();
    text = take_line_text(&in);
    check_parts(text);
    check_registrable(text);
    check_match(text, &in);
    return end();
}
