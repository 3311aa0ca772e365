#include "config.h"

#include "authn/factor_reset.h"

#include "authn/trail.h"
#include "store/factors.h"
#include "store/lockouts.h"
#include "store/passkeys.h"
#include "store/sessions.h"
#include "store/tokens.h"
#include "store/trusted_devices.h"

enum rc factor_reset(struct exchange *x, const char *user_id, const char *source)
{
    TRY(factors_totp_remove(x->db, user_id));
    TRY(factors_recovery_replace(x->db, user_id, NULL, 0, x->now));
    TRY(trusted_devices_remove_of_user(x->db, user_id));
    TRY(lockouts_clear_factor(x->db, user_id));
    TRY(sessions_end_of_user(x->db, user_id, NULL, "mfa_disabled", x->now));
    TRY(families_revoke_of_user(x->db, user_id, NULL, "mfa_disabled", x->now));
    return trail(x, "mfa_disabled", NULL, "user", user_id, source != NULL ? "source" : NULL, source, NULL);
}

enum rc factor_reset_passkeys(struct exchange *x, const char *user_id, const char *source)
{
    TRY(passkeys_remove_of_user(x->db, user_id));
    TRY(sessions_end_of_user(x->db, user_id, NULL, "passkey_removed", x->now));
    TRY(families_revoke_of_user(x->db, user_id, NULL, "passkey_removed", x->now));
    return trail(x, "passkey_removed", NULL, "user", user_id, "source", source, NULL);
}
