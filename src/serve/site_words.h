/*
 * Words of a template and what stands in their places: private to serve/site*.c.
 */
#ifndef AUTENTICO_SERVE_SITE_WORDS_H
#define AUTENTICO_SERVE_SITE_WORDS_H

#include "conf/conf.h"
#include "http/route.h"

struct word { const char *name, *value; };
struct words { struct word v[32]; size_t n; };

void words_add(struct words *w, const char *name, const char *value);
/* A path or a name of the operator's: one that means something to a web server, even
 * between quotes, would write configuration of its own.  RC_FAULT: logged. */
MUST_CHECK enum rc words_add_name(struct words *w, const char *name, const char *value);
MUST_CHECK enum rc words_check_name(const char *value);
/* "@NAME@" becomes its value; any other '@' stays.  RC_FAULT: an unknown word. */
MUST_CHECK enum rc words_fill(struct arena *a, const char *text, const struct words *w, char **out);

char *pattern_of(struct arena *a, const char *path); /* as a regular expression; ":name" is one segment */

/* What each server says in its own way (site_dialects.c). */
struct dialect {
    /* where requests go: a path, or an address and a port; `id` is unique to the site */
    const char *(*pass_socket)(struct arena *a, const char *path, const char *role, const char *id);
    const char *(*pass_tcp)(struct arena *a, const char *address, int port);
    const char *before_secret, *after_secret; /* the line that hands it over */
    const char *(*listen)(struct arena *a, const char *port, bool has_ipv6, const char *more);
};
const struct dialect *dialect_of(enum front kind);

#endif
