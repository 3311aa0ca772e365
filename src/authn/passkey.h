/*
 * Passkeys (http-api 5.5, 8; flows 12): challenges, what browsers are asked for, and who it
 * is that shows one.
 *
 * A challenge is no row: it is sealed into the handle that the contract calls challenge_id
 * (design D7), bound to the browser or the account's session it was made for, good for five
 * minutes, and spent by one insert into `replays` when it is used, whatever comes of that.
 *
 * User verification is demanded where the passkey has to stand for two factors: where the
 * application or the setting wants two.  Elsewhere it is preferred, and without it the
 * passkey is one factor like a password.
 */
#ifndef AUTENTICO_AUTHN_PASSKEY_H
#define AUTENTICO_AUTHN_PASSKEY_H

#include "authn/webauthn.h"
#include "http/exchange.h"
#include "store/passkeys.h"
#include "store/users.h"

#define PASSKEY_CHALLENGE_LIFE_S 300
#define PASSKEYS_MAX 20         /* of a person: the browser is told of each of them */
#define PASSKEY_NAME_BYTES 128

enum passkey_ceremony { PASSKEY_LOGIN, PASSKEY_DISCOVERABLE, PASSKEY_REGISTRATION };

struct passkey_challenge {
    enum passkey_ceremony ceremony;
    struct bytes challenge;     /* WEBAUTHN_CHALLENGE_BYTES */
    int64_t issued_at;
    struct bytes binding;       /* of the browser or session; n > 0 */
    const char *user_id;        /* NULL: PASSKEY_DISCOVERABLE */
    bool needs_user_verified;
    bool is_proven;             /* PASSKEY_REGISTRATION: a second factor was shown for it (WR-26) */
    struct bytes request;       /* PASSKEY_LOGIN, PASSKEY_DISCOVERABLE: authz_request_pack(); may be empty */
};

/* Makes challenge and issued_at; the rest is the caller's.  Returns the handle. */
const char *passkey_challenge_new(struct exchange *x, struct passkey_challenge *inout);
/* RC_NONE: not ours, of another ceremony, expired.  `binding` is the caller's to compare. */
MUST_CHECK enum rc passkey_challenge_open(struct exchange *x, const char *handle, enum passkey_ceremony ceremony,
                                          struct passkey_challenge *out);
/* Inside db_write.  RC_REFUSED: spent before. */
MUST_CHECK enum rc passkey_challenge_spend(struct db *db, const struct passkey_challenge *c);

/* `publicKey` of navigator.credentials.get() and .create(). */
struct json *passkey_request_options(struct exchange *x, const struct passkey_challenge *c, const struct passkey_rows *allowed);
struct json *passkey_creation_options(struct exchange *x, const struct passkey_challenge *c, const struct user *u,
                                      struct bytes user_handle, const struct passkey_rows *excluded);

/*
 * Somebody has shown a passkey: the steps of WebAuthn 7.2, and what the store knows.  On
 * success the challenge is spent, the counter moved and last_login set, in one transaction;
 * a failure is in the audit trail (passkey_login_failed) and spends the challenge too.
 * RC_OK       user and seen are filled
 * RC_REFUSED  x->no PASSKEY_FAILED: one answer to everything
 */
struct passkey_login {
    const struct passkey_challenge *challenge;
    const struct webauthn_shown *shown;
    bool is_bound;              /* this is the browser the challenge was made for */
    /* out */
    struct user *user;
    struct webauthn_seen seen;
    bool is_backup_eligible;
};
MUST_CHECK enum rc passkey_login(struct exchange *x, struct passkey_login *l);

/* A new passkey of x->user: the steps of WebAuthn 7.1.  RC_REFUSED x->no PASSKEY_REGISTRATION. */
MUST_CHECK enum rc passkey_register(struct exchange *x, const struct passkey_challenge *c, const struct webauthn_made *made);

/* RFC 8176: a device-bound key, or one that is synced. */
const char *passkey_amr(struct arena *a, const struct passkey_login *l);

#endif
