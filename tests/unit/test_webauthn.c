/* The verification lists of WebAuthn, a case for each step that can fail (WR, WA). */
#include "config.h"

#include "webauthn_test.h"

#include "authn/attestation.h"
#include "authn/authenticator_data.h"
#include "authn/client_data.h"

static struct soft_key KEY; /* of the running test */

static int with_key(void **state)
{
    set_up(state);
    KEY = new_key(COSE_ES256);
    return 0;
}

/* ---- registration ---- */

/* What differs from a good one; what is NULL or 0 does not. */
struct making {
    const char *row, *why;      /* why NULL: good */
    const char *json, *type, *challenge, *origin, *extra;
    const char *object_hex, *format, *statement_hex, *rp_id, *id, *told_id;
    int flags_on, flags_off;
    const char *after_hex, *key_hex;
    bool needs_uv;
};

static struct bytes from_hex(const char *hex)
{
    struct bytes out;

    assert_int_equal(hex_decode(A, hex, &out), RC_OK);
    return out;
}

static const char *or(const char *text, const char *otherwise)
{
    return text != NULL ? text : otherwise;
}

static struct bytes data_of(const struct making *m)
{
    int flags = ((UP | UV | AT) & ~m->flags_off) | m->flags_on;
    struct bytes key = m->key_hex != NULL ? from_hex(m->key_hex) : KEY.cose, after = NOTHING;

    if (flags & AT)
        after = attested(bytes_of(or(m->id, CREDENTIAL)), key);
    if (m->after_hex != NULL)
        after = joined(after, from_hex(m->after_hex));
    return auth_data(or(m->rp_id, RP_ID), flags, 7, after);
}

static struct webauthn_made made_of(const struct making *m)
{
    struct bytes statement = m->statement_hex != NULL ? from_hex(m->statement_hex) : EMPTY_MAP;

    return (struct webauthn_made){
        .id = bytes_of(or(m->told_id, or(m->id, CREDENTIAL))),
        .client_data = m->json != NULL ? bytes_of(m->json)
                                       : client_data(or(m->type, "webauthn.create"), or(m->challenge, CHALLENGE),
                                                     or(m->origin, ORIGIN), or(m->extra, "")),
        .attestation_object = m->object_hex != NULL ? from_hex(m->object_hex)
                                                    : attestation_object(or(m->format, "none"), statement, data_of(m)),
        .transports = "",
    };
}

static enum rc make(const struct making *m, struct webauthn_credential *out, const char **why)
{
    struct webauthn_expected e = expected();
    struct webauthn_made made = made_of(m);

    e.needs_user_verified = m->needs_uv;
    *why = NULL;
    return webauthn_register(A, &e, &made, out, why);
}

static const char long_id[] =
#define TEN "0123456789"
#define HUNDRED TEN TEN TEN TEN TEN TEN TEN TEN TEN TEN
    HUNDRED HUNDRED HUNDRED HUNDRED HUNDRED HUNDRED HUNDRED HUNDRED HUNDRED HUNDRED TEN TEN "0123";

static const struct making makings[] = {
    { "WR-25", NULL },
    { "WR-18", NULL, .flags_on = ED, .after_hex = "a0" },
    { "WR-18", NULL, .flags_on = ED, .after_hex = "a16b6372656450726f7465637402" }, /* credProtect */
    { "WR-13", NULL, .flags_off = UV },
    { "WR-15", NULL, .flags_on = BE },
    { "WR-15", NULL, .flags_on = BE | BS },
    { "WR-08", NULL, .extra = ",\"crossOrigin\":false" },
    { "WR-09", NULL, .extra = ",\"topOrigin\":null" },
    { "WR-04", NULL, .extra = ",\"other_keys_can_be_added_here\":\"x\",\"tokenBinding\":{\"status\":\"supported\"}" },

    { "WR-04", "clientDataJSON", .json = "" },
    { "WR-04", "clientDataJSON", .json = "{" },
    { "WR-04", "clientDataJSON", .json = "[]" },
    { "WR-04", "clientDataJSON", .json = "\xef\xbb\xbf" },
    { "WR-04", "clientDataJSON", .json = "{\"type\":\"webauthn.create\",\"origin\":\"" ORIGIN "\"}" },
    { "WR-04", "clientDataJSON", .json = "{\"type\":\"webauthn.create\",\"challenge\":\"AAAA\"}" },
    { "WR-04", "clientDataJSON", .json = "{\"type\":1,\"challenge\":\"AAAA\",\"origin\":\"" ORIGIN "\"}" },
    { "WR-04", "clientDataJSON", .json = "{\"type\":\"webauthn.create\",\"challenge\":\"A\",\"origin\":\"" ORIGIN "\"}" },
    { "WR-04", "clientDataJSON", .json = "{\"type\":\"webauthn.create\",\"challenge\":\"AA==\",\"origin\":\"" ORIGIN "\"}" },
    { "WR-04", "clientDataJSON", .extra = ",\"type\":\"webauthn.create\"" }, /* twice */
    { "WR-04", "clientDataJSON", .extra = ",\"x\":\"\xff\"" },
    { "WR-04", "clientDataJSON", .extra = "}{" },
    { "WR-08", "clientDataJSON", .extra = ",\"crossOrigin\":\"false\"" },
    { "WR-05", "type", .type = "webauthn.get" },
    { "WR-05", "type", .type = "" },
    { "WR-05", "type", .type = "Webauthn.create" },
    { "WR-06", "challenge", .challenge = "a challenge of thirty-two bytes?" },
    { "WR-06", "challenge", .challenge = "a challenge of thirty-two bytes" },
    { "WR-06", "challenge", .challenge = "" },
    { "WR-07", "origin", .origin = "http://id.example" },
    { "WR-07", "origin", .origin = "https://id.example:8443" },
    { "WR-07", "origin", .origin = "https://id.example/" },
    { "WR-07", "origin", .origin = "https://evil.example" },
    { "WR-07", "origin", .origin = "https://sub.id.example" },
    { "WR-07", "origin", .origin = "https://id.example.evil" },
    { "WR-07", "origin", .origin = "" },
    { "WR-08", "crossOrigin", .extra = ",\"crossOrigin\":true" },
    { "WR-09", "topOrigin", .extra = ",\"topOrigin\":\"https://evil.example\"" },

    { "WR-10", "attestation object", .object_hex = "00" },
    { "WR-10", "attestation object", .object_hex = "a0" },
    { "WR-10", "attestation object", .object_hex = "a163666d74646e6f6e65" },
    { "WR-10", "attestation object", .object_hex = "a363666d74646e6f6e656761747453746d74a068617574684461746140" },
    { "WR-10", "attestation object", .object_hex = "a363666d74646e6f6e656761747453746d74a06861757468446174615bffffffffffffffff" },
    { "WR-10", "attestation object", .object_hex = "bf63666d74646e6f6e656761747453746d74a068617574684461746140ff" },
    { "WR-10", "attestation object", .object_hex = "9a7fffffff" },
    { "WR-11", "rpIdHash", .rp_id = "evil.example" },
    { "WR-11", "rpIdHash", .rp_id = "example" },
    { "WR-12", "user present", .flags_off = UP },
    { "WR-13", "user verified", .flags_off = UV, .needs_uv = true },
    { "WR-14", "backup state", .flags_on = BS },
    { "WR-16", "attested credential data", .flags_off = AT },
    { "WR-16", "attestation object", .flags_on = ED },
    { "WR-16", "attestation object", .flags_on = ED, .after_hex = "01" },
    { "WR-16", "attestation object", .flags_on = ED, .after_hex = "a1" },
    { "WR-16", "attestation object", .flags_on = ED, .after_hex = "a000" },
    { "WR-16", "attestation object", .after_hex = "a0" }, /* left over */
    { "WR-16", "attestation object", .flags_off = AT, .after_hex = "00" },
    { "WR-17", "public key", .key_hex = "a0" },
    { "WR-17", "public key", .key_hex = "a201020326" },
    { "WR-17", "attestation object", .key_hex = "80" },
    { "WR-19", "attestation statement", .format = "unheard-of" },
    { "WR-19", "attestation statement", .format = "" },
    { "WR-19", "attestation statement", .format = "None" },
    { "WR-19", "attestation statement", .format = "android-safetynet" },
    { "WR-20", "attestation statement", .statement_hex = "a163616c6726" },
    { "WR-20", "attestation object", .statement_hex = "80" },
    { "WR-23", "credential id size", .id = "" },
    { "WR-23", "credential id size", .id = long_id },
    { "WR-23", NULL, .id = long_id + 1 },
    { "WR-03", "credential id", .told_id = "another id" },
};

static void registration_steps(void **state)
{
    struct webauthn_credential c;
    const char *why;

    (void)state;
    assert_int_equal(strlen(long_id), 1024);
    for (size_t i = 0; i < ARRAY_LEN(makings); i++) {
        const struct making *m = &makings[i];
        enum rc rc = make(m, &c, &why);

        if (rc != (m->why == NULL ? RC_OK : RC_NONE) || !text_same(why, m->why))
            fail_msg("%zu, %s: %s, not %s", i, m->row, or(why, "good"), or(m->why, "good"));
    }
}

/* WR-04: "UTF-8 decode" takes one byte order mark off. */
static void wr04_byte_order_mark(void **state)
{
    struct webauthn_expected e = expected();
    struct webauthn_made made = made_of(&makings[0]);
    struct webauthn_credential c;
    const char *why;

    (void)state;
    made.client_data = joined(bytes_of("\xef\xbb\xbf"), made.client_data);
    assert_int_equal(webauthn_register(A, &e, &made, &c, &why), RC_OK);
    made.client_data = joined(bytes_of("\xef\xbb\xbf"), made.client_data);
    assert_int_equal(webauthn_register(A, &e, &made, &c, &why), RC_NONE);
}

/* WR-06: no challenge was made: none fits. */
static void wr06_no_challenge(void **state)
{
    static const struct making m = { .challenge = "" };
    struct webauthn_expected e = expected();
    struct webauthn_made made = made_of(&m);
    struct webauthn_credential c;
    const char *why;

    (void)state;
    e.challenge = NOTHING;
    assert_int_equal(webauthn_register(A, &e, &made, &c, &why), RC_NONE);
    assert_string_equal(why, "challenge");
}

/* WR-15, WR-25: what is to be stored. */
static void wr25_record(void **state)
{
    static const struct making synced = { .flags_on = BE | BS, .flags_off = UV };
    struct webauthn_credential c;
    const char *why;

    (void)state;
    assert_int_equal(make(&makings[0], &c, &why), RC_OK);
    assert_true(ct_equal(c.id, bytes_of(CREDENTIAL)));
    assert_true(ct_equal(c.public_key, KEY.cose));
    assert_true(ct_equal(c.aaguid, bytes_of("AAGUID of 16 B..")));
    assert_true(c.alg == COSE_ES256 && c.sign_count == 7 && c.is_user_verified);
    assert_false(c.is_backup_eligible || c.is_backed_up);
    assert_int_equal(make(&synced, &c, &why), RC_OK);
    assert_true(c.is_backup_eligible && c.is_backed_up && !c.is_user_verified);
}

/* WR-10, WA-16: any byte missing, and any bit another: an answer, and never that of the whole
 * with another key in it. */
static void wr10_every_prefix(void **state)
{
    struct webauthn_expected e = expected();
    struct webauthn_made good = made_of(&makings[0]), bad = good;
    struct webauthn_credential c;
    const char *why;

    (void)state;
    for (size_t n = 0; n < good.attestation_object.n; n++) {
        bad.attestation_object.n = n;
        assert_int_equal(webauthn_register(A, &e, &bad, &c, &why), RC_NONE);
    }
    for (size_t i = 0; i < good.attestation_object.n; i++) {
        bad.attestation_object = tampered(good.attestation_object, i);
        (void)(webauthn_register(A, &e, &bad, &c, &why) == RC_OK);
    }
}

/* WR-03: the JSON around it. */
#define ID "Y3JlZA"
#define RESPONSE "\"response\":{\"clientDataJSON\":\"e30\",\"attestationObject\":\"oA\",\"transports\":[\"usb\",\"nfc\"]}"
static enum rc read_made(const char *text, struct webauthn_made *out)
{
    struct json *j;

    assert_int_equal(json_parse(A, text, strlen(text), &j), RC_OK);
    return webauthn_made_read(A, j, out);
}

static void wr03_members(void **state)
{
    static const char *const bad[] = {
        "{}", "[]", "null",
        "{\"rawId\":\"" ID "\",\"type\":\"public-key\"," RESPONSE "}",
        "{\"id\":\"" ID "\",\"type\":\"public-key\"," RESPONSE "}",
        "{\"id\":\"" ID "\",\"rawId\":\"" ID "\"," RESPONSE "}",
        "{\"id\":\"" ID "\",\"rawId\":\"" ID "\",\"type\":\"password\"," RESPONSE "}",
        "{\"id\":\"" ID "\",\"rawId\":\"" ID "\",\"type\":\"public-key\"}",
        "{\"id\":\"" ID "\",\"rawId\":\"AAAA\",\"type\":\"public-key\"," RESPONSE "}",
        "{\"id\":\"" ID "==\",\"rawId\":\"" ID "==\",\"type\":\"public-key\"," RESPONSE "}",
        "{\"id\":\"\",\"rawId\":\"\",\"type\":\"public-key\"," RESPONSE "}",
        "{\"id\":7,\"rawId\":7,\"type\":\"public-key\"," RESPONSE "}",
        "{\"id\":\"" ID "\",\"rawId\":\"" ID "\",\"type\":\"public-key\",\"response\":[]}",
        "{\"id\":\"" ID "\",\"rawId\":\"" ID "\",\"type\":\"public-key\",\"response\":{\"clientDataJSON\":\"e30\"}}",
        "{\"id\":\"" ID "\",\"rawId\":\"" ID "\",\"type\":\"public-key\",\"response\":{\"attestationObject\":\"oA\"}}",
        "{\"id\":\"" ID "\",\"rawId\":\"" ID "\",\"type\":\"public-key\",\"response\":"
        "{\"clientDataJSON\":\"e 0\",\"attestationObject\":\"oA\"}}",
        /* an assertion */
        "{\"id\":\"" ID "\",\"rawId\":\"" ID "\",\"type\":\"public-key\",\"response\":"
        "{\"clientDataJSON\":\"e30\",\"authenticatorData\":\"oA\",\"signature\":\"oA\"}}",
    };
    struct webauthn_made made;

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(bad); i++)
        if (read_made(bad[i], &made) != RC_NONE)
            fail_msg("%s", bad[i]);
    assert_int_equal(read_made("{\"id\":\"" ID "\",\"rawId\":\"" ID "\",\"type\":\"public-key\",\"clientExtensionResults\":"
                               "{\"credProps\":{\"rk\":true}},\"authenticatorAttachment\":\"platform\"," RESPONSE "}", &made), RC_OK);
    assert_true(ct_equal(made.id, bytes_of("cred")));
    assert_string_equal(made.transports, "usb nfc");
}

static void transports(void **state)
{
    static const struct { const char *list, *kept; } cases[] = {
        { "[]", "" }, { "7", "" }, { "{}", "" }, { "[\"internal\",\"hybrid\"]", "internal hybrid" },
        { "[\"smart-card\",\"a b\",\"\",\"UPPER\",null,7,[\"usb\"],\"<x>\",\"ble\"]", "smart-card ble" },
        { "[\"a\",\"b\",\"c\",\"d\",\"e\",\"f\",\"g\",\"h\",\"i\"]", "a b c d e f g h" },
    };
    struct webauthn_made made;

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        assert_int_equal(read_made(arena_printf(A, "{\"id\":\"" ID "\",\"rawId\":\"" ID "\",\"type\":\"public-key\",\"response\":"
                                                   "{\"clientDataJSON\":\"e30\",\"attestationObject\":\"oA\",\"transports\":%s}}",
                                                cases[i].list), &made), RC_OK);
        assert_string_equal(made.transports, cases[i].kept);
    }
}

/* ---- authentication ---- */

struct showing {
    const char *row, *why;
    const char *json, *type, *challenge, *origin, *extra, *rp_id;
    int flags_on, flags_off;
    const char *data_hex, *after_hex, *signature_hex;
    int tamper;              /* 1: client data, 2: authenticator data, 3: signature; after signing */
    bool needs_uv, was_eligible, by_another;
};

static enum rc show(const struct showing *s, struct webauthn_seen *out, const char **why)
{
    struct webauthn_expected e = expected();
    struct webauthn_known known = { KEY.cose, s->was_eligible };
    struct soft_key other = s->by_another ? new_key(COSE_ES256) : KEY;
    struct webauthn_shown shown = {
        .id = bytes_of(CREDENTIAL),
        .client_data = s->json != NULL ? bytes_of(s->json)
                                       : client_data(or(s->type, "webauthn.get"), or(s->challenge, CHALLENGE),
                                                     or(s->origin, ORIGIN), or(s->extra, "")),
        .authenticator_data = s->data_hex != NULL ? from_hex(s->data_hex)
                                                  : auth_data(or(s->rp_id, RP_ID), ((UP | UV) & ~s->flags_off) | s->flags_on, 9,
                                                              s->after_hex != NULL ? from_hex(s->after_hex) : NOTHING),
    };

    e.needs_user_verified = s->needs_uv;
    shown.signature = sign(&other, joined(shown.authenticator_data, hash_of(shown.client_data)));
    if (s->signature_hex != NULL)
        shown.signature = from_hex(s->signature_hex);
    if (s->tamper == 1)
        shown.client_data = joined(shown.client_data, bytes_of(" "));
    if (s->tamper == 2)
        shown.authenticator_data = tampered(shown.authenticator_data, 36);
    if (s->tamper == 3)
        shown.signature = tampered(shown.signature, shown.signature.n - 1);
    *why = NULL;
    return webauthn_authenticate(A, &e, &known, &shown, out, why);
}

static const struct showing showings[] = {
    { "WA-15", NULL },
    { "WA-10", NULL, .flags_off = UV },
    { "WA-10", NULL, .needs_uv = true },
    { "WA-11", NULL, .flags_on = BE, .was_eligible = true },
    { "WA-11", NULL, .flags_on = BE | BS, .was_eligible = true },
    { "WA-12", NULL, .flags_on = ED, .after_hex = "a167756e6b6e6f776ef5" },
    { "WA-06", "type", .type = "webauthn.create" },
    { "WA-06", "type", .type = "payment.get" },
    { "WA-07", "clientDataJSON", .json = "{}" },
    { "WA-07", "challenge", .challenge = "another" },
    { "WA-07", "origin", .origin = "https://evil.example" },
    { "WA-07", "crossOrigin", .extra = ",\"crossOrigin\":true" },
    { "WA-07", "topOrigin", .extra = ",\"topOrigin\":\"" ORIGIN "\"" },
    { "WA-08", "rpIdHash", .rp_id = "evil.example" },
    { "WA-08", "rpIdHash", .rp_id = ORIGIN }, /* an appid: nobody asked for it */
    { "WA-09", "user present", .flags_off = UP },
    { "WA-10", "user verified", .flags_off = UV, .needs_uv = true },
    { "WA-11", "backup eligibility", .flags_on = BE },
    { "WA-11", "backup eligibility", .was_eligible = true },
    { "WA-11", "backup state", .flags_on = BS },
    { "WA-13", "signature", .tamper = 1 },
    { "WA-13", "signature", .tamper = 2 },
    { "WA-13", "signature", .tamper = 3 },
    { "WA-13", "signature", .by_another = true },
    { "WA-13", "signature", .signature_hex = "3006020100020100" },
    { "WA-13", "signature", .signature_hex = "" },
    { "WA-16", "authenticator data", .data_hex = "" },
    { "WA-16", "authenticator data", .data_hex = "00" },
    { "WA-16", "authenticator data", .flags_on = AT },
    { "WA-16", "authenticator data", .flags_on = ED },
    { "WA-16", "authenticator data", .flags_on = ED, .after_hex = "bbffffffffffffffff" },
    { "WA-16", "authenticator data", .flags_on = ED, .after_hex = "a1616181818181818100" },
    { "WA-16", "authenticator data", .after_hex = "00" },
    { "WA-16", "authenticator data", .flags_on = AT, .after_hex = "00000000000000000000000000000000ffff00" },
};

static void authentication_steps(void **state)
{
    struct webauthn_seen seen;
    const char *why;

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(showings); i++) {
        const struct showing *s = &showings[i];
        enum rc rc = show(s, &seen, &why);

        if (rc != (s->why == NULL ? RC_OK : RC_NONE) || !text_same(why, s->why))
            fail_msg("%zu, %s: %s, not %s", i, s->row, or(why, "good"), or(s->why, "good"));
    }
}

/* WA-15: what is learnt. */
static void wa15_seen(void **state)
{
    static const struct showing synced = { .flags_on = BE | BS, .was_eligible = true, .flags_off = UV };
    struct webauthn_seen seen;
    const char *why;

    (void)state;
    assert_int_equal(show(&showings[0], &seen, &why), RC_OK);
    assert_true(seen.sign_count == 9 && seen.is_user_verified && !seen.is_backed_up);
    assert_int_equal(show(&synced, &seen, &why), RC_OK);
    assert_true(!seen.is_user_verified && seen.is_backed_up);
}

/* WA-13: what is stored may have been damaged. */
static void wa13_no_key(void **state)
{
    struct webauthn_seen seen;
    const char *why;

    (void)state;
    KEY.cose = bytes_of("\xa0");
    assert_int_equal(show(&showings[0], &seen, &why), RC_NONE);
    assert_string_equal(why, "signature");
}

static enum rc read_shown(const char *response, struct webauthn_shown *out)
{
    const char *text = arena_printf(A, "{\"id\":\"" ID "\",\"rawId\":\"" ID "\",\"type\":\"public-key\",\"response\":%s}", response);
    struct json *j;

    assert_int_equal(json_parse(A, text, strlen(text), &j), RC_OK);
    return webauthn_shown_read(A, j, out);
}

#define DATA "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAFAAAAAA" /* 37 bytes */

/* WA-16 */
static void wa16_members(void **state)
{
    static const char *const bad[] = {
        "{}", "null", "{\"clientDataJSON\":\"e30\",\"attestationObject\":\"oA\"}",
        "{\"authenticatorData\":\"" DATA "\",\"signature\":\"oA\"}", "{\"clientDataJSON\":\"e30\",\"signature\":\"oA\"}",
        "{\"clientDataJSON\":\"e30\",\"authenticatorData\":\"" DATA "\"}",
        "{\"clientDataJSON\":\"e30\",\"authenticatorData\":\"oA\",\"signature\":\"oA\"}",
        "{\"clientDataJSON\":\"e30\",\"authenticatorData\":\"" DATA "\",\"signature\":\"oA==\"}",
        "{\"clientDataJSON\":\"e30\",\"authenticatorData\":\"" DATA "\",\"signature\":\"oA\",\"userHandle\":7}",
        "{\"clientDataJSON\":\"e30\",\"authenticatorData\":\"" DATA "\",\"signature\":\"oA\",\"userHandle\":\"a b\"}",
        "{\"clientDataJSON\":\"e30\",\"authenticatorData\":\"" DATA "\",\"signature\":\"oA\",\"userHandle\":\"" HUNDRED "\"}",
    };
    struct webauthn_shown shown;

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(bad); i++)
        if (read_shown(bad[i], &shown) != RC_NONE)
            fail_msg("%s", bad[i]);
    assert_int_equal(read_shown("{\"clientDataJSON\":\"e30\",\"authenticatorData\":\"" DATA "\",\"signature\":\"oA\",\"userHandle\":null}",
                                &shown), RC_OK);
    assert_int_equal(shown.user_handle.n, 0);
    assert_int_equal(read_shown("{\"clientDataJSON\":\"e30\",\"authenticatorData\":\"" DATA "\",\"signature\":\"oA\",\"userHandle\":\"AAAA\"}",
                                &shown), RC_OK);
    assert_int_equal(shown.user_handle.n, 3);
}

int main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, with_key, tear_down)
    const struct CMUnitTest tests[] = {
        T(registration_steps), T(wr04_byte_order_mark), T(wr06_no_challenge), T(wr25_record), T(wr10_every_prefix),
        T(wr03_members), T(transports), T(authentication_steps), T(wa15_seen), T(wa13_no_key), T(wa16_members),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
