#include "config.h"

#include "authn/notice.h"

#include "authn/mail.h"
#include "authn/reset.h"
#include "http/request.h"

static const char *const texts[] = {
    [NOTICE_PASSWORD] = "The password was changed",
    [NOTICE_RESET] = "The password was reset",
    [NOTICE_USERNAME] = "The username was changed",
    [NOTICE_EMAIL] = "The e-mail address was changed",
    [NOTICE_APP_ADDED] = "An authenticator app was added",
    [NOTICE_APP_REMOVED] = "The authenticator app was removed",
    [NOTICE_CODES] = "New recovery codes were made",
    [NOTICE_PASSKEY_ADDED] = "A passkey was added",
    [NOTICE_PASSKEY_REMOVED] = "A passkey was removed",
};

/* Whoever reads it can choose the password: so never to an address that may be a stranger's. */
static enum rc add_link(struct exchange *x, struct db *db, const struct user *u, struct json *vars)
{
    const char *url;

    if (!u->is_email_verified)
        return RC_OK;
    TRY(not_me_link_new(x, db, u->id, &url));
    json_set_str(vars, "href", url);
    json_set_str(vars, "button", "This was not me");
    return RC_OK;
}

enum rc notice_queue(struct exchange *x, struct db *db, const struct user *u, enum notice what)
{
    struct json *vars = json_object(x->arena);
    struct mail m = { .template_name = "notice", .to = u->email, .subject = texts[what], .vars = vars,
                      .expires_at = x->now + MAIL_NOTICE_LIFE_S };

    if (!mail_is_configured(x) || text_empty(u->email))
        return RC_OK;
    json_set_str(vars, "what", texts[what]);
    json_set_str(vars, "username", u->username);
    json_set_str(vars, "time", mail_time(x->arena, x->now));
    json_set_str(vars, "address", x->rq->address);
    json_set_str(vars, "account_href", arena_printf(x->arena, "%s/account/security", x->conf->url));
    TRY(add_link(x, db, u, vars));
    enum rc rc = mail_queue(x, db, &m);
    return rc == RC_NONE ? RC_OK : rc; /* the address is none */
}
