#include "config.h"

#include "oidc/issue.h"

#include <string.h>

#include "crypto/random.h"
#include "http/cookie.h"
#include "http/request.h"
#include "oidc/claims.h"
#include "oidc/keys.h"
#include "store/client_grants.h"
#include "store/settings_table.h"
#include "util/clock.h"
#include "util/log.h"

#define ACCESS_LIFE_MAX_S 86400 /* the signer signs nothing longer (design D3) */
#define ID_CHARS 20
#define SELECTOR_TRIES 3

/* ---- preparing rows ---- */

static int64_t access_life(const struct exchange *x, const struct client *c)
{
    int64_t s = text_duration_or(c->access_token_expiration, x->settings->access_token_expiration);

    return s < ACCESS_LIFE_MAX_S ? s : ACCESS_LIFE_MAX_S;
}

static int64_t later(int64_t a, int64_t b)
{
    return a > b ? a : b;
}

/* Selector and secret (design D8): the value goes out, the secret's hash stays. */
static const char *draw_value(struct exchange *x, const char *id, struct bytes *hash)
{
    const char *secret = random_token(x->arena);

    *hash = sha256_of(x->arena, secret);
    return arena_printf(x->arena, "%s%s", id, secret);
}

/* Design D4: the client's own word, else the setting's. */
static bool is_opaque(const struct exchange *x, const struct client *c)
{
    return text_same(text_or(c->access_token_format, x->settings->access_token_format), "opaque");
}

/* Also used again when a selector was taken. */
static void draw(struct exchange *x, struct grant *g)
{
    char id[ID_CHARS + 1];

    g->token.selector = random_selector(x->now);
    selector_to_id(g->token.selector, id);
    if (!g->is_access_only)
        g->refresh_token = draw_value(x, id, &g->token.refresh_hash);
    if (is_opaque(x, g->client))
        g->access_token = draw_value(x, id, &g->token.access_hash);
}

static void prepare_token(struct exchange *x, struct grant *g, const char *scope)
{
    int64_t refresh_s = text_duration_or(g->client->refresh_token_expiration, x->settings->refresh_token_expiration);

    g->token = (struct token){
        .family_id = g->family.id,
        .scope = scope,
        .issued_at = x->now,
        .access_expires_at = x->now + access_life(x, g->client),
        .refresh_expires_at = g->is_access_only ? 0 : x->now + refresh_s,
    };
    g->family.expires_at = later(g->family.expires_at,
                                 later(g->token.access_expires_at, g->token.refresh_expires_at));
    draw(x, g);
}

void issue_prepare(struct exchange *x, struct grant *g)
{
    struct family *f = &g->family;

    if (f->id == NULL)
        f->id = random_id(x->arena, x->now);
    f->client_id = g->client->client_id;
    f->sid = f->session_id != NULL ? f->session_id : f->id; /* design D26 */
    f->user_agent = x->rq->user_agent;
    f->ip_address = x->rq->address;
    f->created_at = x->now;
    f->expires_at = 0;
    prepare_token(x, g, f->scope);
}

/* A family only has to outlive its tokens.  It is given a sixteenth more than it needs,
 * so that few of its refreshes write to it and its index. */
void issue_prepare_next(struct exchange *x, struct grant *g, const char *scope)
{
    int64_t before = g->family.expires_at;

    prepare_token(x, g, scope);
    g->has_outgrown = g->family.expires_at > before;
    if (g->has_outgrown)
        g->family.expires_at += (g->family.expires_at - x->now) / 16;
}

/* 31 random bits within a second: a taken selector is rare and ordinary. */
static enum rc add_token(struct exchange *x, struct db *db, struct grant *g)
{
    for (int i = 0; i < SELECTOR_TRIES; i++) {
        enum rc rc = tokens_add(db, &g->token);
        if (rc != RC_REFUSED)
            return rc;
        draw(x, g);
    }
    return fault("issue: no free selector: %s", text_or(db_why(db), "?"));
}

static enum rc note_use(struct db *db, const struct grant *g, bool is_new_family, int64_t now)
{
    const struct client *c = g->client;
    enum rc rc = c->is_public ? clients_touch(db, c->client_id, now) : RC_OK;

    if (rc != RC_OK && rc != RC_NONE)
        return rc;
    return client_grants_note(db, c->client_id, is_new_family ? g->family.grant_type : "refresh_token", now);
}

enum rc issue_write(struct exchange *x, struct db *db, struct grant *g, bool is_new_family)
{
    enum rc rc = is_new_family     ? families_add(db, &g->family)
                 : g->has_outgrown ? families_extend(db, g->family.id, g->family.expires_at)
                                   : RC_OK;

    if (rc == RC_REFUSED)
        return fault("issue: family: %s", text_or(db_why(db), "?"));
    TRY(rc);
    TRY(add_token(x, db, g));
    return note_use(db, g, is_new_family, x->now);
}

enum rc issue_read_opaque(const char *value, struct opaque_value *out)
{
    char id[ID_CHARS + 1];
    int64_t selector;

    if (strlen(value) != ID_CHARS + TOKEN_CHARS || !is_base64url(value))
        return RC_NONE;
    memcpy(id, value, ID_CHARS);
    id[ID_CHARS] = '\0';
    TRY(id_to_selector(id, &selector));
    out->selector = selector;
    sha256(bytes_of(value + ID_CHARS), out->hash);
    return RC_OK;
}

/* ---- claims (flows 10) ---- */

static void add_audience(struct json *aud, const char *value)
{
    for (size_t i = 0; i < json_len(aud); i++)
        if (text_same(json_str(json_at(aud, i)), value))
            return;
    json_add_str(aud, value);
}

struct json *issue_audience(struct exchange *x, const struct client *c)
{
    const struct text_list *global = &x->settings->access_token_audiences, *own = &c->allowed_audiences;
    struct json *aud = json_array(x->arena);

    add_audience(aud, x->conf->issuer);
    add_audience(aud, c->client_id);
    for (size_t i = 0; i < global->n; i++)
        add_audience(aud, global->v[i]);
    for (size_t i = 0; i < own->n; i++)
        add_audience(aud, own->v[i]);
    return aud;
}

static const char *subject(const struct grant *g)
{
    return g->family.user_id != NULL ? g->family.user_id : g->client->client_id;
}

/* The login that happened, the same in both tokens and at every refresh (D26). */
static void set_login(struct exchange *x, struct json *payload, const struct family *f)
{
    json_set_int(payload, "auth_time", f->auth_time);
    json_set_str(payload, "sid", f->sid);
    json_set_str(payload, "acr", f->acr);
    if (!text_empty(f->amr))
        json_set_list(x->arena, payload, "amr", f->amr);
}

const char *issue_access_payload(struct exchange *x, const struct grant *g)
{
    struct json *p = json_object(x->arena);
    char jti[ID_CHARS + 1];

    selector_to_id(g->token.selector, jti);
    json_set_str(p, "iss", x->conf->issuer);
    json_set_str(p, "sub", subject(g));
    json_set(p, "aud", issue_audience(x, g->client));
    json_set_str(p, "azp", g->client->client_id);
    json_set_str(p, "client_id", g->client->client_id);
    json_set_int(p, "exp", g->token.access_expires_at);
    json_set_int(p, "iat", x->now);
    json_set_str(p, "jti", arena_strdup(x->arena, jti));
    json_set_str(p, "typ", "Bearer");
    set_login(x, p, &g->family);
    json_set_str(p, "scope", text_or(g->token.scope, ""));
    if (g->user != NULL)
        claims_into_access(x->arena, p, g->user, g->token.scope);
    return json_text(x->arena, p);
}

/* Core 2.  at_hash is put in by the signer. */
const char *issue_id_payload(struct exchange *x, const struct grant *g)
{
    int64_t life_s = x->settings->access_token_expiration;
    struct json *p = json_object(x->arena);

    json_set_str(p, "iss", x->conf->issuer);
    json_set_str(p, "sub", subject(g));
    json_set_str(p, "aud", g->client->client_id);
    json_set_str(p, "azp", g->client->client_id);
    json_set_int(p, "exp", x->now + (life_s < ACCESS_LIFE_MAX_S ? life_s : ACCESS_LIFE_MAX_S));
    json_set_int(p, "iat", x->now);
    set_login(x, p, &g->family);
    json_set_str(p, "nonce", g->family.nonce);
    claims_into_id(x->arena, p, g->user, g->token.scope);
    return json_text(x->arena, p);
}

/* ---- signing and answering ---- */

/* A key that was made for a newly chosen algorithm signs when everybody can have
 * fetched it (design D4); until then RS256 goes on. */
static enum rc key_for(struct exchange *x, const char *own, const char *global, const struct signing_key **out)
{
    const char *name = text_or(own, text_or(global, "RS256"));
    const struct signing_key *key = key_set_active(x->key_set, jws_alg_of(name));

    if (key == NULL)
        key = key_set_active(x->key_set, ALG_RS256);
    if (key == NULL)
        return fault("issue: no active signing key for %s", name);
    *out = key;
    return RC_OK;
}

static bool wants_id_token(const struct grant *g)
{
    return g->user != NULL && text_list_has(g->token.scope, "openid");
}

/* What is to be signed, in one message; at most two. */
struct signing { struct sign_input inputs[2]; size_t n; };

static enum rc add_access(struct exchange *x, const struct grant *g, struct signing *s)
{
    struct sign_input *in = &s->inputs[s->n++];

    in->kind = TOKEN_ACCESS;
    in->payload = issue_access_payload(x, g);
    return key_for(x, g->client->access_token_signing_alg, x->settings->access_token_signing_alg, &in->key);
}

/* The signer puts at_hash in: of the access token it has just signed, or of an opaque one
 * (Core 3.1.3.6 hashes the text, whatever it is). */
static enum rc add_id(struct exchange *x, const struct grant *g, struct signing *s)
{
    struct sign_input *in = &s->inputs[s->n];

    in->kind = TOKEN_ID;
    in->at_hash_of = (int)s->n++;
    in->opaque = g->access_token;
    in->payload = issue_id_payload(x, g);
    return key_for(x, g->client->id_token_signed_response_alg, x->settings->id_token_signing_alg, &in->key);
}

struct made_tokens { const char *access, *id; };

static enum rc ask_signer(struct exchange *x, const struct grant *g, struct made_tokens *out)
{
    struct signing s = { .n = 0 };
    char *texts[2] = { NULL, NULL };
    bool is_jwt = g->access_token == NULL, has_id = wants_id_token(g);

    if (is_jwt)
        TRY(add_access(x, g, &s));
    if (has_id)
        TRY(add_id(x, g, &s));
    if (s.n > 0)
        TRY(signer_sign_all(x->signer, x->arena, s.inputs, s.n, texts));
    *out = (struct made_tokens){
        .access = is_jwt ? texts[0] : g->access_token,
        .id = has_id ? texts[s.n - 1] : NULL,
    };
    return RC_OK;
}

/* The signer looks at the clock itself (design D3): has it been set since we did? */
static bool has_clock_moved(struct exchange *x)
{
    int64_t before = x->now;

    x->now = clock_now();
    return x->now != before;
}

static enum rc make(struct exchange *x, const struct grant *g, struct made_tokens *out)
{
    enum rc rc = ask_signer(x, g, out);

    if (rc == RC_REFUSED && has_clock_moved(x))
        rc = ask_signer(x, g, out);
    if (rc == RC_NONE)
        return refuse(&x->no, REFUSE_TEMPORARILY_UNAVAILABLE, NULL);
    return rc == RC_REFUSED ? fault("issue: the signer refused a token") : rc;
}

/* http-api 6.1: in cookie-only mode no script ever holds the refresh token. */
static void give_refresh_token(struct exchange *x, const struct grant *g, struct json *answer)
{
    if (g->refresh_token == NULL)
        return;
    if (!x->conf->refresh_cookie_only) {
        json_set_str(answer, "refresh_token", g->refresh_token);
        return;
    }
    cookie_set(x, x->conf->refresh_cookie_name, g->refresh_token, "/", SAME_STRICT,
               g->token.refresh_expires_at - x->now);
}

enum rc issue_respond(struct exchange *x, struct grant *g)
{
    struct json *answer = json_object(x->arena);
    struct made_tokens tokens = { 0 };

    db_read_end(x->db);
    TRY(make(x, g, &tokens));
    json_set_str(answer, "access_token", tokens.access);
    json_set_str(answer, "token_type", "Bearer");
    json_set_int(answer, "expires_in", g->token.access_expires_at - x->now);
    give_refresh_token(x, g, answer);
    json_set_str(answer, "id_token", tokens.id);
    json_set_str(answer, "scope", text_or(g->token.scope, ""));
    return respond_json(x, 200, answer);
}
