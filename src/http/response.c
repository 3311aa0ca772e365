#include "config.h"

#include "http/response.h"

#include <string.h>

#include "crypto/random.h"
#include "http/page.h"
#include "http/route.h"
#include "util/log.h"

void response_init(struct response *rs, struct arena *a)
{
    uint8_t raw[16];

    memset(rs, 0, sizeof(*rs));
    sbuf_init(&rs->headers, a, 512);
    random_bytes(raw, sizeof(raw));
    rs->nonce = base64_encode(a, BYTES(raw));
}

static void set_body(struct exchange *x, int status, const char *content_type, struct bytes body)
{
    x->rs->status = status;
    x->rs->content_type = content_type;
    x->rs->body = body;
    x->rs->model = NULL;
    x->rs->has_model = false;
    x->rs->page = NULL;
    x->rs->then = NULL;
}

enum rc respond_json(struct exchange *x, int status, struct json *obj)
{
    set_body(x, status, "application/json", bytes_of(json_text(x->arena, obj)));
    return RC_OK;
}

enum rc respond_page(struct exchange *x, int status, const char *page, struct json *vars)
{
    set_body(x, status, "text/html; charset=utf-8", (struct bytes){ NULL, 0 });
    x->rs->page = page;
    x->rs->model = vars;
    x->rs->has_model = true;
    x->rs->shape = SHAPE_RAW;
    return RC_OK;
}

/* A header is one line whatever stands in the URI. */
static bool is_header_value(const char *text)
{
    for (const char *p = text; *p != '\0'; p++)
        if ((unsigned char)*p < 0x20 || *p == 0x7f)
            return false;
    return true;
}

/* A path of ours may hold what no URI does; and a browser takes '\\' for '/'. */
static const char *as_uri(struct arena *a, const char *text)
{
    struct sbuf b;

    sbuf_init(&b, a, strlen(text) + 16);
    for (const char *p = text; *p != '\0'; p++) {
        if ((unsigned char)*p <= 0x20 || (unsigned char)*p > 0x7e || strchr("\"<>\\^`{|}", *p) != NULL)
            sbuf_printf(&b, "%%%02X", (unsigned char)*p);
        else
            sbuf_addc(&b, *p);
    }
    return b.text;
}

static enum rc redirect(struct exchange *x, int status, const char *uri)
{
    if (!is_header_value(uri))
        return fault("response: a redirect with control characters");
    set_body(x, status, NULL, (struct bytes){ NULL, 0 });
    response_header(x, "Location", "%s", as_uri(x->arena, uri));
    return RC_OK;
}

/* A script cannot see where a redirect leads, and the browser would follow it with the
 * script's means: it is told, and goes there itself. */
static enum rc tell_script(struct exchange *x, const char *uri)
{
    struct json *obj = json_object(x->arena);

    json_set_str(obj, "redirect", as_uri(x->arena, uri));
    return respond_json(x, 200, obj);
}

enum rc respond_redirect(struct exchange *x, const char *uri)
{
    return is_script(x) ? tell_script(x, uri) : redirect(x, 302, uri);
}

enum rc respond_see_other(struct exchange *x, const char *uri)
{
    return redirect(x, 303, uri);
}

enum rc respond_moved(struct exchange *x, const char *uri)
{
    return redirect(x, 301, uri);
}

enum rc respond_text(struct exchange *x, int status, const char *text)
{
    return respond_bytes(x, status, "text/plain; charset=utf-8",
                         bytes_of(arena_printf(x->arena, "%s\n", text)));
}

enum rc respond_bytes(struct exchange *x, int status, const char *content_type, struct bytes body)
{
    set_body(x, status, content_type, body);
    return RC_OK;
}

enum rc respond_none(struct exchange *x)
{
    return respond_empty(x, 204);
}

enum rc respond_empty(struct exchange *x, int status)
{
    set_body(x, status, NULL, (struct bytes){ NULL, 0 });
    return RC_OK;
}

enum rc respond_model(struct exchange *x, int status, enum shape shape, struct json *obj)
{
    const char *page = x->rs->page, *then = x->rs->then;

    set_body(x, status, NULL, (struct bytes){ NULL, 0 });
    if (is_page(x)) {
        x->rs->page = page;
        x->rs->then = then;
    }
    x->rs->model = obj == NULL && shape == SHAPE_LIST ? json_array(x->arena) : obj;
    x->rs->has_model = true;
    x->rs->shape = shape;
    return RC_OK;
}

enum rc respond_message(struct exchange *x, const char *message)
{
    struct json *obj = json_object(x->arena);

    json_set_str(obj, "message", message);
    return respond_model(x, 200, SHAPE_DATA, obj);
}

enum rc respond_list(struct exchange *x, struct json *items, int64_t total)
{
    x->rs->total = total;
    return respond_model(x, 200, SHAPE_LIST, items);
}

bool is_page(const struct exchange *x)
{
    return x->route != NULL && x->route->speaks == SPEAK_HTML;
}

bool is_script(const struct exchange *x)
{
    return x->route != NULL && x->route->speaks == SPEAK_SCRIPT;
}

void page_var(struct exchange *x, const char *name, struct json *value)
{
    if (!is_page(x))
        return;
    if (x->rs->page_vars == NULL)
        x->rs->page_vars = json_object(x->arena);
    json_set(x->rs->page_vars, name, value);
}

void page_text(struct exchange *x, const char *name, const char *text)
{
    if (!is_page(x) || text == NULL)
        return;
    if (x->rs->page_vars == NULL)
        x->rs->page_vars = json_object(x->arena);
    json_set_str(x->rs->page_vars, name, text);
}

void page_flag(struct exchange *x, const char *name, bool is)
{
    if (!is_page(x))
        return;
    if (x->rs->page_vars == NULL)
        x->rs->page_vars = json_object(x->arena);
    json_set_bool(x->rs->page_vars, name, is);
}

void response_header(struct exchange *x, const char *name, const char *fmt, ...)
{
    va_list ap;

    va_start(ap, fmt);
    const char *value = arena_vprintf(x->arena, fmt, ap);
    va_end(ap);
    if (!is_header_value(value)) {
        (void)fault("response: %s would hold a control character", name);
        return;
    }
    sbuf_add(&x->rs->headers, name);
    sbuf_add(&x->rs->headers, ": ");
    sbuf_add(&x->rs->headers, value);
    sbuf_add(&x->rs->headers, "\r\n");
}

/* --- rendering ------------------------------------------------------------ */

static struct json *envelope(struct exchange *x)
{
    struct json *outer, *inner;

    if (x->rs->shape == SHAPE_RAW)
        return x->rs->model != NULL ? x->rs->model : json_object(x->arena);
    outer = json_object(x->arena);
    inner = x->rs->model;
    if (x->rs->shape == SHAPE_LIST) {
        inner = json_object(x->arena);
        json_set(inner, "items", x->rs->model);
        json_set_int(inner, "total", x->rs->total);
    }
    json_set(outer, "data", inner);
    return outer;
}

static void merge(struct json *into, const struct json *from)
{
    struct json_iter it = { NULL };
    const char *name;
    struct json *value;

    while (json_next(from, &it, &name, &value))
        json_set(into, name, value);
}

/* The members of the model are the page's variables, page_vars beside them. */
static struct json *page_model(struct exchange *x)
{
    struct json *vars = json_object(x->arena);

    if (x->rs->shape == SHAPE_LIST) {
        json_set(vars, "items", x->rs->model);
        json_set_int(vars, "total", x->rs->total);
    } else if (json_type(x->rs->model) == JSON_ARRAY) {
        json_set(vars, "items", x->rs->model);
    } else {
        merge(vars, x->rs->model);
    }
    if (x->rs->page_vars != NULL)
        merge(vars, x->rs->page_vars);
    return vars;
}

static const char *template_of(const struct exchange *x)
{
    if (x->rs->page != NULL)
        return x->rs->page;
    return is_page(x) ? x->route->page : NULL;
}

static enum rc render_page(struct exchange *x, const char *page)
{
    struct sbuf out;

    sbuf_init(&out, x->arena, 8192);
    TRY(page_render(x, page, page_model(x), &out));
    x->rs->content_type = "text/html; charset=utf-8";
    x->rs->body = sbuf_bytes(&out);
    return RC_OK;
}

enum rc response_render(struct exchange *x)
{
    struct response *rs = x->rs;
    const char *page = template_of(x);

    if (rs->status == 0)
        return fault("response: %s answered nothing", x->rq->path);
    if (rs->then != NULL && is_page(x) && rs->status < 300)
        return respond_see_other(x, rs->then);
    if (!rs->has_model)
        return RC_OK;
    if (page != NULL)
        return render_page(x, page);
    return respond_json(x, rs->status, envelope(x));
}

/* --- bytes ---------------------------------------------------------------- */

static const char *reason_of(int status)
{
    static const struct { int status; const char *text; } known[] = {
        { 200, "OK" }, { 201, "Created" }, { 204, "No Content" }, { 301, "Moved Permanently" },
        { 302, "Found" }, { 303, "See Other" }, { 304, "Not Modified" }, { 400, "Bad Request" },
        { 401, "Unauthorized" }, { 403, "Forbidden" }, { 404, "Not Found" },
        { 405, "Method Not Allowed" }, { 406, "Not Acceptable" }, { 408, "Request Timeout" },
        { 409, "Conflict" }, { 410, "Gone" }, { 413, "Content Too Large" },
        { 415, "Unsupported Media Type" }, { 429, "Too Many Requests" },
        { 500, "Internal Server Error" }, { 502, "Bad Gateway" }, { 503, "Service Unavailable" },
    };

    for (size_t i = 0; i < ARRAY_LEN(known); i++)
        if (known[i].status == status)
            return known[i].text;
    return "Status";
}

/* Every answer has some of these: put together piece by piece, at half the price of a format. */
static void add_line(struct sbuf *out, const char *name, const char *value)
{
    sbuf_add(out, name);
    sbuf_add(out, value);
    sbuf_addn(out, "\r\n", 2);
}

static void add_policy(struct sbuf *out, const struct response *rs)
{
    sbuf_add(out, "Content-Security-Policy: default-src 'self'; script-src 'self' 'nonce-");
    sbuf_add(out, rs->nonce);
    sbuf_add(out, "'; style-src 'self'; img-src 'self' data: https:; font-src 'self'; connect-src 'self'; "
                  "object-src 'none'; base-uri 'none'; form-action ");
    sbuf_add(out, text_or(rs->form_action, "'self'"));
    sbuf_add(out, "; frame-ancestors 'none'\r\n");
}

/* http-api 1.6, tightened where the standards ask for it (HT-18, HT-20). */
static void add_security(struct sbuf *out, const struct exchange *x)
{
    const struct response *rs = x->rs;

    add_line(out, "X-Request-ID: ", x->rq->id);
    sbuf_add(out, "X-Frame-Options: DENY\r\n"
                  "X-Content-Type-Options: nosniff\r\n"
                  "Referrer-Policy: same-origin\r\n"
                  "Permissions-Policy: camera=(), microphone=(), geolocation=(), payment=()\r\n"
                  "Cross-Origin-Embedder-Policy: credentialless\r\n"
                  "Cross-Origin-Opener-Policy: same-origin\r\n");
    if (!rs->is_csp_off)
        add_policy(out, rs);
    if (rs->cache_control != NULL)
        add_line(out, "Cache-Control: ", rs->cache_control);
    else
        sbuf_add(out, "Cache-Control: no-store\r\nPragma: no-cache\r\n");
}

static void add_length(struct sbuf *out, size_t n)
{
    sbuf_add(out, "Content-Length: ");
    sbuf_int(out, (int64_t)n);
    sbuf_add(out, "\r\n");
}

struct bytes response_bytes(struct exchange *x)
{
    const struct response *rs = x->rs;
    struct sbuf out;

    sbuf_init(&out, x->arena, rs->body.n + 2048);
    sbuf_add(&out, "Status: ");
    sbuf_int(&out, rs->status);
    add_line(&out, " ", reason_of(rs->status));
    if (rs->content_type != NULL)
        add_line(&out, "Content-Type: ", rs->content_type);
    add_security(&out, x);
    sbuf_addn(&out, rs->headers.text, rs->headers.n);
    if (rs->status != 204 && rs->status != 304)
        add_length(&out, rs->body.n);
    sbuf_add(&out, "\r\n");
    if (x->rq->method != M_HEAD && rs->body.n > 0)
        sbuf_addn(&out, rs->body.p, rs->body.n);
    return sbuf_bytes(&out);
}
