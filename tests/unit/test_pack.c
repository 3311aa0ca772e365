/* The whole configuration as one text: what another machine reads is what this one had. */
#include "config.h"

#include "conf_test.h"

#define COOKIE "00112233445566778899aabbccddeeff0123456789abcdeffedcba9876543210"
#define TOKEN "token-0123456789-abcdefghijklmnopqrstuvwxyz"
#define KEY "p5qng25Y9bd+wAXqUMg/lipEN22sz5tzpSWWgrksrAI="

static struct conf first, second;

static const char *pack(const struct conf *c)
{
    struct bytes packed;
    char *lines = NULL;
    size_t n;
    FILE *err = open_memstream(&lines, &n);

    assert_ok(conf_pack(A, c, err, &packed));
    fclose(err);
    assert_string_equal(lines, "");
    free(lines);
    return arena_strndup(A, (const char *)packed.p, packed.n);
}

/* From the text alone, in an environment that knows nothing. */
static void read_elsewhere(const char *text)
{
    clear_environment();
    if (load(text, &second) != RC_OK)
        fail_msg("%s: %s", text, said);
    assert_string_equal(said, "");
}

static void drop_both(void)
{
    secrets_free(first.secrets);
    secrets_free(second.secrets);
}

static void the_same_again(void **state)
{
    (void)state;
    assert_ok(load("# a comment\n"
                   "AUTENTICO_APP_URL=https://id.example.org\n"
                   "AUTENTICO_RATE_LIMIT_BURST=11\n"
                   "AUTENTICO_TRUSTED_PROXIES='10.0.0.0/8 ::1'\n"
                   "AUTENTICO_CSRF_SECRET_KEY=" COOKIE "\n" /* the other name of the cookie secret */
                   "AUTENTICO_ADMIN_TOKEN=" TOKEN "\n"
                   "AUTENTICO_ENCRYPTION_KEY=" KEY "\n", &first));
    read_elsewhere(pack(&first));
    assert_string_equal(second.url, "https://id.example.org");
    assert_int_equal(second.rate_burst, 11);
    assert_int_equal(second.trusted_proxies.n, 2);
    assert_memory_equal(first.secrets, second.secrets, sizeof(*first.secrets));
    assert_int_equal(second.secrets->cookie.n, 32);
    assert_int_equal(second.secrets->encryption.n, 32);
    drop_both();
}

/* What came from the process environment, and won, is in it. */
static void of_the_environment(void **state)
{
    (void)state;
    setenv("AUTENTICO_ENCRYPTION_KEY", KEY, 1);
    setenv("AUTENTICO_RATE_LIMIT_BURST", "12", 1);
    setenv("AUTENTICO_ADMIN_PASSWORD", "not to be kept", 1);
    assert_ok(load("AUTENTICO_RATE_LIMIT_BURST=11\n", &first));
    const char *text = pack(&first);
    assert_null(strstr(text, "not to be kept"));
    read_elsewhere(text);
    assert_int_equal(second.rate_burst, 12);
    assert_memory_equal(first.secrets, second.secrets, sizeof(*first.secrets));
    drop_both();
}

static void without_a_file(void **state)
{
    struct conf_source nowhere = { .file = NULL };

    (void)state;
    setenv("AUTENTICO_ENCRYPTION_KEY", KEY, 1);
    assert_int_equal(access("/etc/autentico/autentico.env", F_OK), -1);
    assert_ok(load_from(&nowhere, &first));
    assert_null(first.file);
    read_elsewhere(pack(&first));
    assert_int_equal(second.secrets->encryption.n, 32);
    drop_both();
}

static void the_file_has_gone(void **state)
{
    struct bytes packed;

    (void)state;
    assert_ok(load("AUTENTICO_ENCRYPTION_KEY=" KEY "\n", &first));
    unlink(path);
    assert_int_equal(conf_pack(A, &first, stderr, &packed), RC_REFUSED);
    secrets_free(first.secrets);
}

int main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = { T(the_same_again), T(of_the_environment), T(without_a_file), T(the_file_has_gone) };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
