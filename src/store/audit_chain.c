#include "config.h"

#include "store/audit_chain.h"

#include "crypto/random.h"
#include "store/audit_row.h"
#include "util/clock.h"
#include "util/frame.h"
#include "util/log.h"

/* --- appending --------------------------------------------------------------------- */

struct bytes audit_content(struct arena *a, const struct audit_row *r)
{
    struct sbuf b;

    sbuf_init(&b, a, 256);
    frame_put_text(&b, r->id);
    frame_put_text(&b, r->event);
    frame_put_text(&b, r->actor_id);
    frame_put_text(&b, r->actor_username);
    frame_put_text(&b, r->target_type);
    frame_put_text(&b, r->target_id);
    frame_put_text(&b, r->detail);
    frame_put_text(&b, r->ip_address);
    frame_put_int(&b, r->created_at);
    return sbuf_bytes(&b);
}

static void place_row(struct stmt *q, struct arena *a, void *out)
{
    *(struct audit_place *)out = (struct audit_place){ .seq = col_int(q, 0), .hash = col_bytes(q, 1, a) };
}

/* One statement reads the old end, hashes, and writes the new one. */
enum rc audit_chain_append(struct db *db, struct arena *a, struct bytes content, struct audit_place *out)
{
    struct stmt *q = db_sql(db, "UPDATE audit_chain SET seq = seq + 1, hash = sha256(hash || $1)"
                                " WHERE id = 1 RETURNING seq, hash");

    db_bytes(q, 1, content);
    enum rc rc = db_one(q, a, place_row, out);
    return rc == RC_NONE ? fault("audit: the end of the chain is gone; restore a backup") : rc;
}

/* --- reading ------------------------------------------------------------------------ */

static void chain_row(struct stmt *q, struct arena *a, void *out)
{
    *(struct audit_chain *)out = (struct audit_chain){
        .end = { col_int(q, 0), col_bytes(q, 1, a) },
        .anchor = { col_int(q, 2), col_bytes(q, 3, a) },
        .anchor_jws = col_text(q, 4, a),
        .checkpoints_n = col_int(q, 5),
        .copied_seq = col_int(q, 6),
        .unchained_seq = col_int(q, 7),
    };
}

enum rc audit_chain_read(struct db *db, struct arena *a, struct audit_chain *out)
{
    return db_one(db_sql(db, "SELECT seq, hash, anchor_seq, anchor_hash, anchor_jws, checkpoints_n, copied_seq,"
                             " unchained_seq FROM audit_chain WHERE id = 1"), a, chain_row, out);
}

static void link_row(struct stmt *q, struct arena *a, void *out)
{
    struct audit_link *l = out;

    audit_row(q, a, &l->row);
    l->place = (struct audit_place){ col_int(q, AUDIT_COLS_N), col_bytes(q, AUDIT_COLS_N + 1, a) };
}

enum rc audit_links(struct db *db, struct arena *a, int64_t after_seq, int64_t limit, struct audit_links *out)
{
    struct stmt *q = db_sql(db,
        "SELECT " AUDIT_COLS ", l.seq, l.hash FROM audit_logs l WHERE l.seq > $1 ORDER BY l.seq LIMIT $2");
    struct rows rows;

    db_int(q, 1, after_seq);
    db_int(q, 2, limit);
    TRY(db_each(q, a, link_row, sizeof(struct audit_link), &rows));
    *out = (struct audit_links){ .v = rows.v, .n = rows.n };
    return RC_OK;
}

static void checkpoint_row(struct stmt *q, struct arena *a, void *out)
{
    *(struct audit_checkpoint *)out = (struct audit_checkpoint){
        .number = col_int(q, 0),
        .place = { col_int(q, 1), col_bytes(q, 2, a) },
        .kid = col_text(q, 3, a),
        .jws = col_text(q, 4, a),
        .made_at = col_int(q, 5),
    };
}

enum rc audit_checkpoints(struct db *db, struct arena *a, struct audit_checkpoints *out)
{
    struct rows rows;

    TRY(db_each(db_sql(db, "/* small */ SELECT number, seq, hash, kid, jws, made_at FROM audit_checkpoints"
                           " ORDER BY number"), a, checkpoint_row, sizeof(struct audit_checkpoint), &rows));
    *out = (struct audit_checkpoints){ .v = rows.v, .n = rows.n };
    return RC_OK;
}

enum rc audit_checkpoint_last(struct db *db, struct arena *a, struct audit_checkpoint *out)
{
    return db_one(db_sql(db, "SELECT number, seq, hash, kid, jws, made_at FROM audit_checkpoints"
                             " WHERE number > 0 ORDER BY number DESC LIMIT 1"), a, checkpoint_row, out);
}

/* --- checkpoints, and what has become old --------------------------------------------- */

enum rc audit_checkpoint_add(struct db *db, const struct audit_checkpoint *c)
{
    struct stmt *q = db_sql(db, "UPDATE audit_chain SET checkpoints_n = $1 WHERE id = 1 AND checkpoints_n = $1 - 1");

    db_int(q, 1, c->number);
    TRY(db_run_changed(q));
    q = db_sql(db, "INSERT INTO audit_checkpoints (number, seq, hash, kid, jws, made_at)"
                   " VALUES ($1, $2, $3, $4, $5, $6)");
    db_int(q, 1, c->number);
    db_int(q, 2, c->place.seq);
    db_bytes(q, 3, c->place.hash);
    db_text(q, 4, c->kid);
    db_text(q, 5, c->jws);
    db_int(q, 6, c->made_at);
    return db_run(q);
}

/* The second of the first that must stay; RC_NONE: none must. */
static enum rc first_young_second(struct db *db, struct arena *a, int64_t created_before, int64_t *out)
{
    struct stmt *q = db_sql(db, "SELECT created_at FROM audit_logs WHERE id >= $1 ORDER BY id LIMIT 1");

    db_text(q, 1, id_floor(a, created_before));
    return db_int_of(q, out);
}

/* Its place: ids of one second are in no order. */
static enum rc first_young(struct db *db, struct arena *a, int64_t created_before, int64_t *out)
{
    int64_t at;
    struct stmt *q;

    TRY(first_young_second(db, a, created_before, &at));
    q = db_sql(db, "SELECT MIN(seq) FROM audit_logs WHERE id >= $1 AND id < $2");
    db_text(q, 1, id_floor(a, at));
    db_text(q, 2, id_floor(a, at + 1));
    return db_int_of(q, out);
}

enum rc audit_old(struct db *db, struct arena *a, int64_t created_before, int64_t limit, struct audit_place *out)
{
    struct audit_chain chain;
    struct audit_place found;
    int64_t young;
    struct stmt *q;

    TRY(audit_chain_read(db, a, &chain));
    enum rc rc = first_young(db, a, created_before, &young);
    if (rc == RC_NONE)
        young = chain.end.seq + 1;
    else
        TRY(rc);
    q = db_sql(db, "SELECT seq, hash FROM audit_logs WHERE seq > $1 AND seq <= $2 AND seq < $3 ORDER BY seq DESC LIMIT 1");
    db_int(q, 1, chain.anchor.seq);
    db_int(q, 2, chain.anchor.seq + limit);
    db_int(q, 3, young);
    TRY(db_one(q, a, place_row, &found));
    if (found.hash.n == 0) /* from before the chain, whose beginning is not reached */
        found.hash = chain.anchor.hash;
    *out = found;
    return RC_OK;
}

enum rc audit_prune(struct db *db, const struct audit_place *anchor, const char *jws)
{
    struct stmt *q = db_sql(db, "UPDATE audit_chain SET anchor_seq = $1, anchor_hash = $2, anchor_jws = $3"
                                " WHERE id = 1 AND anchor_seq < $1");

    db_int(q, 1, anchor->seq);
    db_bytes(q, 2, anchor->hash);
    db_text(q, 3, jws);
    TRY(db_run_changed(q));
    q = db_sql(db, "DELETE FROM audit_logs WHERE seq <= $1");
    db_int(q, 1, anchor->seq);
    TRY(db_run(q));
    q = db_sql(db, "DELETE FROM audit_checkpoints WHERE seq < $1 AND number < (SELECT MAX(number) FROM audit_checkpoints)");
    db_int(q, 1, anchor->seq);
    return db_run(q);
}

enum rc audit_set_copied(struct db *db, int64_t seq)
{
    struct stmt *q = db_sql(db, "UPDATE audit_chain SET copied_seq = $1 WHERE id = 1");

    db_int(q, 1, seq);
    return db_run(q);
}

struct json *audit_link_json(struct arena *a, const struct audit_link *l)
{
    struct json *out = json_object(a);

    json_set_int(out, "seq", l->place.seq);
    audit_row_json(a, &l->row, out);
    json_set_str_or_null(out, "hash", l->place.hash.n > 0 ? hex_encode(a, l->place.hash) : NULL);
    return out;
}

/* --- what is signed -------------------------------------------------------------------- */

struct json *audit_claims(struct arena *a, const char *issuer, int64_t now, const struct audit_place *place, int64_t number)
{
    struct json *claims = json_object(a);

    json_set_str(claims, "iss", issuer);
    json_set_int(claims, "iat", now);
    json_set_int(claims, "seq", place->seq);
    json_set_str(claims, "hash", hex_encode(a, place->hash));
    if (number > 0)
        json_set_int(claims, "number", number);
    else
        json_set_bool(claims, "pruned", true);
    return claims;
}
