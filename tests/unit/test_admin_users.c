/* People in the admin API and console: http-api 1.9, 7.1; flows 11, 17. */
#include "config.h"

#include "admin_test.h"

#include "store/lockouts.h"
#include "store/passwords.h"

#define API "/admin/api/users"

static void put_setting(const char *key, const char *value)
{
    assert_ok(settings_put(DB, key, value, T0));
}

static struct json *data_of(struct json *j)
{
    return json_get(j, "data");
}

static const char *username_at(struct json *list, size_t i)
{
    return text_of(json_at(json_get(data_of(list), "items"), i), "username");
}

static int64_t total_of(const char *query)
{
    return int_of(data_of(run_json(M_GET, arena_printf(A, API "?%s", query), NULL, 200)), "total");
}

static bool session_is_live(const char *id)
{
    struct session s;

    return sessions_by_id(DB, A, id, &s) == RC_OK;
}

static bool family_is_live(const char *id)
{
    struct stmt *q = db_sql(DB, "SELECT revoked_at IS NULL FROM token_families WHERE id = $1");
    int64_t is;

    db_text(q, 1, id);
    return db_int_of(q, &is) == RC_OK && is != 0;
}

/* ---- objects and lists ---- */

static void test_object(void **state)
{
    struct json *u = data_of(run_json(M_GET, API "/u1", NULL, 200));

    (void)state;
    assert_string_equal(text_of(u, "id"), "u1");
    assert_string_equal(text_of(u, "username"), "ann");
    assert_string_equal(text_of(u, "email"), "ann@example.org");
    assert_string_equal(text_of(u, "role"), "user");
    assert_string_equal(text_of(u, "given_name"), "Ann");
    assert_non_null(text_of(u, "created_at"));
    assert_int_equal(int_of(u, "failed_login_attempts"), 0);
    assert_int_equal(json_type(json_get(u, "totp_verified")), JSON_BOOL);
    assert_false(json_has(u, "locked_until"));
    assert_false(json_has(u, "nickname"));
    assert_false(json_has(u, "groups"));
    assert_false(json_has(u, "phone_number_verified"));
    assert_none(run(as_admin(M_GET, API "/nobody", NULL)));
}

static void test_list(void **state)
{
    static const struct { const char *query; int64_t total; const char *first; } cases[] = {
        { "", 2, "ann" },
        { "sort=username&order=DESC", 2, "root" },
        { "sort=username&order=sideways", 2, "ann" },
        { "sort=username%3B+DROP+TABLE+users", 2, "ann" },
        { "search=+OOT+", 1, "root" },
        { "search=%25", 0, NULL },
        { "search=_nn", 0, NULL },
        { "search='%20OR%201%3D1--", 0, NULL },
        { "limit=1", 2, "ann" },
        { "limit=1&offset=1", 2, "root" },
        { "limit=-1&offset=-1", 2, "ann" },
        { "limit=x&offset=99999999999999999999", 2, "ann" },
        { "offset=2", 2, NULL },
        { "role=admin", 1, "root" },
        { "role=Admin", 0, NULL },
        { "is_email_verified=1", 2, "ann" },
        { "is_email_verified=0", 0, NULL },
        { "is_email_verified=true", 0, NULL },
        { "totp_verified=1", 0, NULL },
        { "totp_verified=0&group=", 2, "ann" },
        { "group=staff", 0, NULL },
        { "unknown=filter", 2, "ann" },
        { "created_at_from=2020-01-01", 2, "ann" },
        { "created_at_to=2020-01-01T00:00:00", 0, NULL },
        { "created_at_from=1970-01-01&created_at_to=1970-01-01T00:00:00Z", 0, NULL },
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct json *j = run_json(M_GET, arena_printf(A, API "?%s", cases[i].query), NULL, 200);
        const char *first = username_at(j, 0);

        if (int_of(data_of(j), "total") != cases[i].total || !text_same(first, cases[i].first))
            fail_msg("%s: %lld, %s", cases[i].query, (long long)int_of(data_of(j), "total"), first);
    }
}

static void test_dates(void **state)
{
    static const char *const bad[] = { "created_at_from=yesterday", "created_at_to=2026-13-01",
                                       "created_at_from=2026-02-02&created_at_to=2026-02-01",
                                       "created_at_from=1%27%20OR%201" };
    char day[21];

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(bad); i++)
        run_refused(M_GET, arena_printf(A, API "?%s", bad[i]), NULL, REFUSE_BAD_DATE_RANGE);
    clock_format(T0 - 9000, day); /* when both were made; a date as `to` is the end of that day */
    assert_int_equal(total_of(arena_printf(A, "created_at_from=%.10s&created_at_to=%.10s", day, day)), 2);
    assert_int_equal(total_of(arena_printf(A, "created_at_from=%s&created_at_to=%s", day, day)), 2);
}

static void test_long_search(void **state)
{
    char *text = arena_alloc(A, 1000);

    (void)state;
    memset(text, 'a', 700);
    memcpy(text + 199, "\xc3\xa9", 2); /* not cut in two */
    assert_int_equal(total_of(arena_printf(A, "search=%s", text)), 0);
    run_refused(M_GET, API "?search=a&search=b", NULL, REFUSE_INVALID_REQUEST);
}

/* ---- create ---- */

static void test_create(void **state)
{
    struct json *u = data_of(run_json(M_POST, API, "{\"username\":\" bobby \",\"password\":\"secret-1\","
                                      "\"email\":\"Bob@Example.ORG\",\"role\":\"admin\"}", 201));
    struct password p;

    (void)state;
    assert_string_equal(text_of(u, "username"), "bobby");
    assert_string_equal(text_of(u, "email"), "bob@example.org");
    assert_string_equal(text_of(u, "role"), "user");
    assert_ok(passwords_find(DB, A, text_of(u, "id"), &p));
    assert_true(text_starts(p.hash, "$argon2id$"));
    assert_trail("user_created", text_of(u, "id"));
}

static void test_create_refused(void **state)
{
    static const char *const bodies[] = {
        "", "[]", "{", "{\"username\":\"bobby\"}", "{\"username\":1,\"password\":\"secret-1\"}",
        "{\"username\":\"bob\",\"password\":\"short\"}", "{\"username\":\"bo\",\"password\":\"secret-1\"}",
        "{\"username\":\"root\",\"password\":\"secret-1\"}", /* taken */
        "{\"username\":\"bobby\",\"password\":\"secret-1\",\"email\":\"ann@example.org\"}",
        "{\"username\":\"bobby\",\"password\":\"secret-1\",\"email\":\"nonsense\"}",
    };

    (void)state;
    put_setting("validation_min_username_length", "3");
    for (size_t i = 0; i < ARRAY_LEN(bodies); i++)
        run_refused(M_POST, API, bodies[i], REFUSE_INVALID_REQUEST);
    assert_int_equal(count("SELECT COUNT(*) FROM users"), 2);
}

static void test_create_by_email(void **state)
{
    struct json *u;

    (void)state;
    put_setting("profile_field_email", "is_username");
    u = data_of(run_json(M_POST, API, "{\"username\":\"Bob@example.org\",\"password\":\"secret-1\"}", 201));
    assert_string_equal(text_of(u, "username"), "Bob@example.org");
    assert_string_equal(text_of(u, "email"), "bob@example.org");
    run_refused(M_POST, API, "{\"username\":\"bobby\",\"password\":\"secret-1\"}", REFUSE_INVALID_REQUEST);
}

/* ---- update ---- */

static void test_update(void **state)
{
    struct json *u = data_of(run_json(M_PUT, API "/u1", "{\"email\":\"ann@new.example\",\"given_name\":\"Anna\","
                                      "\"family_name\":\"\",\"locale\":null,\"is_email_verified\":true,"
                                      "\"phone_number\":\"+32 1\",\"unknown\":[]}", 200));

    (void)state;
    assert_string_equal(text_of(u, "username"), "ann");
    assert_string_equal(text_of(u, "email"), "ann@new.example");
    assert_string_equal(text_of(u, "given_name"), "Anna");
    assert_string_equal(text_of(u, "family_name"), "Lee"); /* "" keeps */
    assert_string_equal(text_of(u, "locale"), "en");
    assert_string_equal(text_of(u, "phone_number"), "+32 1");
    assert_trail("user_updated", "u1");
}

/* An address nobody has proven is not verified. */
static void test_update_unverifies(void **state)
{
    struct json *u = data_of(run_json(M_PUT, API "/u1", "{\"email\":\"ann@new.example\"}", 200));
    bool is = true;

    (void)state;
    assert_ok(json_get_bool(u, "is_email_verified", &is));
    assert_false(is);
    u = data_of(run_json(M_PUT, API "/u2", "{\"email\":\"ROOT@example.org\"}", 200));
    assert_ok(json_get_bool(u, "is_email_verified", &is));
    assert_true(is);
}

static void test_update_refused(void **state)
{
    static const struct { const char *body; enum refusal_code code; } cases[] = {
        { "", REFUSE_INVALID_REQUEST },
        { "{\"username\":\"x\"}", REFUSE_INVALID_REQUEST },
        { "{\"password\":\"x\"}", REFUSE_INVALID_REQUEST },
        { "{\"email\":\"x\"}", REFUSE_INVALID_REQUEST },
        { "{\"role\":\"owner\"}", REFUSE_INVALID_REQUEST },
        { "{\"picture\":\"javascript:alert(1)\"}", REFUSE_INVALID_REQUEST },
        { "{\"website\":\"ftp://x.example/\"}", REFUSE_INVALID_REQUEST },
        { "{\"profile\":\"x\"}", REFUSE_INVALID_REQUEST },
        { "{\"is_email_verified\":\"yes\"}", REFUSE_INVALID_REQUEST },
        { "{\"given_name\":{}}", REFUSE_INVALID_REQUEST },
        { "{\"totp_verified\":true}", REFUSE_INVALID_REQUEST },
        { "{\"username\":\"root\"}", REFUSE_CONFLICT },
        { "{\"email\":\"root@example.org\"}", REFUSE_CONFLICT },
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(cases); i++)
        run_refused(M_PUT, API "/u1", cases[i].body, cases[i].code);
    assert_none(run(as_admin(M_PUT, API "/nobody", "{}")));
    assert_none(run(as_admin(M_PUT, API "/nobody", "{\"password\":\"secret-1\"}")));
}

static void test_update_email_follows(void **state)
{
    struct json *u;

    (void)state;
    put_setting("profile_field_email", "is_username");
    u = data_of(run_json(M_PUT, API "/u1", "{\"username\":\"Ann@New.example\"}", 200));
    assert_string_equal(text_of(u, "email"), "ann@new.example");
    run_refused(M_PUT, API "/u1", "{\"username\":\"no-address\"}", REFUSE_INVALID_REQUEST);
}

static void test_update_password(void **state)
{
    struct lockout l;
    struct password p;

    (void)state;
    add_family("f1", "u1", "app", "s1");
    assert_ok(lockouts_claim(DB, A, "u1", 5, 900, T0, &l));
    run_json(M_PUT, API "/u1", "{\"password\":\"secret-2\"}", 200);
    assert_ok(passwords_find(DB, A, "u1", &p));
    assert_none(lockouts_find(DB, A, "u1", &l));
    assert_false(session_is_live("s1"));
    assert_false(family_is_live("f1"));
    assert_true(session_is_live("s2"));
}

/* ---- the last administrator ---- */

static void test_last_admin(void **state)
{
    (void)state;
    run_refused(M_PUT, API "/u2", "{\"role\":\"user\"}", REFUSE_CONFLICT);
    run_refused(M_POST, API "/u2/deactivate", NULL, REFUSE_CONFLICT);
    run_refused(M_DELETE, API "/u2", NULL, REFUSE_CONFLICT);
    assert_true(session_is_live("s2"));
    run_json(M_PUT, API "/u2", "{\"role\":\"admin\",\"given_name\":\"R\"}", 200);
    run_json(M_PUT, API "/u1", "{\"role\":\"admin\"}", 200);
    run_json(M_PUT, API "/u2", "{\"role\":\"user\"}", 200);
    run_refused(M_POST, API "/u1/deactivate", NULL, REFUSE_CONFLICT);
    run_json(M_POST, API "/u2/deactivate", NULL, 204);
}

/* A deactivated administrator is none. */
static void test_last_active_admin(void **state)
{
    (void)state;
    put_user("u3", "carol", "admin");
    assert_ok(users_deactivate(DB, "u3", T0));
    run_refused(M_POST, API "/u2/deactivate", NULL, REFUSE_CONFLICT);
    run_json(M_DELETE, API "/u3", NULL, 204);
}

/* ---- deactivate, reactivate, delete, unlock, revoke ---- */

static void test_deactivate(void **state)
{
    (void)state;
    add_family("f1", "u1", "app", "s1");
    add_family("f2", "u1", "app", NULL);
    run_json(M_POST, API "/u1/deactivate", NULL, 204);
    assert_trail("user_deactivated", "u1");
    assert_false(session_is_live("s1"));
    assert_false(family_is_live("f1"));
    assert_false(family_is_live("f2"));
    assert_none(run(as_admin(M_GET, API "/u1", NULL)));
    assert_int_equal(total_of(""), 1);
    assert_none(run(as_admin(M_POST, API "/u1/deactivate", NULL)));
    assert_none(run(as_admin(M_POST, API "/u1/unlock", NULL)));
    run_json(M_POST, API "/u1/reactivate", NULL, 204);
    assert_trail("user_reactivated", "u1");
    assert_none(run(as_admin(M_POST, API "/u1/reactivate", NULL)));
    assert_none(run(as_admin(M_POST, API "/nobody/reactivate", NULL)));
    assert_false(session_is_live("s1"));
}

static void test_delete(void **state)
{
    (void)state;
    add_family("f1", "u1", "app", "s1");
    put_code("c1", "app");
    assert_ok(users_deactivate(DB, "u1", T0)); /* works on these too */
    run_json(M_DELETE, API "/u1", NULL, 204);
    assert_trail("user_deleted", "u1");
    assert_int_equal(count("SELECT COUNT(*) FROM sessions WHERE user_id = 'u1'"), 0);
    assert_int_equal(count("SELECT COUNT(*) FROM token_families WHERE user_id = 'u1'"), 0);
    assert_int_equal(count("SELECT COUNT(*) FROM authorization_codes WHERE user_id = 'u1'"), 0);
    assert_none(run(as_admin(M_DELETE, API "/u1", NULL)));
    put_user("u9", "ann", "user"); /* name and address are free again */
}

static void test_unlock(void **state)
{
    struct lockout l;
    struct json *u;

    (void)state;
    for (int i = 0; i < 5; i++)
        assert_ok(lockouts_claim(DB, A, "u1", 5, 900, T0, &l));
    u = data_of(run_json(M_GET, API "/u1", NULL, 200));
    assert_int_equal(int_of(u, "failed_login_attempts"), 5);
    assert_string_equal(text_of(u, "locked_until"), clock_rfc3339(A, T0 + 900));
    u = data_of(run_json(M_POST, API "/u1/unlock", NULL, 200));
    assert_int_equal(int_of(u, "failed_login_attempts"), 0);
    assert_false(json_has(u, "locked_until"));
    assert_none(lockouts_find(DB, A, "u1", &l));
    assert_trail("user_unlocked", "u1");
    assert_none(run(as_admin(M_POST, API "/nobody/unlock", NULL)));
}

static void test_revoke_sessions(void **state)
{
    (void)state;
    add_family("f2", "u1", "app", NULL);
    run_json(M_POST, API "/u1/revoke-sessions", NULL, 204);
    assert_trail("all_user_sessions_revoked", "u1");
    assert_false(session_is_live("s1"));
    assert_false(family_is_live("f2"));
    assert_true(session_is_live("s2"));
    run_json(M_POST, API "/nobody/revoke-sessions", NULL, 204);
}

/* design D25 */
static void test_admin_token_in_trail(void **state)
{
    struct exchange *x = as_admin(M_POST, API "/u1/revoke-sessions", NULL);
    struct audit_rows rows;

    (void)state;
    x->user = NULL;
    x->is_admin_token = true;
    assert_ok(run(x));
    assert_ok(audit_latest(DB, A, 1, &rows));
    assert_string_equal(rows.v[0].actor_username, "admin-token");
}

/* ---- pages ---- */

static void test_page_list(void **state)
{
    const char *page = run_page(M_GET, "/admin/users", NULL, 200);

    (void)state;
    assert_has(page, "href=\"/admin/users/u1\">ann</a>");
    assert_has(page, "2 in total");
    assert_has(page, "aria-current=\"page\">People</a>");
    assert_has_not(page, "rel=\"next\"");
    page = run_page(M_GET, "/admin/users?search=%3Cb%3E", NULL, 200);
    assert_has(page, "Nobody matches <strong>&lt;b&gt;</strong>");
}

static void test_page_pager(void **state)
{
    const char *page;

    (void)state;
    for (int i = 0; i < 60; i++)
        put_user(arena_printf(A, "x%d", i), arena_printf(A, "person%d", i), "user");
    page = run_page(M_GET, "/admin/users?search=erson", NULL, 200);
    assert_has(page, "href=\"/admin/users?search=erson&amp;offset=50\" rel=\"next\"");
    assert_has_not(page, "rel=\"prev\"");
    page = run_page(M_GET, "/admin/users?search=erson&offset=50", NULL, 200);
    assert_has(page, "href=\"/admin/users?search=erson\" rel=\"prev\"");
    assert_has_not(page, "rel=\"next\"");
}

static void test_page_new(void **state)
{
    const char *page = run_page(M_GET, "/admin/users/new", NULL, 200), *then;

    (void)state;
    assert_has(page, "At least 6 characters");
    page = run_page(M_POST, "/admin/users/new", "username=bobby&email=&password=x", 400);
    assert_has(page, "id=\"password-error\"");
    assert_has(page, "value=\"bobby\"");
    page = run_page(M_POST, "/admin/users/new", "username=root&email=&password=secret-1", 409);
    assert_has(page, "id=\"username-error\">That username is taken");
    page = run_page(M_POST, "/admin/users/new", "email=&password=secret-1", 400);
    assert_has(page, "id=\"username-error\"");
    then = run_page(M_POST, "/admin/users/new", "username=bobby&email=&password=secret-1&role=admin", 303);
    assert_true(text_starts(then, "/admin/users/") && text_ends(then, "?notice=created"));
    page = run_page(M_GET, then, NULL, 200);
    assert_has(page, "role=\"status\">Added.</p>");
    assert_has(page, "<dt>Role</dt><dd><span class=\"word\">user</span></dd>");
}

static void test_page_user(void **state)
{
    struct lockout l;
    const char *page = run_page(M_GET, "/admin/users/u1?notice=%3Cb%3E", NULL, 200);

    (void)state;
    assert_has(page, "action=\"/admin/users/u1/deactivate\"");
    assert_has(page, "<dt>First name</dt><dd>Ann</dd>");
    assert_has_not(page, "/unlock");
    assert_has_not(page, "auth-info");
    for (int i = 0; i < 5; i++)
        assert_ok(lockouts_claim(DB, A, "u1", 5, 900, T0, &l));
    assert_has(run_page(M_GET, "/admin/users/u1", NULL, 200), "action=\"/admin/users/u1/unlock\"");
    assert_string_equal(run_page(M_POST, "/admin/users/u1/unlock", "", 303), "/admin/users/u1?notice=unlocked");
    assert_has_not(run_page(M_GET, "/admin/users/u2", NULL, 200), "/deactivate"); /* oneself */
    assert_none(run(as_admin(M_GET, "/admin/users/nobody", NULL)));
}

static void test_page_deactivate(void **state)
{
    (void)state;
    assert_string_equal(run_page(M_POST, "/admin/users/u1/deactivate", "", 303), "/admin/users/u1?notice=deactivated");
    assert_has(run_page(M_GET, "/admin/users/u1", NULL, 200), "action=\"/admin/users/u1/reactivate\"");
    assert_has(run_page(M_GET, "/admin/users", NULL, 200), "state-off\">Deactivated<");
    assert_int_equal(total_of(""), 1); /* the contract's list has active people only */
    assert_string_equal(run_page(M_POST, "/admin/users/u1/reactivate", "", 303), "/admin/users/u1?notice=reactivated");
    put_user("u3", "carol", "admin");
    assert_has(run_page(M_POST, "/admin/users/u2/deactivate", "", 409), "You cannot deactivate yourself");
}

/* ---- many at once ---- */

#define LOOKUP API "/lookup"

static struct json *look_up(const char *body)
{
    return data_of(run_json(M_POST, LOOKUP, body, 200));
}

static size_t missing_n(struct json *found, const char *kind)
{
    struct json *list = json_get(json_get(found, "not_found"), kind);

    assert_int_equal(json_type(list), JSON_ARRAY);
    return json_len(list);
}

static void test_lookup(void **state)
{
    struct json *found = look_up("{\"ids\":[\"u2\",\"nobody\"],\"emails\":[\" ANN@Example.org \",\"x@y.example\"],"
                                 "\"usernames\":[\"root\",\" Root \",\"\"]}");
    struct json *items = json_get(found, "items");

    (void)state;
    assert_int_equal(json_len(items), 2); /* root once, though asked for twice */
    assert_string_equal(text_of(json_at(items, 0), "username"), "root");
    assert_string_equal(text_of(json_at(items, 1), "username"), "ann");
    assert_int_equal(missing_n(found, "ids"), 1);
    assert_int_equal(missing_n(found, "emails"), 1);
    assert_int_equal(missing_n(found, "usernames"), 2); /* names are exact */
    assert_string_equal(json_str(json_at(json_get(json_get(found, "not_found"), "usernames"), 0)), "Root");
    found = look_up("{\"ids\":[\"u1\"],\"emails\":null}");
    assert_int_equal(json_len(json_get(found, "items")), 1);
    assert_int_equal(missing_n(found, "emails"), 0);
    assert_ok(users_deactivate(DB, "u1", T0));
    assert_int_equal(missing_n(look_up("{\"ids\":[\"u1\"]}"), "ids"), 1);
}

/* `n` entries, in two of the lists. */
static const char *of_entries(int n)
{
    struct sbuf b;

    sbuf_init(&b, A, 4096);
    sbuf_add(&b, "{\"usernames\":[\"root\"],\"ids\":[\"u1\"");
    for (int i = 2; i < n; i++)
        sbuf_printf(&b, ",\"id%d\"", i);
    sbuf_add(&b, "]}");
    return b.text;
}

static void test_lookup_refused(void **state)
{
    static const char *const bodies[] = {
        "", "{}", "[]", "{\"ids\":[]}", "{\"ids\":null}", "{\"ids\":\"u1\"}", "{\"ids\":{\"a\":\"u1\"}}",
        "{\"ids\":[1]}", "{\"ids\":[null]}", "{\"ids\":[[\"u1\"]]}", "{\"ids\":[\"u1\"],\"emails\":1}",
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(bodies); i++)
        run_refused(M_POST, LOOKUP, bodies[i], REFUSE_INVALID_REQUEST);
    assert_int_equal(missing_n(look_up(of_entries(100)), "ids"), 98);
    run_refused(M_POST, LOOKUP, of_entries(101), REFUSE_INVALID_REQUEST);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, console_world, after)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_object), TEST(test_list), TEST(test_dates), TEST(test_long_search), TEST(test_create),
        TEST(test_create_refused), TEST(test_create_by_email), TEST(test_update), TEST(test_update_unverifies),
        TEST(test_update_refused), TEST(test_update_email_follows), TEST(test_update_password), TEST(test_last_admin),
        TEST(test_last_active_admin), TEST(test_deactivate), TEST(test_delete), TEST(test_unlock),
        TEST(test_revoke_sessions), TEST(test_admin_token_in_trail), TEST(test_page_list), TEST(test_page_pager),
        TEST(test_page_new), TEST(test_page_user), TEST(test_page_deactivate), TEST(test_lookup),
        TEST(test_lookup_refused),
    };

    return cmocka_run_group_tests(tests, with_consoles, without_consoles);
}
