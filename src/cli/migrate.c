#include "config.h"

#include <string.h>

#include "cli/cli.h"
#include "conf/conf.h"
#include "serve/identity.h"
#include "store/migrate.h"

struct migrating {
    struct arena *arena;
    struct conf conf;
    struct write_lock *lock;
    struct db *db;
};

static enum rc open_all(struct migrating *m, const char *config)
{
    struct conf_source source = { .file = config, .needs_secrets = false };
    struct db_open how = { .create = true, .wrote_fd = -1 };

    TRY(conf_load(m->arena, &source, stderr, &m->conf));
    TRY(identity_take(&m->conf, stderr));
    TRY(write_lock_open(arena_printf(m->arena, "%s/autentico.lock", m->conf.state_dir), &m->lock));
    how.path = m->conf.db_path;
    how.lock = m->lock;
    return db_open(&how, &m->db);
}

/* The person types the target version; anything else leaves all as it is. */
static bool is_confirmed(const struct schema_state *state)
{
    char line[64] = "";
    int64_t typed;

    printf("Current schema version: %lld\nTarget schema version:  %lld\n"
           "Make a copy of the database first (autentico backup): migrations go one way only.\n"
           "Type the target version to go on: ",
           (long long)state->current, (long long)state->target);
    fflush(stdout);
    if (fgets(line, sizeof(line), stdin) == NULL)
        return false;
    line[strcspn(line, "\n")] = '\0';
    return text_int(line, &typed) == RC_OK && typed == state->target;
}

static enum rc migrate(struct migrating *m)
{
    struct schema_state state;
    const char *why = "the migration failed; the log says why";
    enum rc rc = migrate_state(m->db, m->arena, &state, &why);

    if (rc == RC_OK && state.current == state.target) {
        printf("The database is up to date (version %lld)\n", (long long)state.current);
        return RC_OK;
    }
    if (rc == RC_OK && !is_confirmed(&state)) {
        printf("Cancelled; nothing was changed\n");
        return RC_OK;
    }
    if (rc == RC_OK)
        rc = migrate_apply(m->db, m->arena, &why);
    if (rc == RC_OK)
        printf("Migrated to version %lld\n", (long long)state.target);
    else
        (void)cli_fail("%s", why);
    return rc;
}

int cli_migrate(int argc, char **argv)
{
    const char *config = NULL;
    const struct flag flags[] = { { "config", FLAG_TEXT, &config } };
    struct migrating m = { NULL };
    enum rc rc = cli_flags_only("migrate", argc, argv, flags, ARRAY_LEN(flags));

    if (rc != RC_OK)
        return cli_exit(rc);
    m.arena = arena_start("migrate");
    rc = open_all(&m, config);
    if (rc == RC_OK)
        rc = migrate(&m);
    if (m.db != NULL)
        db_close(m.db);
    if (m.lock != NULL)
        write_lock_close(m.lock);
    arena_done(m.arena);
    return cli_exit(rc);
}
