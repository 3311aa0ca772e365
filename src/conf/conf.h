/*
 * Configuration: the bootstrap variables of spec/settings.md 2 and 2b, read
 * once at start from --config FILE, else ./.env, else
 * /etc/autentico/autentico.env; the process environment wins (design D22).
 *
 * One table in conf.c drives the parser, the environment names, the generated
 * manual page and `doctor`: key, type, default, range, help line, offset.
 * A variable whose feature is not built yet is refused when set to anything
 * but its default ("not available yet", design D17).
 */
#ifndef AUTENTICO_CONF_CONF_H
#define AUTENTICO_CONF_CONF_H

#include <stdbool.h>
#include <stdio.h>
#include <sys/types.h>

#include "conf/secrets.h"
#include "util/log.h"
#include "util/text.h"

enum front { FRONT_AUTO, FRONT_NONE, FRONT_NGINX, FRONT_LIGHTTPD, FRONT_APACHE };
enum durability { DURABILITY_FULL, DURABILITY_NORMAL };

/* An address range; v4 is held as ::ffff:a.b.c.d. */
struct net { uint8_t addr[16]; int bits; };
struct net_list { struct net *v; size_t n; };

/* A secret that stands in a file of its own: NAME, and what NAME_FILE says. */
struct secret_file { const char *name, *path; uid_t owner; };

struct conf {
    /* spec/settings.md 2 */
    const char *db_path;             /* AUTENTICO_DB_FILE_PATH, made absolute */
    const char *url;                 /* AUTENTICO_APP_URL, no trailing slash */
    const char *oauth_path;          /* AUTENTICO_APP_OAUTH_PATH, "/oauth2" */
    const char *listen_port;         /* AUTENTICO_LISTEN_PORT, private front */
    bool csrf_secure, idp_session_secure; /* can only warn (D18a) */
    const char *jwk_kid;             /* AUTENTICO_JWK_CERT_KEY_ID */
    const char *refresh_cookie_name;
    bool refresh_cookie_only;
    const char *session_cookie_name; /* AUTENTICO_IDP_SESSION_COOKIE_NAME */
    double rate_rps, rate_rpm;
    int64_t rate_burst, rate_rpm_burst;
    /* spec/settings.md 2b */
    const char *socket, *login_socket; /* absolute; login_socket "" = none */
    const char *socket_group;        /* "" = found at start */
    int64_t socket_mode;             /* 0660 */
    const char *tcp_listen;          /* AUTENTICO_APP_LISTEN_PORT; "" = the sockets */
    enum front front;
    int64_t workers, login_workers, hashers, signers;
    int64_t request_deadline_s, drain_deadline_s;
    enum durability durability;
    struct net_list trusted_proxies, admin_allow;
    int enable_cors;                 /* 0, 1, -1: unset (design D16) */
    bool allow_http;
    const char *user;                /* "" = owner of the database directory */
    const char *state_dir;
    const char *theme_css_file, *ca_file;
    const char *password_command;    /* as written */
    const char *audit_syslog;        /* "" = no copy */
    const char *backup_recipient;    /* default of backup --recipient; "" = not encrypted */
    enum log_format log_format;
    enum log_level log_level;

    /* derived */
    const char *issuer;              /* url + oauth_path */
    const char *origin;              /* scheme://host[:port] */
    const char *host;                /* without port: cookie host, rp_id */
    const char *host_port;           /* as in url */
    bool is_https;                   /* Secure on every cookie iff this */
    bool is_loopback;
    const char *tcp_address;         /* of tcp_listen: "127.0.0.1", "::1"; there is no login_socket then */
    int64_t tcp_port;
    const char *data_dir;            /* installed templates, assets, sql, contrib */
    const char *const *password_argv; /* of password_command, NULL-terminated; NULL: none */
    const char *file;                /* the file that was read, or NULL */

    const struct secret_file *secret_files;
    size_t secret_files_n;

    struct secrets *secrets;         /* NULL in every child but the signer's hand-over */
};

/* Where the values come from. */
struct conf_source {
    const char *file;       /* --config, or NULL: ./.env, then /etc/… */
    bool needs_secrets;     /* start: absent cookie secret or encryption key is a fault */
};

/*
 * Read and check everything.  Faults are written to `err`, one line each,
 * naming the variable and how to mend it; all of them, not only the first.
 * Environment strings that hold secrets are overwritten.
 * RC_OK / RC_REFUSED (something was written to err).
 */
MUST_CHECK enum rc conf_load(struct arena *a, const struct conf_source *src, FILE *err, struct conf *out);

/*
 * May a running pool that was started with `now` go on with `next`?  What it listens on,
 * who it is and where its files are cannot change: RC_REFUSED, and a line to `err` for
 * each variable that needs a restart.
 */
MUST_CHECK enum rc conf_check_reload(const struct conf *now, const struct conf *next, FILE *err);

/*
 * Everything that was read for `c`, the file and the process environment, with all secrets,
 * as the text of a configuration file that needs nothing else.  For a backup that is to be
 * encrypted; on `a`, and wiped with it.  RC_REFUSED: the file cannot be read any more.
 */
MUST_CHECK enum rc conf_pack(struct arena *a, const struct conf *c, FILE *err, struct bytes *out);

/* The file that a secret came from; NULL: it came from elsewhere, or from nowhere. */
const char *conf_secret_path(const struct conf *c, const char *name);

/* The manual's table of variables, as text for --help or roff for autentico.env(5). */
void conf_print_help(FILE *out);
void conf_print_man(FILE *out);

bool net_has(const struct net_list *list, const char *address); /* textual v4/v6; false when not an address */
MUST_CHECK enum rc net_list_parse(struct arena *a, const char *text, struct net_list *out);

#endif
