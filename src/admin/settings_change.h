/* A change of settings on its way in: what PUT and import have in common. */
#ifndef AUTENTICO_ADMIN_SETTINGS_CHANGE_H
#define AUTENTICO_ADMIN_SETTINGS_CHANGE_H

#include "http/exchange.h"

struct setting_pair { const char *key, *value; };
struct settings_change {
    struct exchange *x;
    struct setting_pair *v;
    size_t n;
    const char *event;   /* of the audit row */
    const char *left;    /* the mail server whose password was cleared; NULL: none was */
};

/* Never told: what is a secret, and the reserved key (settings 3). */
bool admin_setting_is_hidden(const char *key);
/* Dropped without a word, as the contract has it. */
bool admin_setting_is_reserved(const char *key);

/* Every member of `obj`, all looked at before any is stored; with_unknown: keys of
 * nobody's table are taken, else skipped.  RC_REFUSED INVALID_REQUEST. */
MUST_CHECK enum rc settings_change_read(struct settings_change *c, const struct json *obj, bool with_unknown);
/*
 * Stores what was read, if anything, in one transaction.
 *
 * smtp_password is for the server that it was given for: whoever names another one in
 * smtp_host and does not bring a password along clears it, or he could have it sent there.
 * It stays with another smtp_username, which goes to the same server, and when there was no
 * server yet, so that both may be set one after the other.
 */
MUST_CHECK enum rc settings_change_store(struct settings_change *c);

#endif
