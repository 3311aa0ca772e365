/*
 * The public address as the checks of doctor meet it: asked once, then again without a look
 * at the certificate where that is bad, so that one fault is one finding.
 */
#ifndef AUTENTICO_CLI_OUTSIDE_H
#define AUTENTICO_CLI_OUTSIDE_H

#include "conf/conf.h"
#include "net/probe.h"

struct outside {
    struct arena *arena;
    const struct conf *conf;
    struct prober *prober;
    const char *unreachable;    /* why nobody gets there; NULL: one does */
    const char *untrusted;      /* what is wrong with the certificate; NULL: nothing */
    struct probe discovery;     /* the first answer */
    const char *server;         /* "nginx", "apache", "lighttpd", as it names itself; NULL: something else */
};

struct outside *outside_new(struct arena *a, const struct conf *conf);
void outside_free(struct outside *o); /* NULL is fine */
/* `path` below the public address.  headers: up to NULL; may be NULL itself. */
void outside_get(struct outside *o, const char *path, const char *header, struct probe *out);
void outside_ask(struct outside *o, struct probe_ask *ask, struct probe *out);
/* http://host of an https address without a port of its own; NULL: it has one. */
const char *outside_plain(struct outside *o);

/* What to type so that the web server has the site that `autentico site` prints, its
 * certificate kept; NULL: it is none that we know.  `command`: "autentico site nginx --config X". */
const char *outside_mend(struct outside *o, const char *command);

#endif
