/*
 * The program age (Debian package age), through which everything is piped that is
 * encrypted or decrypted.  It runs as we do, with what it needs and nothing else open.
 */
#ifndef AUTENTICO_CLI_AGE_H
#define AUTENTICO_CLI_AGE_H

#include <stdbool.h>

#include "util/text.h"

struct age {
    int pid;
    int pipe_fd;  /* encrypting: write the plain text here; decrypting: read it from here */
    int words_fd; /* what it says */
};

bool age_is_encrypted(const uint8_t *head, size_t n); /* by how the file begins; 64 bytes are enough */

/* Can these (public keys, separated by spaces) be encrypted to?  RC_REFUSED: said on
 * standard error, that age is not installed for instance. */
MUST_CHECK enum rc age_check_recipients(struct arena *a, const char *recipients);

/* What is written to pipe_fd arrives encrypted in to_fd. */
MUST_CHECK enum rc age_encrypt(struct arena *a, const char *recipients, int to_fd, struct age *out);
/* What is in from_fd can be read from pipe_fd, and may be believed when age_end() was RC_OK.
 *   identity  the content of an identity file */
MUST_CHECK enum rc age_decrypt(int from_fd, struct bytes identity, struct age *out);
/* Closes the pipe and waits.  RC_REFUSED: it failed, and its own words, on `a`. */
MUST_CHECK enum rc age_end(struct age *g, struct arena *a, const char **why);

#endif
