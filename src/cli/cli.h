/*
 * The command line (spec/settings.md 7): one file per subcommand, a table in
 * main.c.  Exit status 0, or 1 with a line on standard error.
 */
#ifndef AUTENTICO_CLI_CLI_H
#define AUTENTICO_CLI_CLI_H

#include <stdbool.h>
#include <stdio.h>

#include "util/text.h"

struct command {
    const char *name;
    const char *summary;              /* one line of the general help */
    const char *usage;                /* "autentico NAME --help" */
    int (*run)(int argc, char **argv); /* argv[0] is the command's own name */
};
extern const struct command cli_commands[];
extern const size_t cli_commands_n;
const struct command *cli_command_of(const char *name);

/* Flags: "--name value", "--name=value", one dash as well as two. */
enum flag_kind { FLAG_SET, FLAG_TEXT };
struct flag {
    const char *name;
    enum flag_kind kind;
    void *at;                         /* bool *, or const char ** */
};
/*
 * RC_OK       *rest is the index of the first word that is no flag (argc: none)
 * RC_NONE     --help was asked for and printed: exit 0
 * RC_REFUSED  unknown flag or missing value, said on standard error: exit 1
 */
MUST_CHECK enum rc cli_flags(const char *command, int argc, char **argv, const struct flag *flags, size_t flags_n,
                             int *rest);
/* The same for commands that take no words; says so when there is one. */
MUST_CHECK enum rc cli_flags_only(const char *command, int argc, char **argv, const struct flag *flags, size_t flags_n);
/* Flags on both sides of words, which are gathered; results as above. */
struct cli_words { const char *v[8]; size_t n; };
MUST_CHECK enum rc cli_words(const char *command, int argc, char **argv, const struct flag *flags, size_t flags_n,
                             struct cli_words *out);
/* "NAME VERB [flags] [words] [flags]": flags may stand on both sides of the words,
 * which are gathered at the front of argv. */
typedef int cli_verb_fn(const char *verb, const char *const *words, size_t words_n, void *arg);
int cli_verb(const char *command, int argc, char **argv, const struct flag *flags, size_t flags_n, cli_verb_fn *fn,
             void *arg);
int cli_exit(enum rc rc);             /* RC_OK, RC_NONE: 0; else 1 */
int cli_fail(const char *fmt, ...) PRINTF_LIKE(1, 2); /* "autentico: …" on standard error; returns 1 */
/* The same; RC_REFUSED, which whoever compiles or checks the caller can see. */
#define cli_refuse(...) ((void)cli_fail(__VA_ARGS__), RC_REFUSED)

/*
 * A new secret: typed twice on a terminal without echo, else one line of standard
 * input, where nobody can watch it in a list of processes.
 *   from_stdin  --password-stdin: a line, and no prompt even on a terminal
 * RC_NONE: nothing was given; RC_REFUSED: said on standard error
 */
MUST_CHECK enum rc cli_read_secret(struct arena *a, const char *prompt, bool from_stdin, char **out);

int cli_init(int argc, char **argv);
int cli_start(int argc, char **argv);
int cli_fcgi(int argc, char **argv);
int cli_onboard(int argc, char **argv);
int cli_audit(int argc, char **argv);
int cli_backup(int argc, char **argv);
int cli_restore(int argc, char **argv);
int cli_migrate(int argc, char **argv);
int cli_keys(int argc, char **argv);
int cli_secrets(int argc, char **argv);
int cli_clients(int argc, char **argv);
int cli_doctor(int argc, char **argv);
int cli_settings(int argc, char **argv);
int cli_users(int argc, char **argv);
int cli_site(int argc, char **argv);
int cli_version(int argc, char **argv);
int cli_help(int argc, char **argv);

#endif
