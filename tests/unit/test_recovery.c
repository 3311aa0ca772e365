#include "config.h"

#include "factor_test.h"

static void test_codes(void **state) /* OT-08: ten of at least 80 bits */
{
    struct recovery_codes c = recovery_make(A, "u1");

    (void)state;
    for (size_t i = 0; i < RECOVERY_CODES_N; i++) {
        assert_int_equal(strlen(c.text[i]), 19);
        assert_int_equal(strspn(c.text[i], "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567-"), 19);
        assert_true(c.text[i][4] == '-' && c.text[i][9] == '-' && c.text[i][14] == '-');
        for (size_t j = 0; j < i; j++)
            assert_string_not_equal(c.text[i], c.text[j]);
    }
}

static bool is_hash_of(const char *typed, struct bytes expected)
{
    struct bytes hash;

    return recovery_hash(A, "u1", typed, &hash) == RC_OK && ct_equal(hash, expected);
}

static void test_as_people_type_them(void **state)
{
    struct bytes hash, expected;

    (void)state;
    assert_ok(recovery_hash(A, "u1", "OIBA-EFGH-IJKL-MNOP", &expected));
    assert_true(is_hash_of("oiba efgh ijkl mnop", expected));
    assert_true(is_hash_of("  OIBAEFGHIJKLMNOP\t", expected));
    assert_true(is_hash_of("018A-EFGH-IJKL-MN0P", expected));
    assert_false(is_hash_of("OIBA-EFGH-IJKL-MNOQ", expected));
    assert_ok(recovery_hash(A, "u2", "OIBA-EFGH-IJKL-MNOP", &hash)); /* of somebody else */
    assert_false(ct_equal(hash, expected));
}

static void test_no_codes(void **state)
{
    static const char *const rows[] = {
        NULL, "", "-", "OIBA-EFGH-IJKL-MNO", "OIBA-EFGH-IJKL-MNOPQ", "OIBA-EFGH-IJKL-MNO9", "OIBA_EFGH_IJKL_MNOP",
        "\xc3\x96IBA-EFGH-IJKL-MNO", "OIBA-EFGH-IJKL-MNO=",
    };
    struct bytes hash;

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++)
        if (recovery_hash(A, "u1", rows[i], &hash) != RC_NONE)
            fail_msg("%s", rows[i]);
}

static enum rc store(struct db *db, void *arg)
{
    (void)db;
    return recovery_store(a_post(""), "u1", arg);
}

static void test_stored(void **state)
{
    struct recovery_codes c = recovery_make(A, "u1");
    struct bytes hash;
    int64_t left;

    (void)state;
    assert_ok(db_write(DB, store, &c));
    assert_ok(factors_recovery_left(DB, "u1", &left));
    assert_int_equal(left, RECOVERY_CODES_N);
    assert_ok(recovery_hash(A, "u1", c.text[9], &hash));
    assert_ok(factors_recovery_spend(DB, "u1", hash, T0));
    assert_int_equal(count("SELECT COUNT(*) FROM audit_logs WHERE event = 'recovery_codes_created'"), 1);
}

int main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, world, after)
    const struct CMUnitTest tests[] = {
        T(test_codes), T(test_as_people_type_them), T(test_no_codes), T(test_stored),
    };

    return cmocka_run_group_tests(tests, with_processes, without_processes);
}
