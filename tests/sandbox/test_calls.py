"""What each kind of process may no longer do, tried by the real ones (style 2, design D3a): a build as it is installed."""
import errno
import os
import shutil
import signal
import socket
import struct
import subprocess

import pytest

from captive import Captive, break_out
from provider import Provider, until
from test_password_command import landlock

KINDS = ["worker", "login-worker", "hasher", "signer", "keeper", "courier"]
INET, UNIX, PACKET = socket.AF_INET, socket.AF_UNIX, socket.AF_PACKET
STREAM, RAW = socket.SOCK_STREAM, socket.SOCK_RAW
READ, WRITE, EXEC = 1, 2, 4
PRIVATE, ANONYMOUS = 2, 0x20
MASK = 2 ** 64 - 1

# what code of somebody else's would want; in none of them
FORBIDDEN = [
    ("execve", "/bin/sh", 0, 0), ("fork",), ("clone", signal.SIGCHLD), ("clone3", 0, 0),
    ("ptrace", 16, 1), ("process_vm_readv", 1, 0, 0, 0, 0), ("kill", 1, 0), ("tkill", 1, 0), ("tgkill", 1, 1, signal.SIGKILL),
    ("pidfd_open", 1, 0), ("mount", "none", "/mnt", "tmpfs", 0, 0), ("chroot", "/"), ("unshare", 0x10000000), ("setns", 0, 0),
    ("bpf", 0, 0, 0), ("init_module", 0, 0, 0), ("settimeofday", 0, 0), ("perf_event_open", 0, 0, 0, -1), ("userfaultfd", 0),
    ("io_uring_setup", 1, 0), ("keyctl", 0, 0), ("setuid", 0), ("capset", 0, 0), ("prctl", 4, 1), ("setrlimit", 4, 0),
    ("seccomp", 1, 0, 0), ("socket", PACKET, RAW, 0), ("listen", 3, 1), ("rename", "/a", "/b"),
    ("symlink", "/a", "/b"), ("chmod", "/a", 0), ("mmap", 0, 4096, READ | EXEC, PRIVATE | ANONYMOUS, -1 & MASK, 0),
    ("mmap", 0, 4096, READ | WRITE | EXEC, PRIVATE, 3, 0), ("mprotect", 0, 4096, READ | EXEC),
    ("rt_sigaction", signal.SIGSYS, 0, 0, 8)]
ONLY_COURIER = [("socket", INET, STREAM, 0), ("socket", UNIX, STREAM, 0), ("connect", 3, "x", 1), ("bind", 3, "x", 1)]
ONLY_FILES = [("openat", -100 & MASK, "/etc/passwd", os.O_RDONLY), ("open", "/etc/passwd", os.O_RDONLY),
              ("unlink", "/etc/passwd"), ("fcntl", 3, 1), ("socketpair", UNIX, STREAM, 0, b"\0" * 8)]
ONLY_REQUESTS = [("accept4", 3, 0, 0, 0), ("memfd_create", "x", 0)]


@pytest.fixture(scope="module")
def provider():
    p = Provider(AUTENTICO_SIGNERS="1", AUTENTICO_HASHERS="1", AUTENTICO_WORKERS="2", AUTENTICO_LOGIN_WORKERS="1",
                 AUTENTICO_PASSWORD_COMMAND="/bin/true")
    p.start()
    p.onboard_cli()
    yield p
    p.halt()
    shutil.rmtree(p.dir)


def one(provider, kind):
    """Of those that wait; whoever has just been started gets the time."""
    until(lambda: kind in provider.pool().values(), kind)
    pid = next(pid for pid, k in provider.pool().items() if k == kind)
    until(lambda: is_closed(pid), f"{kind} is not in its sandbox")
    until(lambda: is_waiting(pid), f"{kind} is busy")
    return pid


def is_closed(pid):
    """Two filters: the parent's and its own."""
    with open(f"/proc/{pid}/status") as f:
        lines = dict(line.split(":\t", 1) for line in f.read().splitlines() if ":\t" in line)
    return lines["Seccomp"] == "2" and int(lines["Seccomp_filters"]) >= 2 and lines["NoNewPrivs"] == "1"


def is_waiting(pid):
    with open(f"/proc/{pid}/stat") as f:
        return f.read().rpartition(")")[2].split()[0] == "S"


def expected(kind):
    out = list(FORBIDDEN)
    if kind != "courier":
        out += ONLY_COURIER
    if kind in ("signer", "hasher"):
        out += ONLY_FILES
    if kind not in ("worker", "login-worker"):
        out += ONLY_REQUESTS
    return out


@pytest.mark.parametrize("kind", KINDS)
def test_what_ends_it(provider, kind):
    with Captive(one(provider, kind)) as captive:
        assert captive.tries("getpid") == captive.pid
        for name, *args in expected(kind):
            assert captive.tries(name, *args) == "ended", (kind, name, args)
        assert captive.tries("skipped") == -errno.ENOSYS  # what strace makes of a call that it has fail
        assert captive.tries("getpid") == captive.pid


@pytest.mark.parametrize("kind", ["worker", "login-worker", "keeper", "courier"])
def test_what_is_opened(provider, kind):
    """May open, but Landlock says which files; and their locks, but no signals by a descriptor."""
    secrets = [provider.dir + "/.env", provider.db_path, "/etc/shadow", provider.dir + "/autentico.lock", "/proc/1/environ"]
    with Captive(one(provider, kind)) as captive:
        for path in secrets:
            for flags in (os.O_RDONLY, os.O_RDWR):
                assert captive.tries("openat", -100 & MASK, path, flags) == -errno.EACCES, path
        assert captive.tries("fcntl", 0, 8, os.getpid()) == "ended"  # F_SETOWN
        assert captive.tries("fcntl", 2, 1) >= 0  # F_GETFD
        assert captive.tries("unlink", provider.dir + "/.env") == -errno.EACCES


def test_the_courier_connects_but_loads_only_from_files(provider):
    with Captive(one(provider, "courier")) as captive:
        fd = captive.tries("socket", INET, STREAM, 0)
        assert fd > 2
        if landlock() >= 4:
            assert captive.tries("bind", fd, struct.pack("=HHI8x", INET, 0, 0), 16) == -errno.EACCES
        libc = captive.tries("openat", -100 & MASK, "/lib/x86_64-linux-gnu/libm.so.6", os.O_RDONLY | os.O_CLOEXEC)
        assert libc > 2
        at = captive.tries("mmap", 0, 4096, READ | EXEC, PRIVATE, libc, 0)
        assert at > 0
        assert captive.tries("mprotect", at, 4096, WRITE | EXEC) == "ended"
    os.kill(captive.pid, signal.SIGKILL)  # with what it has open now


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("call, args", [("execve", ("/bin/sh", 0, 0)), ("kill", (1, 0)), ("ptrace", (16, 1)), ("bpf", (0, 0, 0))])
def test_it_is_ended_and_named(provider, client, kind, call, args):
    """No hand held: the line, the end, and somebody in its place; whoever signs in meanwhile notices nothing."""
    pid = one(provider, kind)
    break_out(pid, call, *args)
    until(lambda: not os.path.exists(f"/proc/{pid}"), "it lives")
    lines = [line for line in provider.events("sandbox_violation") if int(line["pid"]) == pid]
    assert [(line["call"], line["proc"], line["level"]) for line in lines] == [(call, kind, "error")]
    until(lambda: [e for e in provider.events("process_died") if int(e["child"]) == pid], "not noticed")
    died = [e for e in provider.events("process_died") if int(e["child"]) == pid]
    assert died[0]["kind"] == kind and "Bad system call" in died[0]["why"]
    assert provider.sign_in(client)["code"]
    one(provider, kind)


def test_no_way_round_the_handler(provider):
    """It stays, and a blocked signal is sent all the same, though then nobody is left to write the line."""
    pid = one(provider, "worker")
    with Captive(pid) as captive:
        assert captive.tries("rt_sigaction", signal.SIGSYS, struct.pack("=QQQQ", 1, 0, 0, 0), 0, 8) == "ended"
        assert captive.tries("rt_sigprocmask", 0, b"\xff" * 8, 0, 8) == 0
    until(lambda: is_waiting(pid), "worker is busy")
    break_out(pid, "kill", 1, 0)
    until(lambda: [e for e in provider.events("process_died") if int(e["child"]) == pid], "it lives")
    died = [e for e in provider.events("process_died") if int(e["child"]) == pid]
    assert "Bad system call" in died[0]["why"]


def test_the_parent_and_whom_it_starts(provider):
    """The parent's own list holds for the private front and the password command, too."""
    parent, front = provider.process.pid, next(pid for pid, kind in provider.pool().items() if kind == "front")
    checker = next(pid for pid, kind in provider.pool().items() if kind == "checker")
    never = [("ptrace", 16, 1), ("process_vm_readv", 1, 0, 0, 0, 0), ("mount", "none", "/mnt", "tmpfs", 0, 0), ("bpf", 0, 0, 0),
             ("init_module", 0, 0, 0), ("unshare", 0x10000000), ("chroot", "/"), ("settimeofday", 0, 0),
             ("clone", 0x10000000 | signal.SIGCHLD)]
    unneeded = [("io_uring_setup", 1, 0), ("userfaultfd", 0), ("perf_event_open", 0, 0, 0, -1), ("clone3", 0, 0), ("keyctl", 0, 0)]
    for pid in (parent, front, checker):
        with Captive(pid) as captive:
            assert captive.tries("getpid") == pid
            for name, *args in never:
                assert captive.tries(name, *args) == "ended", name
            for name, *args in unneeded:
                assert captive.tries(name, *args) == -errno.ENOSYS, name
    assert provider.api("GET", "/users").status_code == 200


def test_a_password_command_that_breaks_out(tmp_path):
    """It is ended, the log says why, and nobody gets the password."""
    script = tmp_path / "check"
    script.write_text("#!/bin/sh\nexec unshare -U /bin/true\n")
    script.chmod(0o755)
    tmp_path.chmod(0o755)
    p = Provider(AUTENTICO_PASSWORD_COMMAND=str(script))
    try:
        assert subprocess.run([str(script)]).returncode == 0  # it works elsewhere
        p.start()
        answer = p.api("POST", "/users", json={"username": "somebody", "password": "a rather long phrase"})
        assert answer.status_code == 400 and "could not be checked" in answer.json()["error_description"]
        assert [e["why"] for e in p.events("password_command_failed")] == ["Bad system call"]
    finally:
        p.stop()


def test_the_parent_is_ended_too(provider):
    break_out(provider.process.pid, "mount", "none", "/mnt", "tmpfs", 0, 0)
    assert provider.process.wait(20) == -signal.SIGSYS
    line = provider.events("sandbox_violation")[-1]
    assert (line["call"], line["proc"], int(line["pid"])) == ("mount", "parent", provider.process.pid)
