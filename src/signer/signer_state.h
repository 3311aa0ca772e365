/*
 * What a signer knows; shared by signer_answer.c (one question) and
 * signer_process.c (the life of the process).
 */
#ifndef AUTENTICO_SIGNER_SIGNER_STATE_H
#define AUTENTICO_SIGNER_SIGNER_STATE_H

#include "signer/signer_keys.h"

struct signer_state {
    const char *issuer;
    int64_t request_deadline_s;
    struct arena *own; /* texts that live as long as the state */
    struct signer_keys keys;
};

#endif
