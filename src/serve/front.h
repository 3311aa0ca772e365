/*
 * The private web server in front, which `start` runs itself while APP_URL is loopback
 * (design D19): nginx, lighttpd or Apache, with the same templates of contrib/ that make
 * the operator's own site (site.h).
 */
#ifndef AUTENTICO_SERVE_FRONT_H
#define AUTENTICO_SERVE_FRONT_H

#include <stdio.h>

#include "http/route.h"
#include "serve/pool.h"
#include "serve/site.h"

struct front_server {
    bool is_wanted;
    bool as_root;          /* in: the pool's uid is 0 */
    bool is_spoken_for;    /* in: the sockets were handed over by whoever is in front; AUTO means none */
    const struct web_server *server;
    const char *program;   /* "/usr/sbin/nginx" */
    const char *dir;       /* its files: STATE_DIR/front */
    int stop_signal;       /* finish what is begun, then end */
    struct arena *arena;   /* of `config`, which may hold the front secret; NULL: written */
    const char *config;    /* text of its configuration */
};

/* Decide (AUTENTICO_FRONT, APP_URL) and render.  RC_REFUSED: wanted and not to be
 * had; a line for the operator was written to `err`. */
MUST_CHECK enum rc front_prepare(struct arena *a, const struct conf *conf, const struct router *router, FILE *err,
                                 struct front_server *out);
/* In a child under the pool's uid: write its files.  RC_FAULT: logged. */
MUST_CHECK enum rc front_write(const struct front_server *front);
/* In the parent, afterwards: the text is wiped, so that nobody who is forked has it. */
void front_forget(struct front_server *front);
/* In the child that becomes the program, already under the pool's uid, in a process group
 * of its own. */
void front_exec(const struct front_server *front) __attribute__((noreturn));

#endif
