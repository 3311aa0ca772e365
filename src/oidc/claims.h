/* What may be told (OIDC Core 5; http-api 6.5; flows 10). */
#ifndef AUTENTICO_OIDC_CLAIMS_H
#define AUTENTICO_OIDC_CLAIMS_H

#include "store/users.h"
#include "util/json.h"

/* Userinfo: claims of the granted scopes, empty ones left out. */
struct json *claims_userinfo(struct arena *a, const struct user *u, const char *scope);
/* The claims of profile and email that tokens carry. */
void claims_into_access(struct arena *a, struct json *payload, const struct user *u, const char *scope);
void claims_into_id(struct arena *a, struct json *payload, const struct user *u, const char *scope);

#endif
