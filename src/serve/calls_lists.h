/*
 * The lists of calls.h, by name: a call that a machine or its C library does not have is left
 * out there, so that one list serves all (64-bit times of 32-bit machines, the older names of
 * older architectures).
 */
#ifndef AUTENTICO_SERVE_CALLS_LISTS_H
#define AUTENTICO_SERVE_CALLS_LISTS_H

#include "serve/pool.h"

#define CALLS_GROUPS_MAX 6

struct calls_list {
    const char *const *allowed[CALLS_GROUPS_MAX]; /* groups, each ended by NULL */
    const int *families;                          /* of socket(), ended by 0; NULL: none */
    bool has_files;                               /* fcntl() locks, socketpair() to ask others */
    bool has_network;                             /* loads libraries late; asks how much has come (FIONREAD) */
};

/* die()s for a kind that has none. */
const struct calls_list *calls_list_of(enum proc_kind kind);

extern const char *const calls_never[];    /* nobody, the front included; ends the process */
extern const char *const calls_unneeded[]; /* nobody of ours; other programs try them and go on */

#endif
