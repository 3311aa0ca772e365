#include "config.h"

#include "store/clients.h"

static enum rc is_any_for_grant(struct db *db, const char *grant_type, bool *out)
{
    struct stmt *q = db_sql(db,
        "SELECT EXISTS (SELECT 1 FROM client_values v JOIN clients c ON c.client_id = v.client_id"
        " WHERE v.kind = 'grant_type' AND v.value = $1 AND c.is_active = 1)");
    int64_t n;

    db_text(q, 1, grant_type);
    TRY(db_int_of(q, &n));
    *out = n != 0;
    return RC_OK;
}

enum rc clients_facts_load(struct db *db, struct clients_facts *out)
{
    return is_any_for_grant(db, "password", &out->has_password_grant);
}

static void uri_row(struct stmt *q, struct arena *a, void *out)
{
    *(const char **)out = col_text(q, 0, a);
}

enum rc clients_public_redirect_uris(struct db *db, struct arena *a, struct text_list *out)
{
    struct stmt *q = db_sql(db,
        "/* list public */ SELECT v.value FROM clients c JOIN client_values v ON v.client_id = c.client_id"
        " AND v.kind = 'redirect_uri' WHERE c.client_type = 'public' AND c.is_active = 1");
    struct rows rows;

    TRY(db_each(q, a, uri_row, sizeof(const char *), &rows));
    *out = (struct text_list){ rows.v, rows.n };
    return RC_OK;
}
