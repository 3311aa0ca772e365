/* The frame of the administration pages. */
#ifndef AUTENTICO_ADMIN_PAGE_H
#define AUTENTICO_ADMIN_PAGE_H

#include "http/exchange.h"

enum rc admin_page(struct exchange *x, int status, const char *page, struct json *vars);
/* x->no as a page of this console. */
enum rc admin_refusal(struct exchange *x, const char *back_href, const char *back_label);
/* layout/endpoints: list {label, url} */
struct json *admin_endpoints(struct exchange *x);

#endif
