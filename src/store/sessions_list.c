#include "config.h"

#include "store/sessions.h"

/* The fields of the search, one to a line, so that no match spans two. */
#define HAYSTACK "(u.username_folded || '\n' || COALESCE(u.email, '') || '\n' || lower(s.ip_address))"

#define RANGES                                                                             \
    " s.ended_at IS NULL AND s.created_at + 0 >= $2 AND s.created_at + 0 <= $3"                \
    " AND s.last_activity_at + 0 >= $4 AND s.last_activity_at + 0 <= $5"
#define FROM_WHERE                                                                         \
    " FROM sessions s JOIN users u ON u.id = s.user_id"                                        \
    " WHERE u.deactivated_at IS NULL AND " LIST_SEARCH("$1", HAYSTACK) " AND" RANGES

/* One person's are found by the index of that person, everybody's are walked. */
#define OF_USER " AND s.user_id = $6"

#define COLS                                                                               \
    "SELECT s.id, s.user_id, u.username, u.email, s.user_agent, s.ip_address, s.created_at,"   \
    " s.last_activity_at, (SELECT COUNT(DISTINCT f.client_id) FROM token_families f"           \
    " WHERE f.session_id = s.id AND f.revoked_at IS NULL AND f.expires_at > $7)"

#define LIST(name, extra, by, order)                                                       \
    "/* list sessions" name " */ " COLS FROM_WHERE extra                                      \
    " ORDER BY " by " " order ", s.id " order " LIMIT $8 OFFSET $9"

/* the default first */
#define SORTS(name, extra)                                                                 \
    { "last_activity_at", LIST(name, extra, "s.last_activity_at", "ASC"),                      \
      LIST(name, extra, "s.last_activity_at", "DESC") },                                       \
    { "created_at", LIST(name, extra, "s.created_at", "ASC"), LIST(name, extra, "s.created_at", "DESC") }

static const struct list_sort sorts[] = { SORTS("", "") };
static const struct list_sort sorts_of_user[] = { SORTS(" of a user", OF_USER) };

static void line_row(struct stmt *q, struct arena *a, void *out)
{
    *(struct session_line *)out = (struct session_line){
        .id = col_text(q, 0, a),
        .user_id = col_text(q, 1, a),
        .username = col_text(q, 2, a),
        .email = col_text(q, 3, a),
        .user_agent = col_text(q, 4, a),
        .ip_address = col_text(q, 5, a),
        .created_at = col_int(q, 6),
        .last_activity_at = col_int(q, 7),
        .apps_n = col_int(q, 8),
    };
}

static int64_t end_of(int64_t to)
{
    return to ? to : INT64_MAX;
}

static void bind_filters(struct stmt *q, const struct sessions_query *by)
{
    db_text(q, 1, list_search(&by->list));
    db_int(q, 2, by->created_from);
    db_int(q, 3, end_of(by->created_to));
    db_int(q, 4, by->active_from);
    db_int(q, 5, end_of(by->active_to));
    if (by->user_id)
        db_text(q, 6, by->user_id);
}

/* Whoever is deactivated has no session; so without a search nobody has to be looked at. */
static struct stmt *counting(struct db *db, const struct sessions_query *by)
{
    if (by->user_id)
        return db_sql(db, "/* list sessions of a user */ SELECT COUNT(*)" FROM_WHERE OF_USER);
    if (list_search(&by->list))
        return db_sql(db, "/* list sessions */ SELECT COUNT(*)" FROM_WHERE);
    return db_sql(db, "/* list sessions */ SELECT COUNT(*) FROM sessions s"
                      " WHERE CAST($1 AS TEXT) IS NULL AND" RANGES);
}

static enum rc count(struct db *db, const struct sessions_query *by, size_t n, int64_t *out)
{
    struct stmt *q;

    if (list_knows_total(&by->list, n, out))
        return RC_OK;
    q = counting(db, by);
    bind_filters(q, by);
    return db_int_of(q, out);
}

static struct stmt *listing(struct db *db, const struct sessions_query *by)
{
    return db_prepare(db, by->user_id ? list_sql(sorts_of_user, ARRAY_LEN(sorts_of_user), &by->list)
                                      : list_sql(sorts, ARRAY_LEN(sorts), &by->list));
}

enum rc sessions_list(struct db *db, struct arena *a, const struct sessions_query *by, struct sessions_page *out)
{
    struct stmt *q = listing(db, by);
    struct rows rows;
    int64_t total;

    bind_filters(q, by);
    db_int(q, 7, by->now);
    db_int(q, 8, by->list.limit);
    db_int(q, 9, by->list.offset);
    TRY(db_each(q, a, line_row, sizeof(struct session_line), &rows));
    TRY(count(db, by, rows.n, &total));
    *out = (struct sessions_page){ .v = rows.v, .n = rows.n, .total = total };
    return RC_OK;
}

enum rc sessions_count(struct db *db, const struct sessions_query *by, int64_t *out)
{
    struct stmt *q = db_sql(db, "SELECT COUNT(*) FROM sessions WHERE ended_at IS NULL"
                                " AND last_activity_at >= $1 AND created_at + 0 >= $2");

    db_int(q, 1, by->active_from);
    db_int(q, 2, by->created_from);
    return db_int_of(q, out);
}
