#include "config.h"

#include <errno.h>
#include <limits.h>
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "authn/trail.h"
#include "cli/age.h"
#include "cli/backup_check.h"
#include "cli/backup_source.h"
#include "cli/cli.h"
#include "cli/desk.h"
#include "cli/restore.h"
#include "cli/tar.h"
#include "store/backups.h"
#include "util/clock.h"

struct backup_flags {
    const char *config, *output, *recipient, *keep, *identity;
    bool with_secrets;
};

struct making {
    struct desk *d;
    const char *recipients;         /* "": not encrypted */
    struct bytes conf;              /* n = 0: not in it */
    int64_t keep;                   /* 0: all */
    const char *dir, *name, *path;  /* of the backup */
    struct part plain, encrypted;
    struct progress progress;
    struct backup_facts facts;
    struct backup made;
};

/* --- what is asked for -------------------------------------------------------- */

static enum rc check_keep(struct making *m, const struct backup_flags *f, bool is_dir)
{
    if (f->keep == NULL)
        return RC_OK;
    if (!is_dir)
        return cli_refuse("--keep needs a directory, and %s is none: it tells backups by the names they get there",
                          f->output);
    if (text_int(f->keep, &m->keep) != RC_OK || m->keep < 1 || m->keep > 10000)
        return cli_refuse("--keep needs a number, 1 at least");
    return RC_OK;
}

static const char *ending_of(const struct making *m)
{
    return m->conf.n > 0 ? ".tar.age" : *m->recipients != '\0' ? ".db.age" : ".db";
}

static enum rc find_place(struct making *m, const struct backup_flags *f)
{
    struct arena *a = m->d->arena;
    struct stat st;
    bool is_dir = stat(f->output, &st) == 0 && S_ISDIR(st.st_mode);
    const char *slash = strrchr(f->output, '/');

    TRY(check_keep(m, f, is_dir));
    m->dir = is_dir ? f->output : text_directory(a, f->output);
    m->name = is_dir ? backup_name(a, m->made.taken_at, ending_of(m)) : slash ? slash + 1 : f->output;
    if (text_empty(m->name))
        return cli_refuse("%s: there is no such directory", f->output);
    m->path = is_dir || slash ? arena_printf(a, "%s/%s", text_same(m->dir, "/") ? "" : m->dir, m->name) : m->name;
    if (lstat(m->path, &st) == 0)
        return cli_refuse("%s is there already, and nothing is overwritten", m->path);
    return RC_OK;
}

static enum rc find_recipients(struct making *m, const struct backup_flags *f)
{
    m->recipients = f->recipient != NULL ? f->recipient : text_or(m->d->conf.backup_recipient, "");
    if (f->with_secrets && *m->recipients == '\0')
        return cli_refuse("--with-secrets needs --recipient: with the keys in it, it must not lie about unencrypted");
    if (*m->recipients != '\0')
        TRY(age_check_recipients(m->d->arena, m->recipients));
    return f->with_secrets ? conf_pack(m->d->arena, &m->d->conf, stderr, &m->conf) : RC_OK;
}

static enum rc plan(struct making *m, const struct backup_flags *f)
{
    if (text_empty(f->output))
        return cli_refuse("--output FILE or DIRECTORY says where to; see: autentico backup --help");
    TRY(find_recipients(m, f));
    return find_place(m, f);
}

/* --- copying ------------------------------------------------------------------ */

/* What is to be encrypted stays beside the database until then. */
static enum rc copy(struct making *m)
{
    bool is_plain = *m->recipients == '\0';

    TRY(part_new(m->d->arena, is_plain ? m->dir : m->d->conf.state_dir, is_plain ? m->name : "autentico-backup.db",
                 &m->plain));
    progress_begin(&m->progress, "copying");
    enum rc rc = db_copy(m->d->db, m->plain.path, m->plain.fd, progress_told, &m->progress);
    progress_end(&m->progress);
    if (rc != RC_OK)
        (void)cli_fail("the database could not be copied; the line above says why");
    return rc;
}

/* --- encrypting --------------------------------------------------------------- */

static enum rc put_member(struct making *m, int to_fd, const char *name, int64_t size)
{
    struct tar_member member = { "", size };
    uint8_t block[TAR_BLOCK];

    memcpy(member.name, name, strlen(name));
    tar_header(&member, m->made.taken_at, block);
    return write_whole(to_fd, BYTES(block));
}

static enum rc put_padding(int to_fd, int64_t size)
{
    static const uint8_t zeros[TAR_BLOCK] = { 0 };

    return write_whole(to_fd, (struct bytes){ zeros, tar_padding(size) });
}

static enum rc put_database(struct making *m, int to_fd)
{
    struct bytes_copy c = { m->plain.fd, to_fd, m->encrypted.fd };

    if (lseek(m->plain.fd, 0, SEEK_SET) != 0)
        return fault("backup: %s", strerror(errno));
    return copy_bytes(&c, file_size(m->plain.fd), &m->progress);
}

static enum rc put_archive(struct making *m, int to_fd)
{
    static const uint8_t end[2 * TAR_BLOCK] = { 0 };
    int64_t size = file_size(m->plain.fd);

    TRY(put_member(m, to_fd, BACKUP_CONF, (int64_t)m->conf.n));
    TRY(write_whole(to_fd, m->conf));
    TRY(put_padding(to_fd, (int64_t)m->conf.n));
    TRY(put_member(m, to_fd, BACKUP_DB, size));
    TRY(put_database(m, to_fd));
    TRY(put_padding(to_fd, size));
    return write_whole(to_fd, BYTES(end));
}

static enum rc encrypt(struct making *m)
{
    const char *why = "";
    struct age g;

    TRY(part_new(m->d->arena, m->dir, m->name, &m->encrypted));
    TRY(age_encrypt(m->d->arena, m->recipients, m->encrypted.fd, &g));
    progress_begin(&m->progress, "encrypting");
    enum rc rc = m->conf.n > 0 ? put_archive(m, g.pipe_fd) : put_database(m, g.pipe_fd);
    progress_end(&m->progress);
    if (age_end(&g, m->d->arena, &why) != RC_OK)
        return cli_refuse("%s", why);
    return rc;
}

/* --- giving it its name, and telling ------------------------------------------- */

static enum rc publish(struct making *m, struct part *p)
{
    m->made.bytes_n = file_size(p->fd);
    TRY(checksum_write(m->d->arena, m->path, p->fd));
    enum rc rc = part_publish(p, m->d->arena, m->path);
    if (rc != RC_OK)
        unlink(arena_printf(m->d->arena, "%s.sha256", m->path));
    return rc;
}

/* Whoever signs in goes first; but nobody waits for one that holds the write lock and gets no turn. */
static void step_aside(bool is_aside)
{
    const struct sched_param none = { 0 };

    (void)sched_setscheduler(0, is_aside ? SCHED_IDLE : SCHED_OTHER, &none);
}

static enum rc write_record(struct db *db, void *arg)
{
    struct making *m = arg;

    TRY(backups_note(db, &m->made));
    return trail(&m->d->x, "backup_created", NULL, "backup", m->name, "encrypted",
                 m->made.is_encrypted ? "true" : "false", NULL);
}

static enum rc note(struct making *m, bool is_behind)
{
    char real[PATH_MAX];

    m->made.file = realpath(m->path, real) != NULL ? arena_strdup(m->d->arena, real) : m->path;
    m->made.is_encrypted = *m->recipients != '\0';
    m->made.verified_at = clock_now();
    step_aside(false);
    if (is_behind || db_write(m->d->db, write_record, m) == RC_OK)
        return RC_OK;
    (void)cli_fail("%s is made and good, but that could not be noted in the database", m->path);
    return RC_FAULT;
}

static enum rc prune(struct making *m)
{
    int64_t n = 0;

    if (m->keep == 0)
        return RC_OK;
    TRY(backups_prune(m->d->arena, m->dir, m->name, m->keep, &n));
    if (n > 0)
        printf("%lld older removed\n", (long long)n);
    return RC_OK;
}

static void tell(const struct making *m)
{
    printf("%s\n%.1f MiB, %s%s\n", m->path, (double)m->made.bytes_n / (1 << 20),
           backup_facts_text(m->d->arena, &m->facts), *m->recipients != '\0' ? ", encrypted" : ", not encrypted");
    if (m->conf.n > 0)
        printf("The configuration is in it.  Keep the identity that opens it in another place.\n");
    else
        printf("AUTENTICO_ENCRYPTION_KEY is not in it: keep a copy of the configuration in another place.\n");
}

/* Copied, found good, and only then encrypted and given its name. */
static enum rc make(struct making *m, bool is_behind)
{
    struct part *wanted = *m->recipients != '\0' ? &m->encrypted : &m->plain;

    TRY(copy(m));
    TRY(backup_check(m->d->arena, m->plain.path, "the copy", &m->d->conf, &m->facts));
    if (wanted == &m->encrypted)
        TRY(encrypt(m));
    TRY(publish(m, wanted));
    tell(m);
    TRY(note(m, is_behind));
    return prune(m);
}

static enum rc backup(struct desk *d, const struct backup_flags *f)
{
    struct making m = { .d = d, .plain = { .fd = -1 }, .encrypted = { .fd = -1 } };
    bool is_behind;

    TRY(desk_open_as_is(d, f->config, &is_behind));
    m.made.taken_at = clock_now();
    TRY(plan(&m, f));
    step_aside(true);
    enum rc rc = make(&m, is_behind);
    part_drop(&m.plain);
    part_drop(&m.encrypted);
    return rc;
}

static int run(const struct backup_flags *f)
{
    struct desk d;
    enum rc rc = backup(&d, f);

    desk_close(&d);
    return cli_exit(rc);
}

int cli_backup(int argc, char **argv)
{
    struct backup_flags f = { NULL };
    const struct flag flags[] = {
        { "config", FLAG_TEXT, &f.config },       { "output", FLAG_TEXT, &f.output },
        { "recipient", FLAG_TEXT, &f.recipient }, { "keep", FLAG_TEXT, &f.keep },
        { "identity", FLAG_TEXT, &f.identity },   { "with-secrets", FLAG_SET, &f.with_secrets },
    };
    struct cli_words words;
    enum rc rc = cli_words("backup", argc, argv, flags, ARRAY_LEN(flags), &words);

    if (rc != RC_OK)
        return cli_exit(rc);
    signal(SIGPIPE, SIG_IGN);
    if (words.n == 2 && strcmp(words.v[0], "verify") == 0)
        return cli_exit(backup_verify(f.config, words.v[1], f.identity));
    if (words.n > 0)
        return cli_fail("unexpected \"%s\"; see: autentico backup --help", words.v[0]);
    if (f.identity != NULL)
        return cli_fail("--identity is for verify; to encrypt: --recipient");
    return run(&f);
}
