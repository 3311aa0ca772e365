/* A person in JSON (the user object of http-api 7.1): for the admin and the account API. */
#ifndef AUTENTICO_AUTHN_ACCOUNT_JSON_H
#define AUTENTICO_AUTHN_ACCOUNT_JSON_H

#include "store/users.h"
#include "util/json.h"

struct json *account_json(struct arena *a, const struct user *u);

#endif
