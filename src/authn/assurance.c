#include "config.h"

#include "authn/assurance.h"

#include "authn/second_mail.h"
#include "authn/trusted_device.h"
#include "store/clients.h"
#include "store/passkeys.h"
#include "store/settings_table.h"

/* ---- what is demanded ---- */

bool assurance_is_required(const struct exchange *x, const struct client *c)
{
    return c->require_mfa >= 0 ? c->require_mfa != 0 : x->settings->require_mfa;
}

/* OIDC Core 3.1.2.1: a list of what would do.  Who takes "1" too has no demand. */
static bool is_asked_for(const char *acr_values)
{
    return text_list_has(acr_values, "2") && !text_list_has(acr_values, "1");
}

/* ---- how it can be met ---- */

bool assurance_can_email(const struct exchange *x, const struct user *u)
{
    bool is_allowed = text_same(x->settings->mfa_method, "email") || text_same(x->settings->mfa_method, "both");

    return is_allowed && second_mail_is_possible(x, u);
}

/* The app is preferred wherever the person has it.  Where mails are allowed and cannot
 * reach the person, `both` still has the other way: nobody is stuck. */
enum assurance_step assurance_method(const struct exchange *x, const struct user *u)
{
    if (u->totp_since != 0)
        return ASSURANCE_TOTP;
    if (assurance_can_email(x, u))
        return ASSURANCE_EMAIL;
    return text_same(x->settings->mfa_method, "email") ? ASSURANCE_STUCK : ASSURANCE_ENROL;
}

bool assurance_may_switch(const struct exchange *x, const struct user *u, const char *to)
{
    if (!text_same(x->settings->mfa_method, "both") || !assurance_can_email(x, u))
        return false;
    return text_same(to, "email") || (text_same(to, "totp") && u->totp_since != 0);
}

/* Whoever has a passkey for both factors sets up no app instead: a password would be all
 * that it takes to get around the passkey (WR-26). */
static enum rc prefer_passkey(struct exchange *x, const struct user *u, enum assurance_step *step)
{
    if (text_same(x->settings->auth_mode, "password") || (*step != ASSURANCE_ENROL && *step != ASSURANCE_STUCK))
        return RC_OK;
    enum rc rc = passkeys_any_verifying(x->db, u->id);
    if (rc == RC_OK)
        *step = ASSURANCE_PASSKEY;
    return rc == RC_NONE ? RC_OK : rc;
}

/* ---- what is missing ---- */

/* That of the session that is there, while nobody has withdrawn the trust; else that of
 * the browser. */
static enum rc find_device(struct exchange *x, const struct assurance_ask *ask, const char **id)
{
    if (ask->trusted_device_id != NULL && trusted_device_is_on(x, ask->client)) {
        enum rc rc = trusted_devices_live(x->db, ask->trusted_device_id, ask->user->id, x->now);

        if (rc == RC_OK)
            *id = ask->trusted_device_id;
        if (rc != RC_NONE)
            return rc;
    }
    return trusted_device_find(x, ask->client, ask->user->id, id);
}

/* acr_values is a wish: who cannot meet it is let in with what there is, and `acr` says
 * so. */
static enum assurance_step as_wished(enum assurance_step step)
{
    return step == ASSURANCE_STUCK ? ASSURED : step;
}

enum rc assurance_next(struct exchange *x, const struct assurance_ask *ask, struct assurance *out)
{
    bool is_asked = is_asked_for(ask->acr_values), is_demanded = assurance_is_required(x, ask->client);

    *out = (struct assurance){ .step = ASSURED };
    if (text_same(ask->acr, "2"))
        return RC_OK;
    if (!is_asked && !is_demanded && ask->user->totp_since == 0)
        return RC_OK;
    if (!is_asked) {
        enum rc rc = find_device(x, ask, &out->trusted_device_id);

        if (rc != RC_NONE)
            return rc;
    }
    out->step = assurance_method(x, ask->user);
    TRY(prefer_passkey(x, ask->user, &out->step));
    if (!is_demanded)
        out->step = as_wished(out->step);
    return RC_OK;
}

/* ---- amr ---- */

const char *assurance_amr(struct arena *a, const char *before, const char *now)
{
    struct text_list words = text_split(a, arena_printf(a, "%s %s mfa", text_or(before, ""), now), ' ');
    struct text_list kept = { arena_array(a, const char *, words.n + 1), 0 };

    for (size_t i = 0; i < words.n; i++) {
        bool is_there = false;

        for (size_t j = 0; j < kept.n; j++)
            is_there |= text_same(kept.v[j], words.v[i]);
        if (!is_there)
            kept.v[kept.n++] = words.v[i];
    }
    return text_join(a, &kept, ' ');
}
