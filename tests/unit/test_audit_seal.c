/* Checkpoints and anchors as the pool makes them, and the copy for syslog. */
#include "config.h"

#include "audit_test.h"

#include <errno.h>
#include <sys/un.h>

#include "serve/audit_copy.h"
#include "serve/audit_seal.h"
#include "store/audit_chain.h"
#include "store/settings_table.h"
#include "store/signing_keys.h"
#include "util/log.h"

#define HOUR 3600

static struct audit_seal S;
static struct audit_copy C;

static void add_key(const struct signing_key *k, const char *state)
{
    struct signing_key_row row = { .kid = k->kid, .alg = "ES256", .public_jwk = k->public_jwk, .private_sealed = k->private_sealed,
                                   .state = state, .thumbprint = k->kid, .created_at = NOW, .activated_at = NOW };

    assert_ok(signing_keys_add(DB, &row));
}

static void set(const char *name, const char *value)
{
    assert_ok(settings_put(DB, name, value, NOW));
}

static int sealing(void **state)
{
    in_memory(state);
    add_key(&key, "active");
    set("audit_log_retention", "24h");
    audit_seal_start(&S, ISSUER, &courier);
    return 0;
}

static int sealed(void **state)
{
    audit_seal_done(&S);
    return after(state);
}

static void add_at(int64_t at)
{
    struct audit_event e = { .event = "x", .at = at, .retention_s = -1 };

    assert_ok(audit_add(DB, &e));
}

/* As if the time of the next look had come, until there is nothing to do. */
static int looks(void)
{
    int n = 0;

    do {
        S.look_ms = 0;
        n += audit_seal_turn(&S, DB);
    } while (audit_seal_is_busy(&S));
    return n;
}

/* As if the last checkpoint were that old: the signer would not sign by another clock. */
static void later(int64_t seconds)
{
    struct stmt *q = db_sql(DB, "UPDATE audit_checkpoints SET made_at = made_at - $1");

    db_int(q, 1, seconds);
    assert_ok(db_run(q));
    S.prune_ms = 0;
}

static enum rc verify(struct audit_verdict *out)
{
    struct signing_key_rows rows;
    struct audit_trust trust = { 0 };
    struct jwk *keys;

    assert_ok(signing_keys_all(DB, A, &rows));
    keys = arena_array(A, struct jwk, rows.n + 1);
    for (size_t i = 0; i < rows.n; i++) {
        keys[i] = (struct jwk){ .kid = rows.v[i].kid, .alg = ALG_ES256, .json = rows.v[i].public_jwk };
        assert_ok(jwk_load(A, &keys[i]));
    }
    trust.keys = keys;
    trust.keys_n = rows.n;
    return audit_verify(DB, A, &trust, out);
}

/* --- checkpoints -------------------------------------------------------------------- */

static void every_so_often(void **state)
{
    struct audit_verdict v;

    (void)state;
    assert_int_equal(looks(), 0); /* nothing has happened */
    add_at(clock_now());
    assert_int_equal(looks(), 1);
    assert_ok(verify(&v));
    assert_int_equal(v.last.number, 1);
    assert_int_equal(v.last.place.seq, 1);
    add_at(clock_now());
    assert_int_equal(looks(), 0); /* too soon */
    later(AUDIT_SEAL_EVERY_S - 20); /* a slow machine takes some of it */
    assert_int_equal(looks(), 0);
    later(20);
    assert_int_equal(looks(), 1);
    later(HOUR);
    assert_int_equal(looks(), 0); /* nothing new */
    assert_ok(verify(&v));
    assert_int_equal(v.last.place.seq, 2);
    assert_int_equal(v.checkpoints_n, 2);
}

static void not_more_often_than_it_looks(void **state)
{
    (void)state;
    add_at(clock_now());
    assert_true(audit_seal_turn(&S, DB));
    later(HOUR);
    add_at(clock_now());
    assert_false(audit_seal_turn(&S, DB)); /* not even a query */
    assert_false(audit_seal_is_busy(&S));
}

/* The key before may be gone tomorrow; the new one vouches for all there is. */
static void a_new_key_signs_at_once(void **state)
{
    struct audit_verdict v;

    (void)state;
    add_at(clock_now());
    assert_int_equal(looks(), 1);
    assert_ok(signing_keys_retire(DB, key.kid, NOW));
    add_key(&other_key, "active");
    assert_int_equal(looks(), 1);
    assert_ok(verify(&v));
    assert_int_equal(v.last.number, 2);
    assert_string_equal(v.last.kid, other_key.kid);
    assert_int_equal(looks(), 0);
}

static void without_a_key(void **state)
{
    (void)state;
    assert_ok(signing_keys_retire(DB, key.kid, NOW));
    add_at(clock_now());
    assert_int_equal(looks(), 0);
}

static void without_an_answer(void **state)
{
    struct signer deaf = { .ask_fd = -1 };

    (void)state;
    add_at(clock_now() - 100 * HOUR);
    S.signer = &deaf;
    assert_int_equal(looks(), 0);
    assert_true(S.look_ms > clock_mono_ms() + 20000); /* it waits a while */
    assert_int_equal(count("SELECT COUNT(*) FROM audit_logs"), 1);
    S.signer = &courier;
    assert_true(looks() > 0);
}

/* --- what has become old ---------------------------------------------------------------- */

static void old_rows_go(void **state)
{
    struct audit_verdict v;

    (void)state;
    for (int i = 0; i < 1100; i++)
        add_at(clock_now() - 30 * HOUR + i);
    add_at(clock_now() - 2 * HOUR);
    set("audit_log_retention", "-1");
    S.prune_ms = 0;
    assert_int_equal(looks(), 1); /* a checkpoint; kept for good */
    assert_int_equal(count("SELECT COUNT(*) FROM audit_logs"), 1101);
    set("audit_log_retention", "24h");
    S.prune_ms = 0;
    assert_int_equal(looks(), 3); /* 500 and no more in one transaction */
    assert_int_equal(count("SELECT COUNT(*) FROM audit_logs"), 1);
    assert_ok(verify(&v));
    assert_int_equal(v.rows_n, 1);
    set("audit_log_retention", "1h");
    assert_int_equal(looks(), 0); /* not every few seconds */
    S.prune_ms = 0;
    assert_int_equal(looks(), 1);
    assert_ok(verify(&v));
    assert_int_equal(v.rows_n, 0);
}

/* A wrong clock may yet be put right. */
static void not_after_a_jump_of_the_clock(void **state)
{
    (void)state;
    add_at(clock_now() - 25 * HOUR);
    S.prune_ms = clock_mono_ms() + 1000;
    assert_int_equal(looks(), 1); /* a checkpoint */
    S.prune_ms = 0;
    S.clock.epoch_s -= 1000;
    assert_int_equal(looks(), 0);
    assert_int_equal(count("SELECT COUNT(*) FROM audit_logs"), 1);
    S.prune_ms = 0; /* that while is over */
    assert_int_equal(looks(), 1);
    assert_int_equal(count("SELECT COUNT(*) FROM audit_logs"), 0);
}

/* --- the copy ------------------------------------------------------------------------------ */

#define BEFORE 501 /* rows, before it was switched on: too many to be told */
static int journal_fd;
static char socket_path[120];

static void listen_there(void)
{
    struct sockaddr_un at = { .sun_family = AF_UNIX };

    unlink(socket_path);
    journal_fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    assert_true(journal_fd >= 0);
    memcpy(at.sun_path, socket_path, strlen(socket_path));
    assert_int_equal(bind(journal_fd, (struct sockaddr *)&at, sizeof(at)), 0);
}

static int copying(void **state)
{
    in_file(state);
    snprintf(socket_path, sizeof(socket_path), "%s/log", DIR_PATH);
    listen_there();
    for (int i = 0; i < BEFORE; i++)
        add_at(NOW);
    audit_copy_start(&C, socket_path);
    assert_true(audit_copy_turn(&C, DB)); /* where it begins is noted */
    return 0;
}

static int copied(void **state)
{
    audit_copy_done(&C, DB);
    close(journal_fd);
    return after_directory(state);
}

/* The row of the next line; 0: there is none. */
static int64_t next_line(void)
{
    char line[4096] = "";
    ssize_t n = recv(journal_fd, line, sizeof(line) - 1, 0);
    struct json *row;
    const char *brace;
    int64_t seq;

    if (n < 0)
        return 0;
    assert_int_equal(strncmp(line, "<86>autentico[", 14), 0); /* authpriv.info */
    brace = strstr(line, "]: audit {");
    assert_non_null(brace);
    brace += strlen("]: audit ");
    assert_ok(json_parse(A, brace, strlen(brace), &row));
    assert_string_equal(json_str(json_get(row, "event")), "x");
    assert_int_equal(strlen(json_str(json_get(row, "hash"))), 64);
    assert_ok(json_get_int(row, "seq", &seq));
    return seq;
}

static void turn(void)
{
    C.retry_ms = 0;
    (void)audit_copy_turn(&C, DB);
}

static void as_it_happens(void **state)
{
    (void)state;
    assert_int_equal(next_line(), 0); /* what was before is not told */
    add_at(NOW);
    add_at(NOW);
    turn();
    assert_int_equal(next_line(), BEFORE + 1);
    assert_int_equal(next_line(), BEFORE + 2);
    turn();
    assert_int_equal(next_line(), 0);
}

static void nobody_listens(void **state)
{
    (void)state;
    close(journal_fd);
    unlink(socket_path);
    add_at(NOW);
    turn();
    assert_true(C.is_failing && C.retry_ms > clock_mono_ms());
    listen_there(); /* another one */
    turn();
    assert_int_equal(next_line(), BEFORE + 1);
    assert_false(C.is_failing);
}

/* Nobody here waits for the other end; nothing is left out. */
static void the_other_end_is_slow(void **state)
{
    int64_t seen = BEFORE, seq;

    (void)state;
    for (int i = 0; i < 700; i++)
        add_at(NOW);
    for (int i = 0; i < 700 && seen < BEFORE + 700; i++) {
        turn();
        while ((seq = next_line()) > 0)
            assert_int_equal(seq, ++seen);
    }
    assert_int_equal(seen, BEFORE + 700);
}

static void start_again(const char *path)
{
    audit_copy_done(&C, DB);
    audit_copy_start(&C, path);
    turn();
}

static void where_it_left_off(void **state)
{
    (void)state;
    add_at(NOW);
    turn();
    assert_int_equal(next_line(), BEFORE + 1);
    audit_copy_done(&C, DB);
    add_at(NOW); /* while it is not there */
    audit_copy_start(&C, socket_path);
    turn();
    assert_int_equal(next_line(), BEFORE + 2);
    assert_int_equal(next_line(), 0);
    start_again(""); /* switched off: forgotten */
    assert_int_equal(count("SELECT copied_seq FROM audit_chain"), 0);
    add_at(NOW);
    turn();
    start_again(socket_path);
    assert_int_equal(next_line(), 0);
    add_at(NOW);
    turn();
    assert_int_equal(next_line(), BEFORE + 4);
}

/* All of a young one. */
static void a_young_trail(void **state)
{
    (void)state;
    start_again("");
    assert_ok(db_run(db_sql(DB, "DELETE FROM audit_logs")));
    assert_ok(db_run(db_sql(DB, "UPDATE audit_chain SET seq = 0")));
    add_at(NOW);
    start_again(socket_path);
    assert_int_equal(next_line(), 1);
}

int main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, sealing, sealed)
#define TC(name) cmocka_unit_test_setup_teardown(name, copying, copied)
    const struct CMUnitTest tests[] = {
        T(every_so_often), T(not_more_often_than_it_looks), T(a_new_key_signs_at_once), T(without_a_key),
        T(without_an_answer), T(old_rows_go), T(not_after_a_jump_of_the_clock),
        TC(as_it_happens), TC(nobody_listens), TC(the_other_end_is_slow), TC(where_it_left_off), TC(a_young_trail),
    };

    log_setup(LOG_TEXT, LOG_LEVEL_ERROR);
    alarm(300);
    return cmocka_run_group_tests(tests, start_signer, stop_signer);
}
