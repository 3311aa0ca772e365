/*
 * grant_type=password (RFC 6749 4.3; http-api 6.1); declared in token.h.
 *
 * RFC 9700 2.4 forbids it and the contract has it: it works for clients that somebody
 * registered for it and for nobody else.
 */
#include "config.h"

#include "oidc/token.h"

#include "authn/assurance.h"
#include "authn/factor.h"
#include "authn/password.h"
#include "authn/trail.h"
#include "http/fields.h"
#include "oidc/issue.h"
#include "oidc/scope.h"
#include "store/settings_table.h"

#define DEFAULT_SCOPE "openid profile email"
#define ANY_LENGTH 65536 /* the settings judge name and password */

struct password_form { const char *username, *password, *totp_code, *scope; };
static const struct field password_fields[] = {
    FIELD(password_form, username, F_REQUIRED, ANY_LENGTH, field_any),
    FIELD(password_form, password, F_REQUIRED, ANY_LENGTH, field_any),
    FIELD(password_form, totp_code, F_OPTIONAL, ANY_LENGTH, field_any),
    FIELD(password_form, scope, F_OPTIONAL, 2048, field_any),
};

struct password_grant {
    struct exchange *x;
    const char *scope;
    struct right_password right;
    struct user user;
    bool is_two_factors;
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
    case REFUSE_FACTOR_LOCKED:
        return refuse(&x->no, REFUSE_LOCKED_GRANT, NULL);
    case REFUSE_INVALID_CODE:
    case REFUSE_USED_CODE:
        return refuse(&x->no, REFUSE_INVALID_CODE_GRANT, NULL);
    default:
        return RC_REFUSED;
    }
}

static enum rc check_password(struct password_grant *p, const struct password_form *form)
{
    struct exchange *x = p->x;
    const char *username = text_trim(x->arena, form->username);
    enum rc rc;

    if (!username_may_be(x, username)) {
        (void)refuse(&x->no, REFUSE_BAD_CREDENTIALS, NULL);
        return as_grant(x);
    }
    rc = password_login(x, username, form->password, &p->right);
    if (rc == RC_REFUSED)
        return as_grant(x);
    TRY(rc);
    p->user = p->right.user;
    return RC_OK;
}

/* There is no page here to enrol on and no way to mail a code: whoever needs another
 * factor than an authenticator app is refused. */
static enum rc check_second_factor(struct password_grant *p, const char *totp_code)
{
    struct exchange *x = p->x;
    struct assurance_ask ask = { .user = &p->user, .client = x->client, .acr = "1" };
    struct factor_try t = { .kind = FACTOR_TOTP, .user = &p->user, .code = totp_code };
    struct assurance next;

    TRY(assurance_next(x, &ask, &next));
    if (next.step == ASSURED)
        return RC_OK;
    if (next.step != ASSURANCE_TOTP || totp_code == NULL)
        return refuse(&x->no, REFUSE_MFA_REQUIRED, NULL);
    enum rc rc = factor_check(x, &t);
    if (rc == RC_REFUSED)
        return as_grant(x);
    TRY(rc);
    p->is_two_factors = true;
    return RC_OK;
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
    enum rc rc = password_record(db, &p->right);

    if (rc == RC_OK)
        rc = users_by_id(db, p->x->arena, p->user.id, &p->user);

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
                    .acr = p->is_two_factors ? "2" : "1",
                    .amr = p->is_two_factors ? assurance_amr(p->x->arena, "pwd", "otp") : "pwd" },
    };
    issue_prepare(p->x, &p->g);
    TRY(issue_write(p->x, db, &p->g, true));
    return trail(p->x, "login_success", &p->user, "user", p->user.id, "method", "password", "grant_type", "password",
                 NULL);
}

static enum rc let_in(struct password_grant *p, const char *totp_code)
{
    TRY(check_email(p->x, &p->user));
    TRY(check_second_factor(p, totp_code));
    TRY(db_write(p->x->db, begin, p));
    p->right.is_recorded = true;
    return RC_OK;
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
    TRY(password_settle(x, &p.right, let_in(&p, form.totp_code)));
    return issue_respond(x, &p.g);
}
