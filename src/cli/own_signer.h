/*
 * A signer of this command's own (style 2): a process that gets the secrets of its
 * configuration, answers it and ends with it.
 */
#ifndef AUTENTICO_CLI_OWN_SIGNER_H
#define AUTENTICO_CLI_OWN_SIGNER_H

#include "conf/conf.h"
#include "signer/signer.h"
#include "store/signing_keys.h"

struct own_signer {
    struct signer cli, courier; /* one channel each (design D3) */
    int pid, control_fd;
};

/* RC_REFUSED: there is no encryption key, said on standard error. */
MUST_CHECK enum rc own_signer_start(const struct conf *conf, struct own_signer *out);
/* Is the private half of this key at hand?  A signature by it is verified by the public one,
 * which is in `jwk` then, whatever the answer; key NULL: it cannot be read. */
bool own_signer_has(struct own_signer *s, struct arena *a, const struct conf *conf, const struct signing_key_row *row,
                    struct jwk *jwk);
void own_signer_stop(struct own_signer *s);

#endif
