#include "config.h"

#include "store/users.h"

#include "store/users_row.h"

/* The fields of the search, one to a line, so that no match spans two. */
#define HAYSTACK                                                                           \
    "(u.username_folded || '\n' || COALESCE(u.email, '') || '\n' || u.id || '\n' || lower("    \
    "u.given_name || '\n' || u.family_name || '\n' || u.middle_name || '\n' || u.nickname"     \
    " || '\n' || u.phone_number))"

/* `+ 0` keeps the planner from walking the dates when it should follow the sort. */
#define WHERE                                                                              \
    " WHERE (u.deactivated_at IS NULL OR $7) AND " LIST_SEARCH("$1", HAYSTACK)                 \
    " AND (CAST($2 AS TEXT) IS NULL OR u.role = $2)"                                           \
    " AND ($3 < 0 OR u.is_email_verified = $3)"                                                \
    " AND u.created_at + 0 >= $4 AND u.created_at + 0 <= $5"                                   \
    " AND ($6 = 0 OR $6 = CASE WHEN EXISTS (SELECT 1 FROM totp_secrets f WHERE f.user_id = u.id"   \
    " AND f.confirmed_at IS NOT NULL) THEN 1 ELSE -1 END)"

#define LIST(by, order)                                                                    \
    "/* list users */ SELECT " USER_COLS " FROM " USER_FROM WHERE                             \
    " ORDER BY " by " " order ", u.id " order " LIMIT $8 OFFSET $9"

/* the default first */
#define SORTS(X)                                                                           \
    X(created_at, "u.created_at") X(username, "u.username") X(email, "COALESCE(u.email, '')")   \
    X(id, "u.id") X(given_name, "u.given_name") X(family_name, "u.family_name")                 \
    X(middle_name, "u.middle_name") X(nickname, "u.nickname")                                   \
    X(phone_number, "u.phone_number") X(updated_at, "u.updated_at") X(role, "u.role")

#define X(name, by) #name,
const char *const users_sorts[] = { SORTS(X) NULL };
#undef X

#define X(name, by) { #name, LIST(by, "ASC"), LIST(by, "DESC") },
static const struct list_sort sorts[] = { SORTS(X) };
#undef X

static void bind_filters(struct stmt *q, const struct users_query *by)
{
    db_text(q, 1, list_search(&by->list));
    db_text(q, 2, text_empty(by->role) ? NULL : by->role);
    db_int(q, 3, by->is_email_verified);
    db_int(q, 4, by->created_from);
    db_int(q, 5, by->created_to ? by->created_to : INT64_MAX);
    db_int(q, 6, by->with_totp);
    db_int(q, 7, by->with_deactivated);
}

static enum rc count(struct db *db, const struct users_query *by, size_t n, int64_t *out)
{
    struct stmt *q;

    if (list_knows_total(&by->list, n, out))
        return RC_OK;
    q = db_sql(db, "/* list users */ SELECT COUNT(*) FROM users u" WHERE);
    bind_filters(q, by);
    return db_int_of(q, out);
}

enum rc users_list(struct db *db, struct arena *a, const struct users_query *by, struct users_page *out)
{
    struct stmt *q = db_prepare(db, list_sql(sorts, ARRAY_LEN(sorts), &by->list));
    struct rows rows;
    int64_t total;

    bind_filters(q, by);
    db_int(q, 8, by->list.limit);
    db_int(q, 9, by->list.offset);
    TRY(db_each(q, a, user_row, sizeof(struct user), &rows));
    TRY(count(db, by, rows.n, &total));
    *out = (struct users_page){ .v = rows.v, .n = rows.n, .total = total };
    return RC_OK;
}
