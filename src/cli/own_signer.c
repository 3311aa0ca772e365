#include "config.h"

#include "cli/own_signer.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "cli/cli.h"
#include "serve/calls.h"
#include "serve/sandbox.h"
#include "signer/process.h"
#include "util/clock.h"

#define ANSWER_MS 60000

static int close_signer(void)
{
    sandbox_close_all();
    calls_close(PROC_SIGNER);
    return 0;
}

static int run(const struct conf *conf, int control_fd, const struct ask_queue *cli, const struct ask_queue *courier)
{
    struct signer_setup setup = {
        .issuer = conf->issuer,
        .env_kid = conf->jwk_kid,
        .request_deadline_s = conf->request_deadline_s,
        .control_fd = control_fd,
        .enter_sandbox = close_signer,
    };
    const int keep[] = { control_fd, cli->answer_fd, courier->answer_fd };

    for (int i = 0; i < CHANNELS_N; i++)
        setup.answer_fd[i] = -1;
    setup.answer_fd[CHANNEL_CLI] = cli->answer_fd;
    setup.answer_fd[CHANNEL_COURIER] = courier->answer_fd;
    sandbox_child(keep, ARRAY_LEN(keep));
    return signer_run(&setup);
}

static enum rc hand_over(const struct conf *conf, int control_fd)
{
    const struct secrets *s = conf->secrets;
    struct signer_secrets secrets = {
        .encryption = { s->encryption.p, s->encryption.n },
        .encryption_previous = { s->encryption_previous.p, s->encryption_previous.n },
        .private_key_pem = s->private_key_pem,
    };

    return signer_hand_over(control_fd, &secrets);
}

static enum rc fork_one(const struct conf *conf, struct own_signer *out)
{
    struct ask_queue cli, courier;
    int control[2];

    TRY(ask_queue_open(&cli));
    TRY(ask_queue_open(&courier));
    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, control) != 0)
        return fault("signer: %s", strerror(errno));
    (void)clock_now(); /* test builds map their clock here: a signer opens nothing */
    fflush(NULL);
    out->pid = fork();
    if (out->pid == 0) {
        close(control[0]);
        _exit(run(conf, control[1], &cli, &courier));
    }
    close(control[1]);
    close(cli.answer_fd);
    close(courier.answer_fd);
    out->control_fd = control[0];
    out->cli = (struct signer){ .ask_fd = cli.ask_fd, .deadline_ms = clock_mono_ms() + ANSWER_MS };
    out->courier = (struct signer){ .ask_fd = courier.ask_fd, .deadline_ms = clock_mono_ms() + ANSWER_MS };
    return out->pid > 0 ? RC_OK : fault("signer: %s", strerror(errno));
}

enum rc own_signer_start(const struct conf *conf, struct own_signer *out)
{
    if (conf->secrets->encryption.n == 0)
        return cli_refuse("AUTENTICO_ENCRYPTION_KEY is missing: name the configuration with --config FILE");
    TRY(fork_one(conf, out));
    enum rc rc = hand_over(conf, out->control_fd);
    if (rc != RC_OK)
        own_signer_stop(out);
    return rc;
}

bool own_signer_has(struct own_signer *s, struct arena *a, const struct conf *conf, const struct signing_key_row *row,
                    struct jwk *jwk)
{
    struct signing_key key = { row->kid, jws_alg_of(row->alg), row->public_jwk, row->private_sealed };
    struct json *payload = json_object(a), *back;
    char *signature;

    s->courier.deadline_ms = clock_mono_ms() + ANSWER_MS; /* what came before may have taken long */
    *jwk = (struct jwk){ .kid = row->kid, .alg = key.alg, .json = row->public_jwk };
    json_set_str(payload, "iss", conf->issuer);
    json_set_int(payload, "iat", clock_now());
    return jwk_load(a, jwk) == RC_OK &&
           signer_sign(&s->courier, a, TOKEN_AUDIT_CHECKPOINT, &key, json_text(a, payload), &signature) == RC_OK &&
           jws_verify(a, signature, jwk, 1, NULL, &back) == RC_OK;
}

void own_signer_stop(struct own_signer *s)
{
    close(s->control_fd);
    close(s->cli.ask_fd);
    close(s->courier.ask_fd);
    if (s->pid > 0)
        (void)waitpid(s->pid, NULL, 0);
}
