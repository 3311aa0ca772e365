/*
 * The other main() of a fuzz target: its corpus, or the files and folders that are named,
 * once each.  An empty corpus is a failure: it would show nothing.
 */
#include "config.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static int replayed;

static void fail(const char *path)
{
    fprintf(stderr, "%s: %s\n", path, strerror(errno));
    exit(1);
}

static void replay_file(const char *path, size_t size)
{
    uint8_t *data = malloc(size > 0 ? size : 1); /* its own size: to read one byte more is seen */
    int fd = open(path, O_RDONLY | O_CLOEXEC);

    if (data == NULL || fd < 0 || read(fd, data, size) != (ssize_t)size)
        fail(path);
    close(fd);
    printf("%s\n", path);
    fflush(stdout);
    (void)LLVMFuzzerTestOneInput(data, size);
    free(data);
    replayed++;
}

static void replay(const char *path);

static void replay_folder(const char *path)
{
    char name[4096];
    struct dirent *entry;
    DIR *d = opendir(path);

    if (d == NULL)
        fail(path);
    while ((entry = readdir(d)) != NULL) {
        if (entry->d_name[0] == '.')
            continue;
        snprintf(name, sizeof(name), "%s/%s", path, entry->d_name);
        replay(name);
    }
    closedir(d);
}

static void replay(const char *path)
{
    struct stat st;

    if (stat(path, &st) != 0)
        fail(path);
    if (S_ISDIR(st.st_mode))
        replay_folder(path);
    else
        replay_file(path, (size_t)st.st_size);
}

/* fuzz_json reads corpus/json. */
static const char *own_corpus(void)
{
    static char path[4096];

    snprintf(path, sizeof(path), CORPUS "/%s", program_invocation_short_name + strlen("fuzz_"));
    return path;
}

int main(int argc, char **argv)
{
    for (int i = 1; i < argc; i++)
        replay(argv[i]);
    if (argc == 1)
        replay(own_corpus());
    if (replayed == 0) {
        fprintf(stderr, "no corpus\n");
        return 1;
    }
    printf("%d replayed\n", replayed);
    return 0;
}
