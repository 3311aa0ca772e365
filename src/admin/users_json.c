#include "config.h"

#include "admin/users.h"

#include "authn/account_json.h"

struct json *admin_user_json(struct arena *a, const struct user *u)
{
    return account_json(a, u);
}
