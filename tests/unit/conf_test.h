/*
 * What the tests of the configuration share: a file in a folder of its own, read the way
 * the program reads it, and what was said about it.
 */
#ifndef AUTENTICO_TESTS_CONF_TEST_H
#define AUTENTICO_TESTS_CONF_TEST_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "scratch_test.h"
#include "conf/conf.h"

#ifndef assert_ok
#define assert_ok(call) assert_int_equal((call), RC_OK)
#endif

#define UNUSED __attribute__((unused))

static struct arena *A;
static const char *dir, *path; /* a folder, and the file in it that load() writes */
static const char *said;       /* what the last load wrote for the operator */
static UNUSED struct conf CONF;

/* Variables of ours in the environment of whoever runs the tests are not theirs. */
static void clear_environment(void)
{
    for (char **e = environ; *e != NULL;)
        if (strncmp(*e, "AUTENTICO_", 10) == 0)
            unsetenv(arena_strndup(A, *e, strcspn(*e, "=")));
        else
            e++;
}

static UNUSED int set_up(void **state)
{
    (void)state;
    A = arena_start("test");
    dir = scratch_new(A);
    path = arena_printf(A, "%s/autentico.env", dir);
    clear_environment();
    assert_int_equal(chdir(dir), 0);
    return 0;
}

static UNUSED int tear_down(void **state)
{
    (void)state;
    assert_int_equal(chdir("/"), 0);
    scratch_remove(dir);
    arena_done(A);
    return 0;
}

static UNUSED void write_bytes(const char *file, const void *p, size_t n)
{
    int fd = open(file, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);

    assert_true(fd >= 0);
    assert_int_equal(write(fd, p, n), (ssize_t)n);
    close(fd);
}

static UNUSED enum rc load_from(const struct conf_source *source, struct conf *out)
{
    char *lines = NULL;
    size_t n;
    FILE *err = open_memstream(&lines, &n);
    enum rc rc = conf_load(A, source, err, out);

    fclose(err);
    said = arena_strdup(A, lines);
    free(lines);
    return rc;
}

static UNUSED enum rc load(const char *text, struct conf *out)
{
    struct conf_source source = { .file = path };

    write_bytes(path, text, strlen(text));
    return load_from(&source, out);
}

/* Into CONF, which the next load replaces. */
static UNUSED void assert_taken(const char *text)
{
    if (load(text, &CONF) != RC_OK)
        fail_msg("%s: %s", text, said);
    secrets_wipe(CONF.secrets);
}

static UNUSED void assert_said(const char *words)
{
    if (strstr(said, words) == NULL)
        fail_msg("\"%s\" is not in: %s", words, said);
}

/* Refused, in these words. */
static UNUSED void assert_says(const char *text, const char *words)
{
    struct conf conf;

    if (load(text, &conf) != RC_REFUSED)
        fail_msg("taken: %s", text);
    if (strstr(said, words) == NULL)
        fail_msg("%s: \"%s\" is not in: %s", text, words, said);
}

#endif
