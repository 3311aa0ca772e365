"""One run of wrk and what it cost whom."""
import json
import os
import subprocess
import time

from procs import Cpu

HERE = os.path.dirname(os.path.abspath(__file__))


class Result:
    def __init__(self, raw, cpu):
        self.n, self.seconds = raw["n"], raw["us"] / 1e6
        self.rate = self.n / self.seconds
        self.p50_ms, self.p99_ms, self.max_ms = raw["p50"] / 1000, raw["p99"] / 1000, raw["max"] / 1000
        self.refused_n = raw["status"]
        self.cpu = {kind: us / max(1, self.n) for kind, us in cpu.items()}  # microseconds per request


def wrk(site, url, script, connections, seconds, may_refuse=False, **arguments):
    """Raises unless every answer was a success, or may_refuse; and there must be answers."""
    threads = min(2, connections)
    words = [f"{k}={v}" for k, v in arguments.items()]
    command = ["wrk", f"-t{threads}", f"-c{connections}", f"-d{seconds}s", "--timeout", "20s",
               "-s", os.path.join(HERE, script), url, "--", *words]
    cpu = Cpu(*site.roots())
    before = os.times()
    out = subprocess.run(command, capture_output=True, text=True, env={**os.environ, "BENCH_DIR": HERE})
    used = cpu.used()
    after = os.times()
    used["wrk"] = (after.children_user + after.children_system - before.children_user
                   - before.children_system) * 1e6
    lines = [line[7:] for line in out.stdout.splitlines() if line.startswith("RESULT ")]
    if not lines:
        raise AssertionError(f"{' '.join(command[:9])}: {out.stdout}{out.stderr}")
    raw = json.loads(lines[-1])
    if (raw["status"] and not may_refuse) or raw["broken"] or raw["n"] == 0:
        raise AssertionError(f"{script} {url}: {raw}\n{out.stdout}")
    return Result(raw, used)


def settle():
    """Let the keeper's checkpoint of the run before end."""
    time.sleep(0.2)
