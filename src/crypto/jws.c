/* Verification of a compact JWS and the checks of a JWT's times; declared in jwk.h. */
#include "config.h"

#include <string.h>

#include <gnutls/abstract.h>
#include <gnutls/crypto.h>
#include <gnutls/gnutls.h>

#include "crypto/hash.h"
#include "crypto/jwk.h"
#include "util/log.h"

#define SKEW_S 10 /* JO-10 */
#define P256_BYTES 32

struct jws {
    struct bytes signing_input, payload, signature;
    struct json *header;
};

static gnutls_datum_t datum(struct bytes b)
{
    return (gnutls_datum_t){ (unsigned char *)b.p, (unsigned)b.n };
}

static enum rc decode_object(struct arena *a, struct bytes text, struct json **out)
{
    TRY(json_parse(a, (const char *)text.p, text.n, out));
    return json_type(*out) == JSON_OBJECT ? RC_OK : RC_NONE;
}

/* RFC 7515 5.2, steps 1 to 4 and 7: three segments, none of them empty. */
static enum rc split(struct arena *a, const char *compact, struct jws *out)
{
    const char *dot1 = compact ? strchr(compact, '.') : NULL;
    const char *dot2 = dot1 ? strchr(dot1 + 1, '.') : NULL;
    struct bytes header;

    if (!dot2 || strchr(dot2 + 1, '.'))
        return RC_NONE;
    TRY(base64url_decode_n(a, compact, (size_t)(dot1 - compact), &header));
    TRY(base64url_decode_n(a, dot1 + 1, (size_t)(dot2 - dot1 - 1), &out->payload));
    TRY(base64url_decode(a, dot2 + 1, &out->signature));
    if (header.n == 0 || out->payload.n == 0 || out->signature.n == 0)
        return RC_NONE;
    out->signing_input = (struct bytes){ (const uint8_t *)compact, (size_t)(dot2 - compact) };
    return decode_object(a, header, &out->header);
}

/* RFC 7515 4.1.9: "application/" may be left out. */
static bool is_typ(const char *typ, const char *wanted)
{
    static const char prefix[] = "application/";

    if (typ && strncasecmp(typ, prefix, sizeof(prefix) - 1) == 0)
        typ += sizeof(prefix) - 1;
    return typ && text_same_nocase(typ, wanted);
}

/* No extension of RFC 7515 4.1.11 is ours, so that `crit` has nothing to say
 * that we could obey; the same goes for the `b64` of RFC 7797. */
static enum rc check_header(const struct json *header, const char *typ)
{
    if (json_has(header, "crit") || json_has(header, "b64"))
        return RC_NONE;
    if (typ && !is_typ(json_str(json_get(header, "typ")), typ))
        return RC_NONE;
    return RC_OK;
}

/* By kid; without one only when there is no choice. */
static const struct jwk *find_key(const struct json *header, const struct jwk *keys, size_t n)
{
    const char *kid = json_str(json_get(header, "kid"));

    if (!json_has(header, "kid"))
        return n == 1 ? &keys[0] : NULL;
    for (size_t i = 0; i < n; i++)
        if (kid && keys[i].kid && strcmp(kid, keys[i].kid) == 0)
            return &keys[i];
    return NULL;
}

/* The key says which algorithm it is (JO-01 to JO-03); the header may only agree. */
static bool is_alg_of(const struct json *header, const struct jwk *key)
{
    const char *alg = json_str(json_get(header, "alg")), *own = jws_alg_name(key->alg);

    return alg && own && strcmp(alg, own) == 0;
}

static gnutls_sign_algorithm_t sign_algorithm(enum jws_alg alg)
{
    switch (alg) {
    case ALG_RS256: return GNUTLS_SIGN_RSA_SHA256;
    case ALG_ES256: return GNUTLS_SIGN_ECDSA_SHA256;
    case ALG_EDDSA: return GNUTLS_SIGN_EDDSA_ED25519;
    case ALG_NONE_OF_OURS: break;
    }
    return GNUTLS_SIGN_UNKNOWN;
}

static bool is_zero(struct bytes b)
{
    uint8_t any = 0;

    for (size_t i = 0; i < b.n; i++)
        any |= b.p[i];
    return any == 0;
}

/* RFC 7518 3.4: r || s in full length; GnuTLS wants them in DER.  Zeros are the
 * signature that once fitted every message (CVE-2022-21449). */
static enum rc encode_p256(struct arena *a, struct bytes *signature)
{
    struct bytes r = { signature->p, P256_BYTES }, s = { signature->p + P256_BYTES, P256_BYTES };
    gnutls_datum_t dr = datum(r), ds = datum(s), der;

    if (signature->n != 2 * P256_BYTES || is_zero(r) || is_zero(s))
        return RC_NONE;
    if (gnutls_encode_rs_value(&der, &dr, &ds) != 0)
        return RC_NONE;
    *signature = arena_bytes(a, (struct bytes){ der.data, der.size });
    gnutls_free(der.data);
    return RC_OK;
}

static enum rc check_signature(struct arena *a, const struct jws *jws, const struct jwk *key)
{
    struct bytes signature = jws->signature;
    gnutls_datum_t data = datum(jws->signing_input), sig;

    if (!key->key)
        return fault("jws: key %s was not loaded", text_or(key->kid, "-"));
    if (key->alg == ALG_ES256)
        TRY(encode_p256(a, &signature));
    sig = datum(signature);
    if (gnutls_pubkey_verify_data2(key->key, sign_algorithm(key->alg), 0, &data, &sig) < 0)
        return RC_NONE;
    return RC_OK;
}

enum rc jws_verify(struct arena *a, const char *compact, const struct jwk *keys, size_t keys_n,
                   const char *typ, struct json **payload)
{
    const struct jwk *key;
    struct json *claims;
    struct jws jws;

    TRY(split(a, compact, &jws));
    TRY(check_header(jws.header, typ));
    key = find_key(jws.header, keys, keys_n);
    if (!key || !is_alg_of(jws.header, key))
        return RC_NONE;
    TRY(check_signature(a, &jws, key));
    TRY(decode_object(a, jws.payload, &claims));
    *payload = claims;
    return RC_OK;
}

/* ---- signatures that were good before ---- */

#define SETS_N 64
#define SET_N 8 /* with one place for each hash, a third of 200 tokens in turn would drive each other out */

struct jws_seen {
    struct seen_set {
        uint8_t hash[SET_N][SHA256_BYTES];
        size_t next; /* the oldest */
    } sets[SETS_N]; /* of a token: by the first byte of its hash */
    const char *const *members;
};

struct jws_seen *jws_seen_new(struct arena *a, const char *const *members)
{
    struct jws_seen *seen = arena_new(a, struct jws_seen);

    seen->members = members;
    return seen;
}

static struct seen_set *set_of(struct jws_seen *seen, const uint8_t hash[SHA256_BYTES])
{
    return &seen->sets[hash[0] % SETS_N];
}

/* Zeros stand for nothing: no text with that hash is known. */
static bool is_seen(const struct seen_set *set, const uint8_t hash[SHA256_BYTES])
{
    for (size_t i = 0; i < SET_N; i++)
        if (ct_equal(BYTES(set->hash[i]), (struct bytes){ hash, SHA256_BYTES }))
            return true;
    return false;
}

static void note_seen(struct seen_set *set, const uint8_t hash[SHA256_BYTES])
{
    memcpy(set->hash[set->next], hash, SHA256_BYTES);
    set->next = (set->next + 1) % SET_N;
}

static enum rc payload_of(struct arena *a, const char *compact, const char *const *members, struct json **out)
{
    const char *from = strchr(compact, '.') + 1;
    struct bytes payload;

    TRY(base64url_decode_n(a, from, strcspn(from, "."), &payload));
    return json_reread(a, (const char *)payload.p, payload.n, members, out);
}

enum rc jws_verify_once(struct arena *a, struct jws_seen *seen, const char *compact, const struct jwk *keys,
                        size_t keys_n, const char *typ, struct json **payload)
{
    uint8_t hash[SHA256_BYTES];
    struct seen_set *set;

    sha256(bytes_of(compact), hash);
    set = set_of(seen, hash);
    if (is_seen(set, hash))
        return payload_of(a, compact, seen->members, payload);
    TRY(jws_verify(a, compact, keys, keys_n, typ, payload));
    note_seen(set, hash);
    return RC_OK;
}

/* RC_OK when absent; otherwise it must be a NumericDate in [from, to]. */
static enum rc check_time(const struct json *claims, const char *name, int64_t from, int64_t to)
{
    int64_t at;

    if (!json_has(claims, name))
        return RC_OK;
    TRY(json_get_time(claims, name, &at));
    return at >= from && at <= to ? RC_OK : RC_NONE;
}

enum rc jwt_check_times(const struct json *claims, int64_t now)
{
    if (!json_has(claims, "exp"))
        return RC_NONE;
    TRY(check_time(claims, "exp", now + 1, INT64_MAX));
    TRY(check_time(claims, "nbf", 0, now + SKEW_S));
    return check_time(claims, "iat", 0, now + SKEW_S);
}

/* Core 3.1.3.6: the hash of the alg; Ed25519 is at home with SHA-512. */
char *jws_half_hash(struct arena *a, enum jws_alg alg, const char *value)
{
    uint8_t hash[64];

    if (alg == ALG_EDDSA) {
        sha512(bytes_of(value), hash);
        return base64url_encode(a, (struct bytes){ hash, 32 });
    }
    sha256(bytes_of(value), hash);
    return base64url_encode(a, (struct bytes){ hash, SHA256_BYTES / 2 });
}
