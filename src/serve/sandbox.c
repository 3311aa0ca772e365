#include "config.h"

#include "serve/sandbox.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <linux/capability.h>
#include <linux/landlock.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "serve/lookup_files.h"
#include "util/log.h"

static int compare_int(const void *a, const void *b)
{
    int x = *(const int *)a, y = *(const int *)b;

    return (x > y) - (x < y);
}

static void close_between(unsigned first, unsigned last)
{
    if (first <= last && syscall(SYS_close_range, first, last, 0) != 0)
        die("sandbox: close_range: %s", strerror(errno));
}

static void close_others(const int *keep, size_t keep_n)
{
    int sorted[64];
    unsigned next = 3;

    if (keep_n > ARRAY_LEN(sorted))
        die("sandbox: too many descriptors to keep");
    memcpy(sorted, keep, keep_n * sizeof(*keep));
    qsort(sorted, keep_n, sizeof(*sorted), compare_int);
    for (size_t i = 0; i < keep_n; i++) {
        if (sorted[i] < (int)next)
            continue;
        if (sorted[i] > (int)next)
            close_between(next, (unsigned)sorted[i] - 1);
        next = (unsigned)sorted[i] + 1;
    }
    close_between(next, ~0U);
}

static void set_limit(int what, rlim_t value)
{
    struct rlimit limit = { value, value };

    if (setrlimit(what, &limit) != 0)
        die("sandbox: setrlimit: %s", strerror(errno));
}

void sandbox_child(const int *keep, size_t keep_n)
{
    sandbox_starter(keep, keep_n);
    set_limit(RLIMIT_NPROC, 0);
}

void sandbox_starter(const int *keep, size_t keep_n)
{
    close_others(keep, keep_n);
    set_limit(RLIMIT_CORE, 0);
    if (prctl(PR_SET_DUMPABLE, 0) != 0)
        die("sandbox: prctl: %s", strerror(errno));
}

/* Effective and permitted; inheritable and ambient always empty. */
static void keep_caps(uint64_t mask)
{
    struct __user_cap_header_struct head = { _LINUX_CAPABILITY_VERSION_3, 0 };
    struct __user_cap_data_struct data[2] = {
        { (uint32_t)mask, (uint32_t)mask, 0 },
        { (uint32_t)(mask >> 32), (uint32_t)(mask >> 32), 0 },
    };

    if (prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0) != 0 ||
        syscall(SYS_capset, &head, data) != 0)
        die("sandbox: capabilities: %s", strerror(errno));
}

/* A root that execs would get everything back: the bounding set goes too. */
static void drop_bounding(uint64_t keep)
{
    for (int cap = 0; cap <= CAP_LAST_CAP; cap++)
        if (!(keep >> cap & 1) && prctl(PR_CAPBSET_READ, cap, 0, 0, 0) == 1 &&
            prctl(PR_CAPBSET_DROP, cap, 0, 0, 0) != 0 && errno != EPERM)
            die("sandbox: bounding set: %s", strerror(errno));
}

static uint64_t cap_bit(int cap)
{
    return (uint64_t)1 << cap;
}

void sandbox_parent_caps(void)
{
    uint64_t keep = cap_bit(CAP_SETUID) | cap_bit(CAP_SETGID) | cap_bit(CAP_KILL) |
                    cap_bit(CAP_DAC_READ_SEARCH);

    if (geteuid() != 0)
        return;
    drop_bounding(keep);
    keep_caps(keep);
}

static void no_new_privileges(void)
{
    if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0)
        die("sandbox: no_new_privs: %s", strerror(errno));
}

void sandbox_become(uid_t uid, gid_t gid)
{
    bool can_choose = geteuid() == 0;

    if (can_choose && uid != geteuid()) {
        if (setgroups(0, NULL) != 0 || setresgid(gid, gid, gid) != 0 ||
            setresuid(uid, uid, uid) != 0)
            die("sandbox: cannot become uid %u: %s", (unsigned)uid, strerror(errno));
    } else if (can_choose) {
        keep_caps(0);
    }
    no_new_privileges();
    /* setresuid() resets both: dumpable as /proc/sys/fs/suid_dumpable says, and no signal */
    if (prctl(PR_SET_DUMPABLE, 0) != 0 || prctl(PR_SET_PDEATHSIG, SIGTERM) != 0)
        die("sandbox: prctl: %s", strerror(errno));
}

/* --- Landlock: newer than the headers may be -------------------------------- */

#define FS_REFER (UINT64_C(1) << 13)     /* version 2 */
#define FS_TRUNCATE (UINT64_C(1) << 14)  /* 3 */
#define FS_IOCTL_DEV (UINT64_C(1) << 15) /* 5 */
#define NET_BIND UINT64_C(1)             /* 4: bind, connect by TCP */
#define NET_ALL UINT64_C(3)
#define SCOPE_ABSTRACT UINT64_C(1)       /* 6 */
#define SCOPE_SIGNAL UINT64_C(2)
#define SCOPE_ALL (SCOPE_ABSTRACT | SCOPE_SIGNAL)
#define FS_FIRST (FS_REFER - 1)          /* everything of version 1 */

#define FS_READ (LANDLOCK_ACCESS_FS_READ_FILE | LANDLOCK_ACCESS_FS_READ_DIR)
/* creating, renaming and removing plain files is all SQLite needs */
#define FS_WRITE                                                                                   \
    (FS_READ | LANDLOCK_ACCESS_FS_WRITE_FILE | LANDLOCK_ACCESS_FS_MAKE_REG |                       \
     LANDLOCK_ACCESS_FS_REMOVE_FILE | FS_TRUNCATE)
#define FS_RUN (FS_READ | LANDLOCK_ACCESS_FS_EXECUTE)
/* whatever a web server makes in folders of ours, but no devices */
#define FS_KEEP                                                                                    \
    ((FS_FIRST | FS_REFER | FS_TRUNCATE) & ~(uint64_t)(LANDLOCK_ACCESS_FS_MAKE_CHAR | LANDLOCK_ACCESS_FS_MAKE_BLOCK))
#define FS_DEVICE (LANDLOCK_ACCESS_FS_READ_FILE | LANDLOCK_ACCESS_FS_WRITE_FILE | FS_TRUNCATE | FS_IOCTL_DEV)
#define FS_OF_FILES                                                                                \
    (LANDLOCK_ACCESS_FS_EXECUTE | LANDLOCK_ACCESS_FS_WRITE_FILE | LANDLOCK_ACCESS_FS_READ_FILE |   \
     FS_TRUNCATE | FS_IOCTL_DEV)

/* What an older kernel does not know is zero at the end, which it takes. */
struct rights { uint64_t fs, net, scoped; };

/* fd -1: no Landlock here */
struct ruleset { int fd; struct rights handled; };

static struct rights rights_of(long abi, uint64_t net, uint64_t scoped)
{
    return (struct rights){
        .fs = FS_FIRST | (abi >= 2 ? FS_REFER : 0) | (abi >= 3 ? FS_TRUNCATE : 0) |
              (abi >= 5 ? FS_IOCTL_DEV : 0),
        .net = abi >= 4 ? net : 0,
        .scoped = abi >= 6 ? scoped : 0,
    };
}

static bool is_missing; /* the parent said so, for all */

static void say_missing(const char *why)
{
    if (!is_missing)
        log_event(LOG_LEVEL_WARNING, "sandbox_without_landlock", "why", why, NULL);
    is_missing = true;
}

static long landlock_version(void)
{
    return syscall(SYS_landlock_create_ruleset, NULL, 0, LANDLOCK_CREATE_RULESET_VERSION);
}

/* net: what of TCP is denied; scoped: what does not reach outside */
static struct ruleset ruleset_new(uint64_t net, uint64_t scoped)
{
    long abi = landlock_version();
    struct ruleset r = { -1, rights_of(abi, net, scoped) };

    if (abi < 1) {
        say_missing(strerror(errno));
        return r;
    }
    r.fd = (int)syscall(SYS_landlock_create_ruleset, &r.handled, sizeof(r.handled), 0);
    if (r.fd < 0)
        die("sandbox: landlock: %s", strerror(errno));
    return r;
}

static void add_rule(const struct ruleset *r, int fd, const char *path, uint64_t access)
{
    struct landlock_path_beneath_attr beneath = { .allowed_access = access & r->handled.fs, .parent_fd = fd };
    struct stat st;

    if (fstat(fd, &st) != 0)
        die("sandbox: %s: %s", path, strerror(errno));
    if (!S_ISDIR(st.st_mode))
        beneath.allowed_access &= FS_OF_FILES;
    if (syscall(SYS_landlock_add_rule, r->fd, LANDLOCK_RULE_PATH_BENEATH, &beneath, 0) != 0)
        die("sandbox: landlock rule for %s: %s", path, strerror(errno));
}

/* What is not there is not served: a style sheet that was removed stops nobody. */
static void allow(const struct ruleset *r, const char *path, uint64_t access)
{
    if (r->fd < 0 || text_empty(path))
        return;
    int fd = open(path, O_PATH | O_CLOEXEC);
    if (fd < 0) {
        log_event(LOG_LEVEL_WARNING, "sandbox_path", "path", path, "why", strerror(errno), NULL);
        return;
    }
    add_rule(r, fd, path, access);
    close(fd);
}

/* What a machine need not have. */
static void allow_some(const struct ruleset *r, const char *const *paths, uint64_t access_wanted)
{
    for (; *paths != NULL; paths++)
        if (access(*paths, F_OK) == 0)
            allow(r, *paths, access_wanted);
}

static void enter(const struct ruleset *r)
{
    if (r->fd < 0)
        return;
    if (syscall(SYS_landlock_restrict_self, r->fd, 0) != 0)
        die("sandbox: landlock_restrict_self: %s", strerror(errno));
    close(r->fd);
}

void sandbox_close_worker(const struct pool *pool)
{
    struct arena *a = arena_start("sandbox");
    struct ruleset r = ruleset_new(NET_ALL, SCOPE_ALL);

    allow(&r, pool->limits_dir, FS_WRITE);
    allow(&r, arena_printf(a, "%s/html/assets", pool->conf->data_dir), FS_READ);
    allow(&r, pool->conf->theme_css_file, FS_READ);
    enter(&r);
    arena_done(a);
}

void sandbox_close_keeper(const struct pool *pool)
{
    struct ruleset r = ruleset_new(NET_ALL, SCOPE_ALL);

    allow(&r, pool->limits_dir, FS_WRITE);
    enter(&r);
}

/* Libraries: the C library opens parts of itself late, for names. */
void sandbox_close_courier(const struct pool *pool)
{
    static const char *const folders[] = { "/etc/ssl/certs", "/lib", "/usr/lib", "/etc/ld.so.cache", NULL };
    struct ruleset r = ruleset_new(NET_BIND, SCOPE_ALL);
    struct lookup_files files;

    lookup_files_note(pool->conf, &files);
    for (size_t i = 0; i < files.n; i++)
        if (files.v[i].ino != 0)
            allow(&r, files.v[i].path, FS_READ);
    allow_some(&r, folders, FS_READ);
    enter(&r);
}

/* The private front and everybody else start from here, so it reads what they do.  Version 1
 * of Landlock would forbid them to move a file to another folder of ours. */
void sandbox_close_parent(const struct pool *pool)
{
    const struct conf *conf = pool->conf;
    struct arena *a = arena_start("sandbox");
    struct ruleset r = ruleset_new(0, SCOPE_SIGNAL);

    no_new_privileges();
    if (landlock_version() == 1) {
        close(r.fd);
        r.fd = -1;
    }
    allow(&r, "/", FS_RUN);
    allow(&r, "/dev", FS_DEVICE);
    allow(&r, text_directory(a, conf->db_path), FS_KEEP);
    allow(&r, conf->state_dir, FS_KEEP);
    if (text_empty(conf->tcp_listen))
        allow(&r, text_directory(a, conf->socket), FS_KEEP);
    if (text_empty(conf->tcp_listen) && !text_empty(conf->login_socket))
        allow(&r, text_directory(a, conf->login_socket), FS_KEEP);
    enter(&r);
    arena_done(a);
}

/* --- the password command: somebody else's program -------------------------- */

/* Is what we keep below it?  Then it is not opened for that program's sake. */
static bool is_above(const char *folder, const char *path)
{
    size_t n = strlen(folder);

    return text_starts(path, folder) && (path[n] == '/' || path[n] == '\0' || text_same(folder, "/"));
}

static bool is_ours(const struct conf *conf, const char *folder)
{
    return is_above(folder, conf->db_path) || is_above(folder, conf->state_dir) ||
           (conf->file != NULL && is_above(folder, conf->file));
}

static void allow_foreign(const struct ruleset *r, const struct conf *conf, const char *path)
{
    char *real = realpath(path, NULL);

    if (real != NULL && !is_ours(conf, real))
        allow(r, real, FS_RUN);
    free(real);
}

/* Programs, their libraries and settings; what the command names, and the folder it is in.
 * /proc has programs' own numbers; of others' only what is no secret, since it may not trace. */
void sandbox_close_checker(const struct pool *pool)
{
    static const char *const folders[] = { "/usr", "/bin", "/sbin", "/lib", "/lib32", "/lib64", "/libx32", "/proc", NULL };
    static const char *const settings[] = {
        "/etc/ld.so.cache", "/etc/ld.so.preload", "/etc/nsswitch.conf", "/etc/passwd", "/etc/group", "/etc/hosts",
        "/etc/resolv.conf", "/etc/host.conf", "/etc/gai.conf", "/etc/services", "/etc/localtime", "/etc/locale.alias",
        "/etc/ssl/certs", "/etc/ssl/openssl.cnf", "/etc/ca-certificates", "/etc/security", "/etc/cracklib",
        "/etc/alternatives", "/etc/python3", "/etc/perl", "/var/cache/cracklib", "/opt", NULL,
    };
    static const char *const devices[] = { "/dev/null", "/dev/zero", "/dev/full", "/dev/random", "/dev/urandom", NULL };
    struct arena *a = arena_start("sandbox");
    struct ruleset r = ruleset_new(NET_BIND, SCOPE_ALL);

    allow_some(&r, folders, FS_RUN);
    for (const char *const *path = settings; *path != NULL; path++)
        allow_foreign(&r, pool->conf, *path);
    allow_some(&r, devices, FS_DEVICE);
    allow_foreign(&r, pool->conf, text_directory(a, pool->conf->password_argv[0]));
    for (const char *const *word = pool->conf->password_argv; *word != NULL; word++)
        if (**word == '/')
            allow_foreign(&r, pool->conf, *word);
    enter(&r);
    arena_done(a);
}

void sandbox_close_all(void)
{
    struct ruleset r = ruleset_new(NET_ALL, SCOPE_ALL);

    enter(&r);
}
