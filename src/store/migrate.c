#include "config.h"

#include "store/migrate.h"

#include "crypto/hash.h"
#include "store/db_schema.h"
#include "store/migrations.h"
#include "util/clock.h"
#include "util/log.h"

struct applied { int64_t number; const char *name, *sha256; };

static void applied_row(struct stmt *q, struct arena *a, void *out)
{
    *(struct applied *)out = (struct applied){
        .number = col_int(q, 0),
        .name = col_text(q, 1, a),
        .sha256 = col_text(q, 2, a),
    };
}

static const char *hash_of(struct arena *a, const struct migration *m)
{
    return hex_encode(a, sha256_of(a, m->sql));
}

/* No table of ours: empty, or somebody else's? */
static enum rc check_stranger(struct db *db, struct arena *a, const char **why)
{
    int64_t version, tables_n;

    TRY(db_user_version(db, &version));
    if (version > 0) {
        *why = arena_printf(a, "this is a database of the Go product (its schema %lld), which this "
                            "program cannot open; give AUTENTICO_DB_FILE_PATH another path",
                            (long long)version);
        return RC_REFUSED;
    }
    TRY(db_tables_n(db, &tables_n));
    if (tables_n > 0) {
        *why = "this is the database of another program: it has tables, but no schema_migrations";
        return RC_REFUSED;
    }
    return RC_OK;
}

static enum rc check_applied(struct arena *a, const struct applied *p, int64_t expected, const char **why)
{
    const struct migration *m;

    if (p->number > (int64_t)migrations_n) {
        *why = arena_printf(a, "the database has schema %lld, this program knows %zu: it was used "
                            "by a newer version", (long long)p->number, migrations_n);
        return RC_REFUSED;
    }
    m = &migrations[expected - 1];
    if (p->number == expected && text_same(p->sha256, hash_of(a, m)))
        return RC_OK;
    *why = arena_printf(a, "schema %lld (%s) of the database is not the one this program knows (%s)",
                        (long long)p->number, p->name, m->name);
    return RC_REFUSED;
}

enum rc migrate_state(struct db *db, struct arena *a, struct schema_state *out, const char **why)
{
    struct rows rows = { 0 };
    bool is_ours;

    TRY(db_has_table(db, "schema_migrations", &is_ours));
    if (!is_ours)
        TRY(check_stranger(db, a, why));
    else
        TRY(db_each(db_sql(db, "/* small */ SELECT number, name, sha256 FROM schema_migrations"
                               " ORDER BY number"),
                    a, applied_row, sizeof(struct applied), &rows));
    for (size_t i = 0; i < rows.n; i++)
        TRY(check_applied(a, (struct applied *)rows.v + i, (int64_t)i + 1, why));
    *out = (struct schema_state){ .current = (int64_t)rows.n, .target = (int64_t)migrations_n };
    return RC_OK;
}

struct step {
    struct arena *a;
    const char **why;
    const struct migration *done; /* NULL: there was nothing left to do */
};

static enum rc make_table(struct db *db)
{
    return db_script(db, "CREATE TABLE schema_migrations ("
                         " number INTEGER PRIMARY KEY,"
                         " name TEXT NOT NULL,"
                         " sha256 TEXT NOT NULL,"
                         " applied_at INTEGER NOT NULL) STRICT");
}

static enum rc record(struct db *db, struct arena *a, const struct migration *m)
{
    struct stmt *q = db_sql(db, "INSERT INTO schema_migrations (number, name, sha256, applied_at)"
                                " VALUES ($1, $2, $3, $4)");

    db_int(q, 1, m->number);
    db_text(q, 2, m->name);
    db_text(q, 3, hash_of(a, m));
    db_int(q, 4, clock_now());
    return db_run(q);
}

/* Looks again inside the transaction: two processes may migrate at once. */
static enum rc apply_next(struct db *db, void *arg)
{
    struct step *s = arg;
    struct schema_state state;
    const struct migration *m;

    TRY(migrate_state(db, s->a, &state, s->why));
    s->done = NULL;
    if (state.current >= state.target)
        return RC_OK;
    m = &migrations[state.current];
    if (state.current == 0)
        TRY(make_table(db));
    TRY(db_script(db, m->sql));
    TRY(record(db, s->a, m));
    s->done = m;
    return RC_OK;
}

enum rc migrate_apply(struct db *db, struct arena *a, const char **why)
{
    struct step s = { .a = a, .why = why };
    struct schema_state state;

    TRY(migrate_state(db, a, &state, why)); /* nothing to do: no write lock */
    if (state.current == state.target)
        return RC_OK;
    do {
        TRY(db_write(db, apply_next, &s));
        if (s.done)
            log_event(LOG_LEVEL_INFO, "schema_migrated", "name", s.done->name, NULL);
    } while (s.done);
    return RC_OK;
}

static enum rc make_buckets(struct db *db, void *arg)
{
    (void)arg;
    return db_script(db, "CREATE TABLE IF NOT EXISTS buckets ("
                         " key TEXT PRIMARY KEY,"
                         " tokens REAL NOT NULL,"        /* of the second */
                         " minute_tokens REAL NOT NULL," /* of the minute */
                         " is_taken INTEGER NOT NULL,"   /* what the last request was told */
                         " at_ms INTEGER NOT NULL) STRICT, WITHOUT ROWID");
}

enum rc migrate_limits(struct db *db)
{
    return db_write_within(db, make_buckets, NULL);
}
