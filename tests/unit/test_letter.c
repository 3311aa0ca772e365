#include "config.h"

#include "http_test.h"

#include "authn/letter.h"

static const struct letter LETTER = {
    .to = "ann@example.org", .from_name = "Exämple", .subject = "Your code", .text = "Code: 123456\n",
    .html = "<p>123456</p>", .message_id = "abcdef", .date = NOW,
};

static void test_round_trip(void **state)
{
    struct bytes sealed = letter_seal(&KEYS, A, "row1", &LETTER);
    struct letter l;

    (void)state;
    assert_null(memmem(sealed.p, sealed.n, "123456", 6));
    assert_null(memmem(sealed.p, sealed.n, "ann@", 4));
    assert_int_equal(letter_open(&KEYS, A, "row1", sealed, &l), RC_OK);
    assert_string_equal(l.to, LETTER.to);
    assert_string_equal(l.from_name, LETTER.from_name);
    assert_string_equal(l.subject, LETTER.subject);
    assert_string_equal(l.text, LETTER.text);
    assert_string_equal(l.html, LETTER.html);
    assert_string_equal(l.message_id, LETTER.message_id);
    assert_int_equal(l.date, NOW);
}

/* Neither in another row, nor altered, nor under another secret. */
static void test_only_there(void **state)
{
    static const uint8_t other[32] = "another cookie secret, 32 bytes!";
    struct keyring_roots roots = { .cookie = BYTES(other) };
    struct bytes sealed = letter_seal(&KEYS, A, "row1", &LETTER), bad = arena_bytes(A, sealed);
    struct keyring keys;
    struct letter l;

    (void)state;
    assert_int_equal(letter_open(&KEYS, A, "row2", sealed, &l), RC_NONE);
    ((uint8_t *)(uintptr_t)bad.p)[bad.n - 1] ^= 1;
    assert_int_equal(letter_open(&KEYS, A, "row1", bad, &l), RC_NONE);
    assert_int_equal(letter_open(&KEYS, A, "row1", (struct bytes){ sealed.p, 10 }, &l), RC_NONE);
    keyring_derive(&roots, &keys);
    assert_int_equal(letter_open(&keys, A, "row1", sealed, &l), RC_NONE);
    roots.cookie_previous = bytes_of("a cookie secret of 32 bytes, yes");
    keyring_derive(&roots, &keys);
    assert_int_equal(letter_open(&keys, A, "row1", sealed, &l), RC_OK); /* a rotation with overlap */
}

static void test_words(void **state)
{
    const char *word = letter_word(A);

    (void)state;
    assert_int_equal(strlen(word), 32);
    assert_int_equal(strspn(word, "abcdefghijklmnop"), 32);
    assert_string_not_equal(word, letter_word(A));
}

int main(void)
{
    const struct CMUnitTest tests[] = { TEST(test_round_trip), TEST(test_only_there), TEST(test_words) };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
