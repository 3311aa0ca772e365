/*
 * What the tests of sign-in share: browsers with cookies, and where an answer sends
 * them.
 */
#ifndef AUTENTICO_TESTS_AUTHZ_TEST_H
#define AUTENTICO_TESTS_AUTHZ_TEST_H

#include "oidc_test.h"

#include "authn/session.h"
#include "http/csrf.h"
#include "store/audit.h"
#include "store/passwords.h"

static struct route PAGE_ROUTE UNUSED = { .methods = M_ANY, .path = "/authorize", .who = WHO_ANYONE, .limit = LIMIT_NONE,
                                          .csrf = CSRF_NONE, .speaks = SPEAK_HTML };

/* Hashes here instead of in a process of its own. */
static struct hasher HERE UNUSED = { .ask_fd = -1 };

/* A browser: what it has in its jar. */
struct jar { const char *csrf, *session; };

static UNUSED void add_cookie(struct request *rq, const char *name, const char *value)
{
    struct param *v = arena_array(A, struct param, rq->cookies.n + 1);

    if (value == NULL)
        return;
    for (size_t i = 0; i < rq->cookies.n; i++)
        v[i] = rq->cookies.v[i];
    v[rq->cookies.n] = (struct param){ name, value };
    rq->cookies = (struct params){ v, rq->cookies.n + 1 };
}

static UNUSED struct exchange *browse(const struct jar *jar, struct request *rq)
{
    struct exchange *x;

    add_cookie(rq, CSRF_COOKIE, jar->csrf);
    add_cookie(rq, CONF.session_cookie_name, jar->session);
    x = an_exchange(rq);
    x->route = &PAGE_ROUTE;
    x->hasher = &HERE;
    return x;
}

static UNUSED struct exchange *get(const struct jar *jar, const char *query)
{
    struct request *rq = a_request(M_GET);

    rq->query_text = query;
    assert_ok(params_parse(A, query, strlen(query), &rq->query));
    return browse(jar, rq);
}

static UNUSED struct exchange *post(const struct jar *jar, const char *form)
{
    struct request *rq = a_request(M_POST);

    rq->is_form = true;
    assert_ok(params_parse(A, form, strlen(form), &rq->form));
    return browse(jar, rq);
}

/* The value of a response header; NULL: not there. */
static UNUSED const char *header(const struct exchange *x, const char *name)
{
    const char *at = strstr(x->rs->headers.text, arena_printf(A, "%s: ", name));

    if (at == NULL)
        return NULL;
    at += strlen(name) + 2;
    return arena_strndup(A, at, strcspn(at, "\r"));
}

/* A cookie that the answer sets; NULL: it does not. */
static UNUSED const char *set_cookie(const struct exchange *x, const char *name)
{
    const char *at = strstr(x->rs->headers.text, arena_printf(A, "Set-Cookie: %s=", name));

    if (at == NULL)
        return NULL;
    at += strlen("Set-Cookie: ") + strlen(name) + 1;
    return arena_strndup(A, at, strcspn(at, ";"));
}

/* A parameter of the URI that the answer redirects to. */
static UNUSED const char *landed(const struct exchange *x, const char *name)
{
    const char *location = header(x, "Location"), *query = location != NULL ? strchr(location, '?') : NULL;
    struct params p;

    if (query == NULL || params_parse(A, query + 1, strlen(query + 1), &p) != RC_OK)
        return NULL;
    return param_get(&p, name, NULL);
}

static UNUSED void assert_lands_at(const struct exchange *x, const char *prefix)
{
    const char *location = header(x, "Location");

    if (location == NULL || !text_starts(location, prefix))
        fail_msg("goes to %s, not to %s", location != NULL ? location : "(nowhere)", prefix);
}

static UNUSED void assert_page(const struct exchange *x, const char *page)
{
    assert_non_null(x->rs->page);
    assert_string_equal(x->rs->page, page);
}

static UNUSED void put_setting(const char *key, const char *value)
{
    assert_ok(settings_put(DB, key, value, T0));
}

/* A live session of `user_id`, signed in `age_s` ago; returns its cookie. */
static UNUSED const char *signed_in(const char *user_id, int64_t age_s)
{
    struct jar none = { NULL, NULL };
    struct exchange *x = get(&none, "");
    struct session s;
    const char *cookie;

    session_new(x, user_id, "1", "pwd", &s, &cookie);
    s.auth_time = s.created_at = s.last_activity_at = x->now - age_s;
    assert_ok(sessions_add(DB, &s));
    return cookie;
}

static UNUSED struct audit_row last_event(void)
{
    struct audit_rows rows;

    assert_ok(audit_latest(DB, A, 1, &rows));
    return rows.n > 0 ? rows.v[0] : (struct audit_row){ .event = "" };
}

/* The ID token of a session, as the application got it. */
static UNUSED const char *id_token_for(const char *session_id, const char *user_id)
{
    const char *value = random_token(A);
    struct code c = a_code(value, "app");
    struct exchange *x;

    c.session_id = session_id;
    c.user_id = user_id;
    assert_ok(codes_add(DB, &c));
    x = with_header(a_post(arena_printf(A, "grant_type=authorization_code&code=%s&code_verifier=" VERIFIER
                                           "&redirect_uri=https%%3A%%2F%%2Fapp.example%%2Fcb", value)),
                    basic("app", SECRET));
    if (token_handle(x) != RC_OK)
        fail_msg("id_token_for: %s", refusal_text(&x->no));
    return text_of(answer_of(x), "id_token");
}

static UNUSED const char *session_of(const char *cookie)
{
    struct jar jar = { NULL, cookie };
    struct exchange *x = get(&jar, "");

    assert_ok(session_find(x));
    return x->session->id;
}

#endif
