/* The region of the root secrets: gone in every child, in no core dump (design D3a). */
#include "config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "conf/keys.h"

/* The VmFlags of the mapping that holds p. */
static void flags_of(const void *p, char flags[256])
{
    FILE *maps = fopen("/proc/self/smaps", "r");
    char line[512];
    bool is_it = false;

    assert_non_null(maps);
    flags[0] = '\0';
    while (fgets(line, sizeof(line), maps) != NULL) {
        uintptr_t from, to;

        if (sscanf(line, "%" SCNxPTR "-%" SCNxPTR " ", &from, &to) == 2)
            is_it = from <= (uintptr_t)p && (uintptr_t)p < to;
        else if (is_it && strncmp(line, "VmFlags:", 8) == 0)
            snprintf(flags, 256, "%.250s", line + 8);
    }
    fclose(maps);
    assert_string_not_equal(flags, "");
}

static void assert_hidden(const void *p)
{
    char flags[256];

    flags_of(p, flags);
    assert_non_null(strstr(flags, " wf")); /* wiped on fork */
    assert_non_null(strstr(flags, " dd")); /* not dumped */
#ifndef __SANITIZE_ADDRESS__ /* whose mlock() does nothing */
    assert_non_null(strstr(flags, " lo")); /* locked: the least RLIMIT_MEMLOCK allows as much */
#endif
}

static bool is_zero(const void *p, size_t n)
{
    const uint8_t *b = p;

    for (size_t i = 0; i < n; i++)
        if (b[i] != 0)
            return false;
    return true;
}

/* How a child finds it: 0: all zero. */
static int in_child(const void *p, size_t n)
{
    int status;
    pid_t pid = fork();

    if (pid == 0)
        _exit(is_zero(p, n) ? 0 : 1);
    assert_int_equal(waitpid(pid, &status, 0), pid);
    return WEXITSTATUS(status);
}

static void region_of_the_secrets(void **state)
{
    struct secrets *s = secrets_new();

    (void)state;
    assert_hidden(s);
    assert_true(is_zero(s, sizeof(*s)));
    memset(s, 'x', sizeof(*s));
    assert_int_equal(in_child(s, sizeof(*s)), 0);
    assert_false(is_zero(s, sizeof(*s))); /* ours still */
    secrets_wipe(s);
    assert_true(is_zero(s, sizeof(*s)));
    secrets_free(s);
    secrets_free(NULL);
}

static void region_of_the_text(void **state)
{
    struct region r;

    (void)state;
    region_new(&r, 5000);
    assert_int_equal(r.n, 0);
    assert_int_equal(r.cap, 5000);
    assert_hidden(r.p);
    memset(r.p, 'x', r.cap);
    assert_int_equal(in_child(r.p, r.cap), 0);
    region_wipe(&r);
    assert_null(r.p);
    assert_int_equal(r.cap, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(region_of_the_secrets),
        cmocka_unit_test(region_of_the_text),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
