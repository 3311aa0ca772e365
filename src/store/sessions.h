/*
 * Single-sign-on sessions of browsers, and what ends with them (flows 4, 11).
 * The cookie is 256 random bits; the row has its HMAC (design D8).
 */
#ifndef AUTENTICO_STORE_SESSIONS_H
#define AUTENTICO_STORE_SESSIONS_H

#include "store/db.h"
#include "store/lists.h"

struct session {
    const char *id;           /* public; `sid` */
    struct bytes cookie_hash;
    const char *user_id;
    int64_t auth_time;        /* unix seconds of the login */
    const char *acr, *amr;
    const char *trusted_device_id; /* that stood for the second factor, or NULL */
    const char *user_agent, *ip_address;
    int64_t created_at, last_activity_at, ended_at;
};

MUST_CHECK enum rc sessions_add(struct db *db, const struct session *s); /* inside db_write */
/* A live session of an active user.  RC_NONE otherwise. */
MUST_CHECK enum rc sessions_by_cookie(struct db *db, struct arena *a, struct bytes cookie_hash, struct session *out);
MUST_CHECK enum rc sessions_by_id(struct db *db, struct arena *a, const char *id, struct session *out); /* live, as above */
MUST_CHECK enum rc sessions_touch(struct db *db, const char *id, int64_t now);
/* The same cookie under another key; RC_NONE: it is not `from` any more. */
MUST_CHECK enum rc sessions_rekey(struct db *db, const char *id, struct bytes from, struct bytes to);
/* The person has proven another factor: the session stays (its applications stay signed
 * in) under a new cookie, the old one is dead (CS-02).  RC_NONE: it has ended. */
MUST_CHECK enum rc sessions_step_up(struct db *db, const char *id, struct bytes cookie_hash, const char *acr,
                                    const char *amr, int64_t now);

/*
 * The cascades of flows 11: each is one set of statements for one transaction,
 * idempotent.  Ending a session revokes its families (and so tokens and console
 * sessions) and spends its unredeemed codes; of a user, pending second factors too.
 */
MUST_CHECK enum rc sessions_end(struct db *db, const char *id, const char *why, int64_t now);
MUST_CHECK enum rc sessions_end_of_user(struct db *db, const char *user_id, const char *except_id, const char *why, int64_t now);

/* Cleanup: end at most `limit` sessions idle since before / created before; ids to log. */
MUST_CHECK enum rc sessions_end_idle(struct db *db, int64_t idle_before, int64_t created_before, int64_t limit, int64_t now, int64_t *out_n);
MUST_CHECK enum rc sessions_sweep(struct db *db, int64_t ended_before, int64_t limit, int64_t *out_n);

/*
 * Live sessions of active users, for people to look at (http-api 7.3, 8).  Sorts
 * last_activity_at, created_at; filters NULL or 0 = none.
 */
struct session_line {
    const char *id, *user_id, *username, *email; /* email NULL: none */
    const char *user_agent, *ip_address;
    int64_t created_at, last_activity_at;
    int64_t apps_n;          /* applications with a living grant */
};
struct sessions_query {
    struct list_query list;  /* search: username, e-mail, address */
    const char *user_id;
    int64_t now;
    int64_t created_from, created_to, active_from, active_to;
};
struct sessions_page { struct session_line *v; size_t n; int64_t total; };
MUST_CHECK enum rc sessions_list(struct db *db, struct arena *a, const struct sessions_query *q, struct sessions_page *out);
/* How many: of `q`, created_from and active_from. */
MUST_CHECK enum rc sessions_count(struct db *db, const struct sessions_query *q, int64_t *out);

#endif
