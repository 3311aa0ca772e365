#include "config.h"

#include "authn/way_in.h"

#include <string.h>

#include "store/settings_table.h"
#include "store/users.h"

/* Why this person cannot sign in under these settings; NULL: they can. */
typedef const char *reason_fn(const struct settings *s, const struct user_means *u);

static const char *by_name(const struct settings *s, const struct user_means *u)
{
    int64_t n = (int64_t)strlen(u->username);

    return n < s->validation_min_username_length || n > s->validation_max_username_length
               ? "these username lengths rule out every administrator" : NULL;
}

static const char *by_first_factor(const struct settings *s, const struct user_means *u)
{
    if (text_same(s->auth_mode, "passkey_only"))
        return u->has_passkey ? NULL : "auth_mode: no administrator has a passkey yet";
    if (text_same(s->auth_mode, "password"))
        return u->has_password ? NULL : "auth_mode: no administrator has a password";
    return u->has_password || u->has_passkey ? NULL : "auth_mode: no administrator could sign in";
}

/* A passkey that verifies its user stands for both factors; another one opens nothing
 * where two are demanded (authn/passkey.h), so there has to be a password beside the app. */
static const char *by_second_factor(const struct settings *s, const struct user_means *u)
{
    bool has_both = u->has_verifying_passkey && !text_same(s->auth_mode, "password");

    if (!s->require_mfa || has_both)
        return NULL;
    if (!u->has_password || text_same(s->auth_mode, "passkey_only"))
        return "require_mfa: no administrator has a passkey that asks for a PIN or the like";
    if (!text_same(s->mfa_method, "email") || u->has_totp)
        return NULL;
    if (text_empty(s->smtp_host))
        return "mfa_method: email needs smtp_host, or nobody could sign in";
    return text_empty(u->email) ? "mfa_method: no administrator has an e-mail address to send a code to" : NULL;
}

static reason_fn *const reasons[] = { by_name, by_first_factor, by_second_factor };

static const char *reason_of(const struct settings *s, const struct user_means *u)
{
    const char *reason = NULL;

    for (size_t i = 0; i < ARRAY_LEN(reasons) && reason == NULL; i++)
        reason = reasons[i](s, u);
    return reason;
}

/* NULL: somebody can, or there is nobody yet. */
static const char *reason_of_all(const struct settings *s, const struct user_means_rows *admins)
{
    const char *reason = NULL;

    for (size_t i = 0; i < admins->n; i++) {
        reason = reason_of(s, &admins->v[i]);
        if (reason == NULL)
            return NULL;
    }
    return reason;
}

enum rc way_in_check(struct exchange *x, struct db *db)
{
    struct user_means_rows admins;
    struct settings after;
    const char *reason;

    TRY(settings_load(db, x->arena, &after));
    TRY(users_admin_means(db, x->arena, &admins));
    reason = reason_of_all(&after, &admins);
    if (reason == NULL || reason_of_all(x->settings, &admins) != NULL)
        return RC_OK;
    return refuse(&x->no, REFUSE_INVALID_REQUEST, "%s", reason);
}
