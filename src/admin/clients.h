/* Applications: what admin/clients*.c share. */
#ifndef AUTENTICO_ADMIN_CLIENTS_H
#define AUTENTICO_ADMIN_CLIENTS_H

#include "http/exchange.h"
#include "store/clients.h"

#define ADMIN_CLIENTS "/admin/clients"

/* The fields of layout/client_fields, as typed; NULL: not sent. */
struct client_form {
    const char *client_name, *client_type, *redirect_uris, *post_logout_redirect_uris, *scopes;
    const char *allow_refresh_token, *allow_client_credentials, *allow_password_grant;
    const char *require_mfa;
    const char *token_endpoint_auth_method;
};

/*
 * The metadata of the request: the JSON body, or the form made into the same
 * members.  `form` is filled on page rows.
 *   now  the stored client on an update, else NULL
 */
MUST_CHECK enum rc admin_client_body(struct exchange *x, const struct client *now, struct client_form *form,
                                     struct json **out);

/* The pages. */
struct list_query;
enum rc admin_clients_show_list(struct exchange *x, const struct clients_page *page, const struct list_query *q);
/* The empty form, or the one typed with what x->no says. */
enum rc admin_clients_show_new(struct exchange *x, int status, const struct client_form *form);
/* A stored application; `form` NULL: its fields as stored. */
enum rc admin_clients_show(struct exchange *x, int status, const struct client *c, const struct client_form *form);
/* The one time a secret is shown. */
struct fresh_secret { const char *secret; bool is_rotated; int64_t previous_until_at; };
enum rc admin_clients_show_secret(struct exchange *x, const struct client *c, const struct fresh_secret *s);
const char *admin_client_href(struct arena *a, const char *client_id);

bool admin_client_is_console(const char *client_id);

#endif
