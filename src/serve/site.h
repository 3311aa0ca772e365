/*
 * The configuration of the web server in front: the templates of contrib/nginx,
 * contrib/apache and contrib/lighttpd with their @WORDS@ filled in from the
 * configuration and the route table.  Once as the site an operator pastes, once as the
 * private server that `start` runs itself (design D19); what a request meets is in
 * locations.conf, which both share.
 */
#ifndef AUTENTICO_SERVE_SITE_H
#define AUTENTICO_SERVE_SITE_H

#include "conf/conf.h"
#include "http/route.h"

struct web_server {
    enum front kind;
    const char *name;          /* and folder below contrib/ */
    const char *programs[2];   /* tried in this order */
    const char *package;       /* Debian's */
    const char *args[10];      /* of the private one: "%d" its folder, "%c" its configuration */
    const char *config_name;
    int stop_signal;           /* finish what is begun, then end */
    bool runs_as_root;         /* without a capability to become somebody else */
};

const struct web_server *web_server_of(enum front kind);          /* NULL: AUTO, NONE */
const struct web_server *web_server_named(const char *name);      /* NULL: there is none */
const struct web_server *web_server_next(const struct web_server *before); /* in order of preference; NULL: first, end */
const char *web_server_names(struct arena *a);                    /* "nginx, lighttpd, apache" */

/* The complete site for the operator's own server. */
MUST_CHECK enum rc site_public(struct arena *a, const struct conf *conf, const struct router *router,
                               const struct web_server *server, char **out);

struct site_private {
    const char *dir;           /* all of its files */
    const char *modules;       /* folder of Apache's modules */
    bool as_root, has_ipv6;
};
MUST_CHECK enum rc site_private(struct arena *a, const struct conf *conf, const struct router *router,
                                const struct web_server *server, const struct site_private *how, char **out);

#endif
