#include "config.h"

#include "serve/identity.h"

#include <errno.h>
#include <grp.h>
#include <linux/magic.h>
#include <pwd.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "serve/sandbox.h"

/* Where nothing else runs: no account of Debian's, of systemd's dynamic ranges or
 * of people lives here.  An account `autentico-signer` is preferred. */
#define SIGNER_UID 64990

static gid_t socket_group(const struct conf *conf)
{
    const char *const known[] = { "www-data", "nginx", "http", "apache" };
    const struct group *gr;

    if (!text_empty(conf->socket_group))
        return (gr = getgrnam(conf->socket_group)) != NULL ? gr->gr_gid : (gid_t)-1;
    for (size_t i = 0; i < ARRAY_LEN(known); i++)
        if ((gr = getgrnam(known[i])) != NULL)
            return gr->gr_gid;
    return (gid_t)-1;
}

static uid_t signer_uid(const struct identity *id)
{
    const struct passwd *pw;

    if (!id->was_root || id->uid == 0)
        return id->uid;
    pw = getpwnam("autentico-signer");
    return pw != NULL ? pw->pw_uid : SIGNER_UID;
}

static enum rc take_user(const struct conf *conf, FILE *err, struct identity *out)
{
    const struct passwd *pw = getpwnam(conf->user);

    if (pw == NULL) {
        fprintf(err, "AUTENTICO_USER: there is no user \"%s\"\n", conf->user);
        return RC_REFUSED;
    }
    out->uid = pw->pw_uid;
    out->gid = pw->pw_gid;
    return RC_OK;
}

static enum rc take_owner(const struct conf *conf, FILE *err, const char *dir, struct identity *out)
{
    const struct passwd *pw;
    struct stat st;

    if (stat(dir, &st) != 0) {
        fprintf(err, "AUTENTICO_DB_FILE_PATH: the directory %s: %s\n", dir, strerror(errno));
        return RC_REFUSED;
    }
    if (st.st_uid == 0 && !conf->is_loopback) {
        fprintf(err,
                "the directory of the database belongs to root, and Autentico does not serve the "
                "public as root; make a user for it: useradd --system --home-dir %s autentico && "
                "chown -R autentico: %s\n",
                dir, dir);
        return RC_REFUSED;
    }
    pw = getpwuid(st.st_uid);
    out->uid = st.st_uid;
    out->gid = pw != NULL ? pw->pw_gid : st.st_gid;
    return RC_OK;
}

enum rc identity_resolve(const struct conf *conf, FILE *err, struct identity *out)
{
    struct arena *a = arena_start("identity");
    struct identity id = { .was_root = geteuid() == 0, .uid = geteuid(), .gid = getegid() };
    enum rc rc = RC_OK;

    if (id.was_root)
        rc = text_empty(conf->user) ? take_owner(conf, err, text_directory(a, conf->db_path), &id)
                                    : take_user(conf, err, &id);
    arena_done(a);
    TRY(rc);
    id.socket_gid = socket_group(conf);
    id.signer_uid = signer_uid(&id);
    *out = id;
    return RC_OK;
}

bool identity_is_network_fs(const char *dir)
{
    struct statfs fs;

    if (statfs(dir, &fs) != 0)
        return false;
    switch ((unsigned long)fs.f_type) {
    case NFS_SUPER_MAGIC:
    case SMB_SUPER_MAGIC:
    case SMB2_SUPER_MAGIC:
    case CIFS_SUPER_MAGIC:
    case 0x01021997: /* 9p */
        return true;
    default:
        return false;
    }
}

static enum rc check_directory(const char *dir, FILE *err)
{
    struct stat st;

    if (stat(dir, &st) != 0 || !S_ISDIR(st.st_mode)) {
        fprintf(err, "AUTENTICO_DB_FILE_PATH: %s is not a directory: mkdir -m 0700 %s\n", dir, dir);
        return RC_REFUSED;
    }
    if ((st.st_mode & S_IWOTH) != 0 && (st.st_mode & S_ISVTX) == 0) {
        fprintf(err, "the directory of the database can be written by everybody: chmod o-w %s\n", dir);
        return RC_REFUSED;
    }
    if (identity_is_network_fs(dir)) {
        fprintf(err, "%s is on a network file system, where SQLite loses data; "
                     "move AUTENTICO_DB_FILE_PATH to a local disk\n", dir);
        return RC_REFUSED;
    }
    return RC_OK;
}

enum rc identity_check_files(const struct conf *conf, FILE *err)
{
    struct arena *a = arena_start("identity");
    enum rc rc = check_directory(text_directory(a, conf->db_path), err);
    struct stat st;

    arena_done(a);
    TRY(rc);
    if (stat(conf->db_path, &st) == 0 && (st.st_mode & 077) != 0) {
        fprintf(err, "the database can be read by others: chmod 0600 %s\n", conf->db_path);
        return RC_REFUSED;
    }
    return RC_OK;
}

enum rc identity_take(const struct conf *conf, FILE *err)
{
    struct identity id;

    TRY(identity_resolve(conf, err, &id));
    TRY(identity_check_files(conf, err));
    if (id.was_root)
        sandbox_become(id.uid, id.gid);
    return RC_OK;
}
