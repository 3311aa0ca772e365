#include "config.h"

#include "authn/webauthn.h"

#include "authn/attestation.h"
#include "authn/client_data.h"
#include "crypto/hash.h"
#include "util/sbuf.h"

/* Read or not, a step that does not hold ends it. */
#define STEP(holds, name)         \
    do {                          \
        if (!(holds)) {           \
            *why = (name);        \
            return RC_NONE;       \
        }                         \
    } while (0)

/* ---- what both lists have ---- */

/* 7.1 steps 6 to 11, 7.2 steps 11 to 15: the browser's side. */
static enum rc check_client_data(struct arena *a, const struct webauthn_expected *e, struct bytes json, const char *type,
                                 const char **why)
{
    struct client_data d;

    STEP(client_data_read(a, json, &d) == RC_OK, "clientDataJSON");
    STEP(text_same(d.type, type), "type");
    STEP(e->challenge.n > 0 && ct_equal(d.challenge, e->challenge), "challenge");
    STEP(text_same(d.origin, e->origin), "origin");
    STEP(!d.is_cross_origin, "crossOrigin");
    STEP(d.top_origin == NULL, "topOrigin");
    return RC_OK;
}

static bool is_rp(struct arena *a, const struct authenticator_data *d, const char *rp_id)
{
    return ct_equal(d->rp_id_hash, sha256_of(a, rp_id));
}

/* 7.1 steps 14 to 17, 7.2 steps 16 to 19: the authenticator's side. */
static enum rc check_authenticator_data(struct arena *a, const struct webauthn_expected *e,
                                        const struct authenticator_data *d, const char **why)
{
    STEP(is_rp(a, d, e->rp_id), "rpIdHash");
    STEP(d->is_user_present, "user present");
    STEP(d->is_user_verified || !e->needs_user_verified, "user verified");
    STEP(d->is_backup_eligible || !d->is_backed_up, "backup state");
    return RC_OK;
}

static struct bytes hash_of(struct arena *a, struct bytes in)
{
    uint8_t hash[SHA256_BYTES];

    sha256(in, hash);
    return arena_bytes(a, BYTES(hash));
}

/* ---- 7.1 ---- */

/* Steps 20, 22 to 25: the key is one that was asked for, the statement is good. */
static enum rc check_credential(struct arena *a, const struct attestation *at, struct bytes client_data_hash,
                                struct cose_key *key, const char **why)
{
    STEP(at->data.has_credential, "attested credential data");
    STEP(cose_key_read(a, at->data.public_key, key) == RC_OK, "public key");
    STEP(attestation_check(a, at, client_data_hash, key) == RC_OK, "attestation statement");
    return RC_OK;
}

/* Step 26; and what the browser calls it is what the authenticator calls it. */
static enum rc check_id(const struct authenticator_data *d, struct bytes id, const char **why)
{
    STEP(d->credential_id.n > 0 && d->credential_id.n <= CREDENTIAL_ID_MAX, "credential id size");
    STEP(ct_equal(d->credential_id, id), "credential id");
    return RC_OK;
}

enum rc webauthn_register(struct arena *a, const struct webauthn_expected *e, const struct webauthn_made *made,
                          struct webauthn_credential *out, const char **why)
{
    struct attestation at;
    struct cose_key key;

    TRY(check_client_data(a, e, made->client_data, "webauthn.create", why));
    STEP(attestation_read(a, made->attestation_object, &at) == RC_OK, "attestation object");
    TRY(check_authenticator_data(a, e, &at.data, why));
    TRY(check_credential(a, &at, hash_of(a, made->client_data), &key, why));
    TRY(check_id(&at.data, made->id, why));
    *out = (struct webauthn_credential){
        .id = at.data.credential_id,
        .public_key = at.data.public_key,
        .aaguid = at.data.aaguid,
        .alg = key.alg,
        .sign_count = at.data.sign_count,
        .is_user_verified = at.data.is_user_verified,
        .is_backup_eligible = at.data.is_backup_eligible,
        .is_backed_up = at.data.is_backed_up,
    };
    return RC_OK;
}

/* ---- 7.2 ---- */

static enum rc verify(struct arena *a, const struct webauthn_known *known, const struct webauthn_shown *shown)
{
    struct bytes hash = hash_of(a, shown->client_data);
    struct cose_key key;
    struct sbuf b;

    TRY(cose_key_read(a, known->public_key, &key));
    sbuf_init(&b, a, shown->authenticator_data.n + hash.n);
    sbuf_addn(&b, shown->authenticator_data.p, shown->authenticator_data.n);
    sbuf_addn(&b, hash.p, hash.n);
    return cose_verify(&key, sbuf_bytes(&b), shown->signature);
}

enum rc webauthn_authenticate(struct arena *a, const struct webauthn_expected *e, const struct webauthn_known *known,
                              const struct webauthn_shown *shown, struct webauthn_seen *out, const char **why)
{
    struct authenticator_data d;

    TRY(check_client_data(a, e, shown->client_data, "webauthn.get", why));
    STEP(authenticator_data_read(a, shown->authenticator_data, &d) == RC_OK, "authenticator data");
    TRY(check_authenticator_data(a, e, &d, why));
    STEP(d.is_backup_eligible == known->is_backup_eligible, "backup eligibility");
    STEP(verify(a, known, shown) == RC_OK, "signature");
    *out = (struct webauthn_seen){
        .sign_count = d.sign_count, .is_user_verified = d.is_user_verified, .is_backed_up = d.is_backed_up,
    };
    return RC_OK;
}
