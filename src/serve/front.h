/*
 * The web server in front: the site file that an operator pastes, and the private
 * one that `start` runs itself while APP_URL is loopback (design D19).  Both are
 * the templates of contrib/ with their @PLACEHOLDERS@ filled in.
 */
#ifndef AUTENTICO_SERVE_FRONT_H
#define AUTENTICO_SERVE_FRONT_H

#include <stdio.h>

#include "http/route.h"
#include "serve/pool.h"

struct front_server {
    bool is_wanted;
    bool as_root;          /* in: the pool's uid is 0 */
    bool is_spoken_for;    /* in: the sockets were handed over by whoever is in front; AUTO means none */
    int stop_signal;       /* finish what is begun, then end */
    const char *program;   /* "/usr/sbin/nginx" */
    const char *dir;       /* its files: STATE_DIR/front */
    const char *config;    /* text of its configuration */
};

/* Decide (AUTENTICO_FRONT, APP_URL) and render.  RC_REFUSED: wanted and not to be
 * had; a line for the operator was written to `err`. */
MUST_CHECK enum rc front_prepare(struct arena *a, const struct conf *conf, const struct router *router, FILE *err,
                                 struct front_server *out);
/* In the child, already under the pool's uid: write the files, become the program. */
void front_exec(const struct front_server *front) __attribute__((noreturn));

/* The complete site for the operator's own server.  kind: "nginx". RC_NONE: no
 * such template. */
MUST_CHECK enum rc front_site(struct arena *a, const struct conf *conf, const struct router *router, const char *kind,
                              char **out);

#endif
