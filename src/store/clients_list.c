#include "config.h"

#include "store/clients.h"

#include "store/clients_row.h"

#define HAYSTACK "(c.client_name_folded || '\n' || lower(c.client_id))"

#define WHERE                                                                     \
    " WHERE " LIST_SEARCH("$1", HAYSTACK)                                             \
    " AND (CAST($2 AS TEXT) IS NULL OR c.client_type = $2)"                           \
    " AND ($3 < 0 OR c.is_active = $3)"

#define PAGE(by, order)                                                           \
    " FROM clients c" WHERE " ORDER BY " by " " order ", c.id " order " LIMIT $4 OFFSET $5"

#define LIST(by, order) "/* list clients */ SELECT " CLIENT_COLS PAGE(by, order)

/* The values of the same page. */
#define VALUES(by, order)                                                         \
    "/* list clients */ SELECT " CLIENT_VALUE_COLS " FROM client_values v"            \
    " WHERE v.client_id IN (SELECT c.client_id" PAGE(by, order) ")" CLIENT_VALUE_ORDER

/* the default first */
#define SORTS(X)                                                                  \
    X(created_at, "c.created_at") X(client_name, "c.client_name_folded")              \
    X(client_id, "c.client_id") X(client_type, "c.client_type")

#define X(name, by) #name,
const char *const clients_sorts[] = { SORTS(X) NULL };
#undef X

#define X(name, by) { #name, LIST(by, "ASC"), LIST(by, "DESC") },
static const struct list_sort row_sorts[] = { SORTS(X) };
#undef X

#define X(name, by) { #name, VALUES(by, "ASC"), VALUES(by, "DESC") },
static const struct list_sort value_sorts[] = { SORTS(X) };
#undef X

static void bind_filters(struct stmt *q, const struct clients_query *by)
{
    db_text(q, 1, list_search(&by->list));
    db_text(q, 2, text_empty(by->client_type) ? NULL : by->client_type);
    db_int(q, 3, by->is_active);
}

static struct stmt *page(struct db *db, const struct list_sort sorts[4], const struct clients_query *by)
{
    struct stmt *q = db_prepare(db, list_sql(sorts, ARRAY_LEN(row_sorts), &by->list));

    bind_filters(q, by);
    db_int(q, 4, by->list.limit);
    db_int(q, 5, by->list.offset);
    return q;
}

static enum rc count(struct db *db, const struct clients_query *by, int64_t *out)
{
    struct stmt *q = db_sql(db, "/* list clients */ SELECT COUNT(*) FROM clients c" WHERE);

    bind_filters(q, by);
    return db_int_of(q, out);
}

/* The values come by client_id, the clients by the sort. */
static void take_values(struct clients_page *p, struct arena *a, const struct client_value *v, size_t n)
{
    for (size_t i = 0; i < p->n; i++) {
        size_t from = 0, to;

        while (from < n && !text_same(v[from].client_id, p->v[i].client_id))
            from++;
        to = from;
        while (to < n && text_same(v[to].client_id, p->v[i].client_id))
            to++;
        client_take_values(&p->v[i], a, n ? v + from : v, to - from);
    }
}

enum rc clients_list(struct db *db, struct arena *a, const struct clients_query *by, struct clients_page *out)
{
    struct rows clients, values;
    struct clients_page p;

    TRY(db_each(page(db, row_sorts, by), a, client_row, sizeof(struct client), &clients));
    TRY(db_each(page(db, value_sorts, by), a, client_value_row, sizeof(struct client_value), &values));
    p = (struct clients_page){ .v = clients.v, .n = clients.n };
    TRY(count(db, by, &p.total));
    if (p.n)
        take_values(&p, a, values.v, values.n);
    *out = p;
    return RC_OK;
}
