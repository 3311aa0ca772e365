/* Numbers at a glance (http-api 7.6). */
#include "config.h"

#include "admin/handlers.h"
#include "admin/sessions.h"
#include "authn/session.h"
#include "http/response.h"
#include "store/audit.h"
#include "store/clients.h"
#include "store/lockouts.h"
#include "store/tokens.h"
#include "store/users.h"

#define DAY_S 86400
#define ACCESS_LIFE_MAX_S DAY_S /* the signer signs nothing longer (design D3) */

struct stat { const char *name; int64_t n; };

static enum rc count_sessions(struct exchange *x, int64_t *out)
{
    struct sessions_query live = { 0 };

    session_live_only(x, &live);
    return sessions_count(x->db, &live, out);
}

static enum rc count_all(struct exchange *x, struct stat *s)
{
    TRY(users_count(x->db, &s[0].n));
    TRY(clients_count(x->db, &s[1].n));
    TRY(count_sessions(x, &s[2].n));
    TRY(tokens_count_live(x->db, x->now, ACCESS_LIFE_MAX_S, &s[3].n));
    TRY(families_count_since(x->db, x->now - DAY_S, &s[4].n));
    TRY(audit_count(x->db, "login_failed", x->now - DAY_S, &s[6].n));
    return lockouts_count_locked(x->db, x->now, &s[7].n);
}

enum rc admin_stats(struct exchange *x)
{
    struct stat all[] = {
        { "total_users", 0 },   { "active_clients", 0 }, { "active_devices", 0 },
        { "active_tokens", 0 }, { "recent_logins", 0 },  { "pending_deletion_requests", 0 }, /* none can be made yet */
        { "failed_logins_24h", 0 }, { "locked_accounts", 0 },
    };
    struct json *obj = json_object(x->arena);

    TRY(count_all(x, all));
    for (size_t i = 0; i < ARRAY_LEN(all); i++)
        json_set_int(obj, all[i].name, all[i].n);
    return respond_model(x, 200, SHAPE_DATA, obj);
}
