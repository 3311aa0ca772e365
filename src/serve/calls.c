#include "config.h"

#include "serve/calls.h"

#include <errno.h>
#include <fcntl.h>
#include <malloc.h>
#include <sched.h>
#include <seccomp.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

#include "serve/calls_lists.h"
#include "util/log.h"

#define NAMES_N 512
#define NAME_BYTES 32
#define EXIT_SOFTWARE 70

static char names[NAMES_N][NAME_BYTES]; /* by number */
static bool is_impossible;              /* here; the parent said so */

/* --- is there anything to do? ---------------------------------------------------- */

#if defined(__SANITIZE_ADDRESS__)
#define IS_SANITIZED true
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define IS_SANITIZED true
#endif
#endif
#ifndef IS_SANITIZED
#define IS_SANITIZED false
#endif

/* Valgrind runs us inside itself, and would have to live with our list. */
static bool is_off(void)
{
#ifdef AUTENTICO_TEST_HOOKS
    if (getenv("AUTENTICO_TEST_NO_SECCOMP") != NULL)
        return true;
#endif
    return IS_SANITIZED || is_impossible;
}

/* --- what is said of whoever breaks out -------------------------------------------- */

/* Ahead, in the parent: the library allocates each name it tells. */
static void learn_names(void)
{
    if (names[0][0] != '\0')
        return;
    for (int i = 0; i < NAMES_N; i++) {
        char *name = seccomp_syscall_resolve_num_arch(SCMP_ARCH_NATIVE, i);

        if (name != NULL)
            snprintf(names[i], NAME_BYTES, "%s", name);
        free(name);
    }
}

static const char *name_of(int nr)
{
    if (nr >= 0 && nr < NAMES_N && names[nr][0] != '\0')
        return names[nr];
    return log_num(nr);
}

/*
 * The signal is no asynchronous one: it is the answer to a system call, so whatever was
 * interrupted stands at one.  It may be malloc() that wanted memory, with its lock held; it is
 * never log_event() or the snprintf() within, which make none but the last.  Neither of them
 * allocates or locks.  It is blocked meanwhile: a call in here that is not allowed either ends
 * the process on the spot, which is also how this ends.
 */
static _Noreturn void on_violation(int sig, siginfo_t *info, void *context)
{
    sigset_t none;

    (void)context;
    log_event(LOG_LEVEL_ERROR, "sandbox_violation", "call", name_of(info->si_syscall), NULL);
    (void)signal(sig, SIG_DFL); /* forbidden to everybody but the parent */
    (void)kill(getpid(), sig);
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);
    _exit(EXIT_SOFTWARE);
}

static void expect_violations(void)
{
    struct sigaction action = { .sa_sigaction = on_violation, .sa_flags = SA_SIGINFO };

    sigfillset(&action.sa_mask);
    if (sigaction(SIGSYS, &action, NULL) != 0)
        die("sandbox: sigaction: %s", strerror(errno));
}

/* --- making a filter ---------------------------------------------------------------- */

/* What this machine, or this version of the library, has no such call for needs no rule. */
static void add(scmp_filter_ctx f, uint32_t action, const char *name, unsigned n, const struct scmp_arg_cmp *args)
{
    int nr = seccomp_syscall_resolve_name(name);
    int e = nr == __NR_SCMP_ERROR ? 0 : seccomp_rule_add_array(f, action, nr, n, args);

    if (e != 0 && e != -EDOM)
        die("sandbox: rule for %s: %s", name, strerror(-e));
}

static void add_list(scmp_filter_ctx f, uint32_t action, const char *const *list)
{
    for (; *list != NULL; list++)
        add(f, action, *list, 0, NULL);
}

static void allow_if(scmp_filter_ctx f, const char *name, struct scmp_arg_cmp arg)
{
    add(f, SCMP_ACT_ALLOW, name, 1, &arg);
}

/* Nothing that can be written is ever run.  Whoever loads libraries may run what is in files,
 * and Landlock says in which. */
static void allow_memory(scmp_filter_ctx f, bool loads)
{
    const struct scmp_arg_cmp file[] = {
        SCMP_A2(SCMP_CMP_MASKED_EQ, PROT_EXEC | PROT_WRITE, PROT_EXEC),
        SCMP_A3(SCMP_CMP_MASKED_EQ, MAP_ANONYMOUS, 0),
    };

    allow_if(f, "mmap", SCMP_A2(SCMP_CMP_MASKED_EQ, PROT_EXEC, 0));
    allow_if(f, "mmap2", SCMP_A2(SCMP_CMP_MASKED_EQ, PROT_EXEC, 0));
    allow_if(f, "mprotect", SCMP_A2(SCMP_CMP_MASKED_EQ, PROT_EXEC, 0));
    if (!loads)
        return;
    add(f, SCMP_ACT_ALLOW, "mmap", ARRAY_LEN(file), file);
    add(f, SCMP_ACT_ALLOW, "mmap2", ARRAY_LEN(file), file);
}

/* abort() sends it to ourselves, and wants the handler off.  Not the one of SIGSYS: whoever
 * has come to run code of his own here must not get to go on after a refusal. */
static void allow_ending(scmp_filter_ctx f)
{
    const struct scmp_arg_cmp abort_self[] = { SCMP_A0(SCMP_CMP_EQ, (scmp_datum_t)getpid()),
                                               SCMP_A2(SCMP_CMP_EQ, SIGABRT) };

    add(f, SCMP_ACT_ALLOW, "tgkill", ARRAY_LEN(abort_self), abort_self);
    allow_if(f, "rt_sigaction", SCMP_A0(SCMP_CMP_NE, SIGSYS));
    allow_if(f, "sigaction", SCMP_A0(SCMP_CMP_NE, SIGSYS));
}

/* Not F_SETOWN and its like, which have signals sent. */
static void allow_fcntl(scmp_filter_ctx f)
{
    static const int commands[] = { F_SETLK, F_GETLK, F_SETLKW, F_OFD_SETLK, F_GETFD, F_SETFD, F_GETFL, F_SETFL,
                                    F_DUPFD_CLOEXEC };

    for (size_t i = 0; i < ARRAY_LEN(commands); i++) {
        allow_if(f, "fcntl", SCMP_A1(SCMP_CMP_EQ, (scmp_datum_t)commands[i]));
        allow_if(f, "fcntl64", SCMP_A1(SCMP_CMP_EQ, (scmp_datum_t)commands[i]));
    }
}

static void allow_families(scmp_filter_ctx f, const int *families)
{
    for (; *families != 0; families++)
        allow_if(f, "socket", SCMP_A0(SCMP_CMP_EQ, (scmp_datum_t)*families));
}

/* What a tracer has skipped comes as number -1, which is no call: an operator with strace is
 * no break-out. */
static void allow_skipped(scmp_filter_ctx f)
{
    if (seccomp_attr_set(f, SCMP_FLTATR_API_TSKIP, 1) == 0)
        (void)seccomp_rule_add(f, SCMP_ACT_ALLOW, -1, 0);
}

static void fill(scmp_filter_ctx f, const struct calls_list *l)
{
    allow_skipped(f);
    for (size_t i = 0; i < CALLS_GROUPS_MAX && l->allowed[i] != NULL; i++)
        add_list(f, SCMP_ACT_ALLOW, l->allowed[i]);
    allow_memory(f, l->has_network);
    allow_ending(f);
    if (l->has_files) {
        allow_fcntl(f);
        allow_if(f, "socketpair", SCMP_A0(SCMP_CMP_EQ, AF_UNIX));
    }
    if (l->has_network)
        allow_if(f, "ioctl", SCMP_A1(SCMP_CMP_EQ, FIONREAD));
    if (l->families != NULL)
        allow_families(f, l->families);
}

static scmp_filter_ctx filter_new(uint32_t otherwise)
{
    scmp_filter_ctx f = seccomp_init(otherwise);

    if (f == NULL)
        die("sandbox: no seccomp filter");
    /* Old kernels, and places without seccomp, lack some; none of them is what protects.  Calls
     * of another architecture's table end the process, not the thread, without a line: names
     * would be wrong.  A tree instead of a list.  A line in the kernel's log, too. */
    (void)seccomp_attr_set(f, SCMP_FLTATR_ACT_BADARCH, SCMP_ACT_KILL_PROCESS);
    (void)seccomp_attr_set(f, SCMP_FLTATR_CTL_OPTIMIZE, 2);
    (void)seccomp_attr_set(f, SCMP_FLTATR_CTL_LOG, 1);
    return f;
}

/* A program of somebody else's asks for what is new and takes a no. */
static scmp_filter_ctx filter_of_kind(enum proc_kind kind)
{
    scmp_filter_ctx f = filter_new(kind == PROC_CHECKER ? SCMP_ACT_ERRNO(ENOSYS) : SCMP_ACT_TRAP);

    fill(f, calls_list_of(kind));
    return f;
}

/* --- the parent's ---------------------------------------------------------------------- */

static void forbid_worlds(scmp_filter_ctx f)
{
    static const int flags[] = { CLONE_NEWUSER, CLONE_NEWNS, CLONE_NEWPID, CLONE_NEWNET, CLONE_NEWIPC, CLONE_NEWUTS,
                                 CLONE_NEWCGROUP };

    for (size_t i = 0; i < ARRAY_LEN(flags); i++) {
        scmp_datum_t bit = (scmp_datum_t)flags[i];
#ifdef __s390__
        const struct scmp_arg_cmp has_it = SCMP_A1(SCMP_CMP_MASKED_EQ, bit, bit);
#else
        const struct scmp_arg_cmp has_it = SCMP_A0(SCMP_CMP_MASKED_EQ, bit, bit);
#endif
        add(f, SCMP_ACT_TRAP, "clone", 1, &has_it);
    }
}

static scmp_filter_ctx filter_of_parent(void)
{
    scmp_filter_ctx f = filter_new(SCMP_ACT_ALLOW);

    add_list(f, SCMP_ACT_TRAP, calls_never);
    add_list(f, SCMP_ACT_ERRNO(ENOSYS), calls_unneeded);
    forbid_worlds(f);
    return f;
}

static scmp_filter_ctx filter_for(enum proc_kind kind)
{
    return kind == PROC_NONE ? filter_of_parent() : filter_of_kind(kind);
}

/* --- closing ----------------------------------------------------------------------------- */

bool calls_are_meant(void)
{
    return !IS_SANITIZED;
}

static int load(enum proc_kind kind)
{
    scmp_filter_ctx f = filter_for(kind);
    int e = seccomp_load(f);

    seccomp_release(f);
    malloc_trim(0); /* a hundred KiB, in each process */
    return -e;
}

void calls_close(enum proc_kind kind)
{
    int e;

    if (is_off())
        return;
    learn_names();
    expect_violations();
    e = load(kind);
    if (e != 0)
        die("sandbox: seccomp: %s", strerror(e));
}

void calls_close_parent(void)
{
    int e;

    if (is_off())
        return;
    learn_names();
    expect_violations();
    e = load(PROC_NONE);
    is_impossible = e != 0;
    if (is_impossible)
        log_event(LOG_LEVEL_WARNING, "sandbox_without_seccomp", "why", strerror(e), NULL);
}
