/*
 * A subcommand at its desk: the configuration, the pool's uid, the database beside
 * a running server, and an exchange for the functions that make accounts.
 */
#ifndef AUTENTICO_CLI_DESK_H
#define AUTENTICO_CLI_DESK_H

#include "conf/conf.h"
#include "hasher/checker.h"
#include "http/exchange.h"
#include "store/db.h"
#include "store/settings_table.h"

struct desk {
    struct arena *arena;
    struct conf conf;
    struct write_lock *lock;
    struct db *db;
    struct settings settings;
    struct keyring keys;
    struct checker checker;
    struct exchange x;        /* no request behind it: address "", actor "cli" */
};

/*
 * may_migrate: bring the schema up to date and write defaults (onboard); else a
 * database that is behind is refused with what to type.
 * Everything that goes wrong was said on standard error.
 */
MUST_CHECK enum rc desk_open(struct desk *d, const char *config_file, bool may_migrate);
/* The same beside a schema that is behind, for what must work before it is brought up to date. */
MUST_CHECK enum rc desk_open_as_is(struct desk *d, const char *config_file, bool *is_behind);
void desk_close(struct desk *d);
void desk_say_refusal(const struct desk *d); /* x.no on standard error */

#endif
