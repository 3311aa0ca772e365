/* Sessions and tokens in the admin API and console: http-api 7.3; flows 11, 17. */
#include "config.h"

#include "admin_test.h"

#include "store/lockouts.h"

#define API "/admin/api"
#define DAY_S 86400

static struct json *data_of(struct json *j)
{
    return json_get(j, "data");
}

static struct json *get(const char *uri)
{
    return data_of(run_json(M_GET, uri, NULL, 200));
}

static struct json *item_at(struct json *list, size_t i)
{
    return json_at(json_get(list, "items"), i);
}

static void put_setting(const char *key, const char *value)
{
    assert_ok(settings_put(DB, key, value, T0));
}

/* ---- rows ---- */

static void put_session_at(const char *id, const char *user_id, int64_t created, int64_t active)
{
    struct session s = {
        .id = id, .cookie_hash = sha256_of(A, id), .user_id = user_id, .auth_time = created, .acr = "1", .amr = "pwd",
        .user_agent = "Firefox", .ip_address = "198.51.100.9", .created_at = created, .last_activity_at = active,
    };

    assert_ok(sessions_add(DB, &s));
}

static void put_family(const char *id, const char *user_id, const char *session_id, int64_t created)
{
    struct family f = {
        .id = id, .user_id = user_id, .client_id = "app", .session_id = session_id, .sid = id,
        .grant_type = user_id ? "authorization_code" : "client_credentials", .scope = "openid", .auth_time = created,
        .acr = "1", .amr = "pwd", .user_agent = "Firefox", .ip_address = "192.0.2.1", .created_at = created,
        .expires_at = created + 1000,
    };

    assert_ok(families_add(DB, &f));
}

/* Its public id. */
static const char *put_token(const char *family_id, int64_t issued, int64_t life_s)
{
    struct token t = { .selector = random_selector(issued), .family_id = family_id, .scope = "openid",
                       .refresh_hash = sha256_of(A, family_id), .issued_at = issued,
                       .access_expires_at = issued + life_s, .refresh_expires_at = issued + 1000 };
    char id[21];

    assert_ok(tokens_add(DB, &t));
    selector_to_id(t.selector, id);
    return arena_strdup(A, id);
}

/* ---- sessions of browsers ---- */

static void test_session_object(void **state)
{
    struct json *list, *s;

    (void)state;
    put_family("f1", "u1", "s1", T0);
    put_family("f2", "u1", "s1", T0);
    list = get(API "/idp-sessions?search=ann");
    assert_int_equal(int_of(list, "total"), 1);
    s = item_at(list, 0);
    assert_string_equal(text_of(s, "id"), "s1");
    assert_string_equal(text_of(s, "user_id"), "u1");
    assert_string_equal(text_of(s, "username"), "ann");
    assert_string_equal(text_of(s, "email"), "ann@example.org");
    assert_string_equal(text_of(s, "user_agent"), "curl");
    assert_string_equal(text_of(s, "ip_address"), "192.0.2.1");
    assert_string_equal(text_of(s, "created_at"), clock_rfc3339(A, T0 - 60));
    assert_string_equal(text_of(s, "last_activity_at"), clock_rfc3339(A, T0 - 60));
    assert_int_equal(int_of(s, "active_apps_count"), 1); /* two grants of one application */
    assert_ok(families_revoke(DB, "f1", "x", T0));
    assert_ok(families_revoke(DB, "f2", "x", T0));
    assert_int_equal(int_of(item_at(get(API "/idp-sessions?search=ann"), 0), "active_apps_count"), 0);
}

static void test_sessions_list(void **state)
{
    static const struct { const char *query; int64_t total; const char *first; } cases[] = {
        { "", 3, "s1" },
        { "order=desc", 3, "s3" },
        { "sort=created_at", 3, "s3" },
        { "sort=created_at&order=desc&limit=1", 3, "s2" },
        { "sort=user_agent", 3, "s1" },
        { "search=198.51", 1, "s3" },
        { "search=ROOT", 2, "s2" },
        { "search=%25", 0, NULL },
        { "search=curl", 0, NULL },
        { "limit=1&offset=2", 3, "s3" },
        { "offset=3", 3, NULL },
        { "search=ROOT&limit=1", 2, "s2" },
        { "search=root&offset=5", 2, NULL },
        { "created_at_to=2001-01-01", 0, NULL },
        { "created_at_from=2001-01-01", 3, "s1" },
        { "last_activity_at_to=2001-01-01", 0, NULL },
        { "last_activity_at_from=2001-01-01&last_activity_at_to=2999-01-01", 3, "s1" },
    };

    (void)state;
    put_session_at("s3", "u2", T0 - 600, T0 - 5);
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct json *list = get(arena_printf(A, API "/idp-sessions?%s", cases[i].query));
        const char *first = text_of(item_at(list, 0), "id");

        if (int_of(list, "total") != cases[i].total || !text_same(first, cases[i].first))
            fail_msg("%s: %lld, %s", cases[i].query, (long long)int_of(list, "total"), text_or(first, "none"));
    }
    run_refused(M_GET, API "/idp-sessions?created_at_from=x", NULL, REFUSE_BAD_DATE_RANGE);
    run_refused(M_GET, API "/idp-sessions?last_activity_at_from=2026-02-02&last_activity_at_to=2026-02-01", NULL,
                REFUSE_BAD_DATE_RANGE);
}

/* What is too old or idle is over before the clean-up comes by; 0 is no limit. */
static void test_only_living_sessions(void **state)
{
    (void)state;
    put_session_at("s3", "u1", T0 - 40 * DAY_S, T0);
    put_session_at("s4", "u1", T0 - DAY_S, T0 - 5 * 3600);
    put_session_at("s5", "u1", T0, T0);
    assert_ok(sessions_end(DB, "s5", "x", T0));
    assert_int_equal(int_of(get(API "/idp-sessions"), "total"), 2);
    assert_int_equal(json_len(get(API "/users/u1/idp-sessions")), 1);
    assert_int_equal(int_of(get(API "/stats"), "active_devices"), 2);
    put_setting("sso_session_max_age", "0");
    put_setting("sso_session_idle_timeout", "0");
    assert_int_equal(int_of(get(API "/idp-sessions"), "total"), 4);
    assert_int_equal(int_of(get(API "/stats"), "active_devices"), 4);
}

static void test_sessions_of_a_person(void **state)
{
    struct json *list;

    (void)state;
    put_session_at("s3", "u1", T0 - 600, T0 - 5);
    list = get(API "/users/u1/idp-sessions");
    assert_int_equal(json_len(list), 2);
    assert_string_equal(text_of(json_at(list, 0), "id"), "s3"); /* the newest activity first */
    assert_string_equal(text_of(json_at(list, 0), "username"), "");
    assert_string_equal(text_of(json_at(list, 0), "email"), "");
    assert_int_equal(json_len(get(API "/users/nobody/idp-sessions")), 0);
}

static void test_end_a_session(void **state)
{
    struct session s;
    struct family f;

    (void)state;
    put_family("f1", "u1", "s1", T0);
    put_family("f2", "u2", "s2", T0);
    assert_string_equal(text_of(data_of(run_json(M_DELETE, API "/idp-sessions/s1", NULL, 200)), "result"),
                        "deactivated");
    assert_none(sessions_by_id(DB, A, "s1", &s));
    assert_ok(families_by_id(DB, A, "f1", &f));
    assert_true(f.revoked_at != 0);
    assert_trail("session_revoked", "s1");
    assert_none(run(as_admin(M_DELETE, API "/idp-sessions/s1", NULL)));
    assert_none(run(as_admin(M_DELETE, API "/idp-sessions/nothing", NULL)));
    assert_ok(sessions_by_id(DB, A, "s2", &s));
    assert_ok(families_by_id(DB, A, "f2", &f));
    assert_int_equal(f.revoked_at, 0);
    assert_int_equal(count("SELECT COUNT(*) FROM audit_logs WHERE event = 'session_revoked'"), 1);
}

/* http-api 7.3: the cookie of one's own goes with it, and nobody else's. */
static void test_ending_the_own_session(void **state)
{
    struct token_view v = { .family = { .session_id = "s2" } };
    struct exchange *x = as_admin(M_DELETE, API "/idp-sessions/s1", NULL);

    (void)state;
    x->token = &v;
    assert_ok(run(x));
    assert_null(header_of(x, "Set-Cookie"));
    x = as_admin(M_DELETE, API "/idp-sessions/s2", NULL);
    x->token = &v;
    assert_ok(run(x));
    assert_has(header_of(x, "Set-Cookie"), "autentico_idp_session=;");
    assert_has(header_of(x, "Set-Cookie"), "Max-Age=0");
}

/* ---- grants ---- */

static void test_grant_object(void **state)
{
    struct json *s, *list;

    (void)state;
    put_family("f1", "u1", "s1", T0);
    put_family("f2", NULL, NULL, T0 - 2000);
    list = get(API "/sessions");
    assert_int_equal(json_type(list), JSON_ARRAY);
    assert_int_equal(json_len(list), 2);
    s = json_at(list, 1); /* f2 is the larger id, so the newer one */
    assert_string_equal(text_of(s, "id"), "f1");
    assert_string_equal(text_of(s, "user_id"), "u1");
    assert_string_equal(text_of(s, "user_agent"), "Firefox");
    assert_string_equal(text_of(s, "ip_address"), "192.0.2.1");
    assert_string_equal(text_of(s, "status"), "active");
    assert_string_equal(text_of(s, "location"), "");
    assert_string_equal(text_of(s, "created_at"), clock_rfc3339(A, T0));
    assert_string_equal(text_of(s, "expires_at"), clock_rfc3339(A, T0 + 1000));
    assert_true(json_has(s, "device_id") && json_get(s, "device_id") == NULL);
    assert_true(json_has(s, "last_activity_at") && json_get(s, "last_activity_at") == NULL);
    assert_true(json_has(s, "deactivated_at") && json_get(s, "deactivated_at") == NULL);
    assert_string_equal(text_of(json_at(list, 0), "status"), "expired");
    assert_null(json_get(json_at(list, 0), "user_id"));
    assert_int_equal(json_len(get(API "/sessions?user_id=u1")), 1);
    assert_int_equal(json_len(get(API "/sessions?user_id=nobody")), 0);
    assert_int_equal(json_len(get(API "/sessions?user_id=")), 2);
}

static void test_grants_of_a_session(void **state)
{
    struct json *list;

    (void)state;
    put_family("f1", "u1", "s1", T0 - 10);
    put_family("f2", "u1", "s1", T0);
    put_family("f3", "u2", "s2", T0);
    list = get(API "/idp-sessions/s1/sessions");
    assert_int_equal(int_of(list, "total"), 2);
    assert_string_equal(text_of(item_at(list, 0), "id"), "f1");
    list = get(API "/idp-sessions/s1/sessions?sort=expires_at&order=desc&limit=1");
    assert_int_equal(int_of(list, "total"), 2);
    assert_string_equal(text_of(item_at(list, 0), "id"), "f2");
    assert_int_equal(json_len(json_get(list, "items")), 1);
    assert_int_equal(int_of(get(API "/idp-sessions/nothing/sessions"), "total"), 0);
}

/* flows 11: the grant and no browser session. */
static void test_end_a_grant(void **state)
{
    struct session s;
    struct json *list;

    (void)state;
    put_family("f1", "u1", "s1", T0);
    run_json(M_DELETE, API "/sessions/f1", NULL, 200);
    list = get(API "/sessions");
    assert_string_equal(text_of(json_at(list, 0), "status"), "deactivated");
    assert_non_null(text_of(json_at(list, 0), "deactivated_at"));
    assert_ok(sessions_by_id(DB, A, "s1", &s));
    assert_trail("session_revoked", "f1");
    run_json(M_DELETE, API "/sessions/f1", NULL, 200);
    assert_int_equal(count("SELECT COUNT(*) FROM audit_logs WHERE event = 'session_revoked'"), 1);
    assert_none(run(as_admin(M_DELETE, API "/sessions/nothing", NULL)));
}

/* ---- tokens ---- */

static void test_token_object(void **state)
{
    struct json *list, *t;
    const char *id;

    (void)state;
    put_family("f1", "u1", "s1", T0);
    put_family("f2", NULL, NULL, T0);
    id = put_token("f1", T0 - 30, 900);
    put_token("f2", T0 - 20, 10);
    list = get(API "/tokens");
    assert_int_equal(int_of(list, "total"), 2);
    t = item_at(list, 0);
    assert_string_equal(text_of(t, "id"), id);
    assert_string_equal(text_of(t, "user_id"), "u1");
    assert_string_equal(text_of(t, "username"), "ann");
    assert_string_equal(text_of(t, "email"), "ann@example.org");
    assert_string_equal(text_of(t, "scope"), "openid");
    assert_string_equal(text_of(t, "grant_type"), "authorization_code");
    assert_string_equal(text_of(t, "issued_at"), clock_rfc3339(A, T0 - 30));
    assert_string_equal(text_of(t, "access_token_expires_at"), clock_rfc3339(A, T0 + 870));
    assert_string_equal(text_of(t, "status"), "active");
    assert_true(json_has(t, "revoked_at") && json_get(t, "revoked_at") == NULL);
    t = item_at(list, 1);
    assert_null(json_get(t, "user_id"));
    assert_string_equal(text_of(t, "username"), "");
    assert_string_equal(text_of(t, "status"), "expired");
}

static int64_t tokens_n(const char *query)
{
    return int_of(get(arena_printf(A, API "/tokens?%s", query)), "total");
}

static void test_tokens_list(void **state)
{
    char at[21];

    (void)state;
    put_family("f1", "u1", "s1", T0);
    put_family("f2", "u2", "s2", T0);
    put_token("f1", T0 - 30, 900);
    put_token("f2", T0 - 20, 10);
    put_token("f2", T0 - 10, 5);
    assert_int_equal(tokens_n("search=ANN%40"), 1);
    assert_int_equal(tokens_n("search=root"), 2);
    assert_int_equal(tokens_n("search=openid"), 0);
    /* pages that are full and pages that are not */
    assert_int_equal(tokens_n("limit=1"), 3);
    assert_int_equal(tokens_n("limit=2&offset=2"), 3);
    assert_int_equal(tokens_n("offset=9"), 3);
    assert_int_equal(tokens_n("search=root&limit=1"), 2);
    assert_int_equal(tokens_n("search=root&limit=1&offset=9"), 2);
    assert_string_equal(text_of(item_at(get(API "/tokens?sort=access_token_expires_at"), 0), "issued_at"),
                        clock_rfc3339(A, T0 - 20));
    assert_string_equal(text_of(item_at(get(API "/tokens?order=desc"), 0), "issued_at"), clock_rfc3339(A, T0 - 10));
    clock_format(T0 - 20, at);
    assert_int_equal(tokens_n(arena_printf(A, "issued_at_from=%s&issued_at_to=%s", at, at)), 1);
    assert_int_equal(tokens_n(arena_printf(A, "issued_at_from=%s", at)), 2);
    assert_int_equal(tokens_n(arena_printf(A, "issued_at_to=%s", at)), 2);
    assert_int_equal(tokens_n("issued_at_to=1970-01-01T00:00:00Z"), 0);
    assert_int_equal(tokens_n("issued_at_from=1970-01-01T00:00:00Z"), 3);
    assert_int_equal(tokens_n("issued_at_to=9999-12-31"), 3);
    assert_int_equal(tokens_n("issued_at_from=9999-12-31"), 0);
    run_refused(M_GET, API "/tokens?issued_at_from=now", NULL, REFUSE_BAD_DATE_RANGE);
}

static void test_revoke_a_token(void **state)
{
    const char *id, *spent, *other;
    struct json *list;
    int64_t selector;

    (void)state;
    put_family("f1", "u1", "s1", T0);
    id = put_token("f1", T0 - 3, 900);
    spent = put_token("f1", T0 - 2, 900);
    other = put_token("f1", T0 - 1, 900);
    assert_ok(id_to_selector(spent, &selector));
    assert_ok(tokens_rotate(DB, selector, T0));
    assert_string_equal(text_of(data_of(run_json(M_DELETE, arena_printf(A, API "/tokens/%s", id), NULL, 200)), "result"),
                        "revoked");
    assert_trail("token_revoked", id);
    list = get(API "/tokens");
    assert_string_equal(text_of(item_at(list, 0), "status"), "revoked");
    assert_non_null(text_of(item_at(list, 0), "revoked_at"));
    assert_string_equal(text_of(item_at(list, 1), "status"), "revoked");
    assert_string_equal(text_of(item_at(list, 2), "status"), "active");
    assert_none(run(as_admin(M_DELETE, arena_printf(A, API "/tokens/%s", id), NULL)));
    assert_none(run(as_admin(M_DELETE, arena_printf(A, API "/tokens/%s", spent), NULL)));
    assert_none(run(as_admin(M_DELETE, API "/tokens/00000000000000000000", NULL)));
    assert_none(run(as_admin(M_DELETE, API "/tokens/vvvvvvvvvvvvvvvvvvvv", NULL)));
    assert_none(run(as_admin(M_DELETE, API "/tokens/x", NULL)));
    assert_ok(families_revoke(DB, "f1", "x", T0));
    assert_none(run(as_admin(M_DELETE, arena_printf(A, API "/tokens/%s", other), NULL)));
    assert_int_equal(count("SELECT COUNT(*) FROM audit_logs WHERE event = 'token_revoked'"), 1);
}

/* ---- pages ---- */

static void test_page(void **state)
{
    const char *page = run_page(M_GET, "/admin/sessions", NULL, 200);

    (void)state;
    assert_has(page, "aria-current=\"page\">Sessions</a>");
    assert_has(page, "href=\"/admin/users/u1\">ann</a>");
    assert_has(page, "action=\"/admin/sessions/s1/end\"");
    assert_has(page, "2 in total");
    page = run_page(M_GET, "/admin/sessions?search=%3Cb%3E", NULL, 200);
    assert_has(page, "No session matches <strong>&lt;b&gt;</strong>");
}

/* One's own is left by signing out. */
static void test_page_of_this_browser(void **state)
{
    struct session mine = { .id = "s2" };
    struct exchange *x = as_admin(M_GET, "/admin/sessions", NULL);

    (void)state;
    x->session = &mine;
    assert_ok(run(x));
    assert_has(body_of(x), "/admin/sessions/s1/end");
    assert_has_not(body_of(x), "/admin/sessions/s2/end");
    assert_has(body_of(x), "This one");
}

static void test_page_end(void **state)
{
    struct session s;

    (void)state;
    assert_has(run_page(M_GET, "/admin/users/u1", NULL, 200), "action=\"/admin/sessions/s1/end\"");
    assert_string_equal(run_page(M_POST, "/admin/sessions/s1/end", "from=user", 303),
                        "/admin/users/u1?notice=session_ended");
    assert_none(sessions_by_id(DB, A, "s1", &s));
    assert_has_not(run_page(M_GET, "/admin/users/u1", NULL, 200), "/admin/sessions/");
    /* once more, or what never was: it is over */
    assert_string_equal(run_page(M_POST, "/admin/sessions/s1/end", "from=user", 303),
                        "/admin/sessions?notice=session_ended");
    assert_string_equal(run_page(M_POST, "/admin/sessions/s2/end", "from=//evil.example", 303),
                        "/admin/sessions?notice=session_ended");
    assert_has(run_page(M_GET, "/admin/sessions?notice=session_ended", NULL, 200), "Nobody is signed in");
}

/* The latest ten, and where the rest is. */
static void test_page_of_a_person(void **state)
{
    const char *page;

    (void)state;
    for (int i = 0; i < 9; i++)
        put_session_at(arena_printf(A, "more%d", i), "u1", T0 - 600, T0 - i);
    assert_has_not(run_page(M_GET, "/admin/users/u1", NULL, 200), "sessions</a>");
    put_session_at("older", "u1", T0 - 600, T0 - 500);
    page = run_page(M_GET, "/admin/users/u1", NULL, 200);
    assert_has(page, "href=\"/admin/sessions?search=ann\">All 11 sessions</a>");
    assert_has(page, "/admin/sessions/more8/end");
    assert_has_not(page, "/admin/sessions/older/end");
    assert_has(run_page(M_GET, "/admin/sessions?search=ann", NULL, 200), "11 in total");
}

static void test_page_end_everything(void **state)
{
    struct session s;
    struct family f;

    (void)state;
    put_family("f1", "u1", NULL, T0);
    assert_has(run_page(M_GET, "/admin/users/u1", NULL, 200), "action=\"/admin/users/u1/revoke-sessions\"");
    assert_string_equal(run_page(M_POST, "/admin/users/u1/revoke-sessions", "", 303),
                        "/admin/users/u1?notice=sessions_ended");
    assert_none(sessions_by_id(DB, A, "s1", &s));
    assert_ok(families_by_id(DB, A, "f1", &f));
    assert_true(f.revoked_at != 0);
    assert_trail("all_user_sessions_revoked", "u1");
    assert_has(run_page(M_GET, "/admin/users/u1", NULL, 200), "ann is signed in nowhere");
    assert_has_not(run_page(M_GET, "/admin/users/u2", NULL, 200), "/revoke-sessions"); /* oneself */
    assert_none(run(as_admin(M_POST, "/admin/users/nobody/revoke-sessions", "")));
}

/* ---- numbers ---- */

static void fail_to_sign_in(int64_t at)
{
    struct audit_event e = { .event = "login_failed", .at = at, .retention_s = -1 };

    assert_ok(audit_add(DB, &e));
}

static void test_stats(void **state)
{
    struct json *n;
    struct lockout l;

    (void)state;
    put_family(random_id(A, T0), "u1", "s1", T0);
    put_family(random_id(A, T0 - DAY_S - 5), "u1", NULL, T0 - DAY_S - 5);
    put_family("f1", "u1", "s1", T0);
    put_token("f1", T0 - 100, 900);
    put_token("f1", T0 - 100, 50);
    fail_to_sign_in(T0);
    fail_to_sign_in(T0 - DAY_S - 5);
    for (int i = 0; i < 3; i++)
        (void)!lockouts_claim(DB, A, "u1", 3, 60, T0, &l);
    assert_ok(clients_set_active(DB, "spa", false, T0));
    put_user("u3", "gone", "user");
    assert_ok(users_deactivate(DB, "u3", T0));
    n = get(API "/stats");
    assert_int_equal(int_of(n, "total_users"), 2);
    assert_int_equal(int_of(n, "active_clients"), 3);
    assert_int_equal(int_of(n, "active_devices"), 2);
    assert_int_equal(int_of(n, "active_tokens"), 1);
    assert_int_equal(int_of(n, "recent_logins"), 2); /* "f1" looks young */
    assert_int_equal(int_of(n, "pending_deletion_requests"), 0);
    assert_int_equal(int_of(n, "failed_logins_24h"), 1);
    assert_int_equal(int_of(n, "locked_accounts"), 1);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, console_world, after)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_session_object), TEST(test_sessions_list), TEST(test_only_living_sessions),
        TEST(test_sessions_of_a_person), TEST(test_end_a_session), TEST(test_ending_the_own_session),
        TEST(test_grant_object), TEST(test_grants_of_a_session), TEST(test_end_a_grant), TEST(test_token_object),
        TEST(test_tokens_list), TEST(test_revoke_a_token), TEST(test_stats),
        TEST(test_page), TEST(test_page_of_this_browser), TEST(test_page_end),
        TEST(test_page_of_a_person), TEST(test_page_end_everything),
    };

    return cmocka_run_group_tests(tests, with_consoles, without_consoles);
}
