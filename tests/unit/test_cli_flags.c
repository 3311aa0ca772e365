/* Flags, verbs and secrets of the command line. */
#include "config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>
#include <unistd.h>

#include "cli/cli.h"

#define WORDS_MAX 8

static const char *text_a, *text_b;
static bool is_set;
static const struct flag flags[] = {
    { "url", FLAG_TEXT, &text_a },
    { "user", FLAG_TEXT, &text_b },
    { "dev", FLAG_SET, &is_set },
};

static void reset(void)
{
    text_a = text_b = NULL;
    is_set = false;
}

/* "a b c" as argv; argv[0] is the command. */
static int split(char *line, char **argv)
{
    int n = 0;

    for (char *p = line; p != NULL && n < WORDS_MAX;) {
        argv[n++] = p;
        p = strchr(p, ' ');
        if (p != NULL)
            *p++ = '\0';
    }
    argv[n] = NULL;
    return n;
}

struct case_flags {
    const char *line;
    enum rc rc;
    const char *a, *b;
    bool is_set;
    int rest;
};

static void test_flags(void **state)
{
    static const struct case_flags cases[] = {
        { "start", RC_OK, NULL, NULL, false, 1 },
        { "start --url x", RC_OK, "x", NULL, false, 3 },
        { "start --url=x", RC_OK, "x", NULL, false, 2 },
        { "start -url x", RC_OK, "x", NULL, false, 3 },
        { "start -url=x -dev", RC_OK, "x", NULL, true, 3 },
        { "start --url=a=b", RC_OK, "a=b", NULL, false, 2 },
        { "start --url=", RC_OK, "", NULL, false, 2 },
        { "start --url --dev", RC_OK, "--dev", NULL, false, 3 }, /* a value may look like a flag */
        { "start --dev word --url x", RC_OK, NULL, NULL, true, 2 },
        { "start --dev -- --url x", RC_OK, NULL, NULL, true, 3 },
        { "start --dev=true", RC_OK, NULL, NULL, true, 2 },
        { "start --dev=false", RC_OK, NULL, NULL, false, 2 },
        { "start --dev=maybe", RC_REFUSED, NULL, NULL, false, 0 },
        { "start --url", RC_REFUSED, NULL, NULL, false, 0 },
        { "start --ur x", RC_REFUSED, NULL, NULL, false, 0 }, /* no abbreviations */
        { "start --urls x", RC_REFUSED, NULL, NULL, false, 0 },
        { "start ---url x", RC_REFUSED, NULL, NULL, false, 0 },
        { "start --nope", RC_REFUSED, NULL, NULL, false, 0 },
        { "start -x", RC_REFUSED, NULL, NULL, false, 0 },
        { "start --help", RC_NONE, NULL, NULL, false, 0 },
        { "start -h", RC_NONE, NULL, NULL, false, 0 },
        { "start --url x --help", RC_NONE, "x", NULL, false, 0 },
        { "start -", RC_OK, NULL, NULL, false, 1 },
        { "start --url x --url y --user z", RC_OK, "y", "z", false, 7 },
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        const struct case_flags *c = &cases[i];
        char line[128], *argv[WORDS_MAX + 1];
        int rest = -1;

        reset();
        (void)snprintf(line, sizeof(line), "%s", c->line);
        int argc = split(line, argv);
        enum rc rc = cli_flags("start", argc, argv, flags, ARRAY_LEN(flags), &rest);
        if (rc != c->rc)
            fail_msg("%s: %d", c->line, (int)rc);
        assert_true(text_same(text_a, c->a) && text_same(text_b, c->b));
        assert_int_equal(is_set, c->is_set);
        assert_int_equal(rest, rc == RC_OK ? c->rest : -1);
    }
}

struct seen { const char *verb, *words[WORDS_MAX]; size_t n; };

static int note_verb(const char *verb, const char *const *words, size_t words_n, void *arg)
{
    struct seen *s = arg;

    s->verb = verb;
    s->n = words_n;
    for (size_t i = 0; i < words_n; i++)
        s->words[i] = words[i];
    return 0;
}

static int take(const char *text, struct seen *seen)
{
    static char line[128];
    char *argv[WORDS_MAX + 1];

    reset();
    memset(seen, 0, sizeof(*seen));
    (void)snprintf(line, sizeof(line), "%s", text);
    int argc = split(line, argv);
    return cli_verb("users", argc, argv, flags, ARRAY_LEN(flags), note_verb, seen);
}

static void test_verbs(void **state)
{
    struct seen seen;

    (void)state;
    assert_int_equal(take("users add jane --url x", &seen), 0);
    assert_string_equal(seen.verb, "add");
    assert_int_equal(seen.n, 1);
    assert_string_equal(seen.words[0], "jane");
    assert_string_equal(text_a, "x");
    assert_int_equal(take("users --dev add --url x jane", &seen), 0);
    assert_string_equal(seen.words[0], "jane");
    assert_true(is_set);
    assert_int_equal(take("users add -- -jane", &seen), 0);
    assert_string_equal(seen.words[0], "-jane");
    assert_int_equal(take("users list", &seen), 0);
    assert_int_equal(seen.n, 0);
    assert_int_equal(take("users", &seen), 1);
    assert_int_equal(take("users --dev", &seen), 1);
    assert_int_equal(take("users add --nope", &seen), 1);
    assert_null(seen.verb);
    assert_int_equal(take("users add --help", &seen), 0); /* printed, not run */
    assert_null(seen.verb);
}

/* Every command says what it takes, and refuses what it does not know. */
static void test_every_command(void **state)
{
    (void)state;
    assert_true(cli_commands_n >= 9);
    for (size_t i = 0; i < cli_commands_n; i++) {
        const struct command *c = &cli_commands[i];
        char help[] = "--help", unknown[] = "--no-such-flag", name[32];
        char *with_help[] = { name, help, NULL }, *with_unknown[] = { name, unknown, NULL };

        (void)snprintf(name, sizeof(name), "%s", c->name);
        assert_ptr_equal(cli_command_of(c->name), c);
        assert_true(strncmp(c->usage, "Usage: autentico ", 17) == 0);
        assert_true(c->usage[strlen(c->usage) - 1] == '\n');
        assert_int_equal(c->run(2, with_help), 0);
        /* 1 is a warning there, and this is none */
        assert_int_equal(c->run(2, with_unknown), strcmp(c->name, "doctor") == 0 ? 2 : 1);
    }
    assert_null(cli_command_of("nope"));
    assert_null(cli_command_of(""));
}

static void feed(const char *text)
{
    int ends[2];

    assert_int_equal(pipe(ends), 0);
    assert_int_equal(write(ends[1], text, strlen(text)), (ssize_t)strlen(text));
    close(ends[1]);
    assert_int_equal(dup2(ends[0], STDIN_FILENO), STDIN_FILENO);
    close(ends[0]);
}

static void test_secret_from_stdin(void **state)
{
    struct arena *a = arena_start("test");
    char *secret = NULL;

    (void)state;
    feed("one two \nthree\n");
    assert_int_equal(cli_read_secret(a, "Password", true, &secret), RC_OK);
    assert_string_equal(secret, "one two "); /* spaces are part of a password */
    assert_int_equal(cli_read_secret(a, "Password", false, &secret), RC_OK);
    assert_string_equal(secret, "three"); /* one line, not what was read ahead */
    assert_int_equal(cli_read_secret(a, "Password", true, &secret), RC_NONE);
    feed("\n");
    assert_int_equal(cli_read_secret(a, "Password", true, &secret), RC_NONE);
    feed("no newline");
    assert_int_equal(cli_read_secret(a, "Password", true, &secret), RC_OK);
    assert_string_equal(secret, "no newline");
    arena_done(a);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_flags),
        cmocka_unit_test(test_verbs),
        cmocka_unit_test(test_every_command),
        cmocka_unit_test(test_secret_from_stdin),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
