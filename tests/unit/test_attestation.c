/* WR-20: attestation statements by the rules of their formats, and every one of the rules broken. */
#include "config.h"

#include "webauthn_test.h"

#include "authn/attestation.h"

#define HASH bytes_of("a client data hash of 32 bytes!!")
#define AAGUID "AAGUID of 16 B.."

static struct bytes DATA; /* authenticator data of the running test, and what is signed */
static struct bytes SIGNED;
static struct soft_key KEY, MAKER; /* the credential's, that of a maker's certificate */

static void begin(int64_t alg, int64_t maker_alg)
{
    KEY = new_key(alg);
    MAKER = new_key(maker_alg);
    DATA = auth_data(RP_ID, UP | AT, 1, attested(bytes_of(CREDENTIAL), KEY.cose));
    SIGNED = joined(DATA, HASH);
}

static enum rc check(const char *format, struct bytes statement)
{
    struct attestation at;
    struct cose_key key;

    assert_int_equal(attestation_read(A, attestation_object(format, statement, DATA), &at), RC_OK);
    assert_int_equal(cose_key_read(A, at.data.public_key, &key), RC_OK);
    return attestation_check(A, &at, HASH, &key);
}

/* ---- certificates ---- */

struct cert_of {
    const struct soft_key *key;
    const char *ou;              /* NULL: "Authenticator Attestation"; "": no subject at all */
    bool is_ca, no_constraints, is_v1;
    const char *oid, *purpose;
    struct bytes extension;
    bool is_critical, has_names;
};

static void set_subject(gnutls_x509_crt_t crt, const char *ou)
{
    const char *unit = ou != NULL ? ou : "Authenticator Attestation";

    if (*unit == '\0')
        return;
    gnutls_x509_crt_set_dn_by_oid(crt, GNUTLS_OID_X520_COUNTRY_NAME, 0, "DE", 2);
    gnutls_x509_crt_set_dn_by_oid(crt, GNUTLS_OID_X520_ORGANIZATION_NAME, 0, "Maker", 5);
    gnutls_x509_crt_set_dn_by_oid(crt, GNUTLS_OID_X520_ORGANIZATIONAL_UNIT_NAME, 0, unit, (unsigned)strlen(unit));
    gnutls_x509_crt_set_dn_by_oid(crt, GNUTLS_OID_X520_COMMON_NAME, 0, "Key", 3);
}

static struct bytes certificate(const struct cert_of *c)
{
    static const unsigned char serial[] = { 1 };
    /* directoryName with a TPM manufacturer: all that is asked is that there is one */
    static const unsigned char names[] = { 0x30, 0x0d, 0x82, 0x0b, 't', 'p', 'm', '.', 'e', 'x', 'a', 'm', 'p', 'l', 'e' };
    gnutls_x509_crt_t crt;
    gnutls_digest_algorithm_t dig = c->key->alg == COSE_EDDSA ? GNUTLS_DIG_SHA512 : GNUTLS_DIG_SHA256;
    gnutls_pubkey_t pub;
    gnutls_datum_t der;

    assert_int_equal(gnutls_x509_crt_init(&crt), 0);
    assert_int_equal(gnutls_pubkey_init(&pub), 0);
    assert_int_equal(gnutls_pubkey_import_privkey(pub, c->key->key, 0, 0), 0);
    assert_int_equal(gnutls_x509_crt_set_pubkey(crt, pub), 0);
    gnutls_x509_crt_set_version(crt, c->is_v1 ? 1 : 3);
    gnutls_x509_crt_set_serial(crt, serial, sizeof(serial));
    gnutls_x509_crt_set_activation_time(crt, 1500000000);
    gnutls_x509_crt_set_expiration_time(crt, 2000000000);
    set_subject(crt, c->ou);
    if (!c->no_constraints && !c->is_v1)
        gnutls_x509_crt_set_basic_constraints(crt, c->is_ca, -1);
    if (c->oid != NULL)
        assert_int_equal(gnutls_x509_crt_set_extension_by_oid(crt, c->oid, c->extension.p, c->extension.n, c->is_critical), 0);
    if (c->purpose != NULL)
        assert_int_equal(gnutls_x509_crt_set_key_purpose_oid(crt, c->purpose, 0), 0);
    if (c->has_names)
        assert_int_equal(gnutls_x509_crt_set_extension_by_oid(crt, "2.5.29.17", names, sizeof(names), 1), 0);
    assert_int_equal(gnutls_x509_crt_privkey_sign(crt, crt, c->key->key, dig, 0), 0);
    assert_int_equal(gnutls_x509_crt_export2(crt, GNUTLS_X509_FMT_DER, &der), 0);
    gnutls_pubkey_deinit(pub);
    gnutls_x509_crt_deinit(crt);
    return kept(&der, 0);
}

/* ---- statements ---- */

/* {alg, sig, x5c}: NULL or 0 leaves out. */
static struct bytes statement(int64_t alg, struct bytes sig, struct bytes cert)
{
    struct sbuf b;

    sbuf_init(&b, A, 1024);
    put_head(&b, MAP, (alg != 0) + (sig.n != 0) + (cert.n != 0));
    if (alg != 0) {
        put_text(&b, "alg");
        put_int(&b, alg);
    }
    if (sig.n != 0) {
        put_text(&b, "sig");
        put_octets(&b, sig);
    }
    if (cert.n != 0) {
        put_text(&b, "x5c");
        put_head(&b, ARRAY, 1);
        put_octets(&b, cert);
    }
    return sbuf_bytes(&b);
}

static void wr20_packed_self(void **state)
{
    struct soft_key other;

    (void)state;
    for (size_t i = 0; i < cose_algs_n; i++) {
        begin(cose_algs[i], COSE_ES256);
        assert_int_equal(check("packed", statement(KEY.alg, sign(&KEY, SIGNED), NOTHING)), RC_OK);
    }
    begin(COSE_ES256, COSE_ES256);
    other = new_key(COSE_ES256);
    assert_int_equal(check("packed", statement(COSE_ES256, sign(&other, SIGNED), NOTHING)), RC_NONE);
    assert_int_equal(check("packed", statement(COSE_ES256, sign(&KEY, DATA), NOTHING)), RC_NONE);
    assert_int_equal(check("packed", statement(COSE_ES384, sign_by(&KEY, COSE_ES256, SIGNED), NOTHING)), RC_NONE);
    assert_int_equal(check("packed", statement(0, sign(&KEY, SIGNED), NOTHING)), RC_NONE);
    assert_int_equal(check("packed", statement(COSE_ES256, NOTHING, NOTHING)), RC_NONE);
    assert_int_equal(check("packed", EMPTY_MAP), RC_NONE);
    assert_int_equal(check("none", statement(COSE_ES256, sign(&KEY, SIGNED), NOTHING)), RC_NONE);
}

static const unsigned char right_aaguid[] = "\x04\x10" AAGUID, wrong_aaguid[] = "\x04\x10" "another of 16 B.";
#define EXT(array) ((struct bytes){ (array), sizeof(array) - 1 })
#define FIDO_AAGUID "1.3.6.1.4.1.45724.1.1.4"

static void wr20_packed_x5c(void **state)
{
    const struct { struct cert_of c; enum rc rc; } cases[] = {
        { { .key = &MAKER }, RC_OK },
        { { .key = &MAKER, .oid = FIDO_AAGUID, .extension = EXT(right_aaguid) }, RC_OK },
        { { .key = &MAKER, .oid = FIDO_AAGUID, .extension = EXT(wrong_aaguid) }, RC_NONE },
        { { .key = &MAKER, .oid = FIDO_AAGUID, .extension = EXT(right_aaguid), .is_critical = true }, RC_NONE },
        { { .key = &MAKER, .oid = FIDO_AAGUID, .extension = { right_aaguid, 17 } }, RC_NONE },
        { { .key = &MAKER, .ou = "Something else" }, RC_NONE },
        { { .key = &MAKER, .ou = "" }, RC_NONE },
        { { .key = &MAKER, .is_ca = true }, RC_NONE },
        { { .key = &MAKER, .no_constraints = true }, RC_NONE },
        { { .key = &MAKER, .is_v1 = true }, RC_NONE },
        { { .key = &KEY }, RC_NONE }, /* of another key */
    };
    static const int64_t makers[] = { COSE_ES256, COSE_ES384, COSE_RS256, COSE_PS256, COSE_EDDSA };
    struct bytes cert;

    (void)state;
    begin(COSE_ES256, COSE_ES256);
    for (size_t i = 0; i < ARRAY_LEN(cases); i++)
        if (check("packed", statement(COSE_ES256, sign(&MAKER, SIGNED), certificate(&cases[i].c))) != cases[i].rc)
            fail_msg("%zu", i);
    cert = certificate(&cases[0].c);
    assert_int_equal(check("packed", statement(COSE_ES256, sign(&MAKER, DATA), cert)), RC_NONE);
    assert_int_equal(check("packed", statement(COSE_RS256, sign(&MAKER, SIGNED), cert)), RC_NONE);
    assert_int_equal(check("packed", statement(-65535, sign(&MAKER, SIGNED), cert)), RC_NONE); /* RS1 */
    assert_int_equal(check("packed", statement(COSE_ES256, sign(&MAKER, SIGNED), tampered(cert, 0))), RC_NONE);
    assert_int_equal(check("packed", statement(COSE_ES256, sign(&MAKER, SIGNED), bytes_of("x"))), RC_NONE);
    for (size_t i = 0; i < ARRAY_LEN(makers); i++) {
        begin(COSE_EDDSA, makers[i]);
        assert_int_equal(check("packed", statement(makers[i], sign(&MAKER, SIGNED), certificate(&cases[0].c))), RC_OK);
    }
}

/* x5c that is no array of certificates, or an empty one: not taken for "self". */
static void wr20_packed_x5c_malformed(void **state)
{
    static const char *const bad[] = { "\x80", "\x81\x01", "\x81\x80", "\x41x", "\x61x", "\x81\x40", "\xf6" };

    (void)state;
    begin(COSE_ES256, COSE_ES256);
    for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
        struct bytes self = statement(COSE_ES256, sign(&KEY, SIGNED), NOTHING);
        struct sbuf b;

        sbuf_init(&b, A, 1024);
        put_head(&b, MAP, 3);
        sbuf_addn(&b, self.p + 1, self.n - 1);
        put_text(&b, "x5c");
        sbuf_add(&b, bad[i]);
        assert_int_equal(check("packed", sbuf_bytes(&b)), RC_NONE);
    }
}

/* ---- fido-u2f ---- */

static struct bytes u2f_signed(struct bytes client_data_hash)
{
    struct sbuf b;

    sbuf_init(&b, A, 512);
    sbuf_addc(&b, 0);
    sbuf_addn(&b, DATA.p, 32);
    sbuf_addn(&b, client_data_hash.p, 32);
    sbuf_add(&b, CREDENTIAL);
    sbuf_addc(&b, 4);
    sbuf_addn(&b, KEY.x.p, KEY.x.n);
    sbuf_addn(&b, KEY.y.p, KEY.y.n);
    return sbuf_bytes(&b);
}

static void wr20_fido_u2f(void **state)
{
    struct cert_of c = { .key = &MAKER, .ou = "anything" };
    struct bytes cert, good, two;
    struct sbuf b;

    (void)state;
    begin(COSE_ES256, COSE_ES256);
    cert = certificate(&c);
    good = sign(&MAKER, u2f_signed(HASH));
    assert_int_equal(check("fido-u2f", statement(0, good, cert)), RC_OK);
    assert_int_equal(check("fido-u2f", statement(0, sign(&MAKER, SIGNED), cert)), RC_NONE);
    assert_int_equal(check("fido-u2f", statement(0, sign(&KEY, u2f_signed(HASH)), cert)), RC_NONE);
    assert_int_equal(check("fido-u2f", statement(0, good, NOTHING)), RC_NONE);
    assert_int_equal(check("fido-u2f", statement(0, NOTHING, cert)), RC_NONE);
    sbuf_init(&b, A, 1024); /* two certificates */
    put_head(&b, MAP, 2);
    put_text(&b, "sig");
    put_octets(&b, good);
    put_text(&b, "x5c");
    put_head(&b, ARRAY, 2);
    put_octets(&b, cert);
    put_octets(&b, cert);
    two = sbuf_bytes(&b);
    assert_int_equal(check("fido-u2f", two), RC_NONE);
    /* not on P-256: the maker's key, the credential's */
    begin(COSE_ES256, COSE_ES384);
    assert_int_equal(check("fido-u2f", statement(0, sign_by(&MAKER, COSE_ES256, u2f_signed(HASH)), certificate(&c))), RC_NONE);
    begin(COSE_ES384, COSE_ES256);
    assert_int_equal(check("fido-u2f", statement(0, sign(&MAKER, u2f_signed(HASH)), certificate(&c))), RC_NONE);
}

/* ---- apple ---- */

static struct bytes apple_nonce(struct bytes nonce)
{
    return joined((struct bytes){ (const uint8_t *)"\x30\x24\xa1\x22\x04\x20", 6 }, nonce);
}

static void wr20_apple(void **state)
{
    struct cert_of c = { .key = &KEY, .oid = "1.2.840.113635.100.8.2" };

    (void)state;
    begin(COSE_ES256, COSE_ES256);
    c.extension = apple_nonce(hash_of(SIGNED));
    assert_int_equal(check("apple", statement(0, NOTHING, certificate(&c))), RC_OK);
    c.extension = apple_nonce(hash_of(DATA));
    assert_int_equal(check("apple", statement(0, NOTHING, certificate(&c))), RC_NONE);
    c.extension = hash_of(SIGNED);
    assert_int_equal(check("apple", statement(0, NOTHING, certificate(&c))), RC_NONE);
    c.extension = apple_nonce(hash_of(SIGNED));
    c.key = &MAKER;
    assert_int_equal(check("apple", statement(0, NOTHING, certificate(&c))), RC_NONE);
    c.key = &KEY;
    c.oid = NULL;
    assert_int_equal(check("apple", statement(0, NOTHING, certificate(&c))), RC_NONE);
    assert_int_equal(check("apple", EMPTY_MAP), RC_NONE);
}

/* ---- android-key ---- */

static void put_der(struct sbuf *b, const char *tag, size_t tag_n, struct bytes value)
{
    sbuf_addn(b, tag, tag_n);
    assert_true(value.n < 128);
    sbuf_addc(b, (char)value.n);
    sbuf_addn(b, value.p, value.n);
}

/* hex lists of what the software and the TEE enforce */
static struct bytes description(struct bytes challenge, const char *software, const char *tee)
{
    struct sbuf inner, outer;
    struct bytes s, t;

    assert_int_equal(hex_decode(A, software, &s), RC_OK);
    assert_int_equal(hex_decode(A, tee, &t), RC_OK);
    sbuf_init(&inner, A, 256);
    sbuf_addn(&inner, "\x02\x01\x03\x0a\x01\x01\x02\x01\x04\x0a\x01\x01", 12);
    put_der(&inner, "\x04", 1, challenge);
    put_der(&inner, "\x04", 1, NOTHING);
    put_der(&inner, "\x30", 1, s);
    put_der(&inner, "\x30", 1, t);
    sbuf_init(&outer, A, 256);
    put_der(&outer, "\x30", 1, sbuf_bytes(&inner));
    return sbuf_bytes(&outer);
}

#define SIGNS "a105" "3103" "020102"          /* purpose [1]: SET { SIGN } */
#define GENERATED "bf853e03" "020100"         /* origin [702] */
#define FOR_ALL "bf845802" "0500"             /* allApplications [600] */

static void wr20_android_key(void **state)
{
    static const struct { const char *software, *tee; enum rc rc; } cases[] = {
        { "", SIGNS GENERATED, RC_OK },
        { SIGNS, GENERATED, RC_OK },
        { SIGNS GENERATED, "", RC_OK },
        { "", SIGNS GENERATED "bf837702" "0500", RC_OK },
        { "", SIGNS GENERATED FOR_ALL, RC_NONE },
        { FOR_ALL, SIGNS GENERATED, RC_NONE },
        { "", SIGNS, RC_NONE },
        { "", GENERATED, RC_NONE },
        { "", SIGNS "bf853e03" "020102", RC_NONE },                 /* imported */
        { "", "a108" "3106" "020102" "020103" GENERATED, RC_NONE }, /* signs and verifies */
        { "", "a105" "3103" "020103" GENERATED, RC_NONE },
        { "", SIGNS GENERATED "bf", RC_NONE },
    };
    struct cert_of c = { .key = &KEY, .oid = "1.3.6.1.4.1.11129.2.1.17" };
    struct bytes sig;

    (void)state;
    begin(COSE_ES256, COSE_ES256);
    sig = sign(&KEY, SIGNED);
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        c.extension = description(HASH, cases[i].software, cases[i].tee);
        if (check("android-key", statement(COSE_ES256, sig, certificate(&c))) != cases[i].rc)
            fail_msg("%zu", i);
    }
    c.extension = description(HASH, "", SIGNS GENERATED);
    assert_int_equal(check("android-key", statement(COSE_ES256, sign(&KEY, DATA), certificate(&c))), RC_NONE);
    assert_int_equal(check("android-key", statement(COSE_ES256, sig, NOTHING)), RC_NONE);
    c.key = &MAKER;
    assert_int_equal(check("android-key", statement(COSE_ES256, sign(&MAKER, SIGNED), certificate(&c))), RC_NONE);
    c.key = &KEY;
    c.extension = description(bytes_of("another challenge"), "", SIGNS GENERATED);
    assert_int_equal(check("android-key", statement(COSE_ES256, sig, certificate(&c))), RC_NONE);
    for (size_t n = 1; n < description(HASH, "", SIGNS GENERATED).n; n++) {
        c.extension = description(HASH, "", SIGNS GENERATED);
        c.extension.n = n;
        assert_int_equal(check("android-key", statement(COSE_ES256, sig, certificate(&c))), RC_NONE);
    }
    c.oid = NULL;
    assert_int_equal(check("android-key", statement(COSE_ES256, sig, certificate(&c))), RC_NONE);
}

/* ---- tpm ---- */

static void put_number(struct sbuf *b, uint32_t n, int bytes_n)
{
    for (int i = bytes_n - 1; i >= 0; i--)
        sbuf_addc(b, (char)(n >> (8 * i)));
}

static void put_sized(struct sbuf *b, struct bytes data)
{
    put_number(b, (uint32_t)data.n, 2);
    sbuf_addn(b, data.p, data.n);
}

struct tpm_of {
    const char *ver;
    uint32_t symmetric, curve, e, magic, type;
    struct bytes extra, name;  /* n 0: right */
    const struct soft_key *area_key;
    struct cert_of cert;
    bool cut_area, cut_info;
};

static struct bytes area_of(const struct tpm_of *o)
{
    const struct soft_key *k = o->area_key != NULL ? o->area_key : &KEY;
    struct sbuf b;

    sbuf_init(&b, A, 512);
    put_number(&b, is_rsa(k->alg) ? 1 : 0x23, 2);
    put_number(&b, 0x0b, 2);
    put_number(&b, 0x00060472, 4);
    put_sized(&b, bytes_of("a policy"));
    put_number(&b, o->symmetric != 0 ? o->symmetric : 0x10, 2);
    if (is_rsa(k->alg)) {
        put_number(&b, 0x14, 2); /* RSASSA, SHA-256 */
        put_number(&b, 0x0b, 2);
        put_number(&b, 2048, 2);
        put_number(&b, o->e, 4);
        put_sized(&b, k->n);
    } else {
        put_number(&b, 0x10, 2);
        put_number(&b, o->curve != 0 ? o->curve : 3, 2);
        put_number(&b, 0x10, 2);
        put_sized(&b, k->x);
        put_sized(&b, k->y);
    }
    b.n -= o->cut_area;
    return sbuf_bytes(&b);
}

static struct bytes info_of(const struct tpm_of *o, struct bytes area)
{
    struct bytes name = joined((struct bytes){ (const uint8_t *)"\x00\x0b", 2 }, hash_of(area));
    struct sbuf b;

    sbuf_init(&b, A, 512);
    put_number(&b, o->magic != 0 ? o->magic : 0xff544347, 4);
    put_number(&b, o->type != 0 ? o->type : 0x8017, 2);
    put_sized(&b, bytes_of("a signer"));
    put_sized(&b, o->extra.n > 0 ? o->extra : hash_of(SIGNED));
    sbuf_add(&b, "clock and firmware: 25 by");
    put_sized(&b, o->name.n > 0 ? o->name : name);
    put_sized(&b, bytes_of("a qualified name"));
    b.n -= o->cut_info;
    return sbuf_bytes(&b);
}

static enum rc check_tpm(const struct tpm_of *o, int64_t alg)
{
    struct bytes area = area_of(o), info = info_of(o, area), cert = certificate(&o->cert);
    struct sbuf b;

    sbuf_init(&b, A, 2048);
    put_head(&b, MAP, 6);
    put_text(&b, "alg");
    put_int(&b, alg);
    put_text(&b, "sig");
    put_octets(&b, sign_by(&MAKER, alg, info));
    put_text(&b, "ver");
    put_text(&b, o->ver != NULL ? o->ver : "2.0");
    put_text(&b, "x5c");
    put_head(&b, ARRAY, 1);
    put_octets(&b, cert);
    put_text(&b, "pubArea");
    put_octets(&b, area);
    put_text(&b, "certInfo");
    put_octets(&b, info);
    return check("tpm", sbuf_bytes(&b));
}

#define TCG_AIK "2.23.133.8.3"
#define AIK .key = &MAKER, .ou = "", .has_names = true, .purpose = TCG_AIK

static void wr20_tpm(void **state)
{
    struct soft_key other;
    struct bytes junk = bytes_of("another of whatever it is, longer");

    (void)state;
    begin(COSE_RS256, COSE_RS256);
    other = new_key(COSE_RS256);
    const struct { struct tpm_of o; enum rc rc; } cases[] = {
        { { .cert = { AIK } }, RC_OK },
        { { .cert = { AIK }, .e = 65537 }, RC_OK },
        { { .cert = { AIK, .oid = FIDO_AAGUID, .extension = EXT(right_aaguid) } }, RC_OK },
        { { .cert = { AIK, .oid = FIDO_AAGUID, .extension = EXT(wrong_aaguid) } }, RC_NONE },
        { { .cert = { AIK }, .e = 3 }, RC_NONE },
        { { .cert = { AIK }, .ver = "1.2" }, RC_NONE },
        { { .cert = { AIK }, .symmetric = 6 }, RC_NONE },
        { { .cert = { AIK }, .magic = 0xff544348 }, RC_NONE },
        { { .cert = { AIK }, .type = 0x8018 }, RC_NONE },
        { { .cert = { AIK }, .extra = hash_of(DATA) }, RC_NONE },
        { { .cert = { AIK }, .name = junk }, RC_NONE },
        { { .cert = { AIK }, .area_key = &other }, RC_NONE },
        { { .cert = { AIK }, .cut_area = true }, RC_NONE },
        { { .cert = { AIK }, .cut_info = true }, RC_NONE },
        { { .cert = { AIK, .is_ca = true } }, RC_NONE },
        { { .cert = { .key = &MAKER, .has_names = true, .purpose = TCG_AIK } }, RC_NONE }, /* a subject */
        { { .cert = { .key = &MAKER, .ou = "", .purpose = TCG_AIK } }, RC_NONE },
        { { .cert = { .key = &MAKER, .ou = "", .has_names = true } }, RC_NONE },
        { { .cert = { .key = &MAKER, .ou = "", .has_names = true, .purpose = "2.23.133.8.1" } }, RC_NONE },
        { { .cert = { .key = &KEY, .ou = "", .has_names = true, .purpose = TCG_AIK } }, RC_NONE },
    };
    for (size_t i = 0; i < ARRAY_LEN(cases); i++)
        if (check_tpm(&cases[i].o, COSE_RS256) != cases[i].rc)
            fail_msg("%zu", i);
    begin(COSE_ES256, COSE_ES256);
    const struct { struct tpm_of o; enum rc rc; } on_curves[] = {
        { { .cert = { AIK } }, RC_OK },
        { { .cert = { AIK }, .curve = 4 }, RC_NONE },
        { { .cert = { AIK }, .area_key = &MAKER }, RC_NONE },
        { { .cert = { AIK }, .area_key = &other }, RC_NONE }, /* an RSA key */
    };
    for (size_t i = 0; i < ARRAY_LEN(on_curves); i++)
        if (check_tpm(&on_curves[i].o, COSE_ES256) != on_curves[i].rc)
            fail_msg("curve %zu", i);
    assert_int_equal(check("tpm", EMPTY_MAP), RC_NONE);
    assert_int_equal(check("tpm", statement(COSE_ES256, sign(&MAKER, SIGNED), certificate(&cases[0].o.cert))), RC_NONE);
}

int main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        T(wr20_packed_self), T(wr20_packed_x5c), T(wr20_packed_x5c_malformed), T(wr20_fido_u2f), T(wr20_apple),
        T(wr20_android_key), T(wr20_tpm),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
