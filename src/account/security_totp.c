/* The authenticator app of the person (http-api 8); both faces. */
#include "config.h"

#include <string.h>

#include "account/confirm.h"
#include "account/handlers.h"
#include "account/security.h"
#include "authn/assurance.h"
#include "authn/caller.h"
#include "authn/factor_reset.h"
#include "authn/notice.h"
#include "authn/qr.h"
#include "authn/session.h"
#include "authn/totp.h"
#include "authn/trail.h"
#include "crypto/otp.h"
#include "crypto/random.h"
#include "http/fields.h"
#include "http/response.h"
#include "oidc/console_frame.h"
#include "store/settings_table.h"

#define ENROLMENT_LIFE_S 600
#define ENROLMENT_MAX 80

struct totp_form { const char *current_password, *code, *enrolment; };
static const struct field totp_fields[] = {
    FIELD(totp_form, current_password, F_OPTIONAL, 1024, NULL),
    FIELD(totp_form, code, F_OPTIONAL, 1024, NULL),
    FIELD(totp_form, enrolment, F_OPTIONAL, ENROLMENT_MAX, is_vschar),
};

static enum rc bind(struct exchange *x, struct totp_form *form)
{
    return model_bind(x, totp_fields, ARRAY_LEN(totp_fields), form, NULL);
}

/* ---- what there is ---- */

enum rc account_totp_vars(struct exchange *x, struct json *vars)
{
    int64_t since = x->user->totp_since, left;

    TRY(factors_recovery_left(x->db, x->user->id, &left));
    json_set_bool(vars, "has_totp", since != 0);
    json_set_str(vars, "totp_since", console_time(x->arena, since));
    json_set_int(vars, "recovery_left", left);
    json_set_bool(vars, "recovery_none", left == 0);
    json_set_bool(vars, "recovery_few", left > 0 && left <= RECOVERY_LEFT_WARN);
    json_set_str(vars, "setup_action", ACCOUNT_SECURITY "/totp");
    json_set_str(vars, "remove_action", ACCOUNT_SECURITY "/totp/remove");
    json_set_str(vars, "recovery_action", ACCOUNT_SECURITY "/recovery-codes");
    return RC_OK;
}

enum rc account_mfa(struct exchange *x)
{
    struct json *obj = json_object(x->arena);
    int64_t left;

    TRY(factors_recovery_left(x->db, x->user->id, &left));
    json_set_bool(obj, "totp_enabled", x->user->totp_since != 0);
    json_set_int(obj, "recovery_codes_left", left);
    return respond_model(x, 200, SHAPE_DATA, obj);
}

/* ---- beginning ---- */

/* The page that shows the secret has to show it again after a wrong code, and nobody can
 * open it once it is sealed: so there nothing is stored, and the form carries when it
 * began and what the secret is derived from (authn/totp.h). */
static const char *new_enrolment(struct exchange *x)
{
    return arena_printf(x->arena, "%lld.%s", (long long)x->now, random_token(x->arena));
}

static bool is_enrolment(const struct exchange *x, const char *text)
{
    const char *dot = strchr(text_or(text, ""), '.');
    int64_t at;

    if (dot == NULL || strlen(dot + 1) != TOKEN_CHARS)
        return false;
    if (text_int(arena_strndup(x->arena, text, (size_t)(dot - text)), &at) != RC_OK)
        return false;
    return at <= x->now && x->now - at < ENROLMENT_LIFE_S;
}

static enum rc show_draft(struct exchange *x, const char *enrolment, int status)
{
    struct json *vars = json_object(x->arena);
    struct totp_draft draft;
    const char *picture;

    totp_draft(x, x->user, x->settings->passkey_rp_name, enrolment, &draft);
    TRY(qr_data_uri(x->arena, draft.uri, &picture));
    json_set_str(vars, "totp_secret", draft.secret);
    json_set_str(vars, "otpauth", draft.uri);
    json_set_str(vars, "qr", picture);
    json_set_str(vars, "enrolment", enrolment);
    json_set_str(vars, "action", ACCOUNT_SECURITY "/totp/verify");
    json_set_str(vars, "back_href", ACCOUNT_SECURITY);
    if (x->no.code != REFUSE_NOTHING)
        json_set_str(vars, "error", refusal_text(&x->no));
    return account_page(x, status, "account/totp", vars);
}

struct beginning {
    struct exchange *x;
    struct bytes sealed;
};

static enum rc begin(struct db *db, void *arg)
{
    struct beginning *b = arg;

    return factors_totp_begin(db, b->x->user->id, b->sealed, b->x->now);
}

static enum rc respond_secret(struct exchange *x)
{
    struct beginning b = { .x = x };
    uint8_t raw[OTP_SECRET_BYTES];
    struct json *obj = json_object(x->arena);

    random_bytes(raw, sizeof(raw));
    TRY(totp_seal(x, x->user->id, BYTES(raw), &b.sealed));
    enum rc rc = db_write(x->db, begin, &b);
    if (rc == RC_REFUSED)
        return refuse(&x->no, REFUSE_ALREADY_ENROLLED, NULL);
    TRY(rc);
    struct totp_draft shown = totp_show(x->arena, x->user, x->settings->passkey_rp_name, BYTES(raw));
    explicit_bzero(raw, sizeof(raw));
    json_set_str(obj, "secret", shown.secret);
    json_set_str(obj, "qr_code_data", shown.uri);
    return respond_model(x, 200, SHAPE_DATA, obj);
}

static enum rc check_setup(struct exchange *x)
{
    struct totp_form form = { NULL };

    TRY(bind(x, &form));
    if (x->user->totp_since != 0)
        return refuse(&x->no, REFUSE_ALREADY_ENROLLED, NULL);
    return account_confirm_strong(x, form.current_password, NULL, NULL);
}

enum rc account_totp_setup(struct exchange *x)
{
    enum rc rc = check_setup(x);

    if (rc != RC_OK)
        return account_security_answer(x, rc);
    return is_page(x) ? show_draft(x, new_enrolment(x), 200) : respond_secret(x);
}

/* ---- the first code ---- */

/* API: of what was begun. */
struct confirmation {
    struct exchange *x;
    struct totp begun;
    int64_t step;
};

static enum rc confirm(struct db *db, void *arg)
{
    struct confirmation *c = arg;
    const char *user_id = c->x->user->id;

    TRY(caller_check(c->x, db));
    TRY(caller_check_passkey(c->x, db)); /* added since this began */
    TRY(factors_totp_confirm(db, user_id, c->begun.secret_sealed, c->step, c->x->now));
    TRY(notice_queue(c->x, db, c->x->user, NOTICE_APP_ADDED));
    return trail(c->x, "mfa_enrolled", NULL, "user", user_id, "method", "totp", "source", "account", NULL);
}

static enum rc not_begun(struct exchange *x)
{
    return refuse(&x->no, REFUSE_INVALID_REQUEST, "The set-up of an authenticator app has not begun");
}

enum rc account_totp_verify(struct exchange *x)
{
    struct confirmation c = { .x = x };
    struct totp_form form = { NULL };

    TRY(bind(x, &form));
    enum rc rc = factors_totp_find(x->db, x->arena, x->user->id, &c.begun);
    if (rc == RC_NONE || (rc == RC_OK && c.begun.confirmed_at != 0))
        return not_begun(x);
    TRY(rc);
    TRY(totp_step_of(x, x->user->id, c.begun.secret_sealed, 0, totp_typed(x->arena, form.code), &c.step));
    rc = db_write(x->db, confirm, &c);
    if (rc == RC_NONE) /* begun again, or done, meanwhile */
        return not_begun(x);
    TRY(rc);
    return respond_message(x, "The authenticator app is set up");
}

/* Page: of what was shown.  Whoever has just proven both factors need not do so again at
 * the next application: the session in this browser becomes a stronger one. */
struct enrolment {
    struct exchange *x;
    struct totp_proof proof;
    struct recovery_codes codes;
    struct session session;
    const char *cookie;
    bool was_beaten;
};

static enum rc enrol(struct db *db, void *arg)
{
    struct enrolment *e = arg;
    struct exchange *x = e->x;

    TRY(caller_check_passkey(x, db)); /* added since this began */
    enum rc rc = factors_totp_enrol(db, x->user->id, e->proof.secret_sealed, e->proof.step, x->now);

    e->was_beaten = rc == RC_REFUSED;
    TRY(rc);
    TRY(recovery_store(x, x->user->id, &e->codes));
    TRY(notice_queue(x, db, x->user, NOTICE_APP_ADDED));
    TRY(sessions_step_up(db, e->session.id, e->session.cookie_hash, e->session.acr, e->session.amr, x->now));
    return trail(x, "mfa_enrolled", NULL, "user", x->user->id, "method", "totp", "source", "account", NULL);
}

static enum rc finish_enrolment(struct exchange *x, struct enrolment *e)
{
    e->codes = recovery_make(x->arena, x->user->id);
    session_stronger(x, x->session, "2", assurance_amr(x->arena, x->session->amr, "otp"), &e->session, &e->cookie);
    enum rc rc = db_write(x->db, enrol, e);
    if (e->was_beaten)
        return refuse(&x->no, REFUSE_ALREADY_ENROLLED, NULL);
    if (rc == RC_NONE) /* signed out meanwhile */
        return respond_see_other(x, ACCOUNT_SECURITY);
    TRY(rc);
    session_cookie_set(x, e->cookie);
    return account_recovery_show(x, &e->codes);
}

enum rc account_totp_enrol(struct exchange *x)
{
    struct enrolment e = { .x = x };
    struct totp_form form = { NULL };

    TRY(bind(x, &form));
    if (!is_enrolment(x, form.enrolment)) {
        (void)refuse(&x->no, REFUSE_INVALID_REQUEST, "That took too long; please begin again");
        return account_security_show(x, 400);
    }
    enum rc rc = totp_prove_draft(x, x->user, form.enrolment, totp_typed(x->arena, form.code), &e.proof);
    if (rc == RC_REFUSED && x->no.code == REFUSE_INVALID_CODE)
        return show_draft(x, form.enrolment, 400);
    TRY(rc);
    return account_security_answer(x, finish_enrolment(x, &e));
}

/* ---- removing ---- */

static enum rc remove_it(struct db *db, void *arg)
{
    struct exchange *x = arg;

    TRY(factor_reset(x, x->user->id, NULL));
    return notice_queue(x, db, x->user, NOTICE_APP_REMOVED);
}

enum rc account_totp_remove(struct exchange *x)
{
    struct totp_form form = { NULL };

    TRY(bind(x, &form));
    enum rc rc = account_confirm_both(x, form.current_password, form.code, remove_it, x);
    if (rc == RC_NONE)
        rc = refuse(&x->no, REFUSE_INVALID_REQUEST, "No authenticator app is set up");
    if (rc != RC_OK)
        return account_security_answer(x, rc);
    if (is_page(x)) /* everything has ended: to the login page, and back */
        return respond_see_other(x, ACCOUNT_SECURITY);
    return respond_message(x, "The authenticator app is removed; every session has ended");
}
