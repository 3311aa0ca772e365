/*
 * The parent: opens the sockets, forks everybody, then only waits, counts and
 * kills.  It never reads a byte from the network.
 */
#ifndef AUTENTICO_SERVE_PARENT_H
#define AUTENTICO_SERVE_PARENT_H

#include <stdio.h>

#include "conf/conf.h"

struct parent_setup {
    const struct conf *conf; /* conf->secrets in place: the parent's from now on, and wiped by it */
    const struct conf_source *source; /* where it came from, for HUP */
    bool may_migrate;
    bool from_stdin;         /* the listening socket is descriptor 0 (`autentico fcgi`) */
    FILE *out;               /* banner */
    FILE *err;               /* lines for the operator */
};

/* Runs until TERM or INT; the exit status. */
int parent_run(const struct parent_setup *setup);

#endif
