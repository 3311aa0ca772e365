#include "config.h"

#include "store_test.h"

#include "store/links.h"

static void add(enum link_kind kind, const char *user_id, int token, int64_t expires_at)
{
    struct one_time_link l = { .token_hash = hash_like(token), .kind = kind, .user_id = user_id, .created_at = NOW,
                               .expires_at = expires_at };

    assert_ok(links_add(DB, &l));
}

static void two_people(void)
{
    add_user("u1", "ann");
    add_user("u2", "bob");
    add(LINK_RESET, "u1", 1, NOW + 60);
    add(LINK_RECOVER, "u1", 2, NOW + 60);
    add(LINK_NOT_ME, "u1", 3, NOW + 600);
    add(LINK_RESET, "u2", 4, NOW + 60);
}

static int with_links(void **state)
{
    in_memory(state);
    two_people();
    return 0;
}

static void test_find(void **state)
{
    struct one_time_link l;

    (void)state;
    assert_ok(links_find(DB, A, hash_like(2), NOW, &l));
    assert_int_equal(l.kind, LINK_RECOVER);
    assert_string_equal(l.user_id, "u1");
    assert_int_equal(l.created_at, NOW);
    assert_int_equal(l.expires_at, NOW + 60);
    assert_ok(links_find(DB, A, hash_like(2), NOW, &l)); /* looking spends nothing */
    assert_ok(links_find(DB, A, hash_like(2), NOW + 59, &l));
    assert_none(links_find(DB, A, hash_like(2), NOW + 60, &l));
    assert_none(links_find(DB, A, hash_like(9), NOW, &l));
    assert_ok(users_deactivate(DB, "u1", NOW));
    assert_none(links_find(DB, A, hash_like(2), NOW, &l));
    assert_none(links_use(DB, A, hash_like(2), NOW, &l));
}

static void test_use(void **state)
{
    struct one_time_link l;

    (void)state;
    assert_none(links_use(DB, A, hash_like(1), NOW + 60, &l));
    assert_ok(links_use(DB, A, hash_like(1), NOW, &l));
    assert_int_equal(l.kind, LINK_RESET);
    assert_none(links_use(DB, A, hash_like(1), NOW, &l));
    assert_none(links_find(DB, A, hash_like(1), NOW, &l));
    assert_ok(links_use(DB, A, hash_like(2), NOW, &l)); /* the others are as they were */
}

static void test_void(void **state)
{
    struct one_time_link l;

    (void)state;
    assert_ok(links_void_of_user(DB, "u1", NOW));
    assert_none(links_find(DB, A, hash_like(1), NOW, &l));
    assert_none(links_find(DB, A, hash_like(2), NOW, &l));
    assert_ok(links_find(DB, A, hash_like(3), NOW, &l));
    assert_int_equal(l.kind, LINK_NOT_ME);
    assert_ok(links_find(DB, A, hash_like(4), NOW, &l));
}

static void test_sweep(void **state)
{
    int64_t n;

    (void)state;
    assert_ok(links_sweep(DB, NOW + 60, 500, &n));
    assert_int_equal(n, 0);
    assert_ok(links_sweep(DB, NOW + 61, 2, &n));
    assert_int_equal(n, 2);
    assert_ok(links_sweep(DB, NOW + 61, 500, &n));
    assert_int_equal(n, 1);
    assert_int_equal(count("SELECT count(*) FROM one_time_links"), 1);
    assert_ok(users_delete(DB, "u1"));
    assert_int_equal(count("SELECT count(*) FROM one_time_links"), 0);
}

static int use_it(struct db *db, int i)
{
    struct arena *a = arena_start("racer");
    struct one_time_link l;
    uint8_t hash[32] = "hash 1";

    (void)i;
    enum rc rc = links_use(db, a, BYTES(hash), NOW, &l);
    arena_done(a);
    return (int)rc;
}

/* CS-16: of many at once one gets it. */
static void test_race(void **state)
{
    int tally[256] = { 0 };

    (void)state;
    two_people();
    race(8, use_it, tally);
    assert_int_equal(tally[RC_OK], 1);
    assert_int_equal(tally[RC_NONE], 7);
}

int main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, with_links, after)
    const struct CMUnitTest tests[] = {
        T(test_find), T(test_use), T(test_void), T(test_sweep),
        cmocka_unit_test_setup_teardown(test_race, in_file, after_directory),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
