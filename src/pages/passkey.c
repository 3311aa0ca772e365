/* Signing in with a passkey (http-api 5.5): what the script of the login page talks to. */
#include "config.h"

#include "authn/assurance.h"
#include "authn/passkey.h"
#include "crypto/hash.h"
#include "http/csrf.h"
#include "http/fields.h"
#include "http/response.h"
#include "oidc/interaction.h"
#include "pages/flow.h"
#include "pages/handlers.h"
#include "store/settings_table.h"

#define ANY_LENGTH 65536

static enum rc check_on(struct exchange *x)
{
    if (text_same(x->settings->auth_mode, "password"))
        return refuse(&x->no, REFUSE_PASSKEYS_OFF, NULL);
    return RC_OK;
}

/* What is wrong here is for the script, not for the application. */
static enum rc refuse_here(struct exchange *x)
{
    x->no.return_to = NULL;
    return RC_REFUSED;
}

/* ---- begin ---- */

static struct passkey_challenge challenge_for(struct exchange *x, const struct authz_request *r,
                                              enum passkey_ceremony ceremony, const char *user_id)
{
    return (struct passkey_challenge){
        .ceremony = ceremony,
        .binding = csrf_binding(x),
        .user_id = user_id,
        .needs_user_verified = assurance_is_required(x, r->client),
        .request = authz_request_pack(x->arena, r),
    };
}

static enum rc respond_options(struct exchange *x, const char *type, const char *challenge_id, struct json *options)
{
    struct json *obj = json_object(x->arena);

    json_set_str(obj, "type", type);
    json_set_str(obj, "challenge_id", challenge_id);
    json_set(obj, "options", options);
    return respond_json(x, 200, obj);
}

/* RC_NONE: the page had expired; the script was sent back to the start. */
static enum rc open_request(struct exchange *x, struct authz_request *out)
{
    struct interaction_form form = { NULL };

    TRY(check_on(x));
    TRY(interaction_form_bind(x, &form));
    enum rc rc = interaction_open(x, &form, out);
    if (rc == RC_REFUSED)
        return refuse_here(x);
    if (rc == RC_NONE) {
        TRY(flow_show_again(x, out, "expired"));
        return RC_NONE;
    }
    x->no.return_to = NULL;
    return rc;
}

struct begin_query { const char *username; };
static const struct field begin_fields[] = {
    FIELD(begin_query, username, F_OPTIONAL, ANY_LENGTH, field_any),
};

/* Nobody of that name, and nobody with a passkey: the same (WA-01). */
static enum rc find_named(struct exchange *x, struct user *u, struct passkey_rows *rows)
{
    struct begin_query in = { NULL };

    TRY(query_bind(x, begin_fields, ARRAY_LEN(begin_fields), &in));
    const char *username = text_trim(x->arena, in.username);
    if (text_empty(username))
        return refuse(&x->no, REFUSE_INVALID_REQUEST, "username is missing");
    enum rc rc = users_by_username(x->db, x->arena, username, u);
    if (rc != RC_OK && rc != RC_NONE)
        return rc;
    TRY(passkeys_of_user(x->db, x->arena, rc == RC_OK ? u->id : "", rows));
    return rows->n > 0 ? RC_OK : refuse(&x->no, REFUSE_PASSKEY_NONE, NULL);
}

enum rc pages_passkey_begin(struct exchange *x)
{
    struct authz_request r = { NULL };
    struct passkey_rows rows = { NULL, 0 };
    struct user u;
    enum rc rc = open_request(x, &r);

    if (rc != RC_OK)
        return rc == RC_NONE ? RC_OK : rc;
    TRY(find_named(x, &u, &rows));
    struct passkey_challenge c = challenge_for(x, &r, PASSKEY_LOGIN, u.id);
    const char *id = passkey_challenge_new(x, &c);
    return respond_options(x, "authentication", id, passkey_request_options(x, &c, &rows));
}

struct discover_query { const char *mediation; };
static const struct field discover_fields[] = {
    FIELD(discover_query, mediation, F_OPTIONAL, 64, is_vschar),
};

enum rc pages_passkey_discover(struct exchange *x)
{
    struct authz_request r = { NULL };
    struct discover_query in = { NULL };
    enum rc rc = open_request(x, &r);

    if (rc != RC_OK)
        return rc == RC_NONE ? RC_OK : rc;
    TRY(query_bind(x, discover_fields, ARRAY_LEN(discover_fields), &in));
    struct passkey_challenge c = challenge_for(x, &r, PASSKEY_DISCOVERABLE, NULL);
    const char *id = passkey_challenge_new(x, &c);
    struct json *options = passkey_request_options(x, &c, NULL);
    if (text_same(in.mediation, "conditional"))
        json_set_str(options, "mediation", "conditional");
    return respond_options(x, "discoverable-authentication", id, options);
}

/* ---- finish ---- */

struct finish_query { const char *challenge_id; };
static const struct field finish_fields[] = {
    FIELD(finish_query, challenge_id, F_OPTIONAL, ANY_LENGTH, field_any),
};

/* The request is checked again: the application may be gone. */
static enum rc open_challenge(struct exchange *x, enum passkey_ceremony ceremony, struct passkey_challenge *c,
                              struct authz_request *r)
{
    struct finish_query in = { NULL };

    TRY(query_bind(x, finish_fields, ARRAY_LEN(finish_fields), &in));
    enum rc rc = passkey_challenge_open(x, in.challenge_id, ceremony, c);
    if (rc == RC_OK)
        rc = authz_request_unpack(x->arena, c->request, r);
    if (rc == RC_NONE)
        return refuse(&x->no, REFUSE_PASSKEY_CHALLENGE, NULL);
    TRY(rc);
    return authz_request_check(x, r);
}

static enum rc read_shown(struct exchange *x, struct webauthn_shown *out)
{
    struct json *body;

    TRY(json_bind(x, NULL, 0, NULL, &body));
    if (webauthn_shown_read(x->arena, body, out) != RC_OK)
        return refuse(&x->no, REFUSE_INVALID_REQUEST, "The credential is malformed");
    return RC_OK;
}

static enum rc sign_in(struct exchange *x, const struct passkey_challenge *c, const struct authz_request *r,
                       const struct return_to *to)
{
    struct webauthn_shown shown;
    struct passkey_login l = { .challenge = c, .shown = &shown, .is_bound = ct_equal(c->binding, csrf_binding(x)) };

    TRY(read_shown(x, &shown));
    TRY(passkey_login(x, &l));
    struct proof proven = {
        .request = r, .user = l.user, .amr = passkey_amr(x->arena, &l), .is_two_factors = l.seen.is_user_verified,
        .event = "passkey_login_success",
    };
    x->no.return_to = to; /* from here on it is the application's answer */
    return flow_after_first_factor(x, &proven);
}

static enum rc finish(struct exchange *x, enum passkey_ceremony ceremony)
{
    struct authz_request r = { NULL };
    struct passkey_challenge c;

    TRY(check_on(x));
    enum rc rc = open_challenge(x, ceremony, &c, &r);
    if (rc == RC_REFUSED)
        return refuse_here(x);
    TRY(rc);
    const struct return_to *to = x->no.return_to;
    x->no.return_to = NULL;
    return sign_in(x, &c, &r, to);
}

enum rc pages_passkey_finish(struct exchange *x)
{
    return finish(x, PASSKEY_LOGIN);
}

enum rc pages_passkey_discovered(struct exchange *x)
{
    return finish(x, PASSKEY_DISCOVERABLE);
}

/* ---- sign-up ---- */

enum rc pages_passkey_sign_up(struct exchange *x)
{
    return refuse(&x->no, REFUSE_SIGNUP_OFF, NULL);
}
