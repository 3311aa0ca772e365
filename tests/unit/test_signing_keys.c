#include "config.h"

#include "store_test.h"

#include "store/signing_keys.h"

static void add_key(const char *kid, const char *state, int64_t at, bool is_sealed)
{
    struct signing_key_row k = {
        .kid = kid, .alg = "RS256", .public_jwk = "{}", .state = state, .thumbprint = "tp", .created_at = at,
        .private_sealed = is_sealed ? hash_like(3) : (struct bytes){ 0 },
        .activated_at = strcmp(state, "active") == 0 ? at : 0,
    };

    assert_ok(signing_keys_add(DB, &k));
}

static void test_active_first(void **state)
{
    struct signing_key_rows r;

    (void)state;
    add_key("old", "retired", NOW, true);
    add_key("new", "next", NOW + 3, true);
    add_key("env", "active", NOW + 1, false);
    assert_ok(signing_keys_all(DB, A, &r));
    assert_int_equal(r.n, 3);
    assert_string_equal(r.v[0].kid, "env");
    assert_string_equal(r.v[0].alg, "RS256");
    assert_string_equal(r.v[0].thumbprint, "tp");
    assert_int_equal(r.v[0].private_sealed.n, 0);
    assert_int_equal(r.v[0].activated_at, NOW + 1);
    assert_string_equal(r.v[1].kid, "new");
    assert_int_equal(r.v[1].private_sealed.n, 32);
    assert_string_equal(r.v[2].kid, "old");
}

static void test_states(void **state)
{
    struct signing_key_rows r;
    struct signing_key_row twice = { .kid = "k", .alg = "RS256", .public_jwk = "{}", .state = "next",
                                     .thumbprint = "tp", .created_at = NOW };

    (void)state;
    add_key("k", "next", NOW, true);
    assert_refused(signing_keys_add(DB, &twice));
    assert_ok(signing_keys_activate(DB, "k", NOW + 1));
    assert_ok(signing_keys_retire(DB, "k", NOW + 2));
    assert_ok(signing_keys_all(DB, A, &r));
    assert_string_equal(r.v[0].state, "retired");
    assert_int_equal(r.v[0].activated_at, NOW + 1);
    assert_int_equal(r.v[0].retired_at, NOW + 2);
    assert_none(signing_keys_activate(DB, "nobody", NOW));
    assert_none(signing_keys_retire(DB, "nobody", NOW));
    assert_none(signing_keys_activate(DB, "k", NOW)); /* retired stays retired */
    assert_none(signing_keys_retire(DB, "k", NOW));
}

static void test_unpublish_and_revoke(void **state)
{
    struct signing_key_rows r;

    (void)state;
    add_key("a", "active", NOW, true);
    assert_none(signing_keys_unpublish(DB, "a", NOW)); /* it signs */
    assert_ok(signing_keys_retire(DB, "a", NOW + 1));
    assert_ok(signing_keys_unpublish(DB, "a", NOW + 2));
    assert_none(signing_keys_unpublish(DB, "a", NOW + 3));
    assert_ok(signing_keys_revoke(DB, "a", NOW + 4));
    assert_none(signing_keys_revoke(DB, "a", NOW + 5));
    assert_none(signing_keys_revoke(DB, "nobody", NOW));
    assert_none(signing_keys_activate(DB, "a", NOW));
    assert_ok(signing_keys_all(DB, A, &r));
    assert_int_equal(r.v[0].retired_at, NOW + 1);
    assert_int_equal(r.v[0].unpublished_at, NOW + 2);
    assert_int_equal(r.v[0].revoked_at, NOW + 4);
    add_key("b", "active", NOW, true);
    assert_ok(signing_keys_revoke(DB, "b", NOW + 6));
    assert_ok(signing_keys_all(DB, A, &r));
    assert_null(signing_keys_pick(&r, "RS256", "active"));
    assert_int_equal(r.v[1].retired_at + r.v[0].retired_at, 2 * NOW + 7);
}

/* Only what was read is replaced: somebody else may have been faster. */
static void test_reseal(void **state)
{
    struct signing_key_rows r;

    (void)state;
    add_key("k", "active", NOW, true);
    assert_none(signing_keys_reseal(DB, "k", hash_like(4), hash_like(5)));
    assert_ok(signing_keys_reseal(DB, "k", hash_like(3), hash_like(5)));
    assert_none(signing_keys_reseal(DB, "k", hash_like(3), hash_like(6)));
    assert_ok(signing_keys_all(DB, A, &r));
    assert_memory_equal(r.v[0].private_sealed.p, hash_like(5).p, 32);
}

int main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, in_memory, after)
    const struct CMUnitTest tests[] = { T(test_active_first), T(test_states), T(test_unpublish_and_revoke),
                                        T(test_reseal) };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
