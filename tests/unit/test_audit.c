#include "config.h"

#include "store_test.h"

#include "store/audit.h"

static void test_add_and_latest(void **state)
{
    struct audit_event full = {
        .event = "login_success", .actor_id = "u1", .actor_username = "ann", .target_type = "user",
        .target_id = "u1", .detail = "{\"method\":\"password\"}", .ip_address = "192.0.2.1", .at = NOW,
        .retention_s = 60,
    };
    struct audit_event bare = { .event = "login_failed", .at = NOW + 1, .retention_s = -1 };
    struct audit_rows r;

    (void)state;
    assert_ok(audit_add(DB, &full));
    assert_ok(audit_add(DB, &bare));
    bare.retention_s = 0; /* off */
    assert_ok(audit_add(DB, &bare));
    assert_ok(audit_latest(DB, A, 10, &r));
    assert_int_equal(r.n, 2);
    assert_string_equal(r.v[0].event, "login_failed");
    assert_null(r.v[0].actor_id);
    assert_string_equal(r.v[0].actor_username, "");
    assert_string_equal(r.v[0].detail, "");
    assert_string_equal(r.v[1].actor_id, "u1");
    assert_string_equal(r.v[1].actor_username, "ann");
    assert_string_equal(r.v[1].target_type, "user");
    assert_string_equal(r.v[1].target_id, "u1");
    assert_string_equal(r.v[1].detail, "{\"method\":\"password\"}");
    assert_string_equal(r.v[1].ip_address, "192.0.2.1");
    assert_int_equal(r.v[1].created_at, NOW);
    assert_true(is_id(r.v[0].id));
    assert_string_not_equal(r.v[0].id, r.v[1].id);
    assert_ok(audit_latest(DB, A, 1, &r));
    assert_int_equal(r.n, 1);
}

static enum rc add_and_refuse(struct db *db, void *arg)
{
    TRY(audit_add(db, arg));
    return RC_REFUSED;
}

static void test_goes_with_its_transaction(void **state)
{
    struct audit_event e = { .event = "user_created", .at = NOW, .retention_s = 60 };

    (void)state;
    assert_refused(db_write(DB, add_and_refuse, &e));
    assert_int_equal(count("SELECT COUNT(*) FROM audit_logs"), 0);
}

int main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, in_memory, after)
    const struct CMUnitTest tests[] = { T(test_add_and_latest), T(test_goes_with_its_transaction) };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
