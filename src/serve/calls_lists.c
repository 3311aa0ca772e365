/* Found by strace of real runs: the tests of tests/http and tests/faults, of a build as it is
 * installed, with every kind of process.  What stands here beside that says why. */
#include "config.h"

#include "serve/calls_lists.h"

#include <sys/socket.h>

#include "util/log.h"

/* Everybody. */
static const char *const basics[] = {
    /* memory; mmap and mprotect are in calls.c, without PROT_EXEC.  mremap, madvise: realloc()
     * and free() of large blocks, Argon2's arena */
    "brk", "munmap", "mremap", "madvise",
    /* descriptors that are there: a log line, pipes, eventfds, sockets.  writev: the C
     * library's last words before it aborts */
    "read", "write", "writev", "close",
    /* waiting for them */
    "poll", "ppoll", "ppoll_time64", "restart_syscall",
    /* questions and answers between processes (util/ask.h), and who it is that asks */
    "recvmsg", "sendmsg", "recvfrom", "recv", "sendto", "send", "getsockopt",
    /* locks: the robust one of the store, and the C library's own */
    "futex", "futex_time64", "sched_yield",
    /* the clock, where the kernel does not map it; pauses between tries */
    "clock_gettime", "clock_gettime64", "gettimeofday", "time", "nanosleep", "clock_nanosleep", "clock_nanosleep_time64",
    "getrandom",
    /* qsort() asks how much memory there is before it allocates */
    "sysinfo",
    "getpid", "gettid", "getppid",
    /* signals: returning from a handler; abort() (the others are in calls.c) */
    "rt_sigreturn", "sigreturn", "rt_sigprocmask", "sigprocmask",
    "exit", "exit_group", NULL,
};

/* Who has a database open. */
static const char *const store[] = {
    "pread64", "pwrite64", "fdatasync", "fsync", "ftruncate", "ftruncate64", "lseek", "_llseek",
    /* is it still the same file? */
    "fstat", "fstat64", "newfstatat", "fstatat64", "stat", "stat64", "lstat", "lstat64", "statx",
    "access", "faccessat", "faccessat2",
    /* limits.db may be made anew while we run, by root given away; SQLite tries to remove a log
     * and to open the folder, and takes a no.  Which files, that is Landlock's to say */
    "open", "openat", "unlink", "unlinkat", "readlink", "readlinkat", "fchmod", "fchown", "fchown32",
    "geteuid", "geteuid32", "getuid", "getuid32",
    /* the lock's file, when it has to be set up again after a power failure */
    "flock",
    /* the buffer of a question */
    "setsockopt", NULL,
};

/* Requests: taking a connection over, waiting until it is there whole, ending it; memfd: what
 * is more than a socket's buffer holds is put there for libfcgi to read. */
static const char *const requests[] = {
    "accept", "accept4", "epoll_create1", "epoll_ctl", "epoll_wait", "epoll_pwait", "epoll_pwait2", "shutdown",
    "memfd_create", NULL,
};

/* The courier: names, connections, TLS, and libcurl, which comes with the first mail.  Where it
 * may connect to, and that nobody connects to it, is Landlock's to say. */
static const char *const mail[] = {
    "connect", "bind", "getpeername", "getsockname", "shutdown", "sendmmsg",
    /* a folder of certificates */
    "getdents64", "getdents",
    /* name services beside files and DNS, of which a machine may have any: the host's name,
     * who we are, loops of their own */
    "uname", "getgid", "getgid32", "getegid", "getegid32", "epoll_create1", "epoll_ctl", "epoll_wait", "epoll_pwait", NULL,
};

/* UNIX: nscd and resolved; NETLINK: which addresses this machine has (RFC 6724). */
static const int mail_families[] = { AF_INET, AF_INET6, AF_UNIX, AF_NETLINK, 0 };

/* A password command is somebody else's program, and so this is no small list: what programs
 * and shells do with files, children of theirs and the network. */
static const char *const programs[] = {
    "execve", "execveat", "fork", "vfork", "clone", "wait4", "waitid", "waitpid", "kill", "tkill", "tgkill",
    "pidfd_open", "pidfd_send_signal", "setpgid", "getpgid", "getpgrp", "setsid", "getsid", "prctl", "arch_prctl",
    "set_tid_address", "set_robust_list", "get_robust_list", "rseq", "membarrier", "set_thread_area", "get_thread_area",
    "set_tls", "cacheflush", "close_range", "prlimit64", "getrlimit", "ugetrlimit", "setrlimit", "getrusage", "times",
    "sched_getaffinity", "sched_getparam", "sched_getscheduler", "getpriority", "setpriority", "ioprio_get", "getcpu",
    "rt_sigaction", "sigaction", "rt_sigsuspend", "sigsuspend", "rt_sigpending", "rt_sigtimedwait", "sigaltstack", "pause",
    "alarm", "setitimer", "getitimer", "signalfd4", "timerfd_create", "timerfd_settime", "clock_getres",
    "clock_getres_time64", "mprotect", "mmap", "mmap2", "mlock", "munlock", "msync", "mincore", "memfd_create",
    "fcntl", "fcntl64", "ioctl", "dup", "dup2", "dup3", "pipe", "pipe2", "eventfd", "eventfd2", "readv", "pread64", "pwritev",
    "preadv", "sendfile", "sendfile64", "splice", "copy_file_range", "getdents", "getdents64", "chdir", "fchdir", "statfs",
    "statfs64", "fstatfs", "fstatfs64", "fadvise64", "fadvise64_64", "fallocate", "rename", "renameat", "renameat2",
    "mkdir", "mkdirat", "getcwd", "umask", "rmdir", "link", "linkat", "symlink", "symlinkat", "chmod", "fchmodat", "utimensat", "truncate", "getxattr",
    "lgetxattr", "inotify_init1", "inotify_add_watch",
    "getgid", "getgid32", "getegid", "getegid32", "getgroups", "getgroups32", "getresuid", "getresuid32", "getresgid",
    "getresgid32", "uname", "select", "_newselect", "pselect6", "pselect6_time64", "capget",
    "epoll_create", "epoll_create1", "epoll_ctl", "epoll_wait", "epoll_pwait",
    "socket", "socketpair", "connect", "bind", "getsockname", "getpeername", "shutdown", "sendmmsg", "recvmmsg", NULL,
};

const char *const calls_never[] = {
    /* other processes' memory and descriptors */
    "ptrace", "process_vm_readv", "process_vm_writev", "process_madvise", "pidfd_getfd", "kcmp",
    /* code in the kernel, and the kernel itself */
    "bpf", "init_module", "finit_module", "delete_module", "create_module", "kexec_load", "kexec_file_load", "reboot",
    "iopl", "ioperm", "modify_ldt", "vm86", "vm86old", "lookup_dcookie", "syslog", "nfsservctl", "_sysctl",
    /* what others see of the file system */
    "mount", "umount", "umount2", "pivot_root", "chroot", "open_tree", "move_mount", "fsopen", "fsconfig", "fsmount",
    "fspick", "mount_setattr", "swapon", "swapoff", "quotactl", "quotactl_fd", "acct", "fanotify_init",
    "open_by_handle_at", "mknod", "mknodat",
    /* other worlds */
    "setns", "unshare",
    /* everybody's clock and name */
    "settimeofday", "clock_settime", "clock_settime64", "clock_adjtime", "clock_adjtime64", "adjtimex", "stime",
    "sethostname", "setdomainname", "vhangup", "uselib", NULL,
};

/* clone3 has its flags in memory, where a filter cannot see whether they ask for a new world */
const char *const calls_unneeded[] = {
    "clone3", "io_uring_setup", "io_uring_enter", "io_uring_register", "userfaultfd", "perf_event_open", "add_key",
    "request_key", "keyctl", "name_to_handle_at", NULL,
};

static const struct calls_list lists[PROC_KINDS_N] = {
    [PROC_WORKER] = { .allowed = { basics, store, requests }, .has_files = true },
    [PROC_LOGIN_WORKER] = { .allowed = { basics, store, requests }, .has_files = true },
    [PROC_KEEPER] = { .allowed = { basics, store }, .has_files = true },
    [PROC_COURIER] = { .allowed = { basics, store, mail }, .has_files = true, .has_network = true,
                       .families = mail_families },
    [PROC_SIGNER] = { .allowed = { basics } },
    [PROC_HASHER] = { .allowed = { basics } },
    [PROC_CHECKER] = { .allowed = { basics, store, programs } },
};

const struct calls_list *calls_list_of(enum proc_kind kind)
{
    if (lists[kind].allowed[0] == NULL)
        die("sandbox: no list of calls for \"%s\"", proc_kind_name(kind));
    return &lists[kind];
}
