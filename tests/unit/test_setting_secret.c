#include "config.h"

#include "oidc_test.h"

#include "authn/setting_secret.h"

static enum rc put(const char *value)
{
    return settings_put(DB, "smtp_password", value, T0);
}

static void test_seal(void **state)
{
    struct exchange *x = a_post("");
    const char *value = "pass word", *again = "pass word", *opened;

    (void)state;
    assert_ok(setting_secret_seal(x, "smtp_password", &value));
    assert_true(text_starts(value, SETTING_SEALED));
    assert_null(strstr(value, "pass"));
    assert_ok(setting_secret_seal(x, "smtp_password", &again));
    assert_string_not_equal(value, again);
    assert_ok(put(value));
    assert_int_not_equal(setting_secret_open(&SIGNER, A, "smtp_password", value, &opened), RC_OK); /* a worker may not */
}

static void test_others_stay(void **state)
{
    struct exchange *x = a_post("");
    const char *title = "Title", *empty = "";

    (void)state;
    assert_ok(setting_secret_seal(x, "theme_title", &title));
    assert_string_equal(title, "Title");
    assert_ok(setting_secret_seal(x, "smtp_password", &empty));
    assert_string_equal(empty, "");
    assert_ok(setting_secret_seal(x, "unknown_key", &title));
    assert_string_equal(title, "Title");
}

/* Whoever forgets it is stopped. */
static void test_bare(void **state)
{
    const char *opened;

    (void)state;
    assert_fault(put("pass word"));
    assert_ok(put(""));
    assert_ok(setting_secret_open(&SIGNER, A, "smtp_password", "", &opened));
    assert_string_equal(opened, "");
    assert_fault(setting_secret_open(&SIGNER, A, "smtp_password", "pass word", &opened));
    assert_fault(setting_secret_open(&SIGNER, A, "smtp_password", "sealed:%%", &opened));
}

int main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, world, after)
    const struct CMUnitTest tests[] = { T(test_seal), T(test_others_stay), T(test_bare) };

    return cmocka_run_group_tests(tests, with_processes, without_processes);
}
