/* How far long work has come: a bar on a terminal, nothing elsewhere. */
#ifndef AUTENTICO_CLI_PROGRESS_H
#define AUTENTICO_CLI_PROGRESS_H

#include <stdbool.h>
#include <stdint.h>

struct progress {
    const char *what; /* "copying"; NULL: nothing is shown */
    int64_t shown_ms;
};

void progress_begin(struct progress *p, const char *what);
void progress_at(struct progress *p, int64_t done, int64_t all); /* as often as one likes */
void progress_told(int64_t done, int64_t all, void *progress); /* the same, for who calls back */
void progress_end(struct progress *p); /* the line is taken away */

#endif
