/* The contract's list queries (http-api 1.9), of the admin and the account API. */
#ifndef AUTENTICO_OIDC_LIST_QUERY_H
#define AUTENTICO_OIDC_LIST_QUERY_H

#include "http/exchange.h"
#include "store/lists.h"

#define LIST_PAGE_ROWS 50

/*
 * limit, offset, sort, order and search of the query.  Out of range or not a
 * number is the default; an unknown sort is the aggregate's.  In a console a
 * page has LIST_PAGE_ROWS rows whatever the query says.
 */
MUST_CHECK enum rc list_query_read(struct exchange *x, bool is_descending_at_first, struct list_query *out);

#endif
