#include "config.h"

/* Secrets in files of their own (spec/settings.md 2b; design 4). */
#include <grp.h>
#include <sys/wait.h>

#include "conf_test.h"
#include "conf/keys.h"

#define COOKIE "0123456789.abcdefghijklmnopqrstuvwxyz.ABCD"
#define OTHER "zyxwvutsrqponmlkjihgfedcba.9876543210.0000"

static const char *secret; /* the file */

static int begin(void **state)
{
    set_up(state);
    secret = arena_printf(A, "%s/secret", dir);
    return 0;
}

static void keep(const char *content, mode_t mode)
{
    unlink(secret);
    write_bytes(secret, content, strlen(content));
    assert_int_equal(chmod(secret, mode), 0);
}

static const char *named(const char *name)
{
    return arena_printf(A, "%s_FILE=%s\n", name, secret);
}

static void assert_held(const struct secret *s, const char *text)
{
    assert_int_equal(s->n, strlen(text));
    assert_memory_equal(s->p, text, s->n);
}

static void test_every_secret_has_one(void **state)
{
    static const char *const ends[] = { "", "\n", "\r\n" };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(ends); i++) {
        keep(arena_printf(A, "%s%s", COOKIE, ends[i]), 0400);
        assert_ok(load(arena_printf(A, "%s%s%s%s", named("AUTENTICO_COOKIE_SECRET"), named("AUTENTICO_ADMIN_TOKEN"),
                                    named("AUTENTICO_COOKIE_SECRET_PREVIOUS"), named("AUTENTICO_ADMIN_TOKEN_PREVIOUS")),
                       &CONF));
        assert_held(&CONF.secrets->cookie, COOKIE);
        assert_held(&CONF.secrets->cookie_previous, COOKIE);
        assert_held(&CONF.secrets->admin_token, COOKIE);
        assert_held(&CONF.secrets->admin_token_previous, COOKIE);
        secrets_free(CONF.secrets);
    }
    assert_ok(load(named("AUTENTICO_CSRF_SECRET_KEY"), &CONF)); /* the other name of it */
    assert_held(&CONF.secrets->cookie, COOKIE);
    secrets_free(CONF.secrets);
}

static void test_a_key_as_pem_or_base64(void **state)
{
    static const char pem[] = "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n";

    (void)state;
    keep(pem, 0600);
    assert_ok(load(named("AUTENTICO_PRIVATE_KEY"), &CONF));
    assert_memory_equal(CONF.secrets->private_key_pem, pem, sizeof(pem) - 2);
    secrets_free(CONF.secrets);
    keep("QUJD\n", 0600);
    assert_ok(load(named("AUTENTICO_PRIVATE_KEY"), &CONF));
    assert_string_equal(CONF.secrets->private_key_pem, "ABC");
    secrets_free(CONF.secrets);
}

/* It is checked as if it had been given itself. */
static void test_content_is_checked(void **state)
{
    (void)state;
    keep("short\n", 0400);
    assert_says(named("AUTENTICO_COOKIE_SECRET"), "AUTENTICO_COOKIE_SECRET: is too short");
    keep("", 0400);
    assert_says(named("AUTENTICO_COOKIE_SECRET"), arena_printf(A, "AUTENTICO_COOKIE_SECRET_FILE: %s is empty\n", secret));
    unlink(secret);
    write_bytes(secret, COOKIE "\0x", sizeof(COOKIE) + 1);
    assert_says(named("AUTENTICO_COOKIE_SECRET"), "holds a NUL byte\n");
    char *large = arena_alloc(A, 20001);
    memset(large, 'a', 20000);
    large[20000] = '\0';
    keep(large, 0400);
    assert_says(named("AUTENTICO_COOKIE_SECRET"), "is too large for a secret\n");
}

/* Somebody of these groups, as a container has it: may it be taken? */
static int as_member_of(gid_t group, gid_t other)
{
    struct region r = { .p = arena_alloc(A, 1024), .cap = 1024 };
    const char *value;
    uid_t owner;
    int status;

    assert_int_equal(chmod(dir, 0755), 0);
    pid_t pid = fork();
    if (pid == 0) {
        if (setgroups(1, &other) != 0 || setgid(group) != 0 || setuid(12345) != 0)
            _exit(9);
        _exit(conf_secret_file_read("X_FILE", secret, stderr, &r, &value, &owner) == RC_OK ? 0 : 1);
    }
    assert_int_equal(waitpid(pid, &status, 0), pid);
    return WEXITSTATUS(status);
}

static void test_others_may_not_read_it(void **state)
{
    static const mode_t open[] = { 0644, 0404, 0420, 0410, 0402, 0401, 0660, 0666 };
    bool is_root = geteuid() == 0;

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(open); i++) {
        keep(COOKIE, open[i]);
        assert_says(named("AUTENTICO_COOKIE_SECRET"),
                    arena_printf(A, "AUTENTICO_COOKIE_SECRET_FILE: %s can be read or written by others: chmod 0400 it\n",
                                 secret));
    }
    keep(COOKIE, 0440); /* as a credential of systemd's looks, if it is root's */
    if (is_root)
        assert_taken(named("AUTENTICO_COOKIE_SECRET"));
    else
        assert_says(named("AUTENTICO_COOKIE_SECRET"), "chmod 0400 it\n");
    if (is_root) {
        assert_int_equal(chown(secret, 0, 4), 0); /* a group that has members */
        assert_says(named("AUTENTICO_COOKIE_SECRET"), "chmod 0400 it\n");
        assert_int_equal(as_member_of(4, 12345), 0);
        assert_int_equal(as_member_of(5, 4), 0);
        assert_int_equal(as_member_of(5, 12345), 1);
        assert_int_equal(chown(secret, 12345, 0), 0);
        assert_int_equal(chmod(secret, 0400), 0);
        assert_says(named("AUTENTICO_COOKIE_SECRET"), "belongs to somebody else");
    }
}

static void test_what_is_no_file(void **state)
{
    (void)state;
    unlink(secret);
    assert_says(named("AUTENTICO_COOKIE_SECRET"),
                arena_printf(A, "AUTENTICO_COOKIE_SECRET_FILE: %s No such file or directory\n", secret));
    assert_int_equal(mkfifo(secret, 0600), 0);
    assert_says(named("AUTENTICO_COOKIE_SECRET"), "is not a file\n");
    unlink(secret);
    assert_says("AUTENTICO_COOKIE_SECRET_FILE=\n", "is set but empty; give it a path or take it out\n");
    assert_says("AUTENTICO_APP_URL_FILE=/x\n", "AUTENTICO_APP_URL_FILE: unknown variable\n"); /* no secret */
}

static void test_value_and_file(void **state)
{
    (void)state;
    keep(COOKIE, 0400);
    assert_says(arena_printf(A, "AUTENTICO_COOKIE_SECRET=%s\n%s", COOKIE, named("AUTENTICO_COOKIE_SECRET")),
                "AUTENTICO_COOKIE_SECRET_FILE: and AUTENTICO_COOKIE_SECRET are both given; keep one of the two\n");
    assert_says(arena_printf(A, "AUTENTICO_CSRF_SECRET_KEY=%s\n%s", OTHER, named("AUTENTICO_COOKIE_SECRET")), "differ\n");
    assert_taken(arena_printf(A, "AUTENTICO_PRIVATE_KEY=\nAUTENTICO_COOKIE_SECRET_FILE=/nonexistent\n%s",
                              named("AUTENTICO_COOKIE_SECRET"))); /* the last line wins */
}

/* The process environment wins, as everywhere. */
static void test_environment_wins(void **state)
{
    (void)state;
    keep(COOKIE, 0400);
    setenv("AUTENTICO_ADMIN_TOKEN_FILE", secret, 1);
    assert_ok(load("AUTENTICO_ADMIN_TOKEN_FILE=/nonexistent\n", &CONF));
    assert_held(&CONF.secrets->admin_token, COOKIE);
    secrets_free(CONF.secrets);
    assert_says("AUTENTICO_ADMIN_TOKEN=" OTHER "\n", "are both given");
    unsetenv("AUTENTICO_ADMIN_TOKEN_FILE");
}

int main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, begin, tear_down)
    const struct CMUnitTest tests[] = { T(test_every_secret_has_one), T(test_a_key_as_pem_or_base64),
                                        T(test_content_is_checked), T(test_others_may_not_read_it),
                                        T(test_what_is_no_file), T(test_value_and_file), T(test_environment_wins) };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
