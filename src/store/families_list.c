#include "config.h"

#include "store/families_row.h"

#include "crypto/random.h"

void family_read(struct stmt *q, struct arena *a, int i, struct family *out)
{
    *out = (struct family){
        .id = col_text(q, i, a),
        .user_id = col_text(q, i + 1, a),
        .client_id = col_text(q, i + 2, a),
        .session_id = col_text(q, i + 3, a),
        .sid = col_text(q, i + 4, a),
        .grant_type = col_text(q, i + 5, a),
        .scope = col_text(q, i + 6, a),
        .nonce = col_text(q, i + 7, a),
        .auth_time = col_int(q, i + 8),
        .acr = col_text(q, i + 9, a),
        .amr = col_text(q, i + 10, a),
        .user_agent = col_text(q, i + 11, a),
        .ip_address = col_text(q, i + 12, a),
        .created_at = col_int(q, i + 13),
        .expires_at = col_int(q, i + 14),
        .revoked_at = col_int(q, i + 15),
    };
}

static void family_row(struct stmt *q, struct arena *a, void *out)
{
    family_read(q, a, 0, out);
}

enum rc families_by_id(struct db *db, struct arena *a, const char *id, struct family *out)
{
    struct stmt *q = db_sql(db, "SELECT " FAMILY_COLS " FROM token_families f WHERE f.id = $1");

    db_text(q, 1, id);
    return db_one(q, a, family_row, out);
}

static enum rc fetch(struct stmt *q, struct arena *a, struct families_page *out)
{
    struct rows rows;

    TRY(db_each(q, a, family_row, sizeof(struct family), &rows));
    *out = (struct families_page){ .v = rows.v, .n = rows.n, .total = (int64_t)rows.n };
    return RC_OK;
}

enum rc families_latest(struct db *db, struct arena *a, const char *user_id, struct families_page *out)
{
    struct stmt *q;

    if (user_id == NULL) { /* ids are in the order of time */
        q = db_sql(db, "SELECT " FAMILY_COLS " FROM token_families f WHERE f.id > '' ORDER BY f.id DESC LIMIT $1");
        db_int(q, 1, FAMILIES_LATEST_MAX);
        return fetch(q, a, out);
    }
    q = db_sql(db, "SELECT " FAMILY_COLS " FROM token_families f WHERE f.user_id = $2"
                   " ORDER BY f.created_at DESC LIMIT $1");
    db_int(q, 1, FAMILIES_LATEST_MAX);
    db_text(q, 2, user_id);
    return fetch(q, a, out);
}

#define LIST(by, order)                                                                    \
    "/* list sessions of a browser */ SELECT " FAMILY_COLS " FROM token_families f"            \
    " WHERE f.session_id = $1 ORDER BY " by " " order ", f.id " order " LIMIT $2 OFFSET $3"
static const struct list_sort sorts[] = {
    { "created_at", LIST("f.created_at", "ASC"), LIST("f.created_at", "DESC") },
    { "expires_at", LIST("f.expires_at", "ASC"), LIST("f.expires_at", "DESC") },
};

enum rc families_of_session(struct db *db, struct arena *a, const char *session_id, const struct list_query *by,
                            struct families_page *out)
{
    struct stmt *q = db_prepare(db, list_sql(sorts, ARRAY_LEN(sorts), by));
    struct families_page page;

    db_text(q, 1, session_id);
    db_int(q, 2, by->limit);
    db_int(q, 3, by->offset);
    TRY(fetch(q, a, &page));
    q = db_sql(db, "SELECT COUNT(*) FROM token_families WHERE session_id = $1");
    db_text(q, 1, session_id);
    TRY(db_int_of(q, &page.total));
    *out = page;
    return RC_OK;
}

enum rc families_count_since(struct db *db, int64_t since, int64_t *out)
{
    struct stmt *q = db_sql(db, "SELECT COUNT(*) FROM token_families WHERE id >= $1");
    struct arena *a = arena_start("families_count_since");
    enum rc rc;

    db_text(q, 1, id_floor(a, since));
    rc = db_int_of(q, out);
    arena_done(a);
    return rc;
}
