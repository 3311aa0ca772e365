#include "config.h"

#include <string.h>

#include "authn/assurance.h"
#include "authn/second_mail.h"
#include "authn/trail.h"
#include "authn/trusted_device.h"
#include "crypto/hash.h"
#include "crypto/random.h"
#include "http/csrf.h"
#include "http/fields.h"
#include "http/response.h"
#include "oidc/second_factor.h"
#include "pages/flow.h"
#include "pages/handlers.h"
#include "pages/mfa.h"
#include "store/factors.h"
#include "store/settings_table.h"

#define RESEND_S 60
#define MAILS_MAX 20 /* to one person in the life of a challenge: whoever knows the password does not flood a mailbox */
#define ANY_LENGTH 65536 /* a wrong code is a wrong code at any length */

/* ---- whose challenge is it, and is it open ---- */

static bool is_over(const struct exchange *x, const struct challenge *c)
{
    return c->used_at != 0 || c->expires_at <= x->now || c->failures_n >= FACTOR_TRIES_MAX;
}

static enum rc find(struct exchange *x, const char *id, struct mfa_visit *v)
{
    if (strlen(id) != TOKEN_CHARS)
        return RC_NONE;
    v->id = id;
    TRY(challenges_find(x->db, x->arena, second_factor_hash(x->arena, id), &v->challenge));
    TRY(authz_request_unpack(x->arena, v->challenge.request, &v->request));
    return authz_request_check(x, &v->request);
}

static enum rc load_person(struct exchange *x, struct mfa_visit *v)
{
    TRY(users_by_id(x->db, x->arena, v->challenge.user_id, &v->user));
    return factors_recovery_left(x->db, v->user.id, &v->recovery_left);
}

/* The page of no challenge: where the person came from is not known (http-api 5.4). */
static enum rc go_nowhere(struct exchange *x)
{
    x->no.return_to = NULL;
    return respond_redirect(x, arena_printf(x->arena, "%s/authorize?error=expired&response_type=code",
                                            x->conf->oauth_path));
}

/* RC_NONE: it is not open, and the person was sent on. */
static enum rc enter(struct exchange *x, const char *id, struct mfa_visit *v)
{
    enum rc rc = find(x, id, v);

    if (rc == RC_NONE) {
        TRY(go_nowhere(x));
        return RC_NONE;
    }
    TRY(rc);
    rc = load_person(x, v);
    if (rc == RC_FAULT)
        return rc;
    /* another browser never finishes what this one began (OT-09, CS-09) */
    if (rc == RC_OK && !is_over(x, &v->challenge) && ct_equal(v->challenge.browser_hash, csrf_binding(x)))
        return RC_OK;
    TRY(flow_show_again(x, &v->request, v->challenge.failures_n >= FACTOR_TRIES_MAX ? "mfa_failed" : "expired"));
    return RC_NONE;
}

/* ---- the code by mail ---- */

struct sending {
    struct exchange *x;
    const struct mfa_visit *v;
    const char *code;
    struct bytes hash;
    bool is_too_soon;
};

static enum rc send(struct db *db, void *arg)
{
    struct sending *s = arg;
    const struct challenge *c = &s->v->challenge;
    int64_t mails_n;

    TRY(challenges_mailed(db, c->user_id, s->x->now - SECOND_FACTOR_LIFE_S, &mails_n));
    if (mails_n >= MAILS_MAX)
        return RC_NONE;
    enum rc rc = challenges_set_code(db, c->id_hash, s->hash, s->x->now - RESEND_S, s->x->now);

    s->is_too_soon = rc == RC_NONE;
    TRY(rc);
    return second_mail_code(s->x, db, &s->v->user, s->code, c->expires_at);
}

static enum rc show_email(struct exchange *x, const struct mfa_visit *v)
{
    struct sending s = { .x = x, .v = v, .code = factor_email_code(x, v->user.id, &s.hash) };
    enum rc rc = db_write(x->db, send, &s);

    if (s.is_too_soon)
        return mfa_show(x, v, NULL, "A code was sent to your e-mail address. If it does not come, you can ask for "
                                    "another one in a minute");
    if (rc == RC_NONE)
        return mfa_show(x, v, "No code could be sent. Please try again later", NULL);
    TRY(rc);
    return mfa_show(x, v, NULL, "We have sent a code to your e-mail address");
}

/* ---- GET ---- */

struct mfa_query { const char *challenge_id, *switch_to, *recovery; };
static const struct field query_fields[] = {
    FIELD(mfa_query, challenge_id, F_REQUIRED, 256, is_vschar),
    FIELD(mfa_query, switch_to, F_OPTIONAL, 16, is_vschar),
    FIELD(mfa_query, recovery, F_OPTIONAL, 16, is_vschar),
};

static enum rc show_totp(struct exchange *x, const struct mfa_visit *v)
{
    if (v->user.totp_since != 0)
        return mfa_show(x, v, NULL, NULL);
    if (assurance_method(x, &v->user) != ASSURANCE_ENROL) /* the settings have changed meanwhile */
        return flow_show_again(x, &v->request, "expired");
    return enroll_show(x, v, NULL);
}

static enum rc show_method(struct exchange *x, const struct mfa_visit *v)
{
    return text_same(v->challenge.method, "email") ? show_email(x, v) : show_totp(x, v);
}

static enum rc switch_method(struct exchange *x, const struct mfa_visit *v, const char *to)
{
    if (text_same(to, v->challenge.method) || !assurance_may_switch(x, &v->user, to))
        return show_method(x, v);
    enum rc rc = second_factor_switch(x, &v->challenge, to);
    return rc == RC_NONE ? flow_show_again(x, &v->request, "expired") : rc;
}

enum rc pages_mfa_show(struct exchange *x)
{
    struct mfa_query in = { NULL };
    struct mfa_visit v = { NULL };

    TRY(query_bind(x, query_fields, ARRAY_LEN(query_fields), &in));
    enum rc rc = enter(x, in.challenge_id, &v);
    if (rc != RC_OK)
        return rc == RC_NONE ? RC_OK : rc;
    if (in.switch_to != NULL)
        return switch_method(x, &v, in.switch_to);
    if (in.recovery != NULL && v.recovery_left > 0)
        return mfa_show_recovery(x, &v, NULL);
    return show_method(x, &v);
}

/* ---- POST ---- */

struct mfa_form { const char *challenge_id, *code, *recovery_code, *trust_device; };
static const struct field form_fields[] = {
    FIELD(mfa_form, challenge_id, F_OPTIONAL, ANY_LENGTH, field_any),
    FIELD(mfa_form, code, F_OPTIONAL, ANY_LENGTH, field_any),
    FIELD(mfa_form, recovery_code, F_OPTIONAL, ANY_LENGTH, field_any),
    FIELD(mfa_form, trust_device, F_OPTIONAL, ANY_LENGTH, field_any),
};

/* A code in hand, and what is written when it is right. */
struct submission {
    struct exchange *x;
    const struct mfa_visit *v;
    struct factor_try t;
    struct trusted_device device;
    const char *device_cookie; /* NULL: not asked for */
};

static enum rc note_recovery(struct db *db, struct submission *s)
{
    const struct user *u = &s->v->user;
    enum rc rc = second_mail_recovery_used(s->x, db, u, s->t.recovery_left);

    if (rc != RC_OK && rc != RC_NONE)
        return rc;
    return trail(s->x, "recovery_code_used", u, "user", u->id, "left",
                 arena_printf(s->x->arena, "%lld", (long long)s->t.recovery_left), NULL);
}

static enum rc accepted(struct db *db, void *arg)
{
    struct submission *s = arg;

    if (s->device_cookie != NULL)
        TRY(trusted_devices_add(db, &s->device));
    return s->t.kind == FACTOR_RECOVERY ? note_recovery(db, s) : RC_OK;
}

static struct submission submission_of(struct exchange *x, const struct mfa_visit *v, const struct mfa_form *form)
{
    const struct client *c = v->request.client;
    bool is_recovery = form->recovery_code != NULL;
    struct submission s = { .x = x, .v = v };

    s.t = (struct factor_try){
        .kind = is_recovery ? FACTOR_RECOVERY : text_same(v->challenge.method, "email") ? FACTOR_EMAIL : FACTOR_TOTP,
        .user = &v->user, .code = is_recovery ? form->recovery_code : form->code, .challenge = &v->challenge,
    };
    if (!is_recovery && text_same(form->trust_device, "on") && trusted_device_is_on(x, c))
        trusted_device_new(x, c, v->user.id, &s.device, &s.device_cookie);
    return s;
}

enum rc mfa_complete(struct exchange *x, const struct mfa_visit *v, enum factor_kind kind)
{
    struct proof p = {
        .request = &v->request, .user = &v->user, .is_two_factors = true,
        .amr = assurance_amr(x->arena, v->challenge.amr, "otp"), .event = "mfa_success", .method = factor_name(kind),
    };

    if (v->challenge.session_id != NULL)
        return flow_step_up(x, &p, v->challenge.session_id);
    return flow_complete(x, &p);
}

static enum rc show_wrong(struct exchange *x, struct submission *s)
{
    const char *text = arena_strdup(x->arena, refusal_text(&x->no));

    if (x->no.code == REFUSE_BUSY) {
        x->no.return_to = NULL;
        return RC_REFUSED;
    }
    if (x->no.code == REFUSE_CHALLENGE_SPENT)
        return flow_show_again(x, &s->v->request, "expired");
    if (s->t.is_last)
        return flow_show_again(x, &s->v->request, "mfa_failed");
    return s->t.kind == FACTOR_RECOVERY ? mfa_show_recovery(x, s->v, text) : mfa_show(x, s->v, text, NULL);
}

static enum rc submit(struct exchange *x, const struct mfa_visit *v, const struct mfa_form *form)
{
    struct submission s = submission_of(x, v, form);

    s.t.then = accepted;
    s.t.arg = &s;
    enum rc rc = factor_check(x, &s.t);
    if (rc == RC_REFUSED)
        return show_wrong(x, &s);
    TRY(rc);
    if (s.device_cookie != NULL)
        trusted_device_cookie_set(x, v->request.client, s.device_cookie);
    return mfa_complete(x, v, s.t.kind);
}

static enum rc submit_first(struct exchange *x, const struct mfa_visit *v, const char *code)
{
    if (assurance_method(x, &v->user) != ASSURANCE_ENROL)
        return flow_show_again(x, &v->request, "expired");
    return enroll_submit(x, v, code);
}

enum rc pages_mfa_submit(struct exchange *x)
{
    struct mfa_form form = { NULL };
    struct mfa_visit v = { NULL };

    TRY(form_bind(x, form_fields, ARRAY_LEN(form_fields), &form));
    if (form.challenge_id == NULL)
        return go_nowhere(x);
    enum rc rc = enter(x, form.challenge_id, &v);
    if (rc != RC_OK)
        return rc == RC_NONE ? RC_OK : rc;
    if (form.code == NULL && form.recovery_code == NULL)
        return flow_show_again(x, &v.request, "code_missing");
    if (form.recovery_code == NULL && text_same(v.challenge.method, "totp") && v.user.totp_since == 0)
        return submit_first(x, &v, form.code);
    return submit(x, &v, &form);
}

enum rc pages_mfa_wrong_method(struct exchange *x)
{
    response_header(x, "Allow", "GET, HEAD, POST");
    return refuse(&x->no, REFUSE_METHOD, NULL);
}
