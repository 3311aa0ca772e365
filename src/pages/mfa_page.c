#include "config.h"

#include "pages/mfa.h"

#include "authn/assurance.h"
#include "authn/trusted_device.h"
#include "http/response.h"
#include "oidc/second_factor.h"
#include "util/uri.h"

#define DAY_S 86400
#define HOUR_S 3600

/* Of this challenge, with one parameter more. */
static const char *href(struct exchange *x, const struct mfa_visit *v, const char *name, const char *value)
{
    struct sbuf url;

    sbuf_init(&url, x->arena, 128);
    sbuf_add(&url, second_factor_url(x, v->id));
    uri_add_param(&url, name, value);
    return url.text;
}

struct json *mfa_vars(struct exchange *x, const struct mfa_visit *v, const char *error)
{
    struct json *vars = json_object(x->arena);

    json_set_str(vars, "challenge_id", v->id);
    json_set_str(vars, "error", text_or(error, ""));
    json_set_str(vars, "back_href", authz_request_url(x, &v->request, NULL));
    x->rs->form_action = problem_form_action(x->arena, v->request.redirect_uri);
    return vars;
}

static const char *duration_text(struct arena *a, int64_t s)
{
    int64_t unit = s >= DAY_S ? DAY_S : HOUR_S, n = s / unit > 0 ? s / unit : 1;

    return arena_printf(a, "%lld %s%s", (long long)n, unit == DAY_S ? "day" : "hour", n == 1 ? "" : "s");
}

static void set_trust(struct exchange *x, const struct mfa_visit *v, struct json *vars)
{
    int64_t life_s = trusted_device_life_s(x, v->request.client);

    if (trusted_device_is_on(x, v->request.client))
        json_set_str(vars, "trust_for", duration_text(x->arena, life_s));
}

static void set_other_ways(struct exchange *x, const struct mfa_visit *v, struct json *vars)
{
    bool is_email = text_same(v->challenge.method, "email");
    const char *other = is_email ? "totp" : "email";

    if (v->recovery_left > 0)
        json_set_str(vars, "recovery_href", href(x, v, "recovery", "1"));
    if (is_email)
        json_set_str(vars, "resend_href", second_factor_url(x, v->id));
    if (assurance_may_switch(x, &v->user, other))
        json_set_str(vars, is_email ? "totp_href" : "email_href", href(x, v, "switch_to", other));
}

enum rc mfa_show(struct exchange *x, const struct mfa_visit *v, const char *error, const char *info)
{
    struct json *vars = mfa_vars(x, v, error);

    json_set_bool(vars, "is_email", text_same(v->challenge.method, "email"));
    json_set_str(vars, "info", text_or(info, ""));
    set_trust(x, v, vars);
    set_other_ways(x, v, vars);
    return respond_page(x, 200, "pages/mfa", vars);
}

enum rc mfa_show_recovery(struct exchange *x, const struct mfa_visit *v, const char *error)
{
    struct json *vars = mfa_vars(x, v, error);

    json_set_str(vars, "code_href", second_factor_url(x, v->id));
    return respond_page(x, 200, "pages/mfa_recovery", vars);
}
