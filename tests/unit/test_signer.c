/* The signer's judgement: signer_answer() and signer_check_pem(), without a process. */
#include "config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#include <gnutls/gnutls.h>
#include <gnutls/x509.h>

#include "crypto/hash.h"
#include "signer/process.h"
#include "signer/signer_frame.h"
#include "util/clock.h"
#include "util/text.h"

#define NOW 1790000000
#define ISS "https://idp.example/oauth2"
#define KEY "an encryption key of 32 bytes..!"
#define OTHER_KEY "another encryption key, 32 bytes"

static struct arena *arena, *forever;
static char *pkcs1, *pkcs8, *encrypted, *small_pem, *ec_pem;
static struct signer_state *st;

static const struct signer_setup setup = {
    .issuer = ISS, .env_kid = "env-1", .request_deadline_s = 30,
};

/* ---- keys of the environment, made once ---- */

static char *keep(gnutls_datum_t *d)
{
    char *text = arena_strndup(forever, (const char *)d->data, d->size);

    gnutls_free(d->data);
    return text;
}

static gnutls_x509_privkey_t new_key(gnutls_pk_algorithm_t pk, unsigned bits)
{
    gnutls_x509_privkey_t key;

    gnutls_x509_privkey_init(&key);
    assert_int_equal(gnutls_x509_privkey_generate(key, pk, bits, 0), 0);
    return key;
}

static char *export(gnutls_x509_privkey_t key, const char *password, unsigned flags)
{
    gnutls_datum_t d;

    assert_int_equal(gnutls_x509_privkey_export2_pkcs8(key, GNUTLS_X509_FMT_PEM, password, flags, &d), 0);
    return keep(&d);
}

static int make_pems(void **state)
{
    gnutls_x509_privkey_t rsa = new_key(GNUTLS_PK_RSA, 2048), small = new_key(GNUTLS_PK_RSA, 1024);
    gnutls_x509_privkey_t ec = new_key(GNUTLS_PK_ECDSA, GNUTLS_CURVE_TO_BITS(GNUTLS_ECC_CURVE_SECP256R1));
    gnutls_datum_t d;

    (void)state;
    forever = arena_start("keys");
    assert_int_equal(gnutls_x509_privkey_export2(rsa, GNUTLS_X509_FMT_PEM, &d), 0);
    pkcs1 = keep(&d);
    pkcs8 = export(rsa, NULL, GNUTLS_PKCS_PLAIN);
    encrypted = export(rsa, "pass", GNUTLS_PKCS_PBES2_AES_256);
    small_pem = export(small, NULL, GNUTLS_PKCS_PLAIN);
    ec_pem = export(ec, NULL, GNUTLS_PKCS_PLAIN);
    gnutls_x509_privkey_deinit(rsa);
    gnutls_x509_privkey_deinit(small);
    gnutls_x509_privkey_deinit(ec);
    return 0;
}

static int drop_pems(void **state)
{
    (void)state;
    arena_done(forever);
    return 0;
}

/* ---- a signer for each test ---- */

static struct signer_state *new_state(const char *key, const char *previous, const char *pem)
{
    struct signer_secrets secrets = { bytes_of(key), bytes_of(previous), pem };

    return signer_state_new(&setup, &secrets);
}

static int set_up(void **state)
{
    (void)state;
    arena = arena_start("test");
    clock_set_for_test(NOW);
    st = new_state(KEY, NULL, pkcs1);
    return st ? 0 : 1;
}

static int tear_down(void **state)
{
    (void)state;
    signer_state_free(st);
    clock_set_for_test(0);
    arena_done(arena);
    return 0;
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)

/* ---- asking ---- */

static int64_t ask_with(struct signer_state *s, enum signer_channel channel, const struct sbuf *q,
                        struct frame_reader *r)
{
    frame_read(r, signer_answer(s, channel, arena, sbuf_bytes(q)));
    return frame_get_int(r);
}

static void begin(struct sbuf *q, int64_t op)
{
    sbuf_init(q, arena, 0);
    frame_put_int(q, op);
}

static struct signing_key generate_with(struct signer_state *s, enum jws_alg alg)
{
    struct signing_key key = { .alg = alg };
    struct frame_reader r;
    struct sbuf q;

    begin(&q, SIGNER_GENERATE);
    frame_put_int(&q, alg);
    assert_int_equal(ask_with(s, CHANNEL_CLI, &q, &r), SIGNER_OK);
    key.kid = frame_get_text(&r, arena);
    key.public_jwk = frame_get_text(&r, arena);
    key.private_sealed = frame_get_bytes(&r);
    assert_int_equal(frame_end(&r), RC_OK);
    return key;
}

static struct signing_key generate(enum jws_alg alg)
{
    return generate_with(st, alg);
}

static struct signing_key env_key(void)
{
    struct signing_key key = { .alg = ALG_RS256 };
    struct frame_reader r;
    struct sbuf q;

    begin(&q, SIGNER_ENV_KEY);
    assert_int_equal(ask_with(st, CHANNEL_CLI, &q, &r), SIGNER_OK);
    key.kid = frame_get_text(&r, arena);
    key.public_jwk = frame_get_text(&r, arena);
    assert_int_equal(frame_end(&r), RC_OK);
    return key;
}

static const char *OPAQUE; /* beside every input of the test that sets it */

static void put_input(struct sbuf *q, int64_t kind, const struct signing_key *key, int64_t of,
                      const char *payload)
{
    frame_put_int(q, kind);
    frame_put_text(q, key->kid);
    frame_put_int(q, key->alg);
    frame_put_bytes(q, key->private_sealed);
    frame_put_int(q, of);
    frame_put_text(q, OPAQUE);
    frame_put_text(q, payload);
}

static int64_t sign_with(struct signer_state *s, enum signer_channel channel, int64_t kind,
                         const struct signing_key *key, const char *payload, const char **out)
{
    struct frame_reader r;
    struct sbuf q;
    int64_t status;

    begin(&q, SIGNER_SIGN);
    frame_put_int(&q, 1);
    put_input(&q, kind, key, 0, payload);
    status = ask_with(s, channel, &q, &r);
    if (status == SIGNER_OK)
        *out = frame_get_text(&r, arena);
    assert_int_equal(frame_end(&r), RC_OK);
    return status;
}

static struct json *verify(const char *compact, const struct signing_key *key, const char *typ)
{
    struct jwk k = { key->kid, key->alg, key->public_jwk, NULL };
    struct json *payload;

    assert_int_equal(jwk_load(arena, &k), RC_OK);
    assert_int_equal(jws_verify(arena, compact, &k, 1, typ, &payload), RC_OK);
    return payload;
}

static const char *segment(const char *compact, int i)
{
    struct text_list parts = text_split(arena, compact, '.');
    struct bytes out;

    assert_int_equal(base64url_decode(arena, parts.v[i], &out), RC_OK);
    return arena_strndup(arena, (const char *)out.p, out.n);
}

/* ---- payloads ---- */

#define T "\"iat\":1790000000,\"exp\":1790003600"
#define ACCESS \
    "{\"iss\":\"" ISS "\",\"sub\":\"u1\",\"aud\":[\"" ISS "\",\"app\"]," T \
    ",\"jti\":\"j1\",\"typ\":\"Bearer\",\"scope\":\"openid\"}"
#define ID "{\"iss\":\"" ISS "\",\"sub\":\"u1\",\"aud\":\"app\"," T ",\"nonce\":\"n\"}"
#define USERINFO "{\"iss\":\"" ISS "\",\"sub\":\"u1\",\"aud\":\"app\",\"iat\":1790000000,\"name\":\"N\"}"
#define EVENTS "\"events\":{\"http://schemas.openid.net/event/backchannel-logout\":{}}"
#define L "\"iat\":1790000000,\"exp\":1790000120"
#define LOGOUT "{\"iss\":\"" ISS "\",\"aud\":\"app\"," L ",\"jti\":\"j\",\"sid\":\"s\"," EVENTS "}"
#define CHECKPOINT "{\"iss\":\"" ISS "\",\"iat\":1790000000,\"seq\":7,\"hash\":\"00\"}"

static const char *const good[TOKEN_KINDS_N] = {
    [TOKEN_ACCESS] = ACCESS, [TOKEN_ID] = ID, [TOKEN_USERINFO] = USERINFO,
    [TOKEN_LOGOUT] = LOGOUT, [TOKEN_AUDIT_CHECKPOINT] = CHECKPOINT,
};
static const char *const typs[TOKEN_KINDS_N] = {
    [TOKEN_ACCESS] = "JWT", [TOKEN_ID] = "JWT", [TOKEN_USERINFO] = "userinfo+jwt",
    [TOKEN_LOGOUT] = "logout+jwt", [TOKEN_AUDIT_CHECKPOINT] = "audit-checkpoint+jwt",
};
static const enum signer_channel askers[TOKEN_KINDS_N] = {
    [TOKEN_ACCESS] = CHANNEL_WORKER, [TOKEN_ID] = CHANNEL_WORKER, [TOKEN_USERINFO] = CHANNEL_WORKER,
    [TOKEN_LOGOUT] = CHANNEL_COURIER, [TOKEN_AUDIT_CHECKPOINT] = CHANNEL_COURIER,
};

static void each_kind_with_each_algorithm(void **state)
{
    const char *out;

    (void)state;
    for (enum jws_alg alg = ALG_RS256; alg <= ALG_EDDSA; alg++) {
        struct signing_key key = generate(alg);

        for (int kind = 0; kind < TOKEN_KINDS_N; kind++) {
            assert_int_equal(sign_with(st, askers[kind], kind, &key, good[kind], &out), SIGNER_OK);
            (void)verify(out, &key, typs[kind]);
            assert_string_equal(segment(out, 1), good[kind]); /* the very text */
        }
    }
}

static void the_protected_header(void **state)
{
    struct signing_key key = env_key();
    const char *out;

    (void)state;
    assert_int_equal(sign_with(st, CHANNEL_WORKER, TOKEN_ACCESS, &key, ACCESS, &out), SIGNER_OK);
    assert_string_equal(segment(out, 0), "{\"alg\":\"RS256\",\"kid\":\"env-1\",\"typ\":\"JWT\"}");
    (void)verify(out, &key, "JWT");
}

/* Raw r || s has 64 bytes always, also when a number is short: one in 128 is. */
static void es256_signatures_have_one_length(void **state)
{
    struct signing_key key = generate(ALG_ES256);
    const char *out;

    (void)state;
    for (int i = 0; i < 600; i++) {
        assert_int_equal(sign_with(st, CHANNEL_WORKER, TOKEN_ID, &key, ID, &out), SIGNER_OK);
        assert_int_equal(strlen(strrchr(out, '.') + 1), 86);
        (void)verify(out, &key, "JWT");
    }
}

static void only_its_own_channel(void **state)
{
    struct signing_key key = generate(ALG_EDDSA);
    const char *out;

    (void)state;
    for (int kind = 0; kind < TOKEN_KINDS_N; kind++)
        for (enum signer_channel c = 0; c < CHANNELS_N; c++)
            assert_int_equal(sign_with(st, c, kind, &key, good[kind], &out),
                             c == askers[kind] ? SIGNER_OK : SIGNER_REFUSED);
}

/* Whatever is a good payload of one kind is refused as any other. */
static void no_kind_poses_as_another(void **state)
{
    struct signing_key key = generate(ALG_EDDSA);
    const char *out;

    (void)state;
    for (int kind = 0; kind < TOKEN_KINDS_N; kind++)
        for (int as = 0; as < TOKEN_KINDS_N; as++)
            assert_int_equal(sign_with(st, askers[as], as, &key, good[kind], &out),
                             as == kind ? SIGNER_OK : SIGNER_REFUSED);
    assert_int_equal(sign_with(st, CHANNEL_WORKER, TOKEN_KINDS_N, &key, ID, &out), SIGNER_REFUSED);
    assert_int_equal(sign_with(st, CHANNEL_WORKER, -1, &key, ID, &out), SIGNER_REFUSED);
    assert_int_equal(sign_with(st, CHANNEL_WORKER, INT64_MAX, &key, ID, &out), SIGNER_REFUSED);
}

#define I(iss) "{\"iss\":" iss ",\"sub\":\"u1\",\"aud\":\"app\"," T "}"
#define TIMES(t) "{\"iss\":\"" ISS "\",\"sub\":\"u1\",\"aud\":\"app\"," t "}"
#define ID_WITH(more) "{\"iss\":\"" ISS "\",\"sub\":\"u1\",\"aud\":\"app\"," T "," more "}"
#define AUD(aud) "{\"iss\":\"" ISS "\",\"sub\":\"u1\",\"aud\":" aud "," T "}"
#define A(aud, rest) "{\"iss\":\"" ISS "\",\"sub\":\"u1\",\"aud\":" aud "," T "," rest "}"
#define REST "\"jti\":\"j1\",\"typ\":\"Bearer\",\"scope\":\"openid\""
#define OURS "[\"" ISS "\"]"
#define U(more) "{\"iss\":\"" ISS "\",\"sub\":\"u1\",\"aud\":\"app\",\"iat\":1790000000" more "}"
#define LO(t, more) "{\"iss\":\"" ISS "\",\"aud\":\"app\"," t "," more "}"
#define CP(more) "{\"iss\":\"" ISS "\",\"iat\":1790000000" more "}"

static const struct {
    int kind;
    int status;
    const char *payload;
} payloads[] = {
    /* another issuer */
    { TOKEN_ID, SIGNER_REFUSED, I("\"https://other.example/oauth2\"") },
    { TOKEN_ID, SIGNER_REFUSED, I("\"" ISS "/\"") },
    { TOKEN_ID, SIGNER_REFUSED, I("\"HTTPS://idp.example/oauth2\"") },
    { TOKEN_ID, SIGNER_REFUSED, I("[\"" ISS "\"]") },
    { TOKEN_ID, SIGNER_REFUSED, I("null") },
    { TOKEN_ID, SIGNER_REFUSED, "{\"sub\":\"u1\",\"aud\":\"app\"," T "}" },
    /* iat: one deadline behind to five seconds ahead */
    { TOKEN_ID, SIGNER_OK, TIMES("\"iat\":1789999970,\"exp\":1790003600") },
    { TOKEN_ID, SIGNER_OK, TIMES("\"iat\":1790000005,\"exp\":1790003600") },
    { TOKEN_ID, SIGNER_REFUSED, TIMES("\"iat\":1789999969,\"exp\":1790003600") },
    { TOKEN_ID, SIGNER_REFUSED, TIMES("\"iat\":1790000006,\"exp\":1790003600") },
    { TOKEN_ID, SIGNER_REFUSED, TIMES("\"iat\":1790000000.5,\"exp\":1790003600") },
    { TOKEN_ID, SIGNER_REFUSED, TIMES("\"iat\":\"1790000000\",\"exp\":1790003600") },
    { TOKEN_ID, SIGNER_REFUSED, TIMES("\"iat\":1790000000000,\"exp\":1790003600") },
    { TOKEN_ID, SIGNER_REFUSED, TIMES("\"iat\":-9223372036854775808,\"exp\":1790003600") },
    { TOKEN_ID, SIGNER_REFUSED, TIMES("\"exp\":1790003600") },
    /* exp: later than iat, at most a day */
    { TOKEN_ID, SIGNER_OK, TIMES("\"iat\":1790000000,\"exp\":1790000001") },
    { TOKEN_ID, SIGNER_OK, TIMES("\"iat\":1790000000,\"exp\":1790086400") },
    { TOKEN_ID, SIGNER_REFUSED, TIMES("\"iat\":1790000000,\"exp\":1790086401") },
    { TOKEN_ID, SIGNER_REFUSED, TIMES("\"iat\":1790000000,\"exp\":1790000000") },
    { TOKEN_ID, SIGNER_REFUSED, TIMES("\"iat\":1790000000,\"exp\":1789999999") },
    { TOKEN_ID, SIGNER_REFUSED, TIMES("\"iat\":1790000000,\"exp\":9223372036854775807") },
    { TOKEN_ID, SIGNER_REFUSED, TIMES("\"iat\":1790000000,\"exp\":-9223372036854775808") },
    { TOKEN_ID, SIGNER_REFUSED, TIMES("\"iat\":1790000000,\"exp\":1e300") },
    { TOKEN_ID, SIGNER_REFUSED, TIMES("\"iat\":1790000000,\"exp\":\"1790000001\"") },
    { TOKEN_ID, SIGNER_REFUSED, TIMES("\"iat\":1790000000") },
    /* strict JSON, an object */
    { TOKEN_ID, SIGNER_REFUSED, "" },
    { TOKEN_ID, SIGNER_REFUSED, "[]" },
    { TOKEN_ID, SIGNER_REFUSED, "null" },
    { TOKEN_ID, SIGNER_REFUSED, "\"x\"" },
    { TOKEN_ID, SIGNER_REFUSED, ID ID },
    { TOKEN_ID, SIGNER_REFUSED, ID "x" },
    { TOKEN_ID, SIGNER_REFUSED, ID_WITH("\"iss\":\"" ISS "\"") },
    { TOKEN_ID, SIGNER_REFUSED, ID_WITH("\"x\":{\"a\":1,\"a\":1}") },
    { TOKEN_ID, SIGNER_REFUSED, ID_WITH("\"x\":\"\\u0000\"") },
    { TOKEN_ID, SIGNER_REFUSED, ID_WITH("\"x\":\"\xff\"") },
    { TOKEN_ID, SIGNER_REFUSED, ID_WITH("\"x\":1,") },
    /* ID token: not like an access token, at_hash never by the asker */
    { TOKEN_ID, SIGNER_OK, ID_WITH("\"jti\":\"j\",\"sid\":\"s\",\"acr\":\"1\"") },
    { TOKEN_ID, SIGNER_REFUSED, ID_WITH("\"typ\":\"ID\"") },
    { TOKEN_ID, SIGNER_REFUSED, ID_WITH("\"typ\":null") },
    { TOKEN_ID, SIGNER_REFUSED, ID_WITH("\"scope\":\"openid\"") },
    { TOKEN_ID, SIGNER_REFUSED, ID_WITH("\"at_hash\":\"AAAA\"") },
    { TOKEN_ID, SIGNER_REFUSED, ID_WITH("\"at_hash\":null") },
    { TOKEN_ID, SIGNER_REFUSED, ID_WITH(EVENTS) },
    { TOKEN_ID, SIGNER_REFUSED, AUD("[\"app\"]") },
    { TOKEN_ID, SIGNER_REFUSED, AUD("\"" ISS "\"") },
    { TOKEN_ID, SIGNER_REFUSED, AUD("\"\"") },
    { TOKEN_ID, SIGNER_REFUSED, AUD("null") },
    { TOKEN_ID, SIGNER_REFUSED, "{\"iss\":\"" ISS "\",\"sub\":\"u1\"," T "}" },
    { TOKEN_ID, SIGNER_REFUSED, "{\"iss\":\"" ISS "\",\"aud\":\"app\"," T "}" },
    { TOKEN_ID, SIGNER_REFUSED, "{\"iss\":\"" ISS "\",\"sub\":7,\"aud\":\"app\"," T "}" },
    /* access token */
    { TOKEN_ACCESS, SIGNER_OK, A(OURS, REST) },
    { TOKEN_ACCESS, SIGNER_OK, A(OURS, "\"jti\":\"j1\",\"typ\":\"Bearer\",\"scope\":\"\"") },
    { TOKEN_ACCESS, SIGNER_OK, A(OURS, REST ",\"cnf\":{\"jkt\":\"x\"},\"client_id\":\"app\"") },
    { TOKEN_ACCESS, SIGNER_REFUSED, A("\"" ISS "\"", REST) },
    { TOKEN_ACCESS, SIGNER_REFUSED, A("[\"app\"]", REST) },
    { TOKEN_ACCESS, SIGNER_REFUSED, A("[]", REST) },
    { TOKEN_ACCESS, SIGNER_REFUSED, A("[[\"" ISS "\"]]", REST) },
    { TOKEN_ACCESS, SIGNER_REFUSED, A("{\"" ISS "\":1}", REST) },
    { TOKEN_ACCESS, SIGNER_REFUSED, A(OURS, "\"typ\":\"Bearer\",\"scope\":\"openid\"") },
    { TOKEN_ACCESS, SIGNER_REFUSED, A(OURS, "\"jti\":\"j1\",\"typ\":\"Bearer\"") },
    { TOKEN_ACCESS, SIGNER_REFUSED, A(OURS, "\"jti\":\"j1\",\"typ\":\"bearer\",\"scope\":\"openid\"") },
    { TOKEN_ACCESS, SIGNER_REFUSED, A(OURS, "\"jti\":\"j1\",\"scope\":\"openid\"") },
    { TOKEN_ACCESS, SIGNER_REFUSED, A(OURS, REST ",\"nonce\":\"n\"") },
    { TOKEN_ACCESS, SIGNER_REFUSED, A(OURS, REST "," EVENTS) },
    { TOKEN_ACCESS, SIGNER_REFUSED, A(OURS, REST ",\"at_hash\":\"AAAA\"") },
    /* userinfo: without exp nobody takes it for an ID token */
    { TOKEN_USERINFO, SIGNER_OK, U("") },
    { TOKEN_USERINFO, SIGNER_REFUSED, U(",\"exp\":1790003600") },
    { TOKEN_USERINFO, SIGNER_REFUSED, U(",\"nonce\":\"n\"") },
    { TOKEN_USERINFO, SIGNER_REFUSED, U(",\"scope\":\"openid\"") },
    { TOKEN_USERINFO, SIGNER_REFUSED, U(",\"typ\":\"Bearer\"") },
    /* logout token */
    { TOKEN_LOGOUT, SIGNER_OK, LO(L, "\"jti\":\"j\",\"sub\":\"u1\"," EVENTS) },
    { TOKEN_LOGOUT, SIGNER_OK, LO(L, "\"jti\":\"j\",\"sub\":\"u1\",\"sid\":\"s\"," EVENTS) },
    { TOKEN_LOGOUT, SIGNER_REFUSED, LO(L, "\"jti\":\"j\"," EVENTS) },
    { TOKEN_LOGOUT, SIGNER_REFUSED, LO(L, "\"sid\":\"s\"," EVENTS) },
    { TOKEN_LOGOUT, SIGNER_REFUSED, LO(L, "\"jti\":\"j\",\"sid\":\"s\"") },
    { TOKEN_LOGOUT, SIGNER_REFUSED, LO(L, "\"jti\":\"j\",\"sid\":\"s\",\"events\":{}") },
    { TOKEN_LOGOUT, SIGNER_REFUSED, LO(L, "\"jti\":\"j\",\"sid\":\"s\",\"events\":{\"x\":{}}") },
    { TOKEN_LOGOUT, SIGNER_REFUSED, LO(L, "\"jti\":\"j\",\"sid\":\"s\",\"events\":{\"http://schemas"
                                          ".openid.net/event/backchannel-logout\":{\"a\":1}}") },
    { TOKEN_LOGOUT, SIGNER_REFUSED, LO(L, "\"jti\":\"j\",\"sid\":\"s\",\"events\":{\"http://schemas"
                                          ".openid.net/event/backchannel-logout\":{},\"b\":{}}") },
    { TOKEN_LOGOUT, SIGNER_REFUSED, LO(L, "\"jti\":\"j\",\"sid\":\"s\",\"nonce\":\"n\"," EVENTS) },
    { TOKEN_LOGOUT, SIGNER_REFUSED, LO("\"iat\":1790000000,\"exp\":1790000121",
                                       "\"jti\":\"j\",\"sid\":\"s\"," EVENTS) },
    { TOKEN_LOGOUT, SIGNER_REFUSED, LO("\"iat\":1790000000", "\"jti\":\"j\",\"sid\":\"s\"," EVENTS) },
    /* audit checkpoint: for nobody, about nobody */
    { TOKEN_AUDIT_CHECKPOINT, SIGNER_OK, CP("") },
    { TOKEN_AUDIT_CHECKPOINT, SIGNER_REFUSED, CP(",\"sub\":\"u1\"") },
    { TOKEN_AUDIT_CHECKPOINT, SIGNER_REFUSED, CP(",\"aud\":\"app\"") },
    { TOKEN_AUDIT_CHECKPOINT, SIGNER_REFUSED, CP(",\"aud\":null") },
    { TOKEN_AUDIT_CHECKPOINT, SIGNER_REFUSED, CP(",\"exp\":1790003600") },
    { TOKEN_AUDIT_CHECKPOINT, SIGNER_REFUSED, CP("," EVENTS) },
};

static void payloads_judged(void **state)
{
    struct signing_key key = generate(ALG_EDDSA);
    const char *out;

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(payloads); i++) {
        int kind = payloads[i].kind;
        int64_t status = sign_with(st, askers[kind], kind, &key, payloads[i].payload, &out);

        if (status != payloads[i].status)
            fail_msg("kind %d, status %d: %s", kind, (int)status, payloads[i].payload);
    }
}

/* ---- at_hash ---- */

struct two {
    int64_t kinds[2], of[2];
    const char *second;
    int64_t status;
};

static int64_t sign_two(const struct two *t, const struct signing_key *key, const char *outs[2])
{
    struct frame_reader r;
    struct sbuf q;
    int64_t status;

    begin(&q, SIGNER_SIGN);
    frame_put_int(&q, 2);
    put_input(&q, t->kinds[0], key, t->of[0], good[t->kinds[0]]);
    put_input(&q, t->kinds[1], key, t->of[1], t->second);
    status = ask_with(st, CHANNEL_WORKER, &q, &r);
    for (int i = 0; i < 2 && status == SIGNER_OK; i++)
        outs[i] = frame_get_text(&r, arena);
    assert_int_equal(frame_end(&r), RC_OK);
    return status;
}

static void at_hash_of_an_earlier_access_token(void **state)
{
    const struct two t = { { TOKEN_ACCESS, TOKEN_ID }, { 0, 1 }, ID " \n", SIGNER_OK };
    const char *outs[2], *expected;

    (void)state;
    for (enum jws_alg alg = ALG_RS256; alg <= ALG_EDDSA; alg++) {
        struct signing_key key = generate(alg);

        assert_int_equal(sign_two(&t, &key, outs), SIGNER_OK);
        assert_string_equal(segment(outs[0], 1), ACCESS);
        expected = jws_half_hash(arena, alg, outs[0]);
        assert_string_equal(json_str(json_get(verify(outs[1], &key, "JWT"), "at_hash")), expected);
        assert_string_equal(segment(outs[1], 1), arena_printf(arena, "%.*s,\"at_hash\":\"%s\"}",
                                                              (int)strlen(ID) - 1, ID, expected));
    }
}

static const struct two pairs[] = {
    { { TOKEN_ACCESS, TOKEN_ID }, { 0, 0 }, ID, SIGNER_OK },
    { { TOKEN_ACCESS, TOKEN_ID }, { 0, 2 }, ID, SIGNER_REFUSED }, /* itself */
    { { TOKEN_ACCESS, TOKEN_ID }, { 0, 3 }, ID, SIGNER_REFUSED },
    { { TOKEN_ACCESS, TOKEN_ID }, { 0, -1 }, ID, SIGNER_REFUSED },
    { { TOKEN_ACCESS, TOKEN_ID }, { 0, INT64_MIN }, ID, SIGNER_REFUSED },
    { { TOKEN_ACCESS, TOKEN_ID }, { 0, 1 }, ID_WITH("\"at_hash\":\"AAAA\""), SIGNER_REFUSED },
    { { TOKEN_ID, TOKEN_ID }, { 0, 1 }, ID, SIGNER_REFUSED },
    { { TOKEN_USERINFO, TOKEN_ID }, { 0, 1 }, ID, SIGNER_REFUSED },
    { { TOKEN_ID, TOKEN_ACCESS }, { 2, 0 }, ACCESS, SIGNER_REFUSED }, /* a later one */
    { { TOKEN_ACCESS, TOKEN_ACCESS }, { 0, 1 }, ACCESS, SIGNER_REFUSED },
    { { TOKEN_ACCESS, TOKEN_USERINFO }, { 0, 1 }, USERINFO, SIGNER_REFUSED },
    { { TOKEN_ACCESS, TOKEN_LOGOUT }, { 0, 0 }, LOGOUT, SIGNER_REFUSED }, /* one bad: none is signed */
};

static void at_hash_of_nothing_else(void **state)
{
    struct signing_key key = generate(ALG_EDDSA);
    const char *outs[2];

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(pairs); i++)
        assert_int_equal(sign_two(&pairs[i], &key, outs), pairs[i].status);
}

struct beside { int64_t kind, of; const char *opaque, *payload; int64_t status; };

static int64_t sign_beside(const struct beside *b, const struct signing_key *key, const char **out)
{
    struct frame_reader r;
    struct sbuf q;
    int64_t status;

    begin(&q, SIGNER_SIGN);
    frame_put_int(&q, 1);
    OPAQUE = b->opaque;
    put_input(&q, b->kind, key, b->of, b->payload);
    OPAQUE = NULL;
    status = ask_with(st, CHANNEL_WORKER, &q, &r);
    *out = status == SIGNER_OK ? frame_get_text(&r, arena) : NULL;
    assert_int_equal(frame_end(&r), RC_OK);
    return status;
}

/* IT-05: of whatever access_token is. */
static void at_hash_of_an_opaque_access_token(void **state)
{
    static const struct beside rows[] = {
        { TOKEN_ID, 0, "opaque", ID, SIGNER_OK },
        { TOKEN_ID, 0, "", ID, SIGNER_OK },
        { TOKEN_ID, 1, "opaque", ID, SIGNER_REFUSED }, /* of two */
        { TOKEN_ID, -1, "opaque", ID, SIGNER_REFUSED },
        { TOKEN_ID, 0, "opaque", ID_WITH("\"at_hash\":\"AAAA\""), SIGNER_REFUSED },
        { TOKEN_ACCESS, 0, "opaque", ACCESS, SIGNER_REFUSED },
        { TOKEN_USERINFO, 0, "opaque", USERINFO, SIGNER_REFUSED },
    };
    struct signing_key key = generate(ALG_EDDSA);
    const char *out;

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        assert_int_equal(sign_beside(&rows[i], &key, &out), rows[i].status);
        if (out != NULL)
            assert_string_equal(json_str(json_get(verify(out, &key, "JWT"), "at_hash")),
                                jws_half_hash(arena, ALG_EDDSA, rows[i].opaque));
    }
}

/* ---- keys ---- */

/* One in 64 thumbprints does, and it would be taken for a flag on the command line. */
static void no_name_begins_with_a_dash(void **state)
{
    (void)state;
    for (int i = 0; i < 500; i++)
        assert_true(generate(ALG_EDDSA).kid[0] != '-');
}

static void generated_keys(void **state)
{
    static const char *const starts[] = {
        [ALG_RS256] = "{\"kty\":\"RSA\",\"kid\":\"%s\",\"use\":\"sig\",\"alg\":\"RS256\",\"n\":\"",
        [ALG_ES256] = "{\"kty\":\"EC\",\"kid\":\"%s\",\"use\":\"sig\",\"alg\":\"ES256\",\"crv\":\"P-256\",\"x\":\"",
        [ALG_EDDSA] = "{\"kty\":\"OKP\",\"kid\":\"%s\",\"use\":\"sig\",\"alg\":\"EdDSA\",\"crv\":\"Ed25519\",\"x\":\"",
    };
    char *thumbprint;

    (void)state;
    for (enum jws_alg alg = ALG_RS256; alg <= ALG_EDDSA; alg++) {
        struct signing_key key = generate(alg);
        const char *start = starts[alg], *hole = strstr(start, "%s");

        assert_int_equal(jwk_thumbprint(arena, key.public_jwk, &thumbprint), RC_OK);
        assert_string_equal(key.kid, thumbprint);
        assert_true(text_starts(key.public_jwk, arena_printf(arena, "%.*s%s%s", (int)(hole - start),
                                                             start, key.kid, hole + 2)));
        assert_true(key.private_sealed.n > 33);
    }
}

/* x and y keep their leading zeros, n has none: many keys have some. */
static void coordinates_have_one_length(void **state)
{
    struct json *j;
    const char *x, *y;

    (void)state;
    for (int i = 0; i < 300; i++) {
        struct signing_key key = generate(ALG_ES256);

        assert_int_equal(json_parse(arena, key.public_jwk, strlen(key.public_jwk), &j), RC_OK);
        assert_int_equal(json_get_str(j, "x", &x), RC_OK);
        assert_int_equal(json_get_str(j, "y", &y), RC_OK);
        assert_int_equal(strlen(x), 43);
        assert_int_equal(strlen(y), 43);
    }
}

static void the_key_of_the_environment(void **state)
{
    struct signing_key key = env_key();
    struct json *j;
    struct bytes n;
    const char *text;

    (void)state;
    assert_string_equal(key.kid, "env-1");
    assert_true(text_starts(key.public_jwk,
                            "{\"kty\":\"RSA\",\"kid\":\"env-1\",\"use\":\"sig\",\"alg\":\"RS256\",\"n\":\""));
    assert_true(text_ends(key.public_jwk, "\",\"e\":\"AQAB\"}"));
    assert_int_equal(json_parse(arena, key.public_jwk, strlen(key.public_jwk), &j), RC_OK);
    assert_int_equal(json_get_str(j, "n", &text), RC_OK);
    assert_int_equal(base64url_decode(arena, text, &n), RC_OK);
    assert_int_equal(n.n, 256);
    assert_true(n.p[0] != 0);
}

static void pkcs1_and_pkcs8_are_one_key(void **state)
{
    struct signer_state *other = new_state(KEY, NULL, pkcs8);
    struct signing_key key = env_key();
    const char *out;

    (void)state;
    assert_non_null(other);
    assert_int_equal(sign_with(other, CHANNEL_WORKER, TOKEN_ID, &key, ID, &out), SIGNER_OK);
    (void)verify(out, &key, "JWT");
    signer_state_free(other);
}

static void no_key_in_the_environment(void **state)
{
    struct signer_state *other = new_state(KEY, NULL, NULL);
    struct signing_key key = env_key();
    struct frame_reader r;
    const char *out;
    struct sbuf q;

    (void)state;
    begin(&q, SIGNER_ENV_KEY);
    assert_int_equal(ask_with(other, CHANNEL_CLI, &q, &r), SIGNER_NONE);
    assert_int_equal(sign_with(other, CHANNEL_WORKER, TOKEN_ID, &key, ID, &out), SIGNER_REFUSED);
    signer_state_free(other);
}

static void the_environments_key_by_its_name_only(void **state)
{
    struct signing_key key = env_key();
    const char *out;

    (void)state;
    key.kid = "env-2";
    assert_int_equal(sign_with(st, CHANNEL_WORKER, TOKEN_ID, &key, ID, &out), SIGNER_REFUSED);
    key = env_key();
    key.alg = ALG_ES256;
    assert_int_equal(sign_with(st, CHANNEL_WORKER, TOKEN_ID, &key, ID, &out), SIGNER_REFUSED);
    key.alg = (enum jws_alg)7;
    assert_int_equal(sign_with(st, CHANNEL_WORKER, TOKEN_ID, &key, ID, &out), SIGNER_REFUSED);
    key = env_key();
    key.kid = NULL;
    assert_int_equal(sign_with(st, CHANNEL_WORKER, TOKEN_ID, &key, ID, &out), SIGNER_REFUSED);
}

/* A wrapped key answers to its own kid and alg, unaltered; a fault, not a refusal: our store is wrong. */
static void wrapped_keys_that_do_not_open(void **state)
{
    struct signing_key key = generate(ALG_ES256), other = generate(ALG_ES256), bad = key;
    uint8_t *altered = arena_memdup(arena, key.private_sealed.p, key.private_sealed.n);
    const char *out;

    (void)state;
    bad.kid = other.kid;
    assert_int_equal(sign_with(st, CHANNEL_WORKER, TOKEN_ID, &bad, ID, &out), SIGNER_FAULT);
    bad = key;
    bad.alg = ALG_EDDSA;
    assert_int_equal(sign_with(st, CHANNEL_WORKER, TOKEN_ID, &bad, ID, &out), SIGNER_FAULT);
    altered[40] ^= 1;
    bad = key;
    bad.private_sealed.p = altered;
    assert_int_equal(sign_with(st, CHANNEL_WORKER, TOKEN_ID, &bad, ID, &out), SIGNER_FAULT);
    bad.private_sealed.n = 5;
    assert_int_equal(sign_with(st, CHANNEL_WORKER, TOKEN_ID, &bad, ID, &out), SIGNER_FAULT);
    assert_int_equal(sign_with(st, CHANNEL_WORKER, TOKEN_ID, &key, ID, &out), SIGNER_OK);
    assert_int_equal(sign_with(st, CHANNEL_WORKER, TOKEN_ID, &bad, ID, &out), SIGNER_FAULT);
}

static void more_keys_than_the_cache_holds(void **state)
{
    struct signing_key keys[40];
    const char *out;

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(keys); i++)
        keys[i] = generate(ALG_EDDSA);
    for (int round = 0; round < 2; round++)
        for (size_t i = 0; i < ARRAY_LEN(keys); i++) {
            assert_int_equal(sign_with(st, CHANNEL_WORKER, TOKEN_ID, &keys[i], ID, &out), SIGNER_OK);
            (void)verify(out, &keys[i], "JWT");
        }
}

static void the_previous_encryption_key_still_opens(void **state)
{
    struct signing_key old = generate(ALG_ES256);
    struct signer_state *both = new_state(OTHER_KEY, KEY, NULL), *new = new_state(OTHER_KEY, NULL, NULL);
    struct signing_key rewrapped = generate_with(both, ALG_EDDSA);
    const char *out;

    (void)state;
    assert_int_equal(sign_with(both, CHANNEL_WORKER, TOKEN_ID, &old, ID, &out), SIGNER_OK);
    (void)verify(out, &old, "JWT");
    assert_int_equal(sign_with(new, CHANNEL_WORKER, TOKEN_ID, &old, ID, &out), SIGNER_FAULT);
    assert_int_equal(sign_with(new, CHANNEL_WORKER, TOKEN_ID, &rewrapped, ID, &out), SIGNER_OK);
    signer_state_free(both);
    signer_state_free(new);
}

static void pems_judged(void **state)
{
    char *twice = arena_printf(arena, "%s%s", pkcs1, pkcs1);
    char *other_header = arena_strdup(arena, pkcs8), *cut = arena_strndup(arena, pkcs1, 500);
    const char *const bad[] = {
        NULL, "", "x", "-----BEGIN RSA PRIVATE KEY-----", "-----BEGIN CERTIFICATE-----\nAAAA\n",
        encrypted, small_pem, ec_pem, twice, other_header, cut,
    };
    const char *why;

    (void)state;
    memcpy(strstr(other_header, "PRIVATE"), "Private", 7);
    assert_int_equal(signer_check_pem(arena, pkcs1, &why), RC_OK);
    assert_int_equal(signer_check_pem(arena, pkcs8, &why), RC_OK);
    for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
        why = NULL;
        assert_int_equal(signer_check_pem(arena, bad[i], &why), RC_REFUSED);
        assert_non_null(why);
        if (!text_empty(bad[i])) /* start is refused, too */
            assert_null(new_state(KEY, NULL, bad[i]));
    }
    assert_int_equal(signer_check_pem(arena, small_pem, &why), RC_REFUSED);
    assert_string_equal(why, "it has fewer than 2048 bits");
    assert_int_equal(signer_check_pem(arena, encrypted, &why), RC_REFUSED);
    assert_string_equal(why, "it is protected by a passphrase");
}

static void no_encryption_key(void **state)
{
    (void)state;
    assert_null(new_state(NULL, NULL, NULL));
    assert_null(new_state("short", NULL, NULL));
    assert_null(new_state(KEY, "short", NULL));
}

/* ---- columns ---- */

static int64_t resealed; /* the state in the last answer to SIGNER_RESEAL */

static int64_t box(struct signer_state *s, enum signer_channel channel, int64_t op,
                   const struct seal_place *where, struct bytes in, struct bytes *out)
{
    struct frame_reader r;
    struct sbuf q;
    int64_t status;

    begin(&q, op);
    frame_put_text(&q, where->table);
    frame_put_text(&q, where->column);
    frame_put_text(&q, where->row_id);
    frame_put_bytes(&q, in);
    status = ask_with(s, channel, &q, &r);
    if (status == SIGNER_OK && op == SIGNER_RESEAL)
        resealed = frame_get_int(&r);
    if (status == SIGNER_OK)
        *out = frame_get_bytes(&r);
    assert_int_equal(frame_end(&r), RC_OK);
    return status;
}

static const struct seal_place smtp = { "settings", "value_sealed", "smtp_password" };
static const struct seal_place upstream = { "upstreams", "client_secret_sealed", "u1" };
static const struct seal_place totp = { TOTP_TABLE, TOTP_COLUMN, "u1" };
static const struct seal_place signing = { "signing_keys", "private_sealed", "k1" };

static void columns_sealed_and_opened(void **state)
{
    struct bytes sealed, out;

    (void)state;
    assert_int_equal(box(st, CHANNEL_WORKER, SIGNER_SEAL, &smtp, bytes_of("secret"), &sealed), SIGNER_OK);
    assert_int_equal(box(st, CHANNEL_COURIER, SIGNER_OPEN, &smtp, sealed, &out), SIGNER_OK);
    assert_true(ct_equal(out, bytes_of("secret")));
    assert_int_equal(box(st, CHANNEL_KEEPER, SIGNER_SEAL, &upstream, bytes_of(""), &sealed), SIGNER_OK);
    assert_int_equal(box(st, CHANNEL_HELPER, SIGNER_OPEN, &upstream, sealed, &out), SIGNER_OK);
    assert_int_equal(out.n, 0);
}

static void a_value_moved_does_not_open(void **state)
{
    static const struct seal_place elsewhere[] = {
        { "settings", "value_sealed", "other" },
        { "settings", "other", "smtp_password" },
        { "settings", "value_sealedsmtp", "_password" },
    };
    struct bytes sealed, out;

    (void)state;
    assert_int_equal(box(st, CHANNEL_WORKER, SIGNER_SEAL, &smtp, bytes_of("secret"), &sealed), SIGNER_OK);
    for (size_t i = 0; i < ARRAY_LEN(elsewhere); i++)
        assert_int_equal(box(st, CHANNEL_COURIER, SIGNER_OPEN, &elsewhere[i], sealed, &out), SIGNER_FAULT);
    assert_int_equal(box(st, CHANNEL_HELPER, SIGNER_OPEN, &upstream, sealed, &out), SIGNER_FAULT);
    assert_int_equal(box(st, CHANNEL_COURIER, SIGNER_OPEN, &smtp, bytes_of("junk"), &out), SIGNER_FAULT);
}

static void columns_under_the_previous_key(void **state)
{
    struct signer_state *both = new_state(OTHER_KEY, KEY, NULL), *new = new_state(OTHER_KEY, NULL, NULL);
    struct bytes sealed, out;

    (void)state;
    assert_int_equal(box(st, CHANNEL_WORKER, SIGNER_SEAL, &smtp, bytes_of("secret"), &sealed), SIGNER_OK);
    assert_int_equal(box(both, CHANNEL_COURIER, SIGNER_OPEN, &smtp, sealed, &out), SIGNER_OK);
    assert_int_equal(box(new, CHANNEL_COURIER, SIGNER_OPEN, &smtp, sealed, &out), SIGNER_FAULT);
    signer_state_free(both);
    signer_state_free(new);
}

/* Who may: one row per operation and table, a bit per channel. */
#define W (1 << CHANNEL_WORKER)
#define C (1 << CHANNEL_COURIER)
#define K (1 << CHANNEL_KEEPER)
#define H (1 << CHANNEL_HELPER)
#define CLI (1 << CHANNEL_CLI)

static const struct {
    int64_t op;
    const struct seal_place *where;
    int channels;
} may[] = {
    { SIGNER_SEAL, &smtp, W | K | CLI },
    { SIGNER_SEAL, &upstream, W | K | CLI },
    { SIGNER_SEAL, &signing, 0 },
    { SIGNER_OPEN, &smtp, C },
    { SIGNER_OPEN, &upstream, H },
    { SIGNER_OPEN, &signing, 0 },
    { SIGNER_SEAL, &totp, W | K | CLI },
    { SIGNER_OPEN, &totp, 0 },
    { SIGNER_OPEN, &(struct seal_place){ "totp", "secret_sealed", "u1" }, 0 },
    { SIGNER_OPEN, &(struct seal_place){ "", "secret_sealed", "u1" }, 0 },
    { SIGNER_OPEN, &(struct seal_place){ NULL, "secret_sealed", "u1" }, 0 },
    { SIGNER_OPEN, &(struct seal_place){ "settings", NULL, "u1" }, 0 },
    { SIGNER_OPEN, &(struct seal_place){ "settings", "value_sealed", "" }, 0 },
    { SIGNER_SEAL, &(struct seal_place){ "settings", "value_sealed", NULL }, 0 },
    { SIGNER_GENERATE, NULL, K | CLI },
    { SIGNER_ENV_KEY, NULL, CLI },
    { SIGNER_FINGERPRINT, NULL, K | CLI },
    { SIGNER_RESEAL, &smtp, K | CLI },
    { SIGNER_RESEAL, &signing, K | CLI },
    { SIGNER_RESEAL, &totp, K | CLI },
    { SIGNER_RESEAL, &(struct seal_place){ "", "secret_sealed", "u1" }, 0 },
    { SIGNER_RESEAL, &(struct seal_place){ "settings", NULL, "u1" }, 0 },
    { SIGNER_VERIFY_TOTP, NULL, W },
};

static void put_totp(struct sbuf *q, const char *user_id, struct bytes sealed, const char *code, int64_t last_step)
{
    frame_put_text(q, user_id);
    frame_put_bytes(q, sealed);
    frame_put_text(q, code);
    frame_put_int(q, last_step);
}

static int64_t try_op(size_t i, enum signer_channel channel)
{
    struct frame_reader r;
    struct bytes out;
    struct sbuf q;

    if (may[i].where)
        return box(st, channel, may[i].op, may[i].where, bytes_of("x"), &out);
    begin(&q, may[i].op);
    if (may[i].op == SIGNER_GENERATE)
        frame_put_int(&q, ALG_EDDSA);
    if (may[i].op == SIGNER_VERIFY_TOTP)
        put_totp(&q, "u1", bytes_of("x"), "123456", 0);
    return ask_with(st, channel, &q, &r);
}

static void channels_of_each_operation(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(may); i++)
        for (enum signer_channel c = 0; c < CHANNELS_N; c++) {
            bool is_refused = try_op(i, c) == SIGNER_REFUSED; /* opening "x" is a fault */

            if (is_refused != !(may[i].channels & 1 << c))
                fail_msg("row %zu, channel %d", i, (int)c);
        }
}

/* A key that was generated is not a column, whatever it is called. */
static void open_yields_no_signing_key(void **state)
{
    struct signing_key key = generate(ALG_ES256);
    const struct seal_place posing[] = {
        { "signing_keys", "ES256", key.kid },
        { "settings", "ES256", key.kid },
        { "upstreams", "ES256", key.kid },
        { "signing_keys", "private_sealed", key.kid },
    };
    struct bytes out;

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(posing); i++)
        for (enum signer_channel c = 0; c < CHANNELS_N; c++)
            assert_true(box(st, c, SIGNER_OPEN, &posing[i], key.private_sealed, &out) != SIGNER_OK);
}

static void reseal(struct signer_state *s, const struct seal_place *where, struct bytes in, enum reseal_state state,
                   struct bytes *out)
{
    assert_int_equal(box(s, CHANNEL_KEEPER, SIGNER_RESEAL, where, in, out), SIGNER_OK);
    assert_int_equal(resealed, state);
    assert_int_equal(out->n > 0, state == RESEAL_DONE);
}

/* Sealed anew: under the new key then, in the same place, and what is there already is left alone. */
static void values_are_sealed_anew(void **state)
{
    static const char before[] = "0123456789abcdef0123456789abcdef", after[] = "fedcba9876543210fedcba9876543210";
    struct signer_state *old = new_state(before, "", NULL), *both = new_state(after, before, NULL),
                        *new = new_state(after, "", NULL);
    const struct seal_place smtp_of_old = { "settings", "value", "smtp_password" };
    struct bytes sealed, again, plain, key_again;
    struct signing_key key;
    struct frame_reader r;
    const char *jws;
    struct sbuf q;

    (void)state;
    assert_int_equal(box(old, CHANNEL_WORKER, SIGNER_SEAL, &smtp_of_old, bytes_of("secret"), &sealed), SIGNER_OK);
    reseal(both, &smtp_of_old, sealed, RESEAL_DONE, &again);
    assert_int_equal(box(new, CHANNEL_COURIER, SIGNER_OPEN, &smtp_of_old, again, &plain), SIGNER_OK);
    assert_int_equal(plain.n, 6);
    assert_memory_equal(plain.p, "secret", 6);
    reseal(both, &smtp_of_old, again, RESEAL_NOT_NEEDED, &plain);
    reseal(new, &smtp_of_old, sealed, RESEAL_LOST, &plain);
    reseal(both, &(struct seal_place){ "settings", "value", "other" }, sealed, RESEAL_LOST, &plain);

    begin(&q, SIGNER_GENERATE);
    frame_put_int(&q, ALG_ES256);
    assert_int_equal(ask_with(old, CHANNEL_KEEPER, &q, &r), SIGNER_OK);
    key = (struct signing_key){ .kid = frame_get_text(&r, arena), .alg = ALG_ES256, .public_jwk = frame_get_text(&r, arena) };
    key.private_sealed = frame_get_bytes(&r);
    assert_int_equal(sign_with(new, CHANNEL_WORKER, TOKEN_ID, &key, ID, &jws), SIGNER_FAULT);
    reseal(both, &(struct seal_place){ "signing_keys", "ES256", key.kid }, key.private_sealed, RESEAL_DONE, &key_again);
    key.private_sealed = key_again;
    assert_int_equal(sign_with(new, CHANNEL_WORKER, TOKEN_ID, &key, ID, &jws), SIGNER_OK);
    signer_state_free(old);
    signer_state_free(both);
    signer_state_free(new);
}

/* Nor does a worker get its own key signed under by wrapping one as a column. */
static void a_sealed_column_is_no_signing_key(void **state)
{
    struct signing_key key = generate(ALG_ES256);
    const struct seal_place posing = { "signing_key", "ES256", key.kid };
    const char *out;

    (void)state;
    assert_int_equal(box(st, CHANNEL_WORKER, SIGNER_SEAL, &posing, bytes_of("der"), &key.private_sealed),
                     SIGNER_OK);
    assert_int_equal(sign_with(st, CHANNEL_WORKER, TOKEN_ID, &key, ID, &out), SIGNER_FAULT);
}

/* ---- TOTP ---- */

#define TOTP_SEED "12345678901234567890" /* RFC 6238 Appendix B */

static int64_t verify_totp(const char *user_id, struct bytes sealed, const char *code, int64_t last_step, int64_t *step)
{
    struct frame_reader r;
    struct sbuf q;
    int64_t status;

    begin(&q, SIGNER_VERIFY_TOTP);
    put_totp(&q, user_id, sealed, code, last_step);
    status = ask_with(st, CHANNEL_WORKER, &q, &r);
    *step = status == SIGNER_OK ? frame_get_int(&r) : -1;
    assert_int_equal(frame_end(&r), RC_OK);
    return status;
}

static struct bytes sealed_seed(const struct seal_place *where)
{
    struct bytes sealed;

    assert_int_equal(box(st, CHANNEL_WORKER, SIGNER_SEAL, where, bytes_of(TOTP_SEED), &sealed), SIGNER_OK);
    return sealed;
}

static void totp_codes(void **state) /* OT-02, OT-03, OT-04 */
{
    struct bytes sealed = sealed_seed(&totp);
    int64_t step;

    (void)state;
    clock_set_for_test(1111111109);
    assert_int_equal(verify_totp("u1", sealed, "081804", 0, &step), SIGNER_OK);
    assert_int_equal(step, 37037036);
    assert_int_equal(verify_totp("u1", sealed, "081804", 37037036, &step), SIGNER_OK);
    assert_int_equal(step, 0); /* used */
    assert_int_equal(verify_totp("u1", sealed, "050471", 37037036, &step), SIGNER_OK);
    assert_int_equal(step, 37037037); /* a phone that is ahead */
    clock_set_for_test(1111111109 + 61);
    assert_int_equal(verify_totp("u1", sealed, "081804", 0, &step), SIGNER_OK);
    assert_int_equal(step, 0); /* two steps old */
}

static void totp_in_its_own_place(void **state)
{
    static const struct seal_place elsewhere[] = {
        { TOTP_TABLE, TOTP_COLUMN, "u2" }, { TOTP_TABLE, "other", "u1" }, { "settings", TOTP_COLUMN, "u1" },
    };
    int64_t step;

    (void)state;
    clock_set_for_test(1111111109);
    for (size_t i = 0; i < ARRAY_LEN(elsewhere); i++)
        assert_int_equal(verify_totp("u1", sealed_seed(&elsewhere[i]), "081804", 0, &step), SIGNER_FAULT);
    assert_int_equal(verify_totp("u1", bytes_of(TOTP_SEED), "081804", 0, &step), SIGNER_FAULT);
}

static void totp_questions_refused(void **state) /* OT-07 */
{
    static const char *const codes[] = { NULL, "", "81804", "0818040", "08180a", " 81804", "081804 " };
    struct bytes sealed = sealed_seed(&totp);
    int64_t step;

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(codes); i++)
        assert_int_equal(verify_totp("u1", sealed, codes[i], 0, &step), SIGNER_REFUSED);
    assert_int_equal(verify_totp(NULL, sealed, "081804", 0, &step), SIGNER_REFUSED);
    assert_int_equal(verify_totp("", sealed, "081804", 0, &step), SIGNER_REFUSED);
}

static void fingerprint(void **state)
{
    struct frame_reader r;
    struct sbuf q;
    uint8_t hash[SHA256_BYTES];

    (void)state;
    begin(&q, SIGNER_FINGERPRINT);
    assert_int_equal(ask_with(st, CHANNEL_CLI, &q, &r), SIGNER_OK);
    sha256(bytes_of(KEY), hash);
    assert_string_equal(frame_get_text(&r, arena), hex_encode(arena, (struct bytes){ hash, 8 }));
    assert_string_equal(frame_get_text(&r, arena), ""); /* there is no previous one */
    assert_int_equal(frame_end(&r), RC_OK);
}

/* ---- frames ---- */

static int64_t status_of(struct bytes question)
{
    struct frame_reader r;
    int64_t status;

    frame_read(&r, signer_answer(st, CHANNEL_WORKER, arena, question));
    status = frame_get_int(&r);
    assert_int_equal(frame_end(&r), RC_OK);
    return status;
}

static void every_cut_and_altered_frame(void **state)
{
    struct signing_key key = generate(ALG_EDDSA);
    struct bytes whole;
    struct sbuf q;

    (void)state;
    begin(&q, SIGNER_SIGN);
    frame_put_int(&q, 1);
    put_input(&q, TOKEN_ID, &key, 0, ID);
    whole = sbuf_bytes(&q);
    for (size_t n = 0; n < whole.n; n++)
        assert_int_equal(status_of((struct bytes){ whole.p, n }), SIGNER_REFUSED);
    for (size_t i = 0; i < whole.n; i++) {
        uint8_t *copy = arena_memdup(arena, whole.p, whole.n);
        struct frame_reader r;

        copy[i] ^= 0x80;
        frame_read(&r, signer_answer(st, CHANNEL_WORKER, arena, (struct bytes){ copy, whole.n }));
        assert_true(frame_get_int(&r) != SIGNER_OK || i > whole.n - strlen(ID));
    }
    sbuf_addc(&q, 'x'); /* a byte too many */
    assert_int_equal(status_of(sbuf_bytes(&q)), SIGNER_REFUSED);
}

static void unknown_operations(void **state)
{
    static const int64_t ops[] = {
        0, 1, -1, 0x100, 0x108, 0x201, 0x001, INT64_MAX, INT64_MIN, (1ll << 32) + 0x101,
    };
    struct sbuf q;

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(ops); i++) {
        begin(&q, ops[i]);
        assert_int_equal(status_of(sbuf_bytes(&q)), SIGNER_REFUSED);
    }
    assert_int_equal(status_of((struct bytes){ 0 }), SIGNER_REFUSED);
    assert_int_equal(status_of(bytes_of("nonsense")), SIGNER_REFUSED);
}

static void numbers_of_inputs(void **state)
{
    static const int64_t ns[] = { 0, -1, 5, INT64_MAX, INT64_MIN };
    struct signing_key key = generate(ALG_EDDSA);
    struct sbuf q;

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(ns); i++) {
        begin(&q, SIGNER_SIGN);
        frame_put_int(&q, ns[i]);
        for (int j = 0; j < 5; j++)
            put_input(&q, TOKEN_ID, &key, 0, ID);
        assert_int_equal(status_of(sbuf_bytes(&q)), SIGNER_REFUSED);
    }
}

static void generate_what(void **state)
{
    static const int64_t algs[] = { ALG_NONE_OF_OURS, 4, -1, INT64_MAX };
    struct frame_reader r;
    struct sbuf q;

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(algs); i++) {
        begin(&q, SIGNER_GENERATE);
        frame_put_int(&q, algs[i]);
        assert_int_equal(ask_with(st, CHANNEL_CLI, &q, &r), SIGNER_REFUSED);
    }
}

/* base64url makes it longer than a message may be: a refusal, not a silent death. */
static void an_answer_too_large(void **state)
{
    struct signing_key key = generate(ALG_EDDSA);
    char *filler = arena_alloc(arena, 60001);
    const char *out;

    (void)state;
    memset(filler, 'x', 60000);
    assert_int_equal(sign_with(st, CHANNEL_WORKER, TOKEN_ID, &key,
                               arena_printf(arena, ID_WITH("\"x\":\"%s\""), filler), &out),
                     SIGNER_REFUSED);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(each_kind_with_each_algorithm),
        TEST(the_protected_header),
        TEST(es256_signatures_have_one_length),
        TEST(only_its_own_channel),
        TEST(no_kind_poses_as_another),
        TEST(payloads_judged),
        TEST(at_hash_of_an_earlier_access_token),
        TEST(at_hash_of_nothing_else),
        TEST(at_hash_of_an_opaque_access_token),
        TEST(generated_keys),
        TEST(no_name_begins_with_a_dash),
        TEST(coordinates_have_one_length),
        TEST(the_key_of_the_environment),
        TEST(pkcs1_and_pkcs8_are_one_key),
        TEST(no_key_in_the_environment),
        TEST(the_environments_key_by_its_name_only),
        TEST(wrapped_keys_that_do_not_open),
        TEST(more_keys_than_the_cache_holds),
        TEST(the_previous_encryption_key_still_opens),
        TEST(pems_judged),
        TEST(no_encryption_key),
        TEST(columns_sealed_and_opened),
        TEST(a_value_moved_does_not_open),
        TEST(columns_under_the_previous_key),
        TEST(channels_of_each_operation),
        TEST(open_yields_no_signing_key),
        TEST(values_are_sealed_anew),
        TEST(a_sealed_column_is_no_signing_key),
        TEST(totp_codes),
        TEST(totp_in_its_own_place),
        TEST(totp_questions_refused),
        TEST(fingerprint),
        TEST(every_cut_and_altered_frame),
        TEST(unknown_operations),
        TEST(numbers_of_inputs),
        TEST(generate_what),
        TEST(an_answer_too_large),
    };

    return cmocka_run_group_tests(tests, make_pems, drop_pems);
}
