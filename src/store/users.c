#include "config.h"

#include "store/users.h"

#include "store/users_row.h"

/* The index of the column behind them. */
static int read_own(struct stmt *q, struct arena *a, struct user *u)
{
    int i = 0;

    *u = (struct user){ 0 };
    u->id = col_text(q, i++, a);
    u->username = col_text(q, i++, a);
    u->email = col_text(q, i++, a);
    u->role = col_text(q, i++, a);
    u->is_email_verified = col_bool(q, i++);
    u->phone_number_verified = col_bool(q, i++);
    u->last_login_at = col_int(q, i++);
    u->deactivated_at = col_int(q, i++);
    u->registered_at = col_int(q, i++);
    u->created_at = col_int(q, i++);
    u->updated_at = col_int(q, i++);
#define X(claim) u->claim = col_text(q, i++, a);
    PROFILE_CLAIMS(X)
#undef X
    return i;
}

static void own_row(struct stmt *q, struct arena *a, void *out)
{
    (void)read_own(q, a, out);
}

void user_row(struct stmt *q, struct arena *a, void *out)
{
    struct user *u = out;
    int i = read_own(q, a, u);

    u->failures_n = col_int(q, i);
    u->locked_until_at = col_int(q, i + 1);
    u->totp_since = col_int(q, i + 2);
}

#define USER_SELECT "SELECT " USER_COLS " FROM " USER_FROM

enum rc users_by_id(struct db *db, struct arena *a, const char *id, struct user *out)
{
    struct stmt *q = db_sql(db, USER_SELECT " WHERE u.id = $1 AND u.deactivated_at IS NULL");

    db_text(q, 1, id);
    return db_one(q, a, user_row, out);
}

enum rc users_profile(struct db *db, struct arena *a, const char *id, struct user *out)
{
    struct stmt *q = db_sql(db, "SELECT " USER_OWN_COLS " FROM users u WHERE u.id = $1 AND u.deactivated_at IS NULL");

    db_text(q, 1, id);
    return db_one(q, a, own_row, out);
}

enum rc users_by_username(struct db *db, struct arena *a, const char *username, struct user *out)
{
    struct stmt *q = db_sql(db, USER_SELECT " WHERE u.username = $1 AND u.deactivated_at IS NULL");

    db_text(q, 1, username);
    return db_one(q, a, user_row, out);
}

enum rc users_by_email(struct db *db, struct arena *a, const char *email, struct user *out)
{
    struct stmt *q = db_sql(db, USER_SELECT " WHERE u.email = $1 AND u.deactivated_at IS NULL");

    db_text(q, 1, email);
    return db_one(q, a, user_row, out);
}

enum rc users_by_id_any(struct db *db, struct arena *a, const char *id, struct user *out)
{
    struct stmt *q = db_sql(db, USER_SELECT " WHERE u.id = $1");

    db_text(q, 1, id);
    return db_one(q, a, user_row, out);
}

/* $1 … $25 of both writers */
static void bind_user(struct stmt *q, const struct user *u, const char *folded)
{
    int i = 8;

    db_text(q, 1, u->id);
    db_text(q, 2, u->username);
    db_text(q, 3, folded);
    db_text(q, 4, text_empty(u->email) ? NULL : u->email);
    db_text(q, 5, u->role);
    db_bool(q, 6, u->is_email_verified);
    db_bool(q, 7, u->phone_number_verified);
#define X(claim) db_text(q, i++, text_or(u->claim, ""));
    PROFILE_CLAIMS(X)
#undef X
    db_int(q, i, u->updated_at);
}

static enum rc add(struct db *db, const struct user *u, const char *folded)
{
#define X(claim) ", " #claim
    struct stmt *q = db_sql(db,
        "INSERT INTO users (id, username, username_folded, email, role, is_email_verified,"
        " phone_number_verified" PROFILE_CLAIMS(X) ", updated_at,"
        " last_login_at, deactivated_at, registered_at, created_at)"
        " VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18,"
        " $19, $20, $21, $22, $23, $24, $25, $26, $27, $28, $29)");
#undef X

    bind_user(q, u, folded);
    db_int_or_null(q, 26, u->last_login_at);
    db_int_or_null(q, 27, u->deactivated_at);
    db_int_or_null(q, 28, u->registered_at);
    db_int(q, 29, u->created_at);
    return db_run(q);
}

enum rc users_add(struct db *db, const struct user *u)
{
    struct arena *a = arena_start("users_add");
    enum rc rc = add(db, u, text_lower(a, u->username));

    arena_done(a);
    return rc;
}

static enum rc update(struct db *db, const struct user *u, const char *folded)
{
    struct stmt *q = db_sql(db,
        "UPDATE users SET username = $2, username_folded = $3, email = $4, role = $5,"
        " is_email_verified = $6, phone_number_verified = $7, given_name = $8, family_name = $9,"
        " middle_name = $10, nickname = $11, website = $12, gender = $13, birthdate = $14,"
        " profile = $15, phone_number = $16, picture = $17, locale = $18, zoneinfo = $19,"
        " address_street = $20, address_locality = $21, address_region = $22,"
        " address_postal_code = $23, address_country = $24, updated_at = $25 WHERE id = $1");

    bind_user(q, u, folded);
    return db_run_changed(q);
}

enum rc users_update(struct db *db, const struct user *u)
{
    struct arena *a = arena_start("users_update");
    enum rc rc = update(db, u, text_lower(a, u->username));

    arena_done(a);
    return rc;
}

enum rc users_set_last_login(struct db *db, const char *id, int64_t now)
{
    struct stmt *q = db_sql(db, "UPDATE users SET last_login_at = $2"
                                " WHERE id = $1 AND deactivated_at IS NULL");

    db_text(q, 1, id);
    db_int(q, 2, now);
    return db_run_changed(q);
}

enum rc users_deactivate(struct db *db, const char *id, int64_t now)
{
    struct stmt *q = db_sql(db, "UPDATE users SET deactivated_at = $2, updated_at = $2"
                                " WHERE id = $1 AND deactivated_at IS NULL");

    db_text(q, 1, id);
    db_int(q, 2, now);
    return db_run_changed(q);
}

enum rc users_reactivate(struct db *db, const char *id, int64_t now)
{
    struct stmt *q = db_sql(db, "UPDATE users SET deactivated_at = NULL, updated_at = $2"
                                " WHERE id = $1 AND deactivated_at IS NOT NULL");

    db_text(q, 1, id);
    db_int(q, 2, now);
    return db_run_changed(q);
}

enum rc users_delete(struct db *db, const char *id)
{
    struct stmt *q = db_sql(db, "DELETE FROM users WHERE id = $1");

    db_text(q, 1, id);
    return db_run_changed(q);
}

enum rc users_any(struct db *db, bool *out)
{
    int64_t n;

    TRY(db_int_of(db_sql(db, "SELECT EXISTS (SELECT 1 FROM users WHERE id > '')"), &n));
    *out = n != 0;
    return RC_OK;
}

enum rc users_count(struct db *db, int64_t *out)
{
    return db_int_of(db_sql(db, "/* count users */ SELECT COUNT(*) FROM users"
                                " WHERE deactivated_at IS NULL"), out);
}
