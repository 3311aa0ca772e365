#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "crypto/hash.h"
#include "http/response.h"
#include "http/route.h"
#include "pages/handlers.h"
#include "store/settings_table.h"

#define FILE_MAX (512 * 1024)

static const char *content_type(const char *name)
{
    static const struct { const char *suffix, *type; } known[] = {
        { ".css", "text/css; charset=utf-8" },
        { ".js", "text/javascript; charset=utf-8" },
        { ".svg", "image/svg+xml" },
        { ".png", "image/png" },
        { ".html", "text/html; charset=utf-8" },
        { ".json", "application/json" },
    };

    for (size_t i = 0; i < ARRAY_LEN(known); i++)
        if (text_ends(name, known[i].suffix))
            return known[i].type;
    return NULL;
}

/* One plain file of the folder: no separator, no leading dot, a type we know. */
static bool is_name(const char *name)
{
    return !text_empty(name) && name[0] != '.' && strchr(name, '/') == NULL && content_type(name) != NULL;
}

/* RC_NONE: no such file. */
static enum rc read_file(struct exchange *x, const char *path, struct bytes *out)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
    struct stat st;

    if (fd < 0)
        return RC_NONE;
    if (fstat(fd, &st) != 0 || !S_ISREG(st.st_mode) || st.st_size > FILE_MAX) {
        close(fd);
        return RC_NONE;
    }
    uint8_t *p = arena_alloc(x->arena, (size_t)st.st_size + 1);
    ssize_t n = read(fd, p, (size_t)st.st_size);
    close(fd);
    if (n != st.st_size)
        return fault("static: %s: %s", path, strerror(errno));
    *out = (struct bytes){ p, (size_t)n };
    return RC_OK;
}

static enum rc not_here(struct exchange *x)
{
    return refuse(&x->no, REFUSE_PATH_NOT_FOUND, NULL);
}

/* Behind the web server, which serves the same folder itself where it is told to.
 * A request that names the version (?v=) may be kept for ever. */
enum rc pages_static_handle(struct exchange *x)
{
    const char *name = route_param(x, "*");
    struct bytes body;

    if (!is_name(name))
        return not_here(x);
    enum rc rc = read_file(x, arena_printf(x->arena, "%s/html/assets/%s", x->conf->data_dir, name), &body);
    if (rc == RC_NONE)
        return not_here(x);
    TRY(rc);
    x->rs->cache_control = text_empty(x->rq->query_text) ? "public, max-age=86400"
                                                         : "public, max-age=31536000, immutable";
    return respond_bytes(x, 200, content_type(name), body);
}

/* --- theme.css ------------------------------------------------------------- */

/* "#rgb" or "#rrggbb" and nothing else: it becomes part of a style sheet. */
static bool is_colour(const char *text)
{
    size_t n = strlen(text);

    return text[0] == '#' && (n == 4 || n == 7) && strspn(text + 1, "0123456789abcdefABCDEF") == n - 1;
}

static struct bytes theme_text(struct exchange *x)
{
    struct bytes file = { NULL, 0 };
    struct sbuf css;

    sbuf_init(&css, x->arena, 1024);
    if (is_colour(text_or(x->settings->theme_brand_color, "")))
        sbuf_printf(&css, ":root{--brand:%s}\n", x->settings->theme_brand_color);
    if (!text_empty(x->conf->theme_css_file) && read_file(x, x->conf->theme_css_file, &file) == RC_OK)
        sbuf_addn(&css, file.p, file.n);
    else
        sbuf_add(&css, text_or(x->settings->theme_css_inline, ""));
    return sbuf_bytes(&css);
}

/* RFC 9110 13.1.2, a weak comparison: a web server that compresses makes the tag
 * weak.  The quotes keep one tag from being found in another. */
static bool has_etag(const char *list, const char *etag)
{
    return text_same(list, "*") || strstr(list, etag) != NULL;
}

enum rc pages_theme_handle(struct exchange *x)
{
    struct bytes css = theme_text(x);
    uint8_t digest[SHA256_BYTES];
    const char *etag;

    sha256(css, digest);
    etag = arena_printf(x->arena, "\"%s\"", hex_encode(x->arena, (struct bytes){ digest, 8 }));
    x->rs->cache_control = "public, max-age=60, must-revalidate";
    response_header(x, "ETag", "%s", etag);
    if (has_etag(x->rq->if_none_match, etag))
        return respond_empty(x, 304);
    return respond_bytes(x, 200, "text/css; charset=utf-8", css);
}

/* --- small ones ------------------------------------------------------------ */

enum rc pages_root_handle(struct exchange *x)
{
    return respond_redirect(x, "/account/");
}

enum rc pages_add_slash(struct exchange *x)
{
    return respond_moved(x, request_with_query(x->arena, x->rq, arena_printf(x->arena, "%s/", x->rq->path)));
}

/* The settings may come from memory: the database is asked for something. */
enum rc pages_health_handle(struct exchange *x)
{
    struct json *obj = json_object(x->arena);
    int64_t version;
    bool is_up = x->is_store_up && installation_version(x->db, &version) == RC_OK;

    json_set_str(obj, "status", is_up ? "ok" : "degraded");
    json_set_str(obj, "database", is_up ? "ok" : "unavailable");
    if (!is_up)
        response_header(x, "Retry-After", "5");
    return respond_json(x, is_up ? 200 : 503, obj);
}
