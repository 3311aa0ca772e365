/* What the parent, a worker, a keeper, a courier, a signer, a hasher and a password command can no longer
 * reach once they are in their sandbox (design D3a).  Every attempt is made twice by the same process, before and after:
 * before it has to succeed, or the refusal afterwards would say nothing. */
#include "config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/landlock.h>
#include <netinet/in.h>
#include <pwd.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "scratch_test.h"
#include "serve/sandbox.h"

/* Which version of Landlock forbids it; NEVER: it stays allowed. */
#define NEVER 99

enum profile { WORKER, KEEPER, NOTHING, COURIER, PARENT, CHECKER, PROFILES_N };

static struct arena *A;
static const char *dir;      /* the state directory, of the pool's user */
static uid_t uid;
static gid_t gid;
static pid_t other;          /* a process of the same user, outside */
static struct sockaddr_in tcp;
static struct sockaddr_un abstract;
static socklen_t abstract_n;
static struct conf conf;
static const char *command[2]; /* of the password */
static struct pool pool;
static long abi;

/* Filled by the child: 0 or errno of each attempt; [0] before, [1] after. */
struct report { int got[2][64]; bool is_done; };
static struct report *report;

static const char *in_dir(const char *name)
{
    return arena_printf(A, "%s/%s", dir, name);
}

/* --- attempts: 0 or errno --------------------------------------------------- */

static int phase; /* 0 before, 1 after */

static int open_close(const char *path, int flags)
{
    int fd = open(path, flags | O_CLOEXEC, 0600);

    if (fd < 0)
        return errno;
    close(fd);
    return 0;
}

static int result(int failed)
{
    return failed ? errno : 0;
}

/* A file that each phase may have for itself. */
static const char *victim(const char *name)
{
    return in_dir(arena_printf(A, "%s.%d", name, phase));
}

static int try_env_file(void) { return open_close(in_dir(".env"), O_RDONLY); }
static int try_env_file_write(void) { return open_close(in_dir(".env"), O_WRONLY); }
static int try_database(void) { return open_close(conf.db_path, O_RDWR); }
static int try_database_read(void) { return open_close(conf.db_path, O_RDONLY); }
static int try_lock(void) { return open_close(pool.lock_path, O_RDWR); }
static int try_front(void) { return open_close(in_dir("front/nginx.conf"), O_RDONLY); }
static int try_users(void) { return open_close("/etc/passwd", O_RDONLY); }
static int try_create(void) { return open_close(victim("new"), O_WRONLY | O_CREAT); }
static int try_truncate(void) { return result(truncate(victim("truncated"), 0) != 0); }
static int try_unlink(void) { return result(unlink(victim("unlinked")) != 0); }
static int try_make_directory(void) { return result(mkdir(victim("folder"), 0700) != 0); }
static int try_make_symlink(void) { return result(symlink("/etc/passwd", victim("symlink")) != 0); }

static int try_list(void)
{
    DIR *d = opendir(dir);

    if (d == NULL)
        return errno;
    closedir(d);
    return 0;
}

/* Into the folder that may be written: from there it could be read. */
static int try_move(void)
{
    return result(rename(victim("moved"), in_dir("limits/moved")) != 0);
}

static int try_link(void)
{
    return result(link(in_dir(".env"), in_dir(arena_printf(A, "limits/linked.%d", phase))) != 0);
}

static int try_environ_of_other(void)
{
    return open_close(arena_printf(A, "/proc/%d/environ", (int)other), O_RDONLY);
}

static int try_memory_of_other(void)
{
    return open_close(arena_printf(A, "/proc/%d/mem", (int)other), O_RDONLY);
}

static int try_trace(void)
{
    int status;

    if (ptrace(PTRACE_ATTACH, other, NULL, NULL) != 0)
        return errno;
    waitpid(other, &status, __WALL);
    return result(ptrace(PTRACE_DETACH, other, NULL, NULL) != 0);
}

static int try_signal(void) { return result(kill(other, 0) != 0); }

static int try_connect(const void *to, socklen_t n, int family)
{
    int fd = socket(family, SOCK_STREAM | SOCK_CLOEXEC, 0);
    int e = result(connect(fd, to, n) != 0);

    close(fd);
    return e;
}

static int try_tcp(void) { return try_connect(&tcp, sizeof(tcp), AF_INET); }
static int try_bind(void)
{
    struct sockaddr_in any = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    int e = result(bind(fd, (struct sockaddr *)&any, sizeof(any)) != 0);

    close(fd);
    return e;
}

static int try_names(void) { return open_close("/etc/hosts", O_RDONLY); }
static int try_names_write(void) { return open_close(in_dir("ca.pem"), O_WRONLY); }
static int try_trust(void) { return open_close(in_dir("ca.pem"), O_RDONLY); }
static int try_library(void) { return open_close("/usr/lib/os-release", O_RDONLY); }
static int try_abstract(void) { return try_connect(&abstract, abstract_n, AF_UNIX); }

static int try_limits(void)
{
    const char *path = in_dir("limits/limits.db-wal");
    int e = open_close(path, O_RDWR | O_CREAT);

    return e != 0 ? e : result(unlink(path) != 0);
}

static int try_assets(void) { return open_close(in_dir("html/assets/auth.css"), O_RDONLY); }
static int try_assets_write(void) { return open_close(in_dir("html/assets/auth.css"), O_WRONLY); }
static int try_template(void) { return open_close(in_dir("html/pages/login.html"), O_RDONLY); }
static int try_style(void) { return open_close(conf.theme_css_file, O_RDONLY); }
static int try_style_write(void) { return open_close(conf.theme_css_file, O_WRONLY); }

/* The second time is after the first: it need not make it. */
static int try_elsewhere(void)
{
    const char *path = arena_printf(A, "%s.elsewhere", dir);
    int e = open_close(path, O_WRONLY | O_CREAT);

    return phase == 0 ? e | result(unlink(path) != 0) : e;
}

static int try_command(void) { return open_close(in_dir("bin/check"), O_RDONLY); }
static int try_command_write(void) { return open_close(in_dir("bin/check"), O_WRONLY); }

static const struct attempt {
    const char *what;
    int (*make)(void);
    int since[PROFILES_N]; /* worker, keeper, nothing, courier, parent, checker */
} attempts[] = {
    { "read .env", try_env_file, { 1, 1, 1, 1, NEVER, 1 } },
    { "write .env", try_env_file_write, { 1, 1, 1, 1, NEVER, 1 } },
    { "open the database again", try_database, { 1, 1, 1, 1, NEVER, 1 } },
    { "read the database", try_database_read, { 1, 1, 1, 1, NEVER, 1 } },
    { "open the lock file", try_lock, { 1, 1, 1, 1, NEVER, 1 } },
    { "read the front's configuration", try_front, { 1, 1, 1, 1, NEVER, 1 } },
    { "read /etc/passwd", try_users, { 1, 1, 1, 1, NEVER, NEVER } },
    { "list the state directory", try_list, { 1, 1, 1, 1, NEVER, 1 } },
    { "create a file there", try_create, { 1, 1, 1, 1, NEVER, 1 } },
    { "truncate one", try_truncate, { 3, 3, 3, 3, NEVER, 3 } },
    { "remove one", try_unlink, { 1, 1, 1, 1, NEVER, 1 } },
    { "move one to the limits folder", try_move, { 1, 1, 1, 1, NEVER, 1 } },
    { "link .env into the limits folder", try_link, { 1, 1, 1, 1, NEVER, 1 } },
    { "make a folder", try_make_directory, { 1, 1, 1, 1, NEVER, 1 } },
    { "make a symbolic link", try_make_symlink, { 1, 1, 1, 1, NEVER, 1 } },
    { "read another process's environment", try_environ_of_other, { 1, 1, 1, 1, 1, 1 } },
    { "open another process's memory", try_memory_of_other, { 1, 1, 1, 1, 1, 1 } },
    { "trace another process", try_trace, { 1, 1, 1, 1, 1, 1 } },
    { "signal another process", try_signal, { 6, 6, 6, 6, 6, 6 } },
    { "connect by TCP", try_tcp, { 4, 4, 4, NEVER, NEVER, NEVER } },
    { "offer a TCP port", try_bind, { 4, 4, 4, 4, NEVER, 4 } },
    { "connect to an abstract socket", try_abstract, { 6, 6, 6, 6, NEVER, 6 } },
    { "use the limits folder", try_limits, { NEVER, NEVER, 1, 1, NEVER, 1 } },
    { "read an asset", try_assets, { NEVER, 1, 1, 1, NEVER, 1 } },
    { "write an asset", try_assets_write, { 1, 1, 1, 1, NEVER, 1 } },
    { "read a template", try_template, { 1, 1, 1, 1, NEVER, 1 } },
    { "read the style sheet", try_style, { NEVER, 1, 1, 1, NEVER, 1 } },
    { "write the style sheet", try_style_write, { 1, 1, 1, 1, NEVER, 1 } },
    { "read who is where", try_names, { 1, 1, 1, NEVER, NEVER, NEVER } },
    { "read the trusted certificates", try_trust, { 1, 1, 1, NEVER, NEVER, 1 } },
    { "write the trusted certificates", try_names_write, { 1, 1, 1, 1, NEVER, 1 } },
    { "read a library", try_library, { 1, 1, 1, NEVER, NEVER, NEVER } },
    { "create a file elsewhere", try_elsewhere, { 1, 1, 1, 1, 1, 1 } },
    { "read the password command", try_command, { 1, 1, 1, 1, NEVER, NEVER } },
    { "write the password command", try_command_write, { 1, 1, 1, 1, NEVER, 1 } },
};

static void attempt_all(int which)
{
    phase = which;
    for (size_t i = 0; i < ARRAY_LEN(attempts); i++)
        report->got[which][i] = attempts[i].make();
}

/* --- the stage --------------------------------------------------------------- */

static void make_file(const char *name)
{
    int fd = open(in_dir(name), O_WRONLY | O_CREAT | O_CLOEXEC, 0600);

    assert_true(fd >= 0);
    assert_int_equal(write(fd, "secret", 6), 6);
    assert_int_equal(fchown(fd, uid, gid), 0);
    close(fd);
}

static void make_folder(const char *name)
{
    assert_int_equal(mkdir(in_dir(name), 0700), 0);
    assert_int_equal(chown(in_dir(name), uid, gid), 0);
}

static void make_files(void)
{
    static const char *const folders[] = { "limits", "front", "html", "html/assets", "html/pages", "bin" };
    static const char *const files[] = {
        ".env", "autentico.db", "autentico.lock", "front/nginx.conf", "html/assets/auth.css", "html/pages/login.html",
        "theme.css", "ca.pem", "bin/check", "truncated.0", "truncated.1", "unlinked.0", "unlinked.1", "moved.0", "moved.1",
    };

    for (size_t i = 0; i < ARRAY_LEN(folders); i++)
        make_folder(folders[i]);
    for (size_t i = 0; i < ARRAY_LEN(files); i++)
        make_file(files[i]);
}

/* Somebody of the same user who may be looked at, as far as the kernel is asked. */
static void start_other(void)
{
    int ready[2];
    char byte;

    assert_int_equal(pipe(ready), 0);
    other = fork();
    if (other == 0) {
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        if (setresgid(gid, gid, gid) != 0 || setresuid(uid, uid, uid) != 0)
            _exit(1);
        prctl(PR_SET_DUMPABLE, 1);
        prctl(PR_SET_PTRACER, PR_SET_PTRACER_ANY);
        (void)!write(ready[1], "", 1);
        for (;;)
            pause();
    }
    assert_true(other > 0);
    assert_int_equal(read(ready[0], &byte, 1), 1);
    close(ready[0]);
    close(ready[1]);
}

static void listen_at(int family, void *at, socklen_t n, socklen_t *got)
{
    int fd = socket(family, SOCK_STREAM | SOCK_CLOEXEC, 0);

    assert_int_equal(bind(fd, at, n), 0);
    assert_int_equal(listen(fd, 64), 0);
    assert_int_equal(getsockname(fd, at, got), 0);
}

static void make_listeners(void)
{
    socklen_t n = sizeof(tcp);

    tcp = (struct sockaddr_in){ .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
    listen_at(AF_INET, &tcp, sizeof(tcp), &n);
    abstract = (struct sockaddr_un){ .sun_family = AF_UNIX }; /* named by the kernel */
    abstract_n = sizeof(abstract);
    listen_at(AF_UNIX, &abstract, sizeof(sa_family_t), &abstract_n);
}

static int set_up(void **state)
{
    const struct passwd *nobody = geteuid() == 0 ? getpwnam("nobody") : NULL;

    (void)state;
    A = arena_start("test");
    uid = nobody != NULL ? nobody->pw_uid : geteuid();
    gid = nobody != NULL ? nobody->pw_gid : getegid();
    dir = scratch_new(A);
    assert_int_equal(chown(dir, uid, gid), 0);
    make_files();
    command[0] = in_dir("bin/check");
    conf = (struct conf){ .db_path = in_dir("autentico.db"), .data_dir = dir, .theme_css_file = in_dir("theme.css"),
                          .ca_file = in_dir("ca.pem"), .state_dir = dir, .socket = in_dir("main.sock"), .login_socket = "",
                          .tcp_listen = "", .password_argv = command };
    pool = (struct pool){ .conf = &conf, .lock_path = in_dir("autentico.lock"), .limits_dir = in_dir("limits") };
    start_other();
    make_listeners();
    report = mmap(NULL, sizeof(*report), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    assert_ptr_not_equal(report, MAP_FAILED);
    abi = syscall(SYS_landlock_create_ruleset, NULL, 0, LANDLOCK_CREATE_RULESET_VERSION);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    kill(other, SIGKILL);
    waitpid(other, NULL, 0);
    scratch_remove(dir);
    munmap(report, sizeof(*report));
    arena_done(A);
    return 0;
}

/* A kernel that was built without it can show nothing; one where it is only switched off
 * at boot must not look as if all were well. */
static void need_landlock(void)
{
    if (abi >= 1)
        return;
    if (errno == ENOSYS) {
        print_message("this kernel has no Landlock: workers are not confined on this machine\n");
        skip();
    }
    fail_msg("Landlock is there but switched off (%s): see /sys/kernel/security/lsm, boot with lsm=landlock,...",
             strerror(errno));
}

/* What src/serve does after the fork. */
static void become(void)
{
    const int keep[] = { STDERR_FILENO };

    sandbox_child(keep, ARRAY_LEN(keep));
    sandbox_become(uid, gid);
}

static void run_child(void (*enter)(void))
{
    int status;

    memset(report, 0, sizeof(*report));
    pid_t pid = fork();
    if (pid == 0) {
        become();
        attempt_all(0);
        enter();
        attempt_all(1);
        report->is_done = true;
        _exit(0);
    }
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_int_equal(status, 0);
    assert_true(report->is_done);
}

static bool is_refused(int e)
{
    return e == EACCES || e == EPERM || e == EXDEV;
}

static void check_report(enum profile profile)
{
    for (size_t i = 0; i < ARRAY_LEN(attempts); i++) {
        bool is_closed = abi >= attempts[i].since[profile];

        if (report->got[0][i] != 0)
            fail_msg("before, \"%s\": %s: this test shows nothing", attempts[i].what, strerror(report->got[0][i]));
        if (is_closed && !is_refused(report->got[1][i]))
            fail_msg("it can still %s: %s", attempts[i].what, strerror(report->got[1][i]));
        if (!is_closed && report->got[1][i] != 0)
            fail_msg("it can no longer %s: %s", attempts[i].what, strerror(report->got[1][i]));
    }
}

/* --- the profiles -------------------------------------------------------------- */

static void enter_worker(void) { sandbox_close_worker(&pool); }
static void enter_keeper(void) { sandbox_close_keeper(&pool); }
static void enter_courier(void) { sandbox_close_courier(&pool); }
static void enter_nothing(void) { sandbox_close_all(); }
static void enter_parent(void) { sandbox_close_parent(&pool); }
static void enter_checker(void) { sandbox_close_checker(&pool); }

static void worker_is_confined(void **state)
{
    (void)state;
    need_landlock();
    run_child(enter_worker);
    check_report(WORKER);
}

static void keeper_is_confined(void **state)
{
    (void)state;
    need_landlock();
    run_child(enter_keeper);
    check_report(KEEPER);
}

/* Version 1 has no list for it. */
static void parent_is_confined(void **state)
{
    (void)state;
    need_landlock();
    run_child(enter_parent);
    if (abi >= 2)
        check_report(PARENT);
}

static void password_command_is_confined(void **state)
{
    (void)state;
    need_landlock();
    run_child(enter_checker);
    check_report(CHECKER);
}

/* A command that lies beside what we keep opens none of it. */
static void password_command_in_our_folder(void **state)
{
    (void)state;
    need_landlock();
    command[0] = in_dir("ca.pem");
    conf.file = in_dir("bin/check");
    run_child(enter_checker);
    for (size_t i = 0; i < ARRAY_LEN(attempts); i++)
        if (attempts[i].make == try_trust)
            assert_int_equal(report->got[1][i], 0);
        else if (attempts[i].make == try_command || attempts[i].make == try_database_read || attempts[i].make == try_env_file)
            assert_int_equal(report->got[1][i], EACCES);
}

/* It connects; that is what it is for. */
static void courier_is_confined(void **state)
{
    (void)state;
    need_landlock();
    run_child(enter_courier);
    check_report(COURIER);
}

static void signer_and_hasher_have_nothing(void **state)
{
    (void)state;
    need_landlock();
    run_child(enter_nothing);
    check_report(NOTHING);
}

/* --- the real processes call it before they read the first question ------------- */

static int close_and_attempt(void)
{
    attempt_all(0);
    sandbox_close_all();
    attempt_all(1);
    report->is_done = true;
    return 0;
}

static pid_t fork_with(int control[2], struct ask_queue *queue)
{
    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, control), 0);
    assert_int_equal(ask_queue_open(queue), RC_OK);
    memset(report, 0, sizeof(*report));
    return fork();
}

static void end_with(pid_t pid, int control[2])
{
    int status;

    close(control[1]);
    close(control[0]); /* the parent is gone: end */
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_int_equal(status, 0);
    assert_true(report->is_done);
    check_report(NOTHING);
}

static void hasher_enters(void **state)
{
    struct ask_queue queue;
    int control[2];

    (void)state;
    need_landlock();
    pid_t pid = fork_with(control, &queue);
    if (pid == 0) {
        struct hasher_setup setup = { .answer_fd = queue.answer_fd, .control_fd = control[1],
                                      .enter_sandbox = close_and_attempt };
        const int keep[] = { queue.answer_fd, control[1] };

        sandbox_child(keep, ARRAY_LEN(keep));
        sandbox_become(uid, gid);
        _exit(hasher_run(&setup));
    }
    end_with(pid, control);
}

static void signer_enters(void **state)
{
    static const uint8_t key[32] = "0123456789abcdefghijklmnopqrstu";
    struct signer_secrets secrets = { .encryption = { key, sizeof(key) }, .private_key_pem = "" };
    struct ask_queue queue;
    int control[2];

    (void)state;
    need_landlock();
    pid_t pid = fork_with(control, &queue);
    if (pid == 0) {
        struct signer_setup setup = { .issuer = "https://id.example.org/oauth2", .env_kid = "k",
                                      .request_deadline_s = 30, .control_fd = control[1],
                                      .enter_sandbox = close_and_attempt };
        const int keep[] = { queue.answer_fd, control[1] };

        for (int i = 0; i < CHANNELS_N; i++)
            setup.answer_fd[i] = i == CHANNEL_WORKER ? queue.answer_fd : -1;
        sandbox_child(keep, ARRAY_LEN(keep));
        sandbox_become(uid, gid);
        _exit(signer_run(&setup));
    }
    assert_int_equal(signer_hand_over(control[0], &secrets), RC_OK);
    end_with(pid, control);
}

/* --- what Landlock is not needed for -------------------------------------------- */

/* 0: the program ran; else errno. */
static int exec_true(void (*enter)(void))
{
    int status;
    pid_t pid = fork();

    if (pid == 0) {
        sandbox_become(uid, gid); /* the limit of sandbox_child() stops it, too */
        if (enter != NULL)
            enter();
        execl("/bin/true", "true", (char *)NULL);
        _exit(errno);
    }
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_true(WIFEXITED(status));
    return WEXITSTATUS(status);
}

static void nobody_becomes_a_program(void **state)
{
    (void)state;
    need_landlock();
    assert_int_equal(exec_true(NULL), 0);
    assert_int_equal(exec_true(enter_worker), EACCES);
    assert_int_equal(exec_true(enter_keeper), EACCES);
    assert_int_equal(exec_true(enter_courier), EACCES);
    assert_int_equal(exec_true(enter_nothing), EACCES);
    assert_int_equal(exec_true(enter_checker), 0);
    assert_int_equal(exec_true(enter_parent), 0);
}

static int in_child(int (*fn)(void))
{
    int status;
    pid_t pid = fork();

    if (pid == 0)
        _exit(fn());
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_true(WIFEXITED(status));
    return WEXITSTATUS(status);
}

/* The number of the check that failed, or 0. */
static int check_child(void)
{
    int kept = open("/dev/null", O_RDONLY), dropped = open("/dev/null", O_RDONLY), far = fcntl(dropped, F_DUPFD, 200);

    sandbox_child(&kept, 1);
    if (fcntl(kept, F_GETFD) < 0 || fcntl(STDERR_FILENO, F_GETFD) < 0)
        return 1;
    if (fcntl(dropped, F_GETFD) >= 0 || fcntl(far, F_GETFD) >= 0)
        return 2;
    if (prctl(PR_GET_DUMPABLE) != 0)
        return 3;
    sandbox_become(uid, gid);
    if (getuid() != uid || geteuid() != uid || getgid() != gid || getegid() != gid)
        return 4;
    if (geteuid() != 0 && (setuid(0) == 0 || setgid(0) == 0))
        return 5;
    if (prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0) != 1 || prctl(PR_GET_DUMPABLE) != 0)
        return 6;
    if (fork() >= 0 && geteuid() != 0)
        return 7;
    return 0;
}

static void identity_is_given_up(void **state)
{
    (void)state;
    assert_int_equal(in_child(check_child), 0);
}

/* Root that stays root (a first look on a laptop) has no capability left. */
static int check_root(void)
{
    sandbox_become(0, 0);
    if (chown(in_dir(".env"), 1, 1) == 0)
        return 1;
    return open_close(in_dir(".env"), O_RDONLY) == EACCES ? 0 : 2; /* nobody's, 0600 */
}

static void root_without_capabilities(void **state)
{
    (void)state;
    if (geteuid() != 0)
        skip(); /* there is none to give up */
    assert_int_equal(in_child(check_root), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
        TEST(worker_is_confined),
        TEST(keeper_is_confined),
        TEST(courier_is_confined),
        TEST(parent_is_confined),
        TEST(password_command_is_confined),
        TEST(password_command_in_our_folder),
        TEST(signer_and_hasher_have_nothing),
        TEST(hasher_enters),
        TEST(signer_enters),
        TEST(nobody_becomes_a_program),
        TEST(identity_is_given_up),
        TEST(root_without_capabilities),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
