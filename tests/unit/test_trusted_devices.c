#include "config.h"

#include "store_test.h"

#include "store/trusted_devices.h"

static void add(const char *id, const char *user_id, int cookie, int64_t at)
{
    struct trusted_device d = {
        .id = id, .cookie_hash = hash_like(cookie), .user_id = user_id, .device_name = "Firefox", .created_at = at,
        .last_used_at = at, .expires_at = NOW + 1000,
    };

    assert_ok(trusted_devices_add(DB, &d));
}

static int with_devices(void **state)
{
    in_memory(state);
    add_user("u1", "ann");
    add_user("u2", "bob");
    add("d1", "u1", 1, NOW);
    add("d2", "u1", 2, NOW + 1);
    add("d3", "u2", 3, NOW);
    return 0;
}

static void test_use(void **state)
{
    struct trusted_device_rows rows;
    const char *id = NULL;

    (void)state;
    assert_ok(trusted_devices_use(DB, A, hash_like(1), "u1", NOW + 50, &id));
    assert_string_equal(id, "d1");
    assert_none(trusted_devices_use(DB, A, hash_like(1), "u2", NOW, &id)); /* of somebody else */
    assert_none(trusted_devices_use(DB, A, hash_like(9), "u1", NOW, &id));
    assert_none(trusted_devices_use(DB, A, hash_like(1), "u1", NOW + 1000, &id)); /* expired */
    assert_ok(trusted_devices_live(DB, "d1", "u1", NOW));
    assert_none(trusted_devices_live(DB, "d1", "u2", NOW));
    assert_none(trusted_devices_live(DB, "d1", "u1", NOW + 1000));
    assert_ok(trusted_devices_of_user(DB, A, "u1", NOW, &rows));
    assert_int_equal(rows.n, 2);
    assert_string_equal(rows.v[0].id, "d2");
    assert_string_equal(rows.v[1].id, "d1");
    assert_int_equal(rows.v[1].last_used_at, NOW + 50);
    assert_string_equal(rows.v[1].device_name, "Firefox");
}

static void test_remove(void **state)
{
    struct trusted_device_rows rows;
    int64_t n;

    (void)state;
    assert_none(trusted_devices_remove(DB, "d3", "u1"));
    assert_ok(trusted_devices_remove(DB, "d1", "u1"));
    assert_none(trusted_devices_live(DB, "d1", "u1", NOW));
    assert_ok(trusted_devices_remove_of_user(DB, "u1"));
    assert_ok(trusted_devices_of_user(DB, A, "u1", NOW, &rows));
    assert_int_equal(rows.n, 0);
    assert_ok(trusted_devices_sweep(DB, NOW + 1001, 500, &n));
    assert_int_equal(n, 1);
}

int main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, with_devices, after)
    const struct CMUnitTest tests[] = { T(test_use), T(test_remove) };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
