/* The database as a file: opened beside a running server, whole, emptied, backed up. */
#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli/doctor.h"
#include "serve/identity.h"
#include "serve/sandbox.h"
#include "store/backups.h"
#include "store/migrate.h"

#define WAL_MAX_BYTES (64LL << 20)
#define BACKUP_MAX_S (2 * 86400LL)
#define HEADER_BYTES 20
#define WAL_FORMAT 2       /* of the two bytes behind the page size */

/* --- opening ---------------------------------------------------------------------- */

/* By hand, and before SQLite has it open: POSIX locks. */
static bool is_wal(const char *path)
{
    uint8_t head[HEADER_BYTES] = { 0 };
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    ssize_t n = fd >= 0 ? read(fd, head, sizeof(head)) : -1;

    if (fd >= 0)
        close(fd);
    return n < HEADER_BYTES || head[18] == WAL_FORMAT; /* an empty one is none yet */
}

static const char *why_not(struct doctor *d)
{
    if (d->no_id != NULL)
        return "whom the server would run as is not settled";
    if (identity_is_network_fs(text_directory(d->arena, d->conf.db_path)))
        return "it is on a network file system";
    if (access(d->conf.db_path, F_OK) != 0)
        return errno == ENOENT ? "there is no database yet: autentico onboard makes one, and so does autentico start"
                               : "it cannot be reached";
    return NULL;
}

static enum rc open_it(struct doctor *d)
{
    struct db_open how = { .path = d->conf.db_path, .wrote_fd = -1 };

    TRY(write_lock_open(arena_printf(d->arena, "%s/autentico.lock", d->conf.state_dir), &d->lock));
    how.lock = d->lock;
    return db_open(&how, &d->db);
}

static void look_at_schema(struct doctor *d)
{
    struct schema_state state;
    const char *why = "it cannot be read";
    enum rc rc = migrate_state(d->db, d->arena, &state, &why);

    if (rc != RC_OK)
        d->no_rows = why;
    else if (state.current != state.target)
        d->no_rows = "its schema is behind";
    else if (settings_load(d->db, d->arena, &d->settings) != RC_OK)
        d->no_rows = "its settings cannot be read";
}

void doctor_open_db(struct doctor *d, bool is_wanted)
{
    if (d->no_conf != NULL)
        return;
    if (d->no_id == NULL && d->id.was_root)
        sandbox_become(d->id.uid, d->id.gid);
    if (!is_wanted)
        return;
    d->no_db = why_not(d);
    if (d->no_db != NULL)
        return;
    d->was_wal = is_wal(d->conf.db_path);
    if (open_it(d) != RC_OK) {
        d->no_db = "the database cannot be opened";
        d->is_shut = true;
        return;
    }
    look_at_schema(d);
}

/* --- the file --------------------------------------------------------------------- */

void doctor_journal(struct doctor *d)
{
    if (!d->was_wal)
        doctor_warn(d, "", mend_command(d, "doctor --only journal"), "somebody had turned WAL off; to open it has turned "
                    "it on again");
}

/* Somebody with the log open who is none of ours: an sqlite3 shell that was left. */
void doctor_wal_size(struct doctor *d)
{
    struct stat st;
    const char *path = arena_printf(d->arena, "%s-wal", d->conf.db_path);

    if (stat(path, &st) != 0)
        doctor_ok(d, "there is none");
    else if (st.st_size > WAL_MAX_BYTES)
        doctor_warn(d, "", mend_printf(d, "fuser -k %s", mend_quote(d->arena, path)), "%s has %lld MiB: somebody reads "
                    "without an end and keeps it from being emptied (fuser -v names him; what to type ends him, and a "
                    "server starts its processes again)", path, (long long)(st.st_size >> 20));
    else
        doctor_ok(d, "%lld KiB", (long long)(st.st_size >> 10));
}

void doctor_integrity(struct doctor *d)
{
    const char *why = "it cannot be opened; the line above says why";
    enum rc rc = RC_REFUSED;

    if (d->no_db != NULL && !d->is_shut) {
        doctor_skip(d, "%s", d->no_db);
        return;
    }
    if (!d->is_shut)
        rc = db_check_quick(d->db, d->arena, &why);
    if (rc == RC_REFUSED)
        doctor_fail(d, "", NULL, "%s.  Stop the server, keep the file, and restore the last backup: "
                    "autentico restore FILE --to PATH", why);
    else if (rc != RC_OK)
        doctor_fail(d, "", NULL, "it could not be looked at; the line above says why");
}

void doctor_schema(struct doctor *d)
{
    struct schema_state state;
    const char *why = "it cannot be read";
    enum rc rc = migrate_state(d->db, d->arena, &state, &why);

    if (rc != RC_OK)
        doctor_fail(d, "", NULL, "%s", why);
    else if (state.current != state.target)
        doctor_fail(d, "", mend_printf(d, "echo %lld | %s", (long long)state.target, mend_command(d, "migrate")),
                    "the schema is at %lld, and this program needs %lld", (long long)state.current,
                    (long long)state.target);
    else
        doctor_ok(d, "version %lld", (long long)state.current);
}

/* --- backups ---------------------------------------------------------------------- */

static const char *mend_backup(struct doctor *d)
{
    return mend_printf(d, "install -d -m 0700%s /var/backups/autentico && %s",
                       d->id.was_root ? arena_printf(d->arena, " -o %s", doctor_user(d, d->id.uid)) : "",
                       mend_command(d, "backup --output /var/backups/autentico --keep 14"));
}

void doctor_backup(struct doctor *d)
{
    struct backup last;
    enum rc rc = backups_last(d->db, d->arena, &last);

    if (rc == RC_NONE)
        doctor_warn(d, "", mend_backup(d), "there is none; contrib/cron and contrib/systemd make one every night");
    else if (rc != RC_OK)
        doctor_skip(d, "the database does not tell");
    else if (d->now - last.taken_at > BACKUP_MAX_S)
        doctor_warn(d, "", mend_backup(d), "the last one that was found good, %s, is %s old", last.file,
                    doctor_days(d->arena, d->now - last.taken_at));
    else
        doctor_ok(d, "%s, %s, %s", last.file, doctor_days(d->arena, d->now - last.taken_at),
                  last.is_encrypted ? "encrypted" : "not encrypted");
}
