#include "config.h"

#include "store/users.h"

enum rc users_other_admin(struct db *db, const char *id, bool *out)
{
    struct stmt *q = db_sql(db, "SELECT EXISTS (SELECT 1 FROM users WHERE role = 'admin'"
                                " AND deactivated_at IS NULL AND id <> $1 LIMIT 1)");
    int64_t n;

    db_text(q, 1, id);
    TRY(db_int_of(q, &n));
    *out = n != 0;
    return RC_OK;
}
