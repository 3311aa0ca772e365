/* The configuration file (conf/): taken, or refused with a line for the operator; a secret
 * is not repeated. */
#include "config.h"

#include "fuzz.h"

#include <sys/mman.h>
#include <sys/stat.h>

#include "conf/conf.h"

static int file = -1;
static const char *path;

static void prepare(void)
{
    static char name[32];

    if (file >= 0)
        return;
    file = memfd_create("conf", MFD_CLOEXEC);
    MUST(file >= 0 && fchmod(file, 0600) == 0);
    snprintf(name, sizeof(name), "/proc/self/fd/%d", file);
    path = name;
}

static void check(const struct conf *c)
{
    MUST(c->url != NULL && c->issuer != NULL && c->host != NULL && c->origin != NULL);
    MUST(c->is_https || c->is_loopback || c->allow_http);
    MUST(c->db_path[0] == '/' && c->state_dir[0] == '/' && c->socket[0] == '/');
    MUST(c->workers >= 1 && c->workers <= 64 && c->signers >= 1 && c->hashers >= 1);
    MUST(c->rate_rps >= 0 && c->rate_rpm >= 0 && c->rate_burst >= 1);
    MUST(c->request_deadline_s >= 1 && c->drain_deadline_s >= 1);
    MUST(c->tcp_address == NULL || c->secrets->front.n >= 32);
    MUST(c->secrets->cookie.n == 0 || c->secrets->cookie.n >= 32);
    MUST(c->secrets->encryption.n == 0 || c->secrets->encryption.n == 32);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct conf_source source = { 0 };
    char *said = NULL;
    size_t said_n;
    struct conf c;

    begin();
    prepare();
    source.file = path;
    MUST(ftruncate(file, 0) == 0 && pwrite(file, data, size, 0) == (ssize_t)size);
    FILE *err = open_memstream(&said, &said_n);
    enum rc rc = conf_load(A, &source, err, &c);
    fclose(err);
    if (rc == RC_OK) {
        check(&c);
        secrets_free(c.secrets);
    } else {
        MUST(rc == RC_REFUSED && said_n > 0);
    }
    free(said);
    return end();
}
