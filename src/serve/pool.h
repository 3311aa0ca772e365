/*
 * What every process of the pool is handed: made by the parent before it forks,
 * read-only afterwards but for the board, which is shared memory.  A reload makes
 * another one; what it does not change (identity, board, listening sockets, router)
 * is carried over.
 */
#ifndef AUTENTICO_SERVE_POOL_H
#define AUTENTICO_SERVE_POOL_H

#include "conf/conf.h"
#include "crypto/keyring.h"
#include "hasher/checker.h"
#include "hasher/hasher.h"
#include "signer/process.h"

enum proc_kind { PROC_NONE, PROC_WORKER, PROC_LOGIN_WORKER, PROC_HASHER, PROC_CHECKER, PROC_SIGNER, PROC_KEEPER, PROC_COURIER, PROC_FRONT, PROC_KINDS_N };
const char *proc_kind_name(enum proc_kind kind);

/* One process: what it is doing, for the parent that looks for hung ones. */
struct slot {
    enum proc_kind kind;
    int pid;                 /* 0: nobody */
    int64_t busy_since_ms;   /* clock_mono_ms(); idle: 0 or less (util/answerer.h).  Written by the process itself */
    int64_t beat_ms;         /* keeper, courier: last turn of the loop */
    int is_ready;            /* workers, keeper, courier: files open, sandbox entered, serving */
    uint64_t requests_n;
};

#define SLOTS_MAX HASHER_GATE_MAX

struct board {
    struct hasher_gate gate_main, gate_login;
    int64_t late_since_ms[PROC_KINDS_N]; /* a question to this kind, asked then, was not answered in time; 0: none */
    struct slot slots[SLOTS_MAX];
    int is_overlapping;      /* a reload: two generations are at work, which may have different secrets */
};
struct board *board_new(void); /* shared, anonymous; die()s */

/* Who everybody becomes (design D21). */
struct identity {
    bool was_root;
    uid_t uid;         /* of the pool */
    gid_t gid;
    uid_t signer_uid;  /* of signers; = uid when we cannot choose */
    gid_t socket_gid;  /* of the web server's group; (gid_t)-1: leave */
};

struct templates;
struct router;

struct pool {
    const struct conf *conf;
    struct keyring *keys;              /* whoever needs few of them wipes the others, in its own copy */
    const struct templates *templates;
    const struct router *router;
    struct board *board;
    struct identity id;
    const char *lock_path, *limits_dir;
    bool has_previous_key;             /* AUTENTICO_ENCRYPTION_KEY_PREVIOUS; the children do not see the secrets */
    int listen_main, listen_login;     /* -1: none */
    int control[2];                    /* pipe: the parent closes [1]: workers, keeper and courier drain and stop */
    int late_control[2];               /* the same for hashers, whom draining workers still need */
    int wrote_fd;                      /* eventfd: somebody wrote; the keeper checkpoints */
    int outbox_fd;                     /* eventfd: somebody queued; the courier delivers */
    struct ask_queue signer_queue[CHANNELS_N];
    struct ask_queue hasher_queue;
    struct ask_queue checker_queue;
};

#endif
