#include "config.h"

#include "oidc/browser_origins.h"

#include "store/clients.h"
#include "util/uri.h"

/* "null" is the origin of every sandboxed frame and every local file. */
static void take_list(struct arena *a, const char *text, struct cors *out)
{
    struct text_list entries = text_split(a, text, ','), origins = { arena_array(a, const char *, entries.n + 1), 0 };

    for (size_t i = 0; i < entries.n; i++) {
        const char *entry = text_trim(a, entries.v[i]);

        if (text_same(entry, "*"))
            out->is_any = true;
        else if (!text_empty(entry) && !text_same(entry, "null"))
            origins.v[origins.n++] = entry;
    }
    cors_take(out, origins);
    out->is_on = out->is_any || out->origins.n > 0;
}

/* NULL: nothing a browser calls its own; a native application's scheme, for one. */
static const char *origin_of(struct arena *a, const char *redirect_uri)
{
    struct uri u;

    if (uri_parse(a, redirect_uri, &u) != RC_OK || u.host == NULL || uri_default_port(u.scheme) == 0)
        return NULL;
    return uri_origin(a, &u);
}

static enum rc take_clients(struct db *db, struct arena *a, struct cors *out)
{
    struct text_list uris, origins = { 0 };

    TRY(clients_public_redirect_uris(db, a, &uris));
    origins.v = arena_array(a, const char *, uris.n + 1);
    for (size_t i = 0; i < uris.n; i++) {
        const char *origin = origin_of(a, uris.v[i]);

        if (origin != NULL)
            origins.v[origins.n++] = origin;
    }
    cors_take(out, origins);
    out->is_on = true;
    return RC_OK;
}

enum rc browser_origins_load(struct db *db, struct arena *a, const struct conf *conf,
                             const struct settings *settings, struct cors *out)
{
    struct cors c = { 0 };

    if (conf->enable_cors != 0)
        take_list(a, settings->cors_allowed_origins, &c);
    if (conf->enable_cors == 1 && *text_trim(a, settings->cors_allowed_origins) == '\0')
        TRY(take_clients(db, a, &c));
    *out = c;
    return RC_OK;
}
