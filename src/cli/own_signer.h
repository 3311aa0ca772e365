/*
 * A signer of this command's own (style 2): a process that gets the secrets of its
 * configuration, answers it and ends with it.
 */
#ifndef AUTENTICO_CLI_OWN_SIGNER_H
#define AUTENTICO_CLI_OWN_SIGNER_H

#include "conf/conf.h"
#include "signer/signer.h"

struct own_signer {
    struct signer cli, courier; /* one channel each (design D3) */
    int pid, control_fd;
};

/* RC_REFUSED: there is no encryption key, said on standard error. */
MUST_CHECK enum rc own_signer_start(const struct conf *conf, struct own_signer *out);
void own_signer_stop(struct own_signer *s);

#endif
