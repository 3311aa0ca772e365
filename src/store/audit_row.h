/* The mapper of store/audit*.c. */
#ifndef AUTENTICO_STORE_AUDIT_ROW_H
#define AUTENTICO_STORE_AUDIT_ROW_H

#include "store/audit.h"

#define AUDIT_COLS                                                                        \
    "l.id, l.event, l.actor_id, l.actor_username, l.target_type, l.target_id, l.detail,"      \
    " l.ip_address, l.created_at"
#define AUDIT_COLS_N 9
void audit_row(struct stmt *q, struct arena *a, void *out); /* struct audit_row */

#endif
