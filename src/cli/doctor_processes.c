/* The pool that runs here, as /proc shows it. */
#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <limits.h>
#include <linux/capability.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/wait.h>
#include <unistd.h>

#include "cli/doctor.h"
#include "serve/calls.h"
#include "serve/identity.h"
#include "serve/sandbox.h"
#include "util/sbuf.h"

#define PATIENCE_N 30
#define PATIENCE_US 100000

/* --- reading /proc ---------------------------------------------------------------- */

/* "" when it is gone. */
static char *read_proc(struct arena *a, const char *path)
{
    struct sbuf b;
    char some[4096];
    ssize_t n;
    int fd = open(path, O_RDONLY | O_CLOEXEC);

    sbuf_init(&b, a, 4096);
    while (fd >= 0 && (n = read(fd, some, sizeof(some))) > 0)
        sbuf_addn(&b, some, (size_t)n);
    if (fd >= 0)
        close(fd);
    return b.text;
}

static char *proc_of(struct doctor *d, int pid, const char *name)
{
    return read_proc(d->arena, arena_printf(d->arena, "/proc/%d/%s", pid, name));
}

/* "Seccomp:\t2" of /proc/PID/status.  base 16: capabilities.  -1: no such line. */
static int64_t status_number(const char *status, const char *name, int base)
{
    const char *at = strstr(status, name);

    return at != NULL ? (int64_t)strtoull(at + strlen(name), NULL, base) : -1;
}

/* The second of four: the effective one. */
static int64_t effective_uid(const char *status)
{
    const char *at = strstr(status, "\nUid:");
    char *second;

    if (at == NULL)
        return -1;
    (void)strtoll(at + strlen("\nUid:"), &second, 10);
    return strtoll(second, NULL, 10);
}

/* --- who belongs to it ------------------------------------------------------------- */

/* Of "1: FLOCK  ADVISORY  WRITE 4711 fe:01:262161 0 EOF".  0: another line, another file. */
static int holder_in(const char *line, ino_t ino)
{
    const char *kind = strstr(line, ": FLOCK"), *write = strstr(line, "WRITE "), *colon;
    char *rest;

    if (kind == NULL || write == NULL || kind > write || write > line + strcspn(line, "\n"))
        return 0;
    int pid = (int)strtol(write + strlen("WRITE "), &rest, 10);
    colon = strchr(rest, ':');
    colon = colon != NULL ? strchr(colon + 1, ':') : NULL;
    return colon != NULL && strtoull(colon + 1, NULL, 10) == ino ? pid : 0;
}

/* Whoever runs here holds this lock. */
static int holder_of(const char *locks, ino_t ino)
{
    for (const char *line = locks; line != NULL && *line != '\0'; line = strchr(line, '\n'), line = line ? line + 1 : line) {
        int pid = holder_in(line, ino);

        if (pid != 0)
            return pid;
    }
    return 0;
}

static const char *name_of(struct doctor *d, int pid)
{
    char *name = proc_of(d, pid, "comm");

    name[strcspn(name, "\n")] = '\0';
    return name;
}

static void find_children(struct doctor *d)
{
    int parent = d->pool.parent;
    char *list = proc_of(d, parent, arena_printf(d->arena, "task/%d/children", parent)), *end;

    for (d->pool.n = 0; d->pool.n < ARRAY_LEN(d->pool.v); list = end) {
        int pid = (int)strtol(list, &end, 10);

        if (end == list)
            return;
        d->pool.v[d->pool.n].pid = pid;
        d->pool.v[d->pool.n++].kind = name_of(d, pid);
    }
}

/* "0::/system.slice/autentico.service": what systemctl knows it by. */
static void find_unit(struct doctor *d)
{
    char *group = proc_of(d, d->pool.parent, "cgroup"), *slash;

    group[strcspn(group, "\n")] = '\0';
    slash = strrchr(group, '/');
    if (slash != NULL && text_ends(slash, ".service") && access("/run/systemd/system", F_OK) == 0)
        d->pool.unit = slash + 1;
}

static void resolve_identity(struct doctor *d)
{
    char *said = NULL;
    size_t said_n = 0;
    FILE *err = open_memstream(&said, &said_n);

    if (err == NULL)
        die("doctor: no memory");
    enum rc rc = identity_resolve(&d->conf, err, &d->id);
    fclose(err);
    said[strcspn(said, "\n")] = '\0';
    d->no_id = rc == RC_OK ? NULL : arena_strdup(d->arena, said);
    free(said);
}

void doctor_find_pool(struct doctor *d)
{
    struct stat st;

    if (d->no_conf != NULL)
        return;
    resolve_identity(d);
    d->pool.patience_n = PATIENCE_N;
    if (stat(arena_printf(d->arena, "%s/autentico.run", d->conf.state_dir), &st) != 0)
        return;
    d->pool.parent = holder_of(read_proc(d->arena, "/proc/locks"), st.st_ino);
    if (d->pool.parent == 0)
        return;
    find_children(d);
    find_unit(d);
}

/* --- the checks --------------------------------------------------------------------- */

static bool is_there(const struct doctor *d, const char *kind)
{
    for (size_t i = 0; i < d->pool.n; i++)
        if (text_same(d->pool.v[i].kind, kind))
            return true;
    return false;
}

static const enum proc_kind kinds[] = { PROC_WORKER, PROC_HASHER, PROC_SIGNER, PROC_KEEPER, PROC_COURIER };

static bool are_all_there(const struct doctor *d)
{
    for (size_t i = 0; i < ARRAY_LEN(kinds); i++)
        if (!is_there(d, proc_kind_name(kinds[i])))
            return false;
    return true;
}

/* One that has ended is replaced in a moment, and a start takes one. */
void doctor_processes(struct doctor *d)
{
    for (int i = 0; i < PATIENCE_N && !are_all_there(d); i++) {
        usleep(PATIENCE_US);
        find_children(d);
    }
    for (size_t i = 0; i < ARRAY_LEN(kinds); i++)
        if (!is_there(d, proc_kind_name(kinds[i])))
            doctor_fail(d, proc_kind_name(kinds[i]), mend_restart(d), "none runs; the log of the server says why");
    if (doctor_is_clean(d))
        doctor_ok(d, "%zu below process %d", d->pool.n, d->pool.parent);
}

/* A process of ours that goes by our rules; the private web server has its own. */
static bool is_ours(const char *kind)
{
    for (enum proc_kind k = PROC_NONE + 1; k < PROC_KINDS_N; k++)
        if (k != PROC_FRONT && text_same(kind, proc_kind_name(k)))
            return true;
    return false;
}

static const char *subject_of(struct doctor *d, size_t i)
{
    return arena_printf(d->arena, "%s %d", d->pool.v[i].kind, d->pool.v[i].pid);
}

/* "" when it has just gone, which is nobody's fault. */
static const char *status_of(struct doctor *d, size_t i)
{
    return is_ours(d->pool.v[i].kind) ? proc_of(d, d->pool.v[i].pid, "status") : "";
}

/* One that has just been forked has still to give up what it does not need. */
typedef bool is_fine_fn(const char *status, int64_t than);

static bool stays_wrong(struct doctor *d, size_t i, is_fine_fn *is_fine, int64_t than)
{
    const char *status = status_of(d, i);

    while (*status != '\0' && !is_fine(status, than) && d->pool.patience_n > 0) {
        d->pool.patience_n--; /* for all of them */
        usleep(PATIENCE_US);
        status = status_of(d, i);
    }
    return *status != '\0' && !is_fine(status, than);
}

static bool is_not_of(const char *status, int64_t uid)
{
    return effective_uid(status) != uid;
}

static bool has_capabilities_only(const char *status, int64_t caps)
{
    return ((uint64_t)status_number(status, "CapEff:", 16) & ~(uint64_t)caps) == 0;
}

static bool cannot_rise(const char *status, int64_t is)
{
    return status_number(status, "NoNewPrivs:", 10) == is;
}

static bool has_more_filters(const char *status, int64_t than)
{
    return status_number(status, "Seccomp_filters:", 10) > than;
}

void doctor_uid(struct doctor *d)
{
    size_t roots_n = 0;

    for (size_t i = 0; i < d->pool.n; i++)
        roots_n += stays_wrong(d, i, is_not_of, 0);
    if (roots_n == 0)
        doctor_ok(d, "they run as %s", doctor_user(d, d->id.uid));
    else if (d->conf.is_loopback)
        doctor_warn(d, "", mend_root(d), "%zu processes run as root, since the directory of the database is root's",
                    roots_n);
    else
        doctor_fail(d, "", mend_root(d), "%zu processes run as root", roots_n);
}

static uint64_t bit(int cap)
{
    return (uint64_t)1 << cap;
}

void doctor_capabilities(struct doctor *d)
{
    uint64_t parents = bit(CAP_SETUID) | bit(CAP_SETGID) | bit(CAP_KILL) | bit(CAP_DAC_READ_SEARCH);
    const char *status = proc_of(d, d->pool.parent, "status");

    if (*status != '\0' && !has_capabilities_only(status, (int64_t)parents))
        doctor_fail(d, arena_printf(d->arena, "parent %d", d->pool.parent), mend_restart(d),
                    "has more capabilities than SETUID, SETGID, KILL and DAC_READ_SEARCH");
    for (size_t i = 0; i < d->pool.n; i++)
        if (stays_wrong(d, i, has_capabilities_only, 0))
            doctor_fail(d, subject_of(d, i), mend_restart(d), "has capabilities");
}

/* --- locked in ---------------------------------------------------------------------- */

/* Nothing in /proc tells of Landlock: so this program closes itself in as a signer does, in
 * this kernel, and tries. */
static bool landlock_holds(void)
{
    int status = 0;
    pid_t pid;

    fflush(NULL);
    pid = fork();
    if (pid == 0) {
        log_setup(LOG_TEXT, LOG_LEVEL_ERROR); /* what it would warn of is said here */
        sandbox_become(geteuid(), getegid());
        sandbox_close_all();
        int fd = open("/etc/passwd", O_RDONLY | O_CLOEXEC);
        _exit(fd < 0 && errno == EACCES ? 0 : 1);
    }
    return pid > 0 && waitpid(pid, &status, 0) == pid && WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

/* The parent's list is inherited; everybody has one of his own within. */
static void check_locked(struct doctor *d, size_t i, int64_t inherited_n)
{
    if (stays_wrong(d, i, cannot_rise, 1))
        doctor_fail(d, subject_of(d, i), mend_restart(d), "could get new privileges");
    if (inherited_n > 0 && stays_wrong(d, i, has_more_filters, inherited_n))
        doctor_fail(d, subject_of(d, i), mend_restart(d), "has no closed list of system calls of its own");
}

/* Of the parent; 0: it is not confined, which is said. */
static int64_t filters_of_parent(struct doctor *d)
{
    int64_t n = status_number(proc_of(d, d->pool.parent, "status"), "Seccomp_filters:", 10);

    if (n <= 0)
        doctor_warn(d, "seccomp", NULL, "any process may make any system call: this kernel, or the container, has no "
                    "seccomp for us; the log of the start says why (sandbox_without_seccomp)");
    return n > 0 ? n : 0;
}

void doctor_sandbox(struct doctor *d)
{
    int64_t inherited_n = calls_are_meant() ? filters_of_parent(d) : 0;

    for (size_t i = 0; i < d->pool.n; i++)
        check_locked(d, i, inherited_n);
    if (!landlock_holds())
        doctor_warn(d, "landlock", "sed -i 's/^GRUB_CMDLINE_LINUX=\"/&lsm=landlock,lockdown,yama,apparmor /' "
                    "/etc/default/grub && update-grub && reboot",
                    "this kernel does not hold files back from processes that gave them up (CONFIG_SECURITY_LANDLOCK, lsm=)");
    if (doctor_is_clean(d))
        doctor_ok(d, "no new privileges, and no file %sbut what is needed",
                  calls_are_meant() ? "and no system call " : "");
}

void doctor_program_version(struct doctor *d)
{
    char exe[PATH_MAX];
    ssize_t n = readlink(arena_printf(d->arena, "/proc/%d/exe", d->pool.parent), exe, sizeof(exe) - 1);

    if (n < 0) {
        doctor_skip(d, "only root and whoever started the server may see it");
        return;
    }
    exe[n] = '\0';
    if (text_ends(exe, " (deleted)"))
        doctor_warn(d, "", mend_restart(d), "the program was replaced, and the one of before still runs");
    else
        doctor_ok(d, "%s", arena_strdup(d->arena, exe));
}

/* --- sockets ------------------------------------------------------------------------ */

static void check_members(struct doctor *d, const char *path, gid_t gid)
{
    static const char servers[] = "www-data nginx http apache lighttpd autentico";
    /* cppcheck-suppress getgrgidCalled ; one thread */
    const struct group *gr = getgrgid(gid);

    for (char *const *who = gr != NULL ? gr->gr_mem : NULL; who != NULL && *who != NULL; who++)
        if (!text_list_has(servers, *who))
            doctor_warn(d, arena_strdup(d->arena, *who), mend_printf(d, "gpasswd -d %s %s", *who, gr->gr_name),
                        "is in the group %s, and so reaches %s, past the web server, and can claim any address",
                        gr->gr_name, path);
}

static void check_socket(struct doctor *d, const char *path)
{
    struct stat st;

    if (text_empty(path))
        return;
    if (lstat(path, &st) != 0 || !S_ISSOCK(st.st_mode)) {
        if (strstr(read_proc(d->arena, "/proc/net/unix"), path) != NULL)
            doctor_fail(d, path, mend_restart(d), "the server listens there, and somebody has taken the file away");
        return;
    }
    if ((st.st_mode & S_IWOTH) != 0)
        doctor_fail(d, path, mend_variable_restart(d, "AUTENTICO_SOCKET_MODE", NULL),
                    "everybody on this machine reaches it (mode %04o), past the web server, and can claim any address",
                    (unsigned)(st.st_mode & 07777));
    else
        check_members(d, path, st.st_gid);
}

void doctor_sockets(struct doctor *d)
{
    if (!text_empty(d->conf.tcp_listen)) {
        doctor_skip(d, "FastCGI is by TCP");
        return;
    }
    check_socket(d, d->conf.socket);
    check_socket(d, d->conf.login_socket);
}
