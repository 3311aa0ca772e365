/* People: what admin/users_*.c share. */
#ifndef AUTENTICO_ADMIN_USERS_H
#define AUTENTICO_ADMIN_USERS_H

#include "http/exchange.h"
#include "store/users.h"

#define ADMIN_USERS "/admin/users"

struct json *admin_user_json(struct arena *a, const struct user *u); /* user object of http-api 7.1 */

/* The pages. */
struct list_query;
enum rc admin_users_show_list(struct exchange *x, const struct users_page *page, const struct list_query *q);
enum rc admin_users_show(struct exchange *x, const struct user *u);
/* The form again, with what was typed and x->no said at its field. */
struct account_form;
enum rc admin_users_show_form(struct exchange *x, int status, const struct account_form *form);
/* Second factors (users_factors.c): what the page says of them; taking the app away, for
 * db_write: RC_NONE when there is none, RC_REFUSED when it is one's own. */
enum rc admin_user_factor_vars(struct exchange *x, struct json *vars, const struct user *u);
MUST_CHECK enum rc admin_user_reset_factor(struct exchange *x, const char *id);
/* users_recovery.c: where the page makes a recovery link. */
void admin_user_recovery_vars(struct exchange *x, struct json *vars, const struct user *u);
const char *admin_user_href(struct arena *a, const char *id);

#endif
