#include "config.h"

#include "store/client_grants.h"

#define HOUR_S 3600
#define KNOWN_N 128
#define MIGRATION 10 /* it made the table */

/* What this process has noted: a grant is the product's most frequent write, and need not
 * look again.  Two that fall on one place take turns there. */
static struct known { uint64_t what; int64_t hour; } known[KNOWN_N];

static uint64_t mix(uint64_t h, const char *text) /* FNV-1a */
{
    for (; *text != '\0'; text++)
        h = (h ^ (uint8_t)*text) * 1099511628211U;
    return (h ^ 0xff) * 1099511628211U;
}

static struct known *place_of(struct db *db, const char *client_id, const char *grant_type, uint64_t *what)
{
    *what = mix(mix(14695981039346656037U ^ (uintptr_t)db, client_id), grant_type);
    return &known[*what % KNOWN_N];
}

static enum rc write_it(struct db *db, const char *client_id, const char *grant_type, int64_t now)
{
    struct stmt *q = db_sql(db,
        "INSERT INTO client_grants (client_id, grant_type, last_used_at) VALUES ($1, $2, $3)"
        " ON CONFLICT (client_id, grant_type) DO UPDATE SET last_used_at = excluded.last_used_at"
        " WHERE client_grants.last_used_at < excluded.last_used_at");

    db_text(q, 1, client_id);
    db_text(q, 2, grant_type);
    db_int(q, 3, now);
    return db_run(q);
}

enum rc client_grants_note(struct db *db, const char *client_id, const char *grant_type, int64_t now)
{
    uint64_t what;
    struct known *k = place_of(db, client_id, grant_type, &what);

    if (k->what == what && k->hour == now / HOUR_S)
        return RC_OK;
    TRY(write_it(db, client_id, grant_type, now));
    *k = (struct known){ what, now / HOUR_S };
    return RC_OK;
}

enum rc client_grants_since(struct db *db, int64_t *out)
{
    struct stmt *q = db_sql(db, "SELECT applied_at FROM schema_migrations WHERE number = $1");

    db_int(q, 1, MIGRATION);
    return db_int_of(q, out);
}

enum rc client_grants_last(struct db *db, const char *client_id, const char *grant_type, int64_t *out)
{
    struct stmt *q = db_sql(db, "SELECT last_used_at FROM client_grants WHERE client_id = $1 AND grant_type = $2");

    db_text(q, 1, client_id);
    db_text(q, 2, grant_type);
    return db_int_of(q, out);
}
