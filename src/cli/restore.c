#include "config.h"

#include "cli/restore.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cli/backup_check.h"
#include "cli/backup_source.h"
#include "cli/cli.h"
#include "serve/identity.h"

struct restoring {
    struct arena *a;
    struct conf conf;            /* of this machine */
    struct conf packed;          /* of the backup, when it has one */
    bool has_packed;
    struct backup_source source;
    struct extracted taken;
    struct backup_facts facts;
    const char *to;              /* NULL: verify only */
};

/* --- reading ------------------------------------------------------------------ */

/* Backup and identity may be root's alone: opened before we become who owns the database. */
static enum rc open_all(struct restoring *r, const char *config, const char *file, const char *identity)
{
    struct conf_source source = { .file = config, .needs_secrets = false };
    struct conf of_target;

    TRY(conf_load(r->a, &source, stderr, &r->conf));
    log_setup(r->conf.log_format, r->conf.log_level);
    TRY(backup_source_open(r->a, file, identity, &r->source));
    of_target = r->conf;
    if (r->to != NULL)
        of_target.db_path = r->to;
    return identity_take(&of_target, stderr);
}

/* The configuration that came with it, if one did, is the one it belongs to. */
static enum rc load_packed(struct restoring *r)
{
    struct conf_source source = { .file = r->taken.conf.path, .needs_secrets = false };

    if (r->taken.conf.fd < 0)
        return RC_OK;
    if (conf_load(r->a, &source, stderr, &r->packed) != RC_OK)
        return cli_refuse("the configuration in %s cannot be used; the lines above say why", r->source.path);
    r->has_packed = true;
    return RC_OK;
}

static enum rc take_and_check(struct restoring *r, const char *dir, const char *name)
{
    TRY(backup_extract(r->a, &r->source, dir, name, &r->taken));
    TRY(load_packed(r));
    return backup_check(r->a, r->taken.db.path, r->source.path, r->has_packed ? &r->packed : &r->conf, &r->facts);
}

static enum rc verify(struct restoring *r)
{
    TRY(take_and_check(r, r->conf.state_dir, "autentico-verify.db"));
    printf("%s\n%s%s\n", r->source.path, backup_facts_text(r->a, &r->facts),
           r->has_packed ? ", the configuration is in it" : "");
    return RC_OK;
}

/* --- restoring ---------------------------------------------------------------- */

static enum rc make_absolute(struct restoring *r, const char *to)
{
    char cwd[PATH_MAX];

    if (text_empty(to))
        return cli_refuse("--to PATH says where the database is to be; see: autentico restore --help");
    if (to[strlen(to) - 1] == '/')
        return cli_refuse("--to PATH is the path of the database file, not a directory");
    if (to[0] != '/' && getcwd(cwd, sizeof(cwd)) == NULL)
        return cli_refuse("%s", strerror(errno));
    r->to = to[0] == '/' ? to : arena_printf(r->a, "%s/%s", cwd, to);
    if (access(text_directory(r->a, r->to), F_OK) != 0)
        return cli_refuse("%s: %s", text_directory(r->a, r->to), strerror(errno));
    return RC_OK;
}

/* A WAL of somebody else's would be taken for that of the database beside it. */
static enum rc check_nothing_there(const struct restoring *r)
{
    static const char *const endings[] = { "", "-wal", "-shm", "-journal", ".env" };
    struct stat st;

    for (size_t i = 0; i < ARRAY_LEN(endings); i++)
        if (lstat(arena_printf(r->a, "%s%s", r->to, endings[i]), &st) == 0)
            return cli_refuse("%s%s is there already, and nothing is overwritten: move it away, or give another path",
                              r->to, endings[i]);
    return RC_OK;
}

/* Its processes would go on with the file that was taken away. */
static enum rc check_nobody_serves(const struct restoring *r)
{
    int fd;

    if (!text_same(r->to, r->conf.db_path))
        return RC_OK;
    fd = open(arena_printf(r->a, "%s/autentico.run", r->conf.state_dir), O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return RC_OK;
    bool is_running = flock(fd, LOCK_EX | LOCK_NB) != 0 && errno == EWOULDBLOCK;
    close(fd);
    return is_running ? cli_refuse("Autentico is running on that database: stop it first") : RC_OK;
}

static void tell(const struct restoring *r)
{
    printf("%s\n%s, from %s\n", r->to, backup_facts_text(r->a, &r->facts), r->source.path);
    if (r->has_packed)
        printf("Its configuration is %s.env: put it where the server looks for it, and see that\n"
               "AUTENTICO_DB_FILE_PATH in it is %s.\n", r->to, r->to);
    else if (!text_same(r->to, r->conf.db_path))
        printf("For the server to use it: AUTENTICO_DB_FILE_PATH=%s\n", r->to);
    if (r->facts.schema.current < r->facts.schema.target)
        printf("Its schema is older than this program; the next start brings it up to date.\n");
    printf("Sessions and tokens are as they were when the backup was made, ended ones alive again.\n");
}

/* Both or none. */
static enum rc put_in_place(struct restoring *r)
{
    const char *conf = arena_printf(r->a, "%s.env", r->to);

    if (r->has_packed)
        TRY(part_publish(&r->taken.conf, r->a, conf));
    enum rc rc = part_publish(&r->taken.db, r->a, r->to);
    if (rc != RC_OK && r->has_packed)
        unlink(conf);
    return rc;
}

static enum rc restore(struct restoring *r)
{
    const char *name = strrchr(r->to, '/') + 1;

    TRY(check_nobody_serves(r));
    TRY(take_and_check(r, text_directory(r->a, r->to), name));
    TRY(put_in_place(r));
    tell(r);
    return RC_OK;
}

/* --- commands ------------------------------------------------------------------ */

static struct restoring begin(const char *what)
{
    return (struct restoring){ .a = arena_start(what), .source = { .fd = -1 },
                               .taken = { { .fd = -1 }, { .fd = -1 } } };
}

static void end(struct restoring *r)
{
    extracted_drop(&r->taken);
    if (r->source.fd >= 0)
        close(r->source.fd);
    secrets_free(r->conf.secrets);
    secrets_free(r->packed.secrets);
    arena_done(r->a);
}

enum rc backup_verify(const char *config, const char *file, const char *identity)
{
    struct restoring r = begin("verify");
    enum rc rc = open_all(&r, config, file, identity);

    if (rc == RC_OK)
        rc = verify(&r);
    end(&r);
    return rc;
}

static enum rc restore_to(struct restoring *r, const char *config, const char *file, const char *identity, const char *to)
{
    TRY(make_absolute(r, to));
    TRY(check_nothing_there(r));
    TRY(open_all(r, config, file, identity));
    return restore(r);
}

int cli_restore(int argc, char **argv)
{
    const char *config = NULL, *identity = NULL, *to = NULL;
    const struct flag flags[] = {
        { "config", FLAG_TEXT, &config }, { "identity", FLAG_TEXT, &identity }, { "to", FLAG_TEXT, &to },
    };
    struct cli_words words;
    enum rc rc = cli_words("restore", argc, argv, flags, ARRAY_LEN(flags), &words);

    if (rc != RC_OK)
        return cli_exit(rc);
    if (words.n != 1)
        return cli_fail("restore needs one FILE; see: autentico restore --help");
    signal(SIGPIPE, SIG_IGN);
    struct restoring r = begin("restore");
    rc = restore_to(&r, config, words.v[0], identity, to);
    end(&r);
    return cli_exit(rc);
}
