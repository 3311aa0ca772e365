/* grant_type=client_credentials (RFC 6749 4.4; http-api 6.1); declared in token.h. */
#include "config.h"

#include "oidc/token.h"

#include "http/fields.h"
#include "oidc/issue.h"
#include "oidc/scope.h"

struct own_form { const char *scope; };
static const struct field own_fields[] = {
    FIELD(own_form, scope, F_OPTIONAL, 2048, field_any), /* judged below: invalid_scope */
};

struct own_grant {
    struct exchange *x;
    const char *scope;
    struct grant g;
};

/* RFC 6749 4.4: confidential clients only (TK-34). */
static enum rc check_client(struct exchange *x)
{
    if (x->client == NULL)
        return refuse(&x->no, REFUSE_INVALID_CLIENT, "Client authentication is required");
    if (x->client->is_public)
        return refuse(&x->no, REFUSE_UNAUTHORIZED_CLIENT, "client_credentials is for confidential clients");
    return RC_OK;
}

/* There is nobody who signed in or could come back (TK-35). */
static bool is_of_a_person(const char *word)
{
    return text_same(word, "openid") || text_same(word, "offline_access");
}

static const char *without_person(struct arena *a, const char *scope)
{
    struct text_list words = text_split(a, scope, ' '), kept = { arena_array(a, const char *, words.n + 1), 0 };

    for (size_t i = 0; i < words.n; i++)
        if (!is_of_a_person(words.v[i]))
            kept.v[kept.n++] = words.v[i];
    return text_join(a, &kept, ' ');
}

/* http-api 6.1: absent, the client's own.  A client without scopes has none to give:
 * scope_check() would take that for "any". */
static enum rc choose_scope(struct exchange *x, const char *asked, const char **out)
{
    const char *own = x->client->scopes, *scope = "";

    if (!text_empty(own))
        TRY(scope_check(x->arena, text_or(asked, own), own, &x->no, &scope));
    scope = without_person(x->arena, scope);
    if (*scope == '\0')
        return refuse(&x->no, REFUSE_INVALID_SCOPE, "No scope is left that a client may have for itself");
    *out = scope;
    return RC_OK;
}

static enum rc begin(struct db *db, void *arg)
{
    struct own_grant *o = arg;

    o->g = (struct grant){
        .client = o->x->client,
        .is_access_only = true,
        .family = { .grant_type = "client_credentials", .scope = o->scope, .auth_time = o->x->now, .acr = "1",
                    .amr = "" },
    };
    issue_prepare(o->x, &o->g);
    return issue_write(o->x, db, &o->g, true);
}

enum rc grant_client(struct exchange *x)
{
    struct own_grant o = { .x = x };
    struct own_form form = { NULL };

    TRY(form_bind(x, own_fields, ARRAY_LEN(own_fields), &form));
    TRY(check_client(x));
    TRY(choose_scope(x, form.scope, &o.scope));
    TRY(db_write(x->db, begin, &o));
    return issue_respond(x, &o.g);
}
