/* Second factors of a person, for whoever has to help; both faces. */
#include "config.h"

#include "admin/users.h"

#include "admin/handlers.h"
#include "admin/page.h"
#include "authn/factor_reset.h"
#include "http/response.h"
#include "http/route.h"
#include "oidc/console_frame.h"
#include "store/factors.h"
#include "store/lockouts.h"
#include "store/passkeys.h"
#include "store/trusted_devices.h"
#include "util/clock.h"

struct facts {
    int64_t recovery_left, locked_until_at;
    struct trusted_device_rows devices;
    struct passkey_rows passkeys;
};

static enum rc load(struct exchange *x, const struct user *u, struct facts *out)
{
    struct lockout l = { 0 };
    enum rc rc = lockouts_find_factor(x->db, x->arena, u->id, &l);

    if (rc != RC_OK && rc != RC_NONE)
        return rc;
    out->locked_until_at = l.locked_until_at > x->now ? l.locked_until_at : 0;
    TRY(factors_recovery_left(x->db, u->id, &out->recovery_left));
    TRY(passkeys_of_user(x->db, x->arena, u->id, &out->passkeys));
    return trusted_devices_of_user(x->db, x->arena, u->id, x->now, &out->devices);
}

/* One's own is removed in the account pages, where both factors are asked for. */
static bool is_own(const struct exchange *x, const char *id)
{
    return x->user != NULL && text_same(x->user->id, id);
}

enum rc admin_user_factor_vars(struct exchange *x, struct json *vars, const struct user *u)
{
    struct facts f = { 0 };

    TRY(load(x, u, &f));
    json_set_str(vars, "totp_since", console_time(x->arena, u->totp_since));
    json_set_int(vars, "recovery_left", f.recovery_left);
    json_set_int(vars, "devices_n", (int64_t)f.devices.n);
    json_set_str(vars, "factors_locked_until", console_time(x->arena, f.locked_until_at));
    json_set_int(vars, "passkeys_n", (int64_t)f.passkeys.n);
    json_set_bool(vars, "has_passkeys", f.passkeys.n > 0);
    if (f.passkeys.n > 0 && !is_own(x, u->id))
        json_set_str(vars, "passkeys_action",
                     arena_printf(x->arena, "%s/factors/passkeys/remove", admin_user_href(x->arena, u->id)));
    if (u->totp_since != 0 && !is_own(x, u->id))
        json_set_str(vars, "reset_action",
                     arena_printf(x->arena, "%s/factors/totp/remove", admin_user_href(x->arena, u->id)));
    return RC_OK;
}

enum rc admin_user_factors(struct exchange *x)
{
    struct json *obj = json_object(x->arena);
    struct facts f = { 0 };
    struct user u;

    TRY(users_by_id(x->db, x->arena, route_param(x, "id"), &u));
    TRY(load(x, &u, &f));
    json_set_bool(obj, "totp_enabled", u.totp_since != 0);
    json_set_str(obj, "totp_since", clock_rfc3339(x->arena, u.totp_since)); /* NULL: omitted */
    json_set_int(obj, "recovery_codes_left", f.recovery_left);
    json_set_int(obj, "trusted_devices", (int64_t)f.devices.n);
    json_set_int(obj, "passkeys", (int64_t)f.passkeys.n);
    json_set_str(obj, "locked_until", clock_rfc3339(x->arena, f.locked_until_at));
    return respond_model(x, 200, SHAPE_DATA, obj);
}

enum rc admin_user_reset_factor(struct exchange *x, const char *id)
{
    if (is_own(x, id))
        return refuse(&x->no, REFUSE_CONFLICT, "Remove your own authenticator app in your account");
    return factor_reset(x, id, "admin");
}

static enum rc reset(struct db *db, void *arg)
{
    struct exchange *x = arg;

    (void)db;
    return admin_user_reset_factor(x, route_param(x, "id"));
}

static enum rc respond_reset(struct exchange *x, enum rc rc, const char *notice)
{
    const char *back = admin_user_href(x->arena, route_param(x, "id"));

    if (!is_page(x))
        return rc == RC_OK ? respond_none(x) : rc;
    if (rc == RC_REFUSED)
        return admin_refusal(x, back, "Back");
    return rc == RC_OK || rc == RC_NONE ? console_go(x, back, notice) : rc;
}

enum rc admin_user_factor_reset(struct exchange *x)
{
    return respond_reset(x, db_write(x->db, reset, x), "factor_reset");
}

static enum rc remove_passkeys(struct db *db, void *arg)
{
    struct exchange *x = arg;
    const char *id = route_param(x, "id");

    (void)db;
    if (is_own(x, id))
        return refuse(&x->no, REFUSE_CONFLICT, "Remove your own passkeys in your account");
    return factor_reset_passkeys(x, id, "admin");
}

enum rc admin_user_passkeys_remove(struct exchange *x)
{
    return respond_reset(x, db_write(x->db, remove_passkeys, x), "passkeys_removed");
}
