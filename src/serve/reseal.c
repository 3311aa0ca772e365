#include "config.h"

#include "serve/reseal.h"

#include <stdio.h>
#include <string.h>

#include "store/factors.h"
#include "store/settings_table.h"
#include "store/signing_keys.h"
#include "util/clock.h"
#include "util/encode.h"
#include "util/log.h"

#define ROWS_PER_TURN 20
#define LOOK_MS 500
#define AFTER_FAULT_MS 10000
#define SIGNER_MS 5000

/* One value, on its way. */
struct value {
    struct reseal *r;
    struct signer *signer;
    struct seal_place where;
    struct bytes from, to;
    const char *text_from, *text_to; /* of a setting */
};

void reseal_start(struct reseal *r, const int *is_overlapping, int64_t patience_ms)
{
    *r = (struct reseal){ .arena = arena_start("reseal"), .is_overlapping = is_overlapping, .patience_ms = patience_ms };
}

void reseal_done(struct reseal *r)
{
    if (r->arena != NULL)
        arena_done(r->arena);
}

/* --- one value --------------------------------------------------------------- */

static enum rc store(struct db *db, void *arg)
{
    const struct value *v = arg;

    if (text_same(v->where.table, "signing_keys"))
        return signing_keys_reseal(db, v->where.row_id, v->from, v->to);
    if (text_same(v->where.table, "settings"))
        return settings_reseal(db, v->where.row_id, v->text_from, v->text_to);
    return factors_totp_reseal(db, v->where.row_id, v->from, v->to);
}

/* One that opens with no key is lost already, and must not keep the others. */
static enum rc reseal_value(struct value *v, struct db *db)
{
    v->signer->deadline_ms = clock_mono_ms() + SIGNER_MS;
    enum rc rc = signer_reseal(v->signer, v->r->arena, &v->where, v->from, &v->to);
    if (rc == RC_REFUSED) {
        v->r->lost_n++;
        return RC_OK;
    }
    TRY(rc);
    if (v->to.n == 0)
        return RC_OK;
    if (v->text_from != NULL)
        v->text_to = arena_printf(v->r->arena, "%s%s", SETTING_SEALED, base64url_encode(v->r->arena, v->to));
    rc = db_write(db, store, v);
    if (rc == RC_OK)
        v->r->done_n++;
    return rc == RC_NONE ? RC_OK : rc; /* somebody has written another one meanwhile, under the new key */
}

/* --- the steps: RC_OK: the next one; RC_NONE: not now, or more of it in the next turn ----- */

static enum rc reseal_keys(struct reseal *r, struct db *db, struct signer *signer)
{
    struct signing_key_rows rows;

    TRY(signing_keys_all(db, r->arena, &rows));
    for (size_t i = 0; i < rows.n; i++) {
        struct value v = { .r = r, .signer = signer, .from = rows.v[i].private_sealed,
                           .where = { "signing_keys", rows.v[i].alg, rows.v[i].kid } };

        if (v.from.n > 0)
            TRY(reseal_value(&v, db));
    }
    return RC_OK;
}

static enum rc reseal_settings(struct reseal *r, struct db *db, struct signer *signer)
{
    struct settings_rows rows;

    TRY(settings_all(db, r->arena, &rows));
    for (size_t i = 0; i < rows.n; i++) {
        struct value v = { .r = r, .signer = signer, .where = { "settings", "value", rows.v[i].key },
                           .text_from = rows.v[i].value };

        if (!text_starts(v.text_from, SETTING_SEALED) ||
            base64url_decode(r->arena, v.text_from + strlen(SETTING_SEALED), &v.from) != RC_OK)
            continue;
        TRY(reseal_value(&v, db));
    }
    return RC_OK;
}

static enum rc reseal_factors(struct reseal *r, struct db *db, struct signer *signer)
{
    struct totp_sealed_rows rows;

    TRY(factors_totp_after(db, r->arena, r->after, ROWS_PER_TURN, &rows));
    for (size_t i = 0; i < rows.n; i++) {
        struct value v = { .r = r, .signer = signer, .from = rows.v[i].secret_sealed,
                           .where = { TOTP_TABLE, TOTP_COLUMN, rows.v[i].user_id } };

        TRY(reseal_value(&v, db));
        snprintf(r->after, sizeof(r->after), "%s", rows.v[i].user_id);
    }
    return rows.n == 0 ? RC_OK : RC_NONE;
}

/* --- going over, and the end -------------------------------------------------- */

struct sealing { const char *fingerprint, *from; };

static enum rc set_sealing(struct db *db, void *arg)
{
    const struct sealing *s = arg;

    TRY(installation_set_sealing(db, s->fingerprint, s->from));
    return installation_bump(db); /* workers load the keys as they stand now */
}

static enum rc begin(struct reseal *r, struct db *db, struct signer *signer)
{
    struct installation found;
    char *mine, *previous;
    const char *from;

    signer->deadline_ms = clock_mono_ms() + SIGNER_MS;
    TRY(signer_fingerprints(signer, r->arena, &mine, &previous));
    TRY(installation_get(db, r->arena, &found));
    TRY(installation_reseal_from(db, r->arena, &from));
    if (text_same(found.encryption_fingerprint, previous)) {
        struct sealing to = { mine, previous };

        TRY(db_write(db, set_sealing, &to));
        log_event(LOG_LEVEL_INFO, "re_sealing", "from", previous, "to", mine, NULL);
    } else {
        r->is_done = from == NULL;
    }
    r->look_ms = clock_mono_ms() + r->patience_ms; /* a worker may still hold what was sealed a moment ago */
    return RC_OK;
}

static enum rc finish(struct reseal *r, struct db *db, struct signer *signer)
{
    char *mine;

    signer->deadline_ms = clock_mono_ms() + SIGNER_MS;
    TRY(signer_fingerprint(signer, r->arena, &mine));
    struct sealing to = { mine, NULL };
    TRY(db_write(db, set_sealing, &to));
    log_event(r->lost_n > 0 ? LOG_LEVEL_WARNING : LOG_LEVEL_INFO, "re_sealed", "rows", log_num(r->done_n), "lost",
              log_num(r->lost_n), "to", mine, NULL);
    r->is_done = true;
    return RC_OK;
}

static enum rc run_step(struct reseal *r, struct db *db, struct signer *signer)
{
    static enum rc (*const steps[])(struct reseal *r, struct db *db, struct signer *signer) = {
        begin, reseal_keys, reseal_settings, reseal_factors, finish,
    };

    TRY(steps[r->step](r, db, signer));
    r->step++;
    return RC_OK;
}

bool reseal_is_busy(const struct reseal *r)
{
    return r->patience_ms >= 0 && !r->is_done && r->step > 0 && clock_mono_ms() >= r->look_ms;
}

bool reseal_turn(struct reseal *r, struct db *db, struct signer *signer)
{
    int64_t before = r->done_n;
    char at[sizeof(r->after)];
    int step = r->step;

    if (r->patience_ms < 0 || r->is_done || clock_mono_ms() < r->look_ms)
        return false;
    if (__atomic_load_n(r->is_overlapping, __ATOMIC_ACQUIRE) != 0) {
        r->look_ms = clock_mono_ms() + LOOK_MS;
        return false;
    }
    memcpy(at, r->after, sizeof(at));
    enum rc rc = run_step(r, db, signer);
    if (rc == RC_NONE && step == r->step && strcmp(at, r->after) == 0)
        r->look_ms = clock_mono_ms() + LOOK_MS; /* no signer answers */
    else if (rc != RC_OK && rc != RC_NONE)
        r->look_ms = clock_mono_ms() + AFTER_FAULT_MS;
    arena_reset(r->arena);
    return r->done_n != before || step != r->step;
}
