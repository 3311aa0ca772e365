"""A process of ours in somebody else's hands: stopped where it waits, it makes the system calls it is told to.

By ptrace, as root, which nothing of the sandbox can help against.  It is the real process with its real filter and
list, and what it tries is what code of an attacker's in it would.  x86-64.
"""
import ctypes
import os
import platform
import signal

ATTACH, DETACH, CONT, SYSCALL, GETREGS, SETREGS, SETOPTIONS, GETSIGINFO = 16, 17, 7, 24, 12, 13, 0x4200, 0x4202
REGS = ("r15 r14 r13 r12 rbp rbx r11 r10 r9 r8 rax rcx rdx rsi rdi orig_rax rip cs eflags rsp ss fs_base gs_base ds es "
        "fs gs").split()
ARGS = ("rdi", "rsi", "rdx", "r10", "r8", "r9")
NUMBERS = dict(read=0, open=2, mmap=9, mprotect=10, rt_sigaction=13, rt_sigprocmask=14, pipe=22, socket=41, connect=42, bind=49, listen=50,
               socketpair=53, clone=56, fork=57, execve=59, kill=62, fcntl=72, getpid=39, rename=82, unlink=87,
               symlink=88, chmod=90, ptrace=101, setuid=105, capset=126, chroot=161, prctl=157, arch_prctl=158,
               mount=165, init_module=175, settimeofday=164, tkill=200, tgkill=234, inotify_init=253, openat=257, unshare=272,
               process_vm_readv=310, bpf=321, seccomp=317, memfd_create=319, userfaultfd=323, io_uring_setup=425,
               pidfd_open=434, clone3=435, setns=308, setrlimit=160, sendto=44, accept4=288, epoll_create1=291,
               perf_event_open=298, keyctl=250, skipped=-1)


class Regs(ctypes.Structure):
    _fields_ = [(name, ctypes.c_ulonglong) for name in REGS]


libc = ctypes.CDLL(None, use_errno=True)
libc.ptrace.argtypes = [ctypes.c_long, ctypes.c_long, ctypes.c_void_p, ctypes.c_void_p]
libc.ptrace.restype = ctypes.c_long


def ptrace(request, pid, addr=None, data=None):
    if libc.ptrace(request, pid, addr, data) < 0:
        raise OSError(ctypes.get_errno(), f"ptrace {request}: {os.strerror(ctypes.get_errno())}")


class Captive:
    def __init__(self, pid):
        assert platform.machine() == "x86_64", "another machine has other registers: write them down here"
        self.pid = pid

    def __enter__(self):
        ptrace(ATTACH, self.pid)
        self.stopped(signal.SIGSTOP)
        ptrace(SETOPTIONS, self.pid, None, 1)  # PTRACE_O_TRACESYSGOOD
        self.before = self.registers()
        self.mem = open(f"/proc/{self.pid}/mem", "r+b", buffering=0)
        self.syscall_at = self.before.rip - 2
        assert self.peek(self.syscall_at, 2) == b"\x0f\x05", "it does not wait in a system call"
        return self

    def __exit__(self, *what):
        self.mem.close()
        again = Regs.from_buffer_copy(self.before)  # what it waited in, from the start
        again.rip, again.rax, again.orig_rax = self.syscall_at, self.before.orig_rax, ctypes.c_ulonglong(-1).value
        try:
            self.set(again)
            ptrace(DETACH, self.pid)
        except ProcessLookupError:
            pass

    def stopped(self, sig):
        _, status = os.waitpid(self.pid, 0x40000000)  # __WALL
        assert os.WIFSTOPPED(status) and os.WSTOPSIG(status) == sig, (hex(status), sig)

    def registers(self):
        regs = Regs()
        ptrace(GETREGS, self.pid, None, ctypes.byref(regs))
        return regs

    def set(self, regs):
        ptrace(SETREGS, self.pid, None, ctypes.byref(regs))

    def peek(self, at, n):
        self.mem.seek(at)
        return self.mem.read(n)

    def poke(self, at, data):
        self.mem.seek(at)
        self.mem.write(data)

    def prepare(self, name, args):
        """Texts and bytes are put below its stack."""
        regs = Regs.from_buffer_copy(self.before)
        at = (self.before.rsp - 65536) & ~15
        for register, arg in zip(ARGS, list(args) + [0] * (6 - len(args))):
            if isinstance(arg, (str, bytes)):
                data = arg.encode() + b"\0" if isinstance(arg, str) else arg
                self.poke(at, data)
                arg, at = at, at + (len(data) + 15 & ~15)
            setattr(regs, register, ctypes.c_ulonglong(arg).value)
        regs.rip, regs.rax, regs.orig_rax = self.syscall_at, NUMBERS[name], ctypes.c_ulonglong(-1).value
        self.set(regs)

    def tries(self, name, *args):
        """What it returns, or "ended": the filter has sent SIGSYS, which we keep from it, so that it lives on."""
        self.prepare(name, args)
        ptrace(SYSCALL, self.pid)
        _, status = os.waitpid(self.pid, 0x40000000)
        if os.WIFSTOPPED(status) and os.WSTOPSIG(status) == signal.SIGTRAP | 0x80:  # at its entry
            ptrace(SYSCALL, self.pid)
            _, status = os.waitpid(self.pid, 0x40000000)
        assert os.WIFSTOPPED(status), hex(status)
        if os.WSTOPSIG(status) == signal.SIGTRAP | 0x80:
            value = self.registers().rax
            if value == NUMBERS[name]:  # left without having been made: the signal comes next
                ptrace(SYSCALL, self.pid)
                _, status = os.waitpid(self.pid, 0x40000000)
            else:
                self.set(self.before)
                return ctypes.c_longlong(value).value
        assert os.WSTOPSIG(status) == signal.SIGSYS, hex(status)
        info = (ctypes.c_int * 32)()
        ptrace(GETSIGINFO, self.pid, None, info)
        assert info[6] == NUMBERS[name], (name, list(info[:8]))
        self.set(self.before)
        return "ended"


def break_out(pid, name, *args):
    """It tries, and nobody holds its hand."""
    captive = Captive(pid)
    captive.__enter__()
    captive.mem.flush()
    captive.prepare(name, args)
    captive.mem.close()
    ptrace(DETACH, pid)
