#include "config.h"

#include "store_test.h"

#include "store/clients_kept.h"

static struct clients_kept *K;

static int with_kept(void **state)
{
    in_memory(state);
    K = clients_kept_new();
    return 0;
}

static int after_kept(void **state)
{
    clients_kept_free(K);
    return after(state);
}

static struct client *known(struct clients_kept *k, const char *client_id)
{
    struct client *c = NULL;

    assert_ok(clients_known(k, DB, A, client_id, &c));
    assert_string_equal(c->client_id, client_id);
    return c;
}

static void test_is_kept_until_emptied(void **state)
{
    (void)state;
    add_client("app");
    add_client("web");
    struct client *app = known(K, "app");
    assert_true(known(K, "web") != app);
    assert_ok(clients_set_active(DB, "app", false, NOW));
    assert_ptr_equal(known(K, "app"), app);
    assert_true(app->is_active); /* whoever sees the version move empties it */
    clients_kept_trim(K);
    assert_ptr_equal(known(K, "app"), app);
    clients_kept_empty(K);
    assert_false(known(K, "app")->is_active);
}

static void test_keeps_nothing(void **state)
{
    struct client *c = NULL;

    (void)state;
    add_client("app");
    assert_true(known(NULL, "app")->is_active);
    assert_ok(clients_set_active(DB, "app", false, NOW));
    assert_false(known(NULL, "app")->is_active);
    assert_none(clients_known(NULL, DB, A, "nobody", &c));
    assert_none(clients_known(K, DB, A, "nobody", &c));
    add_client("nobody");
    assert_ok(clients_known(K, DB, A, "nobody", &c));
}

/* More than there is room for are still found, and make room for the next request. */
static void test_many(void **state)
{
    struct client *first = NULL;

    (void)state;
    for (int i = 0; i < 100; i++) {
        char *id = arena_printf(A, "app%d", i);

        add_client(id);
        struct client *c = known(K, id);
        if (i == 0)
            first = c;
        assert_ptr_equal(known(K, "app0"), first); /* nothing moves within a request */
    }
    assert_ok(clients_set_active(DB, "app0", false, NOW));
    clients_kept_trim(K);
    assert_false(known(K, "app0")->is_active);
}

static size_t secrets_n(int64_t now)
{
    struct client_secrets got;

    assert_ok(clients_known_secrets(K, DB, A, "app", now, &got));
    return got.n;
}

static void add_secret(const char *id, int64_t expires_at)
{
    struct client_secret s = { .id = id, .hash = "h", .created_at = NOW, .expires_at = expires_at };

    assert_ok(clients_add_secret(DB, "app", &s));
}

static void test_secrets(void **state)
{
    (void)state;
    add_client("app");
    add_secret("old", NOW + 10);
    add_secret("new", 0);
    assert_int_equal(secrets_n(NOW), 2); /* not kept: the client is not */
    (void)known(K, "app");
    assert_int_equal(secrets_n(NOW), 2);
    add_secret("third", 0);
    assert_int_equal(secrets_n(NOW), 2);
    assert_int_equal(secrets_n(NOW + 9), 2);
    assert_int_equal(secrets_n(NOW + 10), 1); /* time passes without a version */
    clients_kept_empty(K);
    assert_int_equal(secrets_n(NOW), 3);
}

int main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, with_kept, after_kept)
    const struct CMUnitTest tests[] = {
        T(test_is_kept_until_emptied), T(test_keeps_nothing), T(test_many), T(test_secrets),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
