/* A client's own values of global settings (http-api 7.2); declared in client_draft.h. */
#include "config.h"

#include <string.h>

#include "oidc/client_draft.h"

#define AUDIENCES_MAX 20
#define AUDIENCE_CHARS_MAX 255
#define ACCESS_LIFE_MAX_S 86400 /* the signer signs nothing longer (design D3) */
#define LIFE_MAX_S (INT64_C(10) * 365 * 86400)

static bool is_null(const struct draft *d, const char *member)
{
    return json_has(d->body, member) && json_get(d->body, member) == NULL;
}

static enum rc read_duration(const struct draft *d, const char *member, int64_t min_s, int64_t max_s, const char **out)
{
    const char *text;
    int64_t s;

    if (is_null(d, member))
        *out = NULL;
    GIVEN(draft_text(d, member, &text));
    if (*text == '\0') { /* what a form sends for "no override" */
        *out = NULL;
        return RC_OK;
    }
    if (text_duration(text, &s) != RC_OK)
        return draft_bad(d, member, "a duration such as 15m or 1h30m");
    if (s < min_s || s > max_s)
        return draft_bad(d, member, max_s == ACCESS_LIFE_MAX_S ? "longer than 24h or zero" : "too long or zero");
    *out = arena_strdup(d->a, text);
    return RC_OK;
}

/* Its feature does not exist yet: null, or the value that changes nothing. */
static enum rc read_later_bool(const struct draft *d, const char *member, int *out)
{
    bool is;

    if (is_null(d, member))
        *out = -1;
    GIVEN(draft_bool(d, member, &is));
    if (is)
        return draft_not_yet(d, member, "true");
    *out = 0;
    return RC_OK;
}

/* true, false, or null for the global setting. */
static enum rc read_bool(const struct draft *d, const char *member, int *out)
{
    bool is;

    if (is_null(d, member))
        *out = -1;
    GIVEN(draft_bool(d, member, &is));
    *out = is;
    return RC_OK;
}

static enum rc read_later_text(const struct draft *d, const char *member, const char *only, const char **out)
{
    const char *text;

    if (is_null(d, member))
        *out = NULL;
    GIVEN(draft_text(d, member, &text));
    if (*text != '\0' && !text_same(text, only))
        return draft_not_yet(d, member, arena_printf(d->a, "%.60s", text));
    *out = *text ? only : NULL;
    return RC_OK;
}

static enum rc read_choice(const struct draft *d, const char *member, const char *choices, const char **out)
{
    const char *text;

    if (is_null(d, member))
        *out = NULL;
    GIVEN(draft_text(d, member, &text));
    if (*text != '\0')
        TRY(draft_word(d, member, text, choices, ""));
    *out = *text ? arena_strdup(d->a, text) : NULL;
    return RC_OK;
}

static enum rc read_allowed_audiences(struct draft *d)
{
    static const char member[] = "allowed_audiences";
    struct text_list list;

    if (is_null(d, member)) {
        d->c->has_allowed_audiences = false;
        d->c->allowed_audiences = (struct text_list){ 0 };
    }
    GIVEN(draft_list(d, member, &list));
    if (list.n > AUDIENCES_MAX)
        return draft_bad(d, member, "at most 20 entries");
    for (size_t i = 0; i < list.n; i++)
        if (text_empty(list.v[i]) || strlen(list.v[i]) > AUDIENCE_CHARS_MAX || !is_vschar(list.v[i]))
            return draft_bad(d, member, "1 to 255 printable ASCII characters each");
    d->c->allowed_audiences = list;
    d->c->has_allowed_audiences = true;
    return RC_OK;
}

static enum rc read_profile(struct draft *d)
{
    const char *profile = NULL;

    TRY(read_later_text(d, "profile", "oauth", &profile));
    return RC_OK;
}

enum rc draft_overrides(struct draft *d)
{
    struct client *c = d->c;

    TRY(read_duration(d, "access_token_expiration", 1, ACCESS_LIFE_MAX_S, &c->access_token_expiration));
    TRY(read_duration(d, "refresh_token_expiration", 1, LIFE_MAX_S, &c->refresh_token_expiration));
    TRY(read_duration(d, "authorization_code_expiration", 1, LIFE_MAX_S, &c->authorization_code_expiration));
    TRY(read_duration(d, "sso_session_idle_timeout", 0, LIFE_MAX_S, &c->sso_session_idle_timeout));
    TRY(read_duration(d, "trust_device_expiration", 1, LIFE_MAX_S, &c->trust_device_expiration));
    TRY(read_allowed_audiences(d));
    TRY(read_later_bool(d, "allow_self_signup", &c->allow_self_signup));
    TRY(read_bool(d, "trust_device_enabled", &c->trust_device_enabled));
    TRY(read_later_bool(d, "consent_required", &c->consent_required));
    TRY(read_bool(d, "require_mfa", &c->require_mfa));
    TRY(read_choice(d, "id_token_signed_response_alg", "RS256 ES256 EdDSA", &c->id_token_signed_response_alg));
    TRY(read_choice(d, "access_token_signing_alg", "RS256 ES256 EdDSA", &c->access_token_signing_alg));
    TRY(read_choice(d, "access_token_format", "jwt opaque", &c->access_token_format));
    return read_profile(d);
}
