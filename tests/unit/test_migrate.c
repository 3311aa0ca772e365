#include "config.h"

#include "store_test.h"

#include "crypto/hash.h"
#include "store/db_schema.h"
#include "store/migrations.h"

static int unmigrated(void **state)
{
    in_directory(state);
    DB = open_file(NULL);
    return 0;
}

static void test_from_nothing(void **state)
{
    struct schema_state s;
    const char *why = NULL;
    bool has;

    (void)state;
    assert_ok(migrate_state(DB, A, &s, &why));
    assert_int_equal(s.current, 0);
    assert_int_equal(s.target, migrations_n);
    assert_ok(migrate_apply(DB, A, &why));
    assert_ok(migrate_state(DB, A, &s, &why));
    assert_int_equal(s.current, s.target);
    assert_ok(migrate_apply(DB, A, &why)); /* again: nothing */
    assert_ok(db_has_table(DB, "tokens", &has));
    assert_true(has);
    assert_int_equal(count("SELECT COUNT(*) FROM schema_migrations WHERE length(sha256) = 64"
                           " AND applied_at > 0"), (int64_t)migrations_n);
    assert_int_equal(count("SELECT COUNT(*) FROM installation"), 1);
}

static enum rc apply_first(struct db *db, void *arg)
{
    struct stmt *q;

    (void)arg;
    TRY(db_script(db, "CREATE TABLE schema_migrations (number INTEGER PRIMARY KEY, name TEXT NOT NULL,"
                      " sha256 TEXT NOT NULL, applied_at INTEGER NOT NULL) STRICT"));
    TRY(db_script(db, migrations[0].sql));
    q = db_sql(db, "INSERT INTO schema_migrations (number, name, sha256, applied_at) VALUES (1, $1, $2, 1)");
    db_text(q, 1, migrations[0].name);
    db_text(q, 2, hex_encode(A, sha256_of(A, migrations[0].sql)));
    return db_run(q);
}

static void test_every_table_is_strict(void **state)
{
    (void)state;
    migrate(DB);
    assert_int_equal(count("SELECT COUNT(*) FROM pragma_table_list WHERE schema = 'main' AND type = 'table'"
                           " AND name NOT LIKE 'sqlite_%' AND strict = 0"), 0);
    assert_int_equal(count("SELECT COUNT(*) FROM pragma_foreign_key_check"), 0);
}

/* A parent's deletion must not scan its children. */
static void test_every_foreign_key_has_an_index(void **state)
{
    (void)state;
    migrate(DB);
    assert_int_equal(count(
        "SELECT COUNT(*) FROM pragma_table_list t, pragma_foreign_key_list(t.name) f"
        " WHERE t.schema = 'main' AND t.type = 'table' AND NOT EXISTS ("
        "  SELECT 1 FROM pragma_index_list(t.name) i, pragma_index_info(i.name) c"
        "  WHERE c.seqno = 0 AND c.name = f.\"from\" COLLATE NOCASE)"), 0);
}

/* A database of the first build, in use: only what came later is applied, and the rows stay. */
static void test_from_the_first(void **state)
{
    struct schema_state s;
    const char *why = NULL;

    (void)state;
    assert_ok(db_write(DB, apply_first, NULL));
    add_user("u1", "ann");
    /* as that build wrote it */
    assert_ok(db_run(db_sql(DB, "INSERT INTO sessions (id, cookie_hash, user_id, auth_time_at, acr, amr, created_at,"
                                " last_activity_at) VALUES ('s1', zeroblob(32), 'u1', 1, '1', 'pwd', 1, 1)")));
    assert_ok(migrate_state(DB, A, &s, &why));
    assert_int_equal(s.current, 1);
    assert_int_equal(s.target, migrations_n);
    assert_ok(migrate_apply(DB, A, &why));
    assert_int_equal(count("SELECT COUNT(*) FROM schema_migrations"), (int64_t)migrations_n);
    assert_int_equal(count("SELECT COUNT(*) FROM users"), 1);
    assert_int_equal(count("SELECT COUNT(*) FROM sessions WHERE trusted_device_id IS NULL"), 1);
    assert_int_equal(count("SELECT COUNT(*) FROM sqlite_schema WHERE name = 'users_administrators'"), 1);
}

static void test_go_product(void **state)
{
    struct schema_state s;
    const char *why = NULL;

    (void)state;
    assert_ok(db_run(db_sql(DB, "CREATE TABLE users (id TEXT)")));
    assert_ok(db_run(db_sql(DB, "PRAGMA user_version = 10")));
    assert_refused(migrate_state(DB, A, &s, &why));
    assert_non_null(strstr(why, "Go product (its schema 10)"));
    why = NULL;
    assert_refused(migrate_apply(DB, A, &why));
    assert_non_null(strstr(why, "Go product"));
    assert_int_equal(count("SELECT COUNT(*) FROM sqlite_schema"), 1);
}

static void test_another_program(void **state)
{
    const char *why = NULL;

    (void)state;
    assert_ok(db_run(db_sql(DB, "CREATE TABLE bookmarks (id TEXT)")));
    assert_refused(migrate_apply(DB, A, &why));
    assert_non_null(strstr(why, "another program"));
}

static void test_newer_and_other(void **state)
{
    struct schema_state s;
    const char *why = NULL;

    (void)state;
    migrate(DB);
    assert_ok(db_run(db_sql(DB, "INSERT INTO schema_migrations (number, name, sha256, applied_at)"
                                " VALUES (999, '0999_later', 'x', 1)")));
    assert_refused(migrate_state(DB, A, &s, &why));
    assert_non_null(strstr(why, "schema 999"));
    assert_non_null(strstr(why, "newer"));
    assert_ok(db_run(db_sql(DB, "DELETE FROM schema_migrations WHERE number = 999")));
    assert_ok(db_run(db_sql(DB, "UPDATE schema_migrations SET sha256 = 'ff' WHERE number = 1")));
    assert_refused(migrate_state(DB, A, &s, &why));
    assert_non_null(strstr(why, "schema 1 (0001_initial)"));
}

static enum rc script_then_fail(struct db *db, void *arg)
{
    (void)arg;
    TRY(db_script(db, "CREATE TABLE x (a); CREATE TABLE y (a);"));
    return db_script(db, "CREATE TABLE z (a); CREATE GARBAGE;");
}

static void test_a_failing_script_leaves_nothing(void **state)
{
    (void)state;
    assert_fault(db_write(DB, script_then_fail, NULL));
    assert_int_equal(count("SELECT COUNT(*) FROM sqlite_schema"), 0);
}

static int racing(struct db *db, int i)
{
    struct arena *a = arena_start("racer");
    const char *why = "";

    (void)i;
    return migrate_apply(db, a, &why) == RC_OK ? 1 : 2;
}

static void test_many_at_once(void **state)
{
    int tally[256] = { 0 };

    (void)state;
    race(10, racing, tally);
    assert_int_equal(tally[1], 10);
    assert_int_equal(count("SELECT COUNT(*) FROM schema_migrations"), (int64_t)migrations_n);
}

static void test_limits(void **state)
{
    (void)state;
    assert_ok(migrate_limits(DB));
    assert_ok(migrate_limits(DB));
    assert_int_equal(count("SELECT COUNT(*) FROM buckets"), 0);
}

int main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, unmigrated, after_directory)
    const struct CMUnitTest tests[] = {
        T(test_from_nothing), T(test_from_the_first), T(test_every_table_is_strict), T(test_every_foreign_key_has_an_index),
        T(test_go_product), T(test_another_program), T(test_newer_and_other),
        T(test_a_failing_script_leaves_nothing), T(test_many_at_once), T(test_limits),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
