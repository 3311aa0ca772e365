#include "config.h"

#include "authn/totp.h"

#include <string.h>

#include "crypto/hash.h"
#include "crypto/otp.h"
#include "signer/signer.h"
#include "util/frame.h"

/* ---- drafts ---- */

/* RC_NONE: there is no previous key. */
static enum rc derive(struct exchange *x, const struct user *u, const char *nonce, int key, struct bytes *out)
{
    uint8_t mac[SHA256_BYTES];
    struct sbuf b;

    sbuf_init(&b, x->arena, 128);
    frame_put_text(&b, "totp");
    frame_put_text(&b, u->id);
    frame_put_text(&b, nonce);
    TRY(keyring_mac(x->keys, KEY_ENROL, key, sbuf_bytes(&b), mac));
    *out = arena_bytes(x->arena, (struct bytes){ mac, OTP_SECRET_BYTES });
    explicit_bzero(mac, sizeof(mac));
    return RC_OK;
}

/* flows 1; apps show a '+' as it stands, so a space is "%20" */
static const char *uri_of(struct arena *a, const struct user *u, const char *issuer, const char *secret)
{
    struct sbuf b;

    sbuf_init(&b, a, 256);
    sbuf_add(&b, "otpauth://totp/");
    sbuf_percent(&b, issuer);
    sbuf_add(&b, ":");
    sbuf_percent(&b, u->username);
    sbuf_add(&b, "?algorithm=SHA1&digits=6&issuer=");
    sbuf_percent(&b, issuer);
    sbuf_printf(&b, "&period=%d&secret=%s", OTP_STEP_S, secret);
    return b.text;
}

struct totp_draft totp_show(struct arena *a, const struct user *u, const char *issuer, struct bytes raw)
{
    const char *secret = base32_encode(a, raw);

    return (struct totp_draft){ raw, secret, uri_of(a, u, issuer, secret) };
}

void totp_draft(struct exchange *x, const struct user *u, const char *issuer, const char *nonce,
                struct totp_draft *out)
{
    struct bytes raw = { 0 };

    (void)derive(x, u, nonce, KEY_MAKES, &raw); /* it is always there */
    *out = totp_show(x->arena, u, issuer, raw);
}

/* ---- codes ---- */

static bool is_space(char c)
{
    return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

const char *totp_typed(struct arena *a, const char *code)
{
    char *out = arena_strdup(a, text_or(code, "")), *to = out;

    for (const char *p = out; *p != '\0'; p++)
        if (!is_space(*p))
            *to++ = *p;
    *to = '\0';
    return out;
}

enum rc totp_seal(struct exchange *x, const char *user_id, struct bytes raw, struct bytes *out)
{
    struct seal_place where = { TOTP_TABLE, TOTP_COLUMN, user_id };

    db_read_end(x->db);
    enum rc rc = signer_seal(x->signer, x->arena, &where, raw, out);
    if (rc == RC_NONE)
        return refuse(&x->no, REFUSE_BUSY, NULL);
    return rc == RC_REFUSED ? fault("totp: the signer refused to seal") : rc;
}

enum rc totp_step_of(struct exchange *x, const char *user_id, struct bytes secret_sealed, int64_t last_step,
                     const char *code, int64_t *step)
{
    struct totp_question q = { user_id, secret_sealed, code, last_step };
    int64_t found = 0;

    if (!otp_is_code(code))
        return refuse(&x->no, REFUSE_INVALID_CODE, NULL);
    db_read_end(x->db);
    enum rc rc = signer_verify_totp(x->signer, x->arena, &q, &found);
    if (rc == RC_NONE)
        return refuse(&x->no, REFUSE_BUSY, NULL);
    if (rc == RC_REFUSED)
        return fault("totp: the signer refused to verify");
    TRY(rc);
    if (found == 0)
        return refuse(&x->no, REFUSE_INVALID_CODE, NULL);
    *step = found;
    return RC_OK;
}

static enum rc prove(struct exchange *x, const struct user *u, const char *nonce, int key, const char *code,
                     struct totp_proof *out)
{
    struct totp_proof p = { { 0 }, 0 };
    struct bytes raw;

    TRY(derive(x, u, nonce, key, &raw));
    TRY(totp_seal(x, u->id, raw, &p.secret_sealed));
    TRY(totp_step_of(x, u->id, p.secret_sealed, 0, code, &p.step));
    *out = p;
    return RC_OK;
}

enum rc totp_prove_draft(struct exchange *x, const struct user *u, const char *nonce, const char *code,
                         struct totp_proof *out)
{
    enum rc rc = prove(x, u, nonce, 0, code, out);

    if (rc == RC_REFUSED && x->no.code == REFUSE_INVALID_CODE && x->keys->has_previous)
        rc = prove(x, u, nonce, 1, code, out);
    return rc;
}
