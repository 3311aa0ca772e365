#include "config.h"

#include "store_test.h"

#include "store/codes.h"

static struct code a_code(int n)
{
    return (struct code){
        .code_hash = hash_like(n), .client_id = "app", .user_id = "u1", .session_id = "s1",
        .redirect_uri = "https://app.example/cb", .scope = "openid email", .nonce = "n-1",
        .code_challenge = "E9Mel", .code_challenge_method = "S256", .auth_time = NOW - 9, .acr = "1",
        .amr = "pwd", .created_at = NOW, .expires_at = NOW + 60,
    };
}

static int with_code(void **state)
{
    struct code c;

    in_file(state);
    add_household();
    c = a_code(5);
    assert_ok(codes_add(DB, &c));
    return 0;
}

static void test_redeem_once(void **state)
{
    struct code c;

    (void)state;
    assert_ok(codes_redeem(DB, A, hash_like(5), "app", "f1", NOW + 1, &c));
    assert_memory_equal(c.code_hash.p, hash_like(5).p, 32);
    assert_string_equal(c.client_id, "app");
    assert_string_equal(c.user_id, "u1");
    assert_string_equal(c.session_id, "s1");
    assert_string_equal(c.redirect_uri, "https://app.example/cb");
    assert_string_equal(c.scope, "openid email");
    assert_string_equal(c.nonce, "n-1");
    assert_string_equal(c.code_challenge, "E9Mel");
    assert_string_equal(c.code_challenge_method, "S256");
    assert_int_equal(c.auth_time, NOW - 9);
    assert_string_equal(c.acr, "1");
    assert_string_equal(c.amr, "pwd");
    assert_int_equal(c.expires_at, NOW + 60);
    assert_none(codes_redeem(DB, A, hash_like(5), "app", "f1", NOW + 1, &c));
}

static void test_not_redeemed(void **state)
{
    struct code c;

    (void)state;
    assert_none(codes_redeem(DB, A, hash_like(6), "app", "f1", NOW, &c));
    assert_none(codes_redeem(DB, A, hash_like(5), "other", "f1", NOW, &c));
    assert_none(codes_redeem(DB, A, hash_like(5), "app", "f1", NOW + 60, &c)); /* expires at `now` */
    assert_ok(codes_redeem(DB, A, hash_like(5), "app", "f1", NOW + 59, &c));   /* and none of that spent it */
}

/* The session ended after its check and before the code was written. */
static void test_born_after_the_end(void **state)
{
    struct code c = a_code(6);

    (void)state;
    assert_ok(sessions_end(DB, "s1", "logout", NOW));
    assert_ok(codes_add(DB, &c));
    assert_none(codes_redeem(DB, A, hash_like(6), "app", "f1", NOW, &c));
}

static void test_replay(void **state)
{
    const char *family = NULL;
    struct code c;

    (void)state;
    assert_none(codes_replayed(DB, A, hash_like(5), "app", &family));
    assert_ok(codes_redeem(DB, A, hash_like(5), "app", "f1", NOW, &c));
    assert_none(codes_replayed(DB, A, hash_like(5), "other", &family)); /* a stranger's try counts nothing */
    assert_none(codes_replayed(DB, A, hash_like(6), "app", &family));
    assert_null(family);
    assert_ok(codes_replayed(DB, A, hash_like(5), "app", &family));
    assert_string_equal(family, "f1");
}

static void test_burnt(void **state)
{
    const char *family = NULL;
    struct code c;

    (void)state;
    assert_none(codes_burn(DB, hash_like(5))); /* not redeemed */
    assert_ok(codes_redeem(DB, A, hash_like(5), "app", "f1", NOW, &c));
    assert_ok(codes_burn(DB, hash_like(5)));
    assert_none(codes_replayed(DB, A, hash_like(5), "app", &family)); /* nothing came of it */
    assert_none(codes_redeem(DB, A, hash_like(5), "app", "f2", NOW, &c));
}

static void test_sweep(void **state)
{
    int64_t n;

    (void)state;
    for (int i = 10; i < 15; i++) {
        struct code c = a_code(i);

        assert_ok(codes_add(DB, &c));
    }
    assert_ok(codes_sweep(DB, NOW + 60, 4, &n));
    assert_int_equal(n, 0);
    assert_ok(codes_sweep(DB, NOW + 61, 4, &n));
    assert_int_equal(n, 4);
    assert_ok(codes_sweep(DB, NOW + 61, 4, &n));
    assert_int_equal(n, 2);
}

static void test_parents_are_checked(void **state)
{
    struct code c = a_code(6);

    (void)state;
    c.session_id = "gone";
    assert_refused(codes_add(DB, &c));
    c = a_code(5);
    assert_refused(codes_add(DB, &c));
    assert_string_equal(db_why(DB), "authorization_codes.code_hash");
}

/* Races. */

struct attempt { struct arena *a; int i; };

static enum rc redeem(struct db *db, void *arg)
{
    struct attempt *t = arg;
    struct code c;
    struct family f = {
        .id = arena_printf(t->a, "race-%d", t->i), .user_id = "u1", .client_id = "app", .session_id = "s1",
        .sid = "s1", .grant_type = "authorization_code", .scope = "openid", .acr = "1", .amr = "pwd",
        .auth_time = NOW, .created_at = NOW, .expires_at = NOW + 10,
    };

    A = t->a;
    TRY(codes_redeem(db, t->a, hash_like(5), "app", f.id, NOW, &c));
    return families_add(db, &f);
}

static int racing(struct db *db, int i)
{
    struct attempt t = { arena_start("racer"), i };

    return (int)db_write(db, redeem, &t);
}

static void test_parallel_redemptions(void **state)
{
    int tally[256] = { 0 };

    (void)state;
    race(20, racing, tally);
    assert_int_equal(tally[RC_OK], 1);
    assert_int_equal(tally[RC_NONE], 19);
    assert_int_equal(count("SELECT COUNT(*) FROM token_families WHERE id <> 'f1'"), 1);
    assert_int_equal(count("SELECT COUNT(*) FROM authorization_codes WHERE family_id IS NOT NULL"), 1);
}

static enum rc redeem_and_die(struct db *db, void *arg)
{
    TRY(redeem(db, arg));
    kill(getpid(), SIGKILL); /* holding the pen, half-way */
    return RC_OK;
}

/* The first one dies in the middle of its transaction, the others come after. */
static int dying(struct db *db, int i)
{
    struct attempt t = { arena_start("racer"), i };

    if (i == 0)
        return (int)db_write(db, redeem_and_die, &t);
    usleep(50000);
    return (int)db_write(db, redeem, &t);
}

static void test_killed_inside_a_transaction(void **state)
{
    int tally[256] = { 0 };

    (void)state;
    race(5, dying, tally);
    assert_int_equal(tally[255], 1);
    assert_int_equal(tally[RC_OK], 1);
    assert_int_equal(tally[RC_NONE], 3);
    assert_int_equal(count("SELECT COUNT(*) FROM token_families WHERE id = 'race-0'"), 0);
    assert_int_equal(count("SELECT COUNT(*) FROM token_families WHERE id <> 'f1'"), 1);
}

int main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, with_code, after_directory)
    const struct CMUnitTest tests[] = {
        T(test_redeem_once), T(test_not_redeemed), T(test_born_after_the_end), T(test_replay), T(test_burnt),
        T(test_sweep), T(test_parents_are_checked), T(test_parallel_redemptions), T(test_killed_inside_a_transaction),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
