#include "config.h"

#include "authn/attestation.h"

#include <string.h>

#include "authn/attestation_format.h"
#include "util/sbuf.h"

#define AAGUID_OID "1.3.6.1.4.1.45724.1.1.4"
#define MEMBERS_N 3

/* ---- reading ---- */

enum rc attestation_read(struct arena *a, struct bytes object, struct attestation *out)
{
    struct ctap_item *map = arena_new(a, struct ctap_item);
    struct attestation at = { NULL };
    const struct ctap_item *data;

    TRY(ctap_parse(a, object, map));
    at.format = ctap_get(map, "fmt", CTAP_TEXT);
    at.statement = ctap_get(map, "attStmt", CTAP_MAP);
    data = ctap_get(map, "authData", CTAP_BYTES);
    if (at.format == NULL || at.statement == NULL || data == NULL || map->items_n != 2 * MEMBERS_N)
        return RC_NONE;
    at.raw_data = data->data;
    TRY(authenticator_data_read(a, at.raw_data, &at.data));
    *out = at;
    return RC_OK;
}

/* ---- what statements have ---- */

enum rc attested_alg(const struct attested *t, int64_t *out)
{
    const struct ctap_item *alg = ctap_get(t->at->statement, "alg", CTAP_INT);

    if (alg == NULL)
        return RC_NONE;
    *out = alg->n;
    return RC_OK;
}

enum rc attested_signature(const struct attested *t, struct bytes *out)
{
    const struct ctap_item *sig = ctap_get(t->at->statement, "sig", CTAP_BYTES);

    if (sig == NULL)
        return RC_NONE;
    *out = sig->data;
    return RC_OK;
}

size_t attested_certs_n(const struct attested *t)
{
    const struct ctap_item *x5c = ctap_get(t->at->statement, "x5c", CTAP_ARRAY);

    return x5c != NULL ? x5c->items_n : 0;
}

enum rc attested_cert(const struct attested *t, struct x509_cert *out)
{
    const struct ctap_item *x5c = ctap_get(t->at->statement, "x5c", CTAP_ARRAY);

    if (x5c == NULL || x5c->items_n == 0 || x5c->items[0].type != CTAP_BYTES)
        return RC_NONE;
    return x509_read(t->a, x5c->items[0].data, out);
}

bool attested_has(const struct attested *t, const char *name)
{
    const struct ctap_item *statement = t->at->statement;

    for (size_t i = 0; i < statement->items_n; i += 2)
        if (ctap_is_text(&statement->items[i], name))
            return true;
    return false;
}

/* 8.2.1: an OCTET STRING of 16 bytes, not critical. */
enum rc attested_aaguid(const struct attested *t, const struct x509_cert *c)
{
    static const uint8_t head[] = { 0x04, AAGUID_BYTES };
    struct x509_extension e;

    if (x509_extension(t->a, c, AAGUID_OID, &e) != RC_OK)
        return RC_OK;
    if (e.is_critical || e.value.n != sizeof(head) + AAGUID_BYTES || memcmp(e.value.p, head, sizeof(head)) != 0)
        return RC_NONE;
    return memcmp(e.value.p + sizeof(head), t->at->data.aaguid.p, AAGUID_BYTES) == 0 ? RC_OK : RC_NONE;
}

/* ---- the formats ---- */

/* 8.7: there is nothing in it. */
static enum rc none(const struct attested *t)
{
    return t->at->statement->items_n == 0 ? RC_OK : RC_NONE;
}

static const struct { const char *name; enum rc (*check)(const struct attested *t); } formats[] = {
    { "none", none },
    { "packed", attestation_packed },
    { "fido-u2f", attestation_u2f },
    { "apple", attestation_apple },
    { "android-key", attestation_android },
    { "tpm", attestation_tpm },
};

static struct bytes joined(struct arena *a, struct bytes x, struct bytes y)
{
    struct sbuf b;

    sbuf_init(&b, a, x.n + y.n);
    sbuf_addn(&b, x.p, x.n);
    sbuf_addn(&b, y.p, y.n);
    return sbuf_bytes(&b);
}

enum rc attestation_check(struct arena *a, const struct attestation *at, struct bytes client_data_hash,
                          const struct cose_key *key)
{
    struct attested t = { a, at, key, client_data_hash, joined(a, at->raw_data, client_data_hash) };

    for (size_t i = 0; i < ARRAY_LEN(formats); i++)
        if (ctap_is_text(at->format, formats[i].name))
            return formats[i].check(&t);
    return RC_NONE;
}
