#include "config.h"

#include "admin/users.h"

#include "admin/handlers.h"
#include "admin/page.h"
#include "authn/account_change.h"
#include "authn/accounts.h"
#include "authn/password.h"
#include "authn/trail.h"
#include "http/fields.h"
#include "http/response.h"
#include "http/route.h"
#include "oidc/console_frame.h"
#include "store/links.h"
#include "store/lockouts.h"
#include "store/passwords.h"
#include "store/sessions.h"
#include "store/tokens.h"
#include "store/trusted_devices.h"

#define NAME_BYTES 1024
#define CLAIM_BYTES 2048

/* A change of one person, for db_write. */
struct change {
    struct exchange *x;
    const char *id;
    const struct account_change *wanted;
    const struct json *body;
    const char *hash;       /* of the new password, or NULL */
    struct user user;       /* as found, then as stored */
};

static struct change change_of(struct exchange *x)
{
    return (struct change){ .x = x, .id = route_param(x, "id") };
}

/* The contract's word for what authn calls a validation error. */
static enum rc as_invalid_request(struct exchange *x, enum rc rc, bool is_conflict_too)
{
    if (rc != RC_REFUSED)
        return rc;
    if (x->no.code == REFUSE_VALIDATION || (is_conflict_too && x->no.code == REFUSE_CONFLICT))
        return refuse(&x->no, REFUSE_INVALID_REQUEST, "%s", arena_strdup(x->arena, refusal_text(&x->no)));
    return rc;
}

/* The answer of an action without an object: 204, or back to a page. */
static enum rc done(struct exchange *x, enum rc rc, const char *then, const char *notice)
{
    if (!is_page(x))
        return rc == RC_OK ? respond_none(x) : rc;
    if (rc == RC_REFUSED)
        return admin_refusal(x, then, "Back");
    return rc == RC_OK ? console_go(x, then, notice) : rc;
}

/* Everything the person has open here ends (flows 11). */
static enum rc end_everything(struct change *c, const char *why)
{
    TRY(sessions_end_of_user(c->x->db, c->id, NULL, why, c->x->now));
    return families_revoke_of_user(c->x->db, c->id, NULL, why, c->x->now);
}

static enum rc note(struct change *c, const char *event)
{
    return trail(c->x, event, NULL, "user", c->id, (char *)NULL);
}

/* ---- create ---- */

static const struct field account_fields[] = {
    FIELD(account_form, username, F_REQUIRED, NAME_BYTES, NULL),
    FIELD(account_form, email,    F_OPTIONAL, NAME_BYTES, NULL),
    FIELD(account_form, password, F_REQUIRED, NAME_BYTES, NULL),
};

static enum rc create(struct exchange *x, struct account_form *form, struct user *out)
{
    TRY(model_bind(x, account_fields, ARRAY_LEN(account_fields), form, NULL));
    return account_add(x, form, "user", "admin", out);
}

enum rc admin_users_add(struct exchange *x)
{
    struct account_form form = { 0 };
    struct user u;
    enum rc rc = create(x, &form, &u);

    if (rc == RC_REFUSED && is_page(x))
        return admin_users_show_form(x, refusal_status(x->no.code), &form);
    TRY(as_invalid_request(x, rc, true));
    if (is_page(x))
        return console_go(x, admin_user_href(x->arena, u.id), "created");
    return respond_model(x, 201, SHAPE_DATA, admin_user_json(x->arena, &u));
}

/* ---- read ---- */

enum rc admin_users_get(struct exchange *x)
{
    struct user u;

    if (is_page(x)) { /* where a deactivated person is reactivated */
        TRY(users_by_id_any(x->db, x->arena, route_param(x, "id"), &u));
        return admin_users_show(x, &u);
    }
    TRY(users_by_id(x->db, x->arena, route_param(x, "id"), &u));
    return respond_model(x, 200, SHAPE_DATA, admin_user_json(x->arena, &u));
}

/* ---- update ---- */

struct user_body {
    struct account_change account;
    const char *password;
};
#define X(claim) { #claim, offsetof(struct user_body, account.claim), F_OPTIONAL, CLAIM_BYTES, NULL },
static const struct field user_fields[] = {
    { "username", offsetof(struct user_body, account.username), F_OPTIONAL, NAME_BYTES, NULL },
    { "email", offsetof(struct user_body, account.email), F_OPTIONAL, NAME_BYTES, NULL },
    { "role", offsetof(struct user_body, account.role), F_OPTIONAL, NAME_BYTES, NULL },
    { "password", offsetof(struct user_body, password), F_OPTIONAL, NAME_BYTES, NULL },
    PROFILE_CLAIMS(X)
};
#undef X

/* http-api 7.1: in JSON an empty string keeps. */
static void keep_empty(struct user_body *b)
{
    for (size_t i = 0; i < ARRAY_LEN(user_fields); i++) {
        const char **at = (const char **)((char *)b + user_fields[i].offset);

        if (text_empty(*at))
            *at = NULL;
    }
}

/* RC_NONE: not there, keep. */
static enum rc read_flag(struct exchange *x, const struct json *body, const char *name, bool *out)
{
    struct json *member = json_get(body, name);

    if (member == NULL)
        return RC_NONE;
    if (json_type(member) != JSON_BOOL)
        return refuse(&x->no, REFUSE_INVALID_REQUEST, "%s must be true or false", name);
    return json_get_bool(body, name, out);
}

static enum rc apply_flag(struct exchange *x, const struct json *body, const char *name, bool *at)
{
    enum rc rc = read_flag(x, body, name, at);

    return rc == RC_NONE ? RC_OK : rc;
}

/* false takes the authenticator app away; only the person can set one up. */
static enum rc apply_totp(struct change *c)
{
    bool had = c->user.totp_since != 0, is = had;

    TRY(apply_flag(c->x, c->body, "totp_verified", &is));
    if (is && !had)
        return refuse(&c->x->no, REFUSE_INVALID_REQUEST, "totp_verified: only the person can set up an authenticator app");
    return is == had ? RC_OK : admin_user_reset_factor(c->x, c->id);
}

static enum rc apply(struct change *c)
{
    const char *wrong;
    bool was_admin = text_same(c->user.role, "admin");
    struct user before = c->user;

    TRY(account_apply(c->x, c->wanted, &c->user, &wrong));
    TRY(apply_flag(c->x, c->body, "is_email_verified", &c->user.is_email_verified));
    TRY(apply_flag(c->x, c->body, "phone_number_verified", &c->user.phone_number_verified));
    if (was_admin && !text_same(c->user.role, "admin"))
        TRY(account_keep_admin(c->x, &before));
    return account_store(c->x, &c->user, &wrong);
}

static enum rc set_password(struct change *c)
{
    if (c->hash == NULL)
        return RC_OK;
    TRY(passwords_set(c->x->db, c->id, c->hash, c->x->now));
    TRY(lockouts_clear(c->x->db, c->id));
    TRY(trusted_devices_remove_of_user(c->x->db, c->id));
    TRY(links_void_of_user(c->x->db, c->id, c->x->now));
    return end_everything(c, "password_changed");
}

static enum rc update(struct db *db, void *arg)
{
    struct change *c = arg;

    TRY(users_by_id(db, c->x->arena, c->id, &c->user));
    TRY(apply(c));
    TRY(apply_totp(c));
    TRY(set_password(c));
    TRY(note(c, "user_updated"));
    return users_by_id(db, c->x->arena, c->id, &c->user);
}

/* Outside the transaction; nobody is made to wait for a hash that comes to nothing. */
static enum rc hash_password(struct change *c, const char *password)
{
    if (password == NULL)
        return RC_OK;
    TRY(users_by_id(c->x->db, c->x->arena, c->id, &c->user));
    TRY(password_rules(c->x, password));
    return password_hash(c->x, password, &c->hash);
}

enum rc admin_users_update(struct exchange *x)
{
    struct change c = change_of(x);
    struct user_body in = { 0 };
    struct json *body;

    TRY(json_bind(x, user_fields, ARRAY_LEN(user_fields), &in, &body));
    keep_empty(&in);
    c.wanted = &in.account;
    c.body = body;
    TRY(as_invalid_request(x, hash_password(&c, in.password), false));
    TRY(as_invalid_request(x, db_write(x->db, update, &c), false));
    return respond_model(x, 200, SHAPE_DATA, admin_user_json(x->arena, &c.user));
}

/* ---- delete, deactivate, reactivate ---- */

static enum rc erase(struct db *db, void *arg)
{
    struct change *c = arg;

    TRY(users_by_id_any(db, c->x->arena, c->id, &c->user));
    TRY(account_keep_admin(c->x, &c->user));
    TRY(users_delete(db, c->id));
    return note(c, "user_deleted");
}

enum rc admin_users_delete(struct exchange *x)
{
    struct change c = change_of(x);

    return done(x, db_write(x->db, erase, &c), ADMIN_USERS, "saved");
}

static enum rc deactivate(struct db *db, void *arg)
{
    struct change *c = arg;

    TRY(users_by_id(db, c->x->arena, c->id, &c->user));
    TRY(account_keep_admin(c->x, &c->user));
    TRY(users_deactivate(db, c->id, c->x->now));
    TRY(end_everything(c, "user_deactivated"));
    return note(c, "user_deactivated");
}

/* In the console one slip of the mouse must not shut oneself out. */
static enum rc check_other(struct exchange *x, const char *id)
{
    if (x->console == NULL || !text_same(x->user->id, id))
        return RC_OK;
    return refuse(&x->no, REFUSE_CONFLICT, "You cannot deactivate yourself");
}

enum rc admin_users_deactivate(struct exchange *x)
{
    struct change c = change_of(x);
    enum rc rc = check_other(x, c.id);

    if (rc == RC_OK)
        rc = db_write(x->db, deactivate, &c);
    return done(x, rc, admin_user_href(x->arena, c.id), "deactivated");
}

static enum rc reactivate(struct db *db, void *arg)
{
    struct change *c = arg;

    TRY(users_reactivate(db, c->id, c->x->now));
    return note(c, "user_reactivated");
}

enum rc admin_users_reactivate(struct exchange *x)
{
    struct change c = change_of(x);

    return done(x, db_write(x->db, reactivate, &c), admin_user_href(x->arena, c.id), "reactivated");
}

/* ---- unlock, revoke sessions ---- */

static enum rc unlock(struct db *db, void *arg)
{
    struct change *c = arg;

    TRY(users_by_id(db, c->x->arena, c->id, &c->user));
    TRY(lockouts_clear(db, c->id));
    TRY(lockouts_clear_factor(db, c->id));
    c->user.failures_n = c->user.locked_until_at = 0;
    return note(c, "user_unlocked");
}

enum rc admin_users_unlock(struct exchange *x)
{
    struct change c = change_of(x);
    enum rc rc = db_write(x->db, unlock, &c);

    if (is_page(x))
        return done(x, rc, admin_user_href(x->arena, c.id), "unlocked");
    TRY(rc);
    return respond_model(x, 200, SHAPE_DATA, admin_user_json(x->arena, &c.user));
}

static enum rc revoke_sessions(struct db *db, void *arg)
{
    struct change *c = arg;

    TRY(users_by_id_any(db, c->x->arena, c->id, &c->user));
    TRY(end_everything(c, "admin_revoked"));
    return note(c, "all_user_sessions_revoked");
}

/* 204 for unknown ids too (http-api 7.1); a page is of somebody. */
enum rc admin_users_revoke_sessions(struct exchange *x)
{
    struct change c = change_of(x);
    enum rc rc = db_write(x->db, revoke_sessions, &c);

    if (!is_page(x) && rc == RC_NONE)
        rc = RC_OK;
    return done(x, rc, admin_user_href(x->arena, c.id), "sessions_ended");
}
