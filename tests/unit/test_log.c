#include "config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "util/clock.h"
#include "util/json.h"
#include "util/log.h"

static struct arena *arena;
static int pipe_fds[2], real_stderr;

/* Standard error goes into a pipe of packets: each read() is one write(). */
static int set_up(void **state)
{
    (void)state;
    arena = arena_start("test");
    clock_set_for_test(1769860800);
    log_setup(LOG_TEXT, LOG_LEVEL_INFO);
    log_process(NULL);
    log_request_id(NULL);
    real_stderr = dup(STDERR_FILENO);
    if (real_stderr < 0 || pipe2(pipe_fds, O_DIRECT | O_NONBLOCK) != 0)
        return -1;
    return dup2(pipe_fds[1], STDERR_FILENO) < 0 ? -1 : 0;
}

static int tear_down(void **state)
{
    (void)state;
    dup2(real_stderr, STDERR_FILENO);
    close(real_stderr);
    close(pipe_fds[0]);
    close(pipe_fds[1]);
    clock_set_for_test(0);
    arena_done(arena);
    return 0;
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)

/* What the last write(2) wrote; NULL: nothing. */
static char *written(void)
{
    static char line[8192];
    ssize_t n = read(pipe_fds[0], line, sizeof(line) - 1);

    if (n < 0)
        return NULL;
    line[n] = '\0';
    return line;
}

#define HEAD "2026-01-31T12:00:00Z info e"

static void text_lines(void **state)
{
    static const struct {
        const char *value, *line;
    } cases[] = {
        { "plain", HEAD " k=plain\n" },
        { "/path?x&y", HEAD " k=/path?x&y\n" },
        { NULL, HEAD "\n" }, /* the pair is left out */
        { "", HEAD " k=\"\"\n" },
        { "two words", HEAD " k=\"two words\"\n" },
        { "a=b", HEAD " k=\"a=b\"\n" },
        { "say \"hi\"\\", HEAD " k=\"say \\\"hi\\\"\\\\\"\n" },
        { "x\ny", HEAD " k=\"x\\u000ay\"\n" },
        { "x\r\n2026-01-31T12:00:00Z info forged",
          HEAD " k=\"x\\u000d\\u000a2026-01-31T12:00:00Z info forged\"\n" },
        { "\x1B[2J", HEAD " k=\"\\u001b[2J\"\n" },
        { "\x7F", HEAD " k=\"\\u007f\"\n" },
        { "\xC2\x9B", HEAD " k=\"\\u009b\"\n" },         /* CSI, a C1 control */
        { "\xE2\x80\xA8", HEAD " k=\"\\u2028\"\n" },     /* LINE SEPARATOR */
        { "\xC3\xA9", HEAD " k=\"\xC3\xA9\"\n" },
        { "a\xFFz", HEAD " k=\"a\\xffz\"\n" },
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        log_event(LOG_LEVEL_INFO, "e", "k", cases[i].value, NULL);
        assert_string_equal(written(), cases[i].line);
        assert_null(written());
    }
}

static void pairs_in_order(void **state)
{
    (void)state;
    log_event(LOG_LEVEL_INFO, "request", "method", "GET", "skipped", NULL, "status", log_num(200),
              NULL);
    assert_string_equal(written(), "2026-01-31T12:00:00Z info request method=GET status=200\n");
    log_event(LOG_LEVEL_ERROR, "bare", NULL);
    assert_string_equal(written(), "2026-01-31T12:00:00Z error bare\n");
}

static void process_and_request(void **state)
{
    char want[200];

    (void)state;
    log_process("worker");
    log_request_id("r 1");
    snprintf(want, sizeof(want), HEAD " id=\"r 1\" proc=worker pid=%d k=v\n", (int)getpid());
    log_event(LOG_LEVEL_INFO, "e", "k", "v", NULL);
    assert_string_equal(written(), want);
    log_request_id(NULL);
    snprintf(want, sizeof(want), HEAD " proc=worker pid=%d\n", (int)getpid());
    log_event(LOG_LEVEL_INFO, "e", NULL);
    assert_string_equal(written(), want);
}

static void levels(void **state)
{
    (void)state;
    for (enum log_level set = LOG_LEVEL_ERROR; set <= LOG_LEVEL_DEBUG; set++) {
        log_setup(LOG_TEXT, set);
        for (enum log_level level = LOG_LEVEL_ERROR; level <= LOG_LEVEL_DEBUG; level++) {
            log_event(level, "e", NULL);
            assert_int_equal(log_enabled(level), level <= set);
            assert_int_equal(written() != NULL, level <= set);
        }
    }
}

static void numbers_rotate(void **state)
{
    const char *texts[8];

    (void)state;
    for (int i = 0; i < 8; i++)
        texts[i] = log_num(INT64_MIN + i);
    assert_string_equal(texts[0], "-9223372036854775808");
    assert_string_equal(texts[7], "-9223372036854775801");
}

/* The line as json.c reads it: strict, so well-formed. */
static struct json *line_as_json(void)
{
    struct json *j = NULL;
    char *line = written();

    assert_non_null(line);
    assert_int_equal(line[strlen(line) - 1], '\n');
    assert_null(memchr(line, '\n', strlen(line) - 1));
    assert_int_equal(json_parse(arena, line, strlen(line), &j), RC_OK);
    return j;
}

static void json_lines(void **state)
{
    static const struct {
        const char *value, *read;
    } cases[] = {
        { "plain", "plain" },
        { "", "" },
        { "two words", "two words" },
        { "\"\\/", "\"\\/" },
        { "\r\n\t\x01\x1F\x7F", "\r\n\t\x01\x1F\x7F" },
        { "\xC2\x9B\xE2\x80\xA8\xC3\xA9\xF0\x9F\x98\x80", "\xC2\x9B\xE2\x80\xA8\xC3\xA9\xF0\x9F\x98\x80" },
        { "a\xFF\xC3", "a\xEF\xBF\xBD\xEF\xBF\xBD" },
        { "\"},{\"x\":\"", "\"},{\"x\":\"" },
    };

    (void)state;
    log_setup(LOG_JSON, LOG_LEVEL_INFO);
    log_request_id("r\"1");
    log_process("worker");
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct json *j;

        log_event(LOG_LEVEL_WARNING, "request", "k", cases[i].value, "none", NULL, NULL);
        j = line_as_json();
        assert_string_equal(json_str(json_get(j, "k")), cases[i].read);
        assert_string_equal(json_str(json_get(j, "time")), "2026-01-31T12:00:00Z");
        assert_string_equal(json_str(json_get(j, "level")), "warning");
        assert_string_equal(json_str(json_get(j, "event")), "request");
        assert_string_equal(json_str(json_get(j, "id")), "r\"1");
        assert_string_equal(json_str(json_get(j, "proc")), "worker");
        assert_non_null(json_get(j, "pid"));
        assert_false(json_has(j, "none"));
    }
}

static void json_has_a_fixed_form(void **state)
{
    (void)state;
    log_setup(LOG_JSON, LOG_LEVEL_INFO);
    log_event(LOG_LEVEL_INFO, "request", "method", "GET", NULL);
    assert_string_equal(written(), "{\"time\":\"2026-01-31T12:00:00Z\",\"level\":\"info\","
                                   "\"event\":\"request\",\"method\":\"GET\"}\n");
}

/* However long the values are, the line fits PIPE_BUF and stays well-formed. */
static void long_values_are_cut(void **state)
{
    static const char *const fillings[] = { "x", "\x01", "\"", "\xF0\x9F\x98\x80", "\xFF" };
    char value[9001];

    (void)state;
    for (size_t f = 0; f < ARRAY_LEN(fillings); f++) {
        for (size_t n = 900; n <= sizeof(value) - 1; n += 271) {
            size_t len = strlen(fillings[f]);

            for (size_t i = 0; i + len <= n; i += len)
                memcpy(value + i, fillings[f], len);
            value[n / len * len] = '\0';
            log_setup(LOG_JSON, LOG_LEVEL_INFO);
            log_event(LOG_LEVEL_INFO, "e", "a", value, "b", value, "c", value, "d", value, "e",
                      value, NULL);
            assert_non_null(json_get(line_as_json(), "a"));
            assert_null(written());
            log_setup(LOG_TEXT, LOG_LEVEL_INFO);
            log_event(LOG_LEVEL_INFO, "e", "a", value, "b", value, "c", value, "d", value, "e",
                      value, NULL);
            assert_non_null(written());
            assert_null(written());
        }
    }
}

static void cut_line_says_so(void **state)
{
    char value[1001];

    (void)state;
    memset(value, 'x', sizeof(value) - 1);
    value[sizeof(value) - 1] = '\0';
    log_event(LOG_LEVEL_INFO, "e", "a", value, "b", value, "c", value, "d", value, "e", value,
              NULL);
    assert_non_null(strstr(written(), " cut=1\n"));
    log_event(LOG_LEVEL_INFO, "e", "a", value, NULL);
    assert_null(strstr(written(), "cut=1"));
}

static void fault_logs_and_returns(void **state)
{
    char *line;

    (void)state;
    errno = EEXIST;
    assert_int_equal(fault("tokens: %s", "no\nsuch"), RC_FAULT);
    assert_int_equal(errno, EEXIST);
    line = written();
    assert_non_null(strstr(line, " error fault at="));
    assert_non_null(strstr(line, "test_log.c:"));
    assert_non_null(strstr(line, "why=\"tokens: no\\u000asuch\"\n"));
}

static void die_ends_the_process(void **state)
{
    int status;
    pid_t pid = fork();

    (void)state;
    if (pid == 0)
        die("broken %d", 7);
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_true(WIFEXITED(status));
    assert_int_equal(WEXITSTATUS(status), 70);
    assert_non_null(strstr(written(), "why=\"broken 7\"\n"));
}

/* A reader that went away must not hurt; SIGPIPE is ignored in our processes. */
static void closed_stderr_is_no_error(void **state)
{
    (void)state;
    close(STDERR_FILENO);
    log_event(LOG_LEVEL_INFO, "e", NULL);
    assert_int_equal(fault("x"), RC_FAULT);
    assert_null(written());
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(text_lines),
        TEST(pairs_in_order),
        TEST(process_and_request),
        TEST(levels),
        TEST(numbers_rotate),
        TEST(json_lines),
        TEST(json_has_a_fixed_form),
        TEST(long_values_are_cut),
        TEST(cut_line_says_so),
        TEST(fault_logs_and_returns),
        TEST(die_ends_the_process),
        TEST(closed_stderr_is_no_error),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
