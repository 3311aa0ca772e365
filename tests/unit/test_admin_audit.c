/* The audit trail in the admin API and console: http-api 7.6; flows 17. */
#include "config.h"

#include "admin_test.h"

#define API "/admin/api/audit-logs"

static struct json *get(const char *query)
{
    return json_get(run_json(M_GET, arena_printf(A, API "?%s", query), NULL, 200), "data");
}

static struct json *item_at(struct json *list, size_t i)
{
    return json_at(json_get(list, "items"), i);
}

static void put_event(const char *event, const char *actor, const char *target, int64_t at)
{
    struct audit_event e = {
        .event = event, .actor_id = actor, .actor_username = text_or(actor, ""), .target_type = "user",
        .target_id = target, .detail = "{\"method\":\"password\"}", .ip_address = "192.0.2.5", .at = at,
        .retention_s = -1,
    };

    assert_ok(audit_add(DB, &e));
}

static int with_events(void **state)
{
    console_world(state);
    put_event("login_success", "u1", "u1", T0 - 300);
    put_event("login_failed", NULL, "", T0 - 200);
    put_event("user_created", "u2", "u9", T0 - 100);
    return 0;
}

static void test_object(void **state)
{
    struct json *list = get(""), *e = item_at(list, 0);

    (void)state;
    assert_int_equal(int_of(list, "total"), 3);
    assert_true(is_id(text_of(e, "id")));
    assert_string_equal(text_of(e, "event"), "user_created"); /* the newest first */
    assert_string_equal(text_of(e, "actor_id"), "u2");
    assert_string_equal(text_of(e, "actor_username"), "u2");
    assert_string_equal(text_of(e, "target_type"), "user");
    assert_string_equal(text_of(e, "target_id"), "u9");
    assert_string_equal(text_of(e, "detail"), "{\"method\":\"password\"}"); /* a string */
    assert_string_equal(text_of(e, "ip_address"), "192.0.2.5");
    assert_string_equal(text_of(e, "created_at"), clock_rfc3339(A, T0 - 100));
    e = item_at(list, 1);
    assert_true(json_has(e, "actor_id") && json_get(e, "actor_id") == NULL);
    assert_string_equal(text_of(e, "actor_username"), "");
}

static void test_list(void **state)
{
    static const struct { const char *query; int64_t total; const char *first; } cases[] = {
        { "order=asc", 3, "login_success" },
        { "order=sideways", 3, "login_success" },
        { "sort=event&order=asc", 3, "login_failed" },
        { "sort=event&order=desc&limit=1", 3, "user_created" },
        { "sort=detail", 3, "user_created" },
        { "limit=1&offset=1", 3, "login_failed" },
        { "offset=3", 3, NULL },
        { "event=login_failed", 1, "login_failed" },
        { "event=login", 0, NULL },
        { "event=", 3, "user_created" },
        { "search=U9", 1, "user_created" },
        { "search=u1", 1, "login_success" },
        { "search=192.0.2", 3, "user_created" },
        { "search=PASSWORD", 3, "user_created" },
        { "search=login", 0, NULL }, /* the event is a filter of its own */
        { "search=%25", 0, NULL },
        { "search='%20OR%201%3D1--", 0, NULL },
        { "event=login_failed&search=u1", 0, NULL },
        { "created_at_to=2001-01-01", 0, NULL },
        { "created_at_from=2001-01-01&event=user_created", 1, "user_created" },
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct json *list = get(cases[i].query);
        const char *first = text_of(item_at(list, 0), "event");

        if (int_of(list, "total") != cases[i].total || !text_same(first, cases[i].first))
            fail_msg("%s: %lld, %s", cases[i].query, (long long)int_of(list, "total"), text_or(first, "none"));
    }
}

static void test_dates(void **state)
{
    static const char *const bad[] = { "created_at_from=yesterday", "created_at_to=2026-02-30",
                                       "created_at_from=2026-02-02&created_at_to=2026-02-01" };
    char at[21];

    (void)state;
    clock_format(T0 - 200, at);
    assert_int_equal(int_of(get(arena_printf(A, "created_at_from=%s&created_at_to=%s", at, at)), "total"), 1);
    assert_int_equal(int_of(get(arena_printf(A, "created_at_from=%s", at)), "total"), 2);
    for (size_t i = 0; i < ARRAY_LEN(bad); i++)
        run_refused(M_GET, arena_printf(A, API "?%s", bad[i]), NULL, REFUSE_BAD_DATE_RANGE);
}

static void test_page(void **state)
{
    const char *page = run_page(M_GET, "/admin/audit", NULL, 200);

    (void)state;
    assert_has(page, "aria-current=\"page\">Audit</a>");
    assert_has(page, "user_created");
    assert_has(page, "3 in total");
    page = run_page(M_GET, "/admin/audit?search=%3Cb%3E", NULL, 200);
    assert_has(page, "Nothing matches <strong>&lt;b&gt;</strong>");
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, with_events, after)

int main(void)
{
    const struct CMUnitTest tests[] = { TEST(test_object), TEST(test_list), TEST(test_dates), TEST(test_page) };

    return cmocka_run_group_tests(tests, with_consoles, without_consoles);
}
