#include "config.h"

#include "authn/account_change.h"

#include <string.h>

#include "authn/claim_value.h"
#include "authn/password.h"
#include "store/settings_table.h"
#include "util/uri.h"

#define EMAIL_MAX 254 /* RFC 5321 4.5.3.1.3 */

static enum rc refuse_member(struct exchange *x, const char **wrong, const char *member, const char *text)
{
    *wrong = member;
    return refuse(&x->no, REFUSE_VALIDATION, "%s", text);
}

static bool is_mode(const struct exchange *x, const char *mode)
{
    return text_same(x->settings->profile_field_email, mode);
}

static bool is_address(const char *text)
{
    return strlen(text) <= EMAIL_MAX && is_email(text);
}

/* ---- who they are ---- */

static void set_email(struct user *u, const char *email)
{
    if (text_same(u->email, email))
        return;
    u->email = email;
    u->is_email_verified = false;
}

static enum rc apply_email(struct exchange *x, const char *given, struct user *u, const char **wrong)
{
    const char *email = text_lower(x->arena, text_trim(x->arena, given));

    if (given == NULL)
        return RC_OK;
    if (*email == '\0' && is_mode(x, "required"))
        return refuse_member(x, wrong, "email", "Email is missing");
    if (*email != '\0' && !is_address(email))
        return refuse_member(x, wrong, "email", "Email is not an e-mail address");
    set_email(u, *email != '\0' ? email : NULL);
    return RC_OK;
}

static enum rc apply_username(struct exchange *x, const char *given, struct user *u, const char **wrong)
{
    const char *username = text_trim(x->arena, given);

    if (given == NULL || text_same(username, u->username)) /* a stored one may be older than the rules */
        return RC_OK;
    *wrong = "username";
    TRY(username_rules(x, username));
    if (is_mode(x, "is_username") && !is_address(username))
        return refuse_member(x, wrong, "username", "Username must be an e-mail address");
    u->username = username;
    if (is_mode(x, "is_username"))
        set_email(u, text_lower(x->arena, username));
    return RC_OK;
}

static enum rc apply_role(struct exchange *x, const char *role, struct user *u, const char **wrong)
{
    if (role == NULL)
        return RC_OK;
    if (!text_same(role, "user") && !text_same(role, "admin"))
        return refuse_member(x, wrong, "role", "Role must be user or admin");
    u->role = role;
    return RC_OK;
}

/* ---- profile ---- */

/* These are shown as links by applications, so no javascript: and the like. */
static bool is_web_address(struct arena *a, const char *text)
{
    struct uri u;

    if (uri_parse(a, text, &u) != RC_OK)
        return false;
    return (text_same(u.scheme, "https") || text_same(u.scheme, "http")) && !text_empty(u.host);
}

static enum rc check_link(struct exchange *x, const char *member, const char *text, const char **wrong)
{
    if (text_empty(text) || is_web_address(x->arena, text))
        return RC_OK;
    *wrong = member;
    return refuse(&x->no, REFUSE_VALIDATION, "The %s must be an http or https address", member);
}

/* What is there already may stay: it may be older than the rule. */
static enum rc check_value(struct exchange *x, const char *member, const char *given, const char *before,
                           bool (*is_good)(const char *text), const char **wrong)
{
    const char *text = text_trim(x->arena, given);

    if (text_empty(text) || text_same(text, before) || is_good(text))
        return RC_OK;
    *wrong = member;
    return refuse(&x->no, REFUSE_VALIDATION, "The %s is malformed", member);
}

static void apply_claim(struct arena *a, const char *given, const char **at)
{
    if (given != NULL)
        *at = text_trim(a, given);
}

static enum rc apply_profile(struct exchange *x, const struct account_change *c, struct user *u, const char **wrong)
{
    const char *phone_number = u->phone_number;

    TRY(check_link(x, "picture", text_trim(x->arena, c->picture), wrong));
    TRY(check_link(x, "website", text_trim(x->arena, c->website), wrong));
    TRY(check_link(x, "profile", text_trim(x->arena, c->profile), wrong));
    TRY(check_value(x, "birthdate", c->birthdate, u->birthdate, is_birthdate, wrong));
    TRY(check_value(x, "zoneinfo", c->zoneinfo, u->zoneinfo, is_zoneinfo, wrong));
    TRY(check_value(x, "locale", c->locale, u->locale, is_locale, wrong));
#define X(claim) apply_claim(x->arena, c->claim, &u->claim);
    PROFILE_CLAIMS(X)
#undef X
    if (!text_same(phone_number, u->phone_number))
        u->phone_number_verified = false;
    return RC_OK;
}

enum rc account_apply(struct exchange *x, const struct account_change *c, struct user *inout, const char **wrong)
{
    struct user u = *inout;

    *wrong = NULL;
    TRY(apply_email(x, c->email, &u, wrong));
    TRY(apply_username(x, c->username, &u, wrong));
    TRY(apply_role(x, c->role, &u, wrong));
    TRY(apply_profile(x, c, &u, wrong));
    *inout = u;
    return RC_OK;
}

/* ---- storing ---- */

enum rc account_store(struct exchange *x, struct user *u, const char **wrong)
{
    u->updated_at = x->now;
    enum rc rc = users_update(x->db, u);

    if (rc != RC_REFUSED)
        return rc;
    if (text_same(db_why(x->db), "users.email")) {
        *wrong = "email";
        return refuse(&x->no, REFUSE_CONFLICT, "That e-mail address is taken");
    }
    *wrong = "username";
    return refuse(&x->no, REFUSE_CONFLICT, "That username is taken");
}

enum rc account_keep_admin(struct exchange *x, const struct user *u)
{
    bool has_other;

    if (!text_same(u->role, "admin") || u->deactivated_at != 0)
        return RC_OK;
    TRY(users_other_admin(x->db, u->id, &has_other));
    if (has_other)
        return RC_OK;
    return refuse(&x->no, REFUSE_CONFLICT, "This is the last administrator; make somebody else one first");
}
