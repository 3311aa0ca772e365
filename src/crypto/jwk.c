#include "config.h"

#include "crypto/jwk.h"

#include <string.h>

#include "crypto/hash.h"
#include "crypto/pubkey.h"
#include "util/sbuf.h"

static const struct {
    const char *name, *kty, *crv;
} algs[] = {
    [ALG_NONE_OF_OURS] = { NULL, NULL, NULL },
    [ALG_RS256] = { "RS256", "RSA", NULL },
    [ALG_ES256] = { "ES256", "EC", "P-256" },
    [ALG_EDDSA] = { "EdDSA", "OKP", "Ed25519" },
};

const char *jws_alg_name(enum jws_alg alg)
{
    return (size_t)alg < ARRAY_LEN(algs) ? algs[alg].name : NULL;
}

enum jws_alg jws_alg_of(const char *name)
{
    for (size_t i = 1; i < ARRAY_LEN(algs); i++)
        if (name && strcmp(name, algs[i].name) == 0)
            return (enum jws_alg)i;
    return ALG_NONE_OF_OURS;
}

static enum rc parse_object(struct arena *a, const char *text, struct json **out)
{
    struct json *j;

    if (!text)
        return RC_NONE;
    TRY(json_parse(a, text, strlen(text), &j));
    if (json_type(j) != JSON_OBJECT)
        return RC_NONE;
    *out = j;
    return RC_OK;
}

/* ---- thumbprint (RFC 7638 3, RFC 8037 2) ---- */

/* Required members of each kty, in lexicographic order. */
static const struct {
    const char *kty, *members[4];
} required[] = {
    { "RSA", { "e", "kty", "n" } },
    { "EC", { "crv", "kty", "x", "y" } },
    { "OKP", { "crv", "kty", "x" } },
};

/* The values are all of base64url's characters, so nothing needs escaping. */
static enum rc canonical(struct arena *a, const struct json *j, const char *const *members,
                         struct sbuf *out)
{
    const char *value;

    sbuf_init(out, a, 0);
    for (size_t i = 0; i < 4 && members[i]; i++) {
        TRY(json_get_str(j, members[i], &value));
        if (*value == '\0' || !is_base64url(value))
            return RC_NONE;
        sbuf_printf(out, "%c\"%s\":\"%s\"", i == 0 ? '{' : ',', members[i], value);
    }
    sbuf_addc(out, '}');
    return RC_OK;
}

enum rc jwk_thumbprint(struct arena *a, const char *json, char **out)
{
    const char *kty;
    struct json *j;
    struct sbuf text;

    TRY(parse_object(a, json, &j));
    TRY(json_get_str(j, "kty", &kty));
    for (size_t i = 0; i < ARRAY_LEN(required); i++)
        if (strcmp(kty, required[i].kty) == 0) {
            TRY(canonical(a, j, required[i].members, &text));
            *out = base64url_encode(a, sha256_of(a, text.text));
            return RC_OK;
        }
    return RC_NONE;
}

/* ---- loading ---- */

static enum rc get_octets(struct arena *a, const struct json *j, const char *name, struct bytes *out)
{
    const char *text;

    TRY(json_get_str(j, name, &text));
    return base64url_decode(a, text, out);
}

/* RFC 7518 6.3.1 */
static enum rc load_rsa(struct arena *a, const struct json *j, void **key)
{
    struct bytes n, e;

    TRY(get_octets(a, j, "n", &n));
    TRY(get_octets(a, j, "e", &e));
    return pubkey_rsa(a, n, e, key);
}

/* RFC 7518 6.2.1 */
static enum rc load_p256(struct arena *a, const struct json *j, void **key)
{
    struct bytes x, y;

    TRY(get_octets(a, j, "x", &x));
    TRY(get_octets(a, j, "y", &y));
    return pubkey_ec(a, PUBKEY_P256, x, y, key);
}

/* RFC 8037 2 */
static enum rc load_ed25519(struct arena *a, const struct json *j, void **key)
{
    struct bytes x;

    TRY(get_octets(a, j, "x", &x));
    return pubkey_ed25519(a, x, key);
}

/* Whoever sends a private key has published it: refuse rather than use it. */
static bool is_public(const struct json *j)
{
    static const char *const secret[] = { "d", "p", "q", "dp", "dq", "qi", "oth", "k" };

    for (size_t i = 0; i < ARRAY_LEN(secret); i++)
        if (json_has(j, secret[i]))
            return false;
    return true;
}

/* RC_OK when the member is absent or is `wanted`; NULL: must be absent. */
static enum rc check_text(const struct json *j, const char *name, const char *wanted)
{
    const char *value = json_str(json_get(j, name));

    if (!json_has(j, name))
        return RC_OK;
    return value && wanted && strcmp(value, wanted) == 0 ? RC_OK : RC_NONE;
}

/* The kind of key, as registered or as it says itself; both must agree. */
static enum rc check_kind(struct jwk *k, const struct json *j)
{
    if (k->alg == ALG_NONE_OF_OURS)
        k->alg = jws_alg_of(json_str(json_get(j, "alg")));
    if (!jws_alg_name(k->alg) || !json_has(j, "kty"))
        return RC_NONE;
    if (algs[k->alg].crv && !json_has(j, "crv"))
        return RC_NONE;
    TRY(check_text(j, "alg", jws_alg_name(k->alg)));
    TRY(check_text(j, "kty", algs[k->alg].kty));
    TRY(check_text(j, "crv", algs[k->alg].crv));
    return check_text(j, "use", "sig");
}

enum rc jwk_load(struct arena *a, struct jwk *k)
{
    struct jwk loaded = *k;
    struct json *j;
    void *key;

    TRY(parse_object(a, k->json, &j));
    if (!is_public(j))
        return RC_NONE;
    TRY(check_kind(&loaded, j));
    if (!loaded.kid)
        loaded.kid = json_str(json_get(j, "kid"));
    TRY(check_text(j, "kid", loaded.kid));
    TRY(loaded.alg == ALG_RS256   ? load_rsa(a, j, &key)
        : loaded.alg == ALG_ES256 ? load_p256(a, j, &key)
                                  : load_ed25519(a, j, &key));
    loaded.key = key;
    *k = loaded;
    return RC_OK;
}
