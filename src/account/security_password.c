/* The person's own password (http-api 8); both faces. */
#include "config.h"

#include "account/confirm.h"
#include "account/handlers.h"
#include "account/security.h"
#include "authn/caller.h"
#include "authn/notice.h"
#include "authn/password.h"
#include "authn/trail.h"
#include "crypto/hash.h"
#include "http/fields.h"
#include "http/response.h"
#include "oidc/console_frame.h"
#include "store/links.h"
#include "store/lockouts.h"
#include "store/passwords.h"
#include "store/settings_table.h"
#include "store/trusted_devices.h"

/* Binding has no opinion on a password but on its size: what is wrong is told at the field. */
#define PASSWORD_BYTES 65536

struct password_form { const char *current_password, *new_password, *confirm_password; };
static const struct field password_fields[] = {
    FIELD(password_form, current_password, F_OPTIONAL, PASSWORD_BYTES, field_any),
    FIELD(password_form, new_password, F_OPTIONAL, PASSWORD_BYTES, field_any),
    FIELD(password_form, confirm_password, F_OPTIONAL, PASSWORD_BYTES, field_any),
};

struct change {
    struct exchange *x;
    const char *hash;
    const char *wrong; /* the field that x->no is about */
};

enum rc account_password_vars(struct exchange *x, struct json *vars)
{
    int64_t changed_at = 0;
    enum rc rc = passwords_changed_at(x->db, x->user->id, &changed_at);

    if (rc != RC_OK && rc != RC_NONE)
        return rc;
    json_set_bool(vars, "ask_password", rc == RC_OK);
    json_set_str(vars, "password_changed", console_time(x->arena, changed_at));
    json_set_str(vars, "password_action", ACCOUNT_SECURITY "/password");
    json_set_str(vars, "password_min",
                 arena_printf(x->arena, "%lld", (long long)x->settings->validation_min_password_length));
    return RC_OK;
}

/* ---- may they? ---- */

/* Whoever has no password signs in some other way, and a new one needs more than an open
 * session: a recovery link. */
static enum rc check_current(struct change *c, const char *current_password)
{
    struct exchange *x = c->x;
    bool has_password;

    c->wrong = "current_password";
    TRY(account_has_password(x, &has_password));
    if (!has_password)
        return refuse(&x->no, REFUSE_INVALID_PASSWORD, "This account has no password");
    return account_confirm(x, current_password);
}

static enum rc check_new(struct change *c, const struct password_form *form)
{
    struct exchange *x = c->x;

    c->wrong = "confirm_password";
    if (is_page(x) && !ct_same_text(form->new_password, form->confirm_password))
        return refuse(&x->no, REFUSE_VALIDATION, "The two passwords differ");
    c->wrong = "new_password";
    TRY(password_rules(x, form->new_password));
    return password_hash(x, form->new_password, &c->hash);
}

/* ---- the change ---- */

/* What somebody else may have opened with the old one ends (flows 11). */
static enum rc change(struct db *db, void *arg)
{
    struct change *c = arg;
    struct exchange *x = c->x;
    const char *user_id = x->user->id;

    TRY(caller_check(x, db));
    TRY(passwords_set(db, user_id, c->hash, x->now));
    TRY(lockouts_clear(db, user_id));
    TRY(trusted_devices_remove_of_user(db, user_id));
    TRY(links_void_of_user(db, user_id, x->now));
    TRY(caller_end_others(x, db, "password_changed"));
    TRY(notice_queue(x, db, x->user, NOTICE_PASSWORD));
    return trail(x, "password_changed", NULL, "user", user_id, "source", "self", (char *)NULL);
}

static enum rc check_and_change(struct change *c)
{
    struct password_form form = { NULL };

    TRY(model_bind(c->x, password_fields, ARRAY_LEN(password_fields), &form, NULL));
    TRY(check_current(c, form.current_password));
    TRY(check_new(c, &form));
    return db_write(c->x->db, change, c);
}

static enum rc done(struct exchange *x)
{
    if (is_page(x))
        return console_go(x, ACCOUNT_SECURITY, "password_changed");
    return respond_message(x, "The password is changed; your other sessions have ended");
}

enum rc account_password(struct exchange *x)
{
    struct change c = { .x = x };
    enum rc rc = check_and_change(&c);

    if (rc == RC_OK)
        return done(x);
    return account_security_answer_at(x, rc, c.wrong);
}
