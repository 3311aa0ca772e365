#include "config.h"

#include "store_test.h"

#include "store/passwords.h"

static void test_set_and_find(void **state)
{
    struct password p = { .hash = "untouched" };

    (void)state;
    add_user("u1", "ann");
    assert_none(passwords_find(DB, A, "u1", &p));
    assert_string_equal(p.hash, "untouched");
    assert_ok(passwords_set(DB, "u1", "one", NOW));
    assert_ok(passwords_set(DB, "u1", "two", NOW + 1));
    assert_ok(passwords_find(DB, A, "u1", &p));
    assert_string_equal(p.hash, "two");
    assert_int_equal(count("SELECT COUNT(*) FROM passwords"), 1);
    assert_refused(passwords_set(DB, "nobody", "x", NOW));
    assert_string_equal(db_why(DB), "FOREIGN KEY");
}

static void test_upgrade_only_what_was_verified(void **state)
{
    struct password p;

    (void)state;
    add_user("u1", "ann");
    assert_ok(passwords_set(DB, "u1", "old", NOW));
    assert_ok(passwords_upgrade(DB, "u1", "old", "better", NOW + 5));
    assert_none(passwords_upgrade(DB, "u1", "old", "late", NOW + 6)); /* changed meanwhile */
    assert_none(passwords_upgrade(DB, "nobody", "old", "late", NOW + 6));
    assert_ok(passwords_find(DB, A, "u1", &p));
    assert_string_equal(p.hash, "better");
    assert_int_equal(count("SELECT changed_at FROM passwords"), NOW); /* nobody changed it */
    assert_int_equal(count("SELECT hashed_at FROM passwords"), NOW + 5);
}

int main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, in_memory, after)
    const struct CMUnitTest tests[] = { T(test_set_and_find), T(test_upgrade_only_what_was_verified) };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
