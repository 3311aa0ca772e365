#include "config.h"

#include "authn/trail.h"
#include "http/response.h"
#include "oidc/bearer.h"
#include "oidc/endpoints.h"
#include "oidc/token_param.h"
#include "store/clients.h"
#include "util/encode.h"

struct revocation {
    struct exchange *x;
    struct token_value v;
};

/* An administrator's doing is recorded; a client's own is not (flows 17). */
static enum rc record(const struct revocation *r)
{
    char id[21];

    if (r->x->client != NULL)
        return RC_OK;
    selector_to_id(r->v.view.token.selector, id);
    return trail(r->x, "token_revoked", NULL, "token", id, (char *)NULL);
}

/* RFC 7009 2.1.  With a refresh token goes everything of its grant, a successor that
 * is being made this moment included (RV-07); an access token takes its pair along
 * (flows 11). */
static enum rc revoke(struct db *db, void *arg)
{
    const struct revocation *r = arg;

    if (r->v.is_refresh)
        TRY(families_revoke(db, r->v.view.family.id, "revoked", r->x->now));
    else
        TRY(tokens_revoke(db, r->v.view.token.selector, r->x->now));
    return record(r);
}

/* RFC 7009 2.1: a token of another client stays as it is (RV-04). */
static bool is_own(const struct exchange *x, const struct token_value *v)
{
    return x->client == NULL || text_same(x->client->client_id, v->view.family.client_id);
}

/* The gate has admitted a client or an administrator (WHO_CLIENT_OR_ADMIN). */
enum rc revoke_handle(struct exchange *x)
{
    struct revocation r = { .x = x };
    const char *value;
    enum rc rc;

    TRY(token_param(x, false, &value));
    rc = token_read(x, value, &r.v);
    if (rc == RC_FAULT)
        return rc;
    if (rc == RC_NONE || !is_own(x, &r.v)) /* 2.2: nothing left to revoke is success */
        return respond_empty(x, 200);
    if (db_write(x->db, revoke, &r) != RC_OK) /* 2.2.1: never a false 200 (RV-10) */
        return refuse(&x->no, REFUSE_TEMPORARILY_UNAVAILABLE, NULL);
    return respond_empty(x, 200);
}
