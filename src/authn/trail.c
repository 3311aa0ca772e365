#include "config.h"

#include "authn/trail.h"

#include <stdarg.h>

#include "http/request.h"
#include "store/settings_table.h"
#include "store/users.h"
#include "util/json.h"

/* flows 17: "" or 0 means that nothing is written */
static bool is_off(const struct exchange *x)
{
    return x->settings->audit_log_retention == 0;
}

static const char *detail_of(struct arena *a, va_list ap)
{
    struct json *detail = NULL;
    const char *name;

    while ((name = va_arg(ap, const char *)) != NULL) {
        if (detail == NULL)
            detail = json_object(a);
        json_set_str(detail, name, va_arg(ap, const char *));
    }
    return detail != NULL ? json_text(a, detail) : NULL;
}

static void set_actor(const struct exchange *x, const struct user *actor, struct audit_event *e)
{
    const struct user *u = actor != NULL ? actor : x->user;

    if (u != NULL) {
        e->actor_id = u->id;
        e->actor_username = u->username;
    } else if (x->is_admin_token) {
        e->actor_username = "admin-token";
    }
}

static struct audit_event event_of(struct exchange *x, const char *event, const struct user *actor,
                                   const char *target_type, const char *target_id, va_list detail)
{
    struct audit_event e = { .event = event, .target_type = target_type, .target_id = target_id };

    set_actor(x, actor, &e);
    e.detail = detail_of(x->arena, detail);
    e.ip_address = x->rq != NULL ? x->rq->address : "";
    e.at = x->now;
    e.retention_s = x->settings->audit_log_retention;
    return e;
}

enum rc trail(struct exchange *x, const char *event, const struct user *actor,
              const char *target_type, const char *target_id, ...)
{
    struct audit_event e;
    va_list ap;

    if (is_off(x))
        return RC_OK;
    va_start(ap, target_id);
    e = event_of(x, event, actor, target_type, target_id, ap);
    va_end(ap);
    return audit_add(x->db, &e);
}

static enum rc add_event(struct db *db, void *arg)
{
    return audit_add(db, arg);
}

enum rc trail_now(struct exchange *x, const char *event, const struct user *actor,
                  const char *target_type, const char *target_id, ...)
{
    struct audit_event e;
    va_list ap;

    if (is_off(x))
        return RC_OK;
    va_start(ap, target_id);
    e = event_of(x, event, actor, target_type, target_id, ap);
    va_end(ap);
    return db_write(x->db, add_event, &e);
}
