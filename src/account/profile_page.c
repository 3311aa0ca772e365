#include "config.h"

#include "account/profile.h"

#include "account/confirm.h"
#include "account/handlers.h"
#include "http/response.h"
#include "store/settings_table.h"

static bool is_email_mode(const struct exchange *x, const char *mode)
{
    return text_same(x->settings->profile_field_email, mode);
}

bool account_may_change_username(const struct exchange *x)
{
    return x->settings->allow_username_change;
}

/* In is_username mode the address follows the username. */
bool account_may_change_email(const struct exchange *x)
{
    return x->settings->allow_email_change && !is_email_mode(x, "is_username");
}

/* ---- which fields ---- */

static void show(struct json *vars, const char *name, const char *mode)
{
    json_set_bool(vars, name, !text_same(mode, "hidden"));
}

static void set_shown(struct exchange *x, struct json *vars)
{
    const struct settings *s = x->settings;

    show(vars, "show_given_name", s->profile_field_given_name);
    show(vars, "show_family_name", s->profile_field_family_name);
    show(vars, "show_middle_name", s->profile_field_middle_name);
    show(vars, "show_nickname", s->profile_field_nickname);
    show(vars, "show_phone_number", s->profile_field_phone);
    show(vars, "show_picture", s->profile_field_picture);
    show(vars, "show_website", s->profile_field_website);
    show(vars, "show_profile", s->profile_field_profile);
    show(vars, "show_gender", s->profile_field_gender);
    show(vars, "show_birthdate", s->profile_field_birthdate);
    show(vars, "show_locale", s->profile_field_locale);
    show(vars, "show_zoneinfo", s->profile_field_locale);
    show(vars, "show_address", s->profile_field_address);
    json_set_bool(vars, "show_email", !is_email_mode(x, "is_username") && !is_email_mode(x, "hidden"));
}

/* ---- what is in them ---- */

static void set_value(struct json *vars, const char *name, const char *typed, const char *stored)
{
    json_set_str(vars, name, typed != NULL ? typed : text_or(stored, ""));
}

static void set_values(struct exchange *x, struct json *vars, const struct account_change *typed)
{
    const struct user *u = x->user;

    set_value(vars, "username", typed->username, u->username);
    set_value(vars, "email", typed->email, u->email);
#define X(claim) set_value(vars, #claim, typed->claim, u->claim);
    PROFILE_CLAIMS(X)
#undef X
}

static void set_error(struct exchange *x, struct json *vars, const char *wrong)
{
    if (x->no.code == REFUSE_NOTHING)
        return;
    json_set_str(vars, wrong != NULL ? arena_printf(x->arena, "error_%s", wrong) : "error", refusal_text(&x->no));
}

static enum rc set_rights(struct exchange *x, struct json *vars)
{
    bool may_username = account_may_change_username(x), may_email = account_may_change_email(x);
    bool has_password;

    TRY(account_has_password(x, &has_password));
    json_set_bool(vars, "can_change_username", may_username);
    json_set_bool(vars, "can_change_email", may_email);
    json_set_bool(vars, "ask_password", (may_username || may_email) && has_password);
    return RC_OK;
}

enum rc account_profile_show(struct exchange *x, int status, const struct profile_form *form, const char *wrong)
{
    static const struct profile_form nothing;
    struct json *vars = json_object(x->arena);

    json_set_str(vars, "action", ACCOUNT_PROFILE);
    TRY(set_rights(x, vars));
    set_shown(x, vars);
    set_values(x, vars, form != NULL ? &form->account : &nothing.account);
    set_error(x, vars, wrong);
    return account_page(x, status, "account/profile", vars);
}
