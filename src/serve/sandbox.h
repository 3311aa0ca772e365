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
/* Become `uid`:`gid` for good, without supplementary groups (the socket group is
 * not needed: sockets are inherited).  Root that stays root loses every
 * capability.  die()s when it cannot. */
void sandbox_become(uid_t uid, gid_t gid);
/* The parent's own: keeps SETUID, SETGID, KILL and DAC_READ_SEARCH only. */
void sandbox_parent_caps(void);

struct sandbox_paths { const char *read_write[4]; const char *read_only[8]; };
/* Closes the file system but for these folders and files; NULL: nothing at all.
 * Without Landlock in the kernel: one warning, and on. */
void sandbox_close_files(const struct sandbox_paths *paths);

#endif
