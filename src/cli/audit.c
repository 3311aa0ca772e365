#include "config.h"

#include <errno.h>
#include <string.h>

#include "cli/act.h"
#include "cli/cli.h"
#include "cli/own_signer.h"
#include "cli/progress.h"
#include "store/audit_chain.h"
#include "util/clock.h"

#define PAGE 500

struct audit_flags { const char *config, *expect, *after; };

/* --- verify ----------------------------------------------------------------------- */

static enum rc read_expected(struct arena *a, const char *text, struct audit_place *out)
{
    const char *colon = text != NULL ? strchr(text, ':') : NULL;

    if (text == NULL)
        return RC_OK;
    if (colon != NULL && text_int(arena_strndup(a, text, (size_t)(colon - text)), &out->seq) == RC_OK &&
        hex_decode(a, colon + 1, &out->hash) == RC_OK && out->hash.n == SHA256_BYTES)
        return RC_OK;
    return cli_refuse("--expect needs the place and the hash of a row, as SEQ:HASH");
}

/* The public keys in the database are believed when the signer has their private halves; one that
 * was revoked may be in other hands. */
static enum rc sort_keys(struct desk *d, struct own_signer *signer, struct audit_trust *trust)
{
    struct signing_key_rows rows;
    struct jwk *ours, *old, found;

    TRY(signing_keys_all(d->db, d->arena, &rows));
    ours = arena_array(d->arena, struct jwk, rows.n + 1);
    old = arena_array(d->arena, struct jwk, rows.n + 1);
    for (size_t i = 0; i < rows.n; i++) {
        bool is_ours = own_signer_has(signer, d->arena, &d->conf, &rows.v[i], &found) && rows.v[i].revoked_at == 0;

        if (is_ours)
            ours[trust->keys_n++] = found;
        else if (found.key != NULL)
            old[trust->old_n++] = found;
    }
    trust->keys = ours;
    trust->old = old;
    return RC_OK;
}

static enum rc find_keys(struct desk *d, struct audit_trust *trust)
{
    struct own_signer signer;

    TRY(own_signer_start(&d->conf, &signer));
    enum rc rc = sort_keys(d, &signer, trust);
    own_signer_stop(&signer);
    return rc;
}

static void tell_old(const struct audit_verdict *v)
{
    if (v->unchained_n > 0)
        printf("%lld rows are from before the trail was a chain: nothing vouches for them\n", (long long)v->unchained_n);
    if (v->old_n > 0)
        printf("%lld checkpoints were signed by keys that are not at hand any more, or revoked\n", (long long)v->old_n);
    if (v->is_anchor_old)
        printf("the anchor, where the trail begins, was signed by a key that is not at hand any more, or revoked\n");
}

static void tell(struct desk *d, const struct audit_verdict *v)
{
    printf("The audit trail is as it was written: %lld rows, %lld checkpoints\n", (long long)v->rows_n,
           (long long)v->checkpoints_n);
    if (v->last.number > 0)
        printf("signed up to row %lld at %s\n", (long long)v->last.place.seq, clock_rfc3339(d->arena, v->last.made_at));
    else
        printf("nothing of it is signed yet\n");
    tell_old(v);
    printf("end %lld:%s\n", (long long)v->end.seq, hex_encode(d->arena, v->end.hash));
}

static enum rc verify(struct desk *d, const struct audit_flags *f)
{
    struct progress progress;
    struct audit_trust trust = { .told = progress_told, .told_arg = &progress };
    struct audit_verdict v;

    TRY(read_expected(d->arena, f->expect, &trust.expect));
    TRY(find_keys(d, &trust));
    progress_begin(&progress, "verifying");
    enum rc rc = audit_verify(d->db, d->arena, &trust, &v);
    progress_end(&progress);
    if (rc == RC_REFUSED)
        return cli_refuse("the audit trail is not as it was written: %s", v.finding);
    TRY(rc);
    tell(d, &v);
    return RC_OK;
}

/* --- export ------------------------------------------------------------------------ */

static enum rc read_after(const char *text, int64_t *out)
{
    *out = INT64_MIN;
    if (text == NULL || text_int(text, out) == RC_OK)
        return RC_OK;
    return cli_refuse("--after needs the place of a row, a number");
}

static enum rc print_links(const struct audit_links *links, struct arena *a)
{
    for (size_t i = 0; i < links->n; i++)
        printf("%s\n", json_text(a, audit_link_json(a, &links->v[i])));
    return fflush(stdout) == 0 ? RC_OK : cli_refuse("%s", strerror(errno));
}

static enum rc export(struct desk *d, const struct audit_flags *f)
{
    struct arena *page = arena_start("audit export");
    struct audit_links links = { .n = 1 };
    int64_t after;
    enum rc rc = read_after(f->after, &after);

    while (rc == RC_OK && links.n > 0) {
        arena_reset(page);
        rc = audit_links(d->db, page, after, PAGE, &links);
        if (rc == RC_OK && links.n > 0) {
            after = links.v[links.n - 1].place.seq;
            rc = print_links(&links, page);
        }
    }
    arena_done(page);
    return rc;
}

/* --- the command --------------------------------------------------------------------- */

static enum rc run(struct desk *d, const char *verb, const struct audit_flags *f)
{
    TRY(desk_open(d, f->config, false));
    return strcmp(verb, "verify") == 0 ? verify(d, f) : export(d, f);
}

static int check_and_run(const char *verb, const char *const *words, size_t words_n, void *arg)
{
    const struct audit_flags *f = arg;
    struct desk d;

    if (strcmp(verb, "verify") != 0 && strcmp(verb, "export") != 0)
        return cli_fail("unknown: audit %s; see: autentico audit --help", verb);
    if (words_n > 0)
        return cli_fail("unexpected \"%s\"; see: autentico audit --help", words[0]);
    enum rc rc = run(&d, verb, f);
    desk_close(&d);
    return cli_exit(rc);
}

int cli_audit(int argc, char **argv)
{
    struct audit_flags f = { NULL };
    const struct flag flags[] = {
        { "config", FLAG_TEXT, &f.config }, { "expect", FLAG_TEXT, &f.expect }, { "after", FLAG_TEXT, &f.after },
    };

    return cli_verb("audit", argc, argv, flags, ARRAY_LEN(flags), check_and_run, &f);
}
