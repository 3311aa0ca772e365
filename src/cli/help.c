#include "config.h"

#include <string.h>

#include "cli/cli.h"
#include "conf/conf.h"

int cli_version(int argc, char **argv)
{
    enum rc rc = cli_flags_only("version", argc, argv, NULL, 0);

    if (rc == RC_OK)
        printf("%s\n", PACKAGE_VERSION);
    return cli_exit(rc);
}

static void print_commands(void)
{
    printf("Autentico %s, an OpenID Connect provider behind your web server\n\n"
           "Usage: autentico COMMAND [--flag value]...\n\n",
           PACKAGE_VERSION);
    for (size_t i = 0; i < cli_commands_n; i++)
        printf("  %-10s %s\n", cli_commands[i].name, cli_commands[i].summary);
    printf("\n  autentico COMMAND --help says more; autentico help variables lists the configuration.\n"
           "  Configuration: --config FILE, else ./.env, else /etc/autentico/autentico.env;\n"
           "  the process environment wins.\n");
}

int cli_help(int argc, char **argv)
{
    const struct command *command;

    if (argc < 2 || strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0 || strcmp(argv[1], "-help") == 0) {
        print_commands();
        return 0;
    }
    if (argc > 2)
        return cli_fail("unexpected \"%s\"; see: autentico help", argv[2]);
    if (strcmp(argv[1], "variables") == 0) {
        conf_print_help(stdout);
        return 0;
    }
    if (strcmp(argv[1], "env-man") == 0) { /* for the build: man/autentico.env.5 */
        conf_print_man(stdout);
        return 0;
    }
    command = cli_command_of(argv[1]);
    if (command == NULL)
        return cli_fail("there is no command \"%s\"; see: autentico help", argv[1]);
    fputs(command->usage, stdout);
    return 0;
}
