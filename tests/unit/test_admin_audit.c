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
    assert_has(page, "href=\"/admin/audit?event=user_created\">user_created</a>");
    assert_has(page, "method: password");
    assert_has(page, "href=\"/admin/users/u9\">user</a> <code>u9</code>");
    assert_has(page, "href=\"/admin/users/u2\">u2</a>");
    assert_has(page, "nobody");
    assert_has(page, "3 in total");
    page = run_page(M_GET, "/admin/audit?search=%3Cb%3E", NULL, 200);
    assert_has(page, "Nothing matches <strong>&lt;b&gt;</strong>");
}

/* The filters stay while one turns the pages; a bad date is told about on a page. */
static void test_page_filters(void **state)
{
    const char *page;

    (void)state;
    for (int i = 0; i < 60; i++)
        put_event("token_revoked", "u2", arena_printf(A, "t%d", i), T0 - i);
    page = run_page(M_GET, "/admin/audit?event=token_revoked&created_at_from=2020-01-02&search=t", NULL, 200);
    assert_has(page, "60 in total");
    assert_has(page, "Only <code>token_revoked</code>");
    assert_has(page, "href=\"/admin/audit?event=token_revoked&amp;created_at_from=2020-01-02&amp;search=t&amp;offset=50\"");
    assert_has(page, "name=\"created_at_from\" type=\"date\" value=\"2020-01-02\"");
    assert_has(page, "<input type=\"hidden\" name=\"event\" value=\"token_revoked\">");
    assert_has(page, "action=\"/admin/audit\"");
    assert_has_not(page, "user_created");
    assert_has(run_page(M_GET, "/admin/audit?created_at_to=2020-01-02", NULL, 200), "Nothing matches.");
    page = run_page(M_GET, "/admin/audit?event=%3Ci%3E&created_at_from=yesterday", NULL, 400);
    assert_has(page, "Invalid date range");
    assert_has(page, "href=\"/admin/audit\"");
    assert_has(run_page(M_GET, "/admin/audit?event=%3Ci%3E", NULL, 200), "Only <code>&lt;i&gt;</code>");
}

/* What somebody chose to call themselves is text here too. */
static void test_page_escapes(void **state)
{
    struct audit_event e = { .event = "login_failed", .detail = "{\"username\":\"<script>alert(1)</script>\"}",
                             .target_type = "user", .at = T0, .retention_s = -1 };
    const char *page;

    (void)state;
    assert_ok(audit_add(DB, &e));
    e.detail = "[\"no object\"";
    assert_ok(audit_add(DB, &e));
    page = run_page(M_GET, "/admin/audit", NULL, 200);
    assert_has(page, "username: &lt;script&gt;alert(1)&lt;/script&gt;");
    assert_has(page, "[&quot;no object&quot;");
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, with_events, after)

int main(void)
{
    const struct CMUnitTest tests[] = { TEST(test_object), TEST(test_list), TEST(test_dates), TEST(test_page),
                                          TEST(test_page_filters), TEST(test_page_escapes) };

    return cmocka_run_group_tests(tests, with_consoles, without_consoles);
}
