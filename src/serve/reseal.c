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

#define ROWS_PER_TURN 100
#define LOOK_MS 500
#define AFTER_FAULT_MS 10000
#define SIGNER_MS 5000

/* One value, on its way. */
struct value {
    struct seal_place where;
    struct bytes from, to;           /* to.n 0: it needs nothing */
    const char *text_from, *text_to; /* of a setting */
};

/* Of one turn: asked for one after another, then written in one transaction, which holds the
 * pen while nobody is asked (design D10b). */
struct batch {
    struct reseal *r;
    struct db *db;
    struct signer *signer;
    struct value v[ROWS_PER_TURN];
    size_t n;
    int64_t stored_n, lost_n;
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

/* --- a batch ------------------------------------------------------------------ */

static enum rc store(struct db *db, const struct value *v)
{
    if (text_same(v->where.table, "signing_keys"))
        return signing_keys_reseal(db, v->where.row_id, v->from, v->to);
    if (text_same(v->where.table, "settings"))
        return settings_reseal(db, v->where.row_id, v->text_from, v->text_to);
    return factors_totp_reseal(db, v->where.row_id, v->from, v->to);
}

/* RC_NONE of one: somebody has written another one meanwhile, under the new key. */
static enum rc store_all(struct db *db, void *arg)
{
    struct batch *b = arg;

    b->stored_n = 0;
    for (size_t i = 0; i < b->n; i++) {
        enum rc rc = store(db, &b->v[i]);

        if (rc != RC_NONE)
            TRY(rc);
        b->stored_n += rc == RC_OK;
    }
    return RC_OK;
}

static enum rc write_batch(struct batch *b)
{
    if (b->n > 0)
        TRY(db_write(b->db, store_all, b));
    b->r->done_n += b->stored_n;
    b->r->lost_n += b->lost_n;
    b->stored_n = b->lost_n = 0;
    b->n = 0;
    return RC_OK;
}

/* One that opens with no key is lost already, and must not keep the others.  RC_NONE: no
 * signer answers. */
static enum rc add(struct batch *b, const struct value *value)
{
    struct value v = *value;

    b->signer->deadline_ms = clock_mono_ms() + SIGNER_MS;
    enum rc rc = signer_reseal(b->signer, b->r->arena, &v.where, v.from, &v.to);
    b->lost_n += rc == RC_REFUSED;
    if (rc == RC_REFUSED || (rc == RC_OK && v.to.n == 0))
        return RC_OK;
    TRY(rc);
    if (v.text_from != NULL)
        v.text_to = arena_printf(b->r->arena, "%s%s", SETTING_SEALED, base64url_encode(b->r->arena, v.to));
    b->v[b->n++] = v;
    return b->n < ROWS_PER_TURN ? RC_OK : write_batch(b);
}

static struct batch *batch_of(struct reseal *r, struct db *db, struct signer *signer)
{
    struct batch *b = arena_new(r->arena, struct batch);

    b->r = r;
    b->db = db;
    b->signer = signer;
    return b;
}

/* What was asked for is written, whatever came of the rest. */
static enum rc end(struct batch *b, enum rc asked)
{
    TRY(write_batch(b));
    return asked;
}

/* --- the steps: RC_OK: the next one; RC_NONE: not now, or more of it in the next turn ----- */

static enum rc add_keys(struct batch *b, const struct signing_key_rows *rows)
{
    for (size_t i = 0; i < rows->n; i++) {
        struct value v = { .from = rows->v[i].private_sealed, .where = { "signing_keys", rows->v[i].alg, rows->v[i].kid } };

        if (v.from.n > 0)
            TRY(add(b, &v));
    }
    return RC_OK;
}

static enum rc reseal_keys(struct reseal *r, struct db *db, struct signer *signer)
{
    struct batch *b = batch_of(r, db, signer);
    struct signing_key_rows rows;

    TRY(signing_keys_all(db, r->arena, &rows));
    return end(b, add_keys(b, &rows));
}

static enum rc add_settings(struct batch *b, const struct settings_rows *rows)
{
    for (size_t i = 0; i < rows->n; i++) {
        struct value v = { .where = { "settings", "value", rows->v[i].key }, .text_from = rows->v[i].value };

        if (!text_starts(v.text_from, SETTING_SEALED) ||
            base64url_decode(b->r->arena, v.text_from + strlen(SETTING_SEALED), &v.from) != RC_OK)
            continue;
        TRY(add(b, &v));
    }
    return RC_OK;
}

static enum rc reseal_settings(struct reseal *r, struct db *db, struct signer *signer)
{
    struct batch *b = batch_of(r, db, signer);
    struct settings_rows rows;

    TRY(settings_all(db, r->arena, &rows));
    return end(b, add_settings(b, &rows));
}

/* As far as signers answer. */
static enum rc add_factors(struct batch *b, const struct totp_sealed_rows *rows, size_t *added_n)
{
    for (; *added_n < rows->n; (*added_n)++) {
        const struct totp_sealed *row = &rows->v[*added_n];
        struct value v = { .from = row->secret_sealed, .where = { TOTP_TABLE, TOTP_COLUMN, row->user_id } };

        TRY(add(b, &v));
    }
    return rows->n == 0 ? RC_OK : RC_NONE;
}

static enum rc reseal_factors(struct reseal *r, struct db *db, struct signer *signer)
{
    struct batch *b = batch_of(r, db, signer);
    struct totp_sealed_rows rows;
    size_t n = 0;

    TRY(factors_totp_after(db, r->arena, r->after, ROWS_PER_TURN, &rows));
    enum rc asked = add_factors(b, &rows, &n);
    TRY(write_batch(b)); /* else none of them is done */
    if (n > 0)
        snprintf(r->after, sizeof(r->after), "%s", rows.v[n - 1].user_id);
    return asked;
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
