/*
 * One mail to one mail server, by libcurl.
 *
 * TLS is demanded, STARTTLS (RFC 3207) or from the first byte on, and the certificate
 * checked; only a server on this machine (localhost, 127.0.0.0/8, ::1) may do without,
 * and where it offers STARTTLS that is checked too.  So a password never leaves the
 * machine in the clear.  Every step has a deadline.
 */
#ifndef AUTENTICO_NET_SMTP_H
#define AUTENTICO_NET_SMTP_H

#include <stdbool.h>

#include "util/arena.h"

struct smtp_server {
    const char *host;                /* a name or an address; "smtps://" before it: TLS from the first byte on */
    const char *port;                /* 465 means that too */
    const char *username, *password; /* username "": no authentication */
    const char *ca_file;             /* trusted instead of the system's; "": the system's */
    const char *greeting;            /* who we say we are (EHLO) */
};

struct smtp_mail {
    const char *from, *to;  /* of the envelope: addresses as is_email() has them */
    struct bytes message;
};

struct smtp_result {
    bool is_server;         /* it is the server, or the way there, that fails: the next mail would too */
    const char *why;        /* printable ASCII; "550 No such user" */
};

struct smtp;
/* A connection that is kept from one mail to the next; opens when needed.  die()s
 * without memory. */
struct smtp *smtp_new(void);
void smtp_free(struct smtp *s);

/*
 * RC_OK       the server has taken it
 * RC_NONE     not now: try again later
 * RC_REFUSED  never: this recipient, or this mail, is refused for good (5yz)
 * `out` is filled unless RC_OK; its text lives on `a`.
 */
MUST_CHECK enum rc smtp_send(struct smtp *s, struct arena *a, const struct smtp_server *server,
                             const struct smtp_mail *mail, struct smtp_result *out);

/* Do two values of smtp_host and smtp_port mean the same server?  Names without case, with or
 * without "smtps://"; the port counts on this machine, where anybody may listen on one and
 * TLS is not demanded. */
bool smtp_same_server(const struct smtp_server *a, const struct smtp_server *b);

/* Opens what the C library opens late, before a sandbox closes.  libcurl comes with the first
 * mail: it reads below /usr/lib. */
void smtp_warm(void);

#endif
