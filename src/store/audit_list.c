#include "config.h"

#include "store/audit.h"

#include "store/audit_row.h"

/* The fields of the search, one to a line, so that no match spans two. */
#define HAYSTACK                                                                           \
    "lower(l.actor_username || '\n' || l.target_id || '\n' || l.ip_address || '\n' || l.detail)"

#define WHERE                                                                              \
    " WHERE " LIST_SEARCH("$1", HAYSTACK)                                                      \
    " AND (CAST($2 AS TEXT) IS NULL OR l.event = $2)"                                          \
    " AND l.created_at >= $3 AND l.created_at <= $4"

#define LIST(by, order)                                                                    \
    "/* list audit */ SELECT " AUDIT_COLS " FROM audit_logs l" WHERE                           \
    " ORDER BY " by " " order ", l.id " order " LIMIT $5 OFFSET $6"

static const struct list_sort sorts[] = {
    { "created_at", LIST("l.created_at", "ASC"), LIST("l.created_at", "DESC") },
    { "event", LIST("l.event ASC, l.created_at", "ASC"), LIST("l.event DESC, l.created_at", "DESC") },
};

static void bind_filters(struct stmt *q, const struct audit_query *by)
{
    db_text(q, 1, list_search(&by->list));
    db_text(q, 2, text_empty(by->event) ? NULL : by->event);
    db_int(q, 3, by->created_from);
    db_int(q, 4, by->created_to ? by->created_to : INT64_MAX);
}

static enum rc count(struct db *db, const struct audit_query *by, size_t n, int64_t *out)
{
    struct stmt *q;

    if (list_knows_total(&by->list, n, out))
        return RC_OK;
    q = db_sql(db, "/* list audit */ SELECT COUNT(*) FROM audit_logs l" WHERE);
    bind_filters(q, by);
    return db_int_of(q, out);
}

enum rc audit_list(struct db *db, struct arena *a, const struct audit_query *by, struct audit_page *out)
{
    struct stmt *q = db_prepare(db, list_sql(sorts, ARRAY_LEN(sorts), &by->list));
    struct rows rows;
    int64_t total;

    bind_filters(q, by);
    db_int(q, 5, by->list.limit);
    db_int(q, 6, by->list.offset);
    TRY(db_each(q, a, audit_row, sizeof(struct audit_row), &rows));
    TRY(count(db, by, rows.n, &total));
    *out = (struct audit_page){ .v = rows.v, .n = rows.n, .total = total };
    return RC_OK;
}

enum rc audit_count(struct db *db, const char *event, int64_t since, int64_t *out)
{
    struct stmt *q = db_sql(db, "SELECT COUNT(*) FROM audit_logs WHERE event = $1 AND created_at >= $2");

    db_text(q, 1, event);
    db_int(q, 2, since);
    return db_int_of(q, out);
}
