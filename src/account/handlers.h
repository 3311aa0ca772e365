/* Handlers of this room; their rows are in routes.c. */
#ifndef AUTENTICO_ACCOUNT_HANDLERS_H
#define AUTENTICO_ACCOUNT_HANDLERS_H

#include "http/exchange.h"

enum rc account_settings(struct exchange *x);       /* GET /account/api/settings, open to anyone (http-api 8) */
enum rc account_overview(struct exchange *x);       /* page */
enum rc account_profile(struct exchange *x);        /* page: the form */
enum rc account_profile_update(struct exchange *x); /* page: the post */

/* A page of this console. */
enum rc account_page(struct exchange *x, int status, const char *page, struct json *vars);

#define ACCOUNT_HOME "/account/"
#define ACCOUNT_PROFILE "/account/profile"

#endif
