"""hold.py CALL PID...: keeps processes from running, by ptrace(2), until standard input ends or they are dead.

CALL is "-" (wherever they are) or the system call at whose entry each is held.
"""
import ctypes
import os
import platform
import select
import sys

SEIZE, INTERRUPT, SYSCALL, GET_SYSCALL_INFO = 0x4206, 0x4207, 24, 0x420e
TRACESYSGOOD = 1
WALL = 0x40000000
NUMBERS = {"x86_64": {"sendmsg": 46, "pwrite64": 18}, "aarch64": {"sendmsg": 211, "pwrite64": 68}}[platform.machine()]

libc = ctypes.CDLL(None, use_errno=True)
libc.ptrace.argtypes = (ctypes.c_long, ctypes.c_long, ctypes.c_void_p, ctypes.c_void_p)


def ptrace(what, pid, addr=None, data=None):
    if libc.ptrace(what, pid, addr, data) < 0:
        raise OSError(ctypes.get_errno(), f"ptrace {what:#x} of {pid}")


def call_of(pid):
    """The system call that is being entered, or None."""
    info = ctypes.create_string_buffer(96)
    ptrace(GET_SYSCALL_INFO, pid, len(info), ctypes.addressof(info))
    return int.from_bytes(info.raw[24:32], "little") if info.raw[0] == 1 else None


def handle(pid, status, wanted):
    if not os.WIFSTOPPED(status):
        return
    if wanted is None or (os.WSTOPSIG(status) & 0x80 and call_of(pid) == wanted):
        return              # here it stays
    is_signal = os.WSTOPSIG(status) & 0x80 == 0 and status >> 16 == 0
    ptrace(SYSCALL, pid, None, os.WSTOPSIG(status) if is_signal else None)


def is_over():
    return select.select([0], [], [], 0.002)[0] != []


def main(call, pids):
    wanted = None if call == "-" else NUMBERS[call]
    for pid in pids:
        ptrace(SEIZE, pid, None, TRACESYSGOOD)
        ptrace(INTERRUPT, pid)
    print("seized", flush=True)
    living = set(pids)
    while living and not is_over():
        pid, status = os.waitpid(-1, os.WNOHANG | WALL)
        if pid != 0:
            handle(pid, status, wanted)
            if os.WIFEXITED(status) or os.WIFSIGNALED(status):
                living.discard(pid)


if __name__ == "__main__":
    main(sys.argv[1], [int(arg) for arg in sys.argv[2:]])
