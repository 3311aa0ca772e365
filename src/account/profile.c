#include "config.h"

#include "account/profile.h"

#include "account/confirm.h"
#include "account/handlers.h"
#include "authn/trail.h"
#include "http/fields.h"
#include "http/response.h"
#include "oidc/console_frame.h"

#define NAME_BYTES 1024
#define CLAIM_BYTES 2048

#define X(claim) { #claim, offsetof(struct profile_form, account.claim), F_OPTIONAL, CLAIM_BYTES, NULL },
static const struct field profile_fields[] = {
    { "username", offsetof(struct profile_form, account.username), F_OPTIONAL, NAME_BYTES, NULL },
    { "email", offsetof(struct profile_form, account.email), F_OPTIONAL, NAME_BYTES, NULL },
    PROFILE_CLAIMS(X)
    FIELD(profile_form, current_password, F_OPTIONAL, NAME_BYTES, NULL),
};
#undef X

struct change {
    struct exchange *x;
    const struct profile_form *form;
    const char *wrong;
};

/* ---- may they, and is it them? ---- */

/* The page does not send what may not be changed. */
static enum rc check_allowed(struct change *c)
{
    const struct account_change *a = &c->form->account;

    if (a->username != NULL && !account_may_change_username(c->x))
        return refuse(&c->x->no, REFUSE_FORBIDDEN, "Only an administrator can change the username");
    if (a->email != NULL && !account_may_change_email(c->x))
        return refuse(&c->x->no, REFUSE_FORBIDDEN, "Only an administrator can change the e-mail address");
    return RC_OK;
}

static enum rc confirm(struct change *c)
{
    enum rc rc = account_confirm(c->x, c->form->current_password);

    if (rc == RC_REFUSED)
        c->wrong = "current_password";
    return rc;
}

/* Whoever finds an open browser must not take the account over. */
static enum rc confirm_if_needed(struct change *c)
{
    struct user after = *c->x->user;

    TRY(account_apply(c->x, &c->form->account, &after, &c->wrong));
    if (text_same(after.username, c->x->user->username) && text_same(after.email, c->x->user->email))
        return RC_OK;
    return confirm(c);
}

/* ---- the change ---- */

static enum rc update(struct db *db, void *arg)
{
    struct change *c = arg;
    struct user u;

    TRY(users_by_id(db, c->x->arena, c->x->user->id, &u));
    TRY(account_apply(c->x, &c->form->account, &u, &c->wrong));
    TRY(account_store(c->x, &u, &c->wrong));
    return trail(c->x, "user_updated", NULL, "user", u.id, "source", "account", (char *)NULL);
}

static enum rc change(struct change *c, struct profile_form *form)
{
    TRY(model_bind(c->x, profile_fields, ARRAY_LEN(profile_fields), form, NULL));
    TRY(check_allowed(c));
    TRY(confirm_if_needed(c));
    return db_write(c->x->db, update, c);
}

enum rc account_profile_update(struct exchange *x)
{
    struct profile_form form = { 0 };
    struct change c = { .x = x, .form = &form };
    enum rc rc = change(&c, &form);

    if (rc == RC_REFUSED)
        return account_profile_show(x, refusal_status(x->no.code), &form, c.wrong);
    return rc == RC_OK ? console_go(x, ACCOUNT_PROFILE, "saved") : rc;
}

enum rc account_profile(struct exchange *x)
{
    return account_profile_show(x, 200, NULL, NULL);
}
