#include "config.h"

#include "admin/clients.h"
#include "admin/handlers.h"
#include "admin/page.h"
#include "admin/users.h"
#include "util/json.h"

enum rc admin_dashboard(struct exchange *x)
{
    struct json *vars = json_object(x->arena);
    int64_t users_n, clients_n;

    TRY(users_count(x->db, &users_n));
    TRY(clients_count(x->db, &clients_n));
    json_set_int(vars, "users_n", users_n);
    json_set_int(vars, "clients_n", clients_n);
    json_set_str(vars, "users_href", ADMIN_USERS);
    json_set_str(vars, "user_new_href", ADMIN_USERS "/new");
    json_set_str(vars, "clients_href", ADMIN_CLIENTS);
    json_set_str(vars, "client_new_href", ADMIN_CLIENTS "/new");
    json_set(vars, "endpoints", admin_endpoints(x));
    return admin_page(x, 200, "admin/dashboard", vars);
}
