#include "config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>
#include <time.h>

#include <argon2.h>

#include "crypto/pwhash.h"
#include "util/text.h"

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

#define RIGHT "correct horse"

/* Made by htpasswd -B, by mkpasswd -m …, and the reference vectors of Argon2. */
static const struct {
    const char *password, *encoded;
} hashes[] = {
    { RIGHT, "$2y$05$BQtrmTC4r2Sgfqud3VrKE.uBU7qB/gYKPvQXl5TTXRe.9Sh221T2O" },
    { RIGHT, "$2a$05$Eh9FJ6JF0qIe9LYyWI2BZext6dnBA26bqRQngB1NFOwHajxlYN8ZW" },
    { RIGHT, "$2b$05$hB1b74wFRVYPeXll4QKoouj2DtC0FGDJG1dkHE.8alcNOJRMQg8Qe" },
    { RIGHT, "$y$j9T$hArcWhgYdFN6jI0evH3NL.$H3A9lVJm5DOSQJTJhwaJ5bFyCQzgMwLri2oFhkWWV.8" },
    { RIGHT, "$5$GEpHxnCYCMLXDuTx$zzGpMTlxa/Sl.o/5vmHN3Z8gjcSN86s7oTvTRDa1pr2" },
    { RIGHT, "$6$DdhvGTgkon9tib/m$7pfSZ1BzFDCwSIlUbPEQndbbfj4BgBU5TODb0DkUh5VduzDE9qPDc1P"
             ".TF2LlkKr5PCIQdRb4FPvDu3rKIN5t." },
    { RIGHT, "$6$rounds=20000$zWZus25VOABy3rbD$gz8mZh0ZDm.ZtaFuAAU0aTJO6Gs5iTxj91fL3TqzXkLaYNw"
             "b20zHWqwuRHhsRYxjmHASs2mer512IClnm/aLe." },
    { "password", "$argon2id$v=19$m=256,t=2,p=2$c29tZXNhbHQ$bQk8UB/VmZZF4Oo79iDXuL5/0ttZwg2f/5U52iv1cDc" },
    { "password", "$argon2id$v=19$m=65536,t=2,p=1$c29tZXNhbHQ$CTFhFdXPJO1aFaMaO6Mm5c8y7cJHAph8ArZWb2GRPPc" },
    { "password", "$argon2i$v=19$m=256,t=2,p=1$c29tZXNhbHQ$iekCn0Y3spW+sCcFanM2xBT63UP2sghkUoHLIUpWRS8" },
};

static enum rc verify(const char *password, const char *encoded, bool *rehash)
{
    return pwhash_verify(arena, bytes_of(password), encoded, rehash);
}

static void brought_over_and_due(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(hashes); i++) {
        bool rehash = false;

        if (verify(hashes[i].password, hashes[i].encoded, &rehash) != RC_OK)
            fail_msg("%s", hashes[i].encoded);
        assert_true(rehash);
        rehash = false;
        assert_int_equal(verify("Correct horse", hashes[i].encoded, &rehash), RC_NONE);
        assert_int_equal(verify("", hashes[i].encoded, &rehash), RC_NONE);
        assert_false(rehash);
    }
}

static void made_and_verified(void **state)
{
    char *one, *two;
    bool rehash = true;

    (void)state;
    assert_int_equal(pwhash_make(arena, bytes_of(RIGHT), &one), RC_OK);
    assert_int_equal(pwhash_make(arena, bytes_of(RIGHT), &two), RC_OK);
    assert_string_not_equal(one, two);
    assert_true(text_starts(one, "$argon2id$v=19$m=19456,t=2,p=1$"));
    assert_int_equal(verify(RIGHT, one, &rehash), RC_OK);
    assert_false(rehash);
    assert_int_equal(verify("correct horsf", one, &rehash), RC_NONE);
    /* and libargon2's own reader agrees */
    assert_int_equal(argon2id_verify(one, RIGHT, strlen(RIGHT)), ARGON2_OK);
}

static void made_by_the_library(void **state)
{
    char encoded[128];
    bool rehash = true;

    (void)state;
    assert_int_equal(argon2id_hash_encoded(2, 19456, 1, RIGHT, strlen(RIGHT), "0123456789abcdef", 16,
                                           32, encoded, sizeof(encoded)), ARGON2_OK);
    assert_int_equal(verify(RIGHT, encoded, &rehash), RC_OK);
    assert_false(rehash);
    assert_int_equal(argon2id_hash_encoded(3, 19456, 1, RIGHT, strlen(RIGHT), "0123456789abcdef", 16,
                                           32, encoded, sizeof(encoded)), ARGON2_OK);
    assert_int_equal(verify(RIGHT, encoded, &rehash), RC_OK);
    assert_true(rehash);
}

static void empty_and_binary_passwords(void **state)
{
    struct bytes nul = { (const uint8_t *)"a\0b", 3 }, cut = { (const uint8_t *)"a", 1 };
    char *encoded;
    bool rehash;

    (void)state;
    assert_int_equal(pwhash_make(arena, bytes_of(NULL), &encoded), RC_OK);
    assert_int_equal(verify("", encoded, &rehash), RC_OK);
    assert_int_equal(pwhash_make(arena, nul, &encoded), RC_OK);
    assert_int_equal(pwhash_verify(arena, nul, encoded, &rehash), RC_OK);
    assert_int_equal(pwhash_verify(arena, cut, encoded, &rehash), RC_NONE);
}

/* Of no known kind, of a cost that would keep a hasher busy, or damaged. */
static const char *const strange[] = {
    NULL,
    "",
    "!",
    "*",
    "*0",
    "plain text",
    "$1$.5YgOQyB$MtfbhbASuNVJiPKGY5l9i1",
    "$argon2id$v=19$m=19456,t=2,p=1$c29tZXNhbHQ",
    "$argon2id$v=19$m=19456,t=2,p=1$c29tZXNhbHQ$",
    "$argon2id$v=16$m=256,t=2,p=2$c29tZXNhbHQ$bQk8UB/VmZZF4Oo79iDXuL5/0ttZwg2f/5U52iv1cDc",
    "$argon2d$v=19$m=256,t=2,p=2$c29tZXNhbHQ$bQk8UB/VmZZF4Oo79iDXuL5/0ttZwg2f/5U52iv1cDc",
    "$argon2id$v=19$m=4194304,t=2,p=1$c29tZXNhbHQ$bQk8UB/VmZZF4Oo79iDXuL5/0ttZwg2f/5U52iv1cDc",
    "$argon2id$v=19$m=256,t=99999999,p=1$c29tZXNhbHQ$bQk8UB/VmZZF4Oo79iDXuL5/0ttZwg2f/5U52iv1cDc",
    "$argon2id$v=19$m=256,t=2,p=999999$c29tZXNhbHQ$bQk8UB/VmZZF4Oo79iDXuL5/0ttZwg2f/5U52iv1cDc",
    "$argon2id$v=19$m=8,t=2,p=2$c29tZXNhbHQ$bQk8UB/VmZZF4Oo79iDXuL5/0ttZwg2f/5U52iv1cDc",
    "$argon2id$v=19$m=-1,t=2,p=1$c29tZXNhbHQ$bQk8UB/VmZZF4Oo79iDXuL5/0ttZwg2f/5U52iv1cDc",
    "$argon2id$v=19$m=256,t=2$c29tZXNhbHQ$bQk8UB/VmZZF4Oo79iDXuL5/0ttZwg2f/5U52iv1cDc",
    "$argon2id$v=19$m=256,t=2,p=2$c2Fs$bQk8UB/VmZZF4Oo79iDXuL5/0ttZwg2f/5U52iv1cDc",
    "$argon2id$v=19$m=256,t=2,p=2$c29tZXNhbHQ$bQk8",
    "$2b$31$hB1b74wFRVYPeXll4QKoouj2DtC0FGDJG1dkHE.8alcNOJRMQg8Qe",
    "$2b$05$hB1b74wFRVYPeXll4QKoou",
    "$2x$05$hB1b74wFRVYPeXll4QKoouj2DtC0FGDJG1dkHE.8alcNOJRMQg8Qe",
    "$y$jFT$hArcWhgYdFN6jI0evH3NL.$H3A9lVJm5DOSQJTJhwaJ5bFyCQzgMwLri2oFhkWWV.8",
    "$y$j",
    "$6$rounds=999999999$zWZus25VOABy3rbD$gz8mZh0ZDm",
    "$6$rounds=x$zWZus25VOABy3rbD$gz8mZh0ZDm",
};

/* By the processor's time: by the wall's, a busy machine would decide. */
static void strange_hashes_cost_as_much_as_ours(void **state)
{
    bool rehash = false;
    char *encoded;
    clock_t usual, at;

    (void)state;
    assert_int_equal(pwhash_make(arena, bytes_of(RIGHT), &encoded), RC_OK);
    at = clock();
    assert_int_equal(verify("wrong", encoded, &rehash), RC_NONE);
    usual = clock() - at;
    for (size_t i = 0; i < ARRAY_LEN(strange); i++) {
        at = clock();
        assert_int_equal(verify(RIGHT, strange[i], &rehash), RC_NONE);
        assert_true(clock() - at > usual / 4);
    }
    assert_false(rehash);
}

static const char *repeat(char c, size_t n)
{
    char *text = arena_alloc(arena, n + 1);

    memset(text, c, n);
    return text;
}

/* Made by htpasswd of 72 times "a": bcrypt itself would take 73, too. */
static void bcrypt_looks_at_72_bytes(void **state)
{
    static const char encoded[] = "$2y$05$Qn7eon8ma52HZ/HiBjOH5e.rpgbpJ.Wmk1/8Z.wPT6DcI52QyciXO";
    bool rehash = false;

    (void)state;
    assert_int_equal(verify(repeat('a', 72), encoded, &rehash), RC_OK);
    assert_int_equal(verify(repeat('a', 73), encoded, &rehash), RC_NONE);
    assert_int_equal(verify(repeat('a', 71), encoded, &rehash), RC_NONE);
    assert_int_equal(verify(repeat('a', 4096), encoded, &rehash), RC_NONE);
}

static void long_passwords(void **state)
{
    char *encoded;
    bool rehash;

    (void)state;
    assert_int_equal(pwhash_make(arena, bytes_of(repeat('a', 4096)), &encoded), RC_OK);
    assert_int_equal(verify(repeat('a', 4096), encoded, &rehash), RC_OK);
    assert_int_equal(verify(repeat('a', 4095), encoded, &rehash), RC_NONE);
    assert_int_equal(verify(repeat('a', 4096), hashes[5].encoded, &rehash), RC_NONE);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(brought_over_and_due),
        TEST(made_and_verified),
        TEST(made_by_the_library),
        TEST(empty_and_binary_passwords),
        TEST(strange_hashes_cost_as_much_as_ours),
        TEST(bcrypt_looks_at_72_bytes),
        TEST(long_passwords),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
