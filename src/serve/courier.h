/*
 * The courier: delivers what stands in the outbox, one after another, and may wait for a
 * mail server as long as that takes.  Nobody waits for it, nothing is lost when it is
 * killed: what it has in hand is claimed with a lease and tried again.
 *
 * It also has the signers vouch for the audit trail (audit_seal.h), which they do on its
 * request only (design D3): whether there is a mail server or not, and between two mails,
 * one of which takes a minute at most.
 *
 * Log: mail_sent; mail_put_off (this one, by the server's word), mail_refused and
 * mail_expired (gone), mail_unreadable (the cookie secret was changed); mail_server_fails
 * once a minute while the server cannot be used at all, mail_server_works when it can again.
 */
#ifndef AUTENTICO_SERVE_COURIER_H
#define AUTENTICO_SERVE_COURIER_H

#include "serve/pool.h"

int courier_run(const struct pool *pool, int slot);

#endif
