"""The faults, each a context manager that lasts as long as its block, or as long as it takes."""
import contextlib
import os
import re
import resource
import signal
import sqlite3
import subprocess
import sys
import tempfile

import pool


@contextlib.contextmanager
def small_disk(megabytes):
    """A file system of its own, in memory."""
    where = tempfile.mkdtemp(prefix="aut-disk-")
    subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={megabytes}m,mode=0700", "tmpfs", where], check=True)
    try:
        yield where
    finally:
        subprocess.run(["umount", "-l", where], check=True)
        os.rmdir(where)


@contextlib.contextmanager
def full(where):
    """Not one byte is left."""
    path = os.path.join(where, "ballast")
    with open(path, "wb", buffering=0) as f:
        try:
            for size in (1 << 16, 1 << 12, 1):
                with contextlib.suppress(OSError):
                    while f.write(b"x" * size):
                        pass
            yield
        finally:
            os.unlink(path)


def traced_by(pid):
    with open(f"/proc/{pid}/status") as f:
        return int(re.search(r"TracerPid:\s*(\d+)", f.read()).group(1))


@contextlib.contextmanager
def syscalls(pids, calls, how):
    """These calls of these processes as `how` says: "error=EIO", "delay_enter=..." in microseconds."""
    args = ["strace", "-qq", "-o", "/dev/null", "-e", "trace=" + calls, "-e", f"inject={calls}:{how}"]
    tracer = subprocess.Popen(args + [a for pid in pids for a in ("-p", str(pid))], stderr=subprocess.PIPE)
    try:
        pool.until(lambda: all(traced_by(pid) == tracer.pid for pid in pids), 20, "strace attached")
        yield
    finally:
        tracer.terminate()
        said = tracer.communicate(timeout=20)[1]
        assert tracer.returncode in (0, -signal.SIGTERM, 128 + signal.SIGTERM), said


@contextlib.contextmanager
def stranger(provider, begin):
    """Another program, without our lock, keeps a transaction open."""
    db = sqlite3.connect(provider.db_path, isolation_level=None, timeout=30)
    db.execute(begin)
    try:
        yield db
    finally:
        db.execute("ROLLBACK")
        db.close()


@contextlib.contextmanager
def limited(pids, what, value):
    """prlimit(2); those who are replaced meanwhile are not limited."""
    before = {pid: resource.prlimit(pid, what) for pid in pids}
    for pid in pids:
        resource.prlimit(pid, what, (value(pid), before[pid][1]))
    try:
        yield
    finally:
        for pid, limits in before.items():
            try:
                resource.prlimit(pid, what, limits)
            except ProcessLookupError:
                continue


@contextlib.contextmanager
def held(pids, call=None):
    """They hang, and nobody is told, unlike with SIGSTOP: wherever they are, or as soon as each makes this call."""
    holder = subprocess.Popen([sys.executable, os.path.join(os.path.dirname(__file__), "hold.py"), call or "-"]
                              + [str(pid) for pid in pids], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    try:
        assert holder.stdout.readline() == "seized\n"
        yield
    finally:
        holder.communicate(timeout=20)


def descriptors(spare_n):
    """The limit of a process that leaves it so many more."""
    def limit(pid):
        used = {int(name) for name in os.listdir(f"/proc/{pid}/fd")}
        return [n for n in range(1000) if n not in used][spare_n]
    return limit


@contextlib.contextmanager
def done(act):
    """A fault of a moment."""
    act()
    yield
