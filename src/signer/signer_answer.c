/* One question, one answer: signer_answer() of process.h.  No I/O but the log. */
#include "config.h"

#include <string.h>

#include "crypto/otp.h"
#include "signer/signer_policy.h"
#include "signer/signer_state.h"
#include "util/clock.h"
#include "util/log.h"

/* A question in hand. */
struct turn {
    struct signer_state *st;
    struct arena *a;
    enum signer_channel channel;
    int64_t op;
    struct frame_reader r;
    struct sbuf answer;
    const char *why; /* for the log, of RC_REFUSED */
};

struct input {
    int64_t kind, at_hash_of;
    struct signing_key key;
    const char *payload, *opaque;
};

static enum rc no(struct turn *t, const char *why)
{
    t->why = why;
    return RC_REFUSED;
}

static enum rc whole(struct turn *t)
{
    return frame_end(&t->r) == RC_OK ? RC_OK : no(t, "malformed frame");
}

static enum rc alg_of(struct turn *t, int64_t n, enum jws_alg *out)
{
    if (n != ALG_RS256 && n != ALG_ES256 && n != ALG_EDDSA)
        return no(t, "unknown algorithm");
    *out = (enum jws_alg)n;
    return RC_OK;
}

/* ---- signing ---- */

static enum rc read_input(struct turn *t, struct input *in)
{
    int64_t alg;

    in->kind = frame_get_int(&t->r);
    in->key.kid = frame_get_text(&t->r, t->a);
    alg = frame_get_int(&t->r);
    in->key.private_sealed = frame_get_bytes(&t->r);
    in->at_hash_of = frame_get_int(&t->r);
    in->opaque = frame_get_text(&t->r, t->a);
    in->payload = frame_get_text(&t->r, t->a);
    if (t->r.is_bad)
        return no(t, "malformed frame");
    if (text_empty(in->key.kid) || !in->payload)
        return no(t, "no kid or no payload");
    return alg_of(t, alg, &in->key.alg);
}

static enum rc read_inputs(struct turn *t, struct input *ins, int64_t *n)
{
    *n = frame_get_int(&t->r);
    if (*n < 1 || *n > SIGN_INPUTS_MAX)
        return no(t, "number of inputs");
    for (int64_t i = 0; i < *n; i++)
        TRY(read_input(t, &ins[i]));
    return whole(t);
}

static enum rc check_at_hash(struct turn *t, const struct input *ins, int64_t i)
{
    const struct input *in = &ins[i];
    int64_t of = in->at_hash_of;

    if (of == 0 && in->opaque == NULL)
        return RC_OK;
    if (in->kind != TOKEN_ID || (of != 0 && in->opaque != NULL))
        return no(t, "at_hash is of one access token, for an ID token");
    if (of < 0 || of > i || (of > 0 && ins[of - 1].kind != TOKEN_ACCESS))
        return no(t, "at_hash is of an earlier access token");
    return RC_OK;
}

static enum rc check_input(struct turn *t, const struct input *ins, int64_t i)
{
    struct policy p = { t->st->issuer, t->st->request_deadline_s, clock_now() };
    struct json *payload;

    if (json_parse(t->a, ins[i].payload, strlen(ins[i].payload), &payload) != RC_OK)
        return no(t, "the payload is no strict JSON");
    TRY(policy_token(&p, t->channel, ins[i].kind, payload, &t->why));
    return check_at_hash(t, ins, i);
}

/* The text stays as it came, but for this member at its end. */
static const char *with_at_hash(struct arena *a, const struct input *in, const char *access_token)
{
    struct sbuf b;

    sbuf_init(&b, a, strlen(in->payload) + 64);
    sbuf_addn(&b, in->payload, (size_t)(strrchr(in->payload, '}') - in->payload));
    sbuf_printf(&b, ",\"at_hash\":\"%s\"}", jws_half_hash(a, in->key.alg, access_token));
    return b.text;
}

static char *protected_header(struct arena *a, const struct input *in)
{
    struct json *header = json_object(a);

    json_set_str(header, "alg", jws_alg_name(in->key.alg));
    json_set_str(header, "kid", in->key.kid);
    json_set_str(header, "typ", policy_typ((enum token_kind)in->kind));
    return base64url_encode(a, bytes_of(json_text(a, header)));
}

static enum rc sign(struct turn *t, const struct input *in, const char *payload, const char **out)
{
    struct native_key *key;
    struct bytes signature;
    struct sbuf jws;

    t->why = "no such key in the environment";
    TRY(signer_keys_find(&t->st->keys, t->a, &in->key, &key));
    sbuf_init(&jws, t->a, 2 * strlen(payload) + 1024);
    sbuf_add(&jws, protected_header(t->a, in));
    sbuf_addc(&jws, '.');
    sbuf_add(&jws, base64url_encode(t->a, bytes_of(payload)));
    TRY(native_sign(t->a, key, in->key.alg, sbuf_bytes(&jws), &signature));
    sbuf_addc(&jws, '.');
    sbuf_add(&jws, base64url_encode(t->a, signature));
    *out = jws.text;
    return RC_OK;
}

static const char *payload_of(struct turn *t, const struct input *in, const char *const *outs)
{
    const char *access_token = in->at_hash_of > 0 ? outs[in->at_hash_of - 1] : in->opaque;

    return access_token != NULL ? with_at_hash(t->a, in, access_token) : in->payload;
}

/* Everything is checked before the first signature exists. */
static enum rc answer_sign(struct turn *t)
{
    struct input ins[SIGN_INPUTS_MAX] = { 0 };
    const char *outs[SIGN_INPUTS_MAX];
    int64_t n;

    TRY(read_inputs(t, ins, &n));
    for (int64_t i = 0; i < n; i++)
        TRY(check_input(t, ins, i));
    for (int64_t i = 0; i < n; i++) {
        TRY(sign(t, &ins[i], payload_of(t, &ins[i], outs), &outs[i]));
        frame_put_text(&t->answer, outs[i]);
    }
    return RC_OK;
}

/* ---- the other operations ---- */

static enum rc answer_box(struct turn *t)
{
    struct seal_place where;
    struct bytes in, out;

    where.table = frame_get_text(&t->r, t->a);
    where.column = frame_get_text(&t->r, t->a);
    where.row_id = frame_get_text(&t->r, t->a);
    in = frame_get_bytes(&t->r);
    TRY(whole(t));
    TRY(policy_op(t->channel, t->op, where.table, &t->why));
    if (text_empty(where.column) || text_empty(where.row_id))
        return no(t, "no column or no row");
    if (t->op == SIGNER_OPEN)
        TRY(signer_keys_open(&t->st->keys, t->a, &where, in, &out));
    else
        out = signer_keys_seal(&t->st->keys, t->a, &where, in);
    frame_put_bytes(&t->answer, out);
    return RC_OK;
}

static enum rc answer_generate(struct turn *t)
{
    int64_t n = frame_get_int(&t->r);
    struct signing_key made;
    enum jws_alg alg;

    TRY(whole(t));
    TRY(alg_of(t, n, &alg));
    TRY(signer_keys_generate(&t->st->keys, t->a, alg, &made));
    frame_put_text(&t->answer, made.kid);
    frame_put_text(&t->answer, made.public_jwk);
    frame_put_bytes(&t->answer, made.private_sealed);
    return RC_OK;
}

static enum rc answer_env_key(struct turn *t)
{
    TRY(whole(t));
    if (!t->st->keys.env_key)
        return RC_NONE;
    frame_put_text(&t->answer, t->st->keys.env_kid);
    frame_put_text(&t->answer, t->st->keys.env_jwk);
    return RC_OK;
}

static enum rc answer_fingerprint(struct turn *t)
{
    TRY(whole(t));
    frame_put_text(&t->answer, t->st->keys.fingerprint);
    frame_put_text(&t->answer, t->st->keys.previous_fingerprint);
    return RC_OK;
}

static enum rc answer_reseal(struct turn *t)
{
    struct seal_place where;
    struct bytes in, out = { 0 };

    where.table = frame_get_text(&t->r, t->a);
    where.column = frame_get_text(&t->r, t->a);
    where.row_id = frame_get_text(&t->r, t->a);
    in = frame_get_bytes(&t->r);
    TRY(whole(t));
    if (text_empty(where.table) || text_empty(where.column) || text_empty(where.row_id))
        return no(t, "no table, column or row");
    frame_put_int(&t->answer, signer_keys_reseal(&t->st->keys, t->a, &where, in, &out));
    frame_put_bytes(&t->answer, out);
    return RC_OK;
}

/* The secret opens in its own place only, so that no other column can be tried here. */
static enum rc answer_totp(struct turn *t)
{
    struct seal_place where = { TOTP_TABLE, TOTP_COLUMN, frame_get_text(&t->r, t->a) };
    struct bytes sealed = frame_get_bytes(&t->r), secret;
    const char *code = frame_get_text(&t->r, t->a);
    int64_t last_step = frame_get_int(&t->r);

    TRY(whole(t));
    if (text_empty(where.row_id))
        return no(t, "no person");
    if (!otp_is_code(code))
        return no(t, "the code is not of six digits");
    TRY(signer_keys_open(&t->st->keys, t->a, &where, sealed, &secret));
    frame_put_int(&t->answer, otp_match(secret, code, clock_now(), last_step));
    return RC_OK;
}

static enum rc answer_op(struct turn *t)
{
    if (t->op == SIGNER_SEAL || t->op == SIGNER_OPEN)
        return answer_box(t);
    TRY(policy_op(t->channel, t->op, NULL, &t->why));
    switch (t->op) {
    case SIGNER_SIGN: return answer_sign(t);
    case SIGNER_GENERATE: return answer_generate(t);
    case SIGNER_ENV_KEY: return answer_env_key(t);
    case SIGNER_FINGERPRINT: return answer_fingerprint(t);
    case SIGNER_VERIFY_TOTP: return answer_totp(t);
    case SIGNER_RESEAL: return answer_reseal(t);
    default: return no(t, "unknown operation");
    }
}

static struct bytes status_only(struct turn *t, enum signer_status status)
{
    sbuf_init(&t->answer, t->a, 16);
    frame_put_int(&t->answer, status);
    return sbuf_bytes(&t->answer);
}

static struct bytes refusal(struct turn *t)
{
    log_event(LOG_LEVEL_WARNING, "signer_refused", "channel", policy_channel_name(t->channel),
              "op", log_num(t->op), "why", t->why, NULL);
    return status_only(t, SIGNER_REFUSED);
}

struct bytes signer_answer(struct signer_state *st, enum signer_channel channel, struct arena *a,
                           struct bytes question)
{
    struct turn t = { .st = st, .a = a, .channel = channel };
    enum rc rc;

    sbuf_init(&t.answer, a, 4096);
    frame_put_int(&t.answer, SIGNER_OK);
    frame_read(&t.r, question);
    t.op = frame_get_int(&t.r);
    rc = t.r.is_bad ? no(&t, "malformed frame") : answer_op(&t);
    if (rc == RC_OK && t.answer.n > ASK_MAX)
        rc = no(&t, "the answer is too large");
    switch (rc) {
    case RC_OK: return sbuf_bytes(&t.answer);
    case RC_NONE: return status_only(&t, SIGNER_NONE);
    case RC_REFUSED: return refusal(&t);
    case RC_FAULT: break;
    }
    return status_only(&t, SIGNER_FAULT);
}
