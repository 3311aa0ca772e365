/* The contract's list queries (http-api 1.9), and the pager of the console. */
#ifndef AUTENTICO_ADMIN_LIST_H
#define AUTENTICO_ADMIN_LIST_H

#include "http/exchange.h"
#include "oidc/list_query.h"

#define ADMIN_PAGE_ROWS LIST_PAGE_ROWS

/* As list_query_read(). */
MUST_CHECK enum rc admin_list_query(struct exchange *x, bool is_descending_at_first, struct list_query *out);

/*
 * <field>_from and <field>_to: instants, both inclusive; a date alone as `to`
 * means the end of that day.  Absent: 0.  RC_REFUSED BAD_DATE_RANGE.
 */
MUST_CHECK enum rc admin_date_range(struct exchange *x, const char *from, const char *to, int64_t *out_from,
                                    int64_t *out_to);
/* A "1" / "0" filter: -1 absent; something that no row has for any other text. */
int admin_flag_filter(const char *text);

/* layout/pager: total, prev_href, next_href; and search. */
void admin_pager(struct exchange *x, struct json *vars, const char *action, const struct list_query *q,
                 int64_t total);

#endif
