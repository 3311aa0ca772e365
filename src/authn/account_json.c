#include "config.h"

#include "authn/account_json.h"

#include "util/clock.h"

struct json *account_json(struct arena *a, const struct user *u)
{
    struct json *obj = json_object(a);

    json_set_str(obj, "id", u->id);
    json_set_str(obj, "username", u->username);
    json_set_str(obj, "email", text_or(u->email, ""));
    json_set_str(obj, "role", u->role);
    json_set_str(obj, "created_at", clock_rfc3339(a, u->created_at));
    json_set_int(obj, "failed_login_attempts", u->failures_n);
    json_set_str(obj, "locked_until", clock_rfc3339(a, u->locked_until_at)); /* NULL: omitted */
    json_set_bool(obj, "is_email_verified", u->is_email_verified);
    json_set_bool(obj, "totp_verified", u->totp_since != 0);
    if (u->phone_number_verified)
        json_set_bool(obj, "phone_number_verified", true);
#define X(claim) json_set_str_nonempty(obj, #claim, u->claim);
    PROFILE_CLAIMS(X)
#undef X
    return obj;
}
