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
    close_others(keep, keep_n);
    set_limit(RLIMIT_CORE, 0);
    set_limit(RLIMIT_NPROC, 0);
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
    if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0)
        die("sandbox: no_new_privs: %s", strerror(errno));
    /* setresuid() resets both: dumpable as /proc/sys/fs/suid_dumpable says, and no signal */
    if (prctl(PR_SET_DUMPABLE, 0) != 0 || prctl(PR_SET_PDEATHSIG, SIGTERM) != 0)
        die("sandbox: prctl: %s", strerror(errno));
}

#define LANDLOCK_FS_ALL(abi)                                                                       \
    ((LANDLOCK_ACCESS_FS_EXECUTE | LANDLOCK_ACCESS_FS_WRITE_FILE | LANDLOCK_ACCESS_FS_READ_FILE |  \
      LANDLOCK_ACCESS_FS_READ_DIR | LANDLOCK_ACCESS_FS_REMOVE_DIR |                                \
      LANDLOCK_ACCESS_FS_REMOVE_FILE | LANDLOCK_ACCESS_FS_MAKE_CHAR |                              \
      LANDLOCK_ACCESS_FS_MAKE_DIR | LANDLOCK_ACCESS_FS_MAKE_REG | LANDLOCK_ACCESS_FS_MAKE_SOCK |   \
      LANDLOCK_ACCESS_FS_MAKE_FIFO | LANDLOCK_ACCESS_FS_MAKE_BLOCK |                               \
      LANDLOCK_ACCESS_FS_MAKE_SYM) |                                                               \
     ((abi) >= 2 ? (1ULL << 13) : 0) | ((abi) >= 3 ? (1ULL << 14) : 0))
#define LANDLOCK_READ (LANDLOCK_ACCESS_FS_READ_FILE | LANDLOCK_ACCESS_FS_READ_DIR)
#define LANDLOCK_FILE_ONLY                                                                         \
    (LANDLOCK_ACCESS_FS_EXECUTE | LANDLOCK_ACCESS_FS_WRITE_FILE | LANDLOCK_ACCESS_FS_READ_FILE |   \
     (1ULL << 14))

static void allow_path(int ruleset, const char *path, uint64_t access)
{
    struct landlock_path_beneath_attr beneath = { .allowed_access = access };
    struct stat st;

    beneath.parent_fd = open(path, O_PATH | O_CLOEXEC);
    if (beneath.parent_fd < 0 || fstat(beneath.parent_fd, &st) != 0)
        die("sandbox: %s: %s", path, strerror(errno));
    if (!S_ISDIR(st.st_mode))
        beneath.allowed_access &= LANDLOCK_FILE_ONLY;
    if (syscall(SYS_landlock_add_rule, ruleset, LANDLOCK_RULE_PATH_BENEATH, &beneath, 0) != 0)
        die("sandbox: landlock rule for %s: %s", path, strerror(errno));
    close(beneath.parent_fd);
}

static void allow_all(int ruleset, const char *const *paths, size_t n, uint64_t access)
{
    for (size_t i = 0; i < n; i++)
        if (paths[i] != NULL && paths[i][0] != '\0')
            allow_path(ruleset, paths[i], access);
}

void sandbox_close_files(const struct sandbox_paths *paths)
{
    long abi = syscall(SYS_landlock_create_ruleset, NULL, 0, LANDLOCK_CREATE_RULESET_VERSION);
    struct landlock_ruleset_attr attr = { .handled_access_fs = LANDLOCK_FS_ALL(abi) };
    int ruleset;

    if (abi < 1) {
        log_event(LOG_LEVEL_WARNING, "sandbox_without_landlock", "why", strerror(errno), NULL);
        return;
    }
    ruleset = (int)syscall(SYS_landlock_create_ruleset, &attr, sizeof(attr), 0);
    if (ruleset < 0)
        die("sandbox: landlock: %s", strerror(errno));
    if (paths != NULL) {
        /* creating, renaming and removing plain files is all SQLite needs there */
        allow_all(ruleset, paths->read_write, ARRAY_LEN(paths->read_write),
                  LANDLOCK_READ | LANDLOCK_ACCESS_FS_WRITE_FILE | LANDLOCK_ACCESS_FS_MAKE_REG |
                      LANDLOCK_ACCESS_FS_REMOVE_FILE | (abi >= 3 ? 1ULL << 14 : 0));
        allow_all(ruleset, paths->read_only, ARRAY_LEN(paths->read_only), LANDLOCK_READ);
    }
    if (syscall(SYS_landlock_restrict_self, ruleset, 0) != 0)
        die("sandbox: landlock_restrict_self: %s", strerror(errno));
    close(ruleset);
}
