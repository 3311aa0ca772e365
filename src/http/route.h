/*
 * The route table: the row is the policy.  Zero means *unset* in who, limit, csrf
 * and speaks, and route_check() refuses to start with an unset column.
 */
#ifndef AUTENTICO_HTTP_ROUTE_H
#define AUTENTICO_HTTP_ROUTE_H

#include "http/request.h"

enum who { WHO_UNSET, WHO_ANYONE, WHO_CLIENT, WHO_CLIENT_IF_ANY, WHO_CLIENT_OR_ADMIN, WHO_BEARER, WHO_USER, WHO_ADMIN };
enum limit { LIMIT_UNSET, LIMIT_NONE, LIMIT_RL, LIMIT_REFUND }; /* http-api 1.4; REFUND: design D11b, later */
enum csrf { CSRF_UNSET, CSRF_NONE, CSRF_TOKEN };
/* SCRIPT: to a script on a page of ours, PERR of http-api 1.3; where it is to go is {"redirect": URI} */
enum speak { SPEAK_UNSET, SPEAK_OAUTH, SPEAK_JSON, SPEAK_HTML, SPEAK_TEXT, SPEAK_SCRIPT };

struct route {
    int methods;             /* mask of enum method; M_GET includes HEAD */
    const char *path;        /* ":name" matches one segment, a final "*" the rest; see `base` */
    enum who who;
    enum limit limit;
    enum csrf csrf;
    enum speak speaks;
    enum rc (*handle)(struct exchange *x);
    enum { BASE_OAUTH, BASE_ROOT } base; /* path stands below {oauth} (default) or below "/" */
    const char *needs;       /* scope, or an admin permission */
    const char *page;        /* template of a page row */
    const char *console;     /* "admin" or "account" on rows with WHO_ADMIN / WHO_USER and SPEAK_HTML or SPEAK_SCRIPT */
    size_t body_max;         /* 0: 64 KiB; never over 128 KiB */
    bool hashes;             /* belongs to the login socket */
    bool cors;               /* scripts of other origins may call it (http/cors.h); never a page */
    bool is_quiet;           /* static assets: no request log line */
    bool needs_no_store;     /* served while the database cannot be read: says so itself */
    enum speak when_down;    /* language of 503 and faults, where it is not that of `speaks` */
};

struct route_table { const struct route *rows; size_t n; };

struct router;
/* Compiles the tables for the configured prefix.  RC_FAULT: an unset column, a
 * duplicate row, a bad pattern (logged): do not start. */
MUST_CHECK enum rc router_new(struct arena *a, const struct route_table *tables, size_t n, const char *oauth_path,
                              struct router **out);

/*
 * RC_OK    *out is the row
 * RC_NONE  no such path, or no such method: *allow has the methods of the path
 *          (0: no such path) and *out a row of that path that says what language
 *          to answer in, or NULL
 */
MUST_CHECK enum rc router_match(const struct router *r, enum method method, const char *path, const struct route **out,
                                int *allow);
/* Value of ":name" (or "*") of the matched row; NULL when it has none. */
const char *route_param(const struct exchange *x, const char *name);

/* Paths of rows with .hashes as prefix-expanded patterns, for the front's
 * configuration: fn(path, arg). */
void router_each_hashing(const struct router *r, void (*fn)(const char *path, void *arg), void *arg);

/* "//", "/./", "/../": the cleaned path; NULL when it was clean. */
const char *path_clean(struct arena *a, const char *path);

#endif
