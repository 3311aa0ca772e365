/* Signed-in browsers of the consoles (design D14). */
#ifndef AUTENTICO_STORE_CONSOLE_SESSIONS_H
#define AUTENTICO_STORE_CONSOLE_SESSIONS_H

#include "store/db.h"

struct console_session {
    const char *id;
    struct bytes cookie_hash;
    const char *console;      /* "admin", "account" */
    const char *user_id, *family_id;
    const char *session_id;   /* of the family; out only */
    int64_t created_at, expires_at;
};
MUST_CHECK enum rc console_sessions_add(struct db *db, const struct console_session *s);
/* Live: not ended or expired, family not revoked, SSO session not ended, user active. */
MUST_CHECK enum rc console_sessions_find(struct db *db, struct arena *a, struct bytes cookie_hash, const char *console,
                                         int64_t now, struct console_session *out);
/* The same cookie under another key; RC_NONE: it is not `from` any more. */
MUST_CHECK enum rc console_sessions_rekey(struct db *db, const char *id, struct bytes from, struct bytes to);
MUST_CHECK enum rc console_sessions_end(struct db *db, const char *id, int64_t now); /* alone, its family lives on */
MUST_CHECK enum rc console_sessions_sweep(struct db *db, int64_t expired_before, int64_t limit, int64_t *out_n);

#endif
