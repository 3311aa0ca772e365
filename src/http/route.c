#include "config.h"

#include "http/route.h"

#include <stdlib.h>
#include <string.h>

#include "util/log.h"
#include "util/sbuf.h"

/* A compiled row: its full path, and how much of it is literal. */
struct entry {
    const struct route *row;
    const char *path;
    const char *key;    /* the path with its parameters made alike; sorts literals first */
    size_t literal_n;   /* bytes before the first parameter */
    bool is_exact;      /* no parameter at all */
};

#define KEY_PARAM '\xfe' /* ":name"; after every literal */
#define KEY_REST '\xff'  /* "*" */

struct router {
    struct entry *exact;    /* both sorted by key */
    size_t exact_n;
    struct entry *patterns; /* so the first that matches is the closest */
    size_t patterns_n;
};

static bool is_complete(const struct route *row)
{
    return row->methods != 0 && row->path != NULL && row->path[0] == '/' && row->who != WHO_UNSET &&
           row->limit != LIMIT_UNSET && row->csrf != CSRF_UNSET && row->speaks != SPEAK_UNSET &&
           row->handle != NULL && row->body_max <= 128 * 1024;
}

/* Length of the ":name" or final "*" at p, a whole segment; 0: it may not stand there. */
static size_t parameter_length(const char *path, const char *p)
{
    size_t n = 1 + strspn(p + 1, "abcdefghijklmnopqrstuvwxyz0123456789_");

    if (p == path || p[-1] != '/')
        return 0;
    if (*p == '*')
        return p[1] == '\0' ? 1 : 0;
    return n > 1 && (p[n] == '/' || p[n] == '\0') ? n : 0;
}

static enum rc make_key(struct arena *a, const char *path, const char **out)
{
    struct sbuf key;

    sbuf_init(&key, a, strlen(path) + 1);
    for (const char *p = path; *p != '\0';) {
        size_t n = *p == ':' || *p == '*' ? parameter_length(path, p) : 1;

        if (n == 0)
            return RC_NONE;
        sbuf_addc(&key, *p == ':' ? KEY_PARAM : *p == '*' ? KEY_REST : *p);
        p += n;
    }
    *out = key.text;
    return RC_OK;
}

/* Scripts of other origins get to see nothing that a cookie opens or a form token
 * guards, and no page (HT-12). */
static bool is_for_scripts(const struct route *row)
{
    return (row->speaks == SPEAK_OAUTH || row->speaks == SPEAK_JSON) && row->csrf == CSRF_NONE && row->console == NULL;
}

static enum rc compile(struct arena *a, const struct route *row, const char *oauth_path, struct entry *out)
{
    struct entry e = { .row = row };

    if (!is_complete(row))
        return fault("route: %s has an unset column", text_or(row->path, "?"));
    if (row->cors && !is_for_scripts(row))
        return fault("route: %s is not for scripts of other origins", row->path);
    e.path = row->base == BASE_OAUTH ? arena_printf(a, "%s%s", oauth_path, row->path) : row->path;
    if (make_key(a, e.path, &e.key) != RC_OK)
        return fault("route: %s is no pattern", e.path);
    e.literal_n = strcspn(e.path, ":*");
    e.is_exact = e.path[e.literal_n] == '\0';
    *out = e;
    return RC_OK;
}

static int by_key(const void *a, const void *b)
{
    return strcmp(((const struct entry *)a)->key, ((const struct entry *)b)->key);
}

static enum rc check_duplicates(const struct entry *v, size_t n)
{
    for (size_t i = 0; i < n; i++)
        for (size_t k = i + 1; k < n && strcmp(v[i].key, v[k].key) == 0; k++)
            if (v[i].row->methods & v[k].row->methods)
                return fault("route: %s and %s stand for the same method", v[i].path, v[k].path);
    return RC_OK;
}

static size_t count_rows(const struct route_table *tables, size_t n)
{
    size_t rows = 0;

    for (size_t i = 0; i < n; i++)
        rows += tables[i].n;
    return rows;
}

static enum rc add_row(struct arena *a, struct router *r, const struct route *row, const char *oauth_path)
{
    struct entry e;

    TRY(compile(a, row, oauth_path, &e));
    if (e.is_exact)
        r->exact[r->exact_n++] = e;
    else
        r->patterns[r->patterns_n++] = e;
    return RC_OK;
}

enum rc router_new(struct arena *a, const struct route_table *tables, size_t n, const char *oauth_path,
                   struct router **out)
{
    struct router *r = arena_new(a, struct router);
    size_t rows = count_rows(tables, n);

    r->exact = arena_array(a, struct entry, rows + 1);
    r->patterns = arena_array(a, struct entry, rows + 1);
    for (size_t i = 0; i < n; i++)
        for (size_t k = 0; k < tables[i].n; k++)
            TRY(add_row(a, r, &tables[i].rows[k], oauth_path));
    qsort(r->exact, r->exact_n, sizeof(*r->exact), by_key);
    qsort(r->patterns, r->patterns_n, sizeof(*r->patterns), by_key);
    TRY(check_duplicates(r->exact, r->exact_n));
    TRY(check_duplicates(r->patterns, r->patterns_n));
    *out = r;
    return RC_OK;
}

/* --- matching ------------------------------------------------------------- */

static bool takes(const struct route *row, enum method method)
{
    int mask = method == M_HEAD ? M_GET : (int)method;

    return (row->methods & mask) != 0;
}

/* ":name" is one segment that is not empty; "*" the rest. */
static bool matches(const char *pattern, const char *path)
{
    for (;;) {
        if (*pattern == '*')
            return true;
        if (*pattern == ':') {
            size_t n = strcspn(path, "/");

            if (n == 0)
                return false;
            pattern += strcspn(pattern, "/");
            path += n;
            continue;
        }
        if (*pattern != *path)
            return false;
        if (*pattern == '\0')
            return true;
        pattern++;
        path++;
    }
}

struct match {
    enum method method;
    const struct route *row, *any; /* any: a row of that path with another method */
    int allow;
};

static bool consider(struct match *m, const struct route *row)
{
    if (takes(row, m->method)) {
        m->row = row;
        return true;
    }
    m->any = row;
    m->allow |= row->methods;
    return false;
}

static size_t first_exact(const struct router *r, const char *path)
{
    size_t low = 0, high = r->exact_n;

    while (low < high) {
        size_t mid = (low + high) / 2;

        if (strcmp(r->exact[mid].path, path) < 0)
            low = mid + 1;
        else
            high = mid;
    }
    return low;
}

static void find(const struct router *r, const char *path, struct match *m)
{
    for (size_t i = first_exact(r, path); i < r->exact_n && strcmp(r->exact[i].path, path) == 0; i++)
        if (consider(m, r->exact[i].row))
            return;
    if (m->any != NULL)
        return;
    for (size_t i = 0; i < r->patterns_n; i++) {
        const struct entry *e = &r->patterns[i];

        if (strncmp(e->path, path, e->literal_n) == 0 &&
            matches(e->path + e->literal_n, path + e->literal_n) && consider(m, e->row))
            return;
    }
}

enum rc router_match(const struct router *r, enum method method, const char *path, const struct route **out,
                     int *allow)
{
    struct match m = { .method = method };

    find(r, path, &m);
    *out = m.row != NULL ? m.row : m.any;
    *allow = m.row != NULL ? 0 : m.allow;
    return m.row != NULL ? RC_OK : RC_NONE;
}

/* The row's own path, set against the end of the request's: the prefix of the
 * configuration stands before it. */
const char *route_param(const struct exchange *x, const char *name)
{
    const char *pattern = x->route->path, *path = x->rq->path;

    if (x->route->base == BASE_OAUTH)
        path += strlen(x->conf->oauth_path);
    while (*pattern != '\0') {
        if (*pattern == '*')
            return strcmp(name, "*") == 0 ? path : NULL;
        if (*pattern == ':') {
            size_t n = strcspn(path, "/"), name_n = strcspn(pattern + 1, "/");

            if (strlen(name) == name_n && memcmp(name, pattern + 1, name_n) == 0)
                return arena_strndup(x->arena, path, n);
            pattern += name_n + 1;
            path += n;
            continue;
        }
        if (*path == '\0')
            return NULL;
        pattern++;
        path++;
    }
    return NULL;
}

void router_each_hashing(const struct router *r, void (*fn)(const char *path, void *arg), void *arg)
{
    const char *last = "";

    for (size_t i = 0; i < r->exact_n; i++)
        if (r->exact[i].row->hashes && strcmp(last, r->exact[i].path) != 0)
            fn(last = r->exact[i].path, arg);
    last = "";
    for (size_t i = 0; i < r->patterns_n; i++)
        if (r->patterns[i].row->hashes && strcmp(last, r->patterns[i].path) != 0)
            fn(last = r->patterns[i].path, arg);
}

/* A segment that is empty, or begins with a dot. */
static bool may_be_unclean(const char *path)
{
    for (; (path = strchr(path, '/')) != NULL; path++)
        if (path[1] == '/' || path[1] == '.')
            return true;
    return false;
}

/* RFC 3986 5.2.4, with empty segments taken out too. */
const char *path_clean(struct arena *a, const char *path)
{
    struct text_list in, out = { NULL, 0 };
    size_t n = strlen(path);
    bool ends_open = n > 0 && path[n - 1] == '/';

    if (!may_be_unclean(path))
        return NULL;
    in = text_split(a, path, '/');
    out.v = arena_array(a, const char *, in.n + 1);
    for (size_t i = 0; i < in.n; i++) {
        bool is_up = strcmp(in.v[i], "..") == 0, is_here = strcmp(in.v[i], ".") == 0;

        if (i + 1 == in.n && (is_up || is_here))
            ends_open = true;
        if (is_up)
            out.n -= out.n > 0;
        else if (!is_here)
            out.v[out.n++] = in.v[i];
    }
    const char *joined = arena_printf(a, "/%s", text_join(a, &out, '/'));
    const char *clean = ends_open && out.n > 0 ? arena_printf(a, "%s/", joined) : joined;
    return strcmp(clean, path) == 0 ? NULL : clean;
}
