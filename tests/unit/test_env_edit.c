/* Configuration files, changed in place. */
#include "config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/wait.h>
#include <unistd.h>

#include "scratch_test.h"
#include "cli/env_edit.h"

static struct arena *A;
static const char *dir, *path;

static int set_up(void **state)
{
    (void)state;
    A = arena_start("test");
    dir = scratch_new(A);
    path = arena_printf(A, "%s/.env", dir);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    scratch_remove(dir);
    arena_done(A);
    return 0;
}

static struct env_edit edit(const char *text)
{
    return (struct env_edit){ .arena = A, .path = path, .text = text };
}

static void test_what_a_line_says(void **state)
{
    static const struct { const char *text, *value; bool has; } cases[] = {
        { "", NULL, false },
        { "X=1", "1", true },
        { "X=1\nX=2\n", "2", true },        /* the last counts */
        { "X=1\nX=\n", NULL, true },
        { " export X = '1' \r\n", "'1'", true },
        { "# X=1\n", NULL, false },
        { "XY=1\nY=X=1\n", NULL, false },
        { "X=\"\"\n", NULL, false },
        { "X_FILE=/x\n", NULL, true },
        { "X_FILES=/x\n", NULL, false },
    };

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct env_edit e = edit(cases[i].text);
        const char *value = env_edit_value(&e, "X");

        if ((value == NULL) != (cases[i].value == NULL) || (value != NULL && strcmp(value, cases[i].value) != 0))
            fail_msg("row %zu: %s", i, value != NULL ? value : "none");
        assert_int_equal(env_edit_has(&e, "X"), cases[i].has);
    }
}

static void test_set(void **state)
{
    static const struct { const char *text, *value, *after, *wanted; } cases[] = {
        { "# a\nX=1\nY=2\n", "3", NULL, "# a\nX=3\nY=2\n" },
        { "X=1\nX=2\nY=2", "3", NULL, "X=3\nY=2\n" },
        { "export X = '1'\n", "3", NULL, "export X =3\n" },
        { "Y=2", "3", NULL, "Y=2\nX=3\n" },
        { "", "3", "Y", "X=3\n" },
        { "Y=2\n\nZ=3\n", "3", "Y", "Y=2\nX=3\n\nZ=3\n" },
        { "Y=2\nX=1\n", "3", "Y", "Y=2\nX=3\n" }, /* it has a place */
        { "X=1\nY=2\nX=1\n", NULL, NULL, "Y=2\n" },
        { "X_FILE=/x\n", "3", NULL, "X_FILE=/x\nX=3\n" },
    };

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct env_edit e = edit(cases[i].text);

        env_edit_set(&e, "X", cases[i].value, cases[i].after);
        assert_string_equal(e.text, cases[i].wanted);
    }
}

static char *content(void)
{
    struct env_edit e;

    assert_int_equal(env_edit_read(A, path, &e), RC_OK);
    return arena_strdup(A, e.text);
}

static void test_mode_and_link_stay(void **state)
{
    const char *link = arena_printf(A, "%s/link", dir);
    struct env_edit e;
    struct stat st;

    (void)state;
    assert_int_equal(env_edit_write_new(path, "X=1\n"), RC_OK);
    assert_int_equal(env_edit_write_new(path, "X=2\n"), RC_REFUSED);
    assert_int_equal(chmod(path, 0640), 0);
    assert_int_equal(symlink(path, link), 0);
    assert_int_equal(env_edit_read(A, link, &e), RC_OK);
    env_edit_set(&e, "X", "3", NULL);
    assert_int_equal(env_edit_write(&e), RC_OK);
    assert_int_equal(lstat(link, &st), 0);
    assert_true(S_ISLNK(st.st_mode));
    assert_int_equal(stat(path, &st), 0);
    assert_int_equal(st.st_mode & 07777, 0640);
}

/* Several at once: none undoes what another has done. */
static void test_one_after_another(void **state)
{
    enum { N = 8 };
    pid_t pids[N];

    (void)state;
    assert_int_equal(env_edit_write_new(path, "# begin\n"), RC_OK);
    for (int i = 0; i < N; i++) {
        pids[i] = fork();
        if (pids[i] == 0) {
            struct arena *a = arena_start("child");
            struct env_edit e;
            enum rc rc = env_edit_read(a, path, &e);

            if (rc == RC_OK) {
                env_edit_set(&e, arena_printf(a, "X%d", i), "1", NULL);
                rc = env_edit_write(&e);
            }
            _exit(rc);
        }
    }
    for (int i = 0; i < N; i++) {
        int status;

        assert_int_equal(waitpid(pids[i], &status, 0), pids[i]);
        assert_int_equal(status, 0);
    }
    struct env_edit e = edit(content());
    for (int i = 0; i < N; i++)
        assert_true(env_edit_has(&e, arena_printf(A, "X%d", i)));
}

static void test_it_is_let_go(void **state)
{
    struct arena *a = arena_start("edit");
    struct env_edit e;
    int fd;

    (void)state;
    assert_int_equal(env_edit_write_new(path, "X=1\n"), RC_OK);
    assert_int_equal(env_edit_read(a, path, &e), RC_OK);
    fd = open(path, O_RDONLY | O_CLOEXEC);
    assert_int_equal(flock(fd, LOCK_EX | LOCK_NB), -1);
    arena_done(a);
    assert_int_equal(flock(fd, LOCK_EX | LOCK_NB), 0);
    close(fd);
    assert_int_equal(env_edit_read(A, dir, &e), RC_REFUSED);
    assert_int_equal(env_edit_read(A, arena_printf(A, "%s/none", dir), &e), RC_REFUSED);
}

int main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = { T(test_what_a_line_says), T(test_set), T(test_mode_and_link_stay),
                                        T(test_one_after_another), T(test_it_is_let_go) };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
