"""What the processes of a run have used: CPU from /proc/PID/stat, memory from smaps_rollup."""
import os

TICK_US = 1e6 / os.sysconf("SC_CLK_TCK")


def read(path):
    try:
        with open(path) as f:
            return f.read()
    except OSError:
        return ""


def tree():
    """parent pid -> pids"""
    children = {}
    for pid in filter(str.isdigit, os.listdir("/proc")):
        stat = read(f"/proc/{pid}/stat")
        if stat:
            children.setdefault(int(stat.rsplit(")", 1)[1].split()[1]), []).append(int(pid))
    return children


def family(root):
    children, todo, found = tree(), [root], []
    while todo:
        pid = todo.pop()
        found.append(pid)
        todo += children.get(pid, [])
    return found


def kind(pid):
    """Our processes are called what they are."""
    name = read(f"/proc/{pid}/comm").strip()
    return {"nginx": "front", "autentico": "parent"}.get(name, name)


def cpu_us(pid):
    stat = read(f"/proc/{pid}/stat")
    if not stat:
        return 0
    fields = stat.rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) * TICK_US


class Cpu:
    """CPU microseconds by kind between two moments."""

    def __init__(self, *roots):
        self.pids = {pid: kind(pid) for root in roots for pid in family(root)}
        self.began = {pid: cpu_us(pid) for pid in self.pids}

    def used(self):
        out = {}
        for pid, name in self.pids.items():
            out[name] = out.get(name, 0) + max(0, cpu_us(pid) - self.began[pid])
        return out


def pss_kib(pid):
    for line in read(f"/proc/{pid}/smaps_rollup").splitlines():
        if line.startswith("Pss:"):
            return int(line.split()[1])
    return None


def memory(root):
    """[(kind, pid, PSS in KiB)] of a process and all below it; None where we may not look."""
    return sorted((kind(pid), pid, pss_kib(pid)) for pid in family(root))
