/*
 * What each kind of process may still do once it is set up (style 2, design D3a,
 * D21): identity given up, no new privileges, no core dumps, undumpable, only the
 * descriptors it needs, and a closed Landlock list.  Open early, then enter, then
 * touch input.
 */
#ifndef AUTENTICO_SERVE_SANDBOX_H
#define AUTENTICO_SERVE_SANDBOX_H

#include "serve/pool.h"

/* Right after the fork: descriptors above 2 that are not in `keep` are closed;
 * resource limits; undumpable; parent-death signal. */
void sandbox_child(const int *keep, size_t keep_n);
/* The same for a process that has to start others. */
void sandbox_starter(const int *keep, size_t keep_n);
/* Become `uid`:`gid` for good, without supplementary groups (the socket group is
 * not needed: sockets are inherited).  Root that stays root loses every
 * capability.  die()s when it cannot. */
void sandbox_become(uid_t uid, gid_t gid);
/* The parent's own: keeps SETUID, SETGID, KILL and DAC_READ_SEARCH only. */
void sandbox_parent_caps(void);

/*
 * The closed lists (Landlock), for good: of the file system what is named here, no new TCP
 * connection (but the courier's and the password command's), no signal and no abstract socket
 * to anybody outside (as far as the kernel knows how), no tracing of others, no program to
 * become (but the password command).  What is open stays open.
 * Without Landlock in the kernel: one warning by the parent, and on.
 *
 * The parent's holds for everybody it starts, the private front included: they read
 * everything that their identity lets them and write where the database, the state and the
 * sockets are.
 */
void sandbox_close_parent(const struct pool *pool);
void sandbox_close_worker(const struct pool *pool); /* limits folder; reads assets and the style sheet */
void sandbox_close_keeper(const struct pool *pool); /* limits folder */
void sandbox_close_courier(const struct pool *pool); /* may connect; reads what finds a server and whom to trust */
void sandbox_close_checker(const struct pool *pool); /* reads and runs programs, and what the command names */
void sandbox_close_all(void);                       /* signers, hashers: nothing */

#endif
