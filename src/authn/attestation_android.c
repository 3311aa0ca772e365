/* android-key (WebAuthn 8.4); declared in attestation_format.h. */
#include "config.h"

#include "authn/attestation_format.h"
#include "crypto/der.h"
#include "crypto/hash.h"
#include "crypto/pubkey.h"

#define KEY_DESCRIPTION_OID "1.3.6.1.4.1.11129.2.1.17"

/* Keymaster: tags of an authorization list, and what they must say */
enum { TAG_PURPOSE = 1, TAG_ALL_APPLICATIONS = 600, TAG_ORIGIN = 702 };
enum { PURPOSE_SIGN = 2, ORIGIN_GENERATED = 0 };

struct description { struct bytes challenge, lists[2]; }; /* enforced by software, by the TEE */

struct authorizations { bool is_generated, is_for_signing, is_for_all; };

/* SEQUENCE { INTEGER, ENUMERATED, INTEGER, ENUMERATED, challenge, OCTET STRING, list, list } */
static enum rc read_description(struct bytes extension, struct description *out)
{
    static const uint32_t before[] = { DER_INTEGER, DER_ENUMERATED, DER_INTEGER, DER_ENUMERATED };
    struct bytes in, ignored;

    TRY(der_take_of(&extension, DER_SEQUENCE, &in));
    for (size_t i = 0; i < ARRAY_LEN(before); i++)
        TRY(der_take_of(&in, before[i], &ignored));
    TRY(der_take_of(&in, DER_OCTETS, &out->challenge));
    TRY(der_take_of(&in, DER_OCTETS, &ignored));
    TRY(der_take_of(&in, DER_SEQUENCE, &out->lists[0]));
    return der_take_of(&in, DER_SEQUENCE, &out->lists[1]);
}

/* One INTEGER of one byte and nothing else. */
static bool is_number(struct bytes in, uint8_t wanted)
{
    struct bytes n;

    return der_take_of(&in, DER_INTEGER, &n) == RC_OK && in.n == 0 && n.n == 1 && n.p[0] == wanted;
}

static bool is_set_of(struct bytes in, uint8_t wanted)
{
    struct bytes members;

    return der_take_of(&in, DER_SET, &members) == RC_OK && in.n == 0 && is_number(members, wanted);
}

static enum rc read_list(struct bytes list, struct authorizations *out)
{
    struct der d;

    while (list.n > 0) {
        TRY(der_take(&list, &d));
        if (d.tag == DER_CONTEXT(TAG_ALL_APPLICATIONS))
            out->is_for_all = true;
        if (d.tag == DER_CONTEXT(TAG_ORIGIN))
            out->is_generated = is_number(d.value, ORIGIN_GENERATED);
        if (d.tag == DER_CONTEXT(TAG_PURPOSE))
            out->is_for_signing = is_set_of(d.value, PURPOSE_SIGN);
    }
    return RC_OK;
}

/* Keys in software are as good here: the union of both lists. */
static enum rc check_description(const struct attested *t, const struct x509_cert *cert)
{
    struct authorizations found = { false, false, false };
    struct description d;
    struct x509_extension e;

    TRY(x509_extension(t->a, cert, KEY_DESCRIPTION_OID, &e));
    TRY(read_description(e.value, &d));
    if (!ct_equal(d.challenge, t->client_data_hash))
        return RC_NONE;
    TRY(read_list(d.lists[0], &found));
    TRY(read_list(d.lists[1], &found));
    return found.is_generated && found.is_for_signing && !found.is_for_all ? RC_OK : RC_NONE;
}

enum rc attestation_android(const struct attested *t)
{
    struct x509_cert cert;
    struct bytes signature;
    int64_t alg;

    TRY(attested_alg(t, &alg));
    TRY(attested_signature(t, &signature));
    TRY(attested_cert(t, &cert));
    TRY(cose_verify_by(cert.key, alg, t->to_be_signed, signature));
    if (!pubkey_same(cert.key, t->key->key))
        return RC_NONE;
    return check_description(t, &cert);
}
