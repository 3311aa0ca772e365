/*
 * The parent's own state, shared by parent.c (start and stop), generation.c (making
 * what processes are handed), supervise.c (filling posts, finding hung processes) and
 * reload.c, and by nobody else.
 */
#ifndef AUTENTICO_SERVE_PARENT_STATE_H
#define AUTENTICO_SERVE_PARENT_STATE_H

#include <signal.h>

#include "serve/children.h"
#include "serve/front.h"
#include "serve/parent.h"
#include "serve/posts.h"
#include "serve/prepare.h"
#include "serve/sockets.h"

/* One reading of the configuration and the processes that were forked with it.  HUP
 * makes the next; two live side by side until the last process of the old one is gone. */
struct generation {
    int n;                 /* 0: none */
    struct arena *arena;   /* configuration, keys, templates */
    struct pool pool;
};

struct parent {
    const struct parent_setup *setup;
    struct arena *arena;       /* until exit: router, front, paths */
    struct generation now, old;
    int64_t old_until_ms;      /* when the old generation is killed */
    struct posts posts;
    struct prepared *prepared; /* shared with the child that prepares the database */
    struct sockets sockets;
    struct front_server front;
    struct children children;
    sigset_t signals;          /* blocked, and waited for */
    int stop_signal;           /* TERM or INT arrived */
    bool is_reload_wanted, is_stopping;
};

/* generation.c */
/* Can the private key of `conf`, if it has one, sign?  RC_REFUSED: a line to `err`. */
MUST_CHECK enum rc generation_check_key(struct arena *a, const struct conf *conf, FILE *err);
/* Keys, templates, pipes and queues for `conf`; the rest of `like` is taken over.
 * On anything but RC_OK nothing of it is left. */
MUST_CHECK enum rc generation_begin(struct parent *p, const struct conf *conf, struct arena *arena,
                                    const struct pool *like, struct generation *out);
void generation_add_posts(struct parent *p); /* of p->now */
void generation_set_board(struct parent *p);
/* Bring up the database for the generation that is p->now: its signers run already.
 * RC_REFUSED: p->prepared->why says why. */
MUST_CHECK enum rc generation_prepare(struct parent *p, bool is_start);
void generation_drain(struct generation *g);      /* workers, keeper, courier: finish, then end */
void generation_drain_late(struct parent *p, struct generation *g); /* then hashers and signers */
void generation_end(struct generation *g);        /* nobody of it lives: wipe and free */

/* supervise.c */
void supervise_fill(struct parent *p, enum proc_kind kind); /* every vacant post of this kind; PROC_NONE: all */
void supervise_fill_post(struct parent *p, int i);
void supervise_reap(struct parent *p);
int supervise_wait(struct parent *p, int64_t ms); /* a signal, or 0 after `ms`; TERM, INT and HUP are noted */
void supervise(struct parent *p);                 /* until told to stop */

/* reload.c */
void reload(struct parent *p);      /* HUP: replace every process but the front */
void reload_go_on(struct parent *p); /* each turn: let the old generation go */

#endif
