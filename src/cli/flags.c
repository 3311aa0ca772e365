#include "config.h"

#include <signal.h>
#include <stdarg.h>
#include <string.h>
#include <termios.h>
#include <unistd.h>

#include "cli/cli.h"

const struct command *cli_command_of(const char *name)
{
    for (size_t i = 0; i < cli_commands_n; i++)
        if (strcmp(cli_commands[i].name, name) == 0)
            return &cli_commands[i];
    return NULL;
}

int cli_exit(enum rc rc)
{
    return rc == RC_OK || rc == RC_NONE ? 0 : 1;
}

int cli_fail(const char *fmt, ...)
{
    va_list ap;

    fputs("autentico: ", stderr);
    va_start(ap, fmt);
    vfprintf(stderr, fmt, ap);
    va_end(ap);
    fputc('\n', stderr);
    return 1;
}

static const struct flag *find_flag(const struct flag *flags, size_t n, const char *name, size_t name_n)
{
    for (size_t i = 0; i < n; i++)
        if (strlen(flags[i].name) == name_n && memcmp(flags[i].name, name, name_n) == 0)
            return &flags[i];
    return NULL;
}

struct parsing { const char *command; int argc, i; char **argv; };

static enum rc set_flag(struct parsing *p, const struct flag *flag, const char *value)
{
    bool is;

    if (flag->kind == FLAG_TEXT) {
        if (value == NULL && p->i + 1 < p->argc)
            value = p->argv[++p->i];
        if (value == NULL)
            return cli_refuse("--%s needs a value", flag->name);
        *(const char **)flag->at = value;
        return RC_OK;
    }
    if (value != NULL && text_bool(value, &is) != RC_OK)
        return cli_refuse("--%s takes true or false", flag->name);
    *(bool *)flag->at = value == NULL || is;
    return RC_OK;
}

static enum rc read_flag(struct parsing *p, const struct flag *flags, size_t n)
{
    const char *name = p->argv[p->i] + (p->argv[p->i][1] == '-' ? 2 : 1), *eq = strchr(name, '=');
    size_t name_n = eq != NULL ? (size_t)(eq - name) : strlen(name);
    const struct flag *flag = find_flag(flags, n, name, name_n);

    if ((name_n == 4 && memcmp(name, "help", 4) == 0) || (name_n == 1 && *name == 'h')) {
        fputs(cli_command_of(p->command)->usage, stdout);
        return RC_NONE;
    }
    if (flag == NULL)
        return cli_refuse("unknown flag %s; see: autentico %s --help", p->argv[p->i], p->command);
    return set_flag(p, flag, eq != NULL ? eq + 1 : NULL);
}

enum rc cli_flags(const char *command, int argc, char **argv, const struct flag *flags, size_t flags_n, int *rest)
{
    struct parsing p = { command, argc, 1, argv };

    for (; p.i < argc; p.i++) {
        if (strcmp(argv[p.i], "--") == 0) {
            p.i++;
            break;
        }
        if (argv[p.i][0] != '-' || argv[p.i][1] == '\0')
            break;
        TRY(read_flag(&p, flags, flags_n));
    }
    *rest = p.i;
    return RC_OK;
}

enum rc cli_flags_only(const char *command, int argc, char **argv, const struct flag *flags, size_t flags_n)
{
    int rest;

    TRY(cli_flags(command, argc, argv, flags, flags_n, &rest));
    if (rest == argc)
        return RC_OK;
    return cli_refuse("unexpected \"%s\"; see: autentico %s --help", argv[rest], command);
}

enum rc cli_words(const char *command, int argc, char **argv, const struct flag *flags, size_t flags_n,
                  struct cli_words *out)
{
    out->n = 0;
    for (int at = 0; at < argc && out->n < ARRAY_LEN(out->v);) {
        int rest;

        TRY(cli_flags(command, argc - at, argv + at, flags, flags_n, &rest));
        at += rest;
        if (at < argc)
            out->v[out->n++] = argv[at];
    }
    return RC_OK;
}

int cli_verb(const char *command, int argc, char **argv, const struct flag *flags, size_t flags_n, cli_verb_fn *fn,
             void *arg)
{
    struct cli_words words;
    enum rc rc = cli_words(command, argc, argv, flags, flags_n, &words);

    if (rc != RC_OK)
        return cli_exit(rc);
    if (words.n == 0)
        return cli_fail("%s what? see: autentico %s --help", command, command);
    return fn(words.v[0], words.v + 1, words.n - 1, arg);
}

/* --- secrets ---------------------------------------------------------------- */

static volatile sig_atomic_t interrupted;

static void note_interrupt(int sig)
{
    interrupted = sig;
}

/* Ends at a signal too: the terminal gets its echo back before we die of it. */
static void read_line(char *line, size_t cap)
{
    size_t n = 0;
    char c;

    while (n + 1 < cap && read(STDIN_FILENO, &c, 1) == 1 && c != '\n')
        line[n++] = c;
    line[n] = '\0';
}

static void read_silently(const char *prompt, const char *again, char *line, size_t cap)
{
    struct sigaction note = { .sa_handler = note_interrupt }, int_before, term_before;
    struct termios before, silent;

    fprintf(stderr, "%s%s: ", prompt, again);
    (void)tcgetattr(STDIN_FILENO, &before);
    silent = before;
    silent.c_lflag &= ~(tcflag_t)ECHO;
    sigaction(SIGINT, &note, &int_before);
    sigaction(SIGTERM, &note, &term_before);
    (void)tcsetattr(STDIN_FILENO, TCSAFLUSH, &silent);
    read_line(line, cap);
    (void)tcsetattr(STDIN_FILENO, TCSAFLUSH, &before);
    sigaction(SIGINT, &int_before, NULL);
    sigaction(SIGTERM, &term_before, NULL);
    fputc('\n', stderr);
    if (interrupted)
        raise(interrupted);
}

enum rc cli_read_secret(struct arena *a, const char *prompt, bool from_stdin, char **out)
{
    char line[4097], second[4097];
    bool is_typed = !from_stdin && isatty(STDIN_FILENO), is_same = true;

    if (is_typed) {
        read_silently(prompt, "", line, sizeof(line));
        read_silently(prompt, " again", second, sizeof(second));
        is_same = strcmp(line, second) == 0;
        explicit_bzero(second, sizeof(second));
    } else {
        read_line(line, sizeof(line));
    }
    if (is_same && line[0] != '\0')
        *out = arena_strdup(a, line);
    enum rc rc = line[0] == '\0' ? RC_NONE : is_same ? RC_OK : RC_REFUSED;
    explicit_bzero(line, sizeof(line));
    if (rc == RC_REFUSED)
        (void)cli_fail("the two are not the same");
    return rc;
}
