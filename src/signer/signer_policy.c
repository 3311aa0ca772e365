#include "config.h"

#include "signer/signer_policy.h"

#include <string.h>

#define AHEAD_S 5
#define DAY_S 86400
#define LOGOUT_S 120 /* Back-Channel Logout 2.4, BL-02 */
#define CLAIMS_MAX 8
#define LOGOUT_EVENT "http://schemas.openid.net/event/backchannel-logout"

#define ON(channel) (1u << CHANNEL_##channel)

enum aud_form { AUD_ABSENT, AUD_CLIENT, AUD_LIST };

struct kind_rule {
    const char *typ;                 /* header */
    unsigned channels;
    int64_t life_s;                  /* 0: has no `exp` */
    enum aud_form aud;
    const char *claim_typ;           /* payload; NULL: must be absent */
    const char *texts[CLAIMS_MAX];   /* present, strings */
    const char *nevers[CLAIMS_MAX];
};

/* `at_hash` is never in what we are given: the signer makes it itself. */
static const struct kind_rule rules[TOKEN_KINDS_N] = {
    [TOKEN_ACCESS] = { "JWT", ON(WORKER), DAY_S, AUD_LIST, "Bearer",
                       { "sub", "jti", "scope" },
                       { "nonce", "at_hash", "c_hash", "events" } },
    [TOKEN_ID] = { "JWT", ON(WORKER), DAY_S, AUD_CLIENT, NULL,
                   { "sub" },
                   { "scope", "at_hash", "events" } },
    [TOKEN_USERINFO] = { "userinfo+jwt", ON(WORKER), 0, AUD_CLIENT, NULL,
                         { "sub" },
                         { "scope", "at_hash", "c_hash", "events", "nonce", "jti" } },
    [TOKEN_LOGOUT] = { "logout+jwt", ON(COURIER), LOGOUT_S, AUD_CLIENT, NULL,
                       { "jti" },
                       { "scope", "at_hash", "c_hash", "nonce" } },
    [TOKEN_AUDIT_CHECKPOINT] = { "audit-checkpoint+jwt", ON(COURIER), 0, AUD_ABSENT, NULL,
                                 { NULL },
                                 { "scope", "at_hash", "c_hash", "nonce", "events", "sub" } },
};

static const unsigned op_channels[] = {
    [SIGNER_SIGN & 0xff] = ON(WORKER) | ON(COURIER),
    [SIGNER_SEAL & 0xff] = ON(WORKER) | ON(KEEPER) | ON(CLI),
    [SIGNER_OPEN & 0xff] = ON(COURIER) | ON(HELPER),
    [SIGNER_GENERATE & 0xff] = ON(KEEPER) | ON(CLI),
    [SIGNER_ENV_KEY & 0xff] = ON(CLI),
    [SIGNER_FINGERPRINT & 0xff] = ON(KEEPER) | ON(CLI),
    [SIGNER_VERIFY_TOTP & 0xff] = ON(WORKER),
    [SIGNER_RESEAL & 0xff] = ON(KEEPER) | ON(CLI),
};

const char *policy_typ(enum token_kind kind)
{
    return rules[kind].typ;
}

const char *policy_channel_name(enum signer_channel channel)
{
    static const char *const names[CHANNELS_N] = {
        [CHANNEL_WORKER] = "worker", [CHANNEL_COURIER] = "courier", [CHANNEL_KEEPER] = "keeper",
        [CHANNEL_HELPER] = "helper", [CHANNEL_CLI] = "cli",
    };

    return channel < CHANNELS_N ? names[channel] : "?";
}

static enum rc no(const char **why, const char *because)
{
    *why = because;
    return RC_REFUSED;
}

static bool has_text(const struct json *payload, const char *name, const char *wanted)
{
    const char *text = json_str(json_get(payload, name));

    return text && strcmp(text, wanted) == 0;
}

static enum rc check_times(const struct policy *p, const struct kind_rule *rule,
                           const struct json *payload, const char **why)
{
    int64_t iat, exp;

    if (json_get_int(payload, "iat", &iat) != RC_OK)
        return no(why, "iat");
    if (iat < p->now - p->request_deadline_s || iat > p->now + AHEAD_S)
        return no(why, "iat is not now");
    if (rule->life_s == 0)
        return json_has(payload, "exp") ? no(why, "exp in a kind without") : RC_OK;
    if (json_get_int(payload, "exp", &exp) != RC_OK)
        return no(why, "exp");
    return exp > iat && exp <= iat + rule->life_s ? RC_OK : no(why, "lifetime");
}

static bool list_has(const struct json *list, const char *wanted)
{
    const char *text;

    for (size_t i = 0; i < json_len(list); i++) {
        text = json_str(json_at(list, i));
        if (text && strcmp(text, wanted) == 0)
            return true;
    }
    return false;
}

static enum rc check_aud(const struct policy *p, const struct kind_rule *rule,
                         const struct json *payload, const char **why)
{
    const struct json *aud = json_get(payload, "aud");
    const char *client = json_str(aud);

    switch (rule->aud) {
    case AUD_ABSENT:
        return json_has(payload, "aud") ? no(why, "aud in a kind without") : RC_OK;
    case AUD_LIST:
        if (json_type(aud) != JSON_ARRAY || !list_has(aud, p->issuer))
            return no(why, "aud is not a list with our issuer");
        return RC_OK;
    case AUD_CLIENT:
        if (!client || *client == '\0' || strcmp(client, p->issuer) == 0)
            return no(why, "aud is not one client");
        return RC_OK;
    }
    return no(why, "aud");
}

static enum rc check_claims(const struct kind_rule *rule, const struct json *payload,
                            const char **why)
{
    for (size_t i = 0; i < CLAIMS_MAX && rule->texts[i]; i++)
        if (!json_str(json_get(payload, rule->texts[i])))
            return no(why, rule->texts[i]);
    for (size_t i = 0; i < CLAIMS_MAX && rule->nevers[i]; i++)
        if (json_has(payload, rule->nevers[i]))
            return no(why, rule->nevers[i]);
    if (rule->claim_typ ? !has_text(payload, "typ", rule->claim_typ) : json_has(payload, "typ"))
        return no(why, "typ");
    return RC_OK;
}

static size_t members_n(const struct json *object)
{
    struct json_iter it = { 0 };
    struct json *value;
    const char *name;
    size_t n = 0;

    while (json_next(object, &it, &name, &value))
        n++;
    return n;
}

/* Back-Channel Logout 2.4: {"events":{"…/backchannel-logout":{}}}, and whom it is about. */
static enum rc check_logout(const struct json *payload, const char **why)
{
    const struct json *events = json_get(payload, "events"), *event;

    if (json_type(events) != JSON_OBJECT)
        return no(why, "events");
    event = json_get(events, LOGOUT_EVENT);
    if (json_type(event) != JSON_OBJECT || members_n(event) != 0 || members_n(events) != 1)
        return no(why, "events");
    if (!json_str(json_get(payload, "sub")) && !json_str(json_get(payload, "sid")))
        return no(why, "neither sub nor sid");
    return RC_OK;
}

enum rc policy_token(const struct policy *p, enum signer_channel channel, int64_t kind,
                     const struct json *payload, const char **why)
{
    const struct kind_rule *rule;

    if (kind < 0 || kind >= TOKEN_KINDS_N)
        return no(why, "unknown kind");
    rule = &rules[kind];
    if (!(rule->channels & 1u << channel))
        return no(why, "this channel may not ask for this kind");
    if (json_type(payload) != JSON_OBJECT)
        return no(why, "the payload is no object");
    if (!has_text(payload, "iss", p->issuer))
        return no(why, "iss");
    TRY(check_times(p, rule, payload, why));
    TRY(check_aud(p, rule, payload, why));
    TRY(check_claims(rule, payload, why));
    return kind == TOKEN_LOGOUT ? check_logout(payload, why) : RC_OK;
}

/* The one table whose secrets this channel may read. */
static const char *table_of(enum signer_channel channel)
{
    return channel == CHANNEL_COURIER ? "settings" : channel == CHANNEL_HELPER ? "upstreams" : "";
}

enum rc policy_op(enum signer_channel channel, int64_t op, const char *table, const char **why)
{
    if (op < SIGNER_SIGN || op > SIGNER_RESEAL)
        return no(why, "unknown operation");
    if (!(op_channels[op & 0xff] & 1u << channel))
        return no(why, "this channel may not ask for this operation");
    if (op != SIGNER_SEAL && op != SIGNER_OPEN)
        return RC_OK;
    if (!table || *table == '\0')
        return no(why, "no table");
    if (strcmp(table, "signing_keys") == 0)
        return no(why, "signing keys are not for opening");
    if (op == SIGNER_OPEN && strcmp(table, TOTP_TABLE) == 0)
        return no(why, "TOTP secrets are verified here and never shown");
    if (op == SIGNER_OPEN && strcmp(table, table_of(channel)) != 0)
        return no(why, "this channel may not open this table");
    return RC_OK;
}
