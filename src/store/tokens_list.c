#include "config.h"

#include "store/tokens.h"

#include "crypto/random.h"

#define HAYSTACK "(COALESCE(u.username_folded, '') || '\n' || COALESCE(u.email, ''))"

#define FROM_WHERE                                                                         \
    " FROM tokens t JOIN token_families f ON f.id = t.family_id"                               \
    " LEFT JOIN users u ON u.id = f.user_id"                                                   \
    " WHERE " LIST_SEARCH("$1", HAYSTACK) " AND t.selector >= $2 AND t.selector <= $3"

#define LIST(by, order)                                                                    \
    "/* list tokens */ SELECT t.selector, f.user_id, u.username, u.email, t.scope, f.grant_type,"  \
    " t.issued_at, t.access_expires_at, COALESCE(t.revoked_at, t.rotated_at, f.revoked_at)"    \
    FROM_WHERE " ORDER BY " by " " order " LIMIT $4 OFFSET $5"

/* Selectors are in the order of time, so that the default walks the table as it lies. */
static const struct list_sort sorts[] = {
    { "issued_at", LIST("t.selector", "ASC"), LIST("t.selector", "DESC") },
    { "access_token_expires_at", LIST("t.access_expires_at", "ASC"), LIST("t.access_expires_at", "DESC") },
};

static void line_row(struct stmt *q, struct arena *a, void *out)
{
    *(struct token_line *)out = (struct token_line){
        .selector = col_int(q, 0),
        .user_id = col_text(q, 1, a),
        .username = col_text(q, 2, a),
        .email = col_text(q, 3, a),
        .scope = col_text(q, 4, a),
        .grant_type = col_text(q, 5, a),
        .issued_at = col_int(q, 6),
        .access_expires_at = col_int(q, 7),
        .revoked_at = col_int(q, 8),
    };
}

static void bind_filters(struct stmt *q, const struct tokens_query *by)
{
    db_text(q, 1, list_search(&by->list));
    db_int(q, 2, by->issued_from > 0 ? selector_floor(by->issued_from) : 0);
    db_int(q, 3, by->issued_to > 0 ? selector_floor(by->issued_to + 1) - 1 : by->issued_to < 0 ? -1 : INT64_MAX);
}

enum rc tokens_list(struct db *db, struct arena *a, const struct tokens_query *by, struct tokens_page *out)
{
    struct stmt *q = db_prepare(db, list_sql(sorts, ARRAY_LEN(sorts), &by->list));
    struct rows rows;
    int64_t total;

    bind_filters(q, by);
    db_int(q, 4, by->list.limit);
    db_int(q, 5, by->list.offset);
    TRY(db_each(q, a, line_row, sizeof(struct token_line), &rows));
    q = db_sql(db, "/* list tokens */ SELECT COUNT(*)" FROM_WHERE);
    bind_filters(q, by);
    TRY(db_int_of(q, &total));
    *out = (struct tokens_page){ .v = rows.v, .n = rows.n, .total = total };
    return RC_OK;
}

enum rc tokens_count_live(struct db *db, int64_t now, int64_t access_life_max_s, int64_t *out)
{
    struct stmt *q = db_sql(db,
        "SELECT COUNT(*) FROM tokens t JOIN token_families f ON f.id = t.family_id"
        " WHERE t.selector >= $1 AND t.access_expires_at > $2 AND t.revoked_at IS NULL"
        " AND t.rotated_at IS NULL AND f.revoked_at IS NULL");

    db_int(q, 1, selector_floor(now - access_life_max_s));
    db_int(q, 2, now);
    return db_int_of(q, out);
}
