#include "config.h"

#include "cli/desk.h"

#include <string.h>
#include <unistd.h>

#include "cli/cli.h"
#include "hasher/hasher.h"
#include "http/request.h"
#include "http/response.h"
#include "serve/identity.h"
#include "serve/prepare.h"
#include "store/migrate.h"
#include "store/users.h"
#include "util/clock.h"

static enum rc open_database(struct desk *d)
{
    struct db_open how = { .path = d->conf.db_path, .wrote_fd = -1 };

    if (access(d->conf.db_path, F_OK) != 0) {
        return cli_refuse("there is no database at %s yet; autentico onboard makes one, and so does autentico start",
                       d->conf.db_path);
    }
    TRY(write_lock_open(arena_printf(d->arena, "%s/autentico.lock", d->conf.state_dir), &d->lock));
    how.lock = d->lock;
    return db_open(&how, &d->db);
}

static enum rc check_schema(struct desk *d, bool *is_behind)
{
    struct schema_state state;
    const char *why = NULL;
    enum rc rc = migrate_state(d->db, d->arena, &state, &why);

    if (rc == RC_REFUSED) {
        (void)cli_fail("%s", why);
        return rc;
    }
    TRY(rc);
    *is_behind = state.current != state.target;
    return RC_OK;
}

static enum rc check_is_current(struct desk *d)
{
    bool is_behind;

    TRY(check_schema(d, &is_behind));
    if (!is_behind)
        return RC_OK;
    return cli_refuse("the database schema is behind; run: autentico migrate");
}

static enum rc prepare_database(struct desk *d)
{
    struct prepared prepared = { .why = "" };
    struct prepare_setup setup = {
        .conf = &d->conf,
        .may_migrate = true,
        .lock_path = arena_printf(d->arena, "%s/autentico.lock", d->conf.state_dir),
        .limits_dir = arena_printf(d->arena, "%s/limits", d->conf.state_dir),
    };
    enum rc rc = prepare(&setup, &prepared);

    if (rc != RC_OK)
        (void)cli_fail("%s", prepared.why);
    return rc;
}

/* Hashes in this process: a subcommand needs one, once. */
static void fill_exchange(struct desk *d)
{
    struct request *rq = arena_new(d->arena, struct request);

    rq->id = rq->method_text = rq->path = rq->raw_path = rq->query_text = rq->content_type = rq->address =
        rq->limit_key = rq->host = rq->authorization = rq->user_agent = rq->origin = rq->referer =
            rq->sec_fetch_site = rq->csrf_header = rq->accept = rq->if_none_match = "";
    rq->method = M_POST;
    d->x.arena = d->arena;
    d->x.db = d->db;
    d->x.conf = &d->conf;
    d->x.keys = &d->keys;
    d->x.settings = &d->settings;
    d->x.rq = rq;
    d->x.rs = arena_new(d->arena, struct response);
    d->x.hasher = arena_new(d->arena, struct hasher);
    d->x.hasher->ask_fd = -1; /* hasher.h: works in this process */
    d->checker = (struct checker){ .argv = d->conf.password_argv, .ask_fd = -1 }; /* the same */
    d->x.checker = &d->checker;
    response_init(d->x.rs, d->arena);
    d->x.user = arena_new(d->arena, struct user); /* the actor of audit rows: no account, a name */
    d->x.user->username = "cli";
    d->x.now = clock_now();
}

static enum rc sit_down(struct desk *d, const char *config_file)
{
    struct conf_source source = { .file = config_file, .needs_secrets = false };

    memset(d, 0, sizeof(*d));
    d->arena = arena_start("command");
    TRY(conf_load(d->arena, &source, stderr, &d->conf));
    log_setup(d->conf.log_format, d->conf.log_level);
    return identity_take(&d->conf, stderr);
}

static enum rc get_going(struct desk *d)
{
    TRY(settings_load(d->db, d->arena, &d->settings));
    fill_exchange(d);
    return RC_OK;
}

enum rc desk_open(struct desk *d, const char *config_file, bool may_migrate)
{
    TRY(sit_down(d, config_file));
    if (may_migrate)
        TRY(prepare_database(d));
    TRY(open_database(d));
    if (!may_migrate)
        TRY(check_is_current(d));
    return get_going(d);
}

enum rc desk_open_as_is(struct desk *d, const char *config_file, bool *is_behind)
{
    TRY(sit_down(d, config_file));
    TRY(open_database(d));
    TRY(check_schema(d, is_behind));
    return get_going(d);
}

void desk_close(struct desk *d)
{
    if (d->db != NULL)
        db_close(d->db);
    if (d->lock != NULL)
        write_lock_close(d->lock);
    if (d->conf.secrets != NULL)
        secrets_wipe(d->conf.secrets);
    arena_done(d->arena);
}

void desk_say_refusal(const struct desk *d)
{
    (void)cli_fail("%s", refusal_text(&d->x.no));
}
