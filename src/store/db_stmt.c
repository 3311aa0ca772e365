#include "config.h"

#include "store/db_private.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "util/log.h"

/* The cache: statements by the address of their literal. */

static size_t slot_of(const struct db *db, const char *literal)
{
    uint64_t h = (uint64_t)(uintptr_t)literal * UINT64_C(0x9e3779b97f4a7c15);
    size_t i = (size_t)(h >> 32) & (db->cache_size - 1);

    while (db->cache[i] && db->cache[i]->sql != literal)
        i = (i + 1) & (db->cache_size - 1);
    return i;
}

static void cache_grow(struct db *db)
{
    struct stmt **old = db->cache;
    size_t old_size = db->cache_size;

    db->cache_size = old_size ? old_size * 2 : 256;
    db->cache = calloc(db->cache_size, sizeof *db->cache);
    if (db->cache == NULL)
        die("store: no memory");
    for (size_t i = 0; i < old_size; i++)
        if (old[i])
            db->cache[slot_of(db, old[i]->sql)] = old[i];
    free(old);
}

static struct stmt *cache_put(struct db *db, const struct stmt *q)
{
    struct stmt *kept = malloc(sizeof *kept);

    if (kept == NULL)
        die("store: no memory");
    *kept = *q;
    if (2 * (db->cache_n + 1) > db->cache_size)
        cache_grow(db);
    db->cache[slot_of(db, q->sql)] = kept;
    db->cache_n++;
    return kept;
}

void db_forget(struct db *db)
{
    for (size_t i = 0; i < db->cache_size; i++) {
        if (db->cache[i] == NULL)
            continue;
        sqlite3_finalize(db->cache[i]->s);
        free(db->cache[i]);
    }
    free(db->cache);
    db->cache = NULL;
    db->cache_n = db->cache_size = 0;
}

/* `$n` is bound by its number, whatever SQLite counts. */
static void read_parameters(struct stmt *q)
{
    int n = sqlite3_bind_parameter_count(q->s);

    for (int i = 1; i <= n; i++) {
        const char *name = sqlite3_bind_parameter_name(q->s, i);
        long number = name && name[0] == '$' ? strtol(name + 1, NULL, 10) : 0;

        if (number < 1 || number > DB_PARAMETERS_MAX)
            die("store: parameter %s: %s", name ? name : "?", q->sql);
        q->index[number] = (uint8_t)i;
        q->wanted |= UINT64_C(1) << number;
    }
}

/* A bug in the text ends us; anything else is met when it is executed.  The
 * disposable limits.db may have lost its table under us. */
static bool is_bug(const struct db *db, int code)
{
    return !db->is_limits && ((code & 0xff) == SQLITE_ERROR || (code & 0xff) == SQLITE_MISUSE ||
           (code & 0xff) == SQLITE_TOOBIG || (code & 0xff) == SQLITE_AUTH);
}

static struct stmt *prepare(struct db *db, const char *literal)
{
    struct stmt q = { .db = db, .sql = literal };
    const char *rest = "";

    q.code = sqlite3_prepare_v3(db->handle, literal, -1, SQLITE_PREPARE_PERSISTENT, &q.s, &rest);
    if (is_bug(db, q.code) || (q.code == SQLITE_OK && (q.s == NULL || *rest)))
        die("store: %s: %s", sqlite3_errmsg(db->handle), literal);
    if (q.code != SQLITE_OK) {
        db->broken = q;
        return &db->broken;
    }
    q.is_reader = sqlite3_stmt_readonly(q.s) != 0;
    read_parameters(&q);
    return cache_put(db, &q);
}

struct stmt *db_prepare(struct db *db, const char *literal)
{
    struct stmt *q = db->cache_n ? db->cache[slot_of(db, literal)] : NULL;

    if (q == NULL)
        return prepare(db, literal);
    if (sqlite3_stmt_busy(q->s))
        die("store: executed within itself: %s", literal);
    return q;
}

/* Binding.  Texts and bytes are not copied: they outlive the execution. */

static int parameter(struct stmt *q, int i)
{
    if (i < 1 || i > DB_PARAMETERS_MAX)
        die("store: $%d: %s", i, q->sql);
    if (q->s == NULL)
        return 0;
    if (q->index[i] == 0)
        die("store: no $%d in: %s", i, q->sql);
    q->bound |= UINT64_C(1) << i;
    return q->index[i];
}

static void bound(struct stmt *q, int i, int code)
{
    if (q->s && code != SQLITE_OK)
        die("store: $%d: %s: %s", i, sqlite3_errstr(code), q->sql);
}

void db_text(struct stmt *q, int i, const char *text)
{
    int at = parameter(q, i);

    bound(q, i, sqlite3_bind_text(q->s, at, text, -1, SQLITE_STATIC));
}

void db_int(struct stmt *q, int i, int64_t n)
{
    int at = parameter(q, i);

    bound(q, i, sqlite3_bind_int64(q->s, at, n));
}

void db_real(struct stmt *q, int i, double n)
{
    int at = parameter(q, i);

    bound(q, i, sqlite3_bind_double(q->s, at, n));
}

void db_bool(struct stmt *q, int i, bool is)
{
    db_int(q, i, is ? 1 : 0);
}

void db_bytes(struct stmt *q, int i, struct bytes b)
{
    int at = parameter(q, i);

    bound(q, i, sqlite3_bind_blob64(q->s, at, b.p, b.n, SQLITE_STATIC));
}

void db_null(struct stmt *q, int i)
{
    int at = parameter(q, i);

    bound(q, i, sqlite3_bind_null(q->s, at));
}

void db_int_or_null(struct stmt *q, int i, int64_t n)
{
    if (n == 0)
        db_null(q, i);
    else
        db_int(q, i, n);
}

/* Plans, for a test. */

static void explain(struct db *db, const char *sql,
                    void (*fn)(const char *, const char *, void *), void *arg)
{
    char *text = sqlite3_mprintf("EXPLAIN QUERY PLAN %s", sql);
    sqlite3_stmt *s = NULL;

    if (text == NULL)
        die("store: no memory");
    if (sqlite3_prepare_v2(db->handle, text, -1, &s, NULL) == SQLITE_OK)
        while (sqlite3_step(s) == SQLITE_ROW)
            fn(sql, (const char *)sqlite3_column_text(s, 3), arg);
    sqlite3_finalize(s);
    sqlite3_free(text);
}

void db_each_plan(struct db *db, void (*fn)(const char *sql, const char *detail, void *arg), void *arg)
{
    for (size_t i = 0; i < db->cache_size; i++)
        if (db->cache[i])
            explain(db, db->cache[i]->sql, fn, arg);
}
