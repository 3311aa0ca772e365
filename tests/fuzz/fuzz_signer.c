/*
 * Questions to the signer (signer/).  The first byte is the channel, the second the form:
 * an even one, the rest is the frame; an odd one, lines become the fields of a question, so
 * that what is behind the frame is reached: SIGN under a key of ours with any payload, SEAL
 * and OPEN, VERIFY_TOTP.  Whatever is asked, the answer is a frame; what is signed is ours.
 */
#include "config.h"

#include "fuzz.h"

#include "signer/process.h"
#include "signer/signer_frame.h"
#include "util/encode.h"

#define ISSUER "https://id.example.org/oauth2"

static struct arena *always;
static struct signer_state *st;
static struct signing_key key;

static struct bytes kept(struct bytes b)
{
    return (struct bytes){ arena_memdup(always, b.p, b.n), b.n };
}

static void make_key(void)
{
    struct frame_reader r;
    struct sbuf q;

    sbuf_init(&q, A, 64);
    frame_put_int(&q, SIGNER_GENERATE);
    frame_put_int(&q, ALG_EDDSA);
    frame_read(&r, signer_answer(st, CHANNEL_CLI, A, sbuf_bytes(&q)));
    MUST(frame_get_int(&r) == SIGNER_OK);
    key.kid = arena_strdup(always, frame_get_text(&r, A));
    (void)frame_get_text(&r, A);
    key.private_sealed = kept(frame_get_bytes(&r));
    key.alg = ALG_EDDSA;
    MUST(frame_end(&r) == RC_OK);
}

static struct sbuf new_frame(int64_t op)
{
    struct sbuf q;

    sbuf_init(&q, A, 256);
    frame_put_int(&q, op);
    return q;
}

/* Kind; of which at_hash is, and whether of an opaque access token on a line; the payload. */
static struct bytes sign_question(struct input *in)
{
    struct sbuf q = new_frame(SIGNER_SIGN);
    int inputs = take_byte(in) % 3;

    frame_put_int(&q, inputs);
    for (int i = 0; i < inputs; i++) {
        frame_put_int(&q, take_byte(in) % (TOKEN_KINDS_N + 1));
        frame_put_text(&q, key.kid);
        frame_put_int(&q, key.alg);
        frame_put_bytes(&q, key.private_sealed);
        int of = take_byte(in) % 6;
        frame_put_int(&q, of % 3);
        frame_put_text(&q, of < 3 ? NULL : take_line_text(in));
        frame_put_text(&q, take_line_text(in));
    }
    return sbuf_bytes(&q);
}

static struct bytes box_question(int64_t op, struct input *in)
{
    struct sbuf q = new_frame(op);

    for (int i = 0; i < 3; i++)
        frame_put_text(&q, take_line_text(in));
    frame_put_bytes(&q, take_rest(in));
    return sbuf_bytes(&q);
}

static struct bytes totp_question(struct input *in)
{
    struct sbuf q = new_frame(SIGNER_VERIFY_TOTP);

    frame_put_text(&q, take_line_text(in));
    frame_put_bytes(&q, take_line(in));
    frame_put_text(&q, take_line_text(in));
    frame_put_int(&q, take_byte(in) - 128);
    return sbuf_bytes(&q);
}

static struct bytes question_of(int form, struct input *in)
{
    if (form % 2 == 0)
        return take_rest(in);
    switch (form / 2 % 4) {
    case 0:
        return sign_question(in);
    case 1:
        return box_question(SIGNER_SEAL, in);
    case 2:
        return box_question(SIGNER_OPEN, in);
    default:
        return totp_question(in);
    }
}

/* Unwrapped and remembered from here on; and a look whether these questions reach so far. */
static void use_key(void)
{
    static const char usual[] = "\1\1" "\0" "{\"iss\":\"" ISSUER "\",\"sub\":\"u\",\"aud\":\"app\",\"iat\":1800000000,"
                                "\"exp\":1800000300}";
    struct input in = { (const uint8_t *)usual, sizeof(usual) - 1 };
    struct frame_reader r;

    frame_read(&r, signer_answer(st, CHANNEL_WORKER, A, sign_question(&in)));
    MUST(frame_get_int(&r) == SIGNER_OK);
}

static void prepare(void)
{
    static const uint8_t encryption[32] = "an encryption key of 32 bytes!!";
    static const struct signer_setup setup = { .issuer = ISSUER, .env_kid = "env", .request_deadline_s = 30 };
    struct signer_secrets secrets = { .encryption = BYTES(encryption), .private_key_pem = "" };

    if (st != NULL)
        return;
    always = arena_start("always");
    keep_begin(); /* it locks its memory */
    st = signer_state_new(&setup, &secrets);
    MUST(st != NULL);
    make_key();
    use_key();
    keep_end();
}

/* An RSA key takes a tenth of a second, and nothing of it is read from the question. */
static bool is_slow(struct bytes question)
{
    struct frame_reader r;

    frame_read(&r, question);
    return frame_get_int(&r) == SIGNER_GENERATE && frame_get_int(&r) == ALG_RS256;
}

/* Each signature is over a token of this issuer; that the kinds keep apart, unit tests show. */
static void check_signed(struct frame_reader *r)
{
    while (r->p < r->end && !r->is_bad) {
        const char *token = frame_get_text(r, A);
        struct json *payload;
        const char *iss;

        MUST(token != NULL);
        char *segment = arena_strdup(A, strchr(token, '.') + 1);
        *strchr(segment, '.') = '\0';
        struct bytes text;
        MUST(base64url_decode(A, segment, &text) == RC_OK);
        MUST(json_parse(A, (const char *)text.p, text.n, &payload) == RC_OK);
        MUST(json_get_str(payload, "iss", &iss) == RC_OK && strcmp(iss, ISSUER) == 0);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct input in = { data, size };
    struct frame_reader r;

    begin();
    prepare();
    enum signer_channel channel = (enum signer_channel)(take_byte(&in) % CHANNELS_N);
    struct bytes question = question_of(take_byte(&in), &in);
    if (is_slow(question))
        return end();
    frame_read(&r, signer_answer(st, channel, A, question));
    int64_t status = frame_get_int(&r);
    MUST(!r.is_bad && status >= SIGNER_OK && status <= SIGNER_FAULT);
    frame_read(&r, question);
    if (status == SIGNER_OK && frame_get_int(&r) == SIGNER_SIGN) {
        MUST(channel == CHANNEL_WORKER || channel == CHANNEL_COURIER);
        frame_read(&r, signer_answer(st, channel, A, question));
        (void)frame_get_int(&r);
        check_signed(&r);
    }
    return end();
}
