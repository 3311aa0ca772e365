/*
 * `autentico doctor`: the hardening guide (design 4) and the usual faults of a deployment,
 * looked at.  One table of checks (doctor_table.c), one file per subject.
 *
 * A check says what it found by doctor_ok(), _skip(), _warn() and _fail(), once or for each
 * of several subjects; who says nothing has found nothing wrong.  What is to be typed to
 * mend it stands beside every warning and failure.  Nothing is changed by looking, but that
 * the report is kept in the database.
 */
#ifndef AUTENTICO_CLI_DOCTOR_H
#define AUTENTICO_CLI_DOCTOR_H

#include <stdio.h>
#include <sys/stat.h>

#include "conf/conf.h"
#include "serve/pool.h"
#include "store/db.h"
#include "store/settings_table.h"
#include "util/json.h"

enum verdict { VERDICT_OK, VERDICT_SKIP, VERDICT_WAIVED, VERDICT_WARN, VERDICT_FAIL, VERDICTS_N };

struct finding {
    const struct check *check;
    enum verdict verdict;
    const char *subject;  /* which one of several: a client_id, a file; "" */
    const char *text;     /* what there is, or why it was not looked at */
    const char *mend;     /* to be typed; NULL: the text says it all */
    const char *waiver;   /* VERDICT_WAIVED: "until 2027-01-01: why" */
};

/* Processes of the pool that runs here, if one does. */
struct pool_seen {
    int parent;             /* 0: none */
    struct { int pid; const char *kind; } v[128];
    size_t n;
    const char *unit;       /* of systemd, "autentico.service"; NULL: none */
    int patience_n;         /* looks at what is not in order, but may be in a moment */
};

/* What web browsers would meet (doctor_outside.c). */
struct outside;

struct doctor {
    struct arena *arena;
    const char *config;     /* --config */
    int64_t now;
    const struct check *check; /* the one at work */
    struct finding *found;
    size_t found_n, found_cap;

    struct conf conf;
    const char *no_conf;    /* why there is none; NULL: there is */
    const char *said;       /* what reading it said */
    struct identity id;
    const char *no_id;
    struct pool_seen pool;
    struct outside *outside;
    struct { const char *path, *wrong, *text; } waivers; /* wrong: nothing in it counts; text NULL: there are none */

    struct write_lock *lock;
    struct db *db;
    const char *no_db;      /* why it was not opened */
    bool is_shut;           /* it is there, and does not open */
    const char *no_rows;    /* why what is in it cannot be looked at */
    bool was_wal;           /* before it was opened, which makes it so */
    struct settings settings;
};

/* What must be there for a check to begin; in the order in which they run. */
enum needs {
    NEEDS_NOTHING,
    NEEDS_CONF,
    NEEDS_POOL,     /* a server that runs */
    /* --- as whoever called us up to here, as the uid of the pool from here on --- */
    NEEDS_UID,
    NEEDS_OUTSIDE,  /* an https address */
    NEEDS_DB,
    NEEDS_ROWS,     /* a schema that is ours */
};

struct check {
    const char *id, *title;
    enum needs needs;
    void (*look)(struct doctor *d);
};
extern const struct check doctor_checks[];
extern const size_t doctor_checks_n;
const struct check *doctor_check_of(const char *id);

/* --- for checks */
void doctor_ok(struct doctor *d, const char *fmt, ...) PRINTF_LIKE(2, 3);
void doctor_skip(struct doctor *d, const char *fmt, ...) PRINTF_LIKE(2, 3);
/* subject "": the only one.  mend NULL: none to type. */
void doctor_warn(struct doctor *d, const char *subject, const char *mend, const char *fmt, ...) PRINTF_LIKE(4, 5);
void doctor_fail(struct doctor *d, const char *subject, const char *mend, const char *fmt, ...) PRINTF_LIKE(4, 5);
bool doctor_is_clean(const struct doctor *d); /* the check at work has found nothing to mend so far */

/* --- what can be typed */
const char *mend_printf(struct doctor *d, const char *fmt, ...) PRINTF_LIKE(2, 3);
const char *mend_quote(struct arena *a, const char *word); /* for a shell, as it is where that is safe */
/* "autentico WORDS", with --config where we had it. */
const char *mend_command(struct doctor *d, const char *fmt, ...) PRINTF_LIKE(2, 3);
const char *mend_setting(struct doctor *d, const char *key, const char *value);
/* A variable of the configuration gets this value (NULL: its line goes, and the default holds),
 * and the server hears of it. */
const char *mend_variable(struct doctor *d, const char *name, const char *value);
/* The same for a command that writes the configuration. */
const char *mend_reloaded(struct doctor *d, const char *command);
/* As mend_variable(), for what counts from a start only. */
const char *mend_variable_restart(struct doctor *d, const char *name, const char *value);
const char *mend_restart(struct doctor *d); /* of the server that runs */
const char *mend_root(struct doctor *d);    /* an owner for the database who is not root */
const char *doctor_user(struct doctor *d, uid_t uid); /* by name where there is one: that is what people type */
const char *doctor_days(struct arena *a, int64_t seconds); /* "3 days" */

/* --- the subjects; each function is a check and its row in the table says which */
#define DOCTOR_CHECKS(X)                                                                          \
    X(configuration) X(waivers) X(config_file) X(database_file) X(database_directory)             \
    X(state_directory) X(network_filesystem) X(document_root) X(free_space) X(program_files)      \
    X(app_url) X(cookie_secret) X(encryption_key) X(admin_token) X(previous_secrets)              \
    X(trusted_proxies) X(rate_limits) X(fastcgi_tcp) X(durability) X(password_command)            \
    X(admin_networks) X(clock) X(uid) X(capabilities) X(sandbox) X(processes) X(program_version)  \
    X(sockets) X(public_address) X(certificate) X(tls_versions) X(hsts) X(security_headers)       \
    X(plain_http) X(proxy_seen) X(cors_seen) X(served_files) X(clock_seen) X(integrity) X(schema) \
    X(journal) X(wal_size) X(backup) X(signing_keys) X(secret_age) X(mfa) X(password_length)      \
    X(lockout) X(cors) X(audit_log) X(redirect_wildcards) X(administrators) X(second_factors)     \
    X(consoles) X(redirect_uris) X(client_secrets) X(clients_unused) X(grants_unused)             \
    X(password_grant)
#define X(name) void doctor_##name(struct doctor *d);
DOCTOR_CHECKS(X)
#undef X

/* --- the parts of a run */
/* The configuration, as it is read at a start; sets conf or no_conf. */
void doctor_read_conf(struct doctor *d);
void doctor_find_pool(struct doctor *d);
/* Become the uid of the pool and open its database beside it; sets db, no_db, no_rows. */
void doctor_open_db(struct doctor *d, bool is_wanted);
/* doctor_waivers.c: every finding that a line of the file names is waived. */
void doctor_read_waivers(struct doctor *d);
void doctor_waive(struct doctor *d);
/* doctor_report.c */
struct json *doctor_json(struct doctor *d);
void doctor_print(struct doctor *d, bool is_quiet);
enum verdict doctor_worst(const struct doctor *d);
const char *verdict_word(enum verdict v);

#endif
