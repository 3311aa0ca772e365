/*
 * The audit trail's copy for syslog or the journal (AUTENTICO_AUDIT_SYSLOG): every row as
 * one line of JSON, in order, soon after its commit, so that it stands where whoever breaks
 * in here cannot take it back.  Nobody waits for the other end: what it does not take now
 * it gets later.  After a crash some lines come twice; `seq` tells.
 */
#ifndef AUTENTICO_SERVE_AUDIT_COPY_H
#define AUTENTICO_SERVE_AUDIT_COPY_H

#include "store/db.h"

struct audit_copy {
    struct arena *arena;
    const char *path;     /* "" : there is no copy */
    int fd;
    int64_t seq;          /* of the last row that was sent; -1: not known yet */
    int64_t noted_seq;    /* what the store knows of it */
    int64_t note_ms;      /* clock_mono_ms() when it is told again */
    int64_t retry_ms;     /* not before; the other end does not take it */
    bool is_failing;
};

void audit_copy_start(struct audit_copy *c, const char *path);
void audit_copy_done(struct audit_copy *c, struct db *db); /* db may be NULL */
/* What there is, at most 500 lines; true when it wrote to the store. */
bool audit_copy_turn(struct audit_copy *c, struct db *db);

#endif
