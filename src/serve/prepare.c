#include "config.h"

#include "serve/prepare.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "authn/accounts.h"
#include "crypto/hash.h"
#include "crypto/random.h"
#include "oidc/keys.h"
#include "serve/secret_ages.h"
#include "store/limits.h"
#include "store/migrate.h"
#include "store/settings_table.h"
#include "store/users.h"
#include "util/clock.h"

#define ONBOARD_TOKEN_LIFE_S 3600

struct defaults { struct arena *arena; const struct conf *conf; bool is_start; int64_t now; };

static enum rc write_defaults(struct db *db, void *arg)
{
    const struct defaults *d = arg;

    TRY(settings_write_defaults(db, d->now));
    if (d->is_start) /* onboarding seeds its own, when the administrator is made */
        TRY(accounts_seed_clients(db, d->arena, d->conf->url, false, d->now));
    return installation_bump(db);
}

static enum rc migrate_if_allowed(struct db *db, struct arena *a, bool may_migrate, const char **why)
{
    struct schema_state state;

    TRY(migrate_state(db, a, &state, why));
    if (state.current == state.target)
        return RC_OK;
    if (!may_migrate) {
        *why = "the database schema is behind; run: autentico migrate";
        return RC_REFUSED;
    }
    return migrate_apply(db, a, why);
}

struct fingerprint { struct installation found; const char *mine; };

static enum rc set_fingerprint(struct db *db, void *arg)
{
    return installation_set_fingerprint(db, ((struct fingerprint *)arg)->mine);
}

static bool knows(const char *mine, const char *previous, const char *fingerprint)
{
    return text_same(mine, fingerprint) || text_same(previous, fingerprint);
}

/* Another encryption key than the one the sealed columns were made with would lose
 * them: refuse (spec/settings.md 2b). */
static enum rc check_fingerprint(struct db *db, struct arena *a, struct signer *signer, const char **why)
{
    struct fingerprint f;
    char *mine, *previous;

    TRY(signer_fingerprints(signer, a, &mine, &previous));
    f.mine = mine;
    TRY(installation_get(db, a, &f.found));
    if (f.found.encryption_fingerprint == NULL)
        return db_write(db, set_fingerprint, &f);
    const char *from, *to = f.found.encryption_fingerprint;
    TRY(installation_reseal_from(db, a, &from));
    if (from != NULL && !knows(mine, previous, from)) {
        *why = "not everything is sealed under the new AUTENTICO_ENCRYPTION_KEY yet; put the one before back as "
               "AUTENTICO_ENCRYPTION_KEY_PREVIOUS";
        return RC_REFUSED;
    }
    if (knows(mine, previous, to)) /* of the previous one: the keeper goes over (serve/reseal.h) */
        return RC_OK;
    *why = "AUTENTICO_ENCRYPTION_KEY is not the key this database was sealed with; put the old one back";
    return RC_REFUSED;
}

struct new_key { struct arena *arena; struct signing_key_row row; };

static enum rc add_key(struct db *db, void *arg)
{
    struct new_key *k = arg;
    struct signing_key_rows rows;

    TRY(signing_keys_all(db, k->arena, &rows));
    for (size_t i = 0; i < rows.n; i++)
        if (text_same(rows.v[i].alg, k->row.alg) && text_same(rows.v[i].state, "active"))
            TRY(signing_keys_retire(db, rows.v[i].kid, k->row.created_at));
    TRY(signing_keys_add(db, &k->row));
    return installation_bump(db);
}

static enum rc store_key(struct db *db, struct arena *a, const struct signing_key *key, int64_t now)
{
    struct new_key k = { .arena = a };

    TRY(key_row_new(a, key, "active", now, &k.row));
    return db_write(db, add_key, &k);
}

static const struct signing_key_row *find_kid(const struct signing_key_rows *rows, const char *kid)
{
    for (size_t i = 0; i < rows->n; i++)
        if (text_same(rows->v[i].kid, kid))
            return &rows->v[i];
    return NULL;
}

/* Design D4: imported by thumbprint under its id; the same id with other material
 * is refused; a retired one stays retired. */
static enum rc import_env_key(struct db *db, struct arena *a, const struct signing_key_rows *rows,
                              const struct signing_key *env, int64_t now, const char **why)
{
    const struct signing_key_row *row = find_kid(rows, env->kid);
    char *thumbprint;

    if (row == NULL)
        return store_key(db, a, env, now);
    if (jwk_thumbprint(a, env->public_jwk, &thumbprint) != RC_OK)
        return fault("prepare: the environment's key has no thumbprint");
    if (text_same(row->thumbprint, thumbprint))
        return RC_OK;
    *why = arena_printf(a, "AUTENTICO_PRIVATE_KEY is another key than the one known as \"%s\"; give the "
                           "new key a new AUTENTICO_JWK_CERT_KEY_ID", env->kid);
    return RC_REFUSED;
}

enum rc prepare_keys(struct db *db, struct arena *a, struct signer *signer, int64_t now, const char **why)
{
    struct signing_key_rows rows;
    struct signing_key key;

    TRY(signing_keys_all(db, a, &rows));
    enum rc rc = signer_env_key(signer, a, &key);
    if (rc == RC_OK)
        return import_env_key(db, a, &rows, &key, now, why);
    if (rc != RC_NONE)
        return rc;
    if (signing_keys_pick(&rows, "RS256", "active") != NULL)
        return RC_OK;
    TRY(signer_generate(signer, a, ALG_RS256, &key));
    return store_key(db, a, &key, now);
}

struct onboard_token { struct bytes hash; int64_t expires_at; };

static enum rc store_onboard_token(struct db *db, void *arg)
{
    const struct onboard_token *t = arg;

    return installation_set_onboard_token(db, t->hash, t->expires_at);
}

enum rc prepare_onboard_token(struct db *db, struct arena *a, int64_t now, char **out)
{
    char *token = random_token(a);
    struct onboard_token t = { sha256_of(a, token), now + ONBOARD_TOKEN_LIFE_S };

    TRY(db_write(db, store_onboard_token, &t));
    *out = token;
    return RC_OK;
}

static enum rc note_onboarding(const struct prepare_setup *setup, struct db *db, struct arena *a,
                               struct prepared *out)
{
    struct settings settings;
    bool has_users;
    char *token;

    TRY(settings_load(db, a, &settings));
    TRY(users_any(db, &has_users));
    out->is_onboarded = settings.onboarded || has_users;
    if (out->is_onboarded || !setup->is_start || setup->conf->is_loopback)
        return RC_OK;
    TRY(prepare_onboard_token(db, a, clock_now(), &token));
    snprintf(out->onboard_token, sizeof(out->onboard_token), "%s", token);
    return RC_OK;
}

static enum rc fresh_limits(const struct prepare_setup *setup)
{
    struct limits_rates off = { 0, 0, 0, 0 };
    struct limits *limits;

    if (mkdir(setup->limits_dir, 0700) != 0 && errno != EEXIST)
        return fault("prepare: %s: %s", setup->limits_dir, strerror(errno));
    if (!setup->is_start)
        return RC_OK;
    TRY(limits_open(setup->limits_dir, true, &off, &limits));
    limits_close(limits);
    return RC_OK;
}

struct noting { const struct keyring *keys; struct arena *arena; int64_t now; };

static enum rc write_ages(struct db *db, void *arg)
{
    const struct noting *n = arg;

    return secret_ages_note(db, n->arena, n->keys, n->now);
}

static enum rc note_secrets(const struct prepare_setup *setup, struct db *db, struct arena *a, int64_t now)
{
    struct noting n = { setup->keys, a, now };

    return db_write(db, write_ages, &n);
}

/* Who has moved to another AUTENTICO_APP_URL shall not find it out at the consoles. */
static enum rc warn_of_console(const struct prepare_setup *setup, struct db *db, struct arena *a, const char *client_id)
{
    const char *url = setup->conf->url;
    enum rc rc = setup->is_start ? accounts_console_check(db, a, url, client_id) : RC_OK;

    if (rc != RC_NONE)
        return rc;
    log_event(LOG_LEVEL_WARNING, "console_of_another_address", "client_id", client_id, "hint",
              arena_printf(a, "autentico clients update %s --redirect-uri %s", client_id,
                           accounts_console_uri(a, url, client_id)), NULL);
    return RC_OK;
}

static enum rc prepare_database(const struct prepare_setup *setup, struct db *db, struct arena *a,
                                struct prepared *out, const char **why)
{
    struct defaults d = { a, setup->conf, setup->is_start, clock_now() };

    TRY(migrate_if_allowed(db, a, setup->may_migrate, why));
    TRY(db_write(db, write_defaults, &d));
    TRY(warn_of_console(setup, db, a, "autentico-admin"));
    TRY(warn_of_console(setup, db, a, "autentico-account"));
    if (setup->signer != NULL) {
        TRY(check_fingerprint(db, a, setup->signer, why));
        TRY(prepare_keys(db, a, setup->signer, d.now, why));
    }
    if (setup->keys != NULL)
        TRY(note_secrets(setup, db, a, d.now));
    TRY(note_onboarding(setup, db, a, out));
    return fresh_limits(setup);
}

enum rc prepare(const struct prepare_setup *setup, struct prepared *out)
{
    struct db_open how = { .path = setup->conf->db_path, .create = true, .wrote_fd = -1 };
    struct arena *a = arena_start("prepare");
    const char *why = NULL;
    struct write_lock *lock = NULL;
    struct db *db = NULL;
    enum rc rc;

    if ((rc = write_lock_open(setup->lock_path, &lock)) != RC_OK)
        goto out;
    how.lock = lock;
    if ((rc = db_open(&how, &db)) != RC_OK)
        goto out;
    rc = prepare_database(setup, db, a, out, &why);
out:
    if (rc != RC_OK)
        snprintf(out->why, sizeof(out->why), "%s",
                 why != NULL ? why : "the database could not be prepared; the log says why");
    if (db != NULL)
        db_close(db);
    if (lock != NULL)
        write_lock_close(lock);
    arena_done(a);
    return rc;
}
