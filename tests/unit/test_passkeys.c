#include "config.h"

#include "store_test.h"

#include "store/passkeys.h"

static const uint8_t AAGUID[16] = "an AAGUID";

static struct passkey like(const char *id, const char *user_id, int64_t sign_count, int64_t at)
{
    return (struct passkey){
        .credential_id = bytes_of(id), .user_id = user_id, .name = "Passkey 1a2b", .public_key = bytes_of("a key"),
        .alg = -257, .sign_count = sign_count, .transports = "usb nfc", .aaguid = BYTES(AAGUID), .is_backup_eligible = true,
        .created_at = at,
    };
}

static void add(const char *id, const char *user_id, int64_t sign_count, int64_t at)
{
    struct passkey p = like(id, user_id, sign_count, at);

    assert_ok(passkeys_add(DB, &p));
}

static int with_passkeys(void **state)
{
    in_memory(state);
    add_user("u1", "ann");
    add_user("u2", "bob");
    add("one", "u1", 5, NOW);
    add("two", "u1", 0, NOW + 1);
    add("three", "u2", 0, NOW);
    return 0;
}

static struct passkey stored(const char *id)
{
    struct passkey p;

    assert_ok(passkeys_find(DB, A, bytes_of(id), &p));
    return p;
}

/* WR-25: everything is there again. */
static void wr25_record(void **state)
{
    struct passkey p = stored("one");
    struct passkey_rows rows;

    (void)state;
    assert_string_equal(p.user_id, "u1");
    assert_string_equal(p.name, "Passkey 1a2b");
    assert_string_equal(p.transports, "usb nfc");
    assert_int_equal(p.public_key.n, 5);
    assert_memory_equal(p.aaguid.p, AAGUID, 16);
    assert_true(p.alg == -257 && p.sign_count == 5 && p.created_at == NOW && p.last_used_at == 0);
    assert_true(p.is_backup_eligible && !p.is_backed_up && !p.is_uv_initialized);
    assert_ok(passkeys_of_user(DB, A, "u1", &rows));
    assert_int_equal(rows.n, 2);
    assert_memory_equal(rows.v[0].credential_id.p, "one", 3);
    assert_none(passkeys_find(DB, A, bytes_of("four"), &p));
    assert_ok(passkeys_of_user(DB, A, "u3", &rows));
    assert_int_equal(rows.n, 0);
}

/* WR-24: whose it is stays. */
static void wr24_taken(void **state)
{
    struct passkey p = like("one", "u2", 0, NOW);

    (void)state;
    assert_refused(passkeys_add(DB, &p));
    assert_string_equal(stored("one").user_id, "u1");
}

/* WA-14, WA-15: upwards only; 0 is no counter while it is on both sides. */
static void wa14_counter(void **state)
{
    static const struct { const char *id; int64_t count; enum rc rc; int64_t after; } cases[] = {
        { "one", 5, RC_NONE, 5 }, { "one", 4, RC_NONE, 5 }, { "one", 0, RC_NONE, 5 }, { "one", 6, RC_OK, 6 },
        { "one", 6, RC_NONE, 6 }, { "one", UINT32_MAX, RC_OK, UINT32_MAX }, { "one", 0, RC_NONE, UINT32_MAX },
        { "two", 0, RC_OK, 0 }, { "two", 0, RC_OK, 0 }, { "two", 1, RC_OK, 1 }, { "two", 0, RC_NONE, 1 },
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        assert_int_equal(passkeys_use(DB, bytes_of(cases[i].id), cases[i].count, false, false, NOW), cases[i].rc);
        assert_true(stored(cases[i].id).sign_count == cases[i].after);
    }
    assert_none(passkeys_use(DB, bytes_of("four"), 1, true, true, NOW));
}

static void wa15_update(void **state)
{
    (void)state;
    assert_none(passkeys_any_verifying(DB, "u1"));
    assert_ok(passkeys_use(DB, bytes_of("one"), 6, true, true, NOW + 7));
    assert_ok(passkeys_any_verifying(DB, "u1"));
    assert_none(passkeys_any_verifying(DB, "u2"));
    assert_true(stored("one").is_uv_initialized && stored("one").is_backed_up && stored("one").last_used_at == NOW + 7);
    assert_ok(passkeys_use(DB, bytes_of("one"), 7, false, false, NOW + 8));
    assert_true(stored("one").is_uv_initialized); /* once is enough */
    assert_false(stored("one").is_backed_up);
}

static void test_of_oneself_only(void **state)
{
    struct passkey p;

    (void)state;
    assert_none(passkeys_rename(DB, bytes_of("three"), "u1", "mine"));
    assert_ok(passkeys_rename(DB, bytes_of("one"), "u1", "my key"));
    assert_string_equal(stored("one").name, "my key");
    assert_none(passkeys_remove(DB, bytes_of("three"), "u1"));
    assert_ok(passkeys_remove(DB, bytes_of("one"), "u1"));
    assert_none(passkeys_find(DB, A, bytes_of("one"), &p));
    assert_ok(passkeys_remove_of_user(DB, "u1"));
    assert_none(passkeys_remove_of_user(DB, "u1"));
    assert_ok(passkeys_find(DB, A, bytes_of("three"), &p));
}

static void test_user_handles(void **state)
{
    struct bytes handle;

    (void)state;
    assert_none(user_handles_find(DB, A, "u1", &handle));
    assert_ok(user_handles_add(DB, "u1", hash_like(1)));
    assert_ok(user_handles_add(DB, "u1", hash_like(2)));
    assert_ok(user_handles_find(DB, A, "u1", &handle));
    assert_memory_equal(handle.p, hash_like(1).p, 32);
    assert_ok(users_delete(DB, "u1"));
    assert_none(user_handles_find(DB, A, "u1", &handle));
}

int main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, with_passkeys, after)
    const struct CMUnitTest tests[] = {
        T(wr25_record), T(wr24_taken), T(wa14_counter), T(wa15_update), T(test_of_oneself_only), T(test_user_handles),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
