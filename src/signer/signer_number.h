/* Numbers of a fixed length, as JOSE writes them (RFC 7518 3.4, 6.2.1.2). */
#ifndef AUTENTICO_SIGNER_SIGNER_NUMBER_H
#define AUTENTICO_SIGNER_SIGNER_NUMBER_H

#include <stdbool.h>
#include <stdint.h>

#include <gnutls/gnutls.h>

#include "util/text.h"

#define P256_BYTES 32

struct bytes number_without_zeros(struct bytes n);
/* false: it does not fit */
bool number_pad(uint8_t out[P256_BYTES], const gnutls_datum_t *d);

#endif
