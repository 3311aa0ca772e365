#include "config.h"

#include "store/families_row.h"

enum rc tokens_add(struct db *db, const struct token *t)
{
    struct stmt *q = db_sql(db,
        "INSERT INTO tokens (selector, family_id, access_hash, refresh_hash, scope, issued_at,"
        " access_expires_at, refresh_expires_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8)");

    db_int(q, 1, t->selector);
    db_text(q, 2, t->family_id);
    db_bytes(q, 3, t->access_hash.n ? t->access_hash : (struct bytes){ 0 });
    db_bytes(q, 4, t->refresh_hash.n ? t->refresh_hash : (struct bytes){ 0 });
    db_text(q, 5, text_or(t->scope, ""));
    db_int(q, 6, t->issued_at);
    db_int(q, 7, t->access_expires_at);
    db_int_or_null(q, 8, t->refresh_hash.n ? t->refresh_expires_at : 0);
    return db_run(q);
}

static void token_row(struct stmt *q, struct arena *a, int i, struct token *out)
{
    *out = (struct token){
        .selector = col_int(q, i),
        .family_id = col_text(q, i + 1, a),
        .access_hash = col_bytes(q, i + 2, a),
        .refresh_hash = col_bytes(q, i + 3, a),
        .scope = col_text(q, i + 4, a),
        .issued_at = col_int(q, i + 5),
        .access_expires_at = col_int(q, i + 6),
        .refresh_expires_at = col_int(q, i + 7),
        .rotated_at = col_int(q, i + 8),
        .revoked_at = col_int(q, i + 9),
    };
}

#define TOKEN_COLS                                                                         \
    "t.selector, t.family_id, t.access_hash, t.refresh_hash, t.scope, t.issued_at,"           \
    " t.access_expires_at, t.refresh_expires_at, t.rotated_at, t.revoked_at"
#define LIVENESS_COLS                                                                      \
    "f.user_id IS NULL OR (u.id IS NOT NULL AND u.deactivated_at IS NULL),"                   \
    " f.session_id IS NULL OR (s.id IS NOT NULL AND s.ended_at IS NULL),"                     \
    " c.is_active, u.username"
#define VIEW_FROM                                                                          \
    " FROM tokens t"                                                                          \
    " JOIN token_families f ON f.id = t.family_id"                                            \
    " JOIN clients c ON c.client_id = f.client_id"                                            \
    " LEFT JOIN users u ON u.id = f.user_id"                                                  \
    " LEFT JOIN sessions s ON s.id = f.session_id"                                            \
    " WHERE t.selector = $1"
#define FAMILY_AT 10
#define LIVENESS_AT (FAMILY_AT + 16)

static void read_liveness(struct stmt *q, struct arena *a, int i, struct token_view *v)
{
    v->is_user_active = col_bool(q, i);
    v->is_session_live = col_bool(q, i + 1);
    v->is_client_active = col_bool(q, i + 2);
    v->username = col_text(q, i + 3, a);
}

static void view_row(struct stmt *q, struct arena *a, void *out)
{
    struct token_view *v = out;

    token_row(q, a, 0, &v->token);
    family_read(q, a, FAMILY_AT, &v->family);
    read_liveness(q, a, LIVENESS_AT, v);
    v->session_created_at = col_int(q, LIVENESS_AT + 4);
    v->session_active_at = col_int(q, LIVENESS_AT + 5);
}

enum rc tokens_find(struct db *db, struct arena *a, int64_t selector, struct token_view *out)
{
    struct stmt *q = db_sql(db, "SELECT " TOKEN_COLS ", " FAMILY_COLS ", " LIVENESS_COLS
                                ", s.created_at, s.last_activity_at" VIEW_FROM);

    db_int(q, 1, selector);
    return db_one(q, a, view_row, out);
}

static void shown_row(struct stmt *q, struct arena *a, void *out)
{
    struct token_view *v = out;

    token_row(q, a, 0, &v->token);
    v->family = (struct family){
        .id = v->token.family_id,
        .user_id = col_text(q, FAMILY_AT, a),
        .client_id = col_text(q, FAMILY_AT + 1, a),
        .session_id = col_text(q, FAMILY_AT + 2, a),
        .auth_time = col_int(q, FAMILY_AT + 3),
        .acr = col_text(q, FAMILY_AT + 4, a),
        .revoked_at = col_int(q, FAMILY_AT + 5),
    };
    read_liveness(q, a, FAMILY_AT + 6, v);
}

enum rc tokens_shown(struct db *db, struct arena *a, int64_t selector, struct token_view *out)
{
    struct stmt *q = db_sql(db, "SELECT " TOKEN_COLS ", f.user_id, f.client_id, f.session_id, f.auth_time_at, f.acr,"
                                " f.revoked_at, " LIVENESS_COLS VIEW_FROM);

    db_int(q, 1, selector);
    return db_one(q, a, shown_row, out);
}

bool token_is_live(const struct token_view *v, int64_t now)
{
    return v->token.access_expires_at > now && v->token.revoked_at == 0 && v->token.rotated_at == 0 &&
           v->family.revoked_at == 0 && v->is_user_active && v->is_session_live && v->is_client_active;
}

enum rc tokens_rotate(struct db *db, int64_t selector, int64_t now)
{
    struct stmt *q = db_sql(db,
        "UPDATE tokens SET rotated_at = $2 WHERE selector = $1 AND refresh_hash IS NOT NULL"
        " AND rotated_at IS NULL AND revoked_at IS NULL"
        " AND EXISTS (SELECT 1 FROM token_families f"
        " JOIN clients c ON c.client_id = f.client_id"
        " LEFT JOIN users u ON u.id = f.user_id"
        " LEFT JOIN sessions s ON s.id = f.session_id"
        " WHERE f.id = tokens.family_id AND f.revoked_at IS NULL AND c.is_active = 1"
        " AND (f.user_id IS NULL OR (u.id IS NOT NULL AND u.deactivated_at IS NULL))"
        " AND (f.session_id IS NULL OR (s.id IS NOT NULL AND s.ended_at IS NULL)))");

    db_int(q, 1, selector);
    db_int(q, 2, now);
    return db_run_changed(q);
}

enum rc tokens_revoke(struct db *db, int64_t selector, int64_t now)
{
    struct stmt *q = db_sql(db, "UPDATE tokens SET revoked_at = $2"
                                " WHERE selector = $1 AND revoked_at IS NULL");

    db_int(q, 1, selector);
    db_int(q, 2, now);
    return db_run(q);
}

enum rc tokens_sweep(struct db *db, int64_t expired_before, int64_t limit, int64_t *out_n)
{
    struct stmt *q = db_sql(db,
        "DELETE FROM tokens WHERE selector IN (SELECT selector FROM tokens"
        " WHERE rotated_at IS NOT NULL AND refresh_expires_at < $1"
        " AND access_expires_at < $1 ORDER BY refresh_expires_at LIMIT $2)");

    db_int(q, 1, expired_before);
    db_int(q, 2, limit);
    TRY(db_run(q));
    *out_n = db_changed(db);
    return RC_OK;
}
