#include "config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "serve/lookup_files.h"

static char dir[] = "/tmp/test_lookup_files_XXXXXX", ca[128], other[128];

static void make(const char *path)
{
    int fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);

    assert_true(fd >= 0);
    close(fd);
}

static void test_replaced(void **state)
{
    struct conf conf = { .ca_file = ca };
    struct lookup_files files;

    (void)state;
    assert_non_null(mkdtemp(dir));
    snprintf(ca, sizeof ca, "%s/ca.pem", dir);
    snprintf(other, sizeof other, "%s/other.pem", dir);
    lookup_files_note(&conf, &files);
    assert_false(lookup_files_changed(&files));
    make(ca); /* it comes */
    assert_true(lookup_files_changed(&files));
    lookup_files_note(&conf, &files);
    assert_false(lookup_files_changed(&files));
    make(other); /* another one in its place, as editors and tools do it */
    assert_int_equal(rename(other, ca), 0);
    assert_true(lookup_files_changed(&files));
    lookup_files_note(&conf, &files);
    assert_int_equal(unlink(ca), 0); /* it goes */
    assert_true(lookup_files_changed(&files));
    rmdir(dir);
}

static void test_none(void **state)
{
    struct conf conf = { .ca_file = "" };
    struct lookup_files files;

    (void)state;
    lookup_files_note(&conf, &files);
    assert_true(files.n < LOOKUP_FILES_MAX);
    assert_false(lookup_files_changed(&files));
}

int main(void)
{
    const struct CMUnitTest tests[] = { cmocka_unit_test(test_replaced), cmocka_unit_test(test_none) };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
