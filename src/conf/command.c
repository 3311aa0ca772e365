/* AUTENTICO_PASSWORD_COMMAND: words between spaces, no shell (design D24). */
#include "config.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>

#include "conf/keys.h"

#define NAME "AUTENTICO_PASSWORD_COMMAND"

static int say(FILE *err, const char *program, const char *why)
{
    fprintf(err, NAME ": %s %s\n", program, why);
    return 1;
}

/* It gets every new password, so it must be nobody's to change. */
static int check_program(const char *program, FILE *err)
{
    struct stat st;

    if (program[0] != '/')
        return say(err, program, "is not an absolute path");
    if (stat(program, &st) != 0)
        return say(err, program, strerror(errno));
    if (!S_ISREG(st.st_mode) || (st.st_mode & (S_IXUSR | S_IXGRP | S_IXOTH)) == 0)
        return say(err, program, "is not a program");
    if ((st.st_mode & (S_IWGRP | S_IWOTH)) != 0) {
        fprintf(err, NAME ": %s may be written by others: chmod go-w %s\n", program, program);
        return 1;
    }
    return 0;
}

int conf_derive_command(struct arena *a, struct conf *c, FILE *err)
{
    struct text_list words = text_split(a, text_or(c->password_command, ""), ' ');
    const char **argv = arena_array(a, const char *, words.n + 1);
    size_t n = 0;

    for (size_t i = 0; i < words.n; i++)
        if (!text_empty(words.v[i]))
            argv[n++] = words.v[i];
    if (n == 0)
        return 0;
    c->password_argv = argv;
    return check_program(argv[0], err);
}
