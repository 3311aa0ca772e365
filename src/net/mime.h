/*
 * A mail as it travels (RFC 5322, 2045 to 2047): headers, then the same words as plain
 * text and as HTML (multipart/alternative).  Nothing that is put in can begin a header
 * or a part of its own.
 */
#ifndef AUTENTICO_NET_MIME_H
#define AUTENTICO_NET_MIME_H

#include "util/sbuf.h"

struct mime_mail {
    const char *from_name, *from_address; /* UTF-8; an address as is_email() has it */
    const char *to;                       /* an address */
    const char *subject;                  /* UTF-8 */
    const char *text, *html;              /* UTF-8, lines ending in "\n" */
    const char *message_id;               /* random word [a-z]+: before the '@', and in the boundary */
    int64_t date;
};

/* RC_REFUSED: an address or the message id is none. */
MUST_CHECK enum rc mime_message(const struct mime_mail *m, struct sbuf *out);

/* The pieces, for tests. */
void mime_add_words(struct sbuf *b, const char *text);                /* RFC 2047 */
void mime_add_quoted_printable(struct sbuf *b, const char *text);
void mime_date(char out[40], int64_t at);                             /* RFC 5322 3.3, in UTC */

#endif
