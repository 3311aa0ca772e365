#include "config.h"

#include <string.h>

#include "cli/cli.h"
#include "conf/conf.h"
#include "serve/dispatch.h"
#include "serve/front.h"

static enum rc print_site(struct arena *a, const char *config, const char *kind)
{
    struct conf_source source = { .file = config, .needs_secrets = false, .uid_to_be = (uid_t)-1 };
    struct router *router;
    struct conf conf;
    char *site;

    TRY(conf_load(a, &source, stderr, &conf));
    TRY(dispatch_router(a, conf.oauth_path, &router));
    enum rc rc = front_site(a, &conf, router, kind, &site);
    if (rc == RC_NONE) {
        (void)cli_fail("there is no site file for \"%s\"; known: nginx", kind);
        return RC_REFUSED;
    }
    TRY(rc);
    fputs(site, stdout);
    return RC_OK;
}

int cli_site(int argc, char **argv)
{
    const char *config = NULL;
    const struct flag flags[] = { { "config", FLAG_TEXT, &config } };
    int rest;
    enum rc rc = cli_flags("site", argc, argv, flags, ARRAY_LEN(flags), &rest);

    if (rc != RC_OK)
        return cli_exit(rc);
    if (rest + 1 != argc)
        return cli_fail("which web server? autentico site nginx");
    struct arena *a = arena_start("site");
    rc = print_site(a, config, argv[rest]);
    arena_done(a);
    return cli_exit(rc);
}
