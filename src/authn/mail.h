/*
 * A mail to a person, queued in the transaction of what it tells of (flows 13); the
 * courier delivers it (serve/courier.c), so that nobody waits for a mail server.
 *
 * Templates are html/mail/NAME.html and html/mail/NAME.txt, rendered here with what
 * html/VARIABLES says of every mail: brand and footer come from the settings.
 */
#ifndef AUTENTICO_AUTHN_MAIL_H
#define AUTENTICO_AUTHN_MAIL_H

#include "http/exchange.h"
#include "store/db.h"

#define MAIL_NOTICE_LIFE_S (3 * 86400) /* news that is no news any more after that */

struct mail {
    const char *template_name;  /* html/mail/NAME */
    const char *to, *subject;
    const struct json *vars;    /* links in it begin with conf->url */
    int64_t expires_at;         /* not delivered until then: of no use, and dropped */
};

/* Is a mail server named in the settings?  Never outside the pool: without templates. */
bool mail_is_configured(const struct exchange *x);
/* Inside db_write; work that is run again queues once.  RC_NONE: not configured, or `to` is no address. */
MUST_CHECK enum rc mail_queue(struct exchange *x, struct db *db, const struct mail *m);
/* The same, and the id of its row in the outbox. */
MUST_CHECK enum rc mail_queue_id(struct exchange *x, struct db *db, const struct mail *m, const char **id);

char *mail_time(struct arena *a, int64_t at); /* "2026-03-01 12:00 UTC", for texts */

/* Whom mails come from: the setting smtp_from ("address" or "Name <address>"), else the
 * account at the mail server if that is an address, else autentico at our host. */
struct settings;
struct mail_sender { const char *name, *address; };
struct mail_sender mail_sender(struct arena *a, const struct settings *s, const struct conf *conf);

#endif
