#include "config.h"

#include "store/tokens.h"

#include "crypto/random.h"

#define COLS                                                                               \
    "SELECT t.selector, f.user_id, u.username, u.email, t.scope, f.grant_type, t.issued_at,"   \
    " t.access_expires_at, COALESCE(t.revoked_at, t.rotated_at, f.revoked_at)"
#define RANGE " t.selector >= $1 AND t.selector <= $2"

/* Everybody's: from the tokens to their people. */
#define OF_ALL                                                                             \
    " FROM tokens t JOIN token_families f ON f.id = t.family_id"                               \
    " LEFT JOIN users u ON u.id = f.user_id WHERE" RANGE

/* Of those that a search finds, a person at least: from them to their tokens. */
#define HAYSTACK "(u.username_folded || '\n' || COALESCE(u.email, ''))"
#define OF_FOUND                                                                           \
    " FROM users u CROSS JOIN token_families f CROSS JOIN tokens t"                            \
    " WHERE f.user_id = u.id AND t.family_id = f.id AND" RANGE " AND " LIST_SEARCH("$5", HAYSTACK)

#define LIST(from, by, order) \
    "/* list tokens */ " COLS from " ORDER BY " by " " order " LIMIT $3 OFFSET $4"

/* Selectors are in the order of time, so that the default walks the table as it lies. */
#define SORTS(from)                                                                        \
    { "issued_at", LIST(from, "t.selector", "ASC"), LIST(from, "t.selector", "DESC") },        \
    { "access_token_expires_at", LIST(from, "t.access_expires_at", "ASC"),                     \
      LIST(from, "t.access_expires_at", "DESC") }
static const struct list_sort sorts[] = { SORTS(OF_ALL) };
static const struct list_sort sorts_of_found[] = { SORTS(OF_FOUND) };

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

static int64_t last_of(int64_t issued_to)
{
    if (issued_to == 0)
        return INT64_MAX;
    return issued_to > 0 ? selector_floor(issued_to + 1) - 1 : -1;
}

static void bind_range(struct stmt *q, const struct tokens_query *by)
{
    db_int(q, 1, by->issued_from > 0 ? selector_floor(by->issued_from) : 0);
    db_int(q, 2, last_of(by->issued_to));
}

static struct stmt *listing(struct db *db, const struct tokens_query *by)
{
    const char *search = list_search(&by->list);
    struct stmt *q = db_prepare(db, search ? list_sql(sorts_of_found, ARRAY_LEN(sorts_of_found), &by->list)
                                           : list_sql(sorts, ARRAY_LEN(sorts), &by->list));

    bind_range(q, by);
    db_int(q, 3, by->list.limit);
    db_int(q, 4, by->list.offset);
    if (search)
        db_text(q, 5, search);
    return q;
}

static struct stmt *counting(struct db *db, const struct tokens_query *by)
{
    const char *search = list_search(&by->list);
    struct stmt *q;

    if (search == NULL)
        return db_sql(db, "/* list tokens */ SELECT COUNT(*) FROM tokens t WHERE" RANGE);
    q = db_sql(db, "/* list tokens */ SELECT COUNT(*)" OF_FOUND);
    db_text(q, 5, search);
    return q;
}

static enum rc count(struct db *db, const struct tokens_query *by, size_t n, int64_t *out)
{
    struct stmt *q;

    if (list_knows_total(&by->list, n, out))
        return RC_OK;
    q = counting(db, by);
    bind_range(q, by);
    return db_int_of(q, out);
}

enum rc tokens_list(struct db *db, struct arena *a, const struct tokens_query *by, struct tokens_page *out)
{
    struct rows rows;
    int64_t total;

    TRY(db_each(listing(db, by), a, line_row, sizeof(struct token_line), &rows));
    TRY(count(db, by, rows.n, &total));
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
