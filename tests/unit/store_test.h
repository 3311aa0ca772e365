/*
 * What the tests of the store share: fresh migrated databases, people and
 * applications to put in, and real processes that race.
 */
#ifndef AUTENTICO_TESTS_STORE_TEST_H
#define AUTENTICO_TESTS_STORE_TEST_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <dirent.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "store/clients.h"
#include "store/db.h"
#include "store/migrate.h"
#include "store/sessions.h"
#include "store/tokens.h"
#include "store/users.h"
#include "util/clock.h"

#define UNUSED __attribute__((unused))
#define NOW INT64_C(1800000000)
#define assert_ok(call) assert_int_equal((call), RC_OK)
#define assert_none(call) assert_int_equal((call), RC_NONE)
#define assert_refused(call) assert_int_equal((call), RC_REFUSED)
#define assert_fault(call) assert_int_equal((call), RC_FAULT)

static struct arena *A UNUSED; /* of the running test */
static struct db *DB UNUSED;
static char DIR_PATH[64] UNUSED;  /* of a test with files */
static char DB_PATH[96] UNUSED, LOCK_PATH[96] UNUSED;

static UNUSED void migrate(struct db *db)
{
    const char *why = "";

    if (migrate_apply(db, A, &why) != RC_OK)
        fail_msg("migrate: %s", why);
}

static UNUSED int in_memory(void **state)
{
    struct db_open how = { .path = ":memory:", .wrote_fd = -1 };

    (void)state;
    A = arena_start("test");
    assert_ok(db_open(&how, &DB));
    migrate(DB);
    return 0;
}

static UNUSED int after(void **state)
{
    (void)state;
    db_close(DB);
    DB = NULL;
    arena_done(A);
    clock_set_for_test(0);
    return 0;
}

static UNUSED struct db *open_file(struct write_lock *lock)
{
    struct db_open how = { .path = DB_PATH, .create = true, .lock = lock, .wrote_fd = -1 };
    struct db *db = NULL;

    assert_ok(db_open(&how, &db));
    return db;
}

static UNUSED int in_directory(void **state)
{
    (void)state;
    A = arena_start("test");
    strcpy(DIR_PATH, "/tmp/autentico-test-XXXXXX");
    assert_non_null(mkdtemp(DIR_PATH));
    snprintf(DB_PATH, sizeof DB_PATH, "%s/autentico.db", DIR_PATH);
    snprintf(LOCK_PATH, sizeof LOCK_PATH, "%s/write.lock", DIR_PATH);
    return 0;
}

static UNUSED int in_file(void **state)
{
    in_directory(state);
    DB = open_file(NULL);
    migrate(DB);
    return 0;
}

static UNUSED int after_directory(void **state)
{
    char name[512];
    struct dirent *e;
    DIR *d;

    after(state);
    d = opendir(DIR_PATH);
    while (d && (e = readdir(d)) != NULL) {
        snprintf(name, sizeof name, "%s/%s", DIR_PATH, e->d_name);
        unlink(name);
    }
    if (d)
        closedir(d);
    rmdir(DIR_PATH);
    return 0;
}

/* Rows. */

static UNUSED struct bytes hash_like(int n)
{
    uint8_t *p = arena_alloc(A, 32);

    snprintf((char *)p, 32, "hash %d", n);
    return (struct bytes){ p, 32 };
}

static UNUSED void add_user(const char *id, const char *username)
{
    struct user u = { .id = id, .username = username, .role = "user", .created_at = NOW, .updated_at = NOW };

    assert_ok(users_add(DB, &u));
}

static UNUSED void add_client(const char *client_id)
{
    static const char *const uris[] = { "https://app.example/cb", "https://app.example/cb2" };
    static const char *const grants[] = { "authorization_code" };
    struct client c = {
        .id = arena_printf(A, "row-%s", client_id), .client_id = client_id, .client_name = "An App",
        .is_active = true, .scopes = "openid", .token_endpoint_auth_method = "client_secret_basic",
        .redirect_uris = { (const char **)uris, 2 }, .grant_types = { (const char **)grants, 1 },
        .allow_self_signup = -1, .trust_device_enabled = -1, .consent_required = 0, .require_mfa = -1,
        .created_at = NOW, .updated_at = NOW,
    };

    assert_ok(clients_add(DB, &c));
}

static UNUSED void add_session(const char *id, const char *user_id, int cookie, int64_t at)
{
    struct session s = {
        .id = id, .cookie_hash = hash_like(cookie), .user_id = user_id, .auth_time = at, .acr = "1",
        .amr = "pwd", .user_agent = "curl", .ip_address = "192.0.2.1", .created_at = at,
        .last_activity_at = at,
    };

    assert_ok(sessions_add(DB, &s));
}

static UNUSED void add_family(const char *id, const char *user_id, const char *client_id,
                              const char *session_id)
{
    struct family f = {
        .id = id, .user_id = user_id, .client_id = client_id, .session_id = session_id,
        .sid = session_id ? session_id : id, .grant_type = "authorization_code", .scope = "openid",
        .nonce = "n-1", .auth_time = NOW, .acr = "1", .amr = "pwd", .created_at = NOW,
        .expires_at = NOW + 1000,
    };

    assert_ok(families_add(DB, &f));
}

static UNUSED void add_token(int64_t selector, const char *family_id, int refresh)
{
    struct token t = {
        .selector = selector, .family_id = family_id, .scope = "openid", .issued_at = NOW,
        .refresh_hash = refresh ? hash_like(refresh) : (struct bytes){ 0 },
        .access_expires_at = NOW + 900, .refresh_expires_at = refresh ? NOW + 1000 : 0,
    };

    assert_ok(tokens_add(DB, &t));
}

/* A person "u1" with a session "s1", an application "app", a family "f1", a token 1. */
static UNUSED void add_household(void)
{
    add_user("u1", "ann");
    add_client("app");
    add_session("s1", "u1", 1, NOW);
    add_family("f1", "u1", "app", "s1");
    add_token(1, "f1", 101);
}

static UNUSED int64_t count_of(const char *literal)
{
    int64_t n = -1;

    assert_ok(db_int_of(db_prepare(DB, literal), &n));
    return n;
}
#define count(literal) count_of("" literal "")

/*
 * Races.  Every racer is a process of its own with its own handle, and all are
 * let go at once; `tally` counts their exit statuses.
 */
typedef int racer(struct db *db, int i);

static UNUSED int race_child(racer *run, int i, int gate)
{
    struct write_lock *lock = NULL;
    struct db_open how = { .path = DB_PATH, .wrote_fd = -1 };
    struct db *db;
    char c;
    int code;

    if (write_lock_open(LOCK_PATH, &lock) != RC_OK)
        return 99;
    how.lock = lock;
    if (db_open(&how, &db) != RC_OK)
        return 97;
    if (read(gate, &c, 1) < 0)
        return 98;
    code = run(db, i);
    db_close(db);
    write_lock_close(lock);
    return code;
}

static UNUSED void race(int n, racer *run, int tally[256])
{
    int gate[2], status;
    pid_t *pids = calloc((size_t)n, sizeof *pids);

    assert_int_equal(pipe(gate), 0);
    db_close(DB); /* handles do not cross a fork */
    DB = NULL;
    for (int i = 0; i < n; i++) {
        pids[i] = fork();
        assert_true(pids[i] >= 0);
        if (pids[i] == 0) {
            close(gate[1]);
            _exit(race_child(run, i, gate[0]));
        }
    }
    usleep(100000);
    close(gate[0]);
    close(gate[1]);
    for (int i = 0; i < n; i++) {
        assert_int_equal(waitpid(pids[i], &status, 0), pids[i]);
        tally[WIFEXITED(status) ? WEXITSTATUS(status) : 255]++;
    }
    free(pids);
    DB = open_file(NULL);
}

/* Runs `work` in a child and tells how it ended: exit status, or 128 + signal. */
static UNUSED int status_of_child(void (*work)(void))
{
    int status;
    pid_t pid = fork();

    if (pid == 0) {
        if (freopen("/dev/null", "w", stderr) == NULL)
            _exit(1);
        work();
        _exit(0);
    }
    assert_int_equal(waitpid(pid, &status, 0), pid);
    return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

#endif
