#include "config.h"

#include <string.h>

#include "http/fields.h"
#include "http/problem.h"
#include "http/route.h"
#include "oidc/interaction.h"
#include "pages/flow.h"
#include "pages/handlers.h"
#include "store/settings_table.h"

#define ANY_LENGTH 65536

/* The settings decide about name and password: binding them has no opinion but on repeats
 * (http-api 5.2). */
struct credentials { const char *username, *password; };
static const struct field credential_fields[] = {
    FIELD(credentials, username, F_OPTIONAL, ANY_LENGTH, field_any),
    FIELD(credentials, password, F_OPTIONAL, ANY_LENGTH, field_any),
};

/* Protocol faults of this post are for the programmer: JSON, never a redirect
 * (form-fields 4). */
static enum rc refuse_here(struct exchange *x)
{
    x->no.return_to = NULL;
    return RC_REFUSED;
}

/* A password that was changed while it was looked at is a wrong one. */
static enum rc go_on(struct exchange *x, const struct authz_request *r, struct right_password *right)
{
    struct proof proven = { r, &right->user, right, .amr = "pwd", .event = "login_success", .method = "password" };
    enum rc rc = password_settle(x, right, flow_after_first_factor(x, &proven));

    return rc == RC_REFUSED && right->is_stale ? flow_show_again(x, r, "bad_credentials") : rc;
}

static enum rc check_credentials(struct exchange *x, const struct authz_request *r, const struct credentials *c)
{
    struct right_password *right = arena_new(x->arena, struct right_password);
    const struct return_to *to = x->no.return_to;
    enum rc rc = password_login(x, c->username, c->password, right);

    if (rc == RC_OK) {
        x->no.return_to = to;
        return go_on(x, r, right);
    }
    if (rc != RC_REFUSED)
        return rc;
    if (x->no.code == REFUSE_BUSY)
        return refuse_here(x);
    return flow_show_again(x, r, refusal_wire(x->no.code));
}

enum rc pages_login_handle(struct exchange *x)
{
    struct interaction_form form = { NULL };
    struct credentials c = { NULL, NULL };
    struct authz_request r;

    if (text_same(x->settings->auth_mode, "passkey_only"))
        return refuse(&x->no, REFUSE_INVALID_REQUEST, "Passwords are not used here");
    TRY(interaction_form_bind(x, &form));
    TRY(form_bind(x, credential_fields, ARRAY_LEN(credential_fields), &c));
    memset(&r, 0, sizeof(r));
    enum rc rc = interaction_open(x, &form, &r);
    if (rc == RC_REFUSED)
        return refuse_here(x);
    if (rc == RC_NONE)
        return flow_show_again(x, &r, "expired");
    TRY(rc);
    c.username = text_trim(x->arena, c.username);
    if (text_empty(c.username) || text_empty(c.password))
        return flow_show_again(x, &r, "credentials_missing");
    if (!username_may_be(x, c.username))
        return flow_show_again(x, &r, "bad_credentials");
    return check_credentials(x, &r, &c);
}

enum rc pages_login_wrong_method(struct exchange *x)
{
    response_header(x, "Allow", "POST");
    return refuse(&x->no, REFUSE_METHOD, NULL);
}
