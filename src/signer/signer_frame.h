/*
 * What an asker and a signer say to each other, in util/frame.h fields.
 *
 *   question: int op (the version is its high byte), then
 *     SIGN         int inputs, then of each: int kind, text kid, int alg,
 *                  bytes private_sealed, int at_hash_of, text payload
 *     SEAL, OPEN   text table, text column, text row_id, bytes
 *     GENERATE     int alg
 *     ENV_KEY, FINGERPRINT  nothing
 *     RESEAL       text table, text column, text row_id, bytes
 *     VERIFY_TOTP  text user_id, bytes secret_sealed, text code, int last_step
 *   answer: int status; if that is SIGNER_OK:
 *     SIGN         a text per input
 *     SEAL, OPEN   bytes
 *     GENERATE     text kid, text public_jwk, bytes private_sealed
 *     ENV_KEY      text kid, text public_jwk
 *     FINGERPRINT  text, text of the previous key or ""
 *     RESEAL       int reseal_state, bytes (none unless RESEAL_DONE)
 *     VERIFY_TOTP  int step
 */
#ifndef AUTENTICO_SIGNER_SIGNER_FRAME_H
#define AUTENTICO_SIGNER_SIGNER_FRAME_H

#include "signer/signer.h"
#include "util/frame.h"

#define SIGN_INPUTS_MAX 4

enum signer_op {
    SIGNER_SIGN = 0x101,
    SIGNER_SEAL,
    SIGNER_OPEN,
    SIGNER_GENERATE,
    SIGNER_ENV_KEY,
    SIGNER_FINGERPRINT,
    SIGNER_VERIFY_TOTP,
    SIGNER_RESEAL,
};

enum reseal_state { RESEAL_NOT_NEEDED, RESEAL_DONE, RESEAL_LOST }; /* LOST: it opens with no key */

enum signer_status { SIGNER_OK, SIGNER_NONE, SIGNER_REFUSED, SIGNER_FAULT };

#endif
