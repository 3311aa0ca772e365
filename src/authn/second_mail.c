#include "config.h"

#include "authn/second_mail.h"

#include "authn/mail.h"
#include "authn/recovery.h"
#include "http/request.h"

bool second_mail_is_possible(const struct exchange *x, const struct user *u)
{
    return mail_is_configured(x) && !text_empty(u->email);
}

enum rc second_mail_code(struct exchange *x, struct db *db, const struct user *u, const char *code, int64_t expires_at)
{
    struct json *vars = json_object(x->arena);
    struct mail m = { .template_name = "second_code", .to = u->email, .subject = "Your code to sign in",
                      .vars = vars, .expires_at = expires_at };
    int64_t minutes = (expires_at - x->now + 30) / 60;

    json_set_str(vars, "username", u->username);
    json_set_str(vars, "code", code);
    json_set_int(vars, "minutes", minutes > 1 ? minutes : 1);
    return mail_queue(x, db, &m);
}

enum rc second_mail_recovery_used(struct exchange *x, struct db *db, const struct user *u, int64_t left_n)
{
    struct json *vars = json_object(x->arena);
    struct mail m = { .template_name = "recovery_used", .to = u->email, .subject = "A recovery code was used",
                      .vars = vars, .expires_at = x->now + MAIL_NOTICE_LIFE_S };

    json_set_str(vars, "username", u->username);
    json_set_str(vars, "time", mail_time(x->arena, x->now));
    json_set_str(vars, "address", x->rq->address);
    json_set_int(vars, "left", left_n);
    json_set_bool(vars, "few", left_n <= RECOVERY_LEFT_WARN);
    json_set_str(vars, "account_href", arena_printf(x->arena, "%s/account/security", x->conf->url));
    return mail_queue(x, db, &m);
}
