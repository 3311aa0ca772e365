/*
 * What the tests of the consoles share: rows found in the real tables, a browser
 * with cookies, a signed-in administrator, and the real templates.
 */
#ifndef AUTENTICO_TESTS_ADMIN_TEST_H
#define AUTENTICO_TESTS_ADMIN_TEST_H

#include "oidc_test.h"

#include "account/routes.h"
#include "admin/routes.h"
#include "authn/session.h"
#include "http/page.h"
#include "oidc/console.h"
#include "store/audit.h"
#include "store/console_sessions.h"

static const struct templates *TEMPLATES UNUSED; /* of the program */
static struct user *ADMIN UNUSED;                /* root, u2 */

/* ---- a browser ---- */

struct jar { struct param v[8]; size_t n; };

static UNUSED void jar_set(struct jar *j, const char *name, const char *value)
{
    for (size_t i = 0; i < j->n; i++)
        if (strcmp(j->v[i].name, name) == 0) {
            j->v[i].value = value;
            return;
        }
    assert_true(j->n < ARRAY_LEN(j->v));
    j->v[j->n++] = (struct param){ name, value };
}

static UNUSED const char *jar_get(const struct jar *j, const char *name)
{
    for (size_t i = 0; i < j->n; i++)
        if (strcmp(j->v[i].name, name) == 0)
            return j->v[i].value;
    return NULL;
}

static UNUSED const char *header_of(struct exchange *x, const char *name)
{
    const char *text = x->rs->headers.text, *at = strstr(text, arena_printf(A, "%s: ", name));

    if (at == NULL)
        return NULL;
    at += strlen(name) + 2;
    return arena_strndup(A, at, strcspn(at, "\r"));
}

/* Takes the cookies of an answer. */
static UNUSED void jar_take(struct jar *j, struct exchange *x)
{
    for (const char *p = x->rs->headers.text; (p = strstr(p, "Set-Cookie: ")) != NULL; p++) {
        const char *name = p + strlen("Set-Cookie: "), *value = strchr(name, '=') + 1;

        jar_set(j, arena_strndup(A, name, (size_t)(value - 1 - name)), arena_strndup(A, value, strcspn(value, ";\r")));
    }
}

/* The decoded parameter of a URI. */
static UNUSED const char *query_of(const char *uri, const char *name)
{
    struct params p;
    const char *query = strchr(uri, '?');

    assert_non_null(query);
    assert_ok(params_parse(A, query + 1, strlen(query + 1), &p));
    return param_get(&p, name, NULL);
}

/* ---- rows ---- */

static UNUSED const struct router *router(void)
{
    const struct route_table tables[] = { admin_routes, account_routes };
    struct router *r = NULL;

    assert_ok(router_new(A, tables, 2, "/oauth2", &r));
    return r;
}

/* A request to `uri`, matched. */
static UNUSED struct exchange *a_visit(enum method method, const char *uri, const struct jar *j)
{
    struct request *rq = a_request(method);
    const char *query = strchr(uri, '?');
    struct exchange *x;
    int allow;

    rq->path = rq->raw_path = query ? arena_strndup(A, uri, (size_t)(query - uri)) : uri;
    rq->query_text = query ? query + 1 : "";
    assert_ok(params_parse(A, rq->query_text, strlen(rq->query_text), &rq->query));
    if (j != NULL)
        rq->cookies = (struct params){ arena_memdup(A, j->v, sizeof(j->v)), j->n };
    x = an_exchange(rq);
    x->templates = TEMPLATES;
    if (router_match(router(), method, rq->path, &x->route, &allow) != RC_OK)
        fail_msg("no row for %s", rq->path);
    return x;
}

static UNUSED void give_body(struct exchange *x, const char *body)
{
    struct request *rq = arena_memdup(A, x->rq, sizeof(*rq));

    rq->body = bytes_of(body);
    rq->is_form = is_page(x);
    if (rq->is_form)
        assert_ok(params_parse(A, body, strlen(body), &rq->form));
    x->rq = rq;
}

/* As root, past the gate.  `body` may be NULL. */
static UNUSED struct exchange *as_admin(enum method method, const char *uri, const char *body)
{
    struct exchange *x = a_visit(method, uri, NULL);

    if (body != NULL)
        give_body(x, body);
    x->user = ADMIN;
    if (is_page(x))
        x->console = arena_new(A, struct console_session);
    return x;
}

static UNUSED enum rc run(struct exchange *x)
{
    enum rc rc;

    db_read_begin(DB);
    rc = x->route->handle(x);
    db_read_end(DB);
    if (rc == RC_OK && response_render(x) != RC_OK)
        fail_msg("%s does not render", x->rq->path);
    assert_true(db_is_idle(DB));
    return rc;
}

static UNUSED const char *body_of(struct exchange *x)
{
    return arena_strndup(A, (const char *)x->rs->body.p, x->rs->body.n);
}

static UNUSED struct json *json_of(struct exchange *x)
{
    struct json *j = NULL;

    assert_ok(json_parse(A, (const char *)x->rs->body.p, x->rs->body.n, &j));
    return j;
}

static UNUSED struct json *run_json(enum method method, const char *uri, const char *body, int status)
{
    struct exchange *x = as_admin(method, uri, body);
    enum rc rc = run(x);

    if (rc != RC_OK)
        fail_msg("%s: %d %s", uri, rc, refusal_text(&x->no));
    assert_int_equal(x->rs->status, status);
    return x->rs->body.n > 0 ? json_of(x) : NULL;
}

static UNUSED void run_refused(enum method method, const char *uri, const char *body, enum refusal_code code)
{
    struct exchange *x = as_admin(method, uri, body);

    assert_no(x, run(x), code);
}

static UNUSED const char *run_page(enum method method, const char *uri, const char *body, int status)
{
    struct exchange *x = as_admin(method, uri, body);
    enum rc rc = run(x);

    if (rc != RC_OK)
        fail_msg("%s: %d %s", uri, rc, refusal_text(&x->no));
    if (x->rs->status != status)
        fail_msg("%s: status %d: %s", uri, x->rs->status, body_of(x));
    return status == 303 ? header_of(x, "Location") : body_of(x);
}

static UNUSED void assert_has(const char *text, const char *part)
{
    if (strstr(text, part) == NULL)
        fail_msg("'%s' is not in:\n%s", part, text);
}

static UNUSED void assert_has_not(const char *text, const char *part)
{
    if (strstr(text, part) != NULL)
        fail_msg("'%s' is in:\n%s", part, text);
}

/* One of the latest audit rows; those of one second come in any order. */
static UNUSED void assert_trail(const char *event, const char *target_id)
{
    struct audit_rows rows;

    assert_ok(audit_latest(DB, A, 10, &rows));
    for (size_t i = 0; i < rows.n; i++)
        if (text_same(rows.v[i].event, event) && text_same(rows.v[i].target_id, target_id))
            return;
    fail_msg("no %s of %s in the trail", event, target_id);
}

#ifndef SRCDIR
#define SRCDIR "."
#endif

static UNUSED int with_consoles(void **state)
{
    (void)state;
    ALWAYS = arena_start("test program");
    CONTROLS[0] = -1;
    CONTROLS[1] = fork_hasher();
    set_deadlines();
    return templates_load(ALWAYS, SRCDIR, &TEMPLATES) == RC_OK ? 0 : -1;
}

static UNUSED int without_consoles(void **state)
{
    int status;

    (void)state;
    close(CONTROLS[1]);
    while (wait(&status) > 0)
        assert_int_equal(status, 0);
    arena_done(ALWAYS);
    return 0;
}

static UNUSED int console_world(void **state)
{
    world(state);
    ADMIN = arena_new(A, struct user);
    assert_ok(users_by_id(DB, A, "u2", ADMIN));
    return 0;
}

#endif
