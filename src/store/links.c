#include "config.h"

#include "store/links.h"

#include "util/log.h"

static const char *const kinds[] = { [LINK_RESET] = "reset", [LINK_RECOVER] = "recover", [LINK_NOT_ME] = "not_me" };

static enum link_kind kind_of(const char *text)
{
    for (size_t i = 0; i < ARRAY_LEN(kinds); i++)
        if (text_same(kinds[i], text))
            return (enum link_kind)i;
    die("links: unknown kind"); /* the CHECK of the table knows no other */
}

#define LINK_COLS "token_hash, kind, user_id, created_at, expires_at"

static void link_row(struct stmt *q, struct arena *a, void *out)
{
    *(struct one_time_link *)out = (struct one_time_link){
        .token_hash = col_bytes(q, 0, a),
        .kind = kind_of(col_text(q, 1, a)),
        .user_id = col_text(q, 2, a),
        .created_at = col_int(q, 3),
        .expires_at = col_int(q, 4),
    };
}

enum rc links_add(struct db *db, const struct one_time_link *l)
{
    struct stmt *q = db_sql(db, "INSERT INTO one_time_links (" LINK_COLS ") VALUES ($1, $2, $3, $4, $5)");

    db_bytes(q, 1, l->token_hash);
    db_text(q, 2, kinds[l->kind]);
    db_text(q, 3, l->user_id);
    db_int(q, 4, l->created_at);
    db_int(q, 5, l->expires_at);
    return db_run(q);
}

#define IS_LIVE                                                                            \
    "token_hash = $1 AND used_at IS NULL AND expires_at > $2"                                  \
    " AND EXISTS (SELECT 1 FROM users u WHERE u.id = one_time_links.user_id AND u.deactivated_at IS NULL)"

static enum rc one(struct stmt *q, struct arena *a, struct bytes token_hash, int64_t now, struct one_time_link *out)
{
    db_bytes(q, 1, token_hash);
    db_int(q, 2, now);
    return db_one(q, a, link_row, out);
}

enum rc links_find(struct db *db, struct arena *a, struct bytes token_hash, int64_t now, struct one_time_link *out)
{
    return one(db_sql(db, "SELECT " LINK_COLS " FROM one_time_links WHERE " IS_LIVE), a, token_hash, now, out);
}

enum rc links_use(struct db *db, struct arena *a, struct bytes token_hash, int64_t now, struct one_time_link *out)
{
    return one(db_sql(db, "UPDATE one_time_links SET used_at = $2 WHERE " IS_LIVE " RETURNING " LINK_COLS), a,
               token_hash, now, out);
}

enum rc links_void_of_user(struct db *db, const char *user_id, int64_t now)
{
    struct stmt *q = db_sql(db, "UPDATE one_time_links SET used_at = $2"
                                " WHERE user_id = $1 AND used_at IS NULL AND kind <> 'not_me'");

    db_text(q, 1, user_id);
    db_int(q, 2, now);
    return db_run(q);
}

enum rc links_sweep(struct db *db, int64_t expired_before, int64_t limit, int64_t *out_n)
{
    struct stmt *q = db_sql(db, "DELETE FROM one_time_links WHERE token_hash IN (SELECT token_hash FROM one_time_links"
                                " WHERE expires_at < $1 ORDER BY expires_at LIMIT $2)");

    db_int(q, 1, expired_before);
    db_int(q, 2, limit);
    TRY(db_run(q));
    *out_n = db_changed(db);
    return RC_OK;
}
