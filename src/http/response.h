/*
 * The answer.  A handler makes one call, at the end; the worker renders it, adds
 * the security headers of http-api 1.6 and writes it in one piece.
 */
#ifndef AUTENTICO_HTTP_RESPONSE_H
#define AUTENTICO_HTTP_RESPONSE_H

#include "http/exchange.h"
#include "util/sbuf.h"

enum shape { SHAPE_RAW, SHAPE_DATA, SHAPE_LIST }; /* http-api 1.3 */

struct response {
    int status;                  /* 0: nothing answered yet */
    const char *content_type;
    struct bytes body;
    struct sbuf headers;         /* "Name: value\r\n"… beyond the global ones */
    const char *cache_control;   /* NULL: no-store */
    const char *nonce;           /* CSP nonce of this response */
    const char *form_action;     /* CSP form-action; NULL: 'self' */
    bool is_csp_off;             /* icons and the like set their own */
    /* a model for two faces */
    bool has_model;
    struct json *model;
    enum shape shape;
    int64_t total;               /* SHAPE_LIST */
    struct json *page_vars;      /* HTML only; made on first use */
    const char *page;            /* template; NULL: the row's */
    const char *then;            /* page rows: redirect here instead of rendering (303) */
};

void response_init(struct response *rs, struct arena *a);

enum rc respond_json(struct exchange *x, int status, struct json *obj); /* application/json */
enum rc respond_page(struct exchange *x, int status, const char *page, struct json *vars);
enum rc respond_redirect(struct exchange *x, const char *uri);    /* 302; CR, LF and friends are a fault, spaces and
                                                                     other bytes no URI has are percent-encoded */
enum rc respond_see_other(struct exchange *x, const char *uri);   /* 303 */
enum rc respond_moved(struct exchange *x, const char *uri);       /* 301 */
enum rc respond_text(struct exchange *x, int status, const char *text);
enum rc respond_bytes(struct exchange *x, int status, const char *content_type, struct bytes body);
enum rc respond_none(struct exchange *x);                         /* 204 */
enum rc respond_empty(struct exchange *x, int status);            /* no body */

/* 200 with { "data": { "message": … } }: it is done. */
enum rc respond_message(struct exchange *x, const char *message);

/* An action with two faces (design D13). */
enum rc respond_model(struct exchange *x, int status, enum shape shape, struct json *obj);
enum rc respond_list(struct exchange *x, struct json *items, int64_t total);
void page_var(struct exchange *x, const char *name, struct json *value);
void page_text(struct exchange *x, const char *name, const char *text);
void page_flag(struct exchange *x, const char *name, bool is);
bool is_page(const struct exchange *x);                           /* is the row SPEAK_HTML? */
bool is_script(const struct exchange *x);                         /* is it SPEAK_SCRIPT?  Its redirects are 200 {"redirect": uri} */

void response_header(struct exchange *x, const char *name, const char *fmt, ...) PRINTF_LIKE(3, 4);

/* Turn model or page into body: called by the worker after the handler. */
MUST_CHECK enum rc response_render(struct exchange *x);
/* The whole answer as CGI text ("Status: …", headers, body); HEAD leaves the body
 * out but keeps Content-Length. */
struct bytes response_bytes(struct exchange *x);

#endif
