/*
 * Randomness, from GnuTLS.  A process that cannot get any dies.
 */
#ifndef AUTENTICO_CRYPTO_RANDOM_H
#define AUTENTICO_CRYPTO_RANDOM_H

#include "util/encode.h"

#define TOKEN_BYTES 32
#define TOKEN_CHARS 43

void random_bytes(void *out, size_t n);
char *random_token(struct arena *a);  /* 32 random bytes as base64url, 43 characters */
char *random_digits(struct arena *a, int n); /* 0-9, each as likely as the others; leading zeros kept */
char *random_id(struct arena *a, int64_t now); /* 20 characters [0-9a-v], sortable by time */
char *id_floor(struct arena *a, int64_t at); /* no id made at `at` or later is smaller */
int64_t selector_floor(int64_t at);          /* the same of selectors */
int64_t random_selector(int64_t now); /* 32 bits of seconds, 31 random bits; > 0 */

#endif
