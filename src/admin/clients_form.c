#include "config.h"

#include "admin/clients.h"

#include <string.h>

#include "http/fields.h"
#include "http/response.h"
#include "util/json.h"

#define URIS_BYTES 24576 /* ten of 2048 bytes, and some */

static const struct field form_fields[] = {
    FIELD(client_form, client_name,                F_OPTIONAL, 1024,       NULL),
    FIELD(client_form, client_type,                F_OPTIONAL, 32,         NULL),
    FIELD(client_form, redirect_uris,              F_OPTIONAL, URIS_BYTES, NULL),
    FIELD(client_form, post_logout_redirect_uris,  F_OPTIONAL, URIS_BYTES, NULL),
    FIELD(client_form, scopes,                     F_OPTIONAL, 4096,       NULL),
    FIELD(client_form, allow_refresh_token,        F_OPTIONAL, 8,          NULL),
    FIELD(client_form, allow_client_credentials,   F_OPTIONAL, 8,          NULL),
    FIELD(client_form, allow_password_grant,       F_OPTIONAL, 8,          NULL),
    FIELD(client_form, require_mfa,                F_OPTIONAL, 8,          NULL),
    FIELD(client_form, token_endpoint_auth_method, F_OPTIONAL, 64,         NULL),
};

/* One URI to a line; blank lines and white space around do not count. */
static void set_lines(struct arena *a, struct json *body, const char *name, const char *text)
{
    struct json *list = json_array(a);

    if (text == NULL)
        return;
    for (const char *p = text; *p != '\0';) {
        size_t n = strcspn(p, "\r\n");
        const char *line = text_trim(a, arena_strndup(a, p, n));

        if (*line != '\0')
            json_add_str(list, line);
        p += n;
        p += strspn(p, "\r\n");
    }
    json_set(body, name, list);
}

/* These come or go with their boxes; the other grant types stay. */
static void set_grant_types(struct arena *a, struct json *body, const struct client *now,
                            const struct client_form *form)
{
    const struct { const char *grant_type, *box; } boxes[] = {
        { "refresh_token", form->allow_refresh_token },
        { "client_credentials", form->allow_client_credentials },
        { "password", form->allow_password_grant },
    };
    struct json *list = json_array(a);

    if (now == NULL)
        json_add_str(list, "authorization_code");
    for (size_t i = 0; now != NULL && i < now->grant_types.n; i++)
        if (!text_list_has("refresh_token client_credentials password", now->grant_types.v[i]))
            json_add_str(list, now->grant_types.v[i]);
    for (size_t i = 0; i < ARRAY_LEN(boxes); i++)
        if (boxes[i].box != NULL)
            json_add_str(list, boxes[i].grant_type);
    json_set(body, "grant_types", list);
}

/* Without its box the setting decides; an application that is excepted from it stays so. */
static void set_require_mfa(struct json *body, const struct client *now, const struct client_form *form)
{
    if (form->require_mfa != NULL)
        json_set_bool(body, "require_mfa", true);
    else if (now != NULL && now->require_mfa > 0)
        json_set_null(body, "require_mfa");
}

static bool is_public(const struct client *now, const struct client_form *form)
{
    return now != NULL ? now->is_public : text_same(form->client_type, "public");
}

/* It would be refused with every use of it (http-api 6.1). */
static enum rc check_grant_types(struct exchange *x, const struct client *now, const struct client_form *form)
{
    if (form->allow_client_credentials == NULL || !is_public(now, form))
        return RC_OK;
    return refuse(&x->no, REFUSE_INVALID_CLIENT_METADATA, "Client credentials are for confidential applications");
}

/* A form clears what it sends empty, but without any scope nothing is left to ask for. */
static enum rc check_scopes(struct exchange *x, const struct client *now, const struct client_form *form)
{
    if (now == NULL || form->scopes == NULL || *text_trim(x->arena, form->scopes) != '\0')
        return RC_OK;
    return refuse(&x->no, REFUSE_INVALID_CLIENT_METADATA, "scopes: at least one, such as openid");
}

static struct json *form_to_body(struct arena *a, const struct client *now, const struct client_form *form)
{
    struct json *body = json_object(a);

    json_set_str(body, "client_name", form->client_name);
    if (now == NULL)
        json_set_str_nonempty(body, "client_type", form->client_type);
    set_lines(a, body, "redirect_uris", form->redirect_uris);
    set_lines(a, body, "post_logout_redirect_uris", form->post_logout_redirect_uris);
    json_set_str(body, "scopes", form->scopes);
    set_grant_types(a, body, now, form);
    set_require_mfa(body, now, form);
    /* the field has no meaning for a public client, whose method is none */
    if (!is_public(now, form))
        json_set_str_nonempty(body, "token_endpoint_auth_method", form->token_endpoint_auth_method);
    return body;
}

enum rc admin_client_body(struct exchange *x, const struct client *now, struct client_form *form, struct json **out)
{
    if (!is_page(x))
        return json_bind(x, NULL, 0, NULL, out);
    TRY(model_bind(x, form_fields, ARRAY_LEN(form_fields), form, NULL));
    TRY(check_scopes(x, now, form));
    TRY(check_grant_types(x, now, form));
    *out = form_to_body(x->arena, now, form);
    return RC_OK;
}
