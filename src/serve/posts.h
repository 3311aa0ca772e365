/*
 * The parent's posts: one per process it wants to exist, with who holds it now and
 * how long to wait before the next try.
 */
#ifndef AUTENTICO_SERVE_POSTS_H
#define AUTENTICO_SERVE_POSTS_H

#include <sys/types.h>

#include "serve/pool.h"

struct post {
    enum proc_kind kind;
    pid_t pid;                 /* 0: vacant */
    int64_t started_ms, restart_at_ms;
    int64_t stopped_ms;        /* since when it is stopped (SIGSTOP); 0: it runs */
    int failures_n;            /* in a row, each soon after its start */
    int control_fd;            /* signers: the parent's end of the hand-over; -1 */
    int generation;            /* whose configuration it was forked with; 0: any (the front) */
    bool is_leaving;           /* told to end; then the post is nobody's */
};

struct posts { struct post v[SLOTS_MAX]; int n; };

/* Posts that are nobody's are used again; a slot of the board never moves. */
void posts_add(struct posts *p, enum proc_kind kind, int64_t n, int generation);
/* The posts of a generation are given up: who holds one may finish, nobody follows. */
void posts_leave(struct posts *p, int generation);
/* The post of a dead process: logged with why, vacated, back-off set.  NULL: not ours. */
struct post *posts_bury(struct posts *p, struct board *board, pid_t pid, int status, bool is_expected);
/* A child was stopped or goes on, as waitpid() tells. */
void posts_mark_stopped(struct posts *p, pid_t pid, bool is_stopped);
int64_t posts_restart_at(const struct posts *p); /* of the vacant post that is due first; INT64_MAX: none */
int posts_living(const struct posts *p, enum proc_kind kind); /* PROC_NONE: of any kind */
int posts_living_of(const struct posts *p, enum proc_kind kind, int generation);
void posts_kill(const struct posts *p, enum proc_kind kind, int sig);
void posts_kill_of(const struct posts *p, int generation, int sig);

#endif
