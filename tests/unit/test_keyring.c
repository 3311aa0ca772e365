#include "config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#include "crypto/hash.h"
#include "crypto/keyring.h"

static struct arena *arena;

static int set_up(void **state)
{
    (void)state;
    arena = arena_start("test");
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    arena_done(arena);
    return 0;
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)

#define OLD "an old cookie secret of 32 bytes."
#define NEW "a new cookie secret of 32 bytes.."

static struct keyring ring(const char *cookie, const char *previous)
{
    struct keyring_roots roots = {
        .cookie = bytes_of(cookie), .cookie_previous = bytes_of(previous),
        .admin_token = bytes_of("admin"), .front = bytes_of("front"),
    };
    struct keyring k;

    keyring_derive(&roots, &k);
    return k;
}

static void a_key_for_each_purpose(void **state)
{
    struct keyring k = ring(NEW, OLD);
    uint8_t hash[SHA256_BYTES];

    (void)state;
    for (int i = 0; i < KEY_PURPOSES_N; i++) {
        sha256(BYTES(k.now[i].key), hash);
        assert_memory_equal(k.now[i].id, hash, 4);
        assert_memory_not_equal(k.now[i].key, k.previous[i].key, 32);
        for (int j = 0; j < i; j++)
            assert_memory_not_equal(k.now[i].key, k.now[j].key, 32);
    }
}

/* Computed by hand: a changed label would end every session. */
static void the_labels_stay(void **state)
{
    struct keyring k = ring(NEW, NULL);
    uint8_t key[32];

    (void)state;
    hkdf(bytes_of(NEW), "autentico csrf v1", key, sizeof(key));
    assert_memory_equal(k.now[KEY_CSRF].key, key, 32);
    hkdf(bytes_of(NEW), "autentico session v1", key, sizeof(key));
    assert_memory_equal(k.now[KEY_SESSION].key, key, 32);
}

static void hashes_of_what_is_only_compared(void **state)
{
    struct keyring k = ring(NEW, NULL);
    uint8_t hash[SHA256_BYTES];

    (void)state;
    sha256(bytes_of("admin"), hash);
    assert_true(k.has_admin_token[0]);
    assert_memory_equal(k.admin_token_hash[0], hash, sizeof(hash));
    assert_false(k.has_admin_token[1]);
    sha256(bytes_of("front"), hash);
    assert_true(k.has_front);
    assert_memory_equal(k.front_hash, hash, sizeof(hash));
}

static void macs(void **state)
{
    struct keyring k = ring(NEW, NULL), both = ring(NEW, OLD), old = ring(OLD, NULL);
    uint8_t one[32], two[32];

    (void)state;
    assert_int_equal(keyring_mac(&k, KEY_SESSION, 1, bytes_of("x"), one), RC_NONE);
    assert_int_equal(keyring_mac(&k, KEY_SESSION, 0, bytes_of("x"), one), RC_OK);
    assert_int_equal(keyring_mac(&k, KEY_CSRF, 0, bytes_of("x"), two), RC_OK);
    assert_memory_not_equal(one, two, 32);
    assert_int_equal(keyring_mac(&both, KEY_SESSION, 1, bytes_of("x"), one), RC_OK);
    assert_int_equal(keyring_mac(&old, KEY_SESSION, 0, bytes_of("x"), two), RC_OK);
    assert_memory_equal(one, two, 32);
}

static void a_seal_outlives_one_rotation(void **state)
{
    struct keyring old = ring(OLD, NULL), both = ring(NEW, OLD), new = ring(NEW, NULL);
    struct bytes aad = bytes_of("browser"), plain = bytes_of("handle"), out;
    struct bytes sealed = keyring_seal(&old, KEY_HANDLE, arena, aad, plain);

    (void)state;
    assert_memory_equal(sealed.p, old.now[KEY_HANDLE].id, 4);
    assert_int_equal(keyring_open(&old, KEY_HANDLE, arena, aad, sealed, &out), RC_OK);
    assert_true(ct_equal(plain, out));
    assert_int_equal(keyring_open(&both, KEY_HANDLE, arena, aad, sealed, &out), RC_OK);
    assert_true(ct_equal(plain, out));
    assert_int_equal(keyring_open(&new, KEY_HANDLE, arena, aad, sealed, &out), RC_NONE);
}

static void foreign_seals_are_refused(void **state)
{
    struct keyring k = ring(NEW, OLD);
    struct bytes aad = bytes_of("browser"), out;
    struct bytes sealed = keyring_seal(&k, KEY_HANDLE, arena, aad, bytes_of("handle"));
    uint8_t *relabelled = arena_memdup(arena, sealed.p, sealed.n);

    (void)state;
    assert_int_equal(keyring_open(&k, KEY_CONSOLE, arena, aad, sealed, &out), RC_NONE);
    assert_int_equal(keyring_open(&k, KEY_HANDLE, arena, bytes_of("other"), sealed, &out), RC_NONE);
    memcpy(relabelled, k.previous[KEY_HANDLE].id, 4);
    assert_int_equal(keyring_open(&k, KEY_HANDLE, arena, aad,
                                  (struct bytes){ relabelled, sealed.n }, &out), RC_NONE);
    for (size_t n = 0; n < sealed.n; n++)
        assert_int_equal(keyring_open(&k, KEY_HANDLE, arena, aad, (struct bytes){ sealed.p, n }, &out),
                         RC_NONE);
}

/* What a process that needs one purpose cannot lose. */
static void all_but_one_are_wiped(void **state)
{
    static const uint8_t zeros[sizeof(struct keyring)];
    struct keyring k = ring(NEW, OLD), whole = k;
    struct bytes sealed = keyring_seal(&k, KEY_OUTBOX, arena, bytes_of("a"), bytes_of("text")), out;

    (void)state;
    keyring_keep_only(&k, KEY_OUTBOX);
    for (int i = 0; i < KEY_PURPOSES_N; i++) {
        const void *now = i == KEY_OUTBOX ? (const void *)&whole.now[i] : zeros;
        const void *previous = i == KEY_OUTBOX ? (const void *)&whole.previous[i] : zeros;

        assert_memory_equal(&k.now[i], now, sizeof(k.now[i]));
        assert_memory_equal(&k.previous[i], previous, sizeof(k.previous[i]));
    }
    assert_false(k.has_admin_token[0] || k.has_front);
    assert_memory_equal(k.admin_token_hash, zeros, sizeof(k.admin_token_hash));
    assert_memory_equal(k.front_hash, zeros, sizeof(k.front_hash));
    assert_int_equal(keyring_open(&k, KEY_OUTBOX, arena, bytes_of("a"), sealed, &out), RC_OK);
    whole = ring(OLD, "");
    sealed = keyring_seal(&whole, KEY_OUTBOX, arena, bytes_of("a"), bytes_of("text"));
    assert_int_equal(keyring_open(&k, KEY_OUTBOX, arena, bytes_of("a"), sealed, &out), RC_OK);
}

/* A reload: those who know only the old one are still at work, and have to understand it all. */
static void while_generations_overlap(void **state)
{
    struct keyring k = ring(NEW, OLD), before = ring(OLD, ""), after = ring(NEW, "");
    int is_overlapping = 1;
    uint8_t mac[32], wanted[32];
    struct bytes sealed, out;

    (void)state;
    k.is_overlapping = &is_overlapping;
    for (int i = 0; i < 2; i++, is_overlapping = 0) {
        struct keyring *makes = i == 0 ? &before : &after, *other = i == 0 ? &after : &before;

        sealed = keyring_seal(&k, KEY_HANDLE, arena, bytes_of("a"), bytes_of("text"));
        assert_int_equal(keyring_open(makes, KEY_HANDLE, arena, bytes_of("a"), sealed, &out), RC_OK);
        assert_int_equal(keyring_open(other, KEY_HANDLE, arena, bytes_of("a"), sealed, &out), RC_NONE);
        assert_int_equal(keyring_open(&k, KEY_HANDLE, arena, bytes_of("a"), sealed, &out), RC_OK);
        assert_int_equal(keyring_is_settled(&k), i == 1);
        assert_int_equal(keyring_mac(&k, KEY_SESSION, KEY_MAKES, bytes_of("x"), mac), RC_OK);
        assert_int_equal(keyring_mac(makes, KEY_SESSION, KEY_MAKES, bytes_of("x"), wanted), RC_OK);
        assert_memory_equal(mac, wanted, 32);
        for (int key = 0; key < 2; key++) { /* to look something up: the same keys in either case */
            assert_int_equal(keyring_mac(&k, KEY_SESSION, key, bytes_of("x"), mac), RC_OK);
            assert_int_equal(keyring_mac(key == 0 ? &after : &before, KEY_SESSION, 0, bytes_of("x"), wanted), RC_OK);
            assert_memory_equal(mac, wanted, 32);
        }
    }
    is_overlapping = 1;
    after.is_overlapping = &is_overlapping; /* --now: there is no other */
    assert_true(keyring_is_settled(&after));
    assert_int_equal(keyring_mac(&after, KEY_SESSION, KEY_MAKES, bytes_of("x"), mac), RC_OK);
}

struct row { int under, after, looked_n; }; /* found under that key, from the look numbered `after` on */

static enum rc look(void *arg, int i)
{
    struct row *r = arg;

    return r->looked_n++ >= r->after && r->under == i ? RC_OK : RC_NONE;
}

static enum rc look_up(const struct keyring *k, struct row row, int looks, bool *goes_over)
{
    enum rc rc = keyring_look_up(k, look, &row, goes_over);

    assert_int_equal(row.looked_n, looks);
    return rc;
}

static void looked_up_under_both(void **state)
{
    struct keyring k = ring(NEW, OLD), alone = ring(NEW, "");
    int is_overlapping = 1;
    bool over = true;

    (void)state;
    assert_int_equal(look_up(&k, (struct row){ 0, 0, 0 }, 1, &over), RC_OK);
    assert_false(over);
    assert_int_equal(look_up(&k, (struct row){ 1, 0, 0 }, 2, &over), RC_OK);
    assert_true(over);
    assert_int_equal(look_up(&k, (struct row){ 0, 1, 0 }, 3, &over), RC_OK); /* taken over in between */
    assert_false(over);
    assert_int_equal(look_up(&k, (struct row){ 2, 0, 0 }, 3, &over), RC_NONE);
    assert_int_equal(look_up(&alone, (struct row){ 1, 0, 0 }, 1, &over), RC_NONE);
    k.is_overlapping = &is_overlapping;
    assert_int_equal(look_up(&k, (struct row){ 1, 0, 0 }, 2, &over), RC_OK);
    assert_false(over); /* others know the previous one only */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_key_for_each_purpose), TEST(all_but_one_are_wiped),
        TEST(the_labels_stay),
        TEST(hashes_of_what_is_only_compared),
        TEST(macs),
        TEST(a_seal_outlives_one_rotation),
        TEST(foreign_seals_are_refused),
        TEST(while_generations_overlap),
        TEST(looked_up_under_both),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
