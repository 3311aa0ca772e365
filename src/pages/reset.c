/* A new password by a link (http-api 5.9, form-fields 3), and "this was not me". */
#include "config.h"

#include "authn/reset.h"
#include "authn/session.h"

#include "crypto/hash.h"
#include "http/fields.h"
#include "http/response.h"
#include "pages/handlers.h"
#include "store/settings_table.h"
#include "util/uri.h"

#define ANY_LENGTH 65536

/* The token decides; what came with it leads back to the login page and says no more. */
struct reset_form {
    const char *token, *password, *confirm_password;
    const char *state, *redirect_uri, *client_id, *scope, *nonce, *code_challenge, *code_challenge_method;
};
#define WHATEVER(member) FIELD(reset_form, member, F_OPTIONAL, ANY_LENGTH, field_any)
static const struct field reset_fields[] = {
    WHATEVER(token),
    WHATEVER(state), WHATEVER(redirect_uri), WHATEVER(client_id), WHATEVER(scope), WHATEVER(nonce),
    WHATEVER(code_challenge), WHATEVER(code_challenge_method),
    WHATEVER(password), WHATEVER(confirm_password),
};
#define QUERY_FIELDS_N (ARRAY_LEN(reset_fields) - 2) /* a password never comes in the URL */
#define PARAMS(X)                                                                          \
    X(state) X(redirect_uri) X(client_id) X(scope) X(nonce) X(code_challenge) X(code_challenge_method)

/* ---- showing ---- */

static bool is_passkey_only(const struct exchange *x)
{
    return text_same(x->settings->auth_mode, "passkey_only");
}

/* To the login page that the link was asked for at, if it was, else to one's account. */
static const char *back_of(struct exchange *x, const struct reset_form *form)
{
    struct sbuf uri;

    if (text_empty(form->client_id) || text_empty(form->redirect_uri))
        return "/account/";
    sbuf_init(&uri, x->arena, 512);
    sbuf_printf(&uri, "%s/authorize", x->conf->oauth_path);
    uri_add_param(&uri, "response_type", "code");
#define X(name) uri_add_param(&uri, #name, form->name);
    PARAMS(X)
#undef X
    return uri.text;
}

static enum rc show_end(struct exchange *x, const struct reset_form *form, const char *error, const char *done)
{
    struct json *vars = json_object(x->arena);

    json_set_bool(vars, "holds_secret", true); /* the token is in the address */
    json_set_str(vars, "error", text_or(error, ""));
    json_set_str(vars, "done", text_or(done, ""));
    json_set_str(vars, "back_href", back_of(x, form));
    if (done != NULL && is_passkey_only(x))
        json_set_str(vars, "passkey_href", "/account/security");
    return respond_page(x, 200, "pages/reset_end", vars);
}

static enum rc show_done(struct exchange *x, const struct reset_form *form)
{
    if (!is_passkey_only(x))
        return show_end(x, form, NULL, "Your password is changed. Everything that was signed in has been signed out.");
    return show_end(x, form, NULL, "Your password is changed. You sign in with a passkey here: add one now, "
                                   "with this password, on the security page of your account.");
}

/* Unknown, used or too old: that is nobody's business. */
static enum rc show_expired(struct exchange *x, const struct reset_form *form)
{
    return show_end(x, form, "This link is not valid, or no longer. Ask for a new one.", NULL);
}

static struct json *params_of(struct exchange *x, const struct reset_form *form)
{
    struct json *list = json_array(x->arena);

#define X(member) json_add_pair(x->arena, list, "name", #member, "value", text_or(form->member, ""));
    PARAMS(X)
#undef X
    return list;
}

static enum rc show_form(struct exchange *x, const struct reset_form *form, const struct user *u, const char *error,
                         const char *info)
{
    struct json *vars = json_object(x->arena);

    json_set_bool(vars, "holds_secret", true);
    json_set_str(vars, "error", text_or(error, ""));
    json_set_str(vars, "info", text_or(info, ""));
    json_set_str(vars, "token", form->token);
    json_set_str(vars, "username", u->username);
    json_set(vars, "params", params_of(x, form));
    json_set_str(vars, "password_min",
                 arena_printf(x->arena, "%lld", (long long)x->settings->validation_min_password_length));
    json_set_str(vars, "back_href", back_of(x, form));
    return respond_page(x, 200, "pages/reset", vars);
}

/* ---- the new password ---- */

enum rc pages_reset_show(struct exchange *x)
{
    struct reset_form form = { NULL };
    struct user user;

    TRY(query_bind(x, reset_fields, QUERY_FIELDS_N, &form));
    enum rc rc = reset_find(x, form.token, &user);
    if (rc == RC_NONE)
        return show_expired(x, &form);
    TRY(rc);
    return show_form(x, &form, &user, NULL, NULL);
}

static enum rc submit(struct exchange *x, const struct reset_form *form)
{
    struct session session;
    const char *cookie;

    if (!ct_same_text(form->password, form->confirm_password))
        return refuse(&x->no, REFUSE_VALIDATION, "The two passwords differ");
    if (!is_passkey_only(x))
        return reset_finish(x, form->token, form->password, NULL);
    session_new(x, NULL, "1", "", &session, &cookie);
    TRY(reset_finish(x, form->token, form->password, &session));
    session_cookie_set(x, cookie);
    return RC_OK;
}

enum rc pages_reset_submit(struct exchange *x)
{
    struct reset_form form = { NULL };
    struct user user;

    TRY(form_bind(x, reset_fields, ARRAY_LEN(reset_fields), &form));
    enum rc rc = reset_find(x, form.token, &user);
    if (rc == RC_OK)
        rc = submit(x, &form);
    if (rc == RC_NONE)
        return show_expired(x, &form);
    if (rc == RC_REFUSED && x->no.code == REFUSE_VALIDATION)
        return show_form(x, &form, &user, refusal_text(&x->no), NULL);
    TRY(rc);
    return show_done(x, &form);
}

/* ---- this was not me ---- */

enum rc pages_not_me_show(struct exchange *x)
{
    struct json *vars = json_object(x->arena);
    struct reset_form form = { NULL };
    struct user user;

    TRY(query_bind(x, reset_fields, 1, &form));
    enum rc rc = not_me_find(x, form.token, &user);
    if (rc == RC_NONE)
        return show_expired(x, &form);
    TRY(rc);
    json_set_bool(vars, "holds_secret", true);
    json_set_str(vars, "token", form.token);
    json_set_str(vars, "username", user.username);
    return respond_page(x, 200, "pages/not_me", vars);
}

/* Straight to the new password: whoever got the mail is the person, or as good as. */
enum rc pages_not_me_submit(struct exchange *x)
{
    struct reset_form form = { NULL };
    struct reset_link next = { NULL };
    struct user user;

    TRY(form_bind(x, reset_fields, 1, &form));
    enum rc rc = not_me_find(x, form.token, &user);
    if (rc == RC_OK)
        rc = not_me_finish(x, form.token, &next);
    if (rc == RC_NONE)
        return show_expired(x, &form);
    TRY(rc);
    form.token = next.token;
    return show_form(x, &form, &user, NULL, "Everything is signed out, and the old password is gone. Choose a new one.");
}
