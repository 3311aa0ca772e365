#include "config.h"

#include "serve/gate.h"

#include "http/request.h"
#include "http/response.h"
#include "http/route.h"
#include "oidc/bearer.h"
#include "oidc/client_auth.h"
#include "oidc/console.h"
#include "store/users.h"

static enum rc admit_bearer(struct exchange *x)
{
    const char *token;

    TRY(bearer_token(x, x->rq->method == M_POST, &token));
    return bearer_check(x, token);
}

/* After the sign-in a GET comes back to where it was; anything else to the start
 * of the console, since its body is gone. */
static enum rc send_to_sign_in(struct exchange *x)
{
    const char *console = x->route->console;
    bool can_return = x->rq->method == M_GET;

    return console_start(x, console,
                         can_return ? x->rq->path : arena_printf(x->arena, "/%s/", console));
}

static enum rc admit_console(struct exchange *x)
{
    enum rc rc = console_find(x, x->route->console);

    if (rc == RC_NONE)
        return send_to_sign_in(x);
    TRY(rc);
    if (x->route->who == WHO_ADMIN && !text_same(x->user->role, "admin"))
        return console_denied(x);
    return RC_OK;
}

static enum rc admit_person(struct exchange *x)
{
    if (x->route->console != NULL)
        return admit_console(x);
    return bearer_api(x, x->route->who == WHO_ADMIN);
}

enum rc gate_admit(struct exchange *x)
{
    switch (x->route->who) {
    case WHO_ANYONE:
        return RC_OK;
    case WHO_CLIENT:
        return client_authenticate(x, CLIENT_REQUIRED);
    case WHO_CLIENT_IF_ANY:
        return client_authenticate(x, CLIENT_OPTIONAL);
    case WHO_CLIENT_OR_ADMIN:
        return client_or_admin(x);
    case WHO_BEARER:
        return admit_bearer(x);
    case WHO_USER:
    case WHO_ADMIN:
        return admit_person(x);
    case WHO_UNSET:
        break;
    }
    return fault("gate: route without who");
}

/* What is not there is no business of a stranger's either, so the path counts, too: no map of
 * the console by its 404s.  The API has a second place, {oauth}/register, known by its row. */
static bool is_administration(const struct exchange *x, const struct route *row)
{
    return text_same(x->rq->path, "/admin") || text_starts(x->rq->path, "/admin/") ||
           (row != NULL && row->who == WHO_ADMIN);
}

/* An address that cannot be read is in no network. */
bool gate_is_near(const struct exchange *x, const struct route *row)
{
    const struct net_list *allowed = &x->conf->admin_allow;

    return allowed->n == 0 || !is_administration(x, row) || net_has(allowed, x->rq->address);
}
