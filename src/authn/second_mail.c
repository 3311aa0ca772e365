#include "config.h"

#include "authn/second_mail.h"

/* Until mails can be sent there is no way to. */

bool second_mail_is_possible(const struct exchange *x, const struct user *u)
{
    (void)x, (void)u;
    return false;
}

enum rc second_mail_code(struct exchange *x, struct db *db, const struct user *u, const char *code, int64_t expires_at)
{
    (void)x, (void)db, (void)u, (void)code, (void)expires_at;
    return RC_NONE;
}

enum rc second_mail_recovery_used(struct exchange *x, struct db *db, const struct user *u, int64_t left_n)
{
    (void)x, (void)db, (void)u, (void)left_n;
    return RC_NONE;
}
