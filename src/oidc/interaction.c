#include "config.h"

#include "oidc/interaction.h"

#include <string.h>

#include "crypto/hash.h"
#include "crypto/seal.h"
#include "http/csrf.h"
#include "http/fields.h"
#include "store/settings_table.h"
#include "util/frame.h"

#define HANDLE_VERSION 2
#define KEY_ID_BYTES 4
#define ANY_LENGTH 65536

/* One label per use of KEY_HANDLE: what is sealed for one page opens on no other. */
static const char aad[] = "autentico interaction";

/* What a handle says. */
struct handle {
    int64_t issued_at;
    struct bytes binding; /* of the browser it was given to */
    struct authz_request request;
};

/* ---- sealing ---- */

static struct bytes frame_of(struct exchange *x, const struct authz_request *r)
{
    struct sbuf b;

    sbuf_init(&b, x->arena, 1024);
    frame_put_int(&b, HANDLE_VERSION);
    frame_put_int(&b, x->now);
    frame_put_bytes(&b, csrf_binding(x));
    frame_put_bytes(&b, authz_request_pack(x->arena, r));
    return sbuf_bytes(&b);
}

enum rc interaction_seal(struct exchange *x, const struct authz_request *r, const char **handle)
{
    struct bytes sealed = keyring_seal(x->keys, KEY_HANDLE, x->arena, bytes_of(aad),
                                       frame_of(x, r));
    const char *text = base64url_encode(x->arena, sealed);

    if (strlen(text) > INTERACTION_MAX)
        return refuse(&x->no, REFUSE_INVALID_REQUEST, "The authorization request is too long");
    *handle = text;
    return RC_OK;
}

/* ---- opening ---- */

/* The seal decides about these: binding them has no opinion but on repeats (http-api 5.2). */
#define WHATEVER(member) FIELD(interaction_form, member, F_OPTIONAL, ANY_LENGTH, field_any)
static const struct field form_fields[] = {
    WHATEVER(authorize_sig),  WHATEVER(client_id),
    WHATEVER(redirect_uri),   WHATEVER(scope),
    WHATEVER(state),          WHATEVER(nonce),
    WHATEVER(code_challenge), WHATEVER(code_challenge_method),
    WHATEVER(prompt),
};

enum rc interaction_form_bind(struct exchange *x, struct interaction_form *out)
{
    if (x->rq->method == M_POST)
        return form_bind(x, form_fields, ARRAY_LEN(form_fields), out);
    return query_bind(x, form_fields, ARRAY_LEN(form_fields), out);
}

static enum rc read_frame(struct exchange *x, struct bytes frame, struct handle *out)
{
    struct frame_reader f;
    struct handle h = { 0 };
    struct bytes packed;
    int64_t version;

    frame_read(&f, frame);
    version = frame_get_int(&f);
    h.issued_at = frame_get_int(&f);
    h.binding = frame_get_bytes(&f);
    packed = frame_get_bytes(&f);
    TRY(frame_end(&f));
    if (version != HANDLE_VERSION) /* of a program that was replaced meanwhile */
        return RC_NONE;
    TRY(authz_request_unpack(x->arena, packed, &h.request));
    *out = h;
    return RC_OK;
}

static enum rc decode(struct exchange *x, const char *text, struct bytes *out)
{
    if (text_empty(text) || strlen(text) > INTERACTION_MAX)
        return RC_NONE;
    return base64url_decode(x->arena, text, out);
}

static enum rc unseal(struct exchange *x, const char *text, struct handle *out)
{
    struct bytes sealed, frame;

    TRY(decode(x, text, &sealed));
    TRY(keyring_open(x->keys, KEY_HANDLE, x->arena, bytes_of(aad), sealed, &frame));
    return read_frame(x, frame, out);
}

static const char *folded(struct arena *a, const char *scope)
{
    struct text_list words = text_split(a, scope, ' ');

    return text_join(a, &words, ' ');
}

/* As authz_request_read completes it. */
static const char *method_of(const struct interaction_form *f)
{
    return text_empty(f->code_challenge) ? f->code_challenge_method
                                         : text_or(f->code_challenge_method, "S256");
}

/* http-api 5.2: absent counts as empty.  `prompt` is not among the seven: what
 * holds is the sealed one, so a form without it is as good. */
static bool is_same_request(struct arena *a, const struct interaction_form *f,
                            const struct authz_request *r)
{
    return text_same(f->client_id, r->client_id) && text_same(f->redirect_uri, r->redirect_uri) &&
           text_same(folded(a, f->scope), r->scope) && text_same(f->state, r->state) &&
           text_same(f->nonce, r->nonce) && text_same(f->code_challenge, r->code_challenge) &&
           text_same(method_of(f), r->code_challenge_method) &&
           (text_empty(f->prompt) || text_same(f->prompt, r->prompt));
}

static bool is_ours_still(struct exchange *x, const struct handle *h)
{
    return x->now - h->issued_at < INTERACTION_LIFE_S && ct_equal(h->binding, csrf_binding(x));
}

static bool is_key_of_ours(const struct exchange *x, struct bytes id)
{
    if (ct_equal(id, BYTES(x->keys->now[KEY_HANDLE].id)))
        return true;
    return x->keys->has_previous && ct_equal(id, BYTES(x->keys->previous[KEY_HANDLE].id));
}

/* Long enough to have this request in it, under a key that we do not have. */
static bool is_under_unknown_key(struct exchange *x, const char *text,
                                 const struct authz_request *r)
{
    struct bytes sealed;

    if (decode(x, text, &sealed) != RC_OK)
        return false;
    if (sealed.n < KEY_ID_BYTES + SEAL_OVERHEAD + frame_of(x, r).n)
        return false;
    return !is_key_of_ours(x, (struct bytes){ sealed.p, KEY_ID_BYTES });
}

/*
 * It does not open.  When the cookie secret was replaced without an overlap that
 * cannot be told from a forgery, but it need not be: nothing of the seal is
 * trusted, the person is sent to authorize with parameters that anybody could send
 * there.
 */
static enum rc start_over(struct exchange *x, const struct interaction_form *f,
                          struct authz_request *out)
{
    struct authz_request r = {
        .client_id = text_or(f->client_id, ""), .redirect_uri = text_or(f->redirect_uri, ""),
        .response_type = "code", .scope = f->scope, .state = f->state, .nonce = f->nonce,
        .code_challenge = f->code_challenge, .code_challenge_method = method_of(f),
        .prompt = f->prompt, .max_age = -1, .requested_at = x->now,
    };
    enum rc rc;

    if (!is_under_unknown_key(x, f->authorize_sig, &r))
        return refuse(&x->no, REFUSE_TAMPERED, NULL);
    rc = authz_request_check(x, &r);
    if (rc == RC_REFUSED)
        return refuse(&x->no, REFUSE_TAMPERED, NULL);
    TRY(rc);
    *out = r;
    return RC_NONE;
}

enum rc interaction_open(struct exchange *x, const struct interaction_form *form,
                         struct authz_request *out)
{
    struct handle h;
    enum rc rc = unseal(x, form->authorize_sig, &h);

    if (rc == RC_NONE)
        return start_over(x, form, out);
    TRY(rc);
    if (!is_same_request(x->arena, form, &h.request))
        return refuse(&x->no, REFUSE_TAMPERED, NULL);
    TRY(authz_request_check(x, &h.request));
    *out = h.request;
    return is_ours_still(x, &h) ? RC_OK : RC_NONE;
}

/* ---- the login page ---- */

/* design D27: what a page may say, by the code in its URL */
static const struct {
    const char *code;
    enum refusal_code row; /* its text, unless `text` is there */
    const char *text;
} errors[] = {
    { "bad_credentials", REFUSE_BAD_CREDENTIALS, NULL },
    { "account_locked", REFUSE_LOCKED, NULL },
    { "expired", REFUSE_LOGIN_EXPIRED, NULL },
    { "mfa_failed", REFUSE_NOTHING, "Too many wrong codes. Please sign in again" },
    { "code_missing", REFUSE_NOTHING, "No code was entered. Please sign in again" },
    { "mfa_unavailable", REFUSE_NOTHING,
      "A second factor is required, and there is none that you could use. Please ask an administrator" },
    { "use_passkey", REFUSE_NOTHING,
      "Two factors are required here. Please sign in with your passkey and let it ask for your PIN, finger or face" },
    { "credentials_missing", REFUSE_NOTHING, "Please enter your username and your password" },
    { "signup_disabled", REFUSE_NOTHING,
      "Creating an account is not enabled here; please sign in or ask an administrator" },
    { "other_user", REFUSE_NOTHING,
      "Somebody else is signed in here. Please sign in as the same person again, or sign out first" },
};

const char *interaction_error_text(const char *error_code)
{
    for (size_t i = 0; i < ARRAY_LEN(errors); i++) {
        struct refusal no = { .code = errors[i].row };

        if (!text_same(errors[i].code, error_code))
            continue;
        return errors[i].text != NULL ? errors[i].text : refusal_text(&no);
    }
    return NULL;
}

static bool is_about_credentials(const char *error_code)
{
    return text_same(error_code, "bad_credentials") ||
           text_same(error_code, "credentials_missing");
}

static void add_param(struct arena *a, struct json *list, const char *name, const char *value)
{
    json_add_pair(a, list, "name", name, "value", text_or(value, ""));
}

/* The OAuth hidden set of form-fields 2: all seven, always. */
static struct json *hidden_set(struct arena *a, const struct authz_request *r)
{
    struct json *list = json_array(a);

    add_param(a, list, "state", r->state);
    add_param(a, list, "redirect_uri", r->redirect_uri);
    add_param(a, list, "client_id", r->client_id);
    add_param(a, list, "scope", r->scope);
    add_param(a, list, "nonce", r->nonce);
    add_param(a, list, "code_challenge", r->code_challenge);
    add_param(a, list, "code_challenge_method", r->code_challenge_method);
    return list;
}

static void set_error(struct json *vars, const char *error_code)
{
    const char *text = interaction_error_text(error_code);

    json_set_str(vars, "login_error", text_or(text, ""));
    json_set_bool(vars, "login_invalid", text != NULL && is_about_credentials(error_code));
}

/* form-fields 3: what the settings offer. */
static void set_ways(struct json *vars, const struct settings *s)
{
    bool is_only = text_same(s->auth_mode, "passkey_only"), has_passkeys = !text_same(s->auth_mode, "password");

    json_set_bool(vars, "show_username", !is_only || !text_same(s->passkey_login_mode, "passkey_only"));
    json_set_bool(vars, "show_password", !is_only);
    json_set_str(vars, "passkey_mode", has_passkeys ? s->passkey_login_mode : "");
    json_set_bool(vars, "passkey_conditional", text_same(s->passkey_login_mode, "conditional"));
}

enum rc interaction_login_page(struct exchange *x, const struct authz_request *r,
                               const char *error_code)
{
    struct json *vars = json_object(x->arena);
    const char *handle;

    TRY(interaction_seal(x, r, &handle));
    set_error(vars, error_code);
    set_ways(vars, x->settings);
    json_set_bool(vars, "username_is_email",
                  text_same(x->settings->profile_field_email, "is_username"));
    json_set_str(vars, "username_value", text_or(r->login_hint, ""));
    json_set(vars, "params", hidden_set(x->arena, r));
    json_set_str(vars, "prompt", text_or(r->prompt, ""));
    json_set_str(vars, "authorize_sig", handle);
    json_set_str(vars, "csrf_token", csrf_token(x));
    x->rs->form_action = problem_form_action(x->arena, r->redirect_uri);
    return respond_page(x, 200, "pages/login", vars);
}
