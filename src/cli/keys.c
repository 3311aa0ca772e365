#include "config.h"

#include <string.h>

#include "cli/cli.h"
#include "cli/desk.h"
#include "cli/own_signer.h"
#include "oidc/keys.h"
#include "store/audit.h"
#include "store/settings.h"
#include "util/clock.h"

struct key_flags { const char *config, *alg; bool now, json; };

struct keys_work {
    struct desk *d;
    const struct key_flags *flags;
    struct signing_key_rows rows;
    char *fingerprint;                   /* of our encryption key */
    const struct signing_key_row *made;  /* rotate: to be added */
    const char *kid, *alg;               /* what is revoked: this one, or with alg all that sign or will */
};

/* --- list -------------------------------------------------------------------- */

static bool is_published(const struct signing_key_row *k)
{
    return k->unpublished_at == 0 && k->revoked_at == 0;
}

/* What becomes of it, and when; 0: nothing that is known. */
static int64_t next_date(const struct signing_key_row *k, const char **what)
{
    if (k->revoked_at != 0) {
        *what = "revoked at";
        return k->revoked_at;
    }
    if (text_same(k->state, "next")) {
        *what = "signs from";
        return k->created_at + JWKS_MAX_AGE_S;
    }
    if (text_same(k->state, "active")) {
        *what = "signs since";
        return k->activated_at;
    }
    *what = k->unpublished_at != 0 ? "published until" : "published, at the latest until";
    return k->unpublished_at != 0 ? k->unpublished_at : k->retired_at + KEY_OUTLIVED_S;
}

static void print_key(struct arena *a, const struct signing_key_row *k)
{
    const char *what;
    int64_t at = next_date(k, &what);

    printf("%-44s %-5s %-8s %s %s%s\n", k->kid, k->alg, k->revoked_at != 0 ? "revoked" : k->state, what, clock_rfc3339(a, at),
           k->private_sealed.n == 0 ? "  (AUTENTICO_PRIVATE_KEY)" : "");
}

static void print_key_json(struct arena *a, const struct signing_key_row *k)
{
    struct json *obj = json_object(a);

    json_set_str(obj, "kid", k->kid);
    json_set_str(obj, "alg", k->alg);
    json_set_str(obj, "state", k->state);
    json_set_bool(obj, "is_published", is_published(k));
    json_set_bool(obj, "is_from_environment", k->private_sealed.n == 0);
    json_set_str(obj, "created_at", clock_rfc3339(a, k->created_at)); /* NULL of those to come: omitted */
    json_set_str(obj, "activated_at", clock_rfc3339(a, k->activated_at));
    json_set_str(obj, "retired_at", clock_rfc3339(a, k->retired_at));
    json_set_str(obj, "unpublished_at", clock_rfc3339(a, k->unpublished_at));
    json_set_str(obj, "revoked_at", clock_rfc3339(a, k->revoked_at));
    printf("%s\n", json_text(a, obj));
}

static enum rc list(struct keys_work *w)
{
    for (size_t i = 0; i < w->rows.n; i++)
        if (w->flags->json)
            print_key_json(w->d->arena, &w->rows.v[i]);
        else
            print_key(w->d->arena, &w->rows.v[i]);
    return RC_OK;
}

/* --- changes ----------------------------------------------------------------- */

static enum rc note(struct db *db, const struct keys_work *w, const char *event, const char *kid)
{
    struct audit_event e = { .event = event, .actor_username = "cli", .target_type = "signing_key", .target_id = kid,
                             .at = w->d->x.now, .retention_s = w->d->settings.audit_log_retention };

    return audit_add(db, &e);
}

static enum rc revoke_one(struct db *db, const struct keys_work *w, const char *kid)
{
    TRY(signing_keys_revoke(db, kid, w->d->x.now));
    return note(db, w, "signing_key_revoked", kid);
}

static enum rc revoke(struct db *db, void *arg)
{
    const struct keys_work *w = arg;

    TRY(revoke_one(db, w, w->kid));
    return installation_bump(db);
}

/* A key that the server could not unwrap would be one that does not sign. */
static enum rc check_sealing(struct db *db, const struct keys_work *w)
{
    struct installation found;

    TRY(installation_get(db, w->d->arena, &found));
    if (found.encryption_fingerprint == NULL || text_same(found.encryption_fingerprint, w->fingerprint))
        return RC_OK;
    return cli_refuse("the server does not seal under this AUTENTICO_ENCRYPTION_KEY yet; reload it first (HUP)");
}

/* The rows are read here: of two commands at once neither leaves two that sign. */
static enum rc add(struct db *db, void *arg)
{
    struct keys_work *w = arg;
    struct signing_key_rows rows;

    TRY(check_sealing(db, w));
    TRY(signing_keys_all(db, w->d->arena, &rows));
    if (!w->flags->now && signing_keys_pick(&rows, w->made->alg, "next") != NULL)
        return RC_NONE;
    for (size_t i = 0; w->flags->now && i < rows.n; i++)
        if (text_same(rows.v[i].alg, w->made->alg) && !text_same(rows.v[i].state, "retired"))
            TRY(revoke_one(db, w, rows.v[i].kid));
    TRY(signing_keys_add(db, w->made));
    TRY(note(db, w, "signing_key_rotated", w->made->kid));
    return installation_bump(db);
}

/* --- rotate ------------------------------------------------------------------ */

static void tell_of_a_next(struct keys_work *w, const char *kid, int64_t created_at)
{
    struct arena *a = w->d->arena;

    printf("%s %s is published, and signs from %s.\n", w->alg, kid, clock_rfc3339(a, created_at + JWKS_MAX_AGE_S));
    printf("  The key before it stays published for a day after that, until the last token it signed has\n"
           "  expired.  Nobody is signed out.\n");
}

static void tell_now(struct keys_work *w)
{
    printf("%s %s signs at once.  The key before it is published no more, and ended are: access tokens\n"
           "  (JWT) and ID tokens that it signed.  Applications may believe them until they fetch the keys\n"
           "  again, %d seconds at most.  Sign-ins, refresh tokens and opaque access tokens go on.\n",
           w->alg, w->made->kid, JWKS_MAX_AGE_S);
}

static enum rc make(struct keys_work *w, struct own_signer *signer, struct signing_key_row *out)
{
    struct signing_key key;
    enum rc rc = signer_generate(&signer->cli, w->d->arena, jws_alg_of(w->alg), &key);

    if (rc != RC_OK)
        return cli_refuse("the key could not be made");
    return key_row_new(w->d->arena, &key, w->flags->now ? "active" : "next", w->d->x.now, out);
}

static enum rc rotate_one(struct keys_work *w, struct own_signer *signer)
{
    const struct signing_key_row *next = signing_keys_pick(&w->rows, w->alg, "next");
    struct signing_key_row *made = arena_new(w->d->arena, struct signing_key_row);

    if (next != NULL && !w->flags->now) {
        tell_of_a_next(w, next->kid, next->created_at);
        return RC_OK;
    }
    TRY(make(w, signer, made));
    w->made = made;
    enum rc rc = db_write(w->d->db, add, w);
    if (rc == RC_NONE)
        return cli_refuse("somebody else has made a new key just now; see: autentico keys list");
    TRY(rc);
    if (w->flags->now)
        tell_now(w);
    else
        tell_of_a_next(w, made->kid, made->created_at);
    return RC_OK;
}

static enum rc rotate_all(struct keys_work *w, struct own_signer *signer)
{
    static const char *const algs[] = { "RS256", "ES256", "EdDSA" };
    int n = 0;

    for (size_t i = 0; i < ARRAY_LEN(algs); i++) {
        if (!text_same(text_or(w->flags->alg, algs[i]), algs[i]) || !signing_keys_pick(&w->rows, algs[i], "active"))
            continue;
        w->alg = algs[i];
        TRY(rotate_one(w, signer));
        n++;
    }
    return n > 0 ? RC_OK : cli_refuse("there is no key that signs this; keys of other kinds are made when they are "
                                           "selected (id_token_signing_alg and its like)");
}

static enum rc rotate(struct keys_work *w)
{
    struct own_signer signer;

    TRY(own_signer_start(&w->d->conf, &signer));
    enum rc rc = signer_fingerprint(&signer.cli, w->d->arena, &w->fingerprint);
    if (rc == RC_OK)
        rc = rotate_all(w, &signer);
    own_signer_stop(&signer);
    return rc;
}

/* --- retire ------------------------------------------------------------------ */

static const struct signing_key_row *find(const struct keys_work *w, const char *kid)
{
    for (size_t i = 0; i < w->rows.n; i++)
        if (text_same(w->rows.v[i].kid, kid))
            return &w->rows.v[i];
    return NULL;
}

static enum rc end(struct keys_work *w, const struct signing_key_row *k)
{
    w->kid = k->kid;
    enum rc rc = db_write(w->d->db, revoke, w);
    if (rc == RC_NONE)
        return cli_refuse("somebody else was faster; see: autentico keys list");
    TRY(rc);
    if (text_same(k->state, "next"))
        printf("%s has ended; it never signed anything.\n", k->kid);
    else
        printf("%s is published no more; tokens that it signed have ended.\n", k->kid);
    return RC_OK;
}

static enum rc retire(struct keys_work *w, const char *kid)
{
    const struct signing_key_row *k = find(w, kid);
    const char *what;

    if (k == NULL)
        return cli_refuse("there is no key of that name; see: autentico keys list");
    if (text_same(k->state, "active"))
        return cli_refuse("this is the key that signs; autentico keys rotate --alg %s%s puts "
                                                         "another in its place", k->alg, w->flags->now ? " --now" : "");
    if (k->revoked_at == 0 && (w->flags->now || text_same(k->state, "next")))
        return end(w, k);
    int64_t at = next_date(k, &what);
    printf("%s is retired: %s %s.\n", k->kid, what, clock_rfc3339(w->d->arena, at));
    if (is_published(k))
        printf("  --now ends it, and the tokens that it signed.\n");
    return RC_OK;
}

/* --- the command ------------------------------------------------------------- */

static enum rc run(struct keys_work *w, const char *verb, const char *word)
{
    TRY(desk_open(w->d, w->flags->config, false));
    TRY(signing_keys_all(w->d->db, w->d->arena, &w->rows));
    if (strcmp(verb, "list") == 0)
        return list(w);
    return strcmp(verb, "rotate") == 0 ? rotate(w) : retire(w, word);
}

static int check_and_run(const char *verb, const char *const *words, size_t words_n, void *arg)
{
    bool is_retire = strcmp(verb, "retire") == 0;
    struct desk d;
    struct keys_work w = { .d = &d, .flags = arg };

    if (!is_retire && strcmp(verb, "list") != 0 && strcmp(verb, "rotate") != 0)
        return cli_fail("unknown: keys %s; see: autentico keys --help", verb);
    if (words_n != (is_retire ? 1 : 0))
        return cli_fail("keys %s %s", verb, is_retire ? "needs one KID" : "takes flags only");
    enum rc rc = run(&w, verb, words_n > 0 ? words[0] : NULL);
    desk_close(&d);
    return cli_exit(rc);
}

int cli_keys(int argc, char **argv)
{
    struct key_flags f = { NULL };
    const struct flag flags[] = {
        { "config", FLAG_TEXT, &f.config }, { "alg", FLAG_TEXT, &f.alg },
        { "now", FLAG_SET, &f.now }, { "json", FLAG_SET, &f.json },
    };

    return cli_verb("keys", argc, argv, flags, ARRAY_LEN(flags), check_and_run, &f);
}
