#include "config.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cli/cli.h"
#include "cli/init.h"
#include "serve/parent.h"

struct start_flags {
    const char *config, *url;
    bool no_auto_migrate, auto_setup, dev;
    bool from_stdin; /* `autentico fcgi` */
};

/* .env in this directory, made when it is not there. */
static enum rc auto_setup(struct arena *a, const struct start_flags *f)
{
    const char *url = f->url != NULL ? f->url : text_or(getenv("AUTENTICO_APP_URL"), "http://localhost:9999");
    struct stat st;

    if (!f->auto_setup || f->config != NULL || stat(".env", &st) == 0)
        return RC_OK;
    return init_write(a, ".", url, f->dev || !text_starts(url, "https:"));
}

static int start(struct arena *a, const struct start_flags *f)
{
    struct conf_source source = { .file = f->config, .needs_secrets = true };
    struct conf conf;

    if (auto_setup(a, f) != RC_OK || conf_load(a, &source, stderr, &conf) != RC_OK)
        return 1;
    log_setup(conf.log_format, conf.log_level);
    struct parent_setup setup = {
        .conf = &conf,
        .source = &source,
        .may_migrate = !f->no_auto_migrate,
        .from_stdin = f->from_stdin,
        .out = stdout,
        .err = stderr,
    };
    return parent_run(&setup);
}

static int run(const char *name, int argc, char **argv, const struct flag *flags, size_t flags_n,
               const struct start_flags *f)
{
    enum rc rc = cli_flags_only(name, argc, argv, flags, flags_n);

    if (rc != RC_OK)
        return cli_exit(rc);
    struct arena *a = arena_start("start");
    int status = start(a, f);
    arena_done(a);
    return status;
}

int cli_start(int argc, char **argv)
{
    struct start_flags f = { .from_stdin = false };
    const struct flag flags[] = {
        { "config", FLAG_TEXT, &f.config },
        { "no-auto-migrate", FLAG_SET, &f.no_auto_migrate },
        { "auto-setup", FLAG_SET, &f.auto_setup },
        { "url", FLAG_TEXT, &f.url },
        { "dev", FLAG_SET, &f.dev },
    };

    return run("start", argc, argv, flags, ARRAY_LEN(flags), &f);
}

int cli_fcgi(int argc, char **argv)
{
    struct start_flags f = { .from_stdin = true };
    const struct flag flags[] = {
        { "config", FLAG_TEXT, &f.config },
        { "no-auto-migrate", FLAG_SET, &f.no_auto_migrate },
    };

    return run("fcgi", argc, argv, flags, ARRAY_LEN(flags), &f);
}
