/* A program that looks at new passwords: what it is given, and what it may do to us (design D24). */
#include "config.h"

#include "arena_test.h"

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "hasher/checker.h"
#include "util/clock.h"
#include "util/text.h"

#define MS 3000

/* `script` by sh, with a password. */
static enum rc run(const char *script, const char *password, int64_t ms, const char **line)
{
    const char *const argv[] = { "/bin/sh", "-c", script, NULL };

    *line = "untouched";
    return checker_command(argv, A, bytes_of(password), ms, line);
}

static void test_verdicts(void **state)
{
    static const struct { const char *script; enum rc rc; const char *line; } cases[] = {
        { "exit 0", RC_OK, "untouched" },
        { "echo good; exit 0", RC_OK, "untouched" },
        { "exit 1", RC_NONE, "" },
        { "echo too easy; echo second line; exit 1", RC_NONE, "too easy" },
        { "printf 'no line end'; exit 3", RC_NONE, "no line end" },
        { "printf '\\n\\nlater'; exit 1", RC_NONE, "" },
        { "echo '  spaces  '; exit 1", RC_NONE, "spaces" },
        { "echo on standard error >&2; exit 1", RC_NONE, "" },
        { "printf 'a\\033[31mred'; exit 1", RC_NONE, "" },
        { "printf '\\377\\376'; exit 1", RC_NONE, "" },
        { "exit 126", RC_REFUSED, "untouched" },
        { "exit 127", RC_REFUSED, "untouched" },
        { "/no/such/program", RC_REFUSED, "untouched" },
        { "kill -SEGV $$", RC_REFUSED, "untouched" },
        { "kill -KILL $$", RC_REFUSED, "untouched" },
        { "exec 0<&- 1>&-; exit 0", RC_OK, "untouched" },
    };
    const char *line;

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        if (run(cases[i].script, "candidate", MS, &line) != cases[i].rc)
            fail_msg("%s", cases[i].script);
        assert_string_equal(line, cases[i].line);
    }
}

/* One line on standard input, as it is; and it is not shown back. */
static void test_candidate(void **state)
{
    const char *line;

    (void)state;
    assert_int_equal(run("IFS= read -r p && [ \"$p\" = ' p\"$(id)\\n x ' ]", " p\"$(id)\\n x ", MS, &line), RC_OK);
    assert_int_equal(run("read -r p; read -r q", "one", MS, &line), RC_NONE); /* then it is over */
    assert_int_equal(run("read -r p; echo \"$p: is bad\"; exit 1", "hunter2", MS, &line), RC_NONE);
    assert_string_equal(line, "");
    assert_int_equal(run("read -r p; [ \"$p\" = \"\xC3\xA9t\xC3\xA9\" ]", "\xC3\xA9t\xC3\xA9", MS, &line), RC_OK);
}

/* Whoever does not read it does no harm, however long it is. */
static void test_unread(void **state)
{
    char *longest = arena_alloc(A, 300000);
    const char *line;

    (void)state;
    memset(longest, 'x', 299999);
    assert_int_equal(run("exec 0<&-; echo no; exit 1", longest, MS, &line), RC_NONE);
    assert_string_equal(line, "no");
    assert_int_equal(run("exit 0", longest, MS, &line), RC_OK);
    assert_int_equal(run("[ $(wc -c) = 300000 ]", longest, MS, &line), RC_OK);
}

static void test_surroundings(void **state)
{
    const char *line;
    int fd = open("/dev/null", O_RDONLY); /* not closed on exec, so it would go along */

    (void)state;
    setenv("AUTENTICO_ADMIN_TOKEN", "secret", 1);
    assert_int_equal(run("[ -z \"$(/usr/bin/env | /usr/bin/grep -v -e ^PWD= -e ^SHLVL= -e ^_= -e ^OLDPWD=)\" ]", "x", MS, &line), RC_OK);
    assert_int_equal(run("[ \"$(pwd)\" = / ]", "x", MS, &line), RC_OK);
    assert_int_equal(run("[ \"$(/bin/ls /proc/self/fd | /usr/bin/tr '\\n' ' ')\" = '0 1 2 3 ' ]", "x", MS, &line), RC_OK);
    assert_int_equal(run("/usr/bin/grep -q 'NoNewPrivs:.1' /proc/self/status", "x", MS, &line), RC_OK);
    assert_int_equal(run("[ \"$(ulimit -c)\" = 0 ]", "x", MS, &line), RC_OK);
    unsetenv("AUTENTICO_ADMIN_TOKEN");
    close(fd);
}

static void assert_late(const char *script)
{
    int64_t began = clock_mono_ms();
    const char *line;

    if (run(script, "x", 200, &line) != RC_REFUSED)
        fail_msg("%s", script);
    assert_true(clock_mono_ms() - began >= 200);
    assert_string_equal(line, "untouched");
}

/* Whatever hangs is ended, with all it has started. */
static void test_hanging(void **state)
{
    (void)state;
    assert_late("sleep 100");
    assert_late("trap '' TERM INT HUP; while :; do sleep 1; done");
    assert_late("echo no; sleep 100");
    assert_late("exec 1>&-; sleep 100");
    assert_late("while :; do echo chatter; done");
    assert_late("/usr/bin/yes | /bin/cat");
    assert_late("kill -STOP $$");
}

static int alive_n(const char *path)
{
    FILE *f = fopen(path, "r");
    int pid = 0, n = 0;

    assert_non_null(f);
    while (fscanf(f, "%d", &pid) == 1)
        n += kill(pid, 0) == 0;
    fclose(f);
    return n;
}

/* What it leaves behind neither keeps us waiting nor lives on. */
static void test_leftovers(void **state)
{
    char path[] = "/tmp/autentico-checker-XXXXXX";
    const char *line, *script;
    int64_t began = clock_mono_ms();

    (void)state;
    close(mkstemp(path));
    script = arena_printf(A, "sleep 1000 & echo $! >> %s; (while :; do echo x; done) & echo $! >> %s; echo no; exit 1", path, path);
    assert_int_equal(run(script, "x", MS, &line), RC_NONE);
    assert_true(clock_mono_ms() - began < MS);
    for (int i = 0; i < 200 && alive_n(path) > 0; i++)
        usleep(10000); /* they are dying: the kernel takes its time */
    assert_int_equal(alive_n(path), 0);
    unlink(path);
    assert_int_equal(waitpid(-1, NULL, WNOHANG), -1); /* and nothing of it is ours to reap */
}

/* Much output is no crime, and no message either. */
static void test_chatty(void **state)
{
    const char *line;

    (void)state;
    assert_int_equal(run("i=0; while [ $i -lt 20000 ]; do echo 'line of chatter'; i=$((i+1)); done; exit 1", "x", MS, &line),
                     RC_NONE);
    assert_string_equal(line, "line of chatter");
    assert_int_equal(run("/usr/bin/head -c 1000000 /dev/zero; exit 1", "x", MS, &line), RC_NONE);
    assert_string_equal(line, "");
    assert_int_equal(run("/usr/bin/printf '%0500d' 7; exit 1", "x", MS, &line), RC_NONE);
    assert_int_equal(strlen(line), 159);
}

static void test_not_a_program(void **state)
{
    static const char *const names[] = { "/no/such/program", "/etc/passwd", "/tmp", "" };
    const char *line;

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(names); i++) {
        const char *const argv[] = { names[i], NULL };

        assert_int_equal(checker_command(argv, A, bytes_of("x"), MS, &line), RC_REFUSED);
    }
}

static void test_arguments(void **state)
{
    const char *const argv[] = { "/bin/sh", "-c", "[ \"$1\" = '$(id)' ] && [ $# = 2 ]", "sh", "$(id)", "*", NULL };
    const char *line;

    (void)state;
    assert_int_equal(checker_command(argv, A, bytes_of("x"), MS, &line), RC_OK);
}

/* ---- by a process of its own ---- */

static struct ask_queue QUEUE;
static int CONTROL[2];

static pid_t fork_checker(const char *script)
{
    const char *const argv[] = { "/bin/sh", "-c", script, NULL };
    pid_t pid = fork();

    if (pid == 0) {
        struct checker_setup setup = { .argv = argv, .answer_fd = QUEUE.answer_fd, .control_fd = CONTROL[0] };

        close(CONTROL[1]);
        _exit(checker_run(&setup));
    }
    return pid;
}

static int status_of(pid_t pid)
{
    int status;

    assert_int_equal(waitpid(pid, &status, 0), pid);
    return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

static int with_queue(void **state)
{
    set_up(state);
    assert_int_equal(ask_queue_open(&QUEUE), RC_OK);
    assert_int_equal(pipe(CONTROL), 0);
    return 0;
}

static int without_queue(void **state)
{
    close(QUEUE.ask_fd);
    close(QUEUE.answer_fd);
    close(CONTROL[0]);
    return tear_down(state);
}

static struct checker asker(void)
{
    static const char *const any[] = { "/bin/true", NULL };

    return (struct checker){ .argv = any, .ask_fd = QUEUE.ask_fd, .deadline_ms = clock_mono_ms() + MS };
}

/* One question, then it ends: the next is another's. */
static void test_one_question(void **state)
{
    struct checker c = asker();
    const char *line = "untouched";
    pid_t pid = fork_checker("read -r p; echo so not; [ \"$p\" = good ]");

    (void)state;
    assert_int_equal(checker_ask(&c, A, "good", &line), RC_OK);
    assert_int_equal(status_of(pid), 0);
    pid = fork_checker("read -r p; echo so not; [ \"$p\" = good ]");
    assert_int_equal(checker_ask(&c, A, "bad", &line), RC_NONE);
    assert_string_equal(line, "so not");
    assert_int_equal(status_of(pid), 0);
    pid = fork_checker("kill -SEGV $$");
    assert_int_equal(checker_ask(&c, A, "bad", &line), RC_REFUSED);
    assert_int_equal(status_of(pid), 0); /* it is the command that crashed */
    close(CONTROL[1]);
}

static void test_nobody_answers(void **state)
{
    int64_t late = 0;
    struct checker c = asker(), none = { NULL, -1, 0, NULL };
    const char *line = "untouched";

    (void)state;
    c.deadline_ms = clock_mono_ms() + 50;
    c.late_since_ms = &late;
    assert_int_equal(checker_ask(&c, A, "x", &line), RC_REFUSED);
    assert_true(late != 0);
    assert_int_equal(checker_ask(&none, A, "x", &line), RC_OK);
    assert_int_equal(checker_ask(NULL, A, "x", &line), RC_OK);
    close(CONTROL[1]);
}

static void test_ends_with_its_parent(void **state)
{
    pid_t pid = fork_checker("exit 0");

    (void)state;
    close(CONTROL[1]);
    assert_int_equal(status_of(pid), 0);
}

int main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
#define Q(name) cmocka_unit_test_setup_teardown(name, with_queue, without_queue)
    const struct CMUnitTest tests[] = {
        T(test_verdicts), T(test_candidate), T(test_unread), T(test_surroundings), T(test_hanging), T(test_leftovers),
        T(test_chatty), T(test_not_a_program), T(test_arguments),
        Q(test_one_question), Q(test_nobody_answers), Q(test_ends_with_its_parent),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
