#include "config.h"

#include "oidc/console.h"

#include <string.h>

#include "authn/session.h"
#include "crypto/hash.h"
#include "crypto/random.h"
#include "http/cookie.h"
#include "http/fields.h"
#include "http/response.h"
#include "http/route.h"
#include "oidc/code_grant.h"
#include "oidc/console_frame.h"
#include "store/console_sessions.h"
#include "store/settings_table.h"
#include "util/uri.h"

#define STATE_COOKIE "autentico_console_state"
#define STATE_LIFE_S 600
#define SESSION_LIFE_S (30 * 24 * 3600) /* when sso_session_max_age sets no limit */
#define TOUCH_EVERY_S 60
#define SCOPES "openid profile email offline_access"
#define PATH_MAX_BYTES 512 /* a longer one is not worth coming back to */

/* Stands in front of `state` when a callback has sent us round before: the second
 * one without a cookie is a browser that keeps none. */
#define AGAIN "again."

static const char *client_id_of(struct exchange *x, const char *console)
{
    return arena_printf(x->arena, "autentico-%s", console);
}

static const char *home_of(struct exchange *x, const char *console)
{
    return arena_printf(x->arena, "/%s/", console);
}

static const char *cookie_name(struct exchange *x, const char *console)
{
    return arena_printf(x->arena, "autentico_%s", console);
}

static const char *cookie_path(struct exchange *x, const char *console)
{
    return arena_printf(x->arena, "/%s", console);
}

static const char *redirect_uri_of(struct exchange *x, const char *console)
{
    return arena_printf(x->arena, "%s/%s/callback", x->conf->url, console);
}

/* ---- a sign-in that has begun: sealed in a cookie ---- */

struct begun {
    const char *state, *code_verifier, *path;
    const char *acr_values; /* NULL: none; not remembered */
};

/* A cookie of one console is not one of the other. */
static struct bytes aad_of(struct exchange *x, const char *console)
{
    return bytes_of(arena_printf(x->arena, "console state %s", console));
}

static void remember(struct exchange *x, const char *console, const struct begun *b)
{
    struct json *obj = json_object(x->arena);

    json_set_str(obj, "state", b->state);
    json_set_str(obj, "code_verifier", b->code_verifier);
    json_set_str(obj, "path", b->path);
    json_set_int(obj, "exp", x->now + STATE_LIFE_S);
    struct bytes sealed = keyring_seal(x->keys, KEY_CONSOLE, x->arena, aad_of(x, console),
                                       bytes_of(json_text(x->arena, obj)));
    cookie_set(x, STATE_COOKIE, base64url_encode(x->arena, sealed), cookie_path(x, console), SAME_LAX, STATE_LIFE_S);
}

static enum rc open_state(struct exchange *x, const char *console, struct json **out)
{
    const char *cookie = cookie_get(x->rq, STATE_COOKIE);
    struct bytes sealed, plain;

    if (cookie == NULL)
        return RC_NONE;
    TRY(base64url_decode(x->arena, cookie, &sealed));
    TRY(keyring_open(x->keys, KEY_CONSOLE, x->arena, aad_of(x, console), sealed, &plain));
    return json_parse(x->arena, (const char *)plain.p, plain.n, out);
}

/* RC_NONE: none, not ours, or too old. */
static enum rc recall(struct exchange *x, const char *console, struct begun *out)
{
    struct json *obj;
    int64_t expires_at;

    TRY(open_state(x, console, &obj));
    TRY(json_get_time(obj, "exp", &expires_at));
    *out = (struct begun){
        .state = text_or(json_str(json_get(obj, "state")), ""),
        .code_verifier = text_or(json_str(json_get(obj, "code_verifier")), ""),
        .path = json_str(json_get(obj, "path")),
    };
    return expires_at > x->now ? RC_OK : RC_NONE;
}

/* ---- to authorize ---- */

/* OA-25: only a page of the same console, and never the callback itself.  Whatever
 * else stands in it is percent-encoded before it goes into a header. */
static const char *path_to_return(struct exchange *x, const char *console, const char *path)
{
    const char *home = home_of(x, console);

    if (path == NULL || strlen(path) > PATH_MAX_BYTES || !text_starts(path, home))
        return home;
    if (strstr(path, "//") != NULL || strstr(path, "/.") != NULL)
        return home;
    return text_same(path, arena_printf(x->arena, "%scallback", home)) ? home : path;
}

static enum rc go_to(struct exchange *x, const char *console, const char *path)
{
    return respond_redirect(x, console_encode(x->arena, path_to_return(x, console, path)));
}

static const char *challenge_of(struct arena *a, const char *code_verifier)
{
    return base64url_encode(a, sha256_of(a, code_verifier));
}

static enum rc send_to_authorize(struct exchange *x, const char *console, const struct begun *b)
{
    struct sbuf uri;

    sbuf_init(&uri, x->arena, 512);
    sbuf_printf(&uri, "%s/authorize", x->conf->issuer);
    uri_add_param(&uri, "client_id", client_id_of(x, console));
    uri_add_param(&uri, "redirect_uri", redirect_uri_of(x, console));
    uri_add_param(&uri, "response_type", "code");
    uri_add_param(&uri, "scope", SCOPES);
    uri_add_param(&uri, "state", b->state);
    uri_add_param(&uri, "code_challenge", challenge_of(x->arena, b->code_verifier));
    uri_add_param(&uri, "code_challenge_method", "S256");
    if (b->acr_values != NULL)
        uri_add_param(&uri, "acr_values", b->acr_values);
    return respond_redirect(x, uri.text);
}

static enum rc start(struct exchange *x, const char *console, const char *path, bool is_again, const char *acr_values)
{
    struct begun b = {
        .state = arena_printf(x->arena, "%s%s", is_again ? AGAIN : "", random_token(x->arena)),
        .code_verifier = random_token(x->arena),
        .path = path_to_return(x, console, path),
        .acr_values = acr_values,
    };

    remember(x, console, &b);
    return send_to_authorize(x, console, &b);
}

enum rc console_start(struct exchange *x, const char *console, const char *path)
{
    return start(x, console, path, false, NULL);
}

enum rc console_start_stronger(struct exchange *x, const char *console, const char *path)
{
    return start(x, console, path, false, "2");
}

/* ---- back from authorize ---- */

struct callback { const char *code, *state, *error, *iss; };
static const struct field callback_fields[] = {
    FIELD(callback, code,  F_OPTIONAL, 512,  is_vschar),
    FIELD(callback, state, F_OPTIONAL, 128,  is_vschar),
    FIELD(callback, error, F_OPTIONAL, 64,   is_vschar),
    FIELD(callback, iss,   F_OPTIONAL, 2048, is_vschar),
};

struct arrival {
    const char *console;
    const char *cookie;             /* of the new console session */
    struct console_session session;
};

static enum rc show_failure(struct exchange *x, const char *console, int status, const char *message, const char *hint)
{
    struct json *vars = json_object(x->arena);

    json_set_str(vars, "message", message);
    json_set_str(vars, "hint", hint);
    json_set_str(vars, "retry_href", home_of(x, console));
    json_set_str(vars, "request_id", x->rq->id);
    return respond_page(x, status, "pages/error", vars);
}

/* design D27: our words, not those of the query. */
static enum rc show_error(struct exchange *x, const char *console, const char *error)
{
    if (text_same(error, "access_denied"))
        return show_failure(x, console, 403, "The sign-in was not completed", "You can start it again.");
    if (text_same(error, "temporarily_unavailable"))
        return show_failure(x, console, 503, "The service is busy", "Please try again in a moment.");
    return show_failure(x, console, 400, "The sign-in did not work", "Please start it again.");
}

/* The link was opened in another browser, another tab was faster, or the page was
 * reloaded: the person may be signed in already; otherwise once more from the
 * start, but not for ever (form-fields 5). */
static enum rc restart(struct exchange *x, const char *console, const char *state, const char *path)
{
    enum rc rc = console_find(x, console);

    if (rc == RC_OK)
        return go_to(x, console, path);
    if (rc != RC_NONE)
        return rc;
    if (text_starts(text_or(state, ""), AGAIN))
        return show_failure(x, console, 400, "Your browser did not keep the sign-in",
                            "Please allow cookies for this site and start again.");
    return start(x, console, path, true, NULL);
}

static enum rc cookie_hash(struct exchange *x, const char *console, const char *cookie, int key, struct bytes *out)
{
    const char *text = arena_printf(x->arena, "console session %s %s", console, cookie);
    uint8_t mac[SHA256_BYTES];

    TRY(keyring_mac(x->keys, KEY_CONSOLE, key, bytes_of(text), mac));
    *out = arena_bytes(x->arena, BYTES(mac));
    return RC_OK;
}

static int64_t life_of(const struct exchange *x)
{
    int64_t limit_s = x->settings->sso_session_max_age;

    return limit_s > 0 ? limit_s : SESSION_LIFE_S;
}

/* In the transaction of the redemption; the family lasts as long as the console
 * session, which would be swept away with it. */
static enum rc add_session(struct exchange *x, const struct grant *g, void *arg)
{
    struct arrival *in = arg;
    struct console_session *s = &in->session;

    s->user_id = g->family.user_id;
    s->family_id = g->family.id;
    TRY(families_extend(x->db, g->family.id, s->expires_at));
    return console_sessions_add(x->db, s);
}

static enum rc prepare(struct exchange *x, const char *console, struct arrival *out)
{
    *out = (struct arrival){ .console = console, .cookie = random_token(x->arena) };
    out->session.id = random_id(x->arena, x->now);
    out->session.console = console;
    out->session.created_at = x->now;
    out->session.expires_at = x->now + life_of(x);
    return cookie_hash(x, console, out->cookie, KEY_MAKES, &out->session.cookie_hash);
}

static enum rc redeem(struct exchange *x, const char *console, const char *code, const struct begun *b,
                      struct arrival *in)
{
    struct code_form form = {
        .code = code, .redirect_uri = redirect_uri_of(x, console), .code_verifier = b->code_verifier,
    };
    struct client *client = arena_new(x->arena, struct client);
    struct grant g;
    enum rc rc = clients_find(x->db, x->arena, client_id_of(x, console), client);

    if (rc == RC_NONE)
        return fault("console: client %s is missing; start seeds it", client_id_of(x, console));
    TRY(rc);
    TRY(prepare(x, console, in));
    return code_redeem(x, client, &form, add_session, in, &g);
}

static enum rc arrive(struct exchange *x, const char *console, const char *code, const struct begun *b)
{
    struct arrival in;
    enum rc rc = redeem(x, console, code, b, &in);

    if (rc == RC_REFUSED)
        return show_error(x, console, refusal_wire(x->no.code));
    TRY(rc);
    cookie_set(x, cookie_name(x, console), in.cookie, cookie_path(x, console), SAME_LAX,
               x->settings->sso_session_max_age);
    return go_to(x, console, b->path);
}

/* RFC 9207 2.4: the answer of this server and no other. */
static bool is_from_us(const struct exchange *x, const struct callback *in)
{
    return in->iss == NULL || text_same(in->iss, x->conf->issuer);
}

static enum rc callback(struct exchange *x, const char *console)
{
    struct callback in = { 0 };
    struct begun b = { 0 };

    TRY(query_bind(x, callback_fields, ARRAY_LEN(callback_fields), &in));
    enum rc rc = recall(x, console, &b);
    if (rc == RC_FAULT)
        return rc;
    if (rc == RC_NONE || !ct_same_text(in.state, b.state)) /* RFC 6749 10.12 */
        return restart(x, console, in.state, b.path);
    cookie_clear(x, STATE_COOKIE, cookie_path(x, console));
    if (in.error != NULL)
        return show_error(x, console, in.error);
    if (in.code == NULL || !is_from_us(x, &in))
        return show_error(x, console, "invalid_request");
    return arrive(x, console, in.code, &b);
}

enum rc console_callback_admin(struct exchange *x)
{
    return callback(x, "admin");
}

enum rc console_callback_account(struct exchange *x)
{
    return callback(x, "account");
}

/* ---- signed in ---- */

struct looking { struct exchange *x; const char *console, *cookie; struct console_session *out; };

static enum rc find_under(void *arg, int key)
{
    const struct looking *l = arg;
    struct bytes hash;

    TRY(cookie_hash(l->x, l->console, l->cookie, key, &hash));
    return console_sessions_find(l->x->db, l->x->arena, hash, l->console, l->x->now, l->out);
}

/* As for the single sign-on (authn/session.c). */
static void take_over(struct exchange *x, const char *console, const char *cookie, struct console_session *s)
{
    struct bytes hash;

    if (cookie_hash(x, console, cookie, 0, &hash) == RC_OK &&
        console_sessions_rekey(x->db, s->id, s->cookie_hash, hash) == RC_OK)
        s->cookie_hash = hash;
}

static enum rc find_row(struct exchange *x, const char *console, struct console_session *out)
{
    const char *cookie = cookie_get(x->rq, cookie_name(x, console));
    struct looking l = { x, console, cookie, out };
    bool goes_over;

    if (cookie == NULL || strlen(cookie) != TOKEN_CHARS || !is_base64url(cookie))
        return RC_NONE;
    TRY(keyring_look_up(x->keys, find_under, &l, &goes_over));
    if (goes_over)
        take_over(x, console, cookie, out);
    return RC_OK;
}

static enum rc check_browser(struct exchange *x, const struct console_session *s)
{
    TRY(session_find(x));
    if (!text_same(x->session->id, s->session_id))
        return RC_NONE;
    return session_is_fresh(x, x->session, x->settings->sso_session_idle_timeout, -1) ? RC_OK : RC_NONE;
}

/* Working in a console is activity, as the refreshes of an application are. */
static enum rc note_activity(struct exchange *x)
{
    if (x->now - x->session->last_activity_at < TOUCH_EVERY_S)
        return RC_OK;
    enum rc rc = sessions_touch(x->db, x->session->id, x->now);
    return rc == RC_NONE ? RC_OK : rc;
}

enum rc console_find(struct exchange *x, const char *console)
{
    struct console_session *s = arena_new(x->arena, struct console_session);
    struct user *u = arena_new(x->arena, struct user);

    TRY(find_row(x, console, s));
    TRY(check_browser(x, s));
    TRY(users_by_id(x->db, x->arena, s->user_id, u));
    TRY(note_activity(x));
    x->console = s;
    x->user = u;
    return RC_OK;
}

enum rc console_denied(struct exchange *x)
{
    struct json *vars = json_object(x->arena);

    json_set_str(vars, "me", x->user->username);
    json_set_str(vars, "logout_url", console_logout_url(x, x->route->console));
    return respond_page(x, 403, "admin/denied", vars);
}

const char *console_logout_url(struct exchange *x, const char *console)
{
    struct sbuf uri;

    sbuf_init(&uri, x->arena, 128);
    sbuf_printf(&uri, "%s/logout", x->conf->oauth_path);
    uri_add_param(&uri, "client_id", client_id_of(x, console));
    if (text_same(console, "account"))
        uri_add_param(&uri, "post_logout_redirect_uri", arena_printf(x->arena, "%s/account/", x->conf->url));
    return uri.text;
}
