/* Applications: where people return to, how old their secrets are, what they never use. */
#include "config.h"

#include <string.h>

#include "authn/accounts.h"
#include "cli/doctor.h"
#include "store/client_grants.h"
#include "store/clients.h"
#include "util/uri.h"

#define PAGE 100
#define UNUSED_S (90 * 86400LL)
#define YOUNG_S (30 * 86400LL) /* time to be put to use */

typedef void client_fn(struct doctor *d, const struct client *c);

/* Active ones; those of the consoles are ours. */
static bool is_looked_at(const struct client *c)
{
    return c->is_active && !text_same(c->client_id, "autentico-admin") && !text_same(c->client_id, "autentico-account");
}

static void each_client(struct doctor *d, client_fn *fn)
{
    struct clients_query q = { .list = { .limit = PAGE, .sort = "client_name" }, .is_active = 1 };
    struct clients_page page = { .total = 1 };

    for (; q.list.offset < page.total; q.list.offset += PAGE) {
        if (clients_list(d->db, d->arena, &q, &page) != RC_OK) {
            doctor_skip(d, "the database does not tell");
            return;
        }
        for (size_t i = 0; i < page.n; i++)
            if (is_looked_at(&page.v[i]))
                fn(d, &page.v[i]);
    }
}

/* --- the consoles ------------------------------------------------------------------ */

static void check_console(struct doctor *d, const char *client_id)
{
    const char *uri = accounts_console_uri(d->arena, d->conf.url, client_id);

    if (accounts_console_check(d->db, d->arena, d->conf.url, client_id) == RC_NONE)
        doctor_fail(d, client_id, mend_command(d, "clients update %s --redirect-uri %s", client_id, uri),
                    "it was made for another AUTENTICO_APP_URL: nobody can sign in to it at %s", d->conf.url);
}

/* They are applications like others, made with the address of their day (settings 6). */
void doctor_consoles(struct doctor *d)
{
    check_console(d, "autentico-admin");
    check_console(d, "autentico-account");
}

/* --- redirect URIs ---------------------------------------------------------------- */

static const char *spaced(struct doctor *d, const struct text_list *uris, const char *instead_of, const char *with)
{
    const char *text = "";

    for (size_t i = 0; i < uris->n; i++) {
        const char *uri = text_same(uris->v[i], instead_of) ? with : uris->v[i];

        if (uri != NULL)
            text = arena_printf(d->arena, "%s%s%s", text, *text ? " " : "", uri);
    }
    return text;
}

/* Without its last one it would have nowhere to send people to. */
static const char *mend_uri(struct doctor *d, const struct client *c, const char *uri, const char *with)
{
    const char *left = spaced(d, &c->redirect_uris, uri, with);

    if (*left == '\0')
        return mend_command(d, "clients disable %s", mend_quote(d->arena, c->client_id));
    return mend_command(d, "clients update %s --redirect-uri %s", mend_quote(d->arena, c->client_id),
                        mend_quote(d->arena, left));
}

static void check_uri(struct doctor *d, const struct client *c, const char *text)
{
    struct uri uri;
    bool is_uri = uri_parse(d->arena, text, &uri) == RC_OK;

    if (strchr(text, '*') != NULL)
        doctor_fail(d, c->client_id, mend_uri(d, c, text, NULL), "%s has a wildcard: whoever has a place there gets the "
                    "codes", text);
    else if (is_uri && text_same_nocase(uri.scheme, "http") && !uri_is_loopback_host(uri.host))
        doctor_fail(d, c->client_id, mend_uri(d, c, text, arena_printf(d->arena, "https%s", text + 4)),
                    "%s is plain http: whoever is in the network between gets the codes", text);
}

static void check_uris(struct doctor *d, const struct client *c)
{
    for (size_t i = 0; i < c->redirect_uris.n; i++)
        check_uri(d, c, c->redirect_uris.v[i]);
}

void doctor_redirect_uris(struct doctor *d)
{
    each_client(d, check_uris);
}

/* --- secrets ---------------------------------------------------------------------- */

static void check_secrets(struct doctor *d, const struct client *c)
{
    struct client_secrets s;

    if (c->is_public || clients_secrets(d->db, d->arena, c->client_id, d->now, &s) != RC_OK || s.n == 0)
        return;
    if (d->now - s.v[0].created_at > d->settings.secret_max_age) /* the newest */
        doctor_warn(d, c->client_id, mend_command(d, "clients rotate-secret %s", mend_quote(d->arena, c->client_id)),
                    "%s has had its secret for %s", c->client_name, doctor_days(d->arena, d->now - s.v[0].created_at));
}

void doctor_client_secrets(struct doctor *d)
{
    if (d->settings.secret_max_age == 0)
        doctor_skip(d, "the setting secret_max_age is 0: as old as they will");
    else
        each_client(d, check_secrets);
}

/* --- what nobody uses ------------------------------------------------------------- */

static void check_use(struct doctor *d, const struct client *c)
{
    int64_t since = c->last_used_at > 0 ? c->last_used_at : c->created_at;

    if (d->now - since <= (c->last_used_at > 0 ? UNUSED_S : YOUNG_S))
        return;
    doctor_warn(d, c->client_id, mend_command(d, "clients disable %s", mend_quote(d->arena, c->client_id)),
                c->last_used_at > 0 ? "%s was last used %s ago" : "%s was never used in %s", c->client_name,
                doctor_days(d->arena, d->now - since));
}

void doctor_clients_unused(struct doctor *d)
{
    each_client(d, check_use);
}

static const char *without(struct doctor *d, const struct text_list *list, const char *word)
{
    return spaced(d, list, word, NULL);
}

/* Of an older database nobody knows what was used before. */
static int64_t known_since(struct doctor *d, const struct client *c)
{
    int64_t at = 0;

    return client_grants_since(d->db, &at) == RC_OK && at > c->created_at ? at : c->created_at;
}

static void check_grant(struct doctor *d, const struct client *c, const char *grant_type)
{
    int64_t last = 0;
    enum rc rc = client_grants_last(d->db, c->client_id, grant_type, &last);
    int64_t since = rc == RC_OK ? last : known_since(d, c);

    if (rc == RC_FAULT || d->now - since <= (rc == RC_OK ? UNUSED_S : YOUNG_S))
        return;
    doctor_warn(d, c->client_id, mend_command(d, "clients update %s --grant-types '%s'",
                mend_quote(d->arena, c->client_id), without(d, &c->grant_types, grant_type)),
                rc == RC_OK ? "%s may use %s, and last did %s ago" : "%s may use %s, and never did in %s", c->client_name,
                grant_type, doctor_days(d->arena, d->now - since));
}

/* One that is not used at all is told as such. */
static void check_grants(struct doctor *d, const struct client *c)
{
    if (c->last_used_at == 0 || d->now - c->last_used_at > UNUSED_S)
        return;
    for (size_t i = 0; i < c->grant_types.n && c->grant_types.n > 1; i++)
        check_grant(d, c, c->grant_types.v[i]);
}

void doctor_grants_unused(struct doctor *d)
{
    each_client(d, check_grants);
}

static void check_password(struct doctor *d, const struct client *c)
{
    for (size_t i = 0; i < c->grant_types.n; i++)
        if (text_same(c->grant_types.v[i], "password") && c->grant_types.n > 1)
            doctor_warn(d, c->client_id, mend_command(d, "clients update %s --grant-types '%s'",
                        mend_quote(d->arena, c->client_id), without(d, &c->grant_types, "password")),
                        "%s may ask people for their passwords itself (RFC 9700 2.4)", c->client_name);
        else if (text_same(c->grant_types.v[i], "password"))
            doctor_warn(d, c->client_id, mend_command(d, "clients disable %s", mend_quote(d->arena, c->client_id)),
                        "%s only asks people for their passwords itself (RFC 9700 2.4)", c->client_name);
}

void doctor_password_grant(struct doctor *d)
{
    each_client(d, check_password);
}
