/*
 * A letter in the outbox: all of a mail but the server it goes to.  It may hold a
 * code or a link that is good once, so it waits sealed under a key of the cookie
 * secret, bound to its row (design D8).
 */
#ifndef AUTENTICO_AUTHN_LETTER_H
#define AUTENTICO_AUTHN_LETTER_H

#include "crypto/keyring.h"
#include "util/arena.h"

struct letter {
    const char *to;          /* an address */
    const char *from_name;   /* as in "NAME <address>" */
    const char *subject, *text, *html;
    const char *message_id;  /* what stands before the '@'; the same at every try */
    int64_t date;
};

struct bytes letter_seal(const struct keyring *k, struct arena *a, const char *row_id, const struct letter *l);
/* RC_NONE: another key, or altered. */
MUST_CHECK enum rc letter_open(const struct keyring *k, struct arena *a, const char *row_id, struct bytes sealed,
                               struct letter *out);

/* Random letters, no digits: in a mail with a code that is the first number (flows 13). */
char *letter_word(struct arena *a);

#endif
