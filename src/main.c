#include "config.h"

#include <malloc.h>
#include <string.h>

#include "cli/cli.h"

int main(int argc, char **argv)
{
    const struct command *command;

    /* what is freed is overwritten, json-c's strings included; and page faults are
     * the dearest thing a worker can do: keep what it has */
    mallopt(M_PERTURB, 0x5a);
    mallopt(M_TRIM_THRESHOLD, 8 << 20);
    mallopt(M_MMAP_THRESHOLD, 8 << 20);
    if (argc < 2 || strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-help") == 0 ||
        strcmp(argv[1], "-h") == 0)
        return cli_help(1, argv);
    if (strcmp(argv[1], "--version") == 0)
        return cli_version(1, argv);
    command = cli_command_of(argv[1]);
    if (command == NULL)
        return cli_fail("there is no command \"%s\"; see: autentico help", argv[1]);
    return command->run(argc - 1, argv + 1);
}
