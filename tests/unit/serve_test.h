/*
 * What the tests of src/serve share: a folder, a configuration, and what was said to
 * the operator.
 */
#ifndef AUTENTICO_TESTS_SERVE_TEST_H
#define AUTENTICO_TESTS_SERVE_TEST_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "scratch_test.h"
#include "serve/pool.h"

#define UNUSED __attribute__((unused))

static struct arena *A;
static const char *dir;
static UNUSED struct conf conf;
static UNUSED const char *said;

static UNUSED const char *in_dir(const char *name)
{
    return arena_printf(A, "%s/%s", dir, name);
}

static UNUSED int set_up(void **state)
{
    char name[] = "/tmp/autentico-serve.XXXXXX";

    (void)state;
    A = arena_start("test");
    assert_non_null(mkdtemp(name));
    dir = arena_strdup(A, name);
    conf = (struct conf){
        .url = "http://localhost:9999", .issuer = "http://localhost:9999/oauth2", .oauth_path = "/oauth2",
        .host = "localhost", .is_loopback = true, .db_path = in_dir("autentico.db"), .state_dir = dir,
        .socket = in_dir("main.sock"), .login_socket = in_dir("login.sock"), .socket_mode = 0660,
        .socket_group = "", .user = "", .listen_port = "9999", .theme_css_file = "",
    };
    return 0;
}

static UNUSED int tear_down(void **state)
{
    (void)state;
    scratch_remove(dir);
    arena_done(A);
    return 0;
}

/* A stream whose text is in `said` after heard(). */
static char *heard_text;
static size_t heard_n;

static UNUSED FILE *listen_to(void)
{
    return open_memstream(&heard_text, &heard_n);
}

static UNUSED const char *heard(FILE *err)
{
    fclose(err);
    said = arena_strdup(A, heard_text);
    free(heard_text);
    heard_text = NULL;
    return said;
}

static UNUSED void assert_said(const char *words)
{
    if (strstr(said, words) == NULL)
        fail_msg("\"%s\" is not in: %s", words, said);
}

static UNUSED void make_file(const char *name, mode_t mode)
{
    int fd = open(in_dir(name), O_WRONLY | O_CREAT | O_CLOEXEC, mode);

    assert_true(fd >= 0);
    assert_int_equal(fchmod(fd, mode), 0);
    close(fd);
}

static UNUSED mode_t mode_of(const char *path)
{
    struct stat st;

    assert_int_equal(lstat(path, &st), 0);
    return st.st_mode & 07777;
}

#endif
