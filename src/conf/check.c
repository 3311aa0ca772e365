#include "config.h"

#include <errno.h>
#include <limits.h>
#include <pwd.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "conf/keys.h"
#include "util/encode.h"
#include "util/uri.h"

static int fault_line(FILE *err, const char *name, const char *why)
{
    fprintf(err, "%s: %s\n", name, why);
    return 1;
}

/* --- secrets -------------------------------------------------------------- */

/* base64, base64url or hex, else the text itself (design 4). */
static struct bytes decode(struct arena *a, const char *value)
{
    struct bytes out;

    if (hex_decode(a, value, &out) == RC_OK && out.n > 0)
        return out;
    if (base64_decode(a, value, &out) == RC_OK || base64url_decode(a, value, &out) == RC_OK)
        return out;
    return bytes_of(value);
}

/* 32 random bytes have about 30 different values; "aaaa…" has one. */
static bool is_poor(struct bytes b)
{
    bool is_seen[256] = { false };
    int distinct = 0;

    for (size_t i = 0; i < b.n; i++) {
        distinct += !is_seen[b.p[i]];
        is_seen[b.p[i]] = true;
    }
    return distinct < 12;
}

/* It comes in an Authorization header (RFC 6750 2.1), where it would never match. */
static bool is_bearer_text(const char *value)
{
    return is_vschar(value) && strchr(value, ' ') == NULL;
}

static int set_secret(struct arena *a, const struct key *key, const char *value, struct secret *out, FILE *err)
{
    bool is_token = key->max < 0; /* used as text, never decoded */
    struct bytes b = is_token ? bytes_of(value) : decode(a, value);

    if (is_token && !is_bearer_text(value))
        return fault_line(err, key->name, "has a space or a character that no header can carry: "
                                          "take the output of: openssl rand -hex 32");
    if (b.n > SECRET_MAX)
        return fault_line(err, key->name, "is longer than 128 bytes");
    if (key->max > 0 && b.n != (size_t)key->max)
        return fault_line(err, key->name, "must be 32 random bytes in base64: openssl rand -base64 32");
    if (b.n < (size_t)key->min)
        return fault_line(err, key->name, "is too short: take the output of: openssl rand -hex 32");
    if (is_poor(b))
        return fault_line(err, key->name, "is not random: take the output of: openssl rand -hex 32");
    memcpy(out->p, b.p, b.n);
    out->n = b.n;
    return 0;
}

/* In a file of its own it may stand as openssl writes it. */
static enum rc pem_decode(struct arena *a, const char *value, struct bytes *out)
{
    if (!text_starts(value, "-----BEGIN ") || strchr(value, '\n') == NULL)
        return base64_decode(a, value, out);
    *out = bytes_of(value);
    return RC_OK;
}

static int set_pem(struct arena *a, const struct key *key, const char *value, char *out, size_t cap, FILE *err)
{
    struct bytes b;

    if (*value == '\0')
        return 0;
    if (pem_decode(a, value, &b) != RC_OK || memchr(b.p, '\0', b.n) != NULL || b.n >= cap)
        return fault_line(err, key->name, "is not the base64 of a PEM file: base64 -w0 key.pem");
    memcpy(out, b.p, b.n);
    out[b.n] = '\0';
    return 0;
}

int conf_set_secret(const struct key *key, const char *value, struct secrets *s, FILE *err)
{
    struct arena *a = arena_start("secret");
    void *at = (char *)s + key->offset;
    int faults = 0;

    if (key->type == KEY_PEM)
        faults = set_pem(a, key, value, at, sizeof(s->private_key_pem), err);
    else
        faults = set_secret(a, key, value, at, err);
    arena_done(a);
    return faults;
}

/* --- whose file ----------------------------------------------------------- */

/* Whom serve/identity.c takes the uid of; false: nobody that can be found. */
static bool uid_to_be(struct arena *a, const struct conf *c, uid_t *out)
{
    const struct passwd *pw;
    struct stat st;

    if (!text_empty(c->user)) {
        pw = getpwnam(c->user);
        *out = pw != NULL ? pw->pw_uid : 0;
        return pw != NULL;
    }
    if (stat(text_directory(a, c->db_path), &st) != 0)
        return false;
    *out = st.st_uid;
    return true;
}

/* A file that was met, not named: in /tmp anybody may have put it there. */
static bool is_in_open_directory(struct arena *a, const char *file)
{
    struct stat st;

    return stat(text_directory(a, file), &st) != 0 || (st.st_mode & (S_IWGRP | S_IWOTH)) != 0;
}

int conf_check_owner(struct arena *a, const struct conf *c, const char *file, uid_t owner, bool is_named, FILE *err)
{
    uid_t uid;

    if (file == NULL || owner == 0 || owner == geteuid())
        return 0;
    if (!uid_to_be(a, c, &uid) || uid != owner)
        return fault_line(err, file,
                          arena_printf(a, "belongs to somebody else (uid %u): chown it to the user Autentico runs as",
                                       (unsigned)owner));
    if (!is_named && is_in_open_directory(a, file))
        return fault_line(err, file, "lies where others may write: name it with --config if it is yours");
    return 0;
}

int conf_check_secrets(const struct conf *c, bool needs_secrets, FILE *err)
{
    int faults = conf_check_front_secret(c, err);

    if (!needs_secrets)
        return faults;
    if (c->secrets->cookie.n == 0)
        faults += fault_line(err, "AUTENTICO_COOKIE_SECRET", "is missing: autentico init makes a configuration, "
                                                             "autentico init --complete adds what one lacks");
    if (c->secrets->encryption.n == 0)
        faults += fault_line(err, "AUTENTICO_ENCRYPTION_KEY", "is missing: autentico init --complete adds it");
    return faults;
}

/* --- derived members ------------------------------------------------------ */

static const char *absolute(struct arena *a, const char *path)
{
    char cwd[PATH_MAX];

    if (text_empty(path) || path[0] == '/')
        return path;
    if (getcwd(cwd, sizeof(cwd)) == NULL)
        die("conf: getcwd: %s", strerror(errno));
    return arena_printf(a, "%s/%s", cwd, text_starts(path, "./") ? path + 2 : path);
}

static int check_url(struct arena *a, struct conf *c, FILE *err)
{
    char *url = arena_strdup(a, c->url);
    struct uri u;

    for (size_t n = strlen(url); n > 0 && url[n - 1] == '/'; n--)
        url[n - 1] = '\0';
    if (uri_parse(a, url, &u) != RC_OK || u.host == NULL || u.query != NULL || u.fragment != NULL ||
        (!text_same(u.scheme, "http") && !text_same(u.scheme, "https")))
        return fault_line(err, "AUTENTICO_APP_URL",
                          "must be an http or https address without query or fragment, for example https://id.example.org");
    if (!text_empty(u.path))
        return fault_line(err, "AUTENTICO_APP_URL", "must not have a path; see AUTENTICO_APP_OAUTH_PATH");
    c->url = url;
    c->host = u.host;
    c->origin = uri_origin(a, &u);
    c->host_port = strstr(url, "://") + 3;
    c->is_https = text_same(u.scheme, "https");
    c->is_loopback = uri_is_loopback_host(u.host);
    if (c->listen_port == NULL)
        c->listen_port = arena_printf(a, "%d", u.port != 0 ? u.port : uri_default_port(u.scheme));
    if (!c->is_https && !c->is_loopback && !c->allow_http)
        return fault_line(err, "AUTENTICO_APP_URL",
                          "is http and not loopback: use https, or set AUTENTICO_ALLOW_HTTP=true if you must");
    return 0;
}

static int check_oauth_path(struct arena *a, struct conf *c, FILE *err)
{
    char *path = arena_strdup(a, c->oauth_path);
    size_t n = strlen(path);

    while (n > 0 && path[n - 1] == '/')
        path[--n] = '\0';
    for (const char *p = path; *p != '\0'; p++)
        if (strchr("/-._~", *p) == NULL && !(*p >= '0' && *p <= '9') && !((*p | 32) >= 'a' && (*p | 32) <= 'z'))
            n = 0;
    if (n < 2 || path[0] != '/' || strstr(path, "//") != NULL || strstr(path, "/.") != NULL ||
        text_starts(path, "/admin") || text_starts(path, "/account"))
        return fault_line(err, "AUTENTICO_APP_OAUTH_PATH", "must be a path such as /oauth2, and not below /admin or /account");
    c->oauth_path = path;
    c->issuer = arena_printf(a, "%s%s", c->url, path);
    return 0;
}

static int check_port(const struct conf *c, FILE *err)
{
    int64_t port;

    if (text_int(c->listen_port, &port) == RC_OK && port > 0 && port < 65536)
        return 0;
    return fault_line(err, "AUTENTICO_LISTEN_PORT", "is not a port");
}

static bool is_cookie_name(const char *name)
{
    for (const char *p = name; *p != '\0'; p++)
        if (*p <= ' ' || *p >= 127 || strchr("()<>@,;:\\\"/[]?={}", *p) != NULL)
            return false;
    return *name != '\0';
}

static int check_cookies(const struct conf *c, FILE *err)
{
    int faults = 0;

    if (!is_cookie_name(c->session_cookie_name))
        faults += fault_line(err, "AUTENTICO_IDP_SESSION_COOKIE_NAME", "is not a cookie name");
    if (!is_cookie_name(c->refresh_cookie_name))
        faults += fault_line(err, "AUTENTICO_REFRESH_TOKEN_COOKIE_NAME", "is not a cookie name");
    if (!c->is_https && text_starts(c->session_cookie_name, "__"))
        faults += fault_line(err, "AUTENTICO_IDP_SESSION_COOKIE_NAME", "browsers take a __Host- cookie from https only");
    if (c->is_https && (!c->csrf_secure || !c->idp_session_secure))
        fprintf(err, "warning: AUTENTICO_*_SECURE=false is ignored: APP_URL is https, cookies are Secure\n");
    return faults;
}

static void derive_places(struct arena *a, struct conf *c)
{
    c->db_path = absolute(a, c->db_path);
    c->state_dir = text_empty(c->state_dir) ? text_directory(a, c->db_path) : absolute(a, c->state_dir);
    if (text_empty(c->socket))
        c->socket = c->is_loopback ? arena_printf(a, "%s/main.sock", c->state_dir) : "/run/autentico/main.sock";
    c->socket = absolute(a, c->socket);
    if (c->login_socket == NULL)
        c->login_socket = arena_printf(a, "%s/login.sock", text_directory(a, c->socket));
    c->login_socket = absolute(a, c->login_socket);
    c->theme_css_file = absolute(a, c->theme_css_file);
    c->ca_file = absolute(a, c->ca_file);
    c->audit_syslog = absolute(a, c->audit_syslog);
    c->data_dir = PKGDATADIR;
}

static void derive_pool(struct conf *c)
{
    int64_t cores = sysconf(_SC_NPROCESSORS_ONLN);

    if (cores < 1)
        cores = 1;
    if (c->workers == 0)
        c->workers = 2 * cores + 2 < 64 ? 2 * cores + 2 : 64;
    if (c->login_workers == 0)
        c->login_workers = cores + 1 < 64 ? cores + 1 : 64;
    if (c->hashers == 0)
        c->hashers = cores / 2 > 0 ? (cores / 2 < 32 ? cores / 2 : 32) : 1;
    if (c->signers == 0)
        c->signers = cores < 32 ? cores : 32;
}

static int derive_proxies(struct arena *a, struct conf *c)
{
    if (c->trusted_proxies.v == NULL && c->is_loopback)
        return net_list_parse(a, "127.0.0.0/8 ::1", &c->trusted_proxies) == RC_OK ? 0 : 1;
    return 0;
}

static int check_ca_file(const struct conf *c, FILE *err)
{
    if (text_empty(c->ca_file) || access(c->ca_file, R_OK) == 0)
        return 0;
    fprintf(err, "AUTENTICO_CA_FILE: %s: %s\n", c->ca_file, strerror(errno));
    return 1;
}

int conf_derive(struct arena *a, struct conf *c, FILE *err)
{
    int faults = check_url(a, c, err);

    if (faults != 0)
        return faults;
    faults += check_oauth_path(a, c, err);
    faults += check_port(c, err);
    faults += check_cookies(c, err);
    faults += derive_proxies(a, c);
    derive_places(a, c);
    faults += check_ca_file(c, err);
    faults += conf_derive_listen(a, c, err);
    faults += conf_derive_command(a, c, err);
    derive_pool(c);
    return faults;
}
