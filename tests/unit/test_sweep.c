/* The clean-up of flows 18: what goes and what stays, in turns, again and again. */
#include "config.h"

#include "store_test.h"

#include <fcntl.h>

#include "serve/sweep.h"
#include "store/links.h"
#include "store/replays.h"
#include "store/settings_table.h"
#include "util/log.h"

#define HOUR 3600

static struct sweep S;

static int set_up(void **state)
{
    in_memory(state);
    clock_set_for_test(NOW);
    sweep_start(&S);
    return 0;
}

static int tear_down(void **state)
{
    sweep_done(&S);
    return after(state);
}

/* Time passes, and the keeper starts: a clock that is set under it makes it wait. */
static void travel(int64_t to)
{
    sweep_done(&S);
    clock_set_for_test(to);
    sweep_start(&S);
}

/* Turns until the run is over; how many of them wrote. */
static int run_all(void)
{
    int wrote = 0, turns = 0;

    while (sweep_is_busy(&S)) {
        wrote += sweep_turn(&S, DB);
        assert_true(++turns < 1000);
    }
    return wrote;
}

static void set(const char *key, const char *value)
{
    struct stmt *q = db_sql(DB, "INSERT INTO settings (key, value, updated_at) VALUES ($1, $2, 1)"
                                " ON CONFLICT (key) DO UPDATE SET value = excluded.value");

    db_text(q, 1, key);
    db_text(q, 2, value);
    assert_ok(db_run(q));
}

static void nothing_to_do(void **state)
{
    (void)state;
    assert_true(sweep_is_busy(&S)); /* at start */
    assert_int_equal(run_all(), 0);
    assert_false(sweep_is_busy(&S));
    assert_false(sweep_turn(&S, DB));
    assert_true(S.next_ms > clock_mono_ms() + 60 * 1000); /* cleanup_interval is minutes at the least */
}

static void add_replay(int n, int64_t expires_at)
{
    struct stmt *q = db_sql(DB, "INSERT INTO replays (value_hash, expires_at) VALUES ($1, $2)");

    db_bytes(q, 1, hash_like(n));
    db_int(q, 2, expires_at);
    assert_ok(db_run(q));
}

/* Expired longer ago than cleanup_retention: gone; everything else stays. */
static void the_expired_go(void **state)
{
    struct settings settings;

    (void)state;
    assert_ok(settings_load(DB, A, &settings));
    int64_t limit = NOW - settings.cleanup_retention;
    add_replay(1, limit - 1);
    add_replay(2, limit + 1);
    add_replay(3, NOW + HOUR);
    assert_int_equal(run_all(), 1);
    assert_int_equal(count("SELECT count(*) FROM replays"), 2);
    assert_int_equal(count("SELECT count(*) FROM replays WHERE expires_at < 1800000000"), limit + 1 < NOW ? 1 : 0);
}

/* Links that are good once, used or not. */
static void expired_links_go(void **state)
{
    struct one_time_link l = { .kind = LINK_RECOVER, .user_id = "u1", .created_at = NOW };
    struct settings settings;

    (void)state;
    add_user("u1", "ann");
    assert_ok(settings_load(DB, A, &settings));
    for (int i = 0; i < 3; i++) {
        l.token_hash = hash_like(i);
        l.expires_at = NOW - settings.cleanup_retention + i - 1;
        assert_ok(links_add(DB, &l));
    }
    assert_int_equal(run_all(), 1);
    assert_int_equal(count("SELECT count(*) FROM one_time_links"), 2);
}

static void the_living_stay(void **state)
{
    (void)state;
    add_household();
    travel(NOW + 10);
    assert_int_equal(run_all(), 0);
    assert_int_equal(count("SELECT count(*) FROM tokens"), 1);
    assert_int_equal(count("SELECT count(*) FROM token_families"), 1);
    assert_int_equal(count("SELECT count(*) FROM sessions WHERE ended_at IS NULL"), 1);
}

static void tokens_then_families_then_sessions(void **state)
{
    (void)state;
    add_household();
    assert_ok(tokens_rotate(DB, 1, NOW)); /* a spent one goes before its family */
    travel(NOW + 400 * 24 * HOUR);
    assert_true(run_all() >= 3);
    assert_int_equal(count("SELECT count(*) FROM tokens"), 0);
    assert_int_equal(count("SELECT count(*) FROM token_families"), 0);
    assert_int_equal(count("SELECT count(*) FROM sessions WHERE ended_at IS NULL"), 0);
    assert_int_equal(count("SELECT count(*) FROM users"), 1);
    assert_int_equal(count("SELECT count(*) FROM clients WHERE client_id = 'app'"), 1);
}

/* A session that nobody used is ended; ended ones go after the retention. */
static void idle_sessions_end(void **state)
{
    (void)state;
    add_user("u1", "ann");
    add_session("s1", "u1", 1, NOW - 2 * HOUR);
    add_session("s2", "u1", 2, NOW - 60);
    set("sso_session_idle_timeout", "1h");
    assert_int_equal(run_all(), 1);
    assert_int_equal(count("SELECT count(*) FROM sessions WHERE id = 's1' AND ended_at IS NOT NULL"), 1);
    assert_int_equal(count("SELECT count(*) FROM sessions WHERE id = 's2' AND ended_at IS NULL"), 1);
}

static void no_limit_means_none(void **state)
{
    (void)state;
    add_user("u1", "ann");
    add_session("s1", "u1", 1, NOW - 300 * 24 * HOUR);
    set("sso_session_idle_timeout", "0");
    set("sso_session_max_age", "0");
    assert_int_equal(run_all(), 0);
    assert_int_equal(count("SELECT count(*) FROM sessions WHERE ended_at IS NULL"), 1);
}

/* So that no writer waits long: 500 rows and no more in one transaction. */
static void in_turns(void **state)
{
    int turns = 0;

    (void)state;
    for (int i = 0; i < 1201; i++)
        add_replay(i, 1);
    while (count("SELECT count(*) FROM replays") > 0) {
        int64_t before = count("SELECT count(*) FROM replays");

        (void)sweep_turn(&S, DB);
        assert_in_range(before - count("SELECT count(*) FROM replays"), 0, 500);
        assert_true(++turns < 100);
    }
    assert_true(sweep_is_busy(&S) || turns >= 3);
    (void)run_all();
}

/* A store that fails is left alone for a while. */
static void after_a_fault(void **state)
{
    (void)state;
    add_replay(1, 1);
    assert_ok(db_run(db_sql(DB, "CREATE TRIGGER stuck BEFORE DELETE ON replays BEGIN SELECT RAISE(ABORT, 'stuck'); END")));
    int kept = dup(STDERR_FILENO), null = open("/dev/null", O_WRONLY);
    dup2(null, STDERR_FILENO); /* the fault is logged */
    (void)run_all();
    dup2(kept, STDERR_FILENO);
    close(kept);
    close(null);
    assert_int_equal(count("SELECT count(*) FROM replays"), 1);
    assert_false(sweep_is_busy(&S));
    assert_in_range(S.next_ms - clock_mono_ms(), 1000, 60000);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
        TEST(nothing_to_do), TEST(the_expired_go), TEST(expired_links_go), TEST(the_living_stay), TEST(tokens_then_families_then_sessions),
        TEST(idle_sessions_end), TEST(no_limit_means_none), TEST(in_turns), TEST(after_a_fault),
    };

    log_setup(LOG_TEXT, LOG_LEVEL_WARNING);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
