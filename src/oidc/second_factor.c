#include "config.h"

#include "oidc/second_factor.h"

#include "crypto/hash.h"
#include "crypto/random.h"
#include "http/csrf.h"
#include "util/uri.h"

const char *second_factor_url(struct exchange *x, const char *challenge_id)
{
    struct sbuf url;

    sbuf_init(&url, x->arena, 128);
    sbuf_printf(&url, "%s/mfa", x->conf->oauth_path);
    uri_add_param(&url, "challenge_id", challenge_id);
    return url.text;
}

struct bytes second_factor_hash(struct arena *a, const char *challenge_id)
{
    return sha256_of(a, challenge_id);
}

struct beginning {
    const struct challenge *challenge;
    struct right_password *password;
};

static enum rc add(struct db *db, void *arg)
{
    const struct beginning *b = arg;

    if (b->password != NULL)
        TRY(password_record(db, b->password));
    return challenges_add(db, b->challenge);
}

enum rc second_factor_begin(struct exchange *x, const struct second_factor *s)
{
    const char *id = random_token(x->arena);
    struct challenge c = {
        .id_hash = second_factor_hash(x->arena, id),
        .user_id = s->user_id,
        .method = s->step == ASSURANCE_EMAIL ? "email" : "totp",
        .request = authz_request_pack(x->arena, s->request),
        .browser_hash = csrf_binding(x),
        .amr = text_or(s->amr, ""),
        .session_id = s->session_id,
        .created_at = x->now,
        .expires_at = x->now + SECOND_FACTOR_LIFE_S,
    };

    struct beginning b = { &c, s->password };
    enum rc rc = db_write(x->db, add, &b);

    if (rc == RC_NONE)
        return refuse(&x->no, REFUSE_LOGIN_REQUIRED, NULL);
    TRY(rc);
    if (s->password != NULL)
        s->password->is_recorded = true;
    return respond_redirect(x, second_factor_url(x, id));
}

struct replacement {
    const struct challenge *old;
    struct challenge new;
    int64_t now;
};

static enum rc replace(struct db *db, void *arg)
{
    const struct replacement *r = arg;
    struct challenge new = r->new, now;
    struct arena *a = arena_start("second_factor_switch");
    enum rc rc = challenges_find(db, a, r->old->id_hash, &now); /* attempts were made meanwhile */

    new.failures_n = rc == RC_OK ? now.failures_n : 0;
    if (rc == RC_OK)
        rc = challenges_use(db, r->old->id_hash, r->now);
    if (rc == RC_OK)
        rc = challenges_add(db, &new);
    arena_done(a);
    return rc;
}

enum rc second_factor_switch(struct exchange *x, const struct challenge *old, const char *method)
{
    const char *id = random_token(x->arena);
    struct replacement r = { .old = old, .new = *old, .now = x->now };

    r.new.id_hash = second_factor_hash(x->arena, id);
    r.new.method = method;
    r.new.created_at = x->now;
    TRY(db_write(x->db, replace, &r));
    return respond_redirect(x, second_factor_url(x, id));
}
