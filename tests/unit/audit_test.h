/* A signer for the tests of the audit trail, and two keys of it. */
#ifndef AUTENTICO_TESTS_AUDIT_TEST_H
#define AUTENTICO_TESTS_AUDIT_TEST_H

#include "store_test.h"

#include <sys/socket.h>
#include <sys/wait.h>

#include "signer/process.h"
#include "util/clock.h"

#define ISSUER "https://id.example/oauth2"

static struct signer cli, courier;
static int control_fd;
static struct arena *always; /* as long as the signer */
static struct signing_key key, other_key;

static int start_signer(void **state)
{
    struct signer_setup setup = { .issuer = ISSUER, .request_deadline_s = 30 };
    struct signer_secrets secrets = { .encryption = { (const uint8_t *)"an encryption key of 32 bytes!!!", 32 } };
    struct ask_queue queues[2];
    int control[2];

    (void)state;
    always = arena_start("keys");
    assert_ok(ask_queue_open(&queues[0]));
    assert_ok(ask_queue_open(&queues[1]));
    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, control), 0);
    for (int i = 0; i < CHANNELS_N; i++)
        setup.answer_fd[i] = i == CHANNEL_CLI ? queues[0].answer_fd : i == CHANNEL_COURIER ? queues[1].answer_fd : -1;
    setup.control_fd = control[1];
    if (fork() == 0) {
        close(control[0]);
        _exit(signer_run(&setup));
    }
    close(control[1]);
    control_fd = control[0];
    assert_ok(signer_hand_over(control_fd, &secrets));
    cli = (struct signer){ .ask_fd = queues[0].ask_fd, .deadline_ms = clock_mono_ms() + 600000 };
    courier = (struct signer){ .ask_fd = queues[1].ask_fd, .deadline_ms = clock_mono_ms() + 600000 };
    assert_ok(signer_generate(&cli, always, ALG_ES256, &key));
    assert_ok(signer_generate(&cli, always, ALG_ES256, &other_key));
    return 0;
}

static int stop_signer(void **state)
{
    (void)state;
    close(control_fd);
    close(cli.ask_fd);
    close(courier.ask_fd);
    arena_done(always);
    return wait(NULL) > 0 ? 0 : -1;
}

#endif
