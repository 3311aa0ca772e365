/* The columns and the mapper of a family, for store/tokens*.c and store/families*.c. */
#ifndef AUTENTICO_STORE_FAMILIES_ROW_H
#define AUTENTICO_STORE_FAMILIES_ROW_H

#include "store/tokens.h"

#define FAMILY_COLS                                                                        \
    "f.id, f.user_id, f.client_id, f.session_id, f.sid, f.grant_type, f.scope, f.nonce,"       \
    " f.auth_time_at, f.acr, f.amr, f.user_agent, f.ip_address, f.created_at, f.expires_at,"   \
    " f.revoked_at"
/* From the column `i` on. */
void family_read(struct stmt *q, struct arena *a, int i, struct family *out);

#endif
