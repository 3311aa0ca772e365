/*
 * A program of the operator's that looks at every new password
 * (AUTENTICO_PASSWORD_COMMAND; design 4 "passwords", D24).  It gets the candidate as one
 * line on standard input, an empty environment and COMMAND_MS, and decides by its exit
 * status; the first line it writes is shown to the person.
 *
 * Workers may not start programs: they ask, over a queue (util/ask.h), a child of the
 * parent that answers one question and ends, so that nothing of a candidate stays behind.
 * The parent then starts the next.
 */
#ifndef AUTENTICO_HASHER_CHECKER_H
#define AUTENTICO_HASHER_CHECKER_H

#include <stdbool.h>

#include "util/ask.h"

#define COMMAND_MS 5000

struct checker {
    const char *const *argv; /* absolute path and arguments, NULL-terminated; NULL: no command is configured */
    int ask_fd;              /* -1: start it from this process (subcommands) */
    int64_t deadline_ms;     /* clock_mono_ms() instant of the answer */
    int64_t *late_since_ms;  /* as in struct signer */
};

/*
 * RC_OK       good enough, or nobody is to be asked
 * RC_NONE     not good enough; *line is what the command says, "" when it says nothing that
 *             can be shown
 * RC_REFUSED  nobody knows: the command could not be run, was late, crashed; logged
 */
MUST_CHECK enum rc checker_ask(const struct checker *c, struct arena *a, const char *password, const char **line);

/* Run it now: RC_OK, RC_NONE, RC_REFUSED as above. */
MUST_CHECK enum rc checker_command(const char *const *argv, struct arena *a, struct bytes password, int64_t ms,
                                   const char **line);

/* The child: one question, or until TERM or EOF of control_fd; returns the exit status. */
struct checker_setup {
    const char *const *argv;
    int answer_fd, control_fd;
    int64_t *busy_since_ms;  /* answerer_busy(), answerer_idle() */
};
int checker_run(const struct checker_setup *setup);

#endif
