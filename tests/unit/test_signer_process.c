/* Real signer processes behind a real queue: hand-over, service, sudden death. */
#include "config.h"

#include "process_test.h"

#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>

#include <gnutls/gnutls.h>
#include <gnutls/x509.h>

#include "crypto/hash.h"
#include "crypto/otp.h"
#include "signer/process.h"
#include "util/clock.h"
#include "util/text.h"

#define ISS "https://idp.example/oauth2"
#define KEY "an encryption key of 32 bytes..!"

static struct arena *arena, *forever;
static const char *pem;
static struct ask_queue queues[CHANNELS_N];

static int set_up(void **state)
{
    (void)state;
    arena = arena_start("test");
    for (int i = 0; i < CHANNELS_N; i++)
        if (ask_queue_open(&queues[i]) != RC_OK)
            return 1;
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    for (int i = 0; i < CHANNELS_N; i++) {
        close(queues[i].ask_fd);
        close(queues[i].answer_fd);
    }
    arena_done(arena);
    return 0;
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)

static int make_pem(void **state)
{
    gnutls_x509_privkey_t key;
    gnutls_datum_t d;

    (void)state;
    forever = arena_start("keys");
    gnutls_x509_privkey_init(&key);
    gnutls_x509_privkey_generate(key, GNUTLS_PK_RSA, 2048, 0);
    gnutls_x509_privkey_export2(key, GNUTLS_X509_FMT_PEM, &d);
    pem = arena_strndup(forever, (const char *)d.data, d.size);
    gnutls_free(d.data);
    gnutls_x509_privkey_deinit(key);
    return 0;
}

static int drop_pem(void **state)
{
    (void)state;
    arena_done(forever);
    return 0;
}

/* ---- processes ---- */

static struct signer_setup setup_with(int control_fd)
{
    struct signer_setup setup = {
        .issuer = ISS, .env_kid = "env-1", .request_deadline_s = 30, .control_fd = control_fd,
    };

    for (int i = 0; i < CHANNELS_N; i++)
        setup.answer_fd[i] = i == CHANNEL_HELPER ? -1 : queues[i].answer_fd;
    return setup;
}

/* The child's part.  The askers' ends are the parent's. */
static void run(int control_fd)
{
    struct signer_setup setup = setup_with(control_fd);

    _exit(signer_run(&setup));
}

static struct process start_with(int type)
{
    struct signer_secrets secrets = { bytes_of(KEY), bytes_of("the previous one, also 32 bytes!"), pem };
    struct process p = start_process(type, run);

    assert_int_equal(signer_hand_over(p.control_fd, &secrets), RC_OK);
    return p;
}

static struct process start(void)
{
    return start_with(SOCK_STREAM);
}

static struct signer asker(enum signer_channel channel)
{
    return (struct signer){ queues[channel].ask_fd, clock_mono_ms() + 10000 };
}

/* ---- payloads and their verification ---- */

static const char *access_payload(void)
{
    int64_t now = clock_now();

    return arena_printf(arena,
                        "{\"iss\":\"%s\",\"sub\":\"u1\",\"aud\":[\"%s\",\"app\"],\"iat\":%lld,\"exp\":%lld,"
                        "\"jti\":\"j\",\"typ\":\"Bearer\",\"scope\":\"openid\"}",
                        ISS, ISS, (long long)now, (long long)now + 900);
}

static const char *id_payload(void)
{
    int64_t now = clock_now();

    return arena_printf(arena, "{\"iss\":\"%s\",\"sub\":\"u1\",\"aud\":\"app\",\"iat\":%lld,\"exp\":%lld}",
                        ISS, (long long)now, (long long)now + 900);
}

static struct json *verify(const char *compact, const struct signing_key *key)
{
    struct jwk k = { key->kid, key->alg, key->public_jwk, NULL };
    struct json *payload;

    assert_int_equal(jwk_load(arena, &k), RC_OK);
    assert_int_equal(jws_verify(arena, compact, &k, 1, "JWT", &payload), RC_OK);
    assert_int_equal(jwt_check_times(payload, clock_now()), RC_OK);
    return payload;
}

static struct signing_key generate(enum jws_alg alg)
{
    struct signer s = asker(CHANNEL_KEEPER);
    struct signing_key key;

    assert_int_equal(signer_generate(&s, arena, alg, &key), RC_OK);
    assert_int_equal(key.alg, alg);
    return key;
}

/* ---- service ---- */

static void signs_with_every_kind_of_key(void **state)
{
    struct signer worker = asker(CHANNEL_WORKER), cli = asker(CHANNEL_CLI);
    struct process p = start();
    struct signing_key keys[4];
    char *out;

    (void)state;
    assert_int_equal(signer_env_key(&cli, arena, &keys[0]), RC_OK);
    assert_string_equal(keys[0].kid, "env-1");
    for (enum jws_alg alg = ALG_RS256; alg <= ALG_EDDSA; alg++)
        keys[alg] = generate(alg);
    for (size_t i = 0; i < ARRAY_LEN(keys); i++) {
        assert_int_equal(signer_sign(&worker, arena, TOKEN_ACCESS, &keys[i], access_payload(), &out), RC_OK);
        (void)verify(out, &keys[i]);
    }
    stop(&p);
}

static void a_grant_costs_one_message(void **state)
{
    struct process p = start();
    struct signer s = asker(CHANNEL_WORKER);
    struct signing_key key = generate(ALG_ES256);
    struct sign_input inputs[] = {
        { .kind = TOKEN_ACCESS, .key = &key, .payload = access_payload() },
        { .kind = TOKEN_ID, .key = &key, .payload = id_payload(), .at_hash_of = 1 },
        { .kind = TOKEN_ID, .key = &key, .payload = id_payload(), .opaque = "a token of no signature" },
    };
    char *outs[3];

    (void)state;
    assert_int_equal(signer_sign_all(&s, arena, inputs, 3, outs), RC_OK);
    (void)verify(outs[0], &key);
    assert_string_equal(json_str(json_get(verify(outs[1], &key), "at_hash")),
                        jws_half_hash(arena, ALG_ES256, outs[0]));
    assert_string_equal(json_str(json_get(verify(outs[2], &key), "at_hash")),
                        jws_half_hash(arena, ALG_ES256, "a token of no signature"));
    assert_int_equal(signer_sign_all(&s, arena, inputs, 0, outs), RC_FAULT);
    assert_int_equal(signer_sign_all(&s, arena, inputs, 5, outs), RC_FAULT);
    stop(&p);
}

static void refusals_reach_the_asker(void **state)
{
    struct process p = start();
    struct signer worker = asker(CHANNEL_WORKER), keeper = asker(CHANNEL_KEEPER);
    struct signing_key key = generate(ALG_ES256), none;
    char *out = NULL;

    (void)state;
    assert_int_equal(signer_sign(&worker, arena, TOKEN_LOGOUT, &key, id_payload(), &out), RC_REFUSED);
    assert_int_equal(signer_sign(&keeper, arena, TOKEN_ID, &key, id_payload(), &out), RC_REFUSED);
    assert_int_equal(signer_sign(&worker, arena, TOKEN_ID, &key, access_payload(), &out), RC_REFUSED);
    assert_int_equal(signer_generate(&worker, arena, ALG_ES256, &none), RC_REFUSED);
    assert_int_equal(signer_env_key(&keeper, arena, &none), RC_REFUSED);
    assert_int_equal(signer_fingerprint(&worker, arena, &out), RC_REFUSED);
    key.kid = "another";
    assert_int_equal(signer_sign(&worker, arena, TOKEN_ID, &key, id_payload(), &out), RC_FAULT);
    assert_null(out);
    stop(&p);
}

static void columns(void **state)
{
    static const struct seal_place where = { "settings", "value_sealed", "smtp_password" };
    struct process p = start();
    struct signer worker = asker(CHANNEL_WORKER), courier = asker(CHANNEL_COURIER);
    struct bytes sealed, out;

    (void)state;
    assert_int_equal(signer_seal(&worker, arena, &where, bytes_of("secret"), &sealed), RC_OK);
    assert_int_equal(signer_open(&courier, arena, &where, sealed, &out), RC_OK);
    assert_true(ct_equal(out, bytes_of("secret")));
    assert_int_equal(signer_open(&worker, arena, &where, sealed, &out), RC_REFUSED);
    assert_int_equal(signer_open(&courier, arena, &where, bytes_of("junk"), &out), RC_FAULT);
    stop(&p);
}

static void totp(void **state)
{
    static const struct seal_place where = { TOTP_TABLE, TOTP_COLUMN, "u1" };
    static const char seed[] = "12345678901234567890";
    struct process p = start();
    struct signer worker = asker(CHANNEL_WORKER), courier = asker(CHANNEL_COURIER);
    char code[OTP_DIGITS_MAX + 1];
    struct totp_question q = { .user_id = "u1", .code = code };
    int64_t now = otp_step(clock_now()), step = -1;
    struct bytes out;

    (void)state;
    otp_code(OTP_SHA1, bytes_of(seed), now, OTP_DIGITS, code);
    assert_int_equal(signer_seal(&worker, arena, &where, bytes_of(seed), &q.secret_sealed), RC_OK);
    assert_int_equal(signer_verify_totp(&worker, arena, &q, &step), RC_OK);
    assert_int_equal(step, now);
    q.last_step = step;
    assert_int_equal(signer_verify_totp(&worker, arena, &q, &step), RC_OK);
    assert_int_equal(step, 0);
    assert_int_equal(signer_verify_totp(&courier, arena, &q, &step), RC_REFUSED);
    q.user_id = "u2";
    assert_int_equal(signer_verify_totp(&worker, arena, &q, &step), RC_FAULT);
    assert_int_equal(signer_open(&worker, arena, &where, q.secret_sealed, &out), RC_REFUSED);
    assert_int_equal(signer_open(&courier, arena, &where, q.secret_sealed, &out), RC_REFUSED);
    stop(&p);
}

static void the_fingerprint(void **state)
{
    struct process p = start_with(SOCK_SEQPACKET); /* the hand-over is at home on both */
    struct signer cli = asker(CHANNEL_CLI);
    uint8_t hash[SHA256_BYTES];
    char *out;

    (void)state;
    assert_int_equal(signer_fingerprint(&cli, arena, &out), RC_OK);
    sha256(bytes_of(KEY), hash);
    assert_string_equal(out, hex_encode(arena, (struct bytes){ hash, 8 }));
    stop(&p);
}

static void no_answer_in_time(void **state)
{
    struct signer worker = asker(CHANNEL_WORKER), cli = asker(CHANNEL_CLI);
    struct signing_key key = { "env-1", ALG_RS256, "", { 0 } };
    char *out;

    (void)state; /* nobody listens */
    worker.deadline_ms = cli.deadline_ms = clock_mono_ms() + 50;
    assert_int_equal(signer_sign(&worker, arena, TOKEN_ID, &key, id_payload(), &out), RC_NONE);
    assert_int_equal(signer_env_key(&cli, arena, &key), RC_FAULT);
}

/* ---- life and death ---- */

static void term_ends_it(void **state)
{
    struct process p = start();

    (void)state;
    (void)generate(ALG_EDDSA); /* it is up */
    kill(p.pid, SIGINT);       /* of the terminal: not for it */
    (void)generate(ALG_EDDSA);
    kill(p.pid, SIGTERM);
    assert_int_equal(status_of(&p), 0);
    close(p.control_fd);
}

/* TERM while a key is being made: the question in hand is answered. */
static void term_waits_for_the_question_in_hand(void **state)
{
    struct process p = start();
    pid_t killer;

    (void)state;
    (void)generate(ALG_EDDSA);
    killer = fork();
    if (killer == 0) {
        usleep(3000);
        kill(p.pid, SIGTERM);
        _exit(0);
    }
    (void)generate(ALG_RS256);
    assert_int_equal(status_of(&p), 0);
    waitpid(killer, NULL, 0);
    close(p.control_fd);
}

static void unusable_secrets_end_it(void **state)
{
    struct signer_secrets bad[] = {
        { { 0 }, { 0 }, NULL },
        { bytes_of("short"), { 0 }, NULL },
        { bytes_of(KEY), { 0 }, "-----BEGIN RSA PRIVATE KEY-----\nAAAA\n-----END RSA PRIVATE KEY-----\n" },
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
        struct process p = start_process(SOCK_STREAM, run);

        assert_int_equal(signer_hand_over(p.control_fd, &bad[i]), RC_OK);
        assert_true(WEXITSTATUS(status_of(&p)) != 0);
        close(p.control_fd);
    }
}

static void nonsense_or_nothing_ends_it(void **state)
{
    static const uint8_t nonsense[][9] = {
        { 0, 0, 0, 5, 'x', 'x', 'x', 'x', 'x' },
        { 255, 255, 255, 255, 'x' },
        { 0, 0, 0, 1, 'x', 'x', 'x' }, /* more than it says */
    };

    (void)state;
    for (size_t i = 0; i <= ARRAY_LEN(nonsense); i++) {
        struct process p = start_process(SOCK_STREAM, run);

        if (i < ARRAY_LEN(nonsense))
            assert_int_equal(send(p.control_fd, nonsense[i], sizeof(nonsense[i]), MSG_NOSIGNAL),
                             sizeof(nonsense[i]));
        close(p.control_fd);
        assert_true(WEXITSTATUS(status_of(&p)) != 0);
    }
}

static int refuse_to_enter(void)
{
    return -1;
}

static void run_without_sandbox(int control_fd)
{
    struct signer_setup setup = setup_with(control_fd);

    setup.enter_sandbox = refuse_to_enter;
    _exit(signer_run(&setup));
}

static void no_sandbox_no_service(void **state)
{
    struct signer_secrets secrets = { bytes_of(KEY), { 0 }, NULL };
    struct process p = start_process(SOCK_STREAM, run_without_sandbox);

    (void)state;
    assert_int_equal(signer_hand_over(p.control_fd, &secrets), RC_OK);
    assert_true(WEXITSTATUS(status_of(&p)) != 0);
    close(p.control_fd);
}

static void hand_over_to_nobody(void **state)
{
    struct signer_secrets secrets = { bytes_of(KEY), { 0 }, pem };
    int pair[2];

    (void)state;
    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, pair), 0);
    close(pair[1]);
    assert_int_equal(signer_hand_over(pair[0], &secrets), RC_FAULT);
    close(pair[0]);
}

/* Takes one question, puts a real signer in its place, dies of -9 with the question in hand. */
static void die_in_the_middle(int control_fd)
{
    struct arena *a = arena_start("victim");
    struct bytes question;
    int reply_fd;

    while (ask_next(queues[CHANNEL_KEEPER].answer_fd, a, &question, &reply_fd) != RC_OK)
        usleep(1000);
    if (fork() == 0) {
        close(reply_fd);
        arena_done(a);
        run(control_fd);
    }
    kill(getpid(), SIGKILL);
}

static void a_killed_signer_loses_no_question(void **state)
{
    struct signer_secrets secrets = { bytes_of(KEY), { 0 }, pem };
    struct signer s = asker(CHANNEL_KEEPER);
    struct process p = start_process(SOCK_STREAM, die_in_the_middle);
    struct signing_key key;

    (void)state;
    assert_int_equal(signer_hand_over(p.control_fd, &secrets), RC_OK);
    assert_int_equal(signer_generate(&s, arena, ALG_ES256, &key), RC_OK);
    assert_true(WIFSIGNALED(status_of(&p)));
    close(p.control_fd); /* ends the grandchild */
}

/* To the asker it dies with each. */
static void answer_none(int control_fd)
{
    struct arena *a = arena_start("victim");
    struct bytes question;
    int reply_fd;

    for (;;)
        if (ask_next(queues[CHANNEL_KEEPER].answer_fd, a, &question, &reply_fd) == RC_OK)
            close(reply_fd);
        else if (recv(control_fd, &reply_fd, 1, MSG_DONTWAIT) == 0)
            _exit(0);
        else
            usleep(1000);
}

/* Not the asker's fault, and over in a moment: as if there had been no answer in time, but
 * nobody hangs who would have to be replaced. */
static void one_signer_after_another_is_killed(void **state)
{
    struct signer s = asker(CHANNEL_KEEPER);
    struct process p = start_process(SOCK_STREAM, answer_none);
    struct signing_key key;
    int64_t late_since_ms = 0;

    (void)state;
    s.late_since_ms = &late_since_ms;
    assert_int_equal(signer_generate(&s, arena, ALG_ES256, &key), RC_NONE);
    assert_int_equal(late_since_ms, 0);
    assert_int_equal(signer_env_key(&s, arena, &key), RC_FAULT);
    close(p.control_fd);
    assert_int_equal(status_of(&p), 0);
}

/* The real one, killed while it makes an RSA key; another stands by. */
static void killed_while_it_makes_a_key(void **state)
{
    struct process first = start(), second;
    struct signer s = asker(CHANNEL_KEEPER);
    struct signing_key key;
    pid_t killer;

    (void)state;
    (void)generate(ALG_EDDSA);
    killer = fork();
    if (killer == 0) {
        usleep(5000);
        kill(first.pid, SIGKILL);
        close(first.control_fd);
        second = start();
        usleep(3000000);
        _exit(second.pid > 0 ? 0 : 1);
    }
    assert_int_equal(signer_generate(&s, arena, ALG_RS256, &key), RC_OK);
    assert_true(WIFSIGNALED(status_of(&first)));
    kill(killer, SIGKILL); /* and with its control socket the second signer */
    waitpid(killer, NULL, 0);
    close(first.control_fd);
}

static void several_signers_on_one_queue(void **state)
{
    struct process ps[3];
    struct signing_key key;
    pid_t askers[4];
    int status;

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(ps); i++)
        ps[i] = start();
    key = generate(ALG_ES256);
    for (size_t i = 0; i < ARRAY_LEN(askers); i++) {
        askers[i] = fork();
        if (askers[i] == 0) {
            struct signer s = asker(CHANNEL_WORKER);
            char *out;

            for (int j = 0; j < 50; j++) {
                if (signer_sign(&s, arena, TOKEN_ID, &key, id_payload(), &out) != RC_OK)
                    _exit(1);
                (void)verify(out, &key);
            }
            _exit(0);
        }
    }
    for (size_t i = 0; i < ARRAY_LEN(askers); i++) {
        assert_int_equal(waitpid(askers[i], &status, 0), askers[i]);
        assert_int_equal(status, 0);
    }
    for (size_t i = ARRAY_LEN(ps); i > 0; i--) /* later ones inherited the sockets of earlier ones */
        stop(&ps[i - 1]);
}

#if defined(__has_feature)
#if __has_feature(address_sanitizer)
#define HAS_NO_MLOCK 1
#endif
#endif
#if defined(__SANITIZE_ADDRESS__)
#define HAS_NO_MLOCK 1 /* the sanitizer makes mlock() do nothing */
#endif

/* Its secrets stay in memory. */
static void its_state_is_locked(void **state)
{
    struct process p = start();
    bool is_locked = false;
    char line[256];
    FILE *f;

    (void)state;
#ifdef HAS_NO_MLOCK
    stop(&p);
    skip();
#endif
    (void)generate(ALG_EDDSA);
    f = fopen(arena_printf(arena, "/proc/%d/status", (int)p.pid), "r");
    assert_non_null(f);
    while (fgets(line, sizeof(line), f))
        is_locked = is_locked || (text_starts(line, "VmLck:") && !strstr(line, " 0 kB"));
    fclose(f);
#ifndef __SANITIZE_ADDRESS__ /* whose runtime makes mlock() do nothing */
    assert_true(is_locked);
#else
    (void)is_locked;
#endif
    stop(&p);
}

static int *dumpable; /* shared */

static int tell_dumpable(void)
{
    *dumpable = prctl(PR_GET_DUMPABLE);
    return -1;
}

static void run_telling_dumpable(int control_fd)
{
    struct signer_setup setup = setup_with(control_fd);

    setup.enter_sandbox = tell_dumpable;
    _exit(signer_run(&setup));
}

/* Nor does anybody of its uid read that memory. */
static void it_is_not_dumpable(void **state)
{
    struct signer_secrets secrets = { bytes_of(KEY), { 0 }, NULL };
    struct process p;

    (void)state;
    dumpable = mmap(NULL, sizeof(*dumpable), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    *dumpable = -1;
    p = start_process(SOCK_STREAM, run_telling_dumpable);
    assert_int_equal(signer_hand_over(p.control_fd, &secrets), RC_OK);
    assert_int_equal(WEXITSTATUS(status_of(&p)), 1); /* "not entered" */
    assert_int_equal(*dumpable, 0);
    munmap(dumpable, sizeof(*dumpable));
    close(p.control_fd);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(signs_with_every_kind_of_key),
        TEST(a_grant_costs_one_message),
        TEST(refusals_reach_the_asker),
        TEST(columns),
        TEST(totp),
        TEST(the_fingerprint),
        TEST(no_answer_in_time),
        TEST(term_ends_it),
        TEST(term_waits_for_the_question_in_hand),
        TEST(unusable_secrets_end_it),
        TEST(nonsense_or_nothing_ends_it),
        TEST(no_sandbox_no_service),
        TEST(hand_over_to_nobody),
        TEST(a_killed_signer_loses_no_question),
        TEST(one_signer_after_another_is_killed),
        TEST(killed_while_it_makes_a_key),
        TEST(several_signers_on_one_queue),
        TEST(its_state_is_locked),
        TEST(it_is_not_dumpable),
    };

    alarm(300); /* a process that does not end is a failure, too */
    return cmocka_run_group_tests(tests, make_pem, drop_pem);
}
