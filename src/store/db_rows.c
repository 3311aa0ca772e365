#include "config.h"

#include "store/db_private.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "util/log.h"

/* "UNIQUE constraint failed: users.username, …" → "users.username";
 * "FOREIGN KEY constraint failed" → "FOREIGN KEY" */
static void remember_constraint(struct db *db, const char *message)
{
    const char *colon = strstr(message, ": ");
    const char *word = strstr(message, " constraint");
    const char *from = colon ? colon + 2 : message;
    size_t n = colon ? strcspn(from, ",") : word ? (size_t)(word - from) : strlen(from);

    snprintf(db->why, sizeof db->why, "%.*s", (int)n, from);
}

static bool is_refusal(int code)
{
    return code == SQLITE_CONSTRAINT_UNIQUE || code == SQLITE_CONSTRAINT_PRIMARYKEY ||
           code == SQLITE_CONSTRAINT_ROWID || code == SQLITE_CONSTRAINT_CHECK ||
           code == SQLITE_CONSTRAINT_FOREIGNKEY;
}

/* Nothing that we did wrong: the disk (SQLite calls a read that fails with EIO a
 * corruption), or another program's hold on the files. */
static bool is_of_storage(int kind)
{
    static const int kinds[] = { SQLITE_FULL,     SQLITE_IOERR,    SQLITE_READONLY, SQLITE_BUSY,
                                 SQLITE_LOCKED,   SQLITE_PROTOCOL, SQLITE_CANTOPEN, SQLITE_PERM,
                                 SQLITE_CORRUPT,  SQLITE_NOTADB };

    for (size_t i = 0; i < ARRAY_LEN(kinds); i++)
        if (kind == kinds[i])
            return true;
    return false;
}

/* What the system said, which SQLite's own words hide; "" when it said nothing. */
static const char *system_words(struct db *db, int kind)
{
    int e = kind == SQLITE_CORRUPT ? errno : sqlite3_system_errno(db->handle);

    if (e == 0 || (kind != SQLITE_CORRUPT && kind != SQLITE_IOERR && kind != SQLITE_CANTOPEN))
        return "";
    return strerror(e);
}

static void remember_cause(struct db *db, int kind)
{
    const char *words = system_words(db, kind);

    snprintf(db->why, sizeof db->why, "%s%s%s", sqlite3_errmsg(db->handle), *words ? ": " : "", words);
}

enum rc db_outcome(struct db *db, const char *sql, int code)
{
    int kind = code & 0xff;

    if (kind == SQLITE_OK || kind == SQLITE_ROW || kind == SQLITE_DONE)
        return RC_OK;
    if (kind == SQLITE_NOMEM)
        die("store: no memory");
    if (is_refusal(code)) {
        remember_constraint(db, sqlite3_errmsg(db->handle));
        return RC_REFUSED;
    }
    db->is_unavailable = is_of_storage(kind);
    db->is_damaged = kind == SQLITE_CORRUPT || kind == SQLITE_NOTADB || code == SQLITE_IOERR_SHORT_READ ||
                     (kind == SQLITE_ERROR && db->is_limits);
    remember_cause(db, kind);
    if (kind == SQLITE_BUSY || kind == SQLITE_LOCKED)
        db->is_contended = true;
    if (db->is_limits || (db->is_contended && db->is_writing))
        return RC_FAULT; /* limits.c logs seldom; db_write tries again, and logs when it gives up */
    return fault("store: %s (%d): %s", db->why, code, sql);
}

/* One execution: enter, step, leave.  Leaving resets, and its result counts. */

static enum rc enter(struct stmt *q)
{
    struct db *db = q->db;

    if (q->s == NULL)
        return db_outcome(db, q->sql, q->code);
    if (q->bound != q->wanted)
        die("store: a parameter was not bound: %s", q->sql);
    q->bound = 0;
    if (q->is_reader && !db->is_writing)
        TRY(db_read_need(db));
    if (!q->is_reader && !db->is_writing) {
        db_read_end(db);
        TRY(db_lock(db));
        q->has_lock = true;
    }
    errno = 0; /* see system_words() */
    return RC_OK;
}

static enum rc leave(struct stmt *q, enum rc fine)
{
    struct db *db = q->db;
    int code = sqlite3_reset(q->s);
    enum rc rc = db_outcome(db, q->sql, code);

    sqlite3_clear_bindings(q->s);
    if (!q->is_reader)
        db->changed = rc == RC_OK ? sqlite3_changes64(db->handle) : 0;
    if (q->has_lock) {
        q->has_lock = false;
        db_unlock(db, rc == RC_OK);
        rc = rc == RC_OK ? db_committed(db) : rc;
    }
    return rc == RC_OK ? fine : rc;
}

/* A refused entry leaves no text bound that will be gone. */
static enum rc turned_away(struct stmt *q, enum rc rc)
{
    q->bound = 0;
    if (q->s)
        sqlite3_clear_bindings(q->s);
    return rc;
}

enum rc db_one(struct stmt *q, struct arena *a, row_fn *row, void *out)
{
    enum rc rc = enter(q);
    bool has_row;

    if (rc != RC_OK)
        return turned_away(q, rc);
    has_row = sqlite3_step(q->s) == SQLITE_ROW;
    if (has_row)
        row(q, a, out);
    return leave(q, has_row ? RC_OK : RC_NONE);
}

static void *room_for_one(struct rows *r, size_t *cap, size_t size, struct arena *a)
{
    if (r->n == *cap) {
        size_t more = *cap ? *cap * 2 : 8;
        char *v = arena_alloc(a, more * size);

        if (r->n)
            memcpy(v, r->v, r->n * size);
        r->v = v;
        *cap = more;
    }
    return (char *)r->v + size * r->n++;
}

enum rc db_each(struct stmt *q, struct arena *a, row_fn *row, size_t size, struct rows *out)
{
    struct rows got = { 0 };
    size_t cap = 0;
    enum rc rc = enter(q);

    if (rc != RC_OK)
        return turned_away(q, rc);
    while (sqlite3_step(q->s) == SQLITE_ROW)
        row(q, a, room_for_one(&got, &cap, size, a));
    TRY(leave(q, RC_OK));
    *out = got;
    return RC_OK;
}

enum rc db_run(struct stmt *q)
{
    enum rc rc = enter(q);

    if (rc != RC_OK)
        return turned_away(q, rc);
    while (sqlite3_step(q->s) == SQLITE_ROW)
        ;
    return leave(q, RC_OK);
}

enum rc db_int_of(struct stmt *q, int64_t *out)
{
    enum rc rc = enter(q);
    bool has_value;
    int64_t n = 0;

    if (rc != RC_OK)
        return turned_away(q, rc);
    has_value = sqlite3_step(q->s) == SQLITE_ROW && !col_is_null(q, 0);
    if (has_value)
        n = col_int(q, 0);
    TRY(leave(q, has_value ? RC_OK : RC_NONE));
    *out = n;
    return RC_OK;
}

enum rc db_run_changed(struct stmt *q)
{
    TRY(db_run(q));
    return q->db->changed != 0 ? RC_OK : RC_NONE;
}

int64_t db_changed(struct db *db)
{
    return db->changed;
}

enum rc db_control(struct db *db, const char *literal)
{
    struct stmt *q = db_prepare(db, literal);

    if (q->s == NULL)
        return db_outcome(db, q->sql, q->code);
    errno = 0;
    sqlite3_step(q->s);
    return db_outcome(db, q->sql, sqlite3_reset(q->s));
}

/* Columns. */

bool col_is_null(struct stmt *q, int i)
{
    return sqlite3_column_type(q->s, i) == SQLITE_NULL;
}

const char *col_text(struct stmt *q, int i, struct arena *a)
{
    const char *text = (const char *)sqlite3_column_text(q->s, i);

    if (text == NULL)
        return NULL;
    return arena_strndup(a, text, (size_t)sqlite3_column_bytes(q->s, i));
}

const char *col_text_or(struct stmt *q, int i, struct arena *a, const char *otherwise)
{
    const char *text = col_text(q, i, a);

    return text ? text : otherwise;
}

int64_t col_int(struct stmt *q, int i)
{
    return sqlite3_column_int64(q->s, i);
}

bool col_bool(struct stmt *q, int i)
{
    return col_int(q, i) != 0;
}

struct bytes col_bytes(struct stmt *q, int i, struct arena *a)
{
    const void *p = sqlite3_column_blob(q->s, i);
    size_t n = (size_t)sqlite3_column_bytes(q->s, i);

    return p ? (struct bytes){ arena_memdup(a, p, n), n } : (struct bytes){ 0 };
}
