#include "config.h"

#include <string.h>

#include "cli/cli.h"
#include "conf/conf.h"
#include "serve/dispatch.h"
#include "serve/site.h"

static enum rc print_site(struct arena *a, const char *config, const char *kind)
{
    const struct web_server *server = web_server_named(kind);
    struct conf_source source = { .file = config, .needs_secrets = false };
    struct router *router;
    struct conf conf;
    char *site;

    if (server == NULL)
        return cli_refuse("there is no site file for \"%s\"; known: %s", kind, web_server_names(a));
    TRY(conf_load(a, &source, stderr, &conf));
    if (!conf.is_https) {
        return cli_refuse("AUTENTICO_APP_URL is %s, and a site is for an https address: autentico init --url https://...",
                       conf.url);
    }
    TRY(dispatch_router(a, conf.oauth_path, &router));
    TRY(site_public(a, &conf, router, server, &site));
    fputs(site, stdout);
    return RC_OK;
}

static int check_and_print(const char *kind, const char *const *words, size_t words_n, void *arg)
{
    const char *const *config = arg;
    struct arena *a;

    if (words_n != 0)
        return cli_fail("unexpected \"%s\"; see: autentico site --help", words[0]);
    a = arena_start("site");
    enum rc rc = print_site(a, *config, kind);
    arena_done(a);
    return cli_exit(rc);
}

int cli_site(int argc, char **argv)
{
    const char *config = NULL;
    const struct flag flags[] = { { "config", FLAG_TEXT, &config } };

    return cli_verb("site", argc, argv, flags, ARRAY_LEN(flags), check_and_print, &config);
}
