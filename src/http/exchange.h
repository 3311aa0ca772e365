/*
 * struct exchange: all that a handler may touch; one per request.  There is no
 * other state in a handler's world.  The issuer comes from the configuration,
 * never from Host; time is x->now, so two checks in one request agree.
 */
#ifndef AUTENTICO_HTTP_EXCHANGE_H
#define AUTENTICO_HTTP_EXCHANGE_H

#include "conf/conf.h"
#include "crypto/keyring.h"
#include "util/arena.h"
#include "util/json.h"
#include "util/rc.h"

struct db;
struct signer;
struct hasher;
struct checker;
struct limits;
struct settings;
struct cors;
struct key_set;
struct templates;
struct request;
struct response;
struct route;
struct session;
struct console_session;
struct client;
struct clients_facts;
struct clients_kept;
struct token_view;
struct user;

struct exchange {
    struct arena         *arena;
    struct db            *db;
    struct signer        *signer;
    struct hasher        *hasher;
    const struct checker *checker;    /* of new passwords; NULL: none */
    struct limits        *limits;     /* NULL when switched off */
    const struct conf    *conf;
    const struct keyring *keys;
    const struct settings *settings;  /* loaded; current for this request */
    const struct key_set *key_set;    /* signing keys; oidc/keys.h */
    const struct clients_facts *facts; /* of all registrations; NULL outside workers */
    const struct cors    *cors;       /* http/cors.h; NULL: no script of another origin */
    const struct templates *templates;
    const struct request *rq;
    struct clients_kept  *clients;    /* registrations in memory, or NULL; store/clients_kept.h */
    const struct json    *theme;      /* title, tagline, logo_url, theme_css, theme_v, footer_links; NULL early on */
    const struct route   *route;      /* NULL until matched */
    struct response      *rs;
    /* set by the gate, or NULL */
    struct session       *session;    /* SSO session of the browser (WHO_ANYONE pages ask session_find) */
    struct console_session *console;
    struct user          *user;       /* of the bearer or console session */
    struct token_view    *token;      /* of the bearer */
    struct client        *client;     /* authenticated */
    const char           *csrf_cookie;    /* of this browser, once csrf_cookie() was asked */
    bool                  is_store_up;    /* the settings could be read; only rows with .needs_no_store see false */
    bool                  is_admin_token; /* AUTENTICO_ADMIN_TOKEN, design D25 */
    struct refusal        no;         /* why we returned RC_REFUSED */
    int64_t               now;        /* unix seconds, read once */
};

#endif
