/*
 * grant_type=password (RFC 6749 4.3; http-api 6.1); declared in token.h.
 *
 * RFC 9700 2.4 forbids it and the contract has it: it works for clients that somebody
 * registered for it and for nobody else.
 */
#include "config.h"

#include "oidc/token.h"

#include "authn/password.h"
#include "authn/trail.h"
#include "http/fields.h"
#include "oidc/issue.h"
#include "oidc/scope.h"
#include "store/settings_table.h"

#define DEFAULT_SCOPE "openid profile email"
#define ANY_LENGTH 65536 /* the settings judge name and password */

struct password_form { const char *username, *password, *scope; };
static const struct field password_fields[] = {
    FIELD(password_form, username, F_REQUIRED, ANY_LENGTH, field_any),
    FIELD(password_form, password, F_REQUIRED, ANY_LENGTH, field_any),
    FIELD(password_form, scope, F_OPTIONAL, 2048, field_any),
};

struct password_grant {
    struct exchange *x;
    const char *scope;
    struct user user;
    struct grant g;
};

static enum rc choose_scope(struct exchange *x, const char *asked, const char **out)
{
    const char *own = text_or(x->client->scopes, DEFAULT_SCOPE);

    return scope_check(x->arena, text_or(asked, own), own, &x->no, out);
}

/* What the login page says in its own words. */
static enum rc as_grant(struct exchange *x)
{
    switch (x->no.code) {
    case REFUSE_BAD_CREDENTIALS:
        return refuse(&x->no, REFUSE_INVALID_GRANT, "Invalid username or password");
    case REFUSE_LOCKED:
        return refuse(&x->no, REFUSE_LOCKED_GRANT, NULL);
    default:
        return RC_REFUSED;
    }
}

static enum rc check_password(struct password_grant *p, const struct password_form *form)
{
    struct exchange *x = p->x;
    const char *username = text_trim(x->arena, form->username);
    enum rc rc;

    if (!password_may_be(x, username, form->password)) {
        (void)refuse(&x->no, REFUSE_BAD_CREDENTIALS, NULL);
        return as_grant(x);
    }
    rc = password_login(x, username, form->password, &p->user);
    return rc == RC_REFUSED ? as_grant(x) : rc;
}

/* Nobody can have enrolled a factor yet, so whoever needs one is refused. */
static enum rc check_second_factor(struct exchange *x)
{
    int own = x->client->require_mfa;
    bool is_needed = own >= 0 ? own != 0 : x->settings->require_mfa;

    return is_needed ? refuse(&x->no, REFUSE_MFA_REQUIRED, NULL) : RC_OK;
}

/* settings 3: it holds up people, not administrators. */
static enum rc check_email(struct exchange *x, const struct user *u)
{
    if (!x->settings->require_email_verification || u->is_email_verified || text_same(u->role, "admin"))
        return RC_OK;
    return refuse(&x->no, REFUSE_INVALID_GRANT, "The e-mail address of this account is not verified");
}

/* Deactivated while we were hashing: looked at again under the write lock. */
static enum rc check_user(struct db *db, struct password_grant *p)
{
    enum rc rc = users_by_id(db, p->x->arena, p->user.id, &p->user);

    return rc == RC_NONE ? refuse(&p->x->no, REFUSE_INVALID_GRANT, "Invalid username or password") : rc;
}

static enum rc begin(struct db *db, void *arg)
{
    struct password_grant *p = arg;

    TRY(check_user(db, p));
    p->g = (struct grant){
        .client = p->x->client,
        .user = &p->user,
        .family = { .user_id = p->user.id, .grant_type = "password", .scope = p->scope, .auth_time = p->x->now,
                    .acr = "1", .amr = "pwd" },
    };
    issue_prepare(p->x, &p->g);
    TRY(issue_write(p->x, db, &p->g, true));
    return trail(p->x, "login_success", &p->user, "user", p->user.id, "method", "password", "grant_type", "password",
                 NULL);
}

enum rc grant_password(struct exchange *x)
{
    struct password_grant p = { .x = x };
    struct password_form form = { NULL };

    TRY(form_bind(x, password_fields, ARRAY_LEN(password_fields), &form));
    if (x->client == NULL)
        return refuse(&x->no, REFUSE_INVALID_CLIENT, "client_id is missing");
    if (text_same(x->settings->auth_mode, "passkey_only"))
        return refuse(&x->no, REFUSE_UNSUPPORTED_GRANT_TYPE, "Passwords are not used here");
    TRY(choose_scope(x, form.scope, &p.scope));
    TRY(check_password(&p, &form));
    TRY(check_email(x, &p.user));
    TRY(check_second_factor(x));
    TRY(db_write(x->db, begin, &p));
    return issue_respond(x, &p.g);
}
