#include "config.h"

#include "conf/keys.h"

#include <string.h>

#define AT(member) offsetof(struct conf, member)
#define SECRET_AT(member) offsetof(struct secrets, member)

/* In the order of spec/settings.md 2 and 2b; the manual page is printed from it. */
const struct key conf_keys[] = {
    { "AUTENTICO_DB_FILE_PATH", KEY_PATH, "./autentico.db", 0, 0, AT(db_path), NULL,
      "the SQLite database; its directory must exist and its owner is who everything runs as" },
    { "AUTENTICO_APP_URL", KEY_TEXT, "http://localhost:9999", 0, 0, AT(url), NULL,
      "the public address, as browsers and applications see it" },
    { "AUTENTICO_APP_OAUTH_PATH", KEY_TEXT, "/oauth2", 0, 0, AT(oauth_path), NULL,
      "path prefix of the protocol endpoints; the issuer is APP_URL and this" },
    { "AUTENTICO_LISTEN_PORT", KEY_TEXT, NULL, 0, 0, AT(listen_port), NULL,
      "port of the private front server; default: the port of APP_URL" },
    { "AUTENTICO_ACCESS_TOKEN_SECRET", KEY_NOT_EMPTY, NULL, 0, 0, 0, NULL,
      "accepted for compatibility, unused; may not be empty" },
    { "AUTENTICO_REFRESH_TOKEN_SECRET", KEY_NOT_EMPTY, NULL, 0, 0, 0, NULL,
      "accepted for compatibility, unused; may not be empty" },
    { "AUTENTICO_CSRF_SECRET_KEY", KEY_ALIAS, NULL, 0, 0, 0, "AUTENTICO_COOKIE_SECRET",
      "another name of AUTENTICO_COOKIE_SECRET; set one of the two" },
    { "AUTENTICO_CSRF_SECURE_COOKIE", KEY_BOOL, "true", 0, 0, AT(csrf_secure), NULL,
      "cookies are Secure exactly when APP_URL is https; a contradiction only warns" },
    { "AUTENTICO_PRIVATE_KEY", KEY_PEM, NULL, 0, 0, SECRET_AT(private_key_pem), NULL,
      "base64 of an RSA key in PEM (PKCS#1 or PKCS#8, at least 2048 bits); absent: one is generated once and kept" },
    { "AUTENTICO_JWK_CERT_KEY_ID", KEY_TEXT, "autentico-key-1", 0, 0, AT(jwk_kid), NULL,
      "the kid of AUTENTICO_PRIVATE_KEY" },
    { "AUTENTICO_REFRESH_TOKEN_COOKIE_NAME", KEY_TEXT, "autentico_refresh_token", 0, 0, AT(refresh_cookie_name), NULL,
      "name of the refresh token's cookie" },
    { "AUTENTICO_REFRESH_TOKEN_COOKIE_ONLY", KEY_BOOL, "false", 0, 0, AT(refresh_cookie_only), NULL,
      "deliver refresh tokens in that cookie only" },
    { "AUTENTICO_IDP_SESSION_COOKIE_NAME", KEY_TEXT, "autentico_idp_session", 0, 0, AT(session_cookie_name), NULL,
      "name of the single-sign-on cookie; init with an https URL writes a __Host- name" },
    { "AUTENTICO_IDP_SESSION_SECURE", KEY_BOOL, "true", 0, 0, AT(idp_session_secure), NULL,
      "as AUTENTICO_CSRF_SECURE_COOKIE" },
    { "AUTENTICO_RATE_LIMIT_RPS", KEY_DOUBLE, "5", 0, 0, AT(rate_rps), NULL,
      "requests per second and client address on limited routes; 0 or less switches the limiter off" },
    { "AUTENTICO_RATE_LIMIT_BURST", KEY_INT, "10", 0, 1000000, AT(rate_burst), NULL, "how many at once before that limit holds; 0 is as 1" },
    { "AUTENTICO_RATE_LIMIT_RPM", KEY_DOUBLE, "20", 0, 0, AT(rate_rpm), NULL,
      "requests per minute and client address; 0 or less switches this tier off" },
    { "AUTENTICO_RATE_LIMIT_RPM_BURST", KEY_INT, "20", 0, 1000000, AT(rate_rpm_burst), NULL, "how many at once before that limit holds; 0 is as 1" },
    { "AUTENTICO_ANTI_TIMING_MIN_MS", KEY_UNUSED, NULL, 0, 0, 0, NULL, "accepted, unused: equal work instead of delays" },
    { "AUTENTICO_ANTI_TIMING_MAX_MS", KEY_UNUSED, NULL, 0, 0, 0, NULL, "accepted, unused" },
    { "AUTENTICO_DB_READ_POOL_SIZE", KEY_UNUSED, NULL, 0, 0, 0, NULL, "accepted, unused: every worker has a handle of its own" },
    { "AUTENTICO_ADMIN_USERNAME", KEY_ELSEWHERE, NULL, 0, 0, 0, NULL, "default of onboard --username" },
    { "AUTENTICO_ADMIN_PASSWORD", KEY_ELSEWHERE, NULL, 0, 0, 0, NULL, "default of onboard --password" },
    { "AUTENTICO_ADMIN_EMAIL", KEY_ELSEWHERE, NULL, 0, 0, 0, NULL, "default of onboard --email" },
    { "AUTENTICO_ENABLE_ADMIN_PASSWORD_GRANT", KEY_ELSEWHERE, NULL, 0, 0, 0, NULL, "default of onboard --enable-admin-password-grant" },

    { "AUTENTICO_COOKIE_SECRET", KEY_SECRET, NULL, 32, 0, SECRET_AT(cookie), NULL,
      "at least 32 random bytes (base64, base64url or hex); root of the keys for cookies, CSRF and sealed handles" },
    { "AUTENTICO_COOKIE_SECRET_PREVIOUS", KEY_SECRET, NULL, 32, 0, SECRET_AT(cookie_previous), NULL,
      "the one before, still accepted while a rotation overlaps" },
    { "AUTENTICO_ENCRYPTION_KEY", KEY_SECRET, NULL, 32, 32, SECRET_AT(encryption), NULL,
      "32 random bytes, base64; wraps signing keys and seals columns; keep a copy elsewhere" },
    { "AUTENTICO_ENCRYPTION_KEY_PREVIOUS", KEY_SECRET, NULL, 32, 32, SECRET_AT(encryption_previous), NULL,
      "the one before, while columns are re-sealed" },
    { "AUTENTICO_ADMIN_TOKEN", KEY_SECRET, NULL, 32, -1, SECRET_AT(admin_token), NULL,
      "a bearer for /admin/api/*, at least 32 characters; can be absent" },
    { "AUTENTICO_ADMIN_TOKEN_PREVIOUS", KEY_SECRET, NULL, 32, -1, SECRET_AT(admin_token_previous), NULL,
      "the one before, still accepted" },
    { "AUTENTICO_SOCKET", KEY_PATH, NULL, 0, 0, AT(socket), NULL,
      "FastCGI socket; default: main.sock beside the database, or /run/autentico/main.sock when APP_URL is not loopback" },
    { "AUTENTICO_LOGIN_SOCKET", KEY_TEXT, NULL, 0, 0, AT(login_socket), NULL,
      "FastCGI socket for the routes that hash passwords; empty: none" },
    { "AUTENTICO_SOCKET_GROUP", KEY_TEXT, "", 0, 0, AT(socket_group), NULL,
      "group of the sockets; default: the web server's (www-data)" },
    { "AUTENTICO_SOCKET_MODE", KEY_OCTAL, "0660", 0, 0777, AT(socket_mode), NULL, "mode of the sockets" },
    { "AUTENTICO_APP_LISTEN_PORT", KEY_TEXT, "", 0, 0, AT(tcp_listen), NULL,
      "FastCGI over TCP instead of the sockets: a port of 127.0.0.1, or address:port; needs AUTENTICO_FRONT_SECRET" },
    { "AUTENTICO_FRONT_SECRET", KEY_SECRET, NULL, 32, -1, SECRET_AT(front), NULL,
      "what the web server proves itself with, at least 32 characters: a FastCGI parameter of this name must match" },
    { "AUTENTICO_FRONT", KEY_CHOICE, "auto", 0, 0, AT(front), "auto none nginx lighttpd apache",
      "the private front server that runs while APP_URL is loopback" },
    { "AUTENTICO_WORKERS", KEY_INT, NULL, 1, 64, AT(workers), NULL, "worker processes; default: 2 x cores + 2" },
    { "AUTENTICO_LOGIN_WORKERS", KEY_INT, NULL, 1, 64, AT(login_workers), NULL, "on the login socket; default: cores + 1" },
    { "AUTENTICO_HASHERS", KEY_INT, NULL, 1, 32, AT(hashers), NULL, "password hashers; default: half the cores" },
    { "AUTENTICO_SIGNERS", KEY_INT, NULL, 1, 32, AT(signers), NULL, "signers; default: cores" },
    { "AUTENTICO_REQUEST_DEADLINE", KEY_DURATION, "30s", 1, 600, AT(request_deadline_s), NULL,
      "a worker busy for longer is replaced" },
    { "AUTENTICO_DRAIN_DEADLINE", KEY_DURATION, "10s", 1, 600, AT(drain_deadline_s), NULL,
      "how long requests under way may take to end at a shutdown or reload" },
    { "AUTENTICO_DURABILITY", KEY_CHOICE, "full", 0, 0, AT(durability), "full normal",
      "full: answered means on disk; normal: a power failure may take the last moments" },
    { "AUTENTICO_TRUSTED_PROXIES", KEY_NETS, NULL, 0, 0, AT(trusted_proxies), NULL,
      "addresses whose X-Forwarded-For and -Proto are believed; default: none (loopback while APP_URL is)" },
    { "AUTENTICO_ADMIN_ALLOW", KEY_NETS, NULL, 0, 0, AT(admin_allow), NULL,
      "addresses and prefixes that may use the administrators' console and API (/admin and register below the OAuth path), "
      "by client address; everybody else gets 403; default: everywhere" },
    { "AUTENTICO_ENABLE_CORS", KEY_SWITCH, "", 0, 0, AT(enable_cors), NULL,
      "requests by scripts of other origins: true: those of public applications, while the setting "
      "cors_allowed_origins is empty; false: none, whatever it says; unset: those it lists" },
    { "AUTENTICO_ALLOW_HTTP", KEY_BOOL, "false", 0, 0, AT(allow_http), NULL,
      "allow an http APP_URL that is not loopback" },
    { "AUTENTICO_USER", KEY_TEXT, "", 0, 0, AT(user), NULL, "whose uid the pool takes when started as root; default: the owner of the database directory" },
    { "AUTENTICO_STATE_DIR", KEY_PATH, NULL, 0, 0, AT(state_dir), NULL,
      "lock file, limits.db, private front; default: the directory of the database" },
    { "AUTENTICO_PASSWORD_COMMAND", KEY_TEXT, "", 0, 0, AT(password_command), NULL,
      "a program and its arguments, run for every new password: it gets it as a line on standard input, has 5 seconds, "
      "and refuses it by an exit status other than 0 and a line that says why; no shell" },
    { "AUTENTICO_THEME_CSS_FILE", KEY_PATH, "", 0, 0, AT(theme_css_file), NULL, "a style sheet that is served instead of the setting theme_css_inline" },
    { "AUTENTICO_BACKUP_RECIPIENT", KEY_TEXT, "", 0, 0, AT(backup_recipient), NULL,
      "whom `autentico backup` encrypts to: public keys of age (age1...), separated by spaces" },
    { "AUTENTICO_CA_FILE", KEY_PATH, "", 0, 0, AT(ca_file), NULL,
      "certificates in PEM that are trusted for outbound TLS (the mail server) instead of the system's" },
    { "AUTENTICO_OUTBOUND_ALLOW", KEY_LATER, "", 0, 0, 0, NULL, "private addresses that outbound requests may reach" },
    { "AUTENTICO_AUDIT_SYSLOG", KEY_PATH, "", 0, 0, AT(audit_syslog), NULL,
      "socket of syslog or the journal, /dev/log for instance: the audit trail is copied there as it happens" },
    { "AUTENTICO_LOG_FORMAT", KEY_CHOICE, "text", 0, 0, AT(log_format), "text json", "one line per event" },
    { "AUTENTICO_LOG_LEVEL", KEY_CHOICE, "info", 0, 0, AT(log_level), "error warning info debug", "what is logged: this and what is worse" },
#ifdef AUTENTICO_TEST_HOOKS
    { "AUTENTICO_TEST_CLOCK", KEY_ELSEWHERE, NULL, 0, 0, 0, NULL, "file with seconds to add to the clock (tests)" },
    { "AUTENTICO_TEST_NO_SECCOMP", KEY_ELSEWHERE, NULL, 0, 0, 0, NULL, "set: no filters of system calls (tests under valgrind)" },
#endif
};
const size_t conf_keys_n = ARRAY_LEN(conf_keys);

const struct key *conf_key_of(const char *name)
{
    for (size_t i = 0; i < conf_keys_n; i++)
        if (strcmp(conf_keys[i].name, name) == 0)
            return &conf_keys[i];
    return NULL;
}
