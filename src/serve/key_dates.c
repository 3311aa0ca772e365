#include "config.h"

#include "serve/key_dates.h"

#include "oidc/keys.h"
#include "store/clients.h"
#include "store/settings_table.h"
#include "util/clock.h"
#include "util/log.h"

#define LOOK_MS 1000
#define AFTER_FAULT_MS 30000
#define SIGNER_MS 5000

struct look {
    struct key_dates *k;
    struct signing_key_rows rows;
    struct settings settings;
    int64_t now;
    const struct signing_key_row *made; /* to be added */
    const struct signing_key_row *ripe; /* to become active, or to be published no more */
};

void key_dates_start(struct key_dates *k)
{
    *k = (struct key_dates){ .arena = arena_start("key dates"), .version = -1 };
}

void key_dates_done(struct key_dates *k)
{
    if (k->arena != NULL)
        arena_done(k->arena);
}

static enum rc is_selected(const struct look *l, struct db *db, const char *alg, bool *out)
{
    if (text_same(l->settings.id_token_signing_alg, alg) ||
        text_same(l->settings.access_token_signing_alg, alg)) {
        *out = true;
        return RC_OK;
    }
    return clients_want_alg(db, alg, out);
}

/* --- a key that is missing ------------------------------------------------- */

/* Two commands, or one and we, at once: one next key is enough.  RC_NONE: there is one. */
static enum rc add_key(struct db *db, void *arg)
{
    const struct look *l = arg;
    struct signing_key_rows rows;

    TRY(signing_keys_all(db, l->k->arena, &rows));
    if (signing_keys_pick(&rows, l->made->alg, "next") != NULL)
        return RC_NONE;
    TRY(signing_keys_add(db, l->made));
    return installation_bump(db);
}

/* Outside the transaction: a signer works on it. */
static enum rc make_key(struct look *l, struct db *db, struct signer *signer, enum jws_alg alg)
{
    struct signing_key_row row;
    struct signing_key key;

    signer->deadline_ms = clock_mono_ms() + SIGNER_MS;
    TRY(signer_generate(signer, l->k->arena, alg, &key));
    TRY(key_row_new(l->k->arena, &key, "next", l->now, &row));
    l->made = &row;
    enum rc rc = db_write(db, add_key, l);
    l->made = NULL;
    if (rc == RC_OK)
        log_event(LOG_LEVEL_INFO, "signing_key_made", "kid", row.kid, "alg", row.alg, "signs_from",
                  log_num(l->now + JWKS_MAX_AGE_S), NULL);
    return rc == RC_NONE ? RC_OK : rc;
}

/* --- by the calendar (the setting signing_key_rotation) ---------------------- */

static void note_due(struct look *l, int64_t at)
{
    if (l->k->due_at == 0 || at < l->k->due_at)
        l->k->due_at = at;
}

/* Early enough that the old one has signed for as long as the setting says, no longer. */
static bool is_aged(struct look *l, const struct signing_key_row *active)
{
    int64_t at = active->activated_at + l->settings.signing_key_rotation - JWKS_MAX_AGE_S;

    if (l->settings.signing_key_rotation <= 0)
        return false;
    if (at > l->now)
        note_due(l, at);
    return at <= l->now;
}

static enum rc make_if_aged(struct look *l, struct db *db, struct signer *signer, enum jws_alg alg, bool *did)
{
    const char *name = jws_alg_name(alg);
    const struct signing_key_row *active = signing_keys_pick(&l->rows, name, "active");
    bool is = alg == ALG_RS256; /* what signs when nothing else is there yet */

    if (active == NULL || signing_keys_pick(&l->rows, name, "next") || !is_aged(l, active))
        return RC_OK;
    if (!is)
        TRY(is_selected(l, db, name, &is));
    if (!is)
        return RC_OK;
    *did = true;
    return make_key(l, db, signer, alg);
}

static enum rc make_if_missing(struct look *l, struct db *db, struct signer *signer, enum jws_alg alg, bool *did)
{
    const char *name = jws_alg_name(alg);
    bool is = false;

    if (signing_keys_pick(&l->rows, name, "active") || signing_keys_pick(&l->rows, name, "next"))
        return RC_OK;
    TRY(is_selected(l, db, name, &is));
    if (!is)
        return RC_OK;
    *did = true;
    return make_key(l, db, signer, alg);
}

/* --- a key whose time has come --------------------------------------------- */

/* RC_NONE: somebody has revoked one of the two since we looked. */
static enum rc activate(struct db *db, void *arg)
{
    const struct look *l = arg;
    const struct signing_key_row *before = signing_keys_pick(&l->rows, l->ripe->alg, "active");

    if (before)
        TRY(signing_keys_retire(db, before->kid, l->now));
    TRY(signing_keys_activate(db, l->ripe->kid, l->now));
    return installation_bump(db);
}

static enum rc activate_if_ripe(struct look *l, struct db *db, const char *alg, bool *did)
{
    const struct signing_key_row *next = signing_keys_pick(&l->rows, alg, "next");
    int64_t at = next ? next->created_at + JWKS_MAX_AGE_S : 0;

    if (!next)
        return RC_OK;
    if (at > l->now) {
        note_due(l, at);
        return RC_OK;
    }
    l->ripe = next;
    *did = true;
    enum rc rc = db_write(db, activate, l);
    if (rc == RC_OK)
        log_event(LOG_LEVEL_INFO, "signing_key_active", "kid", next->kid, "alg", alg, NULL);
    return rc == RC_NONE ? RC_OK : rc; /* looked at again at once */
}

/* --- a key that nobody needs any more --------------------------------------- */

static enum rc unpublish(struct db *db, void *arg)
{
    const struct look *l = arg;

    TRY(signing_keys_unpublish(db, l->ripe->kid, l->now));
    return installation_bump(db);
}

static enum rc unpublish_if_outlived(struct look *l, struct db *db, const struct signing_key_row *row, bool *did)
{
    int64_t at = row->retired_at + KEY_OUTLIVED_S;

    if (!text_same(row->state, "retired") || row->unpublished_at != 0 || row->revoked_at != 0)
        return RC_OK;
    if (at > l->now) {
        note_due(l, at);
        return RC_OK;
    }
    l->ripe = row;
    *did = true;
    enum rc rc = db_write(db, unpublish, l);
    if (rc == RC_OK)
        log_event(LOG_LEVEL_INFO, "signing_key_unpublished", "kid", row->kid, "alg", row->alg, NULL);
    return rc == RC_NONE ? RC_OK : rc;
}

/* --- looking --------------------------------------------------------------- */

static enum rc look_at_keys(struct key_dates *k, struct db *db, struct signer *signer, bool *did)
{
    static const enum jws_alg algs[] = { ALG_ES256, ALG_EDDSA };
    struct look l = { .k = k, .now = clock_now() };

    TRY(signing_keys_all(db, k->arena, &l.rows));
    TRY(settings_load(db, k->arena, &l.settings));
    k->due_at = 0;
    for (size_t i = 0; i < ARRAY_LEN(algs); i++) {
        TRY(make_if_missing(&l, db, signer, algs[i], did));
        TRY(activate_if_ripe(&l, db, jws_alg_name(algs[i]), did));
    }
    TRY(activate_if_ripe(&l, db, "RS256", did));
    if (*did)
        return RC_OK; /* what was read is not what is there any more: looked at again at once */
    TRY(make_if_aged(&l, db, signer, ALG_RS256, did));
    for (size_t i = 0; i < ARRAY_LEN(algs); i++)
        TRY(make_if_aged(&l, db, signer, algs[i], did));
    for (size_t i = 0; i < l.rows.n; i++)
        TRY(unpublish_if_outlived(&l, db, &l.rows.v[i], did));
    return RC_OK;
}

static bool is_quiet(const struct key_dates *k, int64_t version)
{
    return version == k->version && (k->due_at == 0 || clock_now() < k->due_at);
}

bool key_dates_turn(struct key_dates *k, struct db *db, struct signer *signer)
{
    int64_t version;
    bool did = false;

    if (clock_mono_ms() < k->look_ms)
        return false;
    k->look_ms = clock_mono_ms() + LOOK_MS;
    if (installation_version(db, &version) != RC_OK || is_quiet(k, version))
        return false;
    if (look_at_keys(k, db, signer, &did) == RC_OK)
        k->version = did ? -1 : version; /* what was written is looked at again */
    else
        k->look_ms = clock_mono_ms() + AFTER_FAULT_MS;
    arena_reset(k->arena);
    return did;
}
