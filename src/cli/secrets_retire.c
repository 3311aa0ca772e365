#include "config.h"

#include "cli/secrets_retire.h"

#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "cli/cli.h"
#include "cli/desk.h"
#include "crypto/hash.h"
#include "serve/secret_ages.h"
#include "store/outbox.h"
#include "store/settings.h"
#include "util/clock.h"

#define WINDOW_S (12 * 3600) /* spec/settings.md 2b; sign-ins that are half done, forms, codes are over by then */

static enum rc not_read_yet(void)
{
    return cli_refuse("the server has not read the new one yet, or another one since; reload it first (HUP)");
}

/* Under the new key already, and nothing under the one before any more? */
static enum rc look_at_encryption(struct desk *d)
{
    const char *mine = key_fingerprint(d->arena, secret_bytes(&d->conf.secrets->encryption));
    bool is_sealed;

    TRY(installation_is_sealed(d->db, d->arena, mine, &is_sealed));
    if (is_sealed)
        return RC_OK;
    return cli_refuse("the server has not sealed everything anew yet; reload it if that was not done, wait for re_sealed "
                      "in its log");
}

/* A relay may have been away for longer than the window. */
static enum rc look_at_mails(struct desk *d, const struct keyring *keys)
{
    int64_t n;

    TRY(outbox_count_under(d->db, (struct bytes){ keys->previous[KEY_OUTBOX].id, sizeof(keys->previous[KEY_OUTBOX].id) }, &n));
    if (n == 0)
        return RC_OK;
    return cli_refuse("mails that still wait for the mail server (%lld) could not be sent any more then; --now drops them",
                      (long long)n);
}

static enum rc look_at_cookie(struct desk *d, const struct keyring *keys, const struct secret_ages *ages)
{
    int64_t since = ages->v[SECRET_COOKIE];

    if (since == 0)
        return not_read_yet();
    if (d->x.now < since + WINDOW_S)
        return cli_refuse("sign-ins that began before it was replaced may still be under way; not before %s, or --now",
                          clock_rfc3339(d->arena, since + WINDOW_S));
    return keys->has_previous ? look_at_mails(d, keys) : RC_OK;
}

static enum rc look(struct desk *d, const char *word, bool now)
{
    struct secret_ages ages = { 0 };
    struct keyring keys;

    if (strcmp(word, "encryption") == 0)
        return look_at_encryption(d);
    if (now)
        return RC_OK;
    keyring_of(d->conf.secrets, &keys);
    enum rc rc = secret_ages_find(d->db, d->arena, &keys, &ages);
    if (rc == RC_OK && strcmp(word, "cookie") == 0)
        rc = look_at_cookie(d, &keys, &ages);
    else if (rc == RC_OK && ages.v[SECRET_ADMIN_TOKEN] == 0)
        rc = not_read_yet();
    explicit_bzero(&keys, sizeof(keys));
    return rc;
}

static int look_and_say(const char *word, const char *config, bool now)
{
    struct desk d;
    enum rc rc = desk_open(&d, config, false);

    if (rc == RC_OK)
        rc = look(&d, word, now);
    desk_close(&d);
    return rc == RC_OK ? 0 : 1;
}

enum rc secrets_may_retire(const char *word, const char *config, bool now)
{
    int status = 0;
    pid_t pid;

    fflush(NULL);
    pid = fork();
    if (pid == 0)
        _exit(look_and_say(word, config, now));
    if (pid < 0 || waitpid(pid, &status, 0) != pid || !WIFEXITED(status))
        return cli_refuse("the database could not be looked at");
    return WEXITSTATUS(status) == 0 ? RC_OK : RC_REFUSED;
}
