/* Lines of a configuration file, and what becomes of secrets in the environment. */
#include "config.h"

#include "conf_test.h"

#include <stdio.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>

#include "conf/keys.h"

#define HEX32 "00112233445566778899aabbccddeeff0123456789abcdeffedcba9876543210"

static struct region region;
static struct assignments found;

static enum rc read_text(const void *p, size_t n)
{
    char *lines = NULL;
    size_t said_n;
    uid_t owner = (uid_t)-1;

    write_bytes(path, p, n);
    found.n = 0;
    region_new(&region, 64 * 1024);
    FILE *err = open_memstream(&lines, &said_n);
    enum rc rc = env_file_read(path, err, &region, &found, &owner);
    fclose(err);
    said = arena_strdup(A, lines);
    free(lines);
    if (rc == RC_OK)
        assert_int_equal(owner, geteuid());
    return rc;
}

static void line_forms(void **state)
{
    static const struct { const char *text, *name, *value; } cases[] = {
        { "A=b", "A", "b" },
        { "A=b\n", "A", "b" },
        { "  A = b \r\n", "A", "b" },
        { "export A=b", "A", "b" },
        { "export   A=b", "A", "b" },
        { "A=", "A", "" },
        { "A=\"b c\"", "A", "b c" },
        { "A='b c'", "A", "b c" },
        { "A=\"'b'\"", "A", "'b'" },
        { "A=\"b", "A", "\"b" },
        { "A=\"", "A", "\"" },
        { "A=\"\"", "A", "" },
        { "A=\" b \"", "A", " b " },
        { "A=b#c", "A", "b#c" },
        { "A=b=c", "A", "b=c" },
        { "# A=x\n\n \t\nA=b", "A", "b" },
        { "A=b # c", "A", "b" },
        { "A=b\t#", "A", "b" },
        { "A=b#c", "A", "b#c" },
        { "A=#b", "A", "#b" },
        { "A= # c", "A", "" },
        { "A=\"b # c\" # d", "A", "b # c" },
        { "A='b' # it's", "A", "b" },
        { "A=\"b # c\"", "A", "b # c" },
        { "A=\xc3\xa9", "A", "\xc3\xa9" },
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        if (read_text(cases[i].text, strlen(cases[i].text)) != RC_OK)
            fail_msg("%s: %s", cases[i].text, said);
        assert_int_equal(found.n, 1);
        assert_string_equal(found.v[0].name, cases[i].name);
        assert_string_equal(found.v[0].value, cases[i].value);
        assert_true(found.v[0].is_from_file);
        region_wipe(&region);
    }
}

static void lines_that_are_refused(void **state)
{
    char *big = arena_alloc(A, 70000);

    (void)state;
    assert_int_equal(read_text("A=b\n\nnonsense\nB=c\nmore\n", 23), RC_REFUSED);
    assert_string_equal(said, arena_printf(A, "%s:3: expected KEY=VALUE\n%s:5: expected KEY=VALUE\n", path, path));
    region_wipe(&region);
    assert_int_equal(read_text("A=b\0C=d\n", 8), RC_REFUSED);
    assert_string_equal(said, arena_printf(A, "%s holds a NUL byte\n", path));
    region_wipe(&region);
    memset(big, '#', 70000);
    assert_int_equal(read_text(big, 70000), RC_REFUSED);
    assert_string_equal(said, arena_printf(A, "%s: too large\n", path));
    region_wipe(&region);
    assert_int_equal(read_text(big, 64 * 1024 - 2), RC_OK);
    region_wipe(&region);
}

static void things_that_are_no_file(void **state)
{
    struct conf_source source = { .file = dir };

    (void)state;
    assert_int_equal(load_from(&source, &CONF), RC_REFUSED);
    assert_string_equal(said, arena_printf(A, "%s is not a file\n", dir));
    source.file = "a/b";
    write_bytes("a", "", 0);
    assert_int_equal(load_from(&source, &CONF), RC_REFUSED);
    assert_string_equal(said, "a/b: Not a directory\n");
}

static int as_somebody(void)
{
    struct conf_source source = { .file = path };

    if (geteuid() == 0 && (setresgid(65534, 65534, 65534) != 0 || setresuid(65534, 65534, 65534) != 0))
        return 9;
    if (load_from(&source, &CONF) != RC_REFUSED)
        return 1;
    return strstr(said, "belongs to somebody else (uid 54321): chown it to the user Autentico runs as\n") != NULL ? 0 : 2;
}

/* Whoever is not root runs the pool as himself: no use for another's file. */
static void anothers_file(void **state)
{
    int status;

    (void)state;
    if (geteuid() != 0)
        skip(); /* a file cannot be given away */
    write_bytes(path, "", 0);
    assert_int_equal(chmod(path, 0644), 0);
    assert_int_equal(chmod(dir, 0755), 0);
    assert_int_equal(chown(path, 54321, 54321), 0);
    pid_t pid = fork();
    if (pid == 0)
        _exit(as_somebody());
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_int_equal(status, 0);
}

/* The wishes of a library or a person are not endless. */
static void too_many_variables(void **state)
{
    char *text = arena_alloc(A, 10000);
    size_t n = 0;
    int status;

    (void)state;
    for (int i = 0; i < 257; i++)
        n += (size_t)snprintf(text + n, 10000 - n, "V%d=1\n", i);
    pid_t pid = fork();
    if (pid == 0) {
        if (freopen("/dev/null", "w", stderr) == NULL)
            _exit(1);
        (void)read_text(text, n);
        _exit(0);
    }
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_int_equal(WEXITSTATUS(status), 70); /* die(): said, and no harm done */
}

/* --- the process environment (design D3a) ----------------------------------------- */

static char *own_environ(void)
{
    char *text = arena_alloc(A, 65536);
    int fd = open("/proc/self/environ", O_RDONLY | O_CLOEXEC);
    ssize_t n = read(fd, text, 65535);

    assert_true(n > 0);
    close(fd);
    for (ssize_t i = 0; i < n; i++)
        if (text[i] == '\0')
            text[i] = '\n';
    return text;
}

/* In the image that exec() made: what /proc/PID/environ shows is that block. */
static int look_at_environ(void)
{
    A = arena_start("child");
    if (strstr(own_environ(), "AUTENTICO_COOKIE_SECRET=" HEX32) == NULL)
        return 1; /* it was there: else this shows nothing */
    path = "/dev/null";
    for (int round = 0; round < 3; round++) { /* a reload reads it again */
        struct conf_source source = { .file = NULL };

        if (load_from(&source, &CONF) != RC_OK)
            return 2;
        if (CONF.secrets->cookie.n != 32 || CONF.secrets->admin_token.n != 64 || CONF.workers != 5)
            return 3;
        if (strstr(own_environ(), "AUTENTICO_COOKIE_SECRET=\n") == NULL || strstr(own_environ(), "00112233") != NULL)
            return 4;
        if (strstr(own_environ(), "AUTENTICO_WORKERS=5\n") == NULL) /* no secret */
            return 5;
        secrets_free(CONF.secrets);
    }
    arena_done(A);
    return 0;
}

static void secrets_leave_the_environment(void **state)
{
    int status;
    pid_t pid = fork();

    (void)state;
    if (pid == 0) {
        setenv("AUTENTICO_COOKIE_SECRET", HEX32, 1);
        setenv("AUTENTICO_ENCRYPTION_KEY", HEX32, 1);
        setenv("AUTENTICO_ADMIN_TOKEN", HEX32, 1);
        setenv("AUTENTICO_WORKERS", "5", 1);
        execl("/proc/self/exe", "test_env_file", "look", (char *)NULL);
        _exit(99);
    }
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_int_equal(WEXITSTATUS(status), 0);
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
        TEST(line_forms), TEST(lines_that_are_refused), TEST(things_that_are_no_file), TEST(anothers_file),
        TEST(too_many_variables), TEST(secrets_leave_the_environment),
    };

    if (argc == 2 && strcmp(argv[1], "look") == 0)
        return look_at_environ();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
