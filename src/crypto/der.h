/*
 * DER (X.690), one element at a time: for the extension of a certificate that GnuTLS does
 * not know.  Total.
 */
#ifndef AUTENTICO_CRYPTO_DER_H
#define AUTENTICO_CRYPTO_DER_H

#include "util/rc.h"

#define DER_INTEGER 0x02
#define DER_OCTETS 0x04
#define DER_ENUMERATED 0x0a
#define DER_SEQUENCE 0x30
#define DER_SET 0x31
#define DER_CONTEXT(number) (0xa0000000u | (number)) /* [number] EXPLICIT */

struct der { uint32_t tag; struct bytes value; };

/* The element at the front of `left`, which then is what follows it.  RC_NONE: there is none. */
MUST_CHECK enum rc der_take(struct bytes *left, struct der *out);
/* The same, of this tag. */
MUST_CHECK enum rc der_take_of(struct bytes *left, uint32_t tag, struct bytes *out);

#endif
