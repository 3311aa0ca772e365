#include "config.h"

#include "oidc/keys.h"

#include "util/log.h"

/* Members in the order of the contract (http-api 4); those of another kty are
 * absent and so left out. */
static const char *const material[] = { "n", "e", "crv", "x", "y" };

/* RFC 7517 4: public members only, one `kid` each (JO-12, JO-13). */
static struct json *published(struct arena *a, const struct jwk *k, const struct json *public_jwk)
{
    struct json *out = json_object(a);

    json_set_str(out, "kty", json_str(json_get(public_jwk, "kty")));
    json_set_str(out, "kid", k->kid);
    json_set_str(out, "use", "sig");
    json_set_str(out, "alg", jws_alg_name(k->alg));
    for (size_t i = 0; i < ARRAY_LEN(material); i++)
        json_set_str(out, material[i], json_str(json_get(public_jwk, material[i])));
    return out;
}

static enum rc load_one(struct arena *a, const struct signing_key_row *row, struct key_set *set, struct json *list)
{
    struct jwk *k = &set->v[set->n];
    struct json *public_jwk;

    *k = (struct jwk){ .kid = row->kid, .alg = jws_alg_of(row->alg), .json = row->public_jwk };
    if (json_parse(a, row->public_jwk, bytes_of(row->public_jwk).n, &public_jwk) != RC_OK ||
        jwk_load(a, k) != RC_OK)
        return fault("keys: the public half of signing key %s is damaged", row->kid);
    set->signing[set->n] = (struct signing_key){ row->kid, k->alg, row->public_jwk, row->private_sealed };
    set->states[set->n] = row->state;
    if (row->unpublished_at == 0) /* else it is good for the hint of a sign-out only */
        json_add(list, published(a, k, public_jwk));
    set->n++;
    return RC_OK;
}

static const char *algs_of(struct arena *a, const struct key_set *set)
{
    static const enum jws_alg all[] = { ALG_RS256, ALG_ES256, ALG_EDDSA };
    const char *out = "";

    for (size_t i = 0; i < ARRAY_LEN(all); i++)
        if (key_set_active(set, all[i]) != NULL)
            out = arena_printf(a, "%s%s%s", out, *out ? " " : "", jws_alg_name(all[i]));
    return out;
}

/* What bearer.c asks of an access token. */
static const char *const access_members[] = { "iss", "sub", "aud", "azp", "exp", "nbf", "iat", "jti", "typ", NULL };

enum rc key_set_load(struct db *db, struct arena *a, struct key_set *out)
{
    struct json *doc = json_object(a), *list = json_array(a);
    struct signing_key_rows rows;
    struct key_set set = { 0 };

    TRY(signing_keys_all(db, a, &rows));
    set.v = arena_array(a, struct jwk, rows.n);
    set.signing = arena_array(a, struct signing_key, rows.n);
    set.states = arena_array(a, const char *, rows.n);
    set.seen = jws_seen_new(a, access_members);
    for (size_t i = 0; i < rows.n; i++)
        if (rows.v[i].revoked_at == 0)
            TRY(load_one(a, &rows.v[i], &set, list));
    json_set(doc, "keys", list);
    set.jwks = json_text(a, doc);
    set.algs = algs_of(a, &set);
    *out = set;
    return RC_OK;
}

enum rc key_row_new(struct arena *a, const struct signing_key *key, const char *state, int64_t now,
                    struct signing_key_row *out)
{
    char *thumbprint;

    if (jwk_thumbprint(a, key->public_jwk, &thumbprint) != RC_OK)
        return fault("keys: the signer's key has no thumbprint");
    *out = (struct signing_key_row){
        .kid = key->kid,
        .alg = jws_alg_name(key->alg),
        .public_jwk = key->public_jwk,
        .private_sealed = key->private_sealed,
        .state = state,
        .thumbprint = thumbprint,
        .created_at = now,
        .activated_at = text_same(state, "active") ? now : 0,
    };
    return RC_OK;
}

const struct signing_key *key_set_active(const struct key_set *k, enum jws_alg alg)
{
    for (size_t i = 0; i < k->n; i++)
        if (k->v[i].alg == alg && text_same(k->states[i], "active"))
            return &k->signing[i];
    return NULL;
}
