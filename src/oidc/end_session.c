#include "config.h"

#include "oidc/end_session.h"

#include <string.h>

#include "authn/session.h"
#include "authn/trail.h"
#include "crypto/hash.h"
#include "http/csrf.h"
#include "http/fields.h"
#include "http/problem.h"
#include "oidc/id_token_hint.h"
#include "store/clients.h"
#include "store/sessions.h"
#include "store/settings_table.h"
#include "store/users.h"
#include "util/frame.h"
#include "util/uri.h"

#define CONFIRM_LIFE_S 3600

struct logout_form {
    const char *id_token_hint, *client_id, *post_logout_redirect_uri, *state;
};
static const struct field logout_fields[] = {
    FIELD(logout_form, id_token_hint, F_OPTIONAL, 8192, is_vschar),
    FIELD(logout_form, client_id, F_OPTIONAL, 255, is_vschar),
    FIELD(logout_form, post_logout_redirect_uri, F_OPTIONAL, 2048, is_vschar),
    FIELD(logout_form, state, F_OPTIONAL, 2048, NULL),
};

/* A logout in hand. */
struct logout {
    struct logout_form form;
    bool has_hint;
    struct id_token_hint hint;
    struct client client;      /* who asks, when known */
    bool has_client;
    const char *target;        /* registered URI, state appended; NULL: no redirect */
};

/* --- who asks, and where to go afterwards ---------------------------------- */

static enum rc read_hint(struct exchange *x, struct logout *l)
{
    if (text_empty(l->form.id_token_hint))
        return RC_OK;
    enum rc rc = id_token_hint_read(x, l->form.id_token_hint, &l->hint);
    if (rc == RC_NONE) /* RL-05: another's, altered, or no token at all */
        return refuse(&x->no, REFUSE_INVALID_REQUEST, "The id_token_hint is not an ID token of this server");
    TRY(rc);
    l->has_hint = true;
    if (!text_empty(l->form.client_id) && !text_same(l->form.client_id, l->hint.client_id))
        return refuse(&x->no, REFUSE_INVALID_REQUEST, "The id_token_hint was issued to another client_id"); /* RL-08 */
    return RC_OK;
}

static enum rc find_client(struct exchange *x, struct logout *l)
{
    const char *client_id = l->has_hint ? l->hint.client_id : l->form.client_id;

    if (text_empty(client_id))
        return RC_OK;
    enum rc rc = clients_find(x->db, x->arena, client_id, &l->client);
    if (rc == RC_NONE)
        return RC_OK;
    TRY(rc);
    l->has_client = l->client.is_active;
    return RC_OK;
}

/* Exactly as registered (RL-04), state as it came (RL-02). */
static const char *target_of(struct exchange *x, const struct logout *l)
{
    const struct text_list *registered = &l->client.post_logout_redirect_uris;
    const char *uri = l->form.post_logout_redirect_uri;
    struct sbuf out;

    if (!l->has_client || text_empty(uri))
        return NULL;
    for (size_t i = 0; i < registered->n; i++) {
        if (strcmp(registered->v[i], uri) != 0)
            continue;
        sbuf_init(&out, x->arena, 256);
        sbuf_add(&out, uri);
        uri_add_param(&out, "state", l->form.state);
        return out.text;
    }
    return NULL;
}

static enum rc read_request(struct exchange *x, struct logout *l)
{
    TRY(either_bind(x, logout_fields, ARRAY_LEN(logout_fields), &l->form));
    TRY(read_hint(x, l));
    TRY(find_client(x, l));
    l->target = target_of(x, l);
    return RC_OK;
}

/* --- ending ---------------------------------------------------------------- */

struct ending { struct exchange *x; struct user user; };

static enum rc end_session(struct db *db, void *arg)
{
    struct ending *e = arg;
    const char *id = e->x->session->id;

    TRY(sessions_end(db, id, "logout", e->x->now));
    return trail(e->x, "logout", &e->user, "session", id, NULL);
}

static enum rc end_now(struct exchange *x)
{
    struct ending e = { .x = x };

    if (x->session == NULL)
        return RC_OK;
    enum rc rc = users_by_id(x->db, x->arena, x->session->user_id, &e.user);
    if (rc != RC_OK && rc != RC_NONE)
        return rc;
    return db_write(x->db, end_session, &e);
}

static enum rc goodbye(struct exchange *x, const char *target)
{
    if (target == NULL)
        return respond_page(x, 200, "pages/signed_out", NULL);
    return respond_redirect(x, target);
}

static enum rc end_and_leave(struct exchange *x, const char *target)
{
    TRY(end_now(x));
    session_cookie_clear(x);
    return goodbye(x, target);
}

/* --- asking first ---------------------------------------------------------- */

static const char aad[] = "autentico logout";

/* What a "yes" will do, sealed and bound to this browser. */
static const char *seal_question(struct exchange *x, const struct logout *l)
{
    bool may_redirect = l->has_hint && l->target != NULL;
    struct sbuf b;

    sbuf_init(&b, x->arena, 512);
    frame_put_int(&b, x->now);
    frame_put_bytes(&b, csrf_binding(x));
    frame_put_text(&b, x->session->id);
    frame_put_text(&b, may_redirect ? l->client.client_id : NULL);
    frame_put_text(&b, may_redirect ? l->form.post_logout_redirect_uri : NULL);
    frame_put_text(&b, may_redirect ? l->form.state : NULL);
    return base64url_encode(x->arena, keyring_seal(x->keys, KEY_HANDLE, x->arena, bytes_of(aad), sbuf_bytes(&b)));
}

struct question {
    int64_t asked_at;
    struct bytes binding;
    const char *session_id;
    struct logout logout; /* its form only */
};

static enum rc read_question(struct exchange *x, struct bytes frame, struct question *q)
{
    struct frame_reader r;

    frame_read(&r, frame);
    q->asked_at = frame_get_int(&r);
    q->binding = frame_get_bytes(&r);
    q->session_id = frame_get_text(&r, x->arena);
    q->logout.form.client_id = frame_get_text(&r, x->arena);
    q->logout.form.post_logout_redirect_uri = frame_get_text(&r, x->arena);
    q->logout.form.state = frame_get_text(&r, x->arena);
    return frame_end(&r);
}

/* RC_NONE: not ours, expired, or of another browser. */
static enum rc open_question(struct exchange *x, const char *handle, struct question *out)
{
    struct bytes sealed, plain;

    memset(out, 0, sizeof(*out));
    if (text_empty(handle))
        return RC_NONE;
    TRY(base64url_decode(x->arena, handle, &sealed));
    TRY(keyring_open(x->keys, KEY_HANDLE, x->arena, bytes_of(aad), sealed, &plain));
    TRY(read_question(x, plain, out));
    if (x->now - out->asked_at >= CONFIRM_LIFE_S || !ct_equal(out->binding, csrf_binding(x)))
        return RC_NONE;
    return RC_OK;
}

static enum rc ask_first(struct exchange *x, const struct logout *l)
{
    struct json *vars = json_object(x->arena);
    struct user user;

    json_set_str(vars, "handle", seal_question(x, l));
    json_set_str(vars, "client_name", l->has_client ? l->client.client_name : "");
    if (users_by_id(x->db, x->arena, x->session->user_id, &user) == RC_OK)
        json_set_str(vars, "username", user.username);
    if (l->has_hint && l->target != NULL)
        x->rs->form_action = problem_form_action(x->arena, l->target);
    return respond_page(x, 200, "pages/logout_confirm", vars);
}

/* --- deciding -------------------------------------------------------------- */

/* The token was issued in this very session (RL-09). */
static bool is_hint_of_session(const struct exchange *x, const struct logout *l)
{
    return l->has_hint && text_same(l->hint.sub, x->session->user_id) &&
           (l->hint.sid == NULL || text_same(l->hint.sid, x->session->id));
}

static bool needs_question(const struct exchange *x, const struct logout *l)
{
    const char *mode = x->settings->logout_confirmation;

    if (text_same(mode, "never"))
        return false;
    if (text_same(mode, "always"))
        return true;
    if (!text_empty(l->form.post_logout_redirect_uri) && l->has_hint && l->target == NULL)
        return true; /* RL-04: asked for a place that is not registered */
    return !is_hint_of_session(x, l) && !text_same(x->rq->sec_fetch_site, "same-origin");
}

/* A browser without a session may be sent on by a hint or by client_id; one with a
 * session only by a valid hint (RL-06). */
static enum rc decide(struct exchange *x, const struct logout *l)
{
    enum rc rc = session_find(x);

    if (rc == RC_NONE)
        return end_and_leave(x, l->target);
    TRY(rc);
    if (needs_question(x, l))
        return ask_first(x, l);
    return end_and_leave(x, l->has_hint ? l->target : NULL);
}

/*
 * RL-01: the cookie is Lax, so a form that an application posts from its own site
 * comes without it and would end nothing.  A GET of the same brings it along.
 */
static bool is_cookie_held_back(const struct exchange *x)
{
    return x->rq->method == M_POST && text_same(x->rq->sec_fetch_site, "cross-site") &&
           cookie_get(x->rq, x->conf->session_cookie_name) == NULL;
}

static enum rc turn_into_get(struct exchange *x, const struct logout_form *form)
{
    struct sbuf url;

    sbuf_init(&url, x->arena, 1024);
    sbuf_printf(&url, "%s/logout", x->conf->oauth_path);
    uri_add_param(&url, "id_token_hint", form->id_token_hint);
    uri_add_param(&url, "client_id", form->client_id);
    uri_add_param(&url, "post_logout_redirect_uri", form->post_logout_redirect_uri);
    uri_add_param(&url, "state", form->state);
    return respond_see_other(x, url.text);
}

enum rc end_session_handle(struct exchange *x)
{
    struct logout l;

    memset(&l, 0, sizeof(l));
    TRY(read_request(x, &l));
    if (is_cookie_held_back(x))
        return turn_into_get(x, &l.form);
    return decide(x, &l);
}

struct confirm_form { const char *handle, *action; };
static const struct field confirm_fields[] = {
    FIELD(confirm_form, handle, F_OPTIONAL, 16384, is_base64url),
    FIELD(confirm_form, action, F_OPTIONAL, 16, is_vschar),
};

/* Still registered, of a client that is still active. */
static enum rc target_again(struct exchange *x, struct question *q)
{
    TRY(find_client(x, &q->logout));
    q->logout.target = target_of(x, &q->logout);
    return RC_OK;
}

static enum rc ask_again(struct exchange *x)
{
    return respond_redirect(x, arena_printf(x->arena, "%s/logout", x->conf->oauth_path));
}

static enum rc confirmed(struct exchange *x, struct question *q)
{
    enum rc rc = session_find(x);

    if (rc == RC_OK && !text_same(q->session_id, x->session->id))
        return ask_again(x); /* somebody else is signed in by now */
    if (rc != RC_OK && rc != RC_NONE)
        return rc;
    TRY(target_again(x, q));
    return end_and_leave(x, q->logout.target);
}

enum rc end_session_confirm_handle(struct exchange *x)
{
    struct confirm_form form = { NULL, NULL };
    struct question q;

    TRY(form_bind(x, confirm_fields, ARRAY_LEN(confirm_fields), &form));
    if (!text_same(form.action, "yes"))
        return respond_redirect(x, "/account/");
    enum rc rc = open_question(x, form.handle, &q);
    if (rc == RC_NONE)
        return ask_again(x);
    TRY(rc);
    return confirmed(x, &q);
}
