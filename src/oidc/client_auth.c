#include "config.h"

#include "oidc/client_auth.h"

#include <string.h>

#include "http/request.h"
#include "oidc/client_secret.h"
#include "oidc/refund.h"
#include "store/clients_kept.h"
#include "util/encode.h"
#include "util/uri.h"

/* What the request says about its client. */
struct credentials {
    const char *method;    /* client_secret_basic, client_secret_post, none; NULL: no client */
    const char *client_id;
    const char *secret;    /* NULL: none sent */
};

/* RFC 6749 5.2; text NULL: one for all of unknown, disabled and wrong (TK-05). */
static enum rc refuse_client(struct exchange *x, const char *text)
{
    return refuse(&x->no, REFUSE_INVALID_CLIENT, "%s", text_or(text, "Client authentication failed"));
}

/* ---- reading ---- */

/* The part after "Basic", "" when there is none; NULL: the header has another scheme
 * (RFC 9110 11.1, HT-24). */
static const char *basic_credentials(const char *authorization)
{
    size_t n = strcspn(authorization, " ");

    if (n != 5 || strncasecmp(authorization, "Basic", n) != 0)
        return NULL;
    return authorization + n + strspn(authorization + n, " ");
}

/* RFC 6749 2.3.1: id and secret are form-urlencoded, then joined and base64'd (TK-01). */
static enum rc split_basic(struct arena *a, const char *text, struct credentials *out)
{
    struct bytes pair;
    const uint8_t *colon;
    char *id, *secret;

    TRY(base64_decode(a, text, &pair));
    colon = pair.n ? memchr(pair.p, ':', pair.n) : NULL;
    if (colon == NULL)
        return RC_NONE;
    size_t id_n = (size_t)(colon - pair.p);
    TRY(form_decode(a, (const char *)pair.p, id_n, &id));
    TRY(form_decode(a, (const char *)colon + 1, pair.n - id_n - 1, &secret));
    if (*id == '\0')
        return RC_NONE;
    out->client_id = id;
    out->secret = *secret ? secret : NULL;
    return RC_OK;
}

static enum rc read_basic(struct exchange *x, struct credentials *out)
{
    const char *text = x->rq->has_authorization ? basic_credentials(x->rq->authorization) : NULL;

    if (text == NULL)
        return RC_NONE;
    out->method = "client_secret_basic";
    if (split_basic(x->arena, text, out) != RC_OK)
        return refuse_client(x, "The Basic credentials are malformed");
    if (out->secret == NULL) /* "id:" names a client and proves nothing */
        out->method = "none";
    return RC_OK;
}

static enum rc form_value(struct exchange *x, const char *name, const char **out)
{
    bool is_repeated;

    *out = param_get(&x->rq->form, name, &is_repeated);
    if (is_repeated)
        return refuse(&x->no, REFUSE_INVALID_REQUEST, "%s was sent more than once", name); /* RFC 6749 3.2 */
    return RC_OK;
}

/* A query is kept in logs and histories: a secret there is not ours to accept (TK-03). */
static enum rc check_query(struct exchange *x)
{
    bool is_repeated;

    if (param_get(&x->rq->query, "client_secret", &is_repeated) == NULL && !is_repeated)
        return RC_OK;
    return refuse(&x->no, REFUSE_INVALID_REQUEST, "client_secret must not be sent in the query");
}

static enum rc join_form(struct exchange *x, const char *client_id, const char *secret, struct credentials *c)
{
    if (c->method == NULL) {
        c->method = secret != NULL ? "client_secret_post" : "none";
        c->client_id = client_id;
        c->secret = secret;
        return RC_OK;
    }
    if (secret != NULL) /* RFC 6749 2.3: one method per request (TK-04) */
        return refuse(&x->no, REFUSE_INVALID_REQUEST, "Two client authentication methods in one request");
    if (client_id != NULL && !text_same(client_id, c->client_id)) /* TK-07 */
        return refuse(&x->no, REFUSE_INVALID_REQUEST, "client_id differs from the user of the Basic credentials");
    return RC_OK;
}

/* RFC 7521 4.2: assertions are not offered yet; beside another method they are a
 * second one. */
static enum rc check_assertion(struct exchange *x, const struct credentials *c)
{
    const char *assertion, *type;

    TRY(form_value(x, "client_assertion", &assertion));
    TRY(form_value(x, "client_assertion_type", &type));
    if (assertion == NULL && type == NULL)
        return RC_OK;
    if (c->secret != NULL)
        return refuse(&x->no, REFUSE_INVALID_REQUEST, "Two client authentication methods in one request");
    return refuse_client(x, "client_assertion is not supported");
}

static enum rc read_credentials(struct exchange *x, struct credentials *out)
{
    const char *client_id, *secret;
    enum rc rc = read_basic(x, out);

    if (rc != RC_NONE)
        TRY(rc);
    if (x->rq->is_bad_form)
        return refuse(&x->no, REFUSE_INVALID_REQUEST, "The form does not decode");
    TRY(check_query(x));
    TRY(form_value(x, "client_id", &client_id));
    TRY(form_value(x, "client_secret", &secret));
    TRY(join_form(x, client_id, secret, out));
    TRY(check_assertion(x, out));
    if (out->client_id == NULL && out->secret != NULL)
        return refuse_client(x, "client_id is missing");
    if (out->client_id == NULL)
        out->method = NULL;
    return RC_OK;
}

/* ---- deciding ---- */

/* RC_NONE: no such client, or a disabled one. */
static enum rc find_client(struct exchange *x, const char *client_id, struct client **out)
{
    struct client *c;

    TRY(clients_known(x->clients, x->db, x->arena, client_id, &c));
    if (!c->is_active)
        return RC_NONE;
    *out = c;
    return RC_OK;
}

/* Core 9: the registered method and no other (TK-08, TK-09, TK-10).  Asked last, so
 * that only somebody who has the secret learns which method it is. */
static enum rc check_method(struct exchange *x, const struct client *client, const struct credentials *c)
{
    if (text_same(client->token_endpoint_auth_method, c->method))
        return RC_OK;
    if (c->secret == NULL)
        return refuse_client(x, NULL);
    return refuse_client(x, arena_printf(x->arena, "This client is registered for %s, not %s",
                                            client->token_endpoint_auth_method, c->method));
}

static enum rc check_secret(struct exchange *x, const struct client *client, const struct credentials *c)
{
    bool has_secret = client != NULL && !client->is_public;
    enum rc rc = client_secret_verify(x, has_secret ? client->client_id : NULL, c->secret);

    if (client != NULL && client->is_public && rc == RC_NONE)
        return refuse_client(x, "This is a public client: send client_id without a secret");
    return rc == RC_NONE ? refuse_client(x, NULL) : rc;
}

static enum rc touch(struct db *db, void *arg)
{
    struct exchange *x = arg;
    enum rc rc = clients_touch(db, x->client->client_id, x->now);

    return rc == RC_NONE ? RC_OK : rc;
}

/* A worker that cannot note the use of a client (full disk) still lets it in; the
 * reason has been logged. */
static void note_use(struct exchange *x)
{
    if (!client_touch_is_due(x->client, x->now))
        return;
    if (db_write(x->db, touch, x) == RC_OK)
        x->client->last_used_at = x->now;
}

static enum rc authenticate(struct exchange *x, const struct credentials *c)
{
    struct client *client = NULL;
    enum rc rc = find_client(x, c->client_id, &client);

    if (rc == RC_FAULT)
        return rc;
    if (c->secret != NULL)
        TRY(check_secret(x, client, c));
    if (client == NULL)
        return refuse_client(x, NULL);
    TRY(check_method(x, client, c));
    x->client = client;
    if (c->secret == NULL)
        return RC_OK;
    note_use(x);
    refund_proven(x);
    return RC_OK;
}

enum rc client_authenticate(struct exchange *x, enum client_need need)
{
    struct credentials c = { 0 };

    TRY(read_credentials(x, &c));
    if (c.method == NULL && need == CLIENT_OPTIONAL)
        return RC_OK;
    if (c.method == NULL)
        return refuse_client(x, "Client authentication is required");
    return authenticate(x, &c);
}

bool client_has_basic(const struct exchange *x)
{
    return x->rq->has_authorization && basic_credentials(x->rq->authorization) != NULL;
}
