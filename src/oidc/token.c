#include "config.h"

#include "oidc/token.h"

#include <string.h>

#include "http/fields.h"
#include "oidc/client_auth.h"
#include "oidc/code_grant.h"
#include "oidc/endpoints.h"
#include "util/uri.h"

struct grant_row {
    const char *name;
    enum rc (*run)(struct exchange *x);
};
static const struct grant_row grants[] = {
    { "authorization_code", grant_code },
    { "refresh_token", grant_refresh },
    { "client_credentials", grant_client },
    { "password", grant_password },
};

static const struct grant_row *find_grant(const char *grant_type)
{
    for (size_t i = 0; i < ARRAY_LEN(grants); i++)
        if (strcmp(grants[i].name, grant_type) == 0)
            return &grants[i];
    return NULL;
}

struct grant_form { const char *grant_type; };
static const struct field grant_fields[] = {
    FIELD(grant_form, grant_type, F_REQUIRED, 256, is_vschar),
};

enum rc grant_check_registered(struct exchange *x, const struct client *c, const char *grant_type)
{
    for (size_t i = 0; i < c->grant_types.n; i++)
        if (text_same(c->grant_types.v[i], grant_type))
            return RC_OK;
    return refuse(&x->no, REFUSE_UNAUTHORIZED_CLIENT, "This client is not registered for %s", grant_type);
}

/* RFC 6749 3.2 (HT-03): also what this grant has no use for.  `resource` and `audience`
 * may be repeated, and what nobody defined may be anything. */
static enum rc check_repeats(struct exchange *x)
{
    static const char *const names[] = {
        "grant_type", "code", "redirect_uri", "code_verifier", "client_id", "client_secret", "client_assertion",
        "client_assertion_type", "refresh_token", "scope", "username", "password", "assertion", "device_code",
    };
    bool is_repeated;

    for (size_t i = 0; i < ARRAY_LEN(names); i++) {
        (void)param_get(&x->rq->form, names[i], &is_repeated);
        if (is_repeated)
            return refuse(&x->no, REFUSE_INVALID_REQUEST, "%s was sent more than once", names[i]);
    }
    return RC_OK;
}

/* RFC 6749 5.2, in the order of http-api 6.1. */
enum rc token_handle(struct exchange *x)
{
    const struct grant_row *grant;
    struct grant_form form = { 0 };

    if (!x->rq->is_form) /* RFC 6749 4.1.3 (HT-07) */
        return refuse(&x->no, REFUSE_INVALID_REQUEST, "Send the parameters as application/x-www-form-urlencoded");
    TRY(form_bind(x, grant_fields, ARRAY_LEN(grant_fields), &form));
    TRY(check_repeats(x));
    grant = find_grant(form.grant_type);
    if (grant == NULL)
        return refuse(&x->no, REFUSE_UNSUPPORTED_GRANT_TYPE, NULL);
    TRY(client_authenticate(x, CLIENT_OPTIONAL));
    if (x->client != NULL)
        TRY(grant_check_registered(x, x->client, grant->name));
    return grant->run(x);
}

/* RFC 6749 4.1.3.  What a code or a verifier looks like is not judged here: a
 * malformed one is an unknown one, and that is invalid_grant (TK-15, PK-10). */
static const struct field code_fields[] = {
    FIELD(code_form, code, F_REQUIRED, 2048, NULL),
    FIELD(code_form, redirect_uri, F_REQUIRED, 2048, is_uri),
    FIELD(code_form, code_verifier, F_OPTIONAL, 2048, NULL),
};

enum rc grant_code(struct exchange *x)
{
    struct code_form form = { 0 };
    struct grant g;

    TRY(form_bind(x, code_fields, ARRAY_LEN(code_fields), &form));
    if (x->client == NULL)
        return refuse(&x->no, REFUSE_INVALID_GRANT, "client_id is missing");
    TRY(code_redeem(x, x->client, &form, NULL, NULL, &g));
    return issue_respond(x, &g);
}
