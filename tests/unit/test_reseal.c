/* Sealing anew under another encryption key: a hundred rows in one transaction, wherever it stops. */
#include "config.h"

#include "store_test.h"

#include <sys/socket.h>

#include "serve/reseal.h"
#include "signer/process.h"
#include "store/db_schema.h"
#include "store/factors.h"
#include "store/settings.h"
#include "util/log.h"

#define PEOPLE 250

/* Two signers: of before, and of now, which knows both keys. */
static struct signer old_worker, keeper, new_keeper;
static int control_fds[2];
static struct reseal R;
static const int is_overlapping = 0;

static void start_one(int i, struct signer_secrets *secrets, struct signer *worker_out, struct signer *keeper_out)
{
    struct signer_setup setup = { .issuer = "https://id.example/oauth2", .request_deadline_s = 30 };
    struct ask_queue worker, own;
    int control[2];

    assert_ok(ask_queue_open(&worker));
    assert_ok(ask_queue_open(&own));
    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, control), 0);
    for (int c = 0; c < CHANNELS_N; c++)
        setup.answer_fd[c] = c == CHANNEL_WORKER ? worker.answer_fd : c == CHANNEL_KEEPER ? own.answer_fd : -1;
    setup.control_fd = control[1];
    if (fork() == 0) {
        close(control[0]);
        _exit(signer_run(&setup));
    }
    close(control[1]);
    control_fds[i] = control[0];
    assert_ok(signer_hand_over(control[0], secrets));
    *worker_out = (struct signer){ .ask_fd = worker.ask_fd, .deadline_ms = clock_mono_ms() + 600000 };
    *keeper_out = (struct signer){ .ask_fd = own.ask_fd, .deadline_ms = clock_mono_ms() + 600000 };
}

static int start_signers(void **state)
{
    struct bytes before = { (const uint8_t *)"an encryption key of 32 bytes!!!", 32 };
    struct bytes now = { (const uint8_t *)"another one, of 32 bytes as well", 32 };
    struct signer_secrets old = { .encryption = before }, new = { .encryption = now, .encryption_previous = before };
    struct signer unused;

    (void)state;
    start_one(0, &old, &old_worker, &keeper);
    start_one(1, &new, &unused, &new_keeper);
    return 0;
}

static int stop_signers(void **state)
{
    (void)state;
    close(control_fds[0]);
    close(control_fds[1]);
    while (wait(NULL) > 0)
        continue;
    return 0;
}

static const char *person_id(int i)
{
    return arena_printf(A, "%020d", i);
}

static enum rc script(struct db *db, void *arg)
{
    return db_script(db, arg);
}

static void run_sql(const char *sql)
{
    assert_ok(db_write(DB, script, arena_strdup(A, sql)));
}

/* As many people with an authenticator app, sealed under the key of before. */
static int sealed_before(void **state)
{
    char *fingerprint;

    in_memory(state);
    run_sql("WITH RECURSIVE n (i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i < 249)"
            " INSERT INTO users (id, username, username_folded, created_at, updated_at)"
            " SELECT format('%020d', i), format('p%d', i), format('p%d', i), 0, 0 FROM n");
    for (int i = 0; i < PEOPLE; i++) {
        struct seal_place where = { TOTP_TABLE, TOTP_COLUMN, person_id(i) };
        struct bytes sealed;

        assert_ok(signer_seal(&old_worker, A, &where, bytes_of("a secret"), &sealed));
        assert_ok(factors_totp_enrol(DB, person_id(i), sealed, 1, NOW));
    }
    assert_ok(signer_fingerprint(&keeper, A, &fingerprint));
    assert_ok(installation_set_fingerprint(DB, fingerprint));
    run_sql("CREATE TABLE before AS SELECT user_id, secret_sealed FROM totp_secrets");
    reseal_start(&R, &is_overlapping, 0);
    return 0;
}

static int afterwards(void **state)
{
    reseal_done(&R);
    return after(state);
}

static int64_t anew(void)
{
    int64_t n;

    assert_ok(db_int_of(db_sql(DB, "SELECT count(*) FROM totp_secrets JOIN before USING (user_id)"
                                   " WHERE before.secret_sealed <> totp_secrets.secret_sealed"), &n));
    return n;
}

static void turn(void)
{
    R.look_ms = 0;
    (void)reseal_turn(&R, DB, &new_keeper);
}

static void turn_until_factors(void)
{
    while (R.step < 3)
        turn();
}

static void to_the_end(void)
{
    for (int i = 0; i < 1000 && !R.is_done; i++)
        turn();
    assert_true(R.is_done);
}

static void a_hundred_at_a_time(void **state)
{
    bool is_sealed;
    char *mine;

    (void)state;
    turn_until_factors();
    for (int64_t wanted = 100; wanted <= 300; wanted += 100) {
        turn();
        assert_int_equal(anew(), wanted < PEOPLE ? wanted : PEOPLE);
    }
    to_the_end();
    assert_int_equal(R.done_n, PEOPLE);
    assert_int_equal(R.lost_n, 0);
    assert_ok(signer_fingerprint(&new_keeper, A, &mine));
    assert_ok(installation_is_sealed(DB, A, mine, &is_sealed));
    assert_true(is_sealed);
}

/* What goes wrong with one is no half of the others: none, and again later. */
static void all_of_a_turn_or_nothing(void **state)
{
    (void)state;
    run_sql("CREATE TRIGGER broken BEFORE UPDATE ON totp_secrets WHEN NEW.user_id = '00000000000000000150'"
            " BEGIN SELECT RAISE(ABORT, 'broken'); END");
    turn_until_factors();
    for (int i = 0; i < 3; i++)
        turn();
    assert_int_equal(anew(), 100);
    assert_true(R.look_ms > clock_mono_ms() + 5000); /* it waits a while */
    assert_false(R.is_done);
    run_sql("DROP TRIGGER broken");
    to_the_end();
    assert_int_equal(anew(), PEOPLE);
    assert_int_equal(R.done_n, PEOPLE);
}

/* Another secret came while the signer worked: it is not written over. */
static void one_that_is_another_meanwhile(void **state)
{
    (void)state;
    run_sql("CREATE TRIGGER meanwhile BEFORE UPDATE ON totp_secrets WHEN NEW.user_id = '00000000000000000010'"
            " BEGIN UPDATE totp_secrets SET secret_sealed = zeroblob(60) WHERE user_id = '00000000000000000020'; END");
    to_the_end();
    assert_int_equal(R.done_n, PEOPLE - 1);
    assert_int_equal(count("SELECT count(*) FROM totp_secrets WHERE secret_sealed = zeroblob(60)"), 1);
}

/* Killed, and another keeper begins at the first and finds done what is done. */
static void begun_again(void **state)
{
    (void)state;
    turn_until_factors();
    turn();
    reseal_done(&R);
    reseal_start(&R, &is_overlapping, 0);
    to_the_end();
    assert_int_equal(anew(), PEOPLE);
    assert_int_equal(R.done_n, PEOPLE - 100);
}

static void one_that_opens_with_no_key(void **state)
{
    (void)state;
    run_sql("UPDATE totp_secrets SET secret_sealed = zeroblob(60) WHERE user_id = '00000000000000000007'");
    to_the_end();
    assert_int_equal(R.done_n, PEOPLE - 1);
    assert_int_equal(R.lost_n, 1);
}

/* What was asked for is kept when nobody answers any more. */
static void nobody_answers(void **state)
{
    struct signer deaf = { .ask_fd = -1 };

    (void)state;
    turn_until_factors();
    R.look_ms = 0;
    assert_false(reseal_turn(&R, DB, &deaf));
    assert_int_equal(anew(), 0);
    assert_true(R.look_ms > clock_mono_ms());
    to_the_end();
    assert_int_equal(anew(), PEOPLE);
}

int main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, sealed_before, afterwards)
    const struct CMUnitTest tests[] = {
        T(a_hundred_at_a_time), T(all_of_a_turn_or_nothing), T(one_that_is_another_meanwhile),
        T(begun_again), T(one_that_opens_with_no_key), T(nobody_answers),
    };

    log_setup(LOG_TEXT, LOG_LEVEL_ERROR);
    alarm(300);
    return cmocka_run_group_tests(tests, start_signers, stop_signers);
}
