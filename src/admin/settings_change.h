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
};

/* Never told: what is a secret, and the reserved key (settings 3). */
bool admin_setting_is_hidden(const char *key);
/* Dropped without a word, as the contract has it. */
bool admin_setting_is_reserved(const char *key);

/* Every member of `obj`, all looked at before any is stored; with_unknown: keys of
 * nobody's table are taken, else skipped.  RC_REFUSED INVALID_REQUEST. */
MUST_CHECK enum rc settings_change_read(struct settings_change *c, const struct json *obj, bool with_unknown);
/* Stores what was read, if anything, in one transaction. */
MUST_CHECK enum rc settings_change_store(struct settings_change *c);

#endif
