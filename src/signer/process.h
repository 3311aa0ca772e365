/*
 * The signer process itself.  It is forked by the parent (or by a subcommand
 * that needs a key), receives its secrets over `control_fd`, then answers the
 * queues.  It opens no file, no database, no HTTP.
 */
#ifndef AUTENTICO_SIGNER_PROCESS_H
#define AUTENTICO_SIGNER_PROCESS_H

#include "signer/signer.h"
#include "util/ask.h"

#include <stdbool.h>

struct signer_setup {
    const char *issuer;
    const char *env_kid;          /* AUTENTICO_JWK_CERT_KEY_ID */
    int64_t request_deadline_s;
    int answer_fd[CHANNELS_N];    /* -1: this channel does not exist here */
    int control_fd;               /* the parent's hand-over; EOF later = parent gone: end */
    const int *is_overlapping;    /* as in crypto/keyring.h: not 0: seal under the previous key; may be NULL */
    int64_t *busy_since_ms;       /* answerer_busy(), answerer_idle(); may be NULL */
    int (*enter_sandbox)(void);   /* called after the secrets have arrived, before the first question; may be NULL */
};

/* What the parent writes to the control socket after the fork.  Secrets are wiped
 * from every buffer on the way. */
struct signer_secrets { struct bytes encryption, encryption_previous; const char *private_key_pem; };
MUST_CHECK enum rc signer_hand_over(int control_fd, const struct signer_secrets *secrets);

/* Runs until TERM, or the control socket closes.  Returns the exit status. */
int signer_run(const struct signer_setup *setup);

/* One question, already received: pure, for tests and fuzzing.  The answer is
 * always a well-formed frame. */
struct signer_state;
struct signer_state *signer_state_new(const struct signer_setup *setup, const struct signer_secrets *secrets);
void signer_state_free(struct signer_state *st);
struct bytes signer_answer(struct signer_state *st, enum signer_channel channel, struct arena *a, struct bytes question);

/* Import check used at start (RSA >= 2048, PKCS#1 or PKCS#8, nothing else). */
MUST_CHECK enum rc signer_check_pem(struct arena *a, const char *pem, const char **why);

/* A fresh RSA-2048 key in PEM (PKCS#1), for `init`; on `a`, wiped with it. */
MUST_CHECK enum rc signer_make_pem(struct arena *a, char **out);

#endif
