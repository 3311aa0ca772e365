/* Setting up an authenticator app in the middle of a sign-in (http-api 5.4). */
#include "config.h"

#include "pages/mfa.h"

#include "authn/notice.h"
#include "authn/qr.h"
#include "authn/totp.h"
#include "authn/trail.h"
#include "http/response.h"
#include "pages/flow.h"
#include "store/settings_table.h"

enum rc enroll_show(struct exchange *x, const struct mfa_visit *v, const char *error)
{
    struct json *vars = mfa_vars(x, v, error);
    struct totp_draft draft;
    const char *picture;

    totp_draft(x, &v->user, x->settings->theme_title, v->id, &draft);
    TRY(qr_data_uri(x->arena, draft.uri, &picture));
    json_set_str(vars, "totp_secret", draft.secret);
    json_set_str(vars, "qr", picture);
    json_set_str(vars, "otpauth", draft.uri);
    return respond_page(x, 200, "pages/mfa_enroll", vars);
}

struct enrolment {
    struct exchange *x;
    const struct mfa_visit *v;
    struct totp_proof proof;
    bool was_beaten; /* enrolled or finished in another window */
};

static enum rc store(struct db *db, void *arg)
{
    struct enrolment *e = arg;
    const struct user *u = &e->v->user;
    enum rc rc = challenges_use(db, e->v->challenge.id_hash, e->x->now);

    if (rc == RC_OK)
        rc = factors_totp_enrol(db, u->id, e->proof.secret_sealed, e->proof.step, e->x->now);
    e->was_beaten = rc == RC_NONE || rc == RC_REFUSED;
    TRY(rc);
    TRY(notice_queue(e->x, db, u, NOTICE_APP_ADDED));
    return trail(e->x, "mfa_enrolled", u, "user", u->id, "method", "totp", NULL);
}

static enum rc wrong_code(struct exchange *x, const struct mfa_visit *v)
{
    const char *text = arena_strdup(x->arena, refusal_text(&x->no));

    TRY(trail_now(x, "mfa_failed", &v->user, "user", v->user.id, "method", "totp", "phase", "enrollment", NULL));
    return enroll_show(x, v, text);
}

enum rc enroll_submit(struct exchange *x, const struct mfa_visit *v, const char *code)
{
    struct enrolment e = { .x = x, .v = v };
    enum rc rc = totp_prove_draft(x, &v->user, v->id, totp_typed(x->arena, code), &e.proof);

    if (rc == RC_REFUSED && x->no.code == REFUSE_INVALID_CODE)
        return wrong_code(x, v);
    TRY(rc);
    rc = db_write(x->db, store, &e);
    if (e.was_beaten)
        return flow_show_again(x, &v->request, "expired");
    TRY(rc);
    return mfa_complete(x, v, FACTOR_TOTP);
}
