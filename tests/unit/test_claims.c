/* What may be told: UI-01 to UI-05, IT-07, BT-07, BT-09; http-api 6.5, flows 10. */
#include "oidc_test.h"

#include "authn/claim_value.h"
#include "oidc/claims.h"

static struct user full(void)
{
    return (struct user){
        .id = "u1", .username = "ann", .email = "ann@example.org", .role = "user", .is_email_verified = true,
        .phone_number_verified = true, .given_name = "Ann", .family_name = "Lee", .middle_name = "M",
        .nickname = "annie", .website = "https://ann.example", .gender = "f", .birthdate = "1990-01-02",
        .profile = "https://ann.example/me", .phone_number = "+32 1", .picture = "https://ann.example/p.png",
        .locale = "en-GB", .zoneinfo = "Europe/Brussels", .address_street = "Street 1", .address_locality = "Ghent",
        .address_region = "East", .address_postal_code = "9000", .address_country = "BE", .updated_at = 1700000000,
    };
}

static struct user bare(void)
{
    return (struct user){
        .id = "u1", .username = "ann", .role = "user", .given_name = "", .family_name = "", .middle_name = "",
        .nickname = "", .website = "", .gender = "", .birthdate = "", .profile = "", .phone_number = "",
        .picture = "", .locale = "", .zoneinfo = "", .address_street = "", .address_locality = "",
        .address_region = "", .address_postal_code = "", .address_country = "", .updated_at = 1700000000,
    };
}

static void assert_userinfo(const struct user *u, const char *scope, const char *json)
{
    assert_string_equal(json_text(A, claims_userinfo(A, u, scope)), json);
}

/* UI-04: all that the person has; UI-03: types. */
static void test_all(void **state)
{
    struct user u = full();

    (void)state;
    assert_userinfo(&u, "openid profile email phone address",
        "{\"sub\":\"u1\",\"scope\":\"openid profile email phone address\",\"name\":\"Ann Lee\","
        "\"preferred_username\":\"ann\",\"given_name\":\"Ann\",\"family_name\":\"Lee\",\"middle_name\":\"M\","
        "\"nickname\":\"annie\",\"website\":\"https://ann.example\",\"gender\":\"f\",\"birthdate\":\"1990-01-02\","
        "\"profile\":\"https://ann.example/me\",\"picture\":\"https://ann.example/p.png\",\"locale\":\"en-GB\","
        "\"zoneinfo\":\"Europe/Brussels\",\"updated_at\":1700000000,\"email\":\"ann@example.org\","
        "\"email_verified\":true,\"phone_number\":\"+32 1\",\"phone_number_verified\":true,\"address\":{"
        "\"street_address\":\"Street 1\",\"locality\":\"Ghent\",\"region\":\"East\",\"postal_code\":\"9000\","
        "\"country\":\"BE\"}}");
}

/* UI-03: what an older database holds is not told where it is none. */
static void test_shapes(void **state)
{
    static const char *const days[] = { "1990", "1990-12-31", "0000-02-29", "2000-02-29" };
    static const char *const no_days[] = { "tomorrow", "90", "1990-13-01", "1990-00-10", "1990-02-30", "1900-02-29",
                                           "1990/01/02", "1990-1-2", "19900102", "1990-01-02 ", "", "１990" };
    static const char *const zones[] = { "UTC", "Europe/Paris", "America/Argentina/Buenos_Aires", "Etc/GMT+1" };
    static const char *const no_zones[] = { "", "/", "Europe/", "/etc/passwd", "../UTC", "Europe//Paris", "+01:00", "UTC " };
    static const char *const locales[] = { "en", "de-CH", "zh-Hant-TW", "en_GB", "es-419" };
    static const char *const no_locales[] = { "", "e", "en-", "-en", "en--GB", "1a", "en GB", "abcdefghi", "en-abcdefghi" };
    struct user u = full();

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(days); i++)
        assert_true(is_birthdate(days[i]));
    for (size_t i = 0; i < ARRAY_LEN(no_days); i++)
        assert_false(is_birthdate(no_days[i]));
    for (size_t i = 0; i < ARRAY_LEN(zones); i++)
        assert_true(is_zoneinfo(zones[i]));
    for (size_t i = 0; i < ARRAY_LEN(no_zones); i++)
        assert_false(is_zoneinfo(no_zones[i]));
    for (size_t i = 0; i < ARRAY_LEN(locales); i++)
        assert_true(is_locale(locales[i]));
    for (size_t i = 0; i < ARRAY_LEN(no_locales); i++)
        assert_false(is_locale(no_locales[i]));
    assert_false(is_birthdate(NULL) || is_zoneinfo(NULL) || is_locale(NULL));
    u.birthdate = "tomorrow";
    u.zoneinfo = "Nowhere Land";
    u.locale = "?";
    struct json *told = claims_userinfo(A, &u, "openid profile");
    assert_false(json_has(told, "birthdate") || json_has(told, "zoneinfo") || json_has(told, "locale"));
}

/* UI-02, conflict 11: nothing empty, never null. */
static void test_empty(void **state)
{
    struct user u = bare();

    (void)state;
    assert_userinfo(&u, "openid profile email phone address",
        "{\"sub\":\"u1\",\"scope\":\"openid profile email phone address\",\"name\":\"ann\","
        "\"preferred_username\":\"ann\",\"updated_at\":1700000000,\"email_verified\":false,"
        "\"phone_number_verified\":false}");
    u.family_name = "Lee";
    assert_string_equal(text_of(claims_userinfo(A, &u, "openid profile"), "name"), "Lee");
}

/* UI-05: and no word that merely contains the name of a scope. */
static void test_scopes(void **state)
{
    struct user u = full();

    (void)state;
    assert_userinfo(&u, "openid", "{\"sub\":\"u1\",\"scope\":\"openid\"}");
    assert_userinfo(&u, "openid emails", "{\"sub\":\"u1\",\"scope\":\"openid emails\"}");
    assert_userinfo(&u, "openid email",
        "{\"sub\":\"u1\",\"scope\":\"openid email\",\"email\":\"ann@example.org\",\"email_verified\":true}");
}

static void test_tokens(void **state)
{
    struct json *access = json_object(A), *id = json_object(A);
    struct user u = full();

    (void)state;
    claims_into_access(A, access, &u, "openid profile email");
    assert_string_equal(json_text(A, access),
        "{\"role\":\"user\",\"name\":\"ann\",\"preferred_username\":\"ann\",\"email\":\"ann@example.org\","
        "\"email_verified\":true}");
    claims_into_id(A, id, &u, "openid profile email");
    assert_string_equal(json_text(A, id),
        "{\"name\":\"Ann Lee\",\"preferred_username\":\"ann\",\"given_name\":\"Ann\",\"family_name\":\"Lee\","
        "\"email\":\"ann@example.org\",\"email_verified\":true}");
    id = json_object(A);
    claims_into_id(A, id, &u, "openid");
    assert_string_equal(json_text(A, id), "{}"); /* IT-07 */
}

static struct exchange *ask_userinfo(const char *user_id, const char *scope)
{
    struct exchange *x = an_exchange(a_request(M_GET));

    x->token = arena_new(A, struct token_view);
    x->token->family.user_id = user_id;
    x->token->token.scope = scope;
    return x;
}

static void test_userinfo(void **state)
{
    struct exchange *x = ask_userinfo("u1", "openid email");

    (void)state;
    assert_ok(userinfo_handle(x));
    assert_string_equal(text_of(answer_of(x), "sub"), "u1"); /* UI-01 */
    assert_string_equal(x->rs->content_type, "application/json");
    x = ask_userinfo("u1", "profile email");
    assert_no(x, userinfo_handle(x), REFUSE_INSUFFICIENT_SCOPE); /* BT-07 */
    x = ask_userinfo(NULL, "openid");
    assert_no(x, userinfo_handle(x), REFUSE_INVALID_TOKEN); /* BT-09 */
    assert_ok(users_deactivate(DB, "u1", T0));
    x = ask_userinfo("u1", "openid");
    assert_no(x, userinfo_handle(x), REFUSE_INVALID_TOKEN);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_all, world, after),
        cmocka_unit_test_setup_teardown(test_shapes, world, after),
        cmocka_unit_test_setup_teardown(test_empty, world, after),
        cmocka_unit_test_setup_teardown(test_scopes, world, after),
        cmocka_unit_test_setup_teardown(test_tokens, world, after),
        cmocka_unit_test_setup_teardown(test_userinfo, world, after),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
