/* The columns of a user, shared by users.c and users_list.c. */
#ifndef AUTENTICO_STORE_USERS_ROW_H
#define AUTENTICO_STORE_USERS_ROW_H

#include "store/users.h"

#define USER_CLAIM_COL(claim) ", u." #claim
#define USER_OWN_COLS                                                                    \
    "u.id, u.username, u.email, u.role, u.is_email_verified, u.phone_number_verified,"   \
    " u.last_login_at, u.deactivated_at, u.registered_at, u.created_at, u.updated_at"    \
    PROFILE_CLAIMS(USER_CLAIM_COL)
#define USER_COLS USER_OWN_COLS ", l.failures_n, l.locked_until_at, t.confirmed_at"
#define USER_FROM "users u LEFT JOIN lockouts l ON l.user_id = u.id LEFT JOIN totp_secrets t ON t.user_id = u.id"

void user_row(struct stmt *q, struct arena *a, void *out);

#endif
