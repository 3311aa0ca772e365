/* tpm (WebAuthn 8.3; TPM 2.0 Library, Part 2); declared in attestation_format.h. */
#include "config.h"

#include <string.h>

#include "authn/attestation_format.h"
#include "crypto/hash.h"

enum { TPM_ALG_RSA = 0x0001, TPM_ALG_NULL = 0x0010, TPM_ALG_ECC = 0x0023 };
enum { TPM_ALG_SHA256 = 0x000b, TPM_ALG_SHA384 = 0x000c, TPM_ALG_SHA512 = 0x000d };
enum { TPM_ECC_P256 = 0x0003, TPM_ECC_P384 = 0x0004, TPM_ECC_P521 = 0x0005 };
#define TPM_GENERATED 0xff544347u
#define TPM_ST_ATTEST_CERTIFY 0x8017
#define CLOCK_AND_FIRMWARE_BYTES (17 + 8)
#define RSA_E_DEFAULT 65537

/* Numbers and sized buffers, big-endian; goes bad and stays bad. */
struct tpm { struct bytes left; bool is_bad; };

static struct bytes take(struct tpm *r, size_t n)
{
    struct bytes b = { r->left.p, n };

    if (r->is_bad || r->left.n < n) {
        r->is_bad = true;
        return (struct bytes){ NULL, 0 };
    }
    r->left = (struct bytes){ r->left.p + n, r->left.n - n };
    return b;
}

static uint32_t take_number(struct tpm *r, size_t bytes_n)
{
    struct bytes b = take(r, bytes_n);
    uint32_t n = 0;

    for (size_t i = 0; i < b.n; i++)
        n = n << 8 | b.p[i];
    return n;
}

static struct bytes take_sized(struct tpm *r)
{
    return take(r, take_number(r, 2));
}

static bool is_over(const struct tpm *r)
{
    return !r->is_bad && r->left.n == 0;
}

/* ---- hashes ---- */

static enum rc hash_by(struct arena *a, uint32_t tpm_alg, struct bytes in, struct bytes *out)
{
    uint8_t *hash = arena_alloc(a, 64);

    switch (tpm_alg) {
    case TPM_ALG_SHA256: sha256(in, hash); *out = (struct bytes){ hash, 32 }; return RC_OK;
    case TPM_ALG_SHA384: sha384(in, hash); *out = (struct bytes){ hash, 48 }; return RC_OK;
    case TPM_ALG_SHA512: sha512(in, hash); *out = (struct bytes){ hash, 64 }; return RC_OK;
    default: return RC_NONE;
    }
}

/* The hash that a signature algorithm works with. */
static uint32_t hash_of_alg(int64_t alg)
{
    switch (alg) {
    case COSE_ES256: case COSE_RS256: case COSE_PS256: return TPM_ALG_SHA256;
    case COSE_ES384: case COSE_RS384: case COSE_PS384: return TPM_ALG_SHA384;
    case COSE_ES512: case COSE_RS512: case COSE_PS512: return TPM_ALG_SHA512;
    default: return 0;
    }
}

/* ---- pubArea: TPMT_PUBLIC (12.2.4) ---- */

struct public_area { uint32_t type, name_alg, curve, e; struct bytes n, x, y; };

/* A scheme, and its hash unless it is none. */
static void skip_scheme(struct tpm *r)
{
    if (take_number(r, 2) != TPM_ALG_NULL)
        (void)take_number(r, 2);
}

static void read_rsa(struct tpm *r, struct public_area *out)
{
    uint32_t e;

    skip_scheme(r);
    (void)take_number(r, 2); /* how many bits: the modulus says so itself */
    e = take_number(r, 4);
    out->e = e != 0 ? e : RSA_E_DEFAULT;
    out->n = take_sized(r);
}

static void read_ecc(struct tpm *r, struct public_area *out)
{
    skip_scheme(r);
    out->curve = take_number(r, 2);
    skip_scheme(r); /* of key derivation */
    out->x = take_sized(r);
    out->y = take_sized(r);
}

static enum rc read_public(struct bytes in, struct public_area *out)
{
    struct public_area p = { 0 };
    struct tpm r = { .left = in };

    p.type = take_number(&r, 2);
    p.name_alg = take_number(&r, 2);
    (void)take_number(&r, 4); /* attributes */
    (void)take_sized(&r);     /* policy */
    if (take_number(&r, 2) != TPM_ALG_NULL) /* a signing key has no symmetric side */
        return RC_NONE;
    if (p.type == TPM_ALG_RSA)
        read_rsa(&r, &p);
    else if (p.type == TPM_ALG_ECC)
        read_ecc(&r, &p);
    else
        return RC_NONE;
    if (!is_over(&r))
        return RC_NONE;
    *out = p;
    return RC_OK;
}

static bool is_number(struct bytes big_endian, uint32_t wanted)
{
    uint64_t n = 0;

    if (big_endian.n > 4)
        return false;
    for (size_t i = 0; i < big_endian.n; i++)
        n = n << 8 | big_endian.p[i];
    return n == wanted;
}

static uint32_t curve_of(int64_t alg)
{
    switch (alg) {
    case COSE_ES256: return TPM_ECC_P256;
    case COSE_ES384: return TPM_ECC_P384;
    case COSE_ES512: return TPM_ECC_P521;
    default: return 0;
    }
}

/* pubArea and the credential public key are the same key. */
static bool is_key(const struct public_area *p, const struct cose_key *key)
{
    if (p->type == TPM_ALG_RSA)
        return key->n.n > 0 && ct_equal(p->n, key->n) && is_number(key->e, p->e);
    return p->curve != 0 && p->curve == curve_of(key->alg) && ct_equal(p->x, key->x) && ct_equal(p->y, key->y);
}

/* ---- certInfo: TPMS_ATTEST (10.12.8) ---- */

static enum rc read_cert_info(struct bytes in, struct bytes *extra, struct bytes *name)
{
    struct tpm r = { .left = in };

    if (take_number(&r, 4) != TPM_GENERATED || take_number(&r, 2) != TPM_ST_ATTEST_CERTIFY)
        return RC_NONE;
    (void)take_sized(&r); /* who signed */
    *extra = take_sized(&r);
    (void)take(&r, CLOCK_AND_FIRMWARE_BYTES);
    *name = take_sized(&r);
    (void)take_sized(&r); /* qualified name */
    return is_over(&r) ? RC_OK : RC_NONE;
}

/* Part 1, 16: the name of a key is the hash of its public area, after the id of the hash. */
static bool is_name_of(struct arena *a, struct bytes name, const struct public_area *p, struct bytes area)
{
    struct bytes hash;

    if (name.n < 2 || (uint32_t)(name.p[0] << 8 | name.p[1]) != p->name_alg)
        return false;
    return hash_by(a, p->name_alg, area, &hash) == RC_OK && ct_equal((struct bytes){ name.p + 2, name.n - 2 }, hash);
}

static enum rc check_cert_info(const struct attested *t, struct bytes cert_info, int64_t alg,
                               const struct public_area *p, struct bytes area)
{
    struct bytes extra, name, hash;

    TRY(read_cert_info(cert_info, &extra, &name));
    TRY(hash_by(t->a, hash_of_alg(alg), t->to_be_signed, &hash));
    return ct_equal(extra, hash) && is_name_of(t->a, name, p, area) ? RC_OK : RC_NONE;
}

/* ---- the statement ---- */

enum rc attestation_tpm(const struct attested *t)
{
    const struct ctap_item *info = ctap_get(t->at->statement, "certInfo", CTAP_BYTES);
    const struct ctap_item *area = ctap_get(t->at->statement, "pubArea", CTAP_BYTES);
    struct public_area p;
    struct x509_cert cert;
    struct bytes signature;
    int64_t alg;

    if (!ctap_is_text(ctap_get(t->at->statement, "ver", CTAP_TEXT), "2.0") || info == NULL || area == NULL)
        return RC_NONE;
    TRY(attested_alg(t, &alg));
    TRY(attested_signature(t, &signature));
    TRY(attested_cert(t, &cert));
    TRY(read_public(area->data, &p));
    if (!is_key(&p, t->key))
        return RC_NONE;
    TRY(check_cert_info(t, info->data, alg, &p, area->data));
    TRY(cose_verify_by(cert.key, alg, info->data, signature));
    if (!x509_is_tpm(t->a, &cert))
        return RC_NONE;
    return attested_aaguid(t, &cert);
}
