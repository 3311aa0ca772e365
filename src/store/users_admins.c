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

static void means_row(struct stmt *q, struct arena *a, void *out)
{
    *(struct user_means *)out = (struct user_means){
        .username = col_text(q, 0, a),
        .email = col_text(q, 1, a),
        .has_password = col_bool(q, 2),
        .has_passkey = col_bool(q, 3),
        .has_totp = col_bool(q, 4),
        .has_verifying_passkey = col_bool(q, 5),
    };
}

enum rc users_admin_means(struct db *db, struct arena *a, struct user_means_rows *out)
{
    struct stmt *q = db_sql(db,
        "/* small */ SELECT u.username, u.email, EXISTS (SELECT 1 FROM passwords p WHERE p.user_id = u.id),"
        " EXISTS (SELECT 1 FROM passkeys k WHERE k.user_id = u.id),"
        " EXISTS (SELECT 1 FROM totp_secrets t WHERE t.user_id = u.id AND t.confirmed_at IS NOT NULL),"
        " EXISTS (SELECT 1 FROM passkeys k WHERE k.user_id = u.id AND k.is_uv_initialized = 1)"
        " FROM users u WHERE u.role = 'admin' AND u.deactivated_at IS NULL");
    struct rows rows;

    TRY(db_each(q, a, means_row, sizeof(struct user_means), &rows));
    *out = (struct user_means_rows){ .v = rows.v, .n = rows.n };
    return RC_OK;
}
