/*
 * The signer (design D3): the only process that holds private keys and the
 * encryption key.  This is the asker's side.  A signature costs one message.
 *
 * The signer trusts nobody: it parses the payload strictly and refuses another
 * `iss`, a kind that this channel may not ask for, an `iat` more than 5 s ahead
 * or more than one request deadline behind its own clock, a lifetime over 24 h;
 * it writes the protected header itself.  `open` never yields a signing key, nor a
 * TOTP secret to anybody: those are verified here.
 */
#ifndef AUTENTICO_SIGNER_SIGNER_H
#define AUTENTICO_SIGNER_SIGNER_H

#include "crypto/jwk.h"

/* Who asks; one queue (util/ask.h) each. */
enum signer_channel { CHANNEL_WORKER, CHANNEL_COURIER, CHANNEL_KEEPER, CHANNEL_HELPER, CHANNEL_CLI, CHANNELS_N };

/* What is asked for; each kind has its `typ` and its claim rules. */
enum token_kind { TOKEN_ACCESS, TOKEN_ID, TOKEN_USERINFO, TOKEN_LOGOUT, TOKEN_AUDIT_CHECKPOINT, TOKEN_KINDS_N };

struct signer {
    int ask_fd;
    int64_t deadline_ms; /* clock_mono_ms() instant by which an answer is of use; set per request */
    int64_t *late_since_ms; /* shared; gets clock_mono_ms() of when a question was asked that was not
                             * answered in time, for the parent; NULL: nobody looks */
};

/* A key as it stands in the store. */
struct signing_key {
    const char *kid;
    enum jws_alg alg;
    const char *public_jwk;
    struct bytes private_sealed; /* n = 0: the key of the environment */
};

/*
 * Sign `payload`, a JSON object text, under `key`.
 * RC_OK       `out` is the compact JWS
 * RC_REFUSED  policy: the signer said no (logged there; a bug or an attack)
 * RC_NONE     no answer in time, or one signer after another died of it (logged)
 * RC_FAULT    signer failure, logged
 */
MUST_CHECK enum rc signer_sign(struct signer *s, struct arena *a, enum token_kind kind,
                               const struct signing_key *key, const char *payload, char **out);

/* Several signatures in one message, in order; `inputs` ≤ 4.  The access token's
 * hash for an ID token's at_hash is put in by the signer when `at_hash_of` names
 * an earlier input (index + 1; 0: none), so that a grant costs one message; or when
 * `opaque` is the access token beside it, one that nobody signs. */
struct sign_input {
    enum token_kind kind;
    const struct signing_key *key;
    const char *payload;
    int at_hash_of;
    const char *opaque;
};
MUST_CHECK enum rc signer_sign_all(struct signer *s, struct arena *a, const struct sign_input *inputs,
                                   size_t inputs_n, char **outs);

/* Seal and open a column value (style 6): associated data are table, column and
 * row id.  Channel rules of D3 apply to open. */
struct seal_place { const char *table, *column, *row_id; };
MUST_CHECK enum rc signer_seal(struct signer *s, struct arena *a, const struct seal_place *where,
                               struct bytes plain, struct bytes *out);
MUST_CHECK enum rc signer_open(struct signer *s, struct arena *a, const struct seal_place *where,
                               struct bytes sealed, struct bytes *out);

/* Where a TOTP secret belongs, for signer_seal; the row is the person's id. */
#define TOTP_TABLE "totp_secrets"
#define TOTP_COLUMN "secret_sealed"
struct totp_question {
    const char *user_id;
    struct bytes secret_sealed;
    const char *code;           /* six digits */
    int64_t last_step;          /* of the code that was accepted last; 0: none */
};
/*
 * Verify a TOTP code (RFC 6238; design D3) against the signer's own clock, one step of
 * 30 s to either side.  Channel: worker.
 * RC_OK       `step` is the time step of the code, later than last_step; 0: a wrong
 *             code, or one of a step that is over
 * RC_NONE     no answer in time
 * RC_REFUSED  not six digits
 * RC_FAULT    the secret does not open, logged
 */
MUST_CHECK enum rc signer_verify_totp(struct signer *s, struct arena *a, const struct totp_question *ask, int64_t *step);

/* Make a key pair: wrapped private key and public JWK with kid = thumbprint.
 * Channels: keeper, command line. */
MUST_CHECK enum rc signer_generate(struct signer *s, struct arena *a, enum jws_alg alg, struct signing_key *out);

/* The public JWK and kid of the environment's RSA key.  RC_NONE: there is none. */
MUST_CHECK enum rc signer_env_key(struct signer *s, struct arena *a, struct signing_key *out);

/* SHA-256 fingerprint (16 hex digits) of the encryption key, to be compared with
 * the one in the database (spec/settings.md 2b). */
MUST_CHECK enum rc signer_fingerprint(struct signer *s, struct arena *a, char **out);
/* And of the previous key; "": there is none.  Channels: keeper, command line. */
MUST_CHECK enum rc signer_fingerprints(struct signer *s, struct arena *a, char **out, char **previous);

/*
 * What stands sealed, sealed anew under the current encryption key, without its ever being
 * seen here; of a signing key the place is { "signing_keys", alg, kid }.  Channels: keeper,
 * command line.
 * RC_OK       `out` is to take its place; n = 0: it is under that key already
 * RC_NONE     no answer in time
 * RC_REFUSED  it opens with no key; the signer logged it
 * RC_FAULT    nothing is known about it
 */
MUST_CHECK enum rc signer_reseal(struct signer *s, struct arena *a, const struct seal_place *where, struct bytes sealed,
                                 struct bytes *out);

#endif
