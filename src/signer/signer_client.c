#include "config.h"

#include "signer/signer.h"

#include "signer/signer_frame.h"
#include "util/ask.h"
#include "util/clock.h"
#include "util/log.h"

#define TRIES 3

static void begin(struct sbuf *b, struct arena *a, enum signer_op op, size_t hint)
{
    sbuf_init(b, a, hint + 64);
    frame_put_int(b, op);
}

static enum rc check_status(struct frame_reader *r)
{
    switch (frame_get_int(r)) {
    case SIGNER_OK: return r->is_bad ? fault("signer: malformed answer") : RC_OK;
    case SIGNER_NONE: return RC_NONE;
    case SIGNER_REFUSED: return RC_REFUSED;
    default: return fault("signer: it failed; its own line says why");
    }
}

static enum rc late(const struct signer *s, int64_t asked_ms)
{
    if (ask_is_starved())
        return RC_NONE;
    log_event(LOG_LEVEL_WARNING, "signer_late", "ms", log_num(clock_mono_ms() - asked_ms), NULL);
    if (s->late_since_ms != NULL)
        __atomic_store_n(s->late_since_ms, asked_ms, __ATOMIC_RELEASE);
    return RC_NONE;
}

static enum rc died(void)
{
    (void)fault("signer: %d died, one after another, with the same question", TRIES);
    return RC_NONE;
}

/* Ask, and read the answer as far as the status. */
static enum rc converse(struct signer *s, struct arena *a, const struct sbuf *question,
                        struct frame_reader *answer)
{
    int64_t asked_ms = clock_mono_ms();
    struct bytes out;
    enum rc rc = ask(s->ask_fd, a, sbuf_bytes(question), TRIES, s->deadline_ms, &out);

    if (rc == RC_NONE)
        return late(s, asked_ms);
    if (rc == RC_REFUSED)
        return died();
    TRY(rc);
    frame_read(answer, out);
    return check_status(answer);
}

static enum rc end(const struct frame_reader *answer)
{
    return frame_end(answer) == RC_OK ? RC_OK : fault("signer: malformed answer");
}

enum rc signer_sign(struct signer *s, struct arena *a, enum token_kind kind,
                    const struct signing_key *key, const char *payload, char **out)
{
    struct sign_input input = { .kind = kind, .key = key, .payload = payload };

    return signer_sign_all(s, a, &input, 1, out);
}

static void put_input(struct sbuf *b, const struct sign_input *input)
{
    frame_put_int(b, input->kind);
    frame_put_text(b, input->key->kid);
    frame_put_int(b, input->key->alg);
    frame_put_bytes(b, input->key->private_sealed);
    frame_put_int(b, input->at_hash_of);
    frame_put_text(b, input->opaque);
    frame_put_text(b, input->payload);
}

enum rc signer_sign_all(struct signer *s, struct arena *a, const struct sign_input *inputs,
                        size_t inputs_n, char **outs)
{
    const char *signed_texts[SIGN_INPUTS_MAX];
    struct frame_reader r;
    struct sbuf b;

    if (inputs_n < 1 || inputs_n > SIGN_INPUTS_MAX)
        return fault("signer: %zu inputs", inputs_n);
    begin(&b, a, SIGNER_SIGN, inputs_n * 2048);
    frame_put_int(&b, (int64_t)inputs_n);
    for (size_t i = 0; i < inputs_n; i++)
        put_input(&b, &inputs[i]);
    TRY(converse(s, a, &b, &r));
    for (size_t i = 0; i < inputs_n; i++)
        signed_texts[i] = frame_get_text(&r, a);
    TRY(end(&r));
    for (size_t i = 0; i < inputs_n; i++)
        outs[i] = (char *)signed_texts[i];
    return RC_OK;
}

static void begin_at(struct sbuf *b, struct arena *a, enum signer_op op, const struct seal_place *where,
                     struct bytes in)
{
    begin(b, a, op, in.n + 128);
    frame_put_text(b, where->table);
    frame_put_text(b, where->column);
    frame_put_text(b, where->row_id);
    frame_put_bytes(b, in);
}

static enum rc exchange_bytes(struct signer *s, struct arena *a, enum signer_op op,
                              const struct seal_place *where, struct bytes in, struct bytes *out)
{
    struct frame_reader r;
    struct bytes got;
    struct sbuf b;

    begin_at(&b, a, op, where, in);
    TRY(converse(s, a, &b, &r));
    got = frame_get_bytes(&r);
    TRY(end(&r));
    *out = got;
    return RC_OK;
}

enum rc signer_seal(struct signer *s, struct arena *a, const struct seal_place *where,
                    struct bytes plain, struct bytes *out)
{
    return exchange_bytes(s, a, SIGNER_SEAL, where, plain, out);
}

enum rc signer_open(struct signer *s, struct arena *a, const struct seal_place *where,
                    struct bytes sealed, struct bytes *out)
{
    return exchange_bytes(s, a, SIGNER_OPEN, where, sealed, out);
}

enum rc signer_generate(struct signer *s, struct arena *a, enum jws_alg alg,
                        struct signing_key *out)
{
    struct signing_key made = { .alg = alg };
    struct frame_reader r;
    struct sbuf b;

    begin(&b, a, SIGNER_GENERATE, 0);
    frame_put_int(&b, alg);
    TRY(converse(s, a, &b, &r));
    made.kid = frame_get_text(&r, a);
    made.public_jwk = frame_get_text(&r, a);
    made.private_sealed = frame_get_bytes(&r);
    TRY(end(&r));
    *out = made;
    return RC_OK;
}

/* Here RC_NONE is an answer, so that silence has to be something else. */
enum rc signer_env_key(struct signer *s, struct arena *a, struct signing_key *out)
{
    struct signing_key key = { .alg = ALG_RS256 };
    struct frame_reader r;
    struct bytes answer;
    struct sbuf b;
    enum rc rc;

    begin(&b, a, SIGNER_ENV_KEY, 0);
    rc = ask(s->ask_fd, a, sbuf_bytes(&b), TRIES, s->deadline_ms, &answer);
    if (rc != RC_OK)
        return fault("signer: no answer");
    frame_read(&r, answer);
    TRY(check_status(&r));
    key.kid = frame_get_text(&r, a);
    key.public_jwk = frame_get_text(&r, a);
    TRY(end(&r));
    *out = key;
    return RC_OK;
}

enum rc signer_reseal(struct signer *s, struct arena *a, const struct seal_place *where, struct bytes sealed,
                      struct bytes *out)
{
    struct frame_reader r;
    struct bytes got;
    struct sbuf b;

    begin_at(&b, a, SIGNER_RESEAL, where, sealed);
    enum rc rc = converse(s, a, &b, &r);
    if (rc == RC_REFUSED)
        return fault("signer: it will not seal %s anew", where->table); /* not an answer about the value */
    TRY(rc);
    int64_t state = frame_get_int(&r);
    got = frame_get_bytes(&r);
    TRY(end(&r));
    if (state == RESEAL_LOST)
        return RC_REFUSED;
    *out = got;
    return RC_OK;
}

enum rc signer_fingerprints(struct signer *s, struct arena *a, char **out, char **previous)
{
    struct frame_reader r;
    const char *text, *before;
    struct sbuf b;

    begin(&b, a, SIGNER_FINGERPRINT, 0);
    TRY(converse(s, a, &b, &r));
    text = frame_get_text(&r, a);
    before = frame_get_text(&r, a);
    TRY(end(&r));
    *out = (char *)text;
    *previous = (char *)before;
    return RC_OK;
}

enum rc signer_fingerprint(struct signer *s, struct arena *a, char **out)
{
    char *previous;

    return signer_fingerprints(s, a, out, &previous);
}

enum rc signer_verify_totp(struct signer *s, struct arena *a, const struct totp_question *ask_for, int64_t *step)
{
    struct frame_reader r;
    struct sbuf b;
    int64_t got;

    begin(&b, a, SIGNER_VERIFY_TOTP, ask_for->secret_sealed.n + 64);
    frame_put_text(&b, ask_for->user_id);
    frame_put_bytes(&b, ask_for->secret_sealed);
    frame_put_text(&b, ask_for->code);
    frame_put_int(&b, ask_for->last_step);
    TRY(converse(s, a, &b, &r));
    got = frame_get_int(&r);
    TRY(end(&r));
    *step = got;
    return RC_OK;
}
