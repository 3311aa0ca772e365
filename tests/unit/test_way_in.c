/* Settings that leave no administrator a way in. */
#include "config.h"

#include "authz_test.h"
#include "factor_test.h"

#include "authn/way_in.h"
#include "store/passkeys.h"

struct wish { const char *key, *value; };
static struct exchange *X;
static const struct wish *WISHES;
static size_t WISHES_N;

static int set_up(void **state)
{
    struct user root;

    world(state);
    assert_ok(passwords_set(DB, "u1", "hash", T0));
    assert_ok(passwords_set(DB, "u2", "hash", T0));
    assert_ok(users_by_id(DB, A, "u2", &root));
    root.email = NULL;
    assert_ok(users_update(DB, &root));
    X = a_post("");
    return 0;
}

static enum rc write_them(struct db *db, void *arg)
{
    (void)arg;
    for (size_t i = 0; i < WISHES_N; i++)
        TRY(settings_put(db, WISHES[i].key, WISHES[i].value, T0));
    return way_in_check(X, db);
}

#define WITH(...) with((const struct wish[]){ __VA_ARGS__ }, sizeof((const struct wish[]){ __VA_ARGS__ }) / sizeof(struct wish))
static enum rc with(const struct wish *wishes, size_t n)
{
    WISHES = wishes;
    WISHES_N = n;
    return db_write(DB, write_them, NULL);
}

static void assert_refused_with(enum rc rc, const char *reason)
{
    assert_no(X, rc, REFUSE_INVALID_REQUEST);
    assert_string_equal(refusal_text(&X->no), reason);
}

#define MAIL { "smtp_host", "mail.example" }
#define EMAIL { "mfa_method", "email" }
#define MFA { "require_mfa", "true" }

static void test_second_factor(void **state)
{
    struct user root;

    (void)state;
    assert_ok(WITH({ "mfa_method", "totp" }, MFA));
    assert_ok(WITH({ "mfa_method", "both" }, MFA));
    assert_ok(WITH(EMAIL, { "require_mfa", "false" }));
    assert_refused_with(WITH(MFA), "mfa_method: email needs smtp_host, or nobody could sign in");
    assert_refused_with(WITH(MFA, MAIL), "mfa_method: no administrator has an e-mail address to send a code to");
    enrol("u1", T0); /* no administrator */
    assert_refused_with(WITH(MFA), "mfa_method: email needs smtp_host, or nobody could sign in");
    enrol("u2", T0);
    assert_ok(WITH(MFA));
    assert_ok(factors_totp_remove(DB, "u2"));
    assert_ok(users_by_id(DB, A, "u2", &root));
    root.email = "root@example.org";
    assert_ok(users_update(DB, &root));
    assert_ok(WITH(MFA, MAIL));
    X = a_post("");
    assert_refused_with(WITH({ "smtp_host", "" }), "mfa_method: email needs smtp_host, or nobody could sign in");
}

static void give_passkey(const char *user_id, bool is_uv_initialized)
{
    uint8_t zeros[16] = { 0 };
    struct passkey p = { .credential_id = bytes_of(user_id), .user_id = user_id, .name = "x", .public_key = BYTES(zeros),
                         .alg = -7, .transports = "", .aaguid = BYTES(zeros), .is_uv_initialized = is_uv_initialized,
                         .created_at = 1 };

    assert_ok(passkeys_add(DB, &p));
}

static void test_first_factor(void **state)
{
    static const struct wish only = { "auth_mode", "passkey_only" };

    (void)state;
    assert_refused_with(with(&only, 1), "auth_mode: no administrator has a passkey yet");
    assert_ok(WITH({ "auth_mode", "password_and_passkey" }));
    give_passkey("u2", false);
    assert_ok(with(&only, 1));
    /* one that verifies nobody is one factor; where two are demanded it opens nothing */
    assert_refused_with(WITH(MFA), "require_mfa: no administrator has a passkey that asks for a PIN or the like");
    assert_ok(WITH({ "auth_mode", "password_and_passkey" }));
    assert_ok(WITH(MFA)); /* the password and an app */
    assert_ok(WITH({ "require_mfa", "false" }));
    assert_ok(with(&only, 1));
    assert_ok(passkeys_use(DB, bytes_of("u2"), 0, true, false, T0));
    assert_ok(WITH(MFA, EMAIL)); /* a passkey is two factors */
}

static void test_names(void **state)
{
    (void)state;
    assert_ok(WITH({ "validation_min_username_length", "4" }));
    assert_refused_with(WITH({ "validation_min_username_length", "5" }),
                        "these username lengths rule out every administrator");
    put_user("u5", "rooted", "admin");
    assert_ok(passwords_set(DB, "u5", "hash", T0));
    assert_ok(WITH({ "validation_min_username_length", "5" }));
}

/* What is wrong already may be mended bit by bit; and where nobody is, nobody is locked out. */
static void test_not_made_worse(void **state)
{
    (void)state;
    put_setting("auth_mode", "passkey_only");
    X = a_post("");
    assert_ok(WITH({ "theme_title", "x" }));
    assert_ok(WITH({ "auth_mode", "password" }));
    X = a_post("");
    assert_ok(users_deactivate(DB, "u2", T0));
    assert_ok(WITH({ "auth_mode", "passkey_only" }));
}

int main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, set_up, after)
    const struct CMUnitTest tests[] = {
        T(test_second_factor), T(test_first_factor), T(test_names), T(test_not_made_worse),
    };

    return cmocka_run_group_tests(tests, with_processes, without_processes);
}
