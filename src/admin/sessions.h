/* Sessions of browsers, as the console shows them. */
#ifndef AUTENTICO_ADMIN_SESSIONS_H
#define AUTENTICO_ADMIN_SESSIONS_H

#include "http/exchange.h"
#include "store/sessions.h"
#include "store/users.h"

#define ADMIN_SESSIONS "/admin/sessions"
#define ADMIN_SESSIONS_MAX 100 /* of one person at once */
#define ADMIN_SESSIONS_SHOWN 10 /* on their page */

struct json *admin_session_json(struct arena *a, const struct session_line *s); /* http-api 7.3 */
/* Those active last first; at most `limit`. */
enum rc admin_sessions_of_user(struct exchange *x, const char *user_id, int64_t limit, struct sessions_page *out);

/* The pages. */
enum rc admin_sessions_show(struct exchange *x, const struct sessions_page *page, const struct list_query *q);
/* layout/user_sessions: sessions, has_sessions, sessions_n, more_sessions_href. */
enum rc admin_user_session_vars(struct exchange *x, struct json *vars, const struct user *u);
/* Where to go after one was ended: the person's page when it was ended there. */
const char *admin_sessions_back(struct exchange *x, const struct session *ended);

#endif
