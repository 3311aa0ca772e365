#include "config.h"

#include <string.h>

#include "authn/accounts.h"
#include "authn/session.h"
#include "crypto/hash.h"
#include "http/csrf.h"
#include "http/fields.h"
#include "http/response.h"
#include "pages/handlers.h"
#include "store/sessions.h"
#include "store/settings_table.h"

#define ANY_LENGTH 65536

/* What is wrong with a value is told beside the form, so binding refuses none. */
static bool is_whatever(const char *text)
{
    (void)text;
    return true;
}

struct onboard_form { const char *username, *password, *confirm_password, *email, *onboard_token; };
static const struct field onboard_fields[] = {
    FIELD(onboard_form, username, F_OPTIONAL, ANY_LENGTH, is_whatever),
    FIELD(onboard_form, password, F_OPTIONAL, ANY_LENGTH, is_whatever),
    FIELD(onboard_form, confirm_password, F_OPTIONAL, ANY_LENGTH, is_whatever),
    FIELD(onboard_form, email, F_OPTIONAL, ANY_LENGTH, is_whatever),
    FIELD(onboard_form, onboard_token, F_OPTIONAL, ANY_LENGTH, is_whatever),
};

/* RC_NONE: somebody has done it. */
static enum rc check_open(struct exchange *x)
{
    bool has_users;

    if (x->settings->onboarded)
        return RC_NONE;
    TRY(users_any(x->db, &has_users));
    return has_users ? RC_NONE : RC_OK;
}

/* Design D23: a public host must not belong to the first stranger. */
static enum rc check_token(struct exchange *x, const char *token)
{
    struct installation facts;

    if (x->conf->is_loopback)
        return RC_OK;
    TRY(installation_get(x->db, x->arena, &facts));
    if (facts.onboard_token_hash.n == SHA256_BYTES && facts.onboard_token_expires_at > x->now &&
        !text_empty(token) && ct_equal(facts.onboard_token_hash, sha256_of(x->arena, token)))
        return RC_OK;
    return refuse(&x->no, REFUSE_ONBOARD_TOKEN, NULL);
}

/* The texts of authn/ begin with the name of the field. */
static void mark_invalid(struct json *vars, const char *error)
{
    json_set_bool(vars, "invalid_username", text_starts(error, "Username"));
    json_set_bool(vars, "invalid_email", text_starts(error, "Email"));
    json_set_bool(vars, "invalid_password", text_starts(error, "Password"));
    json_set_bool(vars, "invalid_confirm_password", text_starts(error, "The two passwords"));
}

static enum rc show(struct exchange *x, const struct onboard_form *form, const char *error)
{
    const char *email_mode = x->settings->profile_field_email;
    struct json *vars = json_object(x->arena);
    bool is_name = text_same(email_mode, "is_username");

    json_set_str(vars, "error", text_or(error, ""));
    mark_invalid(vars, error);
    json_set_bool(vars, "username_is_email", is_name);
    json_set_str(vars, "username_value", text_or(form->username, is_name ? "" : "admin"));
    json_set_bool(vars, "show_email", text_same(email_mode, "optional") || text_same(email_mode, "required"));
    json_set_bool(vars, "email_required", text_same(email_mode, "required"));
    json_set_str(vars, "email_value", text_or(form->email, ""));
    json_set_str(vars, "password_min",
                 arena_printf(x->arena, "%lld", (long long)x->settings->validation_min_password_length));
    json_set_str(vars, "onboard_token", text_or(form->onboard_token, ""));
    return respond_page(x, 200, "pages/onboard", vars);
}

static enum rc to_console(struct exchange *x)
{
    return respond_redirect(x, "/admin/");
}

enum rc pages_onboard_show(struct exchange *x)
{
    struct onboard_form form = { .onboard_token = param_get(&x->rq->query, "token", NULL) };
    enum rc rc = check_open(x);

    if (rc == RC_NONE)
        return to_console(x);
    TRY(rc);
    TRY(check_token(x, form.onboard_token));
    return show(x, &form, NULL);
}

static enum rc create_admin(struct exchange *x, const struct onboard_form *form)
{
    struct account_form account = { form->username, form->email, form->password };
    struct session session;
    struct user user;
    const char *cookie;

    session_new(x, NULL, "1", "pwd", &session, &cookie);
    enum rc rc = account_onboard(x, &account, &session, false, &user);
    if (rc == RC_REFUSED && x->no.code == REFUSE_CONFLICT)
        return to_console(x); /* somebody was faster */
    if (rc == RC_REFUSED && x->no.code == REFUSE_VALIDATION)
        return show(x, form, refusal_text(&x->no));
    TRY(rc);
    session_cookie_set(x, cookie);
    return to_console(x);
}

/* Methods that are neither (http-api 9). */
enum rc pages_onboard_wrong_method(struct exchange *x)
{
    enum rc rc = check_open(x);

    if (rc == RC_NONE)
        return to_console(x);
    TRY(rc);
    response_header(x, "Allow", "GET, HEAD, POST");
    return refuse(&x->no, REFUSE_METHOD, NULL);
}

enum rc pages_onboard_submit(struct exchange *x)
{
    struct onboard_form form = { NULL };
    enum rc rc = check_open(x);

    if (rc == RC_NONE)
        return to_console(x);
    TRY(rc);
    TRY(form_bind(x, onboard_fields, ARRAY_LEN(onboard_fields), &form));
    TRY(check_token(x, form.onboard_token));
    if (!ct_same_text(form.password, form.confirm_password))
        return show(x, &form, "The two passwords differ");
    return create_admin(x, &form);
}
