#include "config.h"

#include "store/audit.h"

#include "crypto/random.h"
#include "store/audit_row.h"

#define AFTER_ALL_IDS "~" /* the letters of ids end at v */

/* The fields of the search, one to a line, so that no match spans two. */
#define HAYSTACK                                                                           \
    "lower(l.actor_username || '\n' || l.target_id || '\n' || l.ip_address || '\n' || l.detail)"

#define WHERE                                                                              \
    " WHERE " LIST_SEARCH("$1", HAYSTACK)                                                      \
    " AND (CAST($2 AS TEXT) IS NULL OR l.event = $2)"                                          \
    " AND l.id >= $3 AND l.id < $4"

#define LIST(by)                                                                           \
    "/* list audit */ SELECT " AUDIT_COLS " FROM audit_logs l" WHERE                           \
    " ORDER BY " by " LIMIT $5 OFFSET $6"

static const struct list_sort sorts[] = {
    { "created_at", LIST("l.id ASC"), LIST("l.id DESC") }, /* ids are in the order of time */
    { "event", LIST("l.event ASC, l.id ASC"), LIST("l.event DESC, l.id DESC") },
};

static const char *first_id(struct arena *a, int64_t from)
{
    return from > 0 ? id_floor(a, from < UINT32_MAX ? from : UINT32_MAX) : "";
}

static const char *behind_id(struct arena *a, int64_t to)
{
    if (to == 0 || to >= UINT32_MAX)
        return AFTER_ALL_IDS;
    return to > 0 ? id_floor(a, to + 1) : "";
}

static void bind_filters(struct stmt *q, struct arena *a, const struct audit_query *by)
{
    db_text(q, 1, list_search(&by->list));
    db_text(q, 2, text_empty(by->event) ? NULL : by->event);
    db_text(q, 3, first_id(a, by->created_from));
    db_text(q, 4, behind_id(a, by->created_to));
}

static enum rc count(struct db *db, struct arena *a, const struct audit_query *by, size_t n, int64_t *out)
{
    struct stmt *q;

    if (list_knows_total(&by->list, n, out))
        return RC_OK;
    q = db_sql(db, "/* list audit */ SELECT COUNT(*) FROM audit_logs l" WHERE);
    bind_filters(q, a, by);
    return db_int_of(q, out);
}

enum rc audit_list(struct db *db, struct arena *a, const struct audit_query *by, struct audit_page *out)
{
    struct stmt *q = db_prepare(db, list_sql(sorts, ARRAY_LEN(sorts), &by->list));
    struct rows rows;
    int64_t total;

    bind_filters(q, a, by);
    db_int(q, 5, by->list.limit);
    db_int(q, 6, by->list.offset);
    TRY(db_each(q, a, audit_row, sizeof(struct audit_row), &rows));
    TRY(count(db, a, by, rows.n, &total));
    *out = (struct audit_page){ .v = rows.v, .n = rows.n, .total = total };
    return RC_OK;
}

enum rc audit_count(struct db *db, const char *event, int64_t since, int64_t *out)
{
    struct stmt *q = db_sql(db, "SELECT COUNT(*) FROM audit_logs WHERE event = $1 AND id >= $2");
    struct arena *a = arena_start("audit_count");
    enum rc rc;

    db_text(q, 1, event);
    db_text(q, 2, first_id(a, since));
    rc = db_int_of(q, out);
    arena_done(a);
    return rc;
}
