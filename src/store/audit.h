/*
 * The append-only trail (flows 17).  Written in the transaction of the change it
 * records; audit_add() does nothing while audit_log_retention is "" or 0.  Every row
 * carries the hash of itself and of all before it (audit_chain.h).
 */
#ifndef AUTENTICO_STORE_AUDIT_H
#define AUTENTICO_STORE_AUDIT_H

#include "store/db.h"
#include "store/lists.h"

struct audit_event {
    const char *event;                     /* "login_success", … */
    const char *actor_id, *actor_username; /* may be NULL */
    const char *target_type, *target_id;   /* "user", …; may be NULL */
    const char *detail;                    /* a JSON object of strings, or NULL */
    const char *ip_address;
    int64_t at;
    int64_t retention_s;                   /* the setting audit_log_retention */
};
MUST_CHECK enum rc audit_add(struct db *db, const struct audit_event *e);

struct audit_row { const char *id, *event, *actor_id, *actor_username, *target_type, *target_id, *detail, *ip_address; int64_t created_at; };
struct json;
/* Its members in the API (http-api 7.6), put into `obj`. */
void audit_row_json(struct arena *a, const struct audit_row *r, struct json *obj);
struct audit_rows { struct audit_row *v; size_t n; };
MUST_CHECK enum rc audit_latest(struct db *db, struct arena *a, int64_t limit, struct audit_rows *out); /* newest first */

/* http-api 7.6 list: sorts created_at, event; filters NULL or 0 = none. */
struct audit_query {
    struct list_query list;
    const char *event;
    int64_t created_from, created_to;
};
struct audit_page { struct audit_row *v; size_t n; int64_t total; };
MUST_CHECK enum rc audit_list(struct db *db, struct arena *a, const struct audit_query *q, struct audit_page *out);
/* How often it happened since then. */
MUST_CHECK enum rc audit_count(struct db *db, const char *event, int64_t since, int64_t *out);

#endif
