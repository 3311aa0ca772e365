/* Devices that the person trusts (http-api 8); both faces. */
#include "config.h"

#include "account/handlers.h"
#include "authn/trail.h"
#include "http/response.h"
#include "http/route.h"
#include "http/user_agent.h"
#include "oidc/console_frame.h"
#include "store/trusted_devices.h"
#include "util/clock.h"

static struct json *device_json(struct arena *a, const struct trusted_device *d)
{
    struct json *obj = json_object(a);

    json_set_str(obj, "id", d->id);
    json_set_str(obj, "device_name", d->device_name);
    json_set_str(obj, "created_at", clock_rfc3339(a, d->created_at));
    json_set_str(obj, "last_used_at", clock_rfc3339(a, d->last_used_at));
    json_set_str(obj, "expires_at", clock_rfc3339(a, d->expires_at));
    return obj;
}

static struct json *row_of(struct arena *a, const struct trusted_device *d)
{
    struct json *row = json_object(a);

    json_set_str(row, "device_name", user_agent_name(a, d->device_name));
    json_set_str(row, "device_detail", d->device_name);
    json_set_str(row, "created", console_time(a, d->created_at));
    json_set_str(row, "last_used", console_time(a, d->last_used_at));
    json_set_str(row, "expires", console_time(a, d->expires_at));
    json_set_str(row, "remove_action", arena_printf(a, ACCOUNT_TRUSTED_DEVICES "/%s/remove", d->id));
    return row;
}

enum rc account_trusted_devices(struct exchange *x)
{
    struct json *list = json_array(x->arena), *vars = json_object(x->arena);
    struct trusted_device_rows rows;

    TRY(trusted_devices_of_user(x->db, x->arena, x->user->id, x->now, &rows));
    for (size_t i = 0; i < rows.n; i++)
        json_add(list, is_page(x) ? row_of(x->arena, &rows.v[i]) : device_json(x->arena, &rows.v[i]));
    if (!is_page(x))
        return respond_model(x, 200, SHAPE_DATA, list);
    json_set(vars, "rows", list);
    json_set_bool(vars, "has_rows", rows.n > 0);
    return account_page(x, 200, "account/trusted_devices", vars);
}

static enum rc remove_it(struct db *db, void *arg)
{
    struct exchange *x = arg;
    const char *id = route_param(x, "id");

    TRY(trusted_devices_remove(db, id, x->user->id));
    return trail(x, "trusted_device_removed", NULL, "user", x->user->id, "device", id, NULL);
}

/* Somebody else's is not told from none (http-api 8). */
enum rc account_trusted_device_remove(struct exchange *x)
{
    enum rc rc = db_write(x->db, remove_it, x);

    if (is_page(x))
        return rc == RC_OK || rc == RC_NONE ? console_go(x, ACCOUNT_TRUSTED_DEVICES, "removed") : rc;
    if (rc == RC_NONE)
        return refuse(&x->no, REFUSE_FORBIDDEN, "There is no such device of yours");
    TRY(rc);
    return respond_message(x, "The device is no longer trusted");
}
