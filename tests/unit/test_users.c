#include "config.h"

#include "store_test.h"

#include "store/codes.h"
#include "store/console_sessions.h"
#include "store/lockouts.h"
#include "store/passwords.h"

static struct user full_user(void)
{
    struct user u = {
        .id = "u1", .username = "Ann", .email = "ann@example.org", .role = "admin",
        .is_email_verified = true, .phone_number_verified = true, .last_login_at = NOW - 5,
        .registered_at = NOW - 10, .created_at = NOW - 20, .updated_at = NOW - 15,
    };

#define X(claim) u.claim = "the " #claim;
    PROFILE_CLAIMS(X)
#undef X
    return u;
}

static void test_round_trip(void **state)
{
    struct user in = full_user(), out;

    (void)state;
    assert_ok(users_add(DB, &in));
    assert_ok(users_by_id(DB, A, "u1", &out));
    assert_string_equal(out.username, "Ann");
    assert_string_equal(out.email, "ann@example.org");
    assert_string_equal(out.role, "admin");
    assert_true(out.is_email_verified);
    assert_true(out.phone_number_verified);
#define X(claim) assert_string_equal(out.claim, "the " #claim);
    PROFILE_CLAIMS(X)
#undef X
    assert_int_equal(out.last_login_at, NOW - 5);
    assert_int_equal(out.deactivated_at, 0);
    assert_int_equal(out.registered_at, NOW - 10);
    assert_int_equal(out.created_at, NOW - 20);
    assert_int_equal(out.updated_at, NOW - 15);
    assert_int_equal(out.failures_n, 0);
    assert_ok(users_by_username(DB, A, "Ann", &out));
    assert_none(users_by_username(DB, A, "ann", &out)); /* case matters */
    assert_none(users_by_id(DB, A, "u2", &out));
}

/* What is joined to a user is not looked for. */
static void test_profile(void **state)
{
    struct user in = full_user(), whole, own;
    struct lockout l;

    (void)state;
    assert_ok(users_add(DB, &in));
    assert_ok(lockouts_claim(DB, A, "u1", 5, 60, NOW, &l));
    assert_ok(users_by_id(DB, A, "u1", &whole));
    assert_ok(users_profile(DB, A, "u1", &own));
    assert_int_equal(whole.failures_n, 1);
    assert_int_equal(own.failures_n, 0);
    assert_string_equal(own.username, "Ann");
    assert_string_equal(own.email, "ann@example.org");
    assert_int_equal(own.updated_at, NOW - 15);
#define X(claim) assert_string_equal(own.claim, "the " #claim);
    PROFILE_CLAIMS(X)
#undef X
    assert_ok(users_deactivate(DB, "u1", NOW));
    assert_none(users_profile(DB, A, "u1", &own));
    assert_none(users_profile(DB, A, "u2", &own));
}

static void test_update(void **state)
{
    struct user in = full_user(), out;

    (void)state;
    assert_ok(users_add(DB, &in));
    in.username = "Bea";
    in.email = NULL;
    in.address_country = "CH";
    in.given_name = NULL;
    in.updated_at = NOW;
    in.created_at = 1; /* not this */
    assert_ok(users_update(DB, &in));
    assert_ok(users_by_username(DB, A, "Bea", &out));
    assert_null(out.email);
    assert_string_equal(out.address_country, "CH");
    assert_string_equal(out.address_postal_code, "the address_postal_code");
    assert_string_equal(out.given_name, "");
    assert_int_equal(out.updated_at, NOW);
    assert_int_equal(out.created_at, NOW - 20);
    in.id = "nobody";
    in.username = "Cleo";
    assert_none(users_update(DB, &in));
}

static void test_conflicts(void **state)
{
    struct user u = full_user();

    (void)state;
    assert_ok(users_add(DB, &u));
    u.id = "u2";
    u.email = "bea@example.org";
    assert_refused(users_add(DB, &u));
    assert_string_equal(db_why(DB), "users.username");
    u.username = "Bea";
    u.email = "ann@example.org";
    assert_refused(users_add(DB, &u));
    assert_string_equal(db_why(DB), "users.email");
    u.email = "";
    assert_ok(users_add(DB, &u));
    u.id = "u3";
    u.username = "Cleo";
    assert_ok(users_add(DB, &u)); /* several have no e-mail */
    u.username = "Ann";
    assert_refused(users_update(DB, &u));
    assert_string_equal(db_why(DB), "users.username");
    u.id = "u4";
    u.username = "Dora";
    u.role = "root";
    assert_refused(users_add(DB, &u));
}

static void test_deactivation(void **state)
{
    struct user u;
    int64_t n;

    (void)state;
    add_user("u1", "ann");
    assert_none(users_reactivate(DB, "u1", NOW));
    assert_ok(users_deactivate(DB, "u1", NOW + 1));
    assert_none(users_deactivate(DB, "u1", NOW + 2));
    assert_none(users_deactivate(DB, "nobody", NOW + 2));
    assert_none(users_by_id(DB, A, "u1", &u));
    assert_none(users_by_username(DB, A, "ann", &u));
    assert_ok(users_by_id_any(DB, A, "u1", &u));
    assert_int_equal(u.deactivated_at, NOW + 1);
    assert_ok(users_count(DB, &n));
    assert_int_equal(n, 0);
    assert_ok(users_reactivate(DB, "u1", NOW + 3));
    assert_ok(users_by_id(DB, A, "u1", &u));
    assert_int_equal(u.updated_at, NOW + 3);
}

static void test_any_and_last_login(void **state)
{
    struct user u;
    bool any = true;

    (void)state;
    assert_ok(users_any(DB, &any));
    assert_false(any);
    add_user("u1", "ann");
    assert_ok(users_any(DB, &any));
    assert_true(any);
    assert_ok(users_set_last_login(DB, "u1", NOW + 9));
    assert_none(users_set_last_login(DB, "nobody", NOW + 9));
    assert_ok(users_by_id(DB, A, "u1", &u));
    assert_int_equal(u.last_login_at, NOW + 9);
}

static void test_lockout_is_joined(void **state)
{
    struct lockout l;
    struct user u;

    (void)state;
    add_user("u1", "ann");
    assert_ok(lockouts_claim(DB, A, "u1", 2, 60, NOW, &l));
    assert_ok(lockouts_claim(DB, A, "u1", 2, 60, NOW, &l));
    assert_ok(users_by_username(DB, A, "ann", &u));
    assert_int_equal(u.failures_n, 2);
    assert_int_equal(u.locked_until_at, NOW + 60);
}

static void name_row(struct stmt *q, struct arena *a, void *out)
{
    *(const char **)out = col_text(q, 0, a);
}

/* Every table with a user_id is asked, those to come included. */
static int64_t dependents(void)
{
    struct rows tables;
    int64_t sum = 0, n;

    assert_ok(db_each(db_sql(DB, "SELECT t.name FROM pragma_table_list t, pragma_table_info(t.name) c"
                                 " WHERE t.schema = 'main' AND c.name = 'user_id'"),
                      A, name_row, sizeof(const char *), &tables));
    assert_true(tables.n >= 6);
    for (size_t i = 0; i < tables.n; i++) {
        const char *sql = arena_printf(A, "SELECT COUNT(*) FROM %s WHERE user_id = 'u1'",
                                       ((const char **)tables.v)[i]);

        assert_ok(db_int_of(db_prepare(DB, sql), &n));
        if (n == 0)
            print_message("%s\n", sql);
        sum += n > 0;
    }
    return sum == 0 ? 0 : sum == (int64_t)tables.n ? 1 : -1;
}

/* One row of u1 in every table of factors. */
static void add_factors(void)
{
    assert_ok(db_run(db_sql(DB, "INSERT INTO totp_secrets (user_id, secret_sealed, created_at)"
                                " VALUES ('u1', x'00', 1)")));
    assert_ok(db_run(db_sql(DB, "INSERT INTO recovery_codes (code_hash, user_id, created_at)"
                                " VALUES (zeroblob(32), 'u1', 1)")));
    assert_ok(db_run(db_sql(DB, "INSERT INTO factor_lockouts (user_id, failures_n) VALUES ('u1', 1)")));
    assert_ok(db_run(db_sql(DB, "INSERT INTO mfa_challenges (id_hash, user_id, method, request, browser_hash, amr,"
                                " created_at, expires_at) VALUES (zeroblob(32), 'u1', 'totp', x'00', x'00', 'pwd', 1, 2)")));
    assert_ok(db_run(db_sql(DB, "INSERT INTO trusted_devices (id, cookie_hash, user_id, device_name, created_at,"
                                " last_used_at, expires_at) VALUES ('d1', zeroblob(32), 'u1', 'x', 1, 1, 2)")));
    assert_ok(db_run(db_sql(DB, "INSERT INTO user_handles (user_id, user_handle) VALUES ('u1', zeroblob(32))")));
    assert_ok(db_run(db_sql(DB, "INSERT INTO passkeys (credential_id, user_id, name, public_key, alg, sign_count, aaguid,"
                                " is_uv_initialized, is_backup_eligible, is_backed_up, created_at)"
                                " VALUES (x'01', 'u1', 'x', x'00', -7, 0, zeroblob(16), 0, 0, 0, 1)")));
    assert_ok(db_run(db_sql(DB, "INSERT INTO one_time_links (token_hash, kind, user_id, created_at, expires_at)"
                                " VALUES (zeroblob(32), 'reset', 'u1', 1, 2)")));
}

static void test_delete_takes_everything(void **state)
{
    struct code c = {
        .code_hash = hash_like(9), .client_id = "app", .user_id = "u1", .session_id = "s1",
        .redirect_uri = "https://app.example/cb", .scope = "openid", .acr = "1", .amr = "pwd",
        .created_at = NOW, .expires_at = NOW + 60,
    };
    struct console_session o = {
        .id = "o1", .cookie_hash = hash_like(7), .console = "admin", .user_id = "u1", .family_id = "f1",
        .created_at = NOW, .expires_at = NOW + 60,
    };
    struct lockout l;

    (void)state;
    add_household();
    assert_ok(passwords_set(DB, "u1", "$argon2id$…", NOW));
    assert_ok(lockouts_claim(DB, A, "u1", 2, 60, NOW, &l));
    assert_ok(codes_add(DB, &c));
    assert_ok(console_sessions_add(DB, &o));
    add_factors();
    assert_int_equal(dependents(), 1); /* the test knows all tables */
    assert_ok(users_deactivate(DB, "u1", NOW));
    assert_ok(users_delete(DB, "u1"));
    assert_int_equal(dependents(), 0);
    assert_int_equal(count("SELECT COUNT(*) FROM tokens"), 0);
    assert_int_equal(count("SELECT COUNT(*) FROM pragma_foreign_key_check"), 0);
    assert_none(users_delete(DB, "u1"));
    add_user("u1", "ann"); /* the name is free again */
}

/* Lists. */

static void add_listed(int i, const char *username, const char *email, const char *given, int64_t at)
{
    struct user u = {
        .id = arena_printf(A, "u%d", i), .username = username, .email = email, .given_name = given,
        .role = i == 1 ? "admin" : "user", .is_email_verified = i == 2, .created_at = at, .updated_at = at,
    };

    assert_ok(users_add(DB, &u));
}

static void four_people(void)
{
    add_listed(1, "Dora", "z@example.org", "Anne", NOW + 1);
    add_listed(2, "ann", "y@example.org", "Bea", NOW + 2);
    add_listed(3, "cleo", NULL, "50%_off", NOW + 3);
    add_listed(4, "bob", "x@example.org", "", NOW + 4);
    add_listed(5, "gone", NULL, "", NOW + 5);
    assert_ok(users_deactivate(DB, "u5", NOW));
}

static const char *ids(const struct users_query *q, int64_t total)
{
    struct users_page p;
    const char *s = "";

    assert_ok(users_list(DB, A, q, &p));
    assert_int_equal(p.total, total);
    for (size_t i = 0; i < p.n; i++)
        s = arena_printf(A, "%s%s", s, p.v[i].id + 1);
    return s;
}

#define Q(...) ids(&(struct users_query){ .is_email_verified = -1, __VA_ARGS__ }, total)

static void test_list_sorts(void **state)
{
    const int64_t total = 4;

    (void)state;
    four_people();
    assert_string_equal(Q(.list = { .limit = 9 }), "1234");
    assert_string_equal(Q(.list = { .limit = 9, .is_descending = true }), "4321");
    assert_string_equal(Q(.list = { .limit = 9, .sort = "nonsense" }), "1234");
    assert_string_equal(Q(.list = { .limit = 9, .sort = "username" }), "1243");
    assert_string_equal(Q(.list = { .limit = 9, .sort = "email" }), "3421");
    assert_string_equal(Q(.list = { .limit = 9, .sort = "email", .is_descending = true }), "1243");
    assert_string_equal(Q(.list = { .limit = 9, .sort = "role" }), "1234");
    assert_string_equal(Q(.list = { .limit = 2 }), "12");
    assert_string_equal(Q(.list = { .limit = 2, .offset = 2 }), "34");
    assert_string_equal(Q(.list = { .limit = 2, .offset = 9 }), "");
    for (size_t i = 0; users_sorts[i]; i++) {
        assert_int_equal(strlen(Q(.list = { .limit = 9, .sort = users_sorts[i] })), 4);
        assert_int_equal(strlen(Q(.list = { .limit = 9, .sort = users_sorts[i], .is_descending = true })), 4);
    }
}

static void test_list_filters(void **state)
{
    int64_t total = 1;

    (void)state;
    four_people();
    assert_string_equal(Q(.list = { .limit = 9 }, .role = "admin"), "1");
    total = 4;
    assert_string_equal(Q(.list = { .limit = 9 }, .role = ""), "1234");
    total = 3;
    assert_string_equal(Q(.list = { .limit = 9 }, .role = "user"), "234");
    assert_string_equal(Q(.list = { .limit = 9 }, .created_from = NOW + 2), "234");
    total = 2;
    assert_string_equal(Q(.list = { .limit = 9 }, .created_from = NOW + 2, .created_to = NOW + 3), "23");
    total = 1;
    total = 5;
    assert_string_equal(Q(.list = { .limit = 9 }, .with_deactivated = true), "12345");
    assert_string_equal(ids(&(struct users_query){ .is_email_verified = 1, .list = { .limit = 9 } }, 1), "2");
    assert_string_equal(ids(&(struct users_query){ .is_email_verified = 0, .list = { .limit = 9 } }, 3), "134");
}

static void test_list_search(void **state)
{
    int64_t total = 1;

    (void)state;
    four_people();
    assert_string_equal(Q(.list = { .limit = 9, .search = "dor" }), "1");
    assert_string_equal(Q(.list = { .limit = 9, .search = "%_o" }), "3"); /* no wildcards */
    assert_string_equal(Q(.list = { .limit = 9, .search = "u4" }), "4");
    total = 2;
    assert_string_equal(Q(.list = { .limit = 9, .search = "ann" }), "12");
    assert_string_equal(Q(.list = { .limit = 1, .search = "ann" }), "1");
    total = 3;
    assert_string_equal(Q(.list = { .limit = 9, .search = "@example" }), "124");
    total = 0;
    assert_string_equal(Q(.list = { .limit = 9, .search = "%" "an" }), "");
    assert_string_equal(Q(.list = { .limit = 9, .search = "' OR 1=1 --" }), "");
    total = 4;
    assert_string_equal(Q(.list = { .limit = 9, .search = "" }), "1234");
}

int main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, in_memory, after)
    const struct CMUnitTest tests[] = {
        T(test_round_trip), T(test_profile), T(test_update), T(test_conflicts), T(test_deactivation), T(test_any_and_last_login),
        T(test_lockout_is_joined), T(test_delete_takes_everything), T(test_list_sorts), T(test_list_filters),
        T(test_list_search),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
