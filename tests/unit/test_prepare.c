/* What a start does to the database before the first request: schema, defaults, clients,
 * the signing key, the fingerprint of the encryption key, the link to set it up. */
#include "config.h"

#include "store_test.h"

#include <sys/socket.h>

#include "crypto/hash.h"
#include "serve/prepare.h"
#include "store/settings.h"
#include "store/signing_keys.h"
#include "util/log.h"

#define KEY_A "an encryption key of 32 bytes!!!"
#define KEY_B "another encryption key: 32 bytes"

static struct conf conf;
static struct prepared out;
static char limits_dir[96];
static char *pem, *other_pem;

/* A signer of its own, with this key and this PEM. */
struct signer_of { struct signer signer; int control_fd; };

static struct signer_of start_signer_after(const char *key, const char *previous, const char *private_pem)
{
    struct signer_setup setup = { .issuer = "http://localhost:9999/oauth2", .env_kid = "autentico-key-1",
                                  .request_deadline_s = 30 };
    struct signer_secrets secrets = { .encryption = { (const uint8_t *)key, 32 },
                                      .encryption_previous = bytes_of(previous), .private_key_pem = private_pem };
    struct ask_queue cli;
    int control[2];

    assert_ok(ask_queue_open(&cli));
    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, control), 0);
    for (int i = 0; i < CHANNELS_N; i++)
        setup.answer_fd[i] = i == CHANNEL_CLI ? cli.answer_fd : -1;
    setup.control_fd = control[1];
    if (fork() == 0) {
        close(control[0]);
        _exit(signer_run(&setup));
    }
    close(control[1]);
    close(cli.answer_fd);
    assert_ok(signer_hand_over(control[0], &secrets));
    return (struct signer_of){ { .ask_fd = cli.ask_fd, .deadline_ms = clock_mono_ms() + 60000 }, control[0] };
}

static struct signer_of start_signer(const char *key, const char *private_pem)
{
    return start_signer_after(key, "", private_pem);
}

/* The last first: one that was started later holds the others' control sockets. */
static void stop_signer(struct signer_of *s)
{
    close(s->control_fd);
    close(s->signer.ask_fd);
    assert_true(wait(NULL) > 0);
}

static int set_up(void **state)
{
    in_directory(state);
    snprintf(limits_dir, sizeof(limits_dir), "%s/limits", DIR_PATH);
    conf = (struct conf){ .db_path = DB_PATH, .url = "http://localhost:9999", .is_loopback = true };
    out = (struct prepared){ .is_onboarded = false };
    return 0;
}

static int tear_down(void **state)
{
    char name[160];

    for (const char *const *p = (const char *const[]){ "limits.db", "limits.db-wal", "limits.db-shm", "limits.lock", NULL };
         *p != NULL; p++) {
        snprintf(name, sizeof(name), "%s/%s", limits_dir, *p);
        unlink(name);
    }
    rmdir(limits_dir);
    return after_directory(state);
}

static enum rc run_with(struct signer *signer, bool may_migrate, bool is_start)
{
    struct prepare_setup setup = { .conf = &conf, .signer = signer, .may_migrate = may_migrate, .is_start = is_start,
                                   .lock_path = LOCK_PATH, .limits_dir = limits_dir };

    if (DB != NULL) {
        db_close(DB);
        DB = NULL;
    }
    out = (struct prepared){ .is_onboarded = false };
    enum rc rc = prepare(&setup, &out);
    DB = open_file(NULL);
    return rc;
}

static struct signing_key_rows keys(void)
{
    struct signing_key_rows rows;

    assert_ok(signing_keys_all(DB, A, &rows));
    return rows;
}

/* --- the database ------------------------------------------------------------------- */

static void a_new_one(void **state)
{
    (void)state;
    assert_ok(run_with(NULL, true, true));
    assert_int_equal(count("SELECT count(*) FROM clients WHERE client_id IN ('autentico-admin', 'autentico-account')"), 2);
    assert_true(count("SELECT count(*) FROM settings") > 20);
    assert_int_equal(count("SELECT count(*) FROM signing_keys"), 0); /* no signer: left alone */
    assert_false(out.is_onboarded);
    assert_int_equal(access(limits_dir, F_OK), 0);
    assert_string_equal(out.why, "");
}

static void a_second_time_changes_nothing(void **state)
{
    (void)state;
    assert_ok(run_with(NULL, true, true));
    int64_t settings = count("SELECT count(*) FROM settings"), clients = count("SELECT count(*) FROM clients");
    assert_ok(db_run(db_sql(DB, "UPDATE settings SET value = '7m' WHERE key = 'access_token_expiration'")));
    assert_ok(run_with(NULL, true, true));
    assert_int_equal(count("SELECT count(*) FROM settings"), settings);
    assert_int_equal(count("SELECT count(*) FROM clients"), clients);
    assert_int_equal(count("SELECT count(*) FROM settings WHERE value = '7m'"), 1); /* whoever set it, meant it */
}

static void an_older_schema_waits_to_be_told(void **state)
{
    (void)state;
    assert_refused(run_with(NULL, false, true));
    assert_string_equal(out.why, "the database schema is behind; run: autentico migrate");
    assert_ok(run_with(NULL, true, true));
    assert_ok(run_with(NULL, false, true));
}

static void no_database_can_be_made(void **state)
{
    (void)state;
    conf.db_path = "/nonexistent/autentico.db";
    struct prepare_setup setup = { .conf = &conf, .lock_path = LOCK_PATH, .limits_dir = limits_dir };
    assert_fault(prepare(&setup, &out));
    assert_string_equal(out.why, "the database could not be prepared; the log says why");
    conf.db_path = DB_PATH;
    setup.lock_path = "/nonexistent/lock";
    assert_fault(prepare(&setup, &out));
    DB = open_file(NULL);
}

/* --- signing keys (design D4) ---------------------------------------------------------- */

static void one_is_made_once(void **state)
{
    struct signer_of s = start_signer(KEY_A, "");
    const char *kid;

    (void)state;
    assert_ok(run_with(&s.signer, true, true));
    assert_int_equal(keys().n, 1); /* exactly one */
    assert_string_equal(keys().v[0].state, "active");
    assert_string_equal(keys().v[0].alg, "RS256");
    kid = keys().v[0].kid;
    assert_ok(run_with(&s.signer, true, true));
    assert_int_equal(keys().n, 1);
    assert_string_equal(keys().v[0].kid, kid);
    stop_signer(&s);
}

static const struct signing_key_row *row_of(const struct signing_key_rows *rows, const char *kid)
{
    for (size_t i = 0; i < rows->n; i++)
        if (strcmp(rows->v[i].kid, kid) == 0)
            return &rows->v[i];
    fail_msg("no key %s", kid);
    return NULL;
}

static void the_environments_is_imported(void **state)
{
    struct signer_of generated = start_signer(KEY_A, ""), s = start_signer(KEY_A, pem);
    struct signing_key_rows rows;

    (void)state;
    assert_ok(run_with(&generated.signer, true, true));
    assert_ok(run_with(&s.signer, true, true));
    rows = keys();
    assert_int_equal(rows.n, 2);
    assert_string_equal(row_of(&rows, "autentico-key-1")->state, "active");
    const char *first = strcmp(rows.v[0].kid, "autentico-key-1") == 0 ? rows.v[1].kid : rows.v[0].kid;
    assert_string_equal(row_of(&rows, first)->state, "retired"); /* but published still */
    /* retired stays retired */
    assert_ok(signing_keys_retire(DB, "autentico-key-1", clock_now()));
    assert_ok(run_with(&s.signer, true, true));
    rows = keys();
    assert_string_equal(row_of(&rows, "autentico-key-1")->state, "retired");
    stop_signer(&s);
    stop_signer(&generated);
}

static void another_under_the_same_name_is_refused(void **state)
{
    struct signer_of s = start_signer(KEY_A, pem), other = start_signer(KEY_A, other_pem);

    (void)state;
    assert_ok(run_with(&s.signer, true, true));
    assert_refused(run_with(&other.signer, true, true));
    assert_string_equal(out.why, "AUTENTICO_PRIVATE_KEY is another key than the one known as \"autentico-key-1\"; "
                                 "give the new key a new AUTENTICO_JWK_CERT_KEY_ID");
    assert_int_equal(keys().n, 1);
    stop_signer(&other);
    stop_signer(&s);
}

/* Another encryption key would lose what is sealed. */
static void the_encryption_key_stays(void **state)
{
    struct signer_of a = start_signer(KEY_A, ""), b = start_signer(KEY_B, "");

    (void)state;
    assert_ok(run_with(&a.signer, true, true));
    assert_refused(run_with(&b.signer, true, true));
    assert_string_equal(out.why, "AUTENTICO_ENCRYPTION_KEY is not the key this database was sealed with; put the old one back");
    assert_ok(run_with(&a.signer, true, true));
    stop_signer(&b);
    stop_signer(&a);
}

/* A rotation: the new one is taken beside the old one, and the old one is demanded until nothing
 * is sealed under it any more. */
static void the_encryption_key_is_replaced(void **state)
{
    struct signer_of a = start_signer(KEY_A, ""), b = start_signer_after(KEY_B, KEY_A, ""), alone = start_signer(KEY_B, "");
    const char *of_a, *of_b = "not yet";
    struct installation found;
    char *fingerprint;

    (void)state;
    assert_ok(run_with(&a.signer, true, true));
    assert_ok(installation_get(DB, A, &found));
    of_a = found.encryption_fingerprint;
    assert_ok(run_with(&b.signer, true, true));
    assert_ok(installation_get(DB, A, &found));
    assert_string_equal(found.encryption_fingerprint, of_a); /* the keeper goes over, not the start */
    assert_ok(signer_fingerprint(&b.signer, A, &fingerprint));
    assert_ok(installation_set_sealing(DB, fingerprint, of_a));
    assert_ok(run_with(&b.signer, true, true));
    assert_refused(run_with(&alone.signer, true, true));
    assert_non_null(strstr(out.why, "as AUTENTICO_ENCRYPTION_KEY_PREVIOUS"));
    assert_refused(run_with(&a.signer, true, true)); /* nor back, without the new one */
    assert_ok(installation_set_sealing(DB, fingerprint, NULL));
    assert_ok(run_with(&alone.signer, true, true));
    assert_ok(installation_reseal_from(DB, A, &of_b));
    assert_null(of_b);
    stop_signer(&alone);
    stop_signer(&b);
    stop_signer(&a);
}

static void no_signer_answers(void **state)
{
    struct signer_of s = start_signer(KEY_A, "");

    (void)state;
    stop_signer(&s);
    assert_int_not_equal(run_with(&s.signer, true, true), RC_OK);
    assert_string_equal(out.why, "the database could not be prepared; the log says why");
    assert_int_equal(count("SELECT count(*) FROM signing_keys"), 0);
}

/* --- the link to set it up (design D23) -------------------------------------------------- */

static void the_link(void **state)
{
    (void)state;
    assert_ok(run_with(NULL, true, true));
    assert_string_equal(out.onboard_token, ""); /* on a laptop there is no stranger */
    conf.is_loopback = false;
    assert_ok(run_with(NULL, true, false));
    assert_string_equal(out.onboard_token, ""); /* a subcommand prints none */
    assert_ok(run_with(NULL, true, true));
    assert_true(strlen(out.onboard_token) >= 40);
    struct installation found;
    assert_ok(installation_get(DB, A, &found));
    assert_int_equal(found.onboard_token_hash.n, SHA256_BYTES);
    struct bytes hash = sha256_of(A, out.onboard_token);
    assert_memory_equal(found.onboard_token_hash.p, hash.p, hash.n); /* the hash, not the token */
    assert_in_range(found.onboard_token_expires_at - clock_now(), 3590, 3600);
    add_user("u1", "ann");
    assert_ok(run_with(NULL, true, true));
    assert_true(out.is_onboarded);
    assert_string_equal(out.onboard_token, "");
}

static struct arena *always;

static int make_pems(void **state)
{
    (void)state;
    always = arena_start("pems");
    assert_ok(signer_make_pem(always, &pem));
    assert_ok(signer_make_pem(always, &other_pem));
    return 0;
}

static int drop_pems(void **state)
{
    (void)state;
    arena_done(always);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
        TEST(a_new_one), TEST(a_second_time_changes_nothing), TEST(an_older_schema_waits_to_be_told),
        TEST(no_database_can_be_made), TEST(one_is_made_once), TEST(the_environments_is_imported),
        TEST(another_under_the_same_name_is_refused), TEST(the_encryption_key_stays),
        TEST(the_encryption_key_is_replaced), TEST(no_signer_answers),
        TEST(the_link),
    };

    log_setup(LOG_TEXT, LOG_LEVEL_ERROR);
    alarm(300);
    return cmocka_run_group_tests(tests, make_pems, drop_pems);
}
