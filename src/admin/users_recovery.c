/* A link for somebody who is locked out, by which they choose a new password; both faces. */
#include "config.h"

#include "admin/users.h"

#include "admin/handlers.h"
#include "admin/page.h"
#include "authn/reset.h"
#include "authn/trail.h"
#include "http/response.h"
#include "http/route.h"
#include "oidc/console_frame.h"
#include "util/clock.h"

struct making {
    struct exchange *x;
    struct user user;
    struct reset_link link;
};

/* An open console must not be enough to change one's own password. */
static enum rc check_other(struct exchange *x, const char *id)
{
    if (x->user == NULL || !text_same(x->user->id, id))
        return RC_OK;
    return refuse(&x->no, REFUSE_CONFLICT, "Change your own password in your account");
}

static enum rc make(struct db *db, void *arg)
{
    struct making *m = arg;
    struct exchange *x = m->x;

    TRY(users_by_id(db, x->arena, route_param(x, "id"), &m->user));
    TRY(check_other(x, m->user.id));
    TRY(reset_link_new(x, db, m->user.id, LINK_RECOVER, &m->link));
    return trail(x, "recovery_link_created", NULL, "user", m->user.id, (char *)NULL);
}

static enum rc show(struct exchange *x, const struct making *m)
{
    struct json *vars = json_object(x->arena);

    json_set_str(vars, "user_href", admin_user_href(x->arena, m->user.id));
    json_set_str(vars, "username", m->user.username);
    json_set_str(vars, "url", m->link.url);
    json_set_str(vars, "expires", console_time(x->arena, m->link.expires_at));
    return admin_page(x, 200, "admin/recovery_link", vars);
}

enum rc admin_user_recovery_link(struct exchange *x)
{
    struct making m = { .x = x };
    struct json *obj = json_object(x->arena);
    enum rc rc = db_write(x->db, make, &m);

    if (rc == RC_REFUSED && is_page(x))
        return admin_refusal(x, admin_user_href(x->arena, route_param(x, "id")), "Back");
    TRY(rc);
    if (is_page(x))
        return show(x, &m);
    json_set_str(obj, "url", m.link.url);
    json_set_str(obj, "expires_at", clock_rfc3339(x->arena, m.link.expires_at));
    return respond_model(x, 201, SHAPE_DATA, obj);
}

void admin_user_recovery_vars(struct exchange *x, struct json *vars, const struct user *u)
{
    if (u->deactivated_at == 0 && !text_same(x->user->id, u->id))
        json_set_str(vars, "recovery_action",
                     arena_printf(x->arena, "%s/recovery-link", admin_user_href(x->arena, u->id)));
}
