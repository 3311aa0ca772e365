/* The report of `autentico doctor` in the admin API and console. */
#include "config.h"

#include "admin_test.h"
#include "store/doctor_report.h"

#define REPORT "{\"made_at\":\"x\",\"status\":\"fail\",\"findings\":["                                         \
               "{\"id\":\"lockout\",\"title\":\"t\",\"status\":\"ok\",\"text\":\"after 5\"},"                 \
               "{\"id\":\"clients-unused\",\"title\":\"t\",\"status\":\"warn\",\"subject\":\"<app>\","        \
               "\"text\":\"never\",\"mend\":\"autentico clients disable '<app>'\"},"                          \
               "{\"id\":\"mfa\",\"title\":\"t\",\"status\":\"waived\",\"text\":\"off\",\"waiver\":\"until soon\"}," \
               "{\"id\":\"hsts\",\"title\":\"t\",\"status\":\"fail\",\"text\":\"none\"}]}"

static void keep(int64_t at)
{
    assert_ok(doctor_report_keep(DB, REPORT, at));
}

static void test_never(void **state)
{
    struct json *data = json_get(run_json(M_GET, "/admin/api/doctor", NULL, 200), "data");
    const char *page = run_page(M_GET, "/admin/doctor", NULL, 200);

    (void)state;
    assert_true(json_has(data, "report") && json_get(data, "report") == NULL);
    assert_true(json_has(data, "age_s") && json_get(data, "age_s") == NULL);
    assert_has(page, "Nobody has looked yet");
}

static void test_api(void **state)
{
    (void)state;
    keep(T0 - 90000);
    keep(T0 - 90);
    struct json *data = json_get(run_json(M_GET, "/admin/api/doctor", NULL, 200), "data");
    assert_int_equal(int_of(data, "age_s"), 90);
    assert_int_equal(json_len(json_get(json_get(data, "report"), "findings")), 4);
    keep(T0 + 90); /* the clock went back */
    data = json_get(run_json(M_GET, "/admin/api/doctor", NULL, 200), "data");
    assert_int_equal(int_of(data, "age_s"), 0);
}

static void test_page(void **state)
{
    const char *page, *fail, *warn, *rest;

    (void)state;
    keep(T0 - 2 * 86400 - 5);
    page = run_page(M_GET, "/admin/doctor", NULL, 200);
    assert_has(page, "2 days ago");
    assert_has_not(page, "more than a week");
    fail = strstr(page, "<strong>hsts</strong>");
    warn = strstr(page, "<strong>clients-unused</strong>");
    rest = strstr(page, "Everything else it looked at");
    assert_true(fail != NULL && warn != NULL && rest != NULL && fail < warn && warn < rest);
    assert_has(page, "<code>autentico clients disable &#39;&lt;app&gt;&#39;</code>");
    assert_has(rest, "Waived until soon");
    assert_has(rest, "after 5");
}

static void test_ages(void **state)
{
    static const struct { int64_t s; const char *words; } cases[] = {
        { 45, "less than a minute ago" }, { 60, "1 minute ago" },    { 7100, "1 hour ago" },
        { 7200, "2 hours ago" },          { 86400, "1 day ago" },    { 9 * 86400, "9 days ago" },
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        keep(T0 - cases[i].s);
        assert_has(run_page(M_GET, "/admin/doctor", NULL, 200), cases[i].words);
    }
    assert_has(run_page(M_GET, "/admin/doctor", NULL, 200), "more than a week");
}

static void test_nothing_wrong(void **state)
{
    (void)state;
    assert_ok(doctor_report_keep(DB, "{\"findings\":[{\"id\":\"mfa\",\"status\":\"ok\",\"text\":\"x\"}]}", T0));
    assert_has(run_page(M_GET, "/admin/doctor", NULL, 200), "There is nothing to mend.");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_never, console_world, after),
        cmocka_unit_test_setup_teardown(test_api, console_world, after),
        cmocka_unit_test_setup_teardown(test_page, console_world, after),
        cmocka_unit_test_setup_teardown(test_ages, console_world, after),
        cmocka_unit_test_setup_teardown(test_nothing_wrong, console_world, after),
    };

    return cmocka_run_group_tests(tests, with_consoles, without_consoles);
}
