#include "config.h"

#include "http/page.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "crypto/hash.h"
#include "http/csrf.h"
#include "http/response.h"
#include "http/template.h"
#include "util/log.h"

#define TEMPLATES_MAX 200
#define TEMPLATE_BYTES_MAX (256 * 1024)
#define INCLUDES_MAX 8 /* of includes within includes */

struct templates {
    struct template *v[TEMPLATES_MAX];
    size_t n;
    const char *asset_v;
};

static const struct template *find(const struct templates *ts, const char *name)
{
    for (size_t i = 0; i < ts->n; i++)
        if (strcmp(ts->v[i]->name, name) == 0)
            return ts->v[i];
    return NULL;
}

/* --- loading -------------------------------------------------------------- */

static enum rc read_file(struct arena *a, const char *path, struct bytes *out)
{
    struct stat st;
    int fd = open(path, O_RDONLY | O_CLOEXEC);

    if (fd < 0 || fstat(fd, &st) != 0 || st.st_size > TEMPLATE_BYTES_MAX) {
        if (fd >= 0)
            close(fd);
        return fault("%s: %s", path, fd < 0 ? strerror(errno) : "too large");
    }
    uint8_t *p = arena_alloc(a, (size_t)st.st_size + 1);
    ssize_t n = read(fd, p, (size_t)st.st_size);
    close(fd);
    if (n != st.st_size)
        return fault("%s: short read", path);
    *out = (struct bytes){ p, (size_t)n };
    return RC_OK;
}

static enum rc load_one(struct arena *a, struct templates *ts, const char *path, const char *name)
{
    const struct template *t;
    const char *why = NULL;
    struct bytes text;

    TRY(read_file(a, path, &text));
    if (ts->n == TEMPLATES_MAX)
        return fault("%s: more than %d templates", path, TEMPLATES_MAX);
    enum rc rc = text_ends(path, ".txt") ? template_parse_text(a, (const char *)text.p, text.n, &t, &why)
                                         : template_parse(a, (const char *)text.p, text.n, &t, &why);
    if (rc != RC_OK)
        return fault("%s: %s", path, why);
    struct template *named = arena_memdup(a, t, sizeof(*t));
    named->name = name;
    ts->v[ts->n++] = named;
    return RC_OK;
}

/* Without .html; the text of a mail keeps its suffix.  NULL: no template. */
static const char *name_of(struct arena *a, const char *folder, const char *file)
{
    if (text_ends(file, ".html"))
        return arena_printf(a, "%s/%.*s", folder, (int)strlen(file) - 5, file);
    return text_ends(file, ".txt") ? arena_printf(a, "%s/%s", folder, file) : NULL;
}

static enum rc load_folder(struct arena *a, struct templates *ts, const char *dir, const char *folder)
{
    const char *path = arena_printf(a, "%s/html/%s", dir, folder);
    DIR *d = opendir(path);
    struct dirent *entry;
    enum rc rc = RC_OK;

    if (d == NULL)
        return errno == ENOENT ? RC_OK : fault("%s: %s", path, strerror(errno));
    while (rc == RC_OK && (entry = readdir(d)) != NULL) {
        const char *name = name_of(a, folder, entry->d_name);

        if (name != NULL)
            rc = load_one(a, ts, arena_printf(a, "%s/%s", path, entry->d_name), name);
    }
    closedir(d);
    return rc;
}

/* NOLINTNEXTLINE(misc-no-recursion): a template nests no deeper than its parser lets it */
static enum rc link_nodes(const struct templates *ts, const char *in, struct node *node)
{
    for (; node != NULL; node = node->next) {
        if (node->kind == NODE_INCLUDE && (node->included = find(ts, node->text)) == NULL)
            return fault("the template %s includes %s, which does not exist", in, node->text);
        TRY(link_nodes(ts, in, node->children));
    }
    return RC_OK;
}

/* NOLINTNEXTLINE(misc-no-recursion): ends at INCLUDES_MAX */
static enum rc check_depth(const char *in, const struct node *node, int depth)
{
    if (depth > INCLUDES_MAX)
        return fault("the template %s includes itself", in);
    for (; node != NULL; node = node->next) {
        TRY(check_depth(in, node->children, depth));
        if (node->included != NULL)
            TRY(check_depth(in, node->included->first, depth + 1));
    }
    return RC_OK;
}

static enum rc link_all(const struct templates *ts)
{
    for (size_t i = 0; i < ts->n; i++)
        TRY(link_nodes(ts, ts->v[i]->name, ts->v[i]->first));
    for (size_t i = 0; i < ts->n; i++)
        TRY(check_depth(ts->v[i]->name, ts->v[i]->first, 0));
    return RC_OK;
}

enum rc templates_load(struct arena *a, const char *dir, const struct templates **out)
{
    static const char *const folders[] = { "layout", "pages", "admin", "account", "mail" };
    struct templates *ts = arena_new(a, struct templates);

    for (size_t i = 0; i < ARRAY_LEN(folders); i++)
        TRY(load_folder(a, ts, dir, folders[i]));
    TRY(link_all(ts));
    if (find(ts, "pages/error") == NULL)
        return fault("%s/html: there are no templates", dir);
    ts->asset_v = asset_version(a, dir);
    *out = ts;
    return RC_OK;
}

static int by_name(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* Changes whenever an asset does, so that assets may be cached for ever. */
char *asset_version(struct arena *a, const char *dir)
{
    const char *names[64] = { NULL }, *path = arena_printf(a, "%s/html/assets", dir);
    struct dirent *entry;
    DIR *d = opendir(path);
    uint8_t digest[SHA256_BYTES];
    struct sbuf all;
    size_t n = 0;

    sbuf_init(&all, a, 65536);
    while (d != NULL && n < ARRAY_LEN(names) && (entry = readdir(d)) != NULL)
        if (entry->d_name[0] != '.')
            names[n++] = arena_strdup(a, entry->d_name);
    if (d != NULL)
        closedir(d);
    qsort(names, n, sizeof(*names), by_name);
    for (size_t i = 0; i < n; i++) {
        struct bytes text;

        if (read_file(a, arena_printf(a, "%s/%s", path, names[i]), &text) == RC_OK)
            sbuf_addn(&all, text.p, text.n);
    }
    sha256(sbuf_bytes(&all), digest);
    return hex_encode(a, (struct bytes){ digest, 4 });
}

/* --- rendering ------------------------------------------------------------ */

static const struct json *text_value(struct exchange *x, const char *text)
{
    return json_string(x->arena, text_or(text, ""));
}

/* The globals of html/VARIABLES, made when a template asks: a form token costs a
 * MAC and perhaps a cookie, and most pages have no form. */
static const struct json *global(void *arg, const char *name)
{
    struct exchange *x = arg;

    if (strcmp(name, CSRF_FIELD) == 0)
        return text_value(x, csrf_token(x));
    if (strcmp(name, "nonce") == 0)
        return text_value(x, x->rs->nonce);
    if (strcmp(name, "oauth") == 0)
        return text_value(x, x->conf->oauth_path);
    if (strcmp(name, "issuer") == 0)
        return text_value(x, x->conf->issuer);
    if (strcmp(name, "product_version") == 0)
        return text_value(x, PACKAGE_VERSION);
    if (strcmp(name, "asset_v") == 0)
        return text_value(x, x->templates->asset_v);
    if (x->theme != NULL)
        return json_get(x->theme, name);
    return strcmp(name, "title") == 0 ? text_value(x, "Autentico") : NULL;
}

enum rc page_render_within(struct exchange *x, const char *name, const struct json *vars, const struct json *around,
                           struct sbuf *out)
{
    const struct template *t = x->templates != NULL ? find(x->templates, name) : NULL;
    struct scope globals = { .late = global, .late_arg = x };
    struct scope outer = { .vars = around, .outer = &globals };
    struct scope own = { .vars = vars, .outer = &outer };

    if (t == NULL)
        return fault("page: there is no template %s", name);
    template_run(t, &own, out);
    return RC_OK;
}

enum rc page_render(struct exchange *x, const char *name, struct json *vars, struct sbuf *out)
{
    return page_render_within(x, name, vars, NULL, out);
}
