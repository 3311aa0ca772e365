#include "config.h"

#include "account/profile.h"

#include "authn/caller.h"
#include "account/confirm.h"
#include "account/handlers.h"
#include "authn/account_json.h"
#include "authn/notice.h"
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
    bool is_confirmed;      /* the person has typed the password */
    const char *wrong;
    struct user user;       /* as stored */
};

/* ---- may they, and is it them? ---- */

/* The page does not send what may not be changed; the API refuses it even unchanged. */
static enum rc check_allowed(struct change *c)
{
    const struct account_change *a = &c->form->account;

    if (a->username != NULL && !account_may_change_username(c->x))
        return refuse(&c->x->no, REFUSE_NOT_ALLOWED, "Only an administrator can change the username");
    if (a->email != NULL && !account_may_change_email(c->x))
        return refuse(&c->x->no, REFUSE_NOT_ALLOWED, "Only an administrator can change the e-mail address");
    return RC_OK;
}

static bool is_same_person(const struct user *a, const struct user *b)
{
    return text_same(a->username, b->username) && text_same(a->email, b->email);
}

/* Whoever finds an open browser must not take the account over. */
static enum rc confirm_if_needed(struct change *c)
{
    struct user after = *c->x->user;

    TRY(account_apply(c->x, &c->form->account, &after, &c->wrong));
    if (is_same_person(&after, c->x->user))
        return RC_OK;
    enum rc rc = account_confirm(c->x, c->form->current_password);
    c->is_confirmed = rc == RC_OK;
    if (rc == RC_REFUSED)
        c->wrong = "current_password";
    return rc;
}

/* ---- the change ---- */

static enum rc tell(struct change *c, struct db *db, const struct user *before, const struct user *after)
{
    if (!text_same(before->username, after->username))
        TRY(notice_queue(c->x, db, before, NOTICE_USERNAME));
    if (!text_same(before->email, after->email))
        TRY(notice_queue(c->x, db, before, NOTICE_EMAIL));
    return RC_OK;
}

static enum rc update(struct db *db, void *arg)
{
    struct change *c = arg;
    struct user u, before;

    TRY(caller_check(c->x, db));
    TRY(users_by_id(db, c->x->arena, c->x->user->id, &before));
    u = before;
    TRY(account_apply(c->x, &c->form->account, &u, &c->wrong));
    if (!is_same_person(&u, &before) && !c->is_confirmed) /* somebody else has changed it meanwhile */
        return refuse(&c->x->no, REFUSE_INVALID_PASSWORD, NULL);
    TRY(account_store(c->x, &u, &c->wrong));
    TRY(tell(c, db, &before, &u));
    TRY(trail(c->x, "user_updated", NULL, "user", u.id, "source", "account", (char *)NULL));
    return users_by_id(db, c->x->arena, u.id, &c->user);
}

static enum rc change(struct change *c)
{
    TRY(check_allowed(c));
    TRY(confirm_if_needed(c));
    return db_write(c->x->db, update, c);
}

/* ---- the page ---- */

enum rc account_profile_update(struct exchange *x)
{
    struct profile_form form = { 0 };
    struct change c = { .x = x, .form = &form };
    enum rc rc = model_bind(x, profile_fields, ARRAY_LEN(profile_fields), &form, NULL);

    if (rc == RC_OK)
        rc = change(&c);
    if (caller_is_signed_out(x, rc))
        return respond_see_other(x, ACCOUNT_PROFILE);
    if (rc == RC_REFUSED)
        return account_profile_show(x, refusal_status(x->no.code), &form, c.wrong);
    return rc == RC_OK ? console_go(x, ACCOUNT_PROFILE, "saved") : rc;
}

enum rc account_profile(struct exchange *x)
{
    return account_profile_show(x, 200, NULL, NULL);
}

/* ---- the API (http-api 8) ---- */

enum rc account_profile_get(struct exchange *x)
{
    return respond_model(x, 200, SHAPE_DATA, account_json(x->arena, x->user));
}

/* An empty string keeps, there. */
static void keep_empty(struct profile_form *form)
{
    for (size_t i = 0; i < ARRAY_LEN(profile_fields); i++) {
        const char **at = (const char **)((char *)form + profile_fields[i].offset);

        if (text_empty(*at))
            *at = NULL;
    }
}

static enum rc as_taken(struct change *c, enum rc rc)
{
    if (rc != RC_REFUSED || c->x->no.code != REFUSE_CONFLICT)
        return rc;
    return refuse(&c->x->no, text_same(c->wrong, "email") ? REFUSE_EMAIL_TAKEN : REFUSE_USERNAME_TAKEN, NULL);
}

enum rc account_profile_put(struct exchange *x)
{
    struct profile_form form = { 0 };
    struct change c = { .x = x, .form = &form };

    TRY(json_bind(x, profile_fields, ARRAY_LEN(profile_fields), &form, NULL));
    keep_empty(&form);
    TRY(as_taken(&c, change(&c)));
    return respond_model(x, 200, SHAPE_DATA, account_json(x->arena, &c.user));
}
