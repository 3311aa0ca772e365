#include "config.h"

#include "account/handlers.h"
#include "http/response.h"
#include "store/settings_table.h"

static void set_profile_fields(struct json *obj, const struct settings *s)
{
#define SET(field) json_set_str(obj, #field, s->field)
    SET(profile_field_given_name);
    SET(profile_field_family_name);
    SET(profile_field_middle_name);
    SET(profile_field_nickname);
    SET(profile_field_phone);
    SET(profile_field_picture);
    SET(profile_field_website);
    SET(profile_field_gender);
    SET(profile_field_birthdate);
    SET(profile_field_profile);
    SET(profile_field_locale);
    SET(profile_field_address);
#undef SET
}

enum rc account_settings(struct exchange *x)
{
    const struct settings *s = x->settings;
    struct json *obj = json_object(x->arena);

    json_set_str(obj, "theme_title", s->theme_title);
    json_set_str(obj, "theme_logo_url", s->theme_logo_url);
    json_set_str(obj, "auth_mode", s->auth_mode);
    json_set_bool(obj, "require_mfa", s->require_mfa);
    json_set_str(obj, "mfa_method", s->mfa_method);
    json_set_str(obj, "oauth_path", x->conf->oauth_path);
    json_set_bool(obj, "allow_self_service_deletion", s->allow_self_service_deletion);
    json_set_bool(obj, "allow_username_change", s->allow_username_change);
    json_set_bool(obj, "allow_email_change", s->allow_email_change);
    set_profile_fields(obj, s);
    return respond_model(x, 200, SHAPE_DATA, obj);
}
