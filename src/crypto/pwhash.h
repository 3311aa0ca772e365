/*
 * Password hashing, self-describing (PHC or crypt(3) form).  Argon2id m=19 MiB
 * t=2 p=1 for new hashes; bcrypt, yescrypt and SHA-crypt are verified and
 * reported as due for a rehash (design D5).  Runs in hashers only, in an arena
 * of memory that the process keeps.
 */
#ifndef AUTENTICO_CRYPTO_PWHASH_H
#define AUTENTICO_CRYPTO_PWHASH_H

#include <stdbool.h>

#include "util/arena.h"

MUST_CHECK enum rc pwhash_make(struct arena *a, struct bytes password, char **out);
/*
 * RC_OK right (rehash says whether `encoded` is not our current kind), RC_NONE
 * wrong, or `encoded` is NULL or of no known kind (or of a cost that no login may
 * have: bcrypt over 14, Argon2 over 256 MiB): then after the work of a hash of
 * our own.  Takes as long as a hash of its kind takes.  bcrypt looks at 72 bytes
 * only: a longer password is RC_NONE there.
 */
MUST_CHECK enum rc pwhash_verify(struct arena *a, struct bytes password, const char *encoded, bool *rehash);

#endif
