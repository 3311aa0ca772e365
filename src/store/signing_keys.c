#include "config.h"

#include "store/signing_keys.h"

static void active_row(struct stmt *q, struct arena *a, void *out)
{
    *(struct signing_key_row *)out = (struct signing_key_row){
        .kid = col_text(q, 0, a),
        .alg = col_text(q, 1, a),
        .public_jwk = col_text(q, 2, a),
        .private_sealed = col_bytes(q, 3, a),
        .state = col_text(q, 4, a),
        .thumbprint = col_text(q, 5, a),
        .created_at = col_int(q, 6),
        .activated_at = col_int(q, 7),
        .retired_at = col_int(q, 8),
    };
}

static void key_row(struct stmt *q, struct arena *a, void *out)
{
    struct signing_key_row *k = out;

    active_row(q, a, out);
    k->unpublished_at = col_int(q, 9);
    k->revoked_at = col_int(q, 10);
}

enum rc signing_keys_active(struct db *db, struct arena *a, struct signing_key_rows *out)
{
    struct stmt *q = db_sql(db, "/* small */ SELECT kid, alg, public_jwk, private_sealed, state, thumbprint, created_at,"
                                " activated_at, retired_at FROM signing_keys WHERE state = 'active'");
    struct rows rows;

    TRY(db_each(q, a, active_row, sizeof(struct signing_key_row), &rows));
    *out = (struct signing_key_rows){ .v = rows.v, .n = rows.n };
    return RC_OK;
}

enum rc signing_keys_all(struct db *db, struct arena *a, struct signing_key_rows *out)
{
    struct stmt *q = db_sql(db,
        "/* small */ SELECT kid, alg, public_jwk, private_sealed, state, thumbprint, created_at,"
        " activated_at, retired_at, unpublished_at, revoked_at FROM signing_keys"
        " ORDER BY CASE state WHEN 'active' THEN 0 WHEN 'next' THEN 1 ELSE 2 END,"
        " created_at DESC, kid");
    struct rows rows;

    TRY(db_each(q, a, key_row, sizeof(struct signing_key_row), &rows));
    *out = (struct signing_key_rows){ .v = rows.v, .n = rows.n };
    return RC_OK;
}

const struct signing_key_row *signing_keys_pick(const struct signing_key_rows *rows, const char *alg, const char *state)
{
    for (size_t i = 0; i < rows->n; i++)
        if (text_same(rows->v[i].alg, alg) && text_same(rows->v[i].state, state))
            return &rows->v[i];
    return NULL;
}

enum rc signing_keys_add(struct db *db, const struct signing_key_row *k)
{
    struct stmt *q = db_sql(db,
        "INSERT INTO signing_keys (kid, alg, public_jwk, private_sealed, state, thumbprint,"
        " created_at, activated_at, retired_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)");

    db_text(q, 1, k->kid);
    db_text(q, 2, k->alg);
    db_text(q, 3, k->public_jwk);
    db_bytes(q, 4, k->private_sealed.n ? k->private_sealed : (struct bytes){ 0 });
    db_text(q, 5, k->state);
    db_text(q, 6, k->thumbprint);
    db_int(q, 7, k->created_at);
    db_int_or_null(q, 8, k->activated_at);
    db_int_or_null(q, 9, k->retired_at);
    return db_run(q);
}

/* `q` is of one key, at one moment. */
static enum rc change(struct stmt *q, const char *kid, int64_t now)
{
    db_text(q, 1, kid);
    db_int(q, 2, now);
    return db_run_changed(q);
}

enum rc signing_keys_activate(struct db *db, const char *kid, int64_t now)
{
    return change(db_sql(db, "UPDATE signing_keys SET state = 'active', activated_at = $2"
                             " WHERE kid = $1 AND state = 'next'"), kid, now);
}

enum rc signing_keys_retire(struct db *db, const char *kid, int64_t now)
{
    return change(db_sql(db, "UPDATE signing_keys SET state = 'retired', retired_at = $2"
                             " WHERE kid = $1 AND state = 'active'"), kid, now);
}

enum rc signing_keys_unpublish(struct db *db, const char *kid, int64_t now)
{
    return change(db_sql(db, "UPDATE signing_keys SET unpublished_at = $2"
                             " WHERE kid = $1 AND state = 'retired' AND unpublished_at IS NULL"), kid, now);
}

enum rc signing_keys_revoke(struct db *db, const char *kid, int64_t now)
{
    return change(db_sql(db, "UPDATE signing_keys SET state = 'retired', revoked_at = $2,"
                             " retired_at = COALESCE(retired_at, $2)"
                             " WHERE kid = $1 AND revoked_at IS NULL"), kid, now);
}

enum rc signing_keys_reseal(struct db *db, const char *kid, struct bytes from, struct bytes to)
{
    struct stmt *q = db_sql(db, "UPDATE signing_keys SET private_sealed = $3 WHERE kid = $1 AND private_sealed = $2");

    db_text(q, 1, kid);
    db_bytes(q, 2, from);
    db_bytes(q, 3, to);
    return db_run_changed(q);
}
