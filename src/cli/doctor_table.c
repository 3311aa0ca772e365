#include "config.h"

#include "cli/doctor.h"

/* In the order in which they are looked at and told; `needs` only ever rises. */
const struct check doctor_checks[] = {
    { "configuration", "the configuration can be read and is good for a start", NEEDS_NOTHING, doctor_configuration },
    { "waivers", "the lines of the waivers' file hold", NEEDS_CONF, doctor_waivers },
    { "config-file", "nobody else reads or writes the configuration", NEEDS_CONF, doctor_config_file },
    { "app-url", "the public address is https", NEEDS_CONF, doctor_app_url },
    { "database-file", "the database is 0600 and the server's own", NEEDS_CONF, doctor_database_file },
    { "database-directory", "nobody else enters the directory of the database", NEEDS_CONF, doctor_database_directory },
    { "state-directory", "nobody else enters the state directory", NEEDS_CONF, doctor_state_directory },
    { "network-filesystem", "the database is on a local disk", NEEDS_CONF, doctor_network_filesystem },
    { "document-root", "the database is not where web servers look for pages", NEEDS_CONF, doctor_document_root },
    { "free-space", "the disk of the database has room", NEEDS_CONF, doctor_free_space },
    { "program-files", "the server cannot write its own program and templates", NEEDS_CONF, doctor_program_files },
    { "cookie-secret", "AUTENTICO_COOKIE_SECRET is long and random", NEEDS_CONF, doctor_cookie_secret },
    { "encryption-key", "AUTENTICO_ENCRYPTION_KEY is 32 random bytes", NEEDS_CONF, doctor_encryption_key },
    { "admin-token", "AUTENTICO_ADMIN_TOKEN is long and random, or absent", NEEDS_CONF, doctor_admin_token },
    { "trusted-proxies", "only proxies are believed what they say of a client", NEEDS_CONF, doctor_trusted_proxies },
    { "admin-networks", "AUTENTICO_ADMIN_ALLOW limits what it names", NEEDS_CONF, doctor_admin_networks },
    { "rate-limits", "requests are limited by address", NEEDS_CONF, doctor_rate_limits },
    { "fastcgi-tcp", "FastCGI does not cross a network", NEEDS_CONF, doctor_fastcgi_tcp },
    { "durability", "what was answered is on disk", NEEDS_CONF, doctor_durability },
    { "password-command", "the program that is shown new passwords is there and nobody else's", NEEDS_CONF,
      doctor_password_command },
    { "clock", "the clock is kept right", NEEDS_CONF, doctor_clock },

    { "processes", "every kind of process runs", NEEDS_POOL, doctor_processes },
    { "uid", "no process that meets input runs as root", NEEDS_POOL, doctor_uid },
    { "capabilities", "no process has more capabilities than it needs", NEEDS_POOL, doctor_capabilities },
    { "sandbox", "every process is locked in", NEEDS_POOL, doctor_sandbox },
    { "program-version", "the program that runs is the one that is installed", NEEDS_POOL, doctor_program_version },
    { "sockets", "only the web server reaches the sockets", NEEDS_POOL, doctor_sockets },

    { "integrity", "the database is whole", NEEDS_UID, doctor_integrity },

    { "public-address", "the public address answers as this server", NEEDS_OUTSIDE, doctor_public_address },
    { "certificate", "the certificate is trusted and good for a while", NEEDS_OUTSIDE, doctor_certificate },
    { "tls-versions", "TLS 1.2 and 1.3, and nothing older", NEEDS_OUTSIDE, doctor_tls_versions },
    { "hsts", "every answer has Strict-Transport-Security", NEEDS_OUTSIDE, doctor_hsts },
    { "security-headers", "pages arrive with their protective headers, once each", NEEDS_OUTSIDE, doctor_security_headers },
    { "plain-http", "plain http only says where https is", NEEDS_OUTSIDE, doctor_plain_http },
    { "proxy-seen", "the proxy in front is known to the server", NEEDS_OUTSIDE, doctor_proxy_seen },
    { "cors-seen", "scripts of unknown origins are told nothing", NEEDS_OUTSIDE, doctor_cors_seen },
    { "served-files", "the web server gives away neither database nor configuration", NEEDS_OUTSIDE, doctor_served_files },
    { "clock-seen", "the web server has the same time", NEEDS_OUTSIDE, doctor_clock_seen },

    { "journal", "the database is in WAL mode", NEEDS_DB, doctor_journal },
    { "wal-size", "the write-ahead log is emptied", NEEDS_DB, doctor_wal_size },
    { "schema", "no migration waits", NEEDS_DB, doctor_schema },

    { "backup", "there is a fresh backup that was found good", NEEDS_ROWS, doctor_backup },
    { "signing-keys", "signing keys are large enough and not too old", NEEDS_ROWS, doctor_signing_keys },
    { "secret-age", "secrets are not too old", NEEDS_ROWS, doctor_secret_age },
    { "previous-secrets", "the secrets of before are taken out again", NEEDS_ROWS, doctor_previous_secrets },
    { "mfa", "a second factor is required of everybody", NEEDS_ROWS, doctor_mfa },
    { "password-length", "passwords have 12 characters or more", NEEDS_ROWS, doctor_password_length },
    { "lockout", "guessing locks an account for a while", NEEDS_ROWS, doctor_lockout },
    { "cors", "no origin is allowed that should not be", NEEDS_ROWS, doctor_cors },
    { "audit-log", "the audit trail is kept", NEEDS_ROWS, doctor_audit_log },
    { "redirect-wildcards", "redirect URIs are exact", NEEDS_ROWS, doctor_redirect_wildcards },
    { "administrators", "there is an administrator", NEEDS_ROWS, doctor_administrators },
    { "second-factors", "every administrator has a second factor", NEEDS_ROWS, doctor_second_factors },
    { "consoles", "people can sign in to the consoles", NEEDS_ROWS, doctor_consoles },
    { "redirect-uris", "people return to applications over https", NEEDS_ROWS, doctor_redirect_uris },
    { "client-secrets", "secrets of applications are not too old", NEEDS_ROWS, doctor_client_secrets },
    { "clients-unused", "every application is used", NEEDS_ROWS, doctor_clients_unused },
    { "grants-unused", "applications use what they may do", NEEDS_ROWS, doctor_grants_unused },
    { "password-grant", "no application asks for passwords itself", NEEDS_ROWS, doctor_password_grant },
};
const size_t doctor_checks_n = ARRAY_LEN(doctor_checks);

const struct check *doctor_check_of(const char *id)
{
    for (size_t i = 0; i < doctor_checks_n; i++)
        if (text_same(doctor_checks[i].id, id))
            return &doctor_checks[i];
    return NULL;
}
