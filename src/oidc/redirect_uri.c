#include "config.h"

#include "oidc/redirect_uri.h"

#include <string.h>

#include "util/uri.h"

#define URI_MAX 2048
#define WILD_MAX 128 /* bytes that a wildcard stands for */

/* Schemes that a browser runs, or opens from its own disk (OA-11). */
static const char *const banned[] = { "javascript", "data",  "vbscript", "file",   "blob",
                                      "about",      "filesystem", "view-source", "jar" };

struct scheme {
    char name[32]; /* "" when longer: no scheme of ours is */
    size_t n;
};

static struct scheme scheme_of(const char *uri)
{
    struct scheme s = { .n = strcspn(uri, ":") };

    if (s.n < sizeof(s.name))
        memcpy(s.name, uri, s.n);
    return s;
}

static bool is_banned(const struct scheme *s)
{
    for (size_t i = 0; i < ARRAY_LEN(banned); i++)
        if (text_same_nocase(s->name, banned[i]))
            return true;
    return false;
}

static bool is_web(const struct scheme *s)
{
    return text_same_nocase(s->name, "http") || text_same_nocase(s->name, "https");
}

/* RFC 8252 7.1: the reverse of a domain the app's author controls. */
static bool is_private_use(const char *uri, const struct scheme *s)
{
    return memchr(uri, '.', s->n) != NULL;
}

static bool because(const char **why, const char *text)
{
    *why = text;
    return false;
}

static bool is_exact(const char *uri, const char **why)
{
    if (text_empty(uri))
        return because(why, "is empty");
    if (strlen(uri) > URI_MAX)
        return because(why, "is longer than 2048 characters");
    if (strchr(uri, '*') != NULL)
        return because(why, "must not contain a wildcard");
    if (strchr(uri, '#') != NULL) /* RFC 6749 3.1.2 */
        return because(why, "must not have a fragment");
    if (!is_uri(uri))
        return because(why, "is not an absolute URI");

    struct scheme s = scheme_of(uri);

    if (is_banned(&s))
        return because(why, "has a scheme that is not allowed");
    if (!is_web(&s) && !is_private_use(uri, &s))
        return because(why, "must be https, http or an app scheme with a dot, "
                            "such as com.example.app");
    return true;
}

/* In the path, once: an authority or a query with a hole in it is anybody's. */
static bool is_wild_path(const char *uri, const char **why)
{
    const char *star = strchr(uri, '*'), *authority = strstr(uri, "://"), *path;
    struct scheme s = scheme_of(uri);

    path = authority != NULL ? strpbrk(authority + 3, "/?#") : NULL;
    if (!is_web(&s) || path == NULL || *path != '/' || star < path)
        return because(why, "may have a wildcard in the path of http or https only");
    if (strchr(star + 1, '*') != NULL)
        return because(why, "may have one wildcard only");
    return memchr(uri, '?', (size_t)(star - uri)) == NULL || because(why, "may have a wildcard in its path only");
}

/* But for the wildcard it is one like others. */
static bool is_wild(const char *uri, const char **why)
{
    char filled[URI_MAX + 1];

    if (!is_wild_path(uri, why))
        return false;
    memcpy(filled, uri, strlen(uri) + 1);
    *strchr(filled, '*') = 'x';
    return is_exact(filled, why);
}

bool redirect_uri_is_registrable(const char *uri, bool with_wildcard, const char **why)
{
    bool has_one = !text_empty(uri) && strlen(uri) <= URI_MAX && strchr(uri, '*') != NULL;

    return with_wildcard && has_one ? is_wild(uri, why) : is_exact(uri, why);
}

/* Length of the http origin up to the port, when the host is a loopback address
 * in digits; names are not (RFC 8252 8.3).  0: something else. */
static size_t loopback_prefix(const char *uri)
{
    static const char *const origins[] = { "http://127.0.0.1", "http://[::1]" };

    for (size_t i = 0; i < ARRAY_LEN(origins); i++) {
        size_t n = strlen(origins[i]);

        if (text_starts(uri, origins[i]) && (uri[n] == ':' || uri[n] == '/' || uri[n] == '?' ||
                                             uri[n] == '\0'))
            return n;
    }
    return 0;
}

/* Behind ":port"; NULL when what stands there is no port. */
static const char *after_port(const char *p)
{
    size_t n;

    if (*p != ':')
        return p;
    n = strspn(p + 1, "0123456789");
    if (n == 0 || n > 5)
        return NULL;
    p += 1 + n;
    return *p == '/' || *p == '?' || *p == '\0' ? p : NULL;
}

/* RFC 8252 7.3: a native app listens on whatever port it is given. */
static bool is_loopback_same(const char *registered, const char *uri)
{
    size_t n = loopback_prefix(registered);
    const char *rest, *its_rest;

    if (n == 0 || loopback_prefix(uri) != n || strncmp(registered, uri, n) != 0)
        return false;
    rest = after_port(registered + n);
    its_rest = after_port(uri + n);
    return rest != NULL && its_rest != NULL && strcmp(rest, its_rest) == 0;
}

/* Browsers take "." and ".." out of a path, encoded or not. */
static bool is_dot_segment(const char *uri, const char *at)
{
    size_t n;

    while (at > uri && at[-1] != '/')
        at--;
    n = strcspn(at, "/?");
    return n == strspn(at, ".");
}

static bool is_wild_match(const char *registered, const char *uri)
{
    static const char unreserved[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~";
    size_t before = strcspn(registered, "*"), n = strlen(uri), after;
    const char *rest = registered + before + 1, *why;

    after = strlen(rest);
    if (!redirect_uri_is_registrable(registered, true, &why) || n <= before + after || n - before - after > WILD_MAX)
        return false;
    if (strncmp(registered, uri, before) != 0 || strcmp(uri + n - after, rest) != 0)
        return false;
    return strspn(uri + before, unreserved) >= n - before - after && !is_dot_segment(uri, uri + before);
}

static bool is_match(const char *registered, const char *uri, bool with_wildcard)
{
    if (text_empty(registered) || text_empty(uri))
        return false;
    if (strchr(registered, '*') != NULL)
        return with_wildcard && is_wild_match(registered, uri);
    return strcmp(registered, uri) == 0 || is_loopback_same(registered, uri);
}

bool redirect_uri_matches(const struct text_list *registered, const char *uri, bool with_wildcard)
{
    for (size_t i = 0; i < registered->n; i++)
        if (is_match(registered->v[i], uri, with_wildcard))
            return true;
    return false;
}
