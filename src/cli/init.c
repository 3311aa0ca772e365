#include "config.h"

#include "cli/init.h"

#include <string.h>

#include "cli/env_edit.h"
#include "crypto/random.h"
#include "signer/process.h"
#include "util/sbuf.h"
#include "util/uri.h"

struct making {
    struct arena *arena;
    struct sbuf text;
    const char *url;
    const char *port;
    bool is_https, dev;
};

static const char *random_text(struct arena *a, char *(*encode)(struct arena *a, struct bytes in))
{
    uint8_t raw[32];

    random_bytes(raw, sizeof(raw));
    const char *text = encode(a, BYTES(raw));
    explicit_bzero(raw, sizeof(raw));
    return text;
}

static void put(struct making *m, const char *name, const char *value)
{
    sbuf_printf(&m->text, "%s=%s\n", name, value);
}

static void note(struct making *m, const char *text)
{
    sbuf_printf(&m->text, "\n# %s\n", text);
}

static void put_places(struct making *m)
{
    sbuf_add(&m->text, "# Autentico.  Keep this file secret, and keep a copy of it with your backups:\n"
                       "# without AUTENTICO_ENCRYPTION_KEY a copy of the database is only half of one.\n");
    note(m, "Where the database is, and under which address people and applications reach it.");
    put(m, "AUTENTICO_DB_FILE_PATH", "./autentico.db");
    put(m, "AUTENTICO_APP_URL", m->url);
    put(m, "AUTENTICO_APP_OAUTH_PATH", "/oauth2");
    put(m, "AUTENTICO_LISTEN_PORT", m->port);
}

static enum rc put_secrets(struct making *m)
{
    char *pem;

    note(m, "Secrets.  The first two are accepted for compatibility and unused.");
    put(m, "AUTENTICO_ACCESS_TOKEN_SECRET", random_text(m->arena, hex_encode));
    put(m, "AUTENTICO_REFRESH_TOKEN_SECRET", random_text(m->arena, hex_encode));
    put(m, "AUTENTICO_CSRF_SECRET_KEY", random_text(m->arena, hex_encode));
    TRY(signer_make_pem(m->arena, &pem));
    put(m, "AUTENTICO_PRIVATE_KEY", base64_encode(m->arena, bytes_of(pem)));
    put(m, "AUTENTICO_JWK_CERT_KEY_ID", "autentico-key-1");
    return RC_OK;
}

static void put_cookies(struct making *m)
{
    const char *secure = m->dev ? "false" : "true";

    note(m, "Cookies.  They are Secure exactly when AUTENTICO_APP_URL is https.");
    put(m, "AUTENTICO_CSRF_SECURE_COOKIE", secure);
    put(m, "AUTENTICO_REFRESH_TOKEN_COOKIE_NAME", "autentico_refresh_token");
    put(m, "AUTENTICO_REFRESH_TOKEN_COOKIE_ONLY", "false");
    put(m, "AUTENTICO_IDP_SESSION_COOKIE_NAME",
        m->is_https ? "__Host-autentico_idp_session" : "autentico_idp_session");
    put(m, "AUTENTICO_IDP_SESSION_SECURE", secure);
}

static void put_limits(struct making *m)
{
    note(m, "Requests per second and per minute from one address, on the routes that guess could be made at.");
    put(m, "AUTENTICO_RATE_LIMIT_RPS", "5");
    put(m, "AUTENTICO_RATE_LIMIT_BURST", "10");
    put(m, "AUTENTICO_RATE_LIMIT_RPM", "20");
    put(m, "AUTENTICO_RATE_LIMIT_RPM_BURST", "20");
    put(m, "AUTENTICO_ANTI_TIMING_MIN_MS", "50");
    put(m, "AUTENTICO_ANTI_TIMING_MAX_MS", "150");
    put(m, "AUTENTICO_DB_READ_POOL_SIZE", "0");
}

static void put_own(struct making *m)
{
    note(m, "Wraps signing keys and seals columns.  Lost: those are lost.");
    put(m, "AUTENTICO_ENCRYPTION_KEY", random_text(m->arena, base64_encode));
}

static enum rc check_url(struct making *m, const char *url)
{
    char *copy = arena_strdup(m->arena, url);
    struct uri u;

    for (size_t n = strlen(copy); n > 0 && copy[n - 1] == '/'; n--)
        copy[n - 1] = '\0';
    if (uri_parse(m->arena, copy, &u) != RC_OK || u.host == NULL || uri_default_port(u.scheme) == 0)
        return cli_refuse("--url: \"%s\" is not an http or https address with a host", url);
    m->url = copy;
    m->is_https = text_same(u.scheme, "https");
    m->port = arena_printf(m->arena, "%d", u.port != 0 ? u.port : uri_default_port(u.scheme));
    return RC_OK;
}

enum rc init_write(struct arena *a, const char *dir, const char *url, bool dev)
{
    struct making m = { .arena = a, .dev = dev };

    TRY(check_url(&m, url));
    sbuf_init(&m.text, a, 8192);
    put_places(&m);
    TRY(put_secrets(&m));
    put_cookies(&m);
    put_limits(&m);
    put_own(&m);
    TRY(env_edit_write_new(arena_printf(a, "%s/.env", dir), m.text.text));
    printf("Wrote %s/.env\n  URL     %s\n  Issuer  %s/oauth2\n", dir, m.url, m.url);
    return RC_OK;
}

/* --- --complete ------------------------------------------------------------ */

static enum rc complete(struct arena *a, const char *path)
{
    struct making m = { .arena = a };
    struct env_edit e;

    TRY(env_edit_read(a, path, &e));
    sbuf_init(&m.text, a, 1024);
    if (!env_edit_has(&e, "AUTENTICO_CSRF_SECRET_KEY") && !env_edit_has(&e, "AUTENTICO_COOKIE_SECRET"))
        put(&m, "AUTENTICO_CSRF_SECRET_KEY", random_text(a, hex_encode));
    if (!env_edit_has(&e, "AUTENTICO_ENCRYPTION_KEY"))
        put_own(&m);
    if (m.text.n == 0) {
        printf("%s lacks nothing\n", path);
        return RC_OK;
    }
    env_edit_append(&e, m.text.text);
    TRY(env_edit_write(&e));
    printf("Completed %s\n", path);
    return RC_OK;
}

int cli_init(int argc, char **argv)
{
    const char *url = NULL, *dir = ".", *config = NULL;
    bool dev = false, is_complete = false;
    const struct flag flags[] = {
        { "url", FLAG_TEXT, &url },
        { "output", FLAG_TEXT, &dir },
        { "config", FLAG_TEXT, &config },
        { "dev", FLAG_SET, &dev },
        { "complete", FLAG_SET, &is_complete },
    };
    enum rc rc = cli_flags_only("init", argc, argv, flags, ARRAY_LEN(flags));

    if (rc != RC_OK)
        return cli_exit(rc);
    if (is_complete && (url != NULL || dev))
        return cli_fail("--complete adds missing secrets and changes nothing: no --url and no --dev with it");
    if (!is_complete && config != NULL)
        return cli_fail("--config goes with --complete; a new file is written to --output DIR");
    struct arena *a = arena_start("init");
    rc = is_complete ? complete(a, config != NULL ? config : arena_printf(a, "%s/.env", dir))
                     : init_write(a, dir, url != NULL ? url : "http://localhost:9999", dev);
    arena_done(a);
    return cli_exit(rc);
}
