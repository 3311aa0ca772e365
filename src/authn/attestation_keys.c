/*
 * Statements signed by the credential's own key or by that of a maker's certificate:
 * packed, fido-u2f, apple; declared in attestation_format.h.
 */
#include "config.h"

#include <string.h>

#include "authn/attestation_format.h"
#include "crypto/hash.h"
#include "crypto/pubkey.h"
#include "util/sbuf.h"

#define APPLE_OID "1.2.840.113635.100.8.2"

/* ---- packed (8.2) ---- */

static enum rc packed_self(const struct attested *t, int64_t alg, struct bytes signature)
{
    return alg == t->key->alg ? cose_verify(t->key, t->to_be_signed, signature) : RC_NONE;
}

static enum rc packed_x5c(const struct attested *t, int64_t alg, struct bytes signature)
{
    struct x509_cert cert;

    TRY(attested_cert(t, &cert));
    TRY(cose_verify_by(cert.key, alg, t->to_be_signed, signature));
    if (!x509_is_attestation(t->a, &cert))
        return RC_NONE;
    return attested_aaguid(t, &cert);
}

enum rc attestation_packed(const struct attested *t)
{
    struct bytes signature;
    int64_t alg;

    TRY(attested_alg(t, &alg));
    TRY(attested_signature(t, &signature));
    return attested_has(t, "x5c") ? packed_x5c(t, alg, signature) : packed_self(t, alg, signature);
}

/* ---- fido-u2f (8.6) ---- */

/* FIDO U2F Raw Message Formats 4.3: the key as an uncompressed point. */
static struct bytes u2f_message(const struct attested *t)
{
    struct sbuf b;

    sbuf_init(&b, t->a, 512);
    sbuf_addc(&b, 0);
    sbuf_addn(&b, t->at->data.rp_id_hash.p, t->at->data.rp_id_hash.n);
    sbuf_addn(&b, t->client_data_hash.p, t->client_data_hash.n);
    sbuf_addn(&b, t->at->data.credential_id.p, t->at->data.credential_id.n);
    sbuf_addc(&b, 4);
    sbuf_addn(&b, t->key->x.p, t->key->x.n);
    sbuf_addn(&b, t->key->y.p, t->key->y.n);
    return sbuf_bytes(&b);
}

enum rc attestation_u2f(const struct attested *t)
{
    struct x509_cert cert;
    struct bytes signature;

    TRY(attested_signature(t, &signature));
    TRY(attested_cert(t, &cert));
    if (attested_certs_n(t) != 1 || !x509_is_p256(&cert) || t->key->alg != COSE_ES256)
        return RC_NONE;
    return cose_verify_by(cert.key, COSE_ES256, u2f_message(t), signature);
}

/* ---- apple (8.8) ---- */

/* SEQUENCE { [1] { OCTET STRING of 32 bytes } } */
enum rc attestation_apple(const struct attested *t)
{
    static const uint8_t head[] = { 0x30, 0x24, 0xa1, 0x22, 0x04, SHA256_BYTES };
    uint8_t nonce[SHA256_BYTES];
    struct x509_extension e;
    struct x509_cert cert;

    TRY(attested_cert(t, &cert));
    TRY(x509_extension(t->a, &cert, APPLE_OID, &e));
    sha256(t->to_be_signed, nonce);
    if (e.value.n != sizeof(head) + sizeof(nonce) || memcmp(e.value.p, head, sizeof(head)) != 0 ||
        memcmp(e.value.p + sizeof(head), nonce, sizeof(nonce)) != 0)
        return RC_NONE;
    return pubkey_same(cert.key, t->key->key) ? RC_OK : RC_NONE;
}
