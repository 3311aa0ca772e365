/* Recovery codes of the person; both faces. */
#include "config.h"

#include "account/confirm.h"
#include "account/handlers.h"
#include "account/security.h"
#include "authn/notice.h"
#include "authn/recovery.h"
#include "http/fields.h"
#include "http/response.h"
#include "store/users.h"

struct codes_form { const char *current_password, *code; };
static const struct field codes_fields[] = {
    FIELD(codes_form, current_password, F_OPTIONAL, 1024, NULL),
    FIELD(codes_form, code, F_OPTIONAL, 1024, NULL),
};

struct renewal {
    struct exchange *x;
    struct recovery_codes codes;
};

static enum rc renew(struct db *db, void *arg)
{
    struct renewal *r = arg;

    TRY(recovery_store(r->x, r->x->user->id, &r->codes));
    return notice_queue(r->x, db, r->x->user, NOTICE_CODES);
}

enum rc account_recovery_show(struct exchange *x, const struct recovery_codes *codes)
{
    struct json *vars = json_object(x->arena), *list = json_array(x->arena);
    struct sbuf all;

    sbuf_init(&all, x->arena, 256);
    for (size_t i = 0; i < RECOVERY_CODES_N; i++) {
        struct json *row = json_object(x->arena);

        json_set_str(row, "code", codes->text[i]);
        json_add(list, row);
        sbuf_printf(&all, "%s\n", codes->text[i]);
    }
    json_set(vars, "codes", list);
    json_set_str(vars, "all", all.text);
    json_set_str(vars, "done_href", ACCOUNT_SECURITY);
    return account_page(x, 200, "account/recovery_codes", vars);
}

static enum rc respond_codes(struct exchange *x, const struct recovery_codes *codes)
{
    struct json *obj = json_object(x->arena), *list = json_array(x->arena);

    for (size_t i = 0; i < RECOVERY_CODES_N; i++)
        json_add_str(list, codes->text[i]);
    json_set(obj, "recovery_codes", list);
    return respond_model(x, 200, SHAPE_DATA, obj);
}

/* Codes are as good as the app: whoever makes new ones has to have it (OT-08). */
enum rc account_recovery_renew(struct exchange *x)
{
    struct renewal r = { .x = x, .codes = recovery_make(x->arena, x->user->id) };
    struct codes_form form = { NULL };

    TRY(model_bind(x, codes_fields, ARRAY_LEN(codes_fields), &form, NULL));
    enum rc rc = account_confirm_both(x, form.current_password, form.code, renew, &r);
    if (rc == RC_NONE)
        rc = refuse(&x->no, REFUSE_INVALID_REQUEST, "Set up an authenticator app first");
    if (rc != RC_OK)
        return account_security_answer(x, rc);
    return is_page(x) ? account_recovery_show(x, &r.codes) : respond_codes(x, &r.codes);
}
