/*
 * What authenticators and browsers send of passkeys (crypto/ctap.c, cose.c, x509.c, der.c,
 * authn/authenticator_data.c, client_data.c, attestation.c, webauthn.c).  The first byte says
 * what the rest is:
 *   0  CBOR             1  COSE_Key     2  authenticator data  3  clientDataJSON
 *   4  an attestation object            5  a certificate
 *   6  a registration, as JSON          7  a sign-in, as JSON
 * Our challenge is known to the fuzzer, the private key of the passkey is not.
 */
#include "config.h"

#include "fuzz.h"

#include "authn/attestation.h"
#include "authn/client_data.h"
#include "authn/webauthn.h"
#include "crypto/der.h"
#include "crypto/x509.h"
#include "util/json.h"
#include "util/sbuf.h"

/* RFC 7515 A.3 */
#define KNOWN_KEY                                                                                  \
    "\xa5\x01\x02\x03\x26\x20\x01\x21\x58\x20"                                                     \
    "\x7f\xcd\xce\x27\x70\xf6\xc4\x5d\x41\x83\xcb\xee\x6f\xdb\x4b\x7b\x58\x07\x33\x35\x7b\xe9\xef\x13\xba\xcf\x6e\x3c\x7b\xd1\x54\x45" \
    "\x22\x58\x20"                                                                                 \
    "\xc7\xf1\x44\xcd\x1b\xbd\x9b\x7e\x87\x2c\xdf\xed\xb9\xee\xb9\xf4\xb3\x69\x5d\x6e\xa9\x0b\x24\xad\x8a\x46\x23\x28\x85\x88\xe5\xad"

static bool is_within(struct bytes part, struct bytes whole)
{
    return part.n == 0 || (part.p >= whole.p && part.p + part.n <= whole.p + whole.n);
}

/* ---- CBOR: what was taken is the one way to write it ---- */

static void write_head(struct sbuf *b, int major, uint64_t n)
{
    int more = n < 24 ? 0 : n <= 0xff ? 1 : n <= 0xffff ? 2 : n <= 0xffffffff ? 4 : 8;

    sbuf_addc(b, (char)(major << 5 | (more == 0 ? (int)n : more == 1 ? 24 : more == 2 ? 25 : more == 4 ? 26 : 27)));
    for (int i = more - 1; i >= 0; i--)
        sbuf_addc(b, (char)(n >> (8 * i)));
}

static void write_item(struct sbuf *b, const struct ctap_item *item, int depth)
{
    MUST(depth <= CTAP_DEPTH_MAX);
    switch (item->type) {
    case CTAP_INT:
        write_head(b, item->n < 0 ? 1 : 0, item->n < 0 ? (uint64_t)(-1 - item->n) : (uint64_t)item->n);
        break;
    case CTAP_BYTES:
    case CTAP_TEXT:
        MUST(item->type == CTAP_BYTES || text_is_utf8((const char *)item->data.p, item->data.n));
        write_head(b, item->type == CTAP_BYTES ? 2 : 3, item->data.n);
        sbuf_addn(b, item->data.p, item->data.n);
        break;
    case CTAP_ARRAY:
    case CTAP_MAP:
        write_head(b, item->type == CTAP_ARRAY ? 4 : 5, item->type == CTAP_ARRAY ? item->items_n : item->items_n / 2);
        for (size_t i = 0; i < item->items_n; i++)
            write_item(b, &item->items[i], depth + 1);
        break;
    case CTAP_BOOL:
        sbuf_addc(b, (char)(item->n != 0 ? 0xf5 : 0xf4));
        break;
    case CTAP_OTHER:
        sbuf_addn(b, item->raw.p, item->raw.n);
        break;
    }
}

static void cbor(struct bytes in)
{
    struct ctap_item item;
    struct bytes rest;
    struct sbuf b;

    if (ctap_read(A, in, &item, &rest) != RC_OK)
        return;
    MUST(item.raw.p == in.p && item.raw.n + rest.n == in.n && is_within(rest, in));
    sbuf_init(&b, A, in.n);
    write_item(&b, &item, 0);
    MUST(same_bytes(sbuf_bytes(&b), item.raw));
    (void)ctap_get(&item, "fmt", CTAP_TEXT);
    (void)ctap_get_int(&item, 3, CTAP_INT);
}

/* ---- the parts ---- */

static bool is_offered(int64_t alg)
{
    for (size_t i = 0; i < cose_algs_n; i++)
        if (cose_algs[i] == alg)
            return true;
    return false;
}

static void cose(struct bytes in)
{
    struct cose_key k;
    uint8_t nothing[256] = { 0 };

    if (cose_key_read(A, in, &k) != RC_OK)
        return;
    MUST(is_offered(k.alg) && k.key != NULL);
    MUST(cose_verify(&k, bytes_of("data"), BYTES(nothing)) != RC_OK);
    MUST(cose_verify(&k, bytes_of("data"), (struct bytes){ nothing, 64 }) != RC_OK);
    MUST(cose_verify(&k, bytes_of("data"), in) != RC_OK);
}

static void authenticator(struct bytes in)
{
    struct authenticator_data d;

    if (authenticator_data_read(A, in, &d) != RC_OK)
        return;
    MUST(d.rp_id_hash.n == 32 && is_within(d.rp_id_hash, in));
    if (!d.has_credential)
        return;
    MUST(d.aaguid.n == AAGUID_BYTES && is_within(d.aaguid, in));
    MUST(is_within(d.credential_id, in) && is_within(d.public_key, in));
    cose(d.public_key);
}

static void browser(struct bytes in)
{
    struct client_data d;

    if (client_data_read(A, in, &d) == RC_OK)
        MUST(d.type != NULL && d.origin != NULL && text_is_utf8(d.origin, strlen(d.origin)));
}

static void attestation(struct bytes in)
{
    static const uint8_t hash[32] = "a hash";
    struct attestation at;
    struct cose_key key;

    if (attestation_read(A, in, &at) != RC_OK)
        return;
    MUST(at.format->type == CTAP_TEXT && at.statement->type == CTAP_MAP && is_within(at.raw_data, in));
    if (!at.data.has_credential || cose_key_read(A, at.data.public_key, &key) != RC_OK)
        return;
    enum rc rc = attestation_check(A, &at, BYTES(hash), &key);
    if (ctap_is_text(at.format, "none"))
        MUST((rc == RC_OK) == (at.statement->items_n == 0));
}

static void elements(struct bytes left)
{
    struct bytes whole = left;
    struct der element;

    while (der_take(&left, &element) == RC_OK)
        MUST(is_within(element.value, whole) && is_within(left, whole));
}

static void certificate(struct bytes in)
{
    static const char *const oids[] = { "1.3.6.1.4.1.45724.1.1.4", "1.3.6.1.4.1.11129.2.1.17", "1.2.840.113635.100.8.2" };
    struct x509_extension extension;
    struct x509_cert c;

    elements(in);
    if (x509_read(A, in, &c) != RC_OK)
        return;
    (void)x509_is_attestation(A, &c);
    (void)x509_is_tpm(A, &c);
    (void)x509_is_p256(&c);
    for (size_t i = 0; i < ARRAY_LEN(oids); i++)
        if (x509_extension(A, &c, oids[i], &extension) == RC_OK)
            elements(extension.value);
}

/* ---- the whole ---- */

static const struct webauthn_expected *expected(void)
{
    static struct webauthn_expected e;

    e = (struct webauthn_expected){ .challenge = bytes_of("a challenge of thirty-two bytes!"), .origin = "https://id.example",
                                    .rp_id = "id.example" };
    return &e;
}

static void made(const struct json *body)
{
    struct webauthn_credential c;
    struct webauthn_made m;
    struct cose_key key;
    const char *why = NULL;

    if (webauthn_made_read(A, body, &m) != RC_OK)
        return;
    if (webauthn_register(A, expected(), &m, &c, &why) != RC_OK) {
        MUST(why != NULL);
        return;
    }
    MUST(c.id.n >= 1 && c.id.n <= CREDENTIAL_ID_MAX && same_bytes(c.id, m.id));
    MUST(cose_key_read(A, c.public_key, &key) == RC_OK && key.alg == c.alg);
}

static struct bytes known_key(void)
{
    return (struct bytes){ (const uint8_t *)KNOWN_KEY, sizeof(KNOWN_KEY) - 1 };
}

static void shown(const struct json *body)
{
    struct webauthn_known known = { .public_key = known_key() };
    struct webauthn_shown s;
    struct webauthn_seen seen;
    const char *why = NULL;

    if (webauthn_shown_read(A, body, &s) == RC_OK)
        MUST(webauthn_authenticate(A, expected(), &known, &s, &seen, &why) != RC_OK && why != NULL);
}

static void as_json(struct bytes in, void (*then)(const struct json *))
{
    struct json *body;

    if (json_parse(A, (const char *)in.p, in.n, &body) == RC_OK)
        then(body);
}

/* That the passkey could sign in. */
static void prepare(void)
{
    static bool is_done;
    struct cose_key key;

    if (!is_done)
        MUST(cose_key_read(A, known_key(), &key) == RC_OK);
    is_done = true;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static void (*const parts[])(struct bytes) = { cbor, cose, authenticator, browser, attestation, certificate };
    struct input in = { data, size };

    begin();
    prepare();
    size_t part = (size_t)take_byte(&in) % 8;
    if (part < ARRAY_LEN(parts))
        parts[part](take_rest(&in));
    else
        as_json(take_rest(&in), part == 6 ? made : shown);
    return end();
}
