#include "config.h"

#include "cli/backup_check.h"

#include "cli/cli.h"
#include "cli/own_signer.h"
#include "cli/progress.h"
#include "store/settings.h"

#define SCHEMA_RESEALS 9 /* 0009_rotation */

struct checking {
    struct arena *a;
    const char *name;
    const struct conf *conf;
    struct own_signer signer;
    struct db *db;
    struct backup_facts facts;
};

static enum rc no(const struct checking *c, const char *why)
{
    return cli_refuse("%s %s", c->name, why);
}

static enum rc check_schema(struct checking *c)
{
    const char *why = "cannot be read";
    enum rc rc = migrate_state(c->db, c->a, &c->facts.schema, &why);

    if (rc != RC_OK)
        return no(c, arena_printf(c->a, "is no backup that this program can use: %s", why));
    return c->facts.schema.current > 0 ? RC_OK : no(c, "is an empty database");
}

/* Made while the server was sealing everything anew it needs both keys. */
static enum rc check_half_sealed(struct checking *c, const char *mine, const char *previous)
{
    const char *from = NULL;

    if (c->facts.schema.current < SCHEMA_RESEALS)
        return RC_OK;
    if (installation_reseal_from(c->db, c->a, &from) != RC_OK)
        return no(c, "is damaged: it does not say which key it was sealed with");
    if (from == NULL || text_same(from, mine) || text_same(from, previous))
        return RC_OK;
    return no(c, arena_printf(c->a, "was made while it went over to another AUTENTICO_ENCRYPTION_KEY: put the one before "
                              "(%s) into the configuration as AUTENTICO_ENCRYPTION_KEY_PREVIOUS", from));
}

/* First of all: with another key nothing else matters. */
static enum rc check_fingerprint(struct checking *c)
{
    struct installation found;
    char *mine, *previous;

    TRY(signer_fingerprints(&c->signer.cli, c->a, &mine, &previous));
    if (installation_get(c->db, c->a, &found) != RC_OK)
        return no(c, "is damaged: it does not say which key it was sealed with");
    if (found.encryption_fingerprint == NULL || text_same(found.encryption_fingerprint, mine) ||
        text_same(found.encryption_fingerprint, previous))
        return check_half_sealed(c, mine, previous);
    return no(c, arena_printf(c->a, "was sealed with another AUTENTICO_ENCRYPTION_KEY (%s; that of the configuration "
                              "is %s): put the key of that time into the configuration",
                              found.encryption_fingerprint, mine));
}

static enum rc check_whole(struct checking *c)
{
    struct progress p;
    const char *why;

    progress_begin(&p, "checking");
    enum rc rc = db_check_whole(c->db, c->a, &why);
    progress_end(&p);
    return rc == RC_REFUSED ? no(c, arena_printf(c->a, "is damaged: %s", why)) : rc;
}

static enum rc check_key(struct checking *c, const struct signing_key_row *row)
{
    struct jwk jwk;

    if (own_signer_has(&c->signer, c->a, c->conf, row, &jwk))
        return RC_OK;
    return no(c, arena_printf(c->a, "cannot be used: its signing key %s does not sign with this configuration%s", row->kid,
                              row->private_sealed.n == 0 ? " (it is AUTENTICO_PRIVATE_KEY of that time)" : ""));
}

static enum rc check_keys(struct checking *c)
{
    struct signing_key_rows rows;

    if (signing_keys_active(c->db, c->a, &rows) != RC_OK)
        return no(c, "is damaged: its signing keys cannot be read");
    for (size_t i = 0; i < rows.n; i++) {
        TRY(check_key(c, &rows.v[i]));
        c->facts.keys_n++;
    }
    return RC_OK;
}

static enum rc check_open(struct checking *c)
{
    TRY(check_schema(c));
    TRY(check_fingerprint(c));
    TRY(check_whole(c));
    return check_keys(c);
}

enum rc backup_check(struct arena *a, const char *path, const char *name, const struct conf *conf, struct backup_facts *out)
{
    struct checking c = { .a = a, .name = name, .conf = conf };
    struct db_open how = { .path = path, .wrote_fd = -1, .is_still = true };

    TRY(own_signer_start(conf, &c.signer));
    enum rc rc = db_open(&how, &c.db) == RC_OK ? check_open(&c) : no(&c, "is no database, or a damaged one");
    if (c.db != NULL)
        db_close(c.db);
    own_signer_stop(&c.signer);
    if (rc == RC_OK)
        *out = c.facts;
    return rc;
}

char *backup_facts_text(struct arena *a, const struct backup_facts *f)
{
    return arena_printf(a, "whole, schema %lld, %lld key%s sign%s", (long long)f->schema.current, (long long)f->keys_n,
                        f->keys_n == 1 ? "" : "s", f->keys_n == 1 ? "s" : "");
}
