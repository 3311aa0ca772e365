/* Passkeys of the person (http-api 8); API, page and the script on it. */
#include "config.h"

#include "account/confirm.h"
#include "account/handlers.h"
#include "account/security.h"
#include "authn/caller.h"
#include "authn/notice.h"
#include "authn/passkey.h"
#include "authn/trail.h"
#include "crypto/hash.h"
#include "crypto/random.h"
#include "http/fields.h"
#include "http/response.h"
#include "http/route.h"
#include "oidc/console_frame.h"
#include "store/settings_table.h"
#include "util/clock.h"

/* ---- what there is ---- */

static struct json *passkey_json(struct arena *a, const struct passkey *p)
{
    struct json *obj = json_object(a);

    json_set_str(obj, "id", base64url_encode(a, p->credential_id));
    json_set_str(obj, "name", p->name);
    json_set_str(obj, "created_at", clock_rfc3339(a, p->created_at));
    json_set_str(obj, "last_used_at", clock_rfc3339(a, p->last_used_at)); /* NULL: omitted */
    return obj;
}

enum rc account_passkeys(struct exchange *x)
{
    struct json *list = json_array(x->arena);
    struct passkey_rows rows;

    TRY(passkeys_of_user(x->db, x->arena, x->user->id, &rows));
    for (size_t i = 0; i < rows.n; i++)
        json_add(list, passkey_json(x->arena, &rows.v[i]));
    return respond_model(x, 200, SHAPE_DATA, list);
}

static struct json *row_of(struct arena *a, const struct passkey *p, size_t n)
{
    const char *id = base64url_encode(a, p->credential_id);
    struct json *row = json_object(a);

    json_set_int(row, "n", (int64_t)n);
    json_set_str(row, "name", p->name);
    json_set_bool(row, "is_synced", p->is_backed_up);
    json_set_str(row, "created", console_time(a, p->created_at));
    json_set_str(row, "last_used", console_time(a, p->last_used_at));
    json_set_str(row, "rename_action", arena_printf(a, ACCOUNT_SECURITY "/passkeys/%s/rename", id));
    json_set_str(row, "remove_action", arena_printf(a, ACCOUNT_SECURITY "/passkeys/%s/remove", id));
    return row;
}

/* Of all panels: what changing a factor takes. */
static enum rc proof_vars(struct exchange *x, struct json *vars)
{
    enum caller_proof needed;

    TRY(caller_proof_needed(x, x->db, &needed));
    json_set_bool(vars, "ask_code", needed == PROOF_CODE);
    json_set_bool(vars, "ask_passkey", needed == PROOF_PASSKEY);
    json_set_str(vars, "confirm_href", ACCOUNT_SECURITY "/confirm");
    return RC_OK;
}

enum rc account_passkey_vars(struct exchange *x, struct json *vars)
{
    struct json *list = json_array(x->arena);
    struct passkey_rows rows;

    TRY(passkeys_of_user(x->db, x->arena, x->user->id, &rows));
    for (size_t i = 0; i < rows.n; i++)
        json_add(list, row_of(x->arena, &rows.v[i], i + 1));
    json_set(vars, "passkeys", list);
    json_set_str(vars, "passkeys_action", ACCOUNT_SECURITY "/passkeys");
    json_set_bool(vars, "passkeys_unused", text_same(x->settings->auth_mode, "password"));
    return proof_vars(x, vars);
}

/* ---- adding one ---- */

struct begin_form { const char *current_password, *code; };
static const struct field begin_fields[] = {
    FIELD(begin_form, current_password, F_OPTIONAL, 1024, NULL),
    FIELD(begin_form, code, F_OPTIONAL, 1024, NULL),
};

struct handle { struct exchange *x; struct bytes value; };

/* Made once for a person: of two that begin at the same time both get the same. */
static enum rc find_or_make_handle(struct db *db, void *arg)
{
    struct handle *h = arg;
    uint8_t raw[USER_HANDLE_BYTES];

    random_bytes(raw, sizeof(raw));
    TRY(user_handles_add(db, h->x->user->id, BYTES(raw)));
    return user_handles_find(db, h->x->arena, h->x->user->id, &h->value);
}

static enum rc handle_of(struct exchange *x, struct bytes *out)
{
    struct handle h = { .x = x };
    enum rc rc = user_handles_find(x->db, x->arena, x->user->id, out);

    if (rc != RC_NONE)
        return rc;
    TRY(db_write(x->db, find_or_make_handle, &h));
    *out = h.value;
    return RC_OK;
}

static enum rc respond_options(struct exchange *x, struct bytes user_handle, const struct passkey_rows *have, bool is_proven)
{
    struct passkey_challenge c = {
        .ceremony = PASSKEY_REGISTRATION, .binding = account_binding(x), .user_id = x->user->id,
        .needs_user_verified = x->settings->require_mfa,
        .is_proven = is_proven,
    };
    struct json *obj = json_object(x->arena);

    json_set_str(obj, "challenge_id", passkey_challenge_new(x, &c));
    json_set(obj, "options", passkey_creation_options(x, &c, x->user, user_handle, have));
    return respond_model(x, 200, SHAPE_DATA, obj);
}

enum rc account_passkey_begin(struct exchange *x)
{
    struct begin_form form = { NULL };
    enum caller_proof shown;
    struct passkey_rows rows;
    struct bytes user_handle;

    TRY(json_bind(x, begin_fields, ARRAY_LEN(begin_fields), &form, NULL));
    TRY(account_confirm_strong(x, form.current_password, form.code, &shown));
    TRY(passkeys_of_user(x->db, x->arena, x->user->id, &rows));
    if (rows.n >= PASSKEYS_MAX)
        return refuse(&x->no, REFUSE_INVALID_REQUEST, "You have %d passkeys; remove one first", PASSKEYS_MAX);
    TRY(handle_of(x, &user_handle));
    return respond_options(x, user_handle, &rows, shown == PROOF_CODE);
}

struct finish_query { const char *challenge_id; };
static const struct field finish_fields[] = {
    FIELD(finish_query, challenge_id, F_OPTIONAL, 8192, is_vschar),
};

static enum rc open_challenge(struct exchange *x, struct passkey_challenge *out)
{
    struct finish_query in = { NULL };

    TRY(query_bind(x, finish_fields, ARRAY_LEN(finish_fields), &in));
    enum rc rc = passkey_challenge_open(x, in.challenge_id, PASSKEY_REGISTRATION, out);
    if (rc == RC_NONE)
        return refuse(&x->no, REFUSE_PASSKEY_CHALLENGE, NULL);
    TRY(rc);
    if (!text_same(out->user_id, x->user->id))
        return refuse(&x->no, REFUSE_FORBIDDEN, "This challenge was made for somebody else");
    if (!ct_equal(out->binding, account_binding(x)))
        return refuse(&x->no, REFUSE_PASSKEY_CHALLENGE, "This challenge was made for another session");
    return RC_OK;
}

enum rc account_passkey_finish(struct exchange *x)
{
    struct passkey_challenge c;
    struct webauthn_made made;
    struct json *body;

    TRY(open_challenge(x, &c));
    TRY(json_bind(x, NULL, 0, NULL, &body));
    if (webauthn_made_read(x->arena, body, &made) != RC_OK)
        return refuse(&x->no, REFUSE_PASSKEY_REGISTRATION, "The credential is malformed");
    TRY(passkey_register(x, &c, &made));
    return respond_message(x, "The passkey is added");
}

/* ---- one of them ---- */

/* Somebody else's is not told from none (http-api 8). */
static enum rc not_yours(struct exchange *x)
{
    if (is_page(x))
        return console_go(x, ACCOUNT_SECURITY, "removed");
    return refuse(&x->no, REFUSE_FORBIDDEN, "There is no such passkey of yours");
}

struct change {
    struct exchange *x;
    struct bytes id;
    const char *name;
};

/* An id that is none names nobody's passkey. */
static void read_id(struct change *c)
{
    if (base64url_decode(c->x->arena, route_param(c->x, "id"), &c->id) != RC_OK || c->id.n == 0)
        c->id = bytes_of(" ");
}

struct name_form { const char *name; };
static const struct field name_fields[] = {
    FIELD(name_form, name, F_REQUIRED, PASSKEY_NAME_BYTES, is_text),
};

static enum rc rename_it(struct db *db, void *arg)
{
    struct change *c = arg;

    TRY(caller_check(c->x, db));
    return passkeys_rename(db, c->id, c->x->user->id, c->name);
}

static enum rc read_name(struct change *c)
{
    struct name_form form = { NULL };

    TRY(model_bind(c->x, name_fields, ARRAY_LEN(name_fields), &form, NULL));
    c->name = text_trim(c->x->arena, form.name);
    return text_empty(c->name) ? refuse(&c->x->no, REFUSE_INVALID_REQUEST, "name is missing") : RC_OK;
}

enum rc account_passkey_rename(struct exchange *x)
{
    struct change c = { .x = x };
    enum rc rc = read_name(&c);

    if (rc != RC_OK)
        return account_security_answer(x, rc);
    read_id(&c);
    rc = db_write(x->db, rename_it, &c);
    if (rc == RC_NONE)
        return not_yours(x);
    if (rc != RC_OK)
        return account_security_answer(x, rc);
    return is_page(x) ? console_go(x, ACCOUNT_SECURITY, "saved") : respond_message(x, "The passkey has another name");
}

struct remove_form { const char *current_password, *code; };
static const struct field remove_fields[] = {
    FIELD(remove_form, current_password, F_OPTIONAL, 1024, NULL),
    FIELD(remove_form, code, F_OPTIONAL, 1024, NULL),
};

/* The last one of somebody who has no other way in stays. */
static enum rc check_way_in(struct change *c, struct db *db)
{
    struct exchange *x = c->x;
    struct passkey_rows left;
    bool has_password;

    TRY(passkeys_of_user(db, x->arena, x->user->id, &left));
    TRY(account_has_password(x, &has_password));
    if (left.n > 0 || (has_password && !text_same(x->settings->auth_mode, "passkey_only")))
        return RC_OK;
    return refuse(&x->no, REFUSE_LOCKOUT_PREVENTION, NULL);
}

static enum rc remove_it(struct db *db, void *arg)
{
    struct change *c = arg;

    TRY(caller_check(c->x, db));
    TRY(passkeys_remove(db, c->id, c->x->user->id));
    TRY(check_way_in(c, db));
    TRY(notice_queue(c->x, db, c->x->user, NOTICE_PASSKEY_REMOVED));
    return trail(c->x, "passkey_removed", NULL, "user", c->x->user->id, NULL);
}

enum rc account_passkey_remove(struct exchange *x)
{
    struct remove_form form = { NULL };
    struct change c = { .x = x };
    enum rc rc = model_bind(x, remove_fields, ARRAY_LEN(remove_fields), &form, NULL);

    if (rc == RC_OK)
        rc = account_confirm_strong(x, form.current_password, form.code, NULL);
    if (rc != RC_OK)
        return account_security_answer(x, rc);
    read_id(&c);
    rc = db_write(x->db, remove_it, &c);
    if (rc == RC_NONE)
        return not_yours(x);
    if (rc != RC_OK)
        return account_security_answer(x, rc);
    return is_page(x) ? console_go(x, ACCOUNT_SECURITY, "removed") : respond_message(x, "The passkey is removed");
}
