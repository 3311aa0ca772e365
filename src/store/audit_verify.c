#include "config.h"

#include "store/audit_chain.h"

#include <string.h>

#include "util/clock.h"
#include "util/sbuf.h"

#define PAGE 1000
#define TRIES 3 /* pruning may move the beginning while we look for it */
#define TYP "audit-checkpoint+jwt"

struct walk {
    struct db *db;
    struct arena *a;                /* for what stays */
    struct arena *page;             /* for what goes with a page of rows */
    const struct audit_trust *trust;
    struct audit_chain chain;
    struct audit_checkpoints points;
    size_t point;                   /* the next one */
    struct audit_place at;          /* how far it is good */
    uint8_t hash[SHA256_BYTES];     /* of at */
    struct audit_verdict out;
};

static enum rc no(struct walk *w, const char *finding)
{
    w->out.finding = finding;
    return RC_REFUSED;
}

static bool is_zeros(struct bytes hash)
{
    static const uint8_t zeros[SHA256_BYTES] = { 0 };

    return ct_equal(hash, BYTES(zeros));
}

/* --- signatures ----------------------------------------------------------------------- */

enum signed_by { NOBODY, AN_OLD_KEY, A_KEY_OF_OURS };

/* What was signed is what the columns say. */
static bool says(struct walk *w, const struct json *claims, const struct audit_place *place, int64_t number)
{
    int64_t seq, n = 0;
    bool pruned = false;

    if (json_get_int(claims, "seq", &seq) != RC_OK || seq != place->seq ||
        !text_same(json_str(json_get(claims, "hash")), hex_encode(w->a, place->hash)))
        return false;
    if (number == 0)
        return json_get_bool(claims, "pruned", &pruned) == RC_OK && pruned;
    return json_get_int(claims, "number", &n) == RC_OK && n == number;
}

static enum signed_by who_signed(struct walk *w, const char *jws, const struct audit_place *place, int64_t number)
{
    const struct audit_trust *t = w->trust;
    enum signed_by who = NOBODY;
    struct json *claims;

    if (jws_verify(w->a, jws, t->keys, t->keys_n, TYP, &claims) == RC_OK)
        who = A_KEY_OF_OURS;
    else if (jws_verify(w->a, jws, t->old, t->old_n, TYP, &claims) == RC_OK)
        who = AN_OLD_KEY;
    return who != NOBODY && says(w, claims, place, number) ? who : NOBODY;
}

static enum rc check_anchor(struct walk *w)
{
    const struct audit_chain *c = &w->chain;

    if (c->anchor_jws == NULL)
        return c->anchor.seq == 0 && is_zeros(c->anchor.hash) ? RC_OK
               : no(w, "the beginning of the trail was taken away, and no signature says that this was because of its age");
    switch (who_signed(w, c->anchor_jws, &c->anchor, 0)) {
    case A_KEY_OF_OURS:
        return RC_OK;
    case AN_OLD_KEY:
        w->out.is_anchor_old = true;
        return RC_OK;
    case NOBODY:
        break;
    }
    return no(w, arena_printf(w->a, "the anchor (row %lld), from which on there are rows, is not signed by a key of ours",
                              (long long)c->anchor.seq));
}

static enum rc check_points(struct walk *w)
{
    const struct audit_checkpoints *p = &w->points;
    int64_t last = p->n > 0 ? p->v[p->n - 1].number : 0;
    enum signed_by who;

    for (size_t i = 0; i < p->n; i++) {
        if (i > 0 && (p->v[i].number != p->v[i - 1].number + 1 || p->v[i].place.seq < p->v[i - 1].place.seq))
            return no(w, arena_printf(w->a, "checkpoint %lld is missing", (long long)p->v[i - 1].number + 1));
        who = who_signed(w, p->v[i].jws, &p->v[i].place, p->v[i].number);
        w->out.old_n += who == AN_OLD_KEY;
        if (who == NOBODY || (who == AN_OLD_KEY && i + 1 == p->n)) /* the last one vouches for all before it */
            return no(w, arena_printf(w->a, "checkpoint %lld (row %lld) is not signed by a key of ours", (long long)p->v[i].number,
                                      (long long)p->v[i].place.seq));
        w->out.last = p->v[i];
    }
    if (last != w->chain.checkpoints_n)
        return no(w, arena_printf(w->a, "checkpoint %lld is missing, the last one",
                                  (long long)(last < w->chain.checkpoints_n ? w->chain.checkpoints_n : last + 1)));
    w->out.checkpoints_n = (int64_t)p->n;
    return RC_OK;
}

/* --- rows ------------------------------------------------------------------------------- */

static const char *named(struct walk *w, const struct audit_link *l)
{
    return arena_printf(w->a, "row %lld (%s, %s, id %s)", (long long)l->place.seq,
                        text_or(clock_rfc3339(w->page, l->row.created_at), "?"), text_or(l->row.event, "?"),
                        text_or(l->row.id, "?"));
}

/* Its place is the next one; a checkpoint there, or what was noted elsewhere, says the same. */
static enum rc check_witnesses(struct walk *w, const struct audit_link *l)
{
    const struct audit_place *expect = &w->trust->expect;

    for (; w->point < w->points.n && w->points.v[w->point].place.seq <= w->at.seq; w->point++) {
        const struct audit_checkpoint *p = &w->points.v[w->point];

        if (p->place.seq == w->at.seq && !ct_equal(p->place.hash, w->at.hash))
            return no(w, arena_printf(w->a, "%s is not the one that checkpoint %lld was signed for: the trail was rewritten "
                                      "after the checkpoint before", l ? named(w, l) : "the anchor", (long long)p->number));
    }
    if (expect->hash.n > 0 && expect->seq == w->at.seq && !ct_equal(expect->hash, w->at.hash))
        return no(w, arena_printf(w->a, "%s is not the one that was noted", l ? named(w, l) : "the anchor"));
    return RC_OK;
}

static enum rc check_content(struct walk *w, const struct audit_link *l)
{
    struct sbuf b;

    sbuf_init(&b, w->page, 512);
    sbuf_addn(&b, w->hash, SHA256_BYTES);
    struct bytes content = audit_content(w->page, &l->row);
    sbuf_addn(&b, content.p, content.n);
    sha256(sbuf_bytes(&b), w->hash);
    if (!ct_equal(l->place.hash, BYTES(w->hash)))
        return no(w, arena_printf(w->a, "%s is not what was written there: it was altered, or put there", named(w, l)));
    return RC_OK;
}

static enum rc check_unchained(struct walk *w, const struct audit_link *l)
{
    if (l->place.seq > w->chain.unchained_seq)
        return no(w, arena_printf(w->a, "%s has no hash: it was put there", named(w, l)));
    w->out.unchained_n++;
    return RC_OK;
}

static enum rc check_link(struct walk *w, const struct audit_link *l)
{
    if (l->place.seq <= w->chain.anchor.seq)
        return no(w, arena_printf(w->a, "%s is before the beginning: it was put there", named(w, l)));
    if (l->place.seq != w->at.seq + 1 && w->at.seq < w->chain.end.seq)
        return no(w, arena_printf(w->a, "row %lld is missing; after it comes %s", (long long)w->at.seq + 1, named(w, l)));
    if (l->place.seq > w->chain.end.seq)
        return no(w, arena_printf(w->a, "%s is beyond the end of the chain: it was put there", named(w, l)));
    TRY(l->place.hash.n == 0 ? check_unchained(w, l) : check_content(w, l));
    w->at = (struct audit_place){ l->place.seq, BYTES(w->hash) };
    w->out.rows_n++;
    return check_witnesses(w, l);
}

/* --- walking ------------------------------------------------------------------------------ */

/* Others go on writing: the end has moved, perhaps. */
static enum rc read_end(struct walk *w)
{
    struct audit_chain now;

    enum rc rc = audit_chain_read(w->db, w->a, &now);
    if (rc == RC_NONE)
        return no(w, "the end of the chain is gone");
    TRY(rc);
    w->chain.end = now.end;
    return RC_OK;
}

static enum rc check_page(struct walk *w, const struct audit_links *links)
{
    if (links->v[links->n - 1].place.seq > w->chain.end.seq)
        TRY(read_end(w));
    for (size_t i = 0; i < links->n; i++)
        TRY(check_link(w, &links->v[i]));
    if (w->trust->told)
        w->trust->told(w->at.seq - w->chain.anchor.seq, w->chain.end.seq - w->chain.anchor.seq, w->trust->told_arg);
    return RC_OK;
}

/* RC_NONE: there is no more. */
static enum rc next_page(struct walk *w, int64_t after_seq)
{
    struct audit_links links;

    arena_reset(w->page);
    TRY(audit_links(w->db, w->page, after_seq, PAGE, &links));
    return links.n > 0 ? check_page(w, &links) : RC_NONE;
}

static enum rc check_end(struct walk *w)
{
    const struct audit_place *expect = &w->trust->expect;

    TRY(read_end(w));
    if (w->chain.end.seq > w->at.seq)
        return no(w, arena_printf(w->a, "row %lld is missing, and all after it", (long long)w->at.seq + 1));
    if (!ct_equal(w->chain.end.hash, w->at.hash))
        return no(w, "the end of the chain is not that of the last row: it was altered");
    if (w->point < w->points.n)
        return no(w, arena_printf(w->a, "the row %lld that checkpoint %lld was signed for is missing",
                                  (long long)w->points.v[w->point].place.seq, (long long)w->points.v[w->point].number));
    if (expect->hash.n > 0 && (expect->seq > w->at.seq || expect->seq < w->chain.anchor.seq))
        return no(w, arena_printf(w->a, "row %lld, which was noted, is not there%s", (long long)expect->seq,
                                  expect->seq > w->at.seq ? "" : " any more: it has become too old"));
    return RC_OK;
}

static enum rc walk_rows(struct walk *w)
{
    enum rc rc = next_page(w, INT64_MIN); /* whatever stands before the beginning */
    bool is_second_look = false;

    for (;;) {
        if (rc != RC_OK && rc != RC_NONE)
            return rc;
        if (rc == RC_NONE) {
            /* a row that came between the last page and the end is no missing one */
            TRY(read_end(w));
            if (is_second_look || w->chain.end.seq <= w->at.seq)
                return check_end(w);
        }
        is_second_look = rc == RC_NONE;
        rc = next_page(w, w->at.seq);
    }
}

static enum rc begin(struct walk *w)
{
    enum rc rc = audit_chain_read(w->db, w->a, &w->chain);

    if (rc == RC_NONE)
        return no(w, "the end of the chain is gone");
    TRY(rc);
    TRY(audit_checkpoints(w->db, w->a, &w->points));
    w->out = (struct audit_verdict){ .finding = NULL };
    w->point = 0;
    memcpy(w->hash, w->chain.anchor.hash.p, SHA256_BYTES);
    w->at = (struct audit_place){ w->chain.anchor.seq, BYTES(w->hash) };
    return RC_OK;
}

static enum rc verify(struct walk *w)
{
    TRY(begin(w));
    TRY(check_anchor(w));
    TRY(check_points(w));
    TRY(check_witnesses(w, NULL));
    return walk_rows(w);
}

static bool has_moved(struct walk *w)
{
    struct audit_chain now;

    return audit_chain_read(w->db, w->a, &now) == RC_OK &&
           (now.anchor.seq != w->chain.anchor.seq || now.checkpoints_n != w->chain.checkpoints_n);
}

enum rc audit_verify(struct db *db, struct arena *a, const struct audit_trust *trust, struct audit_verdict *out)
{
    struct walk w = { .db = db, .a = a, .page = arena_start("audit page"), .trust = trust };
    enum rc rc = RC_FAULT;

    for (int i = 0; i < TRIES; i++) {
        rc = verify(&w);
        if (rc != RC_REFUSED || !has_moved(&w))
            break;
    }
    arena_done(w.page);
    w.out.end = (struct audit_place){ w.at.seq, arena_bytes(a, w.at.hash) };
    *out = w.out;
    return rc;
}
