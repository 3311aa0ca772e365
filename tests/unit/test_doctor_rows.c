/* What doctor keeps and what it asks: its report, how old secrets are, which grant types are used. */
#include "config.h"

#include "store_test.h"

#include "store/client_grants.h"
#include "store/doctor_report.h"
#include "store/secrets_seen.h"

static void the_last_report(void **state)
{
    struct doctor_report found;

    (void)state;
    assert_none(doctor_report_last(DB, A, &found));
    assert_ok(doctor_report_keep(DB, "{}", NOW));
    assert_ok(doctor_report_keep(DB, "{\"a\":1}", NOW + 5));
    assert_ok(doctor_report_last(DB, A, &found));
    assert_string_equal(found.text, "{\"a\":1}");
    assert_int_equal(found.made_at, NOW + 5);
    assert_int_equal(count("SELECT COUNT(*) FROM doctor_report"), 1);
}

static void since_when(void **state)
{
    int64_t since = 0;

    (void)state;
    assert_none(secrets_seen_since(DB, "cookie", "aa", &since));
    assert_ok(secrets_seen_note(DB, "cookie", "aa", NOW));
    assert_ok(secrets_seen_note(DB, "cookie", "aa", NOW + 100)); /* every start */
    assert_ok(secrets_seen_since(DB, "cookie", "aa", &since));
    assert_int_equal(since, NOW);
    assert_ok(secrets_seen_note(DB, "cookie", "bb", NOW + 200)); /* rotated */
    assert_none(secrets_seen_since(DB, "cookie", "aa", &since));
    assert_ok(secrets_seen_since(DB, "cookie", "bb", &since));
    assert_int_equal(since, NOW + 200);
    assert_none(secrets_seen_since(DB, "front", "bb", &since));
}

static void which_grants(void **state)
{
    int64_t last = 0;

    (void)state;
    add_household();
    assert_ok(client_grants_since(DB, &last));
    assert_int_equal(count("SELECT applied_at FROM schema_migrations WHERE name LIKE '%doctor'"), last);
    assert_none(client_grants_last(DB, "app", "password", &last));
    assert_ok(client_grants_note(DB, "app", "refresh_token", NOW));
    assert_ok(client_grants_note(DB, "app", "authorization_code", NOW));
    assert_ok(client_grants_note(DB, "app", "refresh_token", NOW + 1)); /* of the same hour: not written */
    assert_ok(client_grants_last(DB, "app", "refresh_token", &last));
    assert_int_equal(last, NOW);
    assert_ok(client_grants_note(DB, "app", "refresh_token", NOW + 7200));
    assert_ok(client_grants_note(DB, "app", "authorization_code", NOW - 7200)); /* a clock that went back */
    assert_ok(client_grants_last(DB, "app", "refresh_token", &last));
    assert_int_equal(last, NOW + 7200);
    assert_ok(client_grants_last(DB, "app", "authorization_code", &last));
    assert_int_equal(last, NOW);
    assert_none(client_grants_last(DB, "app", "password", &last));
    assert_ok(db_run(db_sql(DB, "DELETE FROM clients WHERE client_id = 'app'")));
    assert_none(client_grants_last(DB, "app", "refresh_token", &last));
}

int main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, in_memory, after)
    const struct CMUnitTest tests[] = { T(the_last_report), T(since_when), T(which_grants) };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
