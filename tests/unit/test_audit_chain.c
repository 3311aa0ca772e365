/*
 * The trail as a chain: every row that somebody alters, takes away, puts there or moves is
 * found, wherever it is, and so is what happens to checkpoints, anchor and end.
 */
#include "config.h"

#include "audit_test.h"

#include "crypto/random.h"
#include "store/audit_chain.h"
#include "util/log.h"
#include "util/sbuf.h"

#define ROWS 14
#define PRUNED 2
#define LAST_POINT 11 /* the rows behind it nobody has signed yet */

static struct jwk ours, theirs;

/* --- a signer --------------------------------------------------------------------- */

static int start(void **state)
{
    (void)start_signer(state);
    ours = (struct jwk){ .kid = key.kid, .alg = ALG_ES256, .json = key.public_jwk };
    theirs = (struct jwk){ .kid = other_key.kid, .alg = ALG_ES256, .json = other_key.public_jwk };
    assert_ok(jwk_load(always, &ours));
    assert_ok(jwk_load(always, &theirs));
    return 0;
}

static char *sign(const struct signing_key *by, const struct audit_place *place, int64_t number)
{
    struct json *claims = audit_claims(A, ISSUER, clock_now(), place, number);
    char *jws;

    assert_ok(signer_sign(&courier, A, TOKEN_AUDIT_CHECKPOINT, by, json_text(A, claims), &jws));
    return jws;
}

/* --- a trail ------------------------------------------------------------------------ */

static void add(int i)
{
    struct audit_event e = {
        .event = i % 3 ? "login_success" : "login_failed", .actor_id = i % 3 ? "u1" : NULL,
        .actor_username = i % 3 ? "ann" : NULL, .target_type = "user", .target_id = "u1",
        .detail = "{\"method\":\"password\"}", .ip_address = "192.0.2.1", .at = NOW + i, .retention_s = -1,
    };

    assert_ok(audit_add(DB, &e));
}

static struct audit_chain chain_now(void)
{
    struct audit_chain chain;

    assert_ok(audit_chain_read(DB, A, &chain));
    return chain;
}

static enum rc add_point(struct db *db, void *arg)
{
    return audit_checkpoint_add(db, arg);
}

static void checkpoint(void)
{
    struct audit_chain chain = chain_now();
    struct audit_checkpoint c = { .number = chain.checkpoints_n + 1, .place = chain.end, .kid = key.kid, .made_at = NOW };

    c.jws = sign(&key, &c.place, c.number);
    assert_ok(db_write(DB, add_point, &c));
}

struct pruning { struct audit_place anchor; const char *jws; };

static enum rc prune(struct db *db, void *arg)
{
    const struct pruning *p = arg;

    return audit_prune(db, &p->anchor, p->jws);
}

static void prune_before(int64_t created_before)
{
    struct pruning p;

    assert_ok(audit_old(DB, A, created_before, 500, &p.anchor));
    p.jws = sign(&key, &p.anchor, 0);
    assert_ok(db_write(DB, prune, &p));
}

static int with_trail(void **state)
{
    in_memory(state);
    for (int i = 1; i <= ROWS; i++) {
        add(i);
        if (i % 4 == 0 || i == LAST_POINT)
            checkpoint(); /* at 4, 8, 11, 12 */
    }
    return 0;
}

/* The beginning was pruned, and nothing is signed behind LAST_POINT. */
static int with_pruned_trail(void **state)
{
    in_memory(state);
    for (int i = 1; i <= ROWS; i++) {
        add(i);
        if (i == 4 || i == 8 || i == LAST_POINT)
            checkpoint();
    }
    prune_before(NOW + PRUNED + 1);
    return 0;
}

static struct audit_verdict verdict;

static enum rc verify_expecting(struct audit_place expect)
{
    struct audit_trust trust = { .keys = &ours, .keys_n = 1, .expect = expect };

    return audit_verify(DB, A, &trust, &verdict);
}

static enum rc verify(void)
{
    return verify_expecting((struct audit_place){ 0 });
}

static void assert_found(const char *words, const char *what)
{
    enum rc rc = verify();

    if (rc != RC_REFUSED)
        fail_msg("%s: not found (%d)", what, rc);
    if (strstr(verdict.finding, words) == NULL)
        fail_msg("%s: \"%s\" is not in: %s", what, words, verdict.finding);
}

/* --- what is as it was written --------------------------------------------------------- */

static void as_it_was_written(void **state)
{
    (void)state;
    assert_ok(verify());
    assert_int_equal(verdict.rows_n, ROWS);
    assert_int_equal(verdict.checkpoints_n, 4);
    assert_int_equal(verdict.end.seq, ROWS);
    assert_int_equal(verdict.last.place.seq, 12);
    assert_int_equal(verdict.unchained_n, 0);
    add(ROWS + 1);
    assert_ok(verify());
    assert_int_equal(verdict.rows_n, ROWS + 1);
}

static void an_empty_one(void **state)
{
    (void)state;
    assert_ok(verify());
    assert_int_equal(verdict.rows_n, 0);
    assert_int_equal(verdict.end.seq, 0);
}

/* The hash, once more by hand: of 32 zeros and the row. */
static void the_first_hash(void **state)
{
    struct audit_links links;
    uint8_t in[4096] = { 0 }, hash[SHA256_BYTES];

    (void)state;
    add(1);
    assert_ok(audit_links(DB, A, 0, 10, &links));
    assert_int_equal(links.n, 1);
    struct bytes content = audit_content(A, &links.v[0].row);
    memcpy(in + 32, content.p, content.n);
    sha256((struct bytes){ in, 32 + content.n }, hash);
    assert_int_equal(links.v[0].place.hash.n, 32);
    assert_memory_equal(links.v[0].place.hash.p, hash, 32);
    assert_memory_equal(chain_now().end.hash.p, hash, 32);
}

/* Two rows that read the same when their columns are put one behind the other. */
static void no_two_rows_hash_alike(void **state)
{
    struct audit_row a = { .id = "i", .event = "ab", .actor_username = "c", .target_type = "", .target_id = "", .detail = "",
                           .ip_address = "" }, b = a, c = a;
    struct bytes of_a, of_b, of_c;

    (void)state;
    b.event = "a";
    b.actor_username = "bc";
    c.actor_id = ""; /* is not NULL */
    of_a = audit_content(A, &a);
    of_b = audit_content(A, &b);
    of_c = audit_content(A, &c);
    assert_true(of_a.n != of_b.n || memcmp(of_a.p, of_b.p, of_a.n) != 0);
    assert_true(of_a.n != of_c.n || memcmp(of_a.p, of_c.p, of_a.n) != 0);
}

/* --- what was done to a row -------------------------------------------------------------- */

static void run_with(const char *literal, int64_t seq)
{
    struct stmt *q = db_prepare(DB, literal);

    if (strstr(literal, "$1"))
        db_int(q, 1, seq);
    if (db_run(q) != RC_OK)
        fail_msg("%s: %s", literal, db_why(DB));
}

struct deed { const char *what; const char *steps[6]; const char *words; };

#define EDIT(column, value) { "edit of " column, { "UPDATE audit_logs SET " column " = " value " WHERE seq = $1" }, "row %lld (" }
#define ALL "id, event, actor_id, actor_username, target_type, target_id, detail, ip_address, created_at"

/* $1 is the row. */
static const struct deed deeds[] = {
    EDIT("id", "'00000000000000000000'"),
    EDIT("event", "'logout'"),
    EDIT("actor_id", "CASE WHEN actor_id IS NULL THEN '' ELSE NULL END"),
    EDIT("actor_id", "'u2'"),
    EDIT("actor_username", "actor_username || ' '"),
    EDIT("target_type", "''"),
    EDIT("target_id", "'u2'"),
    EDIT("detail", "''"),
    EDIT("ip_address", "'192.0.2.2'"),
    EDIT("created_at", "created_at + 1"),
    EDIT("hash", "sha256(hash)"),
    EDIT("hash", "zeroblob(32)"),
    EDIT("hash", "NULL"),
    { "deletion", { "DELETE FROM audit_logs WHERE seq = $1" }, "row %lld" },
    { "moved to the end", { "UPDATE audit_logs SET seq = 1000 WHERE seq = $1" }, "row %lld" },
    { "moved to the beginning", { "UPDATE audit_logs SET seq = -1 WHERE seq = $1" }, "row -1" },
    { "exchanged with the next, hash and all",
      { "UPDATE audit_logs SET seq = -1 WHERE seq = $1", "UPDATE audit_logs SET seq = seq - 1 WHERE seq = $1 + 1",
        "UPDATE audit_logs SET seq = $1 + 1 WHERE seq = -1" }, "row %lld" },
    { "exchanged with the next, but for the hashes",
      { "CREATE TEMP TABLE kept AS SELECT seq, hash FROM audit_logs",
        "UPDATE audit_logs SET seq = -1 WHERE seq = $1", "UPDATE audit_logs SET seq = seq - 1 WHERE seq = $1 + 1",
        "UPDATE audit_logs SET seq = $1 + 1 WHERE seq = -1",
        "UPDATE audit_logs SET hash = (SELECT k.hash FROM kept k WHERE k.seq = audit_logs.seq)", "DROP TABLE kept" },
      "row %lld" },
    { "another put behind it, the rest moved on",
      { "UPDATE audit_logs SET seq = -seq WHERE seq > $1", "UPDATE audit_logs SET seq = 1 - seq WHERE seq < 0",
        "INSERT INTO audit_logs (seq, " ALL ", hash) SELECT seq + 1, 'put', event, actor_id, actor_username, target_type,"
        " target_id, detail, ip_address, created_at, hash FROM audit_logs WHERE seq = $1",
        "UPDATE audit_chain SET seq = seq + 1" }, "(" },
    { "a copy put at the end",
      { "INSERT INTO audit_logs (seq, " ALL ", hash) SELECT (SELECT MAX(seq) + 1 FROM audit_logs), 'put', event, actor_id,"
        " actor_username, target_type, target_id, detail, ip_address, created_at, hash FROM audit_logs WHERE seq = $1" },
      "beyond the end" },
    { "a copy put before the beginning",
      { "INSERT INTO audit_logs (seq, " ALL ", hash) SELECT (SELECT MIN(seq) - 1 FROM audit_logs), 'put', event, actor_id,"
        " actor_username, target_type, target_id, detail, ip_address, created_at, hash FROM audit_logs WHERE seq = $1" },
      "before the beginning" },
    { "a copy without a hash put before the beginning",
      { "INSERT INTO audit_logs (seq, " ALL ") SELECT (SELECT MIN(seq) - 1 FROM audit_logs), 'put', event, actor_id,"
        " actor_username, target_type, target_id, detail, ip_address, created_at FROM audit_logs WHERE seq = $1" },
      "before the beginning" },
    { "put in the place of a deleted one",
      { "CREATE TEMP TABLE kept AS SELECT * FROM audit_logs WHERE seq = $1", "DELETE FROM audit_logs WHERE seq = $1",
        "INSERT INTO audit_logs (seq, " ALL ", hash) SELECT seq, 'put', event, actor_id, actor_username, target_type,"
        " target_id, detail, ip_address, created_at, hash FROM kept", "DROP TABLE kept" }, "row %lld (" },
};

struct doing { const struct deed *deed; int64_t seq; };

/* Rolled back in the end: the next deed meets an intact trail. */
static enum rc do_and_look(struct db *db, void *arg)
{
    const struct doing *d = arg;
    char words[64], what[128];

    (void)db;
    for (size_t i = 0; i < ARRAY_LEN(d->deed->steps) && d->deed->steps[i]; i++)
        run_with(d->deed->steps[i], d->seq);
    snprintf(what, sizeof(what), "%s, row %d", d->deed->what, (int)d->seq);
    if (strchr(d->deed->words, '%') != NULL)
        snprintf(words, sizeof(words), "row %d%s", (int)d->seq, d->deed->words[8] == ' ' ? " (" : "");
    else
        snprintf(words, sizeof(words), "%s", d->deed->words);
    assert_found(words, what);
    return RC_REFUSED;
}

static void every_deed_to_every_row(int64_t from)
{
    for (size_t i = 0; i < ARRAY_LEN(deeds); i++)
        for (int64_t seq = from; seq <= ROWS; seq++) {
            struct doing d = { &deeds[i], seq };

            if (seq == ROWS && strncmp(deeds[i].what, "exchanged", 9) == 0)
                continue; /* there is no next one */
            assert_refused(db_write(DB, do_and_look, &d));
            assert_ok(verify());
        }
}

static void whatever_is_done_to_a_row(void **state)
{
    (void)state;
    every_deed_to_every_row(1);
}

static void of_a_pruned_trail(void **state)
{
    (void)state;
    assert_ok(verify());
    assert_int_equal(verdict.rows_n, ROWS - PRUNED);
    every_deed_to_every_row(PRUNED + 1);
}

/* --- to what stands around them -------------------------------------------------------------- */

#define POINT(column, value) { "checkpoint: " column, { "UPDATE audit_checkpoints SET " column " = " value " WHERE number = $1" }, "checkpoint" }
static const struct deed point_deeds[] = {
    POINT("seq", "seq + 1"), POINT("hash", "sha256(hash)"), POINT("jws", "jws || 'x'"),
    POINT("jws", "(SELECT p.jws FROM audit_checkpoints p WHERE p.number = 1 + audit_checkpoints.number % 3)"),
    POINT("jws", "(SELECT anchor_jws FROM audit_chain)"),
    POINT("number", "100"),
};
static const struct deed chain_deeds[] = {
    { "end: seq", { "UPDATE audit_chain SET seq = seq - 1" }, "beyond the end" },
    { "end: seq", { "UPDATE audit_chain SET seq = seq + 1" }, "is missing" },
    { "end: hash", { "UPDATE audit_chain SET hash = sha256(hash)" }, "the end of the chain is not that" },
    { "anchor: seq", { "UPDATE audit_chain SET anchor_seq = anchor_seq - 1" }, "the anchor" },
    { "anchor: hash", { "UPDATE audit_chain SET anchor_hash = sha256(hash)" }, "the anchor" },
    { "anchor: no signature", { "UPDATE audit_chain SET anchor_jws = NULL" }, "no signature says that this was because of its age" },
    { "anchor: a checkpoint's signature", /* which says nothing of pruning */
      { "UPDATE audit_chain SET (anchor_seq, anchor_hash, anchor_jws) = (SELECT seq, hash, jws FROM audit_checkpoints WHERE number = 1)",
        "DELETE FROM audit_logs WHERE seq <= 4" }, "the anchor" },
    { "anchor: further on, unsigned",
      { "UPDATE audit_chain SET anchor_seq = 5, anchor_hash = (SELECT hash FROM audit_logs WHERE seq = 5), anchor_jws = NULL",
        "DELETE FROM audit_logs WHERE seq <= 5" }, "no signature says" },
    { "rows from before the chain, as if there were any",
      { "UPDATE audit_chain SET unchained_seq = 3", "UPDATE audit_logs SET hash = NULL WHERE seq = 3" }, "row 4" },
    { "checkpoints: fewer", { "UPDATE audit_chain SET checkpoints_n = 2" }, "checkpoint" },
    { "checkpoints: more", { "UPDATE audit_chain SET checkpoints_n = 9" }, "checkpoint 9 is missing" },
    { "the last checkpoint gone", { "DELETE FROM audit_checkpoints WHERE number = 3" }, "checkpoint 3 is missing" },
    { "one in the middle gone", { "DELETE FROM audit_checkpoints WHERE number = 2" }, "checkpoint 2 is missing" },
    { "all checkpoints gone", { "DELETE FROM audit_checkpoints" }, "checkpoint 3 is missing" },
    { "the end gone", { "DELETE FROM audit_chain" }, "the end of the chain is gone" },
    { "all rows gone", { "DELETE FROM audit_logs" }, "row 3 is missing" },
    { "the last rows gone, and the end put right",
      { "DELETE FROM audit_logs WHERE seq > 9",
        "UPDATE audit_chain SET seq = 9, hash = (SELECT hash FROM audit_logs WHERE seq = 9)" }, "checkpoint 3 was signed for is missing" },
};

static void what_stands_around_the_rows(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(chain_deeds); i++) {
        struct doing d = { &chain_deeds[i], 0 };

        assert_refused(db_write(DB, do_and_look, &d));
    }
    for (size_t i = 0; i < ARRAY_LEN(point_deeds); i++)
        for (int64_t n = 1; n <= 3; n++) {
            struct doing d = { &point_deeds[i], n };

            assert_refused(db_write(DB, do_and_look, &d));
        }
    assert_ok(verify());
}

/* --- by somebody who knows how, and cannot sign ------------------------------------------------ */

/* All hashes from that row on are made again, and the end. */
static void recompute(int64_t from)
{
    struct audit_links links;
    struct bytes before;
    uint8_t hash[SHA256_BYTES];

    assert_ok(audit_links(DB, A, from - 2, 1000, &links));
    before = links.v[0].place.hash;
    for (size_t i = 1; i < links.n; i++) {
        struct sbuf b;
        struct stmt *q = db_sql(DB, "UPDATE audit_logs SET hash = $1 WHERE seq = $2");

        sbuf_init(&b, A, 0);
        sbuf_addn(&b, before.p, before.n);
        struct bytes content = audit_content(A, &links.v[i].row);
        sbuf_addn(&b, content.p, content.n);
        sha256(sbuf_bytes(&b), hash);
        before = arena_bytes(A, BYTES(hash));
        db_bytes(q, 1, before);
        db_int(q, 2, links.v[i].place.seq);
        assert_ok(db_run(q));
    }
    run_with("UPDATE audit_chain SET hash = (SELECT hash FROM audit_logs WHERE seq = audit_chain.seq)", 0);
}

static void rewritten_from_there_on(void **state)
{
    (void)state;
    run_with("UPDATE audit_logs SET event = 'nothing' WHERE seq = 6", 0);
    recompute(6);
    assert_found("is not the one that checkpoint 2 was signed for", "rewritten");
}

/* What nobody has signed yet can be rewritten: the copy elsewhere knows. */
static void behind_the_last_checkpoint(void **state)
{
    struct audit_place noted = chain_now().end;

    (void)state;
    assert_ok(verify_expecting(noted));
    run_with("UPDATE audit_logs SET event = 'nothing' WHERE seq = 13", 0);
    recompute(13);
    assert_ok(verify());
    assert_refused(verify_expecting(noted));
    assert_non_null(strstr(verdict.finding, "is not the one that was noted"));
    noted.seq = 99;
    assert_refused(verify_expecting(noted));
    assert_non_null(strstr(verdict.finding, "row 99, which was noted, is not there"));
    noted.seq = 1;
    assert_refused(verify_expecting(noted));
    assert_non_null(strstr(verdict.finding, "it has become too old"));
}

static void signed_by_a_stranger(void **state)
{
    struct audit_trust trust = { .keys = &ours, .keys_n = 1, .old = &theirs, .old_n = 1 };
    struct stmt *q;
    struct audit_checkpoints points;

    (void)state;
    assert_ok(audit_checkpoints(DB, A, &points));
    for (int i = 0; i < 3; i++) {
        q = db_sql(DB, "UPDATE audit_checkpoints SET jws = $1 WHERE number = $2");
        db_text(q, 1, sign(&other_key, &points.v[i].place, points.v[i].number));
        db_int(q, 2, points.v[i].number);
        assert_ok(db_run(q));
        if (i == 0) { /* an old key of ours, perhaps: the later ones vouch for it */
            assert_ok(audit_verify(DB, A, &trust, &verdict));
            assert_int_equal(verdict.old_n, 1);
            assert_found("checkpoint 1 (row 4) is not signed by a key of ours", "stranger");
        }
    }
    assert_refused(audit_verify(DB, A, &trust, &verdict)); /* there is none that vouches */
    assert_non_null(strstr(verdict.finding, "checkpoint 3"));
}

/* --- growing old --------------------------------------------------------------------------------- */

static void pruning(void **state)
{
    struct audit_place anchor;

    (void)state;
    assert_int_equal(chain_now().anchor.seq, PRUNED);
    assert_int_equal(count("SELECT MIN(seq) FROM audit_logs"), PRUNED + 1);
    assert_none(audit_old(DB, A, NOW, 500, &anchor));
    assert_ok(audit_old(DB, A, NOW + 7, 2, &anchor));
    assert_int_equal(anchor.seq, PRUNED + 2); /* no more than two at once */
    prune_before(NOW + 10); /* rows 1 to 9 */
    assert_ok(verify());
    assert_int_equal(verdict.rows_n, ROWS - 9);
    assert_int_equal(count("SELECT COUNT(*) FROM audit_checkpoints"), 1); /* those before the anchor went, too */
    prune_before(NOW + 1000);
    assert_ok(verify());
    assert_int_equal(verdict.rows_n, 0);
    assert_int_equal(count("SELECT COUNT(*) FROM audit_checkpoints"), 1); /* never the last one */
    add(20);
    checkpoint();
    assert_ok(verify());
    assert_int_equal(verdict.end.seq, ROWS + 1);
}

/* The clock was wrong for a while: the order of the chain counts. */
static void a_row_of_the_future(void **state)
{
    struct audit_place anchor;

    (void)state;
    add(1);
    add(1000000);
    add(3);
    add(4);
    assert_ok(audit_old(DB, A, NOW + 4, 500, &anchor));
    assert_int_equal(anchor.seq, 3);
}

/* Somebody else was quicker. */
static void once(void **state)
{
    struct audit_chain chain = chain_now();
    struct audit_checkpoint c = { .number = chain.checkpoints_n, .place = chain.end, .kid = key.kid, .jws = "x", .made_at = NOW };
    struct pruning p = { chain.anchor, "x" };

    (void)state;
    assert_none(db_write(DB, add_point, &c));
    c.number += 2;
    assert_none(db_write(DB, add_point, &c));
    assert_none(db_write(DB, prune, &p));
    assert_ok(verify());
}

/* --- from before the chain ------------------------------------------------------------------------- */

static int with_old_rows(void **state)
{
    in_memory(state);
    for (int64_t i = 1; i <= 3; i++) {
        struct stmt *q = db_sql(DB, "INSERT INTO audit_logs (seq, id, event, created_at) VALUES ($1, $2, 'x', $3)");

        db_int(q, 1, i);
        db_text(q, 2, random_id(A, NOW + i));
        db_int(q, 3, NOW + i);
        assert_ok(db_run(q));
    }
    run_with("UPDATE audit_chain SET seq = 3, unchained_seq = 3", 0);
    for (int i = 4; i <= 6; i++)
        add(i);
    checkpoint();
    return 0;
}

static void rows_from_before_the_chain(void **state)
{
    (void)state;
    assert_ok(verify());
    assert_int_equal(verdict.rows_n, 6);
    assert_int_equal(verdict.unchained_n, 3);
    run_with("UPDATE audit_logs SET hash = NULL WHERE seq = 5", 0);
    assert_found("row 5", "a hash taken away");
}

static void they_grow_old_as_well(void **state)
{
    (void)state;
    prune_before(NOW + 3); /* two of them */
    assert_ok(verify());
    assert_int_equal(verdict.unchained_n, 1);
    run_with("UPDATE audit_logs SET seq = 2 WHERE seq = 3", 0);
    assert_found("before the beginning", "moved");
    run_with("UPDATE audit_logs SET seq = 3 WHERE seq = 2", 0);
    prune_before(NOW + 5);
    assert_ok(verify());
    assert_int_equal(verdict.unchained_n, 0);
    assert_int_equal(verdict.rows_n, 2);
}

/* --- beside others ------------------------------------------------------------------------------------ */

static int add_many(struct db *db, int i)
{
    DB = db;
    A = arena_start("racer");
    for (int n = 0; n < 25; n++)
        add(i * 100 + n);
    return 0;
}

static void many_writers(void **state)
{
    int tally[256] = { 0 };

    (void)state;
    struct arena *mine = A;
    race(4, add_many, tally);
    A = mine;
    assert_int_equal(tally[0], 4);
    assert_ok(verify());
    assert_int_equal(verdict.rows_n, 100);
}

struct watcher { int times; };

static void write_meanwhile(int64_t done, int64_t all, void *arg)
{
    struct watcher *w = arg;

    assert_true(done <= all);
    if (w->times++ < 3)
        add(5000 + w->times);
}

static void while_others_write(void **state)
{
    struct watcher w = { 0 };
    struct audit_trust trust = { .keys = &ours, .keys_n = 1, .told = write_meanwhile, .told_arg = &w };

    (void)state;
    for (int i = 0; i < 2500; i++)
        add(i);
    assert_ok(audit_verify(DB, A, &trust, &verdict));
    assert_true(w.times >= 3);
    assert_int_equal(verdict.rows_n, 2503);
}

int main(void)
{
#define T(name, with) cmocka_unit_test_setup_teardown(name, with, after)
    const struct CMUnitTest tests[] = {
        T(as_it_was_written, with_trail), T(an_empty_one, in_memory), T(the_first_hash, in_memory),
        T(no_two_rows_hash_alike, in_memory), T(whatever_is_done_to_a_row, with_trail),
        T(of_a_pruned_trail, with_pruned_trail), T(what_stands_around_the_rows, with_pruned_trail),
        T(rewritten_from_there_on, with_pruned_trail), T(behind_the_last_checkpoint, with_pruned_trail),
        T(signed_by_a_stranger, with_pruned_trail), T(pruning, with_pruned_trail), T(a_row_of_the_future, in_memory),
        T(once, with_pruned_trail), T(rows_from_before_the_chain, with_old_rows), T(they_grow_old_as_well, with_old_rows),
        cmocka_unit_test_setup_teardown(many_writers, in_file, after_directory), T(while_others_write, in_memory),
    };

    log_setup(LOG_TEXT, LOG_LEVEL_ERROR);
    alarm(300);
    return cmocka_run_group_tests(tests, start, stop_signer);
}
