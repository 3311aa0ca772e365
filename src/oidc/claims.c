#include "config.h"

#include "oidc/claims.h"

#include "authn/claim_value.h"

static bool has_scope(const char *scope, const char *word)
{
    return text_list_has(scope, word);
}

/* Core 5.1 `name`: the full name; a person without one is called by the username. */
static const char *full_name(struct arena *a, const struct user *u)
{
    if (text_empty(u->given_name) && text_empty(u->family_name))
        return u->username;
    return text_trim(a, arena_printf(a, "%s %s", text_or(u->given_name, ""), text_or(u->family_name, "")));
}

static void set_profile(struct arena *a, struct json *out, const struct user *u)
{
    json_set_str(out, "name", full_name(a, u));
    json_set_str(out, "preferred_username", u->username);
    json_set_str_nonempty(out, "given_name", u->given_name);
    json_set_str_nonempty(out, "family_name", u->family_name);
    json_set_str_nonempty(out, "middle_name", u->middle_name);
    json_set_str_nonempty(out, "nickname", u->nickname);
    json_set_str_nonempty(out, "website", u->website);
    json_set_str_nonempty(out, "gender", u->gender);
    if (is_birthdate(u->birthdate))
        json_set_str(out, "birthdate", u->birthdate);
    json_set_str_nonempty(out, "profile", u->profile);
    json_set_str_nonempty(out, "picture", u->picture);
    if (is_locale(u->locale))
        json_set_str(out, "locale", u->locale);
    if (is_zoneinfo(u->zoneinfo))
        json_set_str(out, "zoneinfo", u->zoneinfo);
    json_set_int(out, "updated_at", u->updated_at);
}

static void set_email(struct json *out, const struct user *u)
{
    json_set_str_nonempty(out, "email", u->email);
    json_set_bool(out, "email_verified", u->is_email_verified);
}

static void set_phone(struct json *out, const struct user *u)
{
    json_set_str_nonempty(out, "phone_number", u->phone_number);
    json_set_bool(out, "phone_number_verified", u->phone_number_verified);
}

/* Core 5.1.1.  Absent when there is nothing in it. */
static void set_address(struct arena *a, struct json *out, const struct user *u)
{
    struct json *address = json_object(a), *value;
    struct json_iter it = { 0 };
    const char *name;

    json_set_str_nonempty(address, "street_address", u->address_street);
    json_set_str_nonempty(address, "locality", u->address_locality);
    json_set_str_nonempty(address, "region", u->address_region);
    json_set_str_nonempty(address, "postal_code", u->address_postal_code);
    json_set_str_nonempty(address, "country", u->address_country);
    if (json_next(address, &it, &name, &value))
        json_set(out, "address", address);
}

struct json *claims_userinfo(struct arena *a, const struct user *u, const char *scope)
{
    struct json *out = json_object(a);

    json_set_str(out, "sub", u->id);
    json_set_str(out, "scope", text_or(scope, ""));
    if (has_scope(scope, "profile"))
        set_profile(a, out, u);
    if (has_scope(scope, "email"))
        set_email(out, u);
    if (has_scope(scope, "phone"))
        set_phone(out, u);
    if (has_scope(scope, "address"))
        set_address(a, out, u);
    return out;
}

/* An access token travels to resource servers: never the civil name (flows 10). */
void claims_into_access(struct arena *a, struct json *payload, const struct user *u, const char *scope)
{
    (void)a;
    json_set_str(payload, "role", u->role);
    if (has_scope(scope, "profile")) {
        json_set_str(payload, "name", u->username);
        json_set_str(payload, "preferred_username", u->username);
    }
    if (has_scope(scope, "email"))
        set_email(payload, u);
}

void claims_into_id(struct arena *a, struct json *payload, const struct user *u, const char *scope)
{
    if (has_scope(scope, "profile")) {
        json_set_str(payload, "name", full_name(a, u));
        json_set_str(payload, "preferred_username", u->username);
        json_set_str_nonempty(payload, "given_name", u->given_name);
        json_set_str_nonempty(payload, "family_name", u->family_name);
    }
    if (has_scope(scope, "email"))
        set_email(payload, u);
}
