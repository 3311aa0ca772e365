/*
 * base64url and base64 (RFC 4648), base32 (RFC 4648 6, for TOTP secrets),
 * base32hex ids, hex.  Decoders are strict: no padding where none belongs, no
 * white space, no non-canonical trailing bits (JO-07).
 */
#ifndef AUTENTICO_UTIL_ENCODE_H
#define AUTENTICO_UTIL_ENCODE_H

#include "util/arena.h"

char *base64url_encode(struct arena *a, struct bytes in);
MUST_CHECK enum rc base64url_decode(struct arena *a, const char *text, struct bytes *out); /* RC_NONE: not base64url */
MUST_CHECK enum rc base64url_decode_n(struct arena *a, const char *text, size_t n, struct bytes *out);
char *base64_encode(struct arena *a, struct bytes in); /* standard alphabet, padded */
MUST_CHECK enum rc base64_decode(struct arena *a, const char *text, struct bytes *out); /* padded or not */
char *base32_encode(struct arena *a, struct bytes in); /* no padding */
MUST_CHECK enum rc base32_decode(struct arena *a, const char *text, struct bytes *out);
char *hex_encode(struct arena *a, struct bytes in);    /* lower case */
MUST_CHECK enum rc hex_decode(struct arena *a, const char *text, struct bytes *out);

/*
 * The public form of a token selector (design D8): 20 characters [0-9a-v],
 * sortable by time.  The first 13 carry the 63-bit selector, the rest a check
 * sum, so that a mistyped or made-up id is refused without a look-up.
 * id_to_selector: RC_NONE unless `id` is exactly what selector_to_id makes.
 */
void selector_to_id(int64_t selector, char out[21]);
MUST_CHECK enum rc id_to_selector(const char *id, int64_t *out);
void base32hex_id(const uint8_t bytes13[13], char out[21]); /* the first 100 bits */

#endif
