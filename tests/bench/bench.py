"""The benchmark: run by tests/bench/run, which has built what is measured."""
import argparse
import os
import shutil
import sqlite3
import subprocess
import tempfile

import memory
import report
import scenarios
import timing
from harness_path import harness
from installation import Site
from load import settle


def arguments():
    p = argparse.ArgumentParser(prog="tests/bench/run", description=__doc__)
    p.add_argument("--connections", type=int, default=32, help="of the load generator (1, 16, 32, 64)")
    p.add_argument("--seconds", type=int, default=3, help="of one run")
    p.add_argument("--rounds", type=int, default=3, help="runs of each scenario, B before and after each; the median counts")
    p.add_argument("--durability", default=None, help="AUTENTICO_DURABILITY; default: normal, and grants at full beside it")
    p.add_argument("--workers", type=int, default=None, help="AUTENTICO_WORKERS; default: the product's own")
    p.add_argument("--only", default="", help="only scenarios with this word in their name")
    p.add_argument("--parts", default="speed,memory,time", help="which parts: speed, memory, time")
    p.add_argument("--requests", type=int, default=100000, help="per worker, of the memory part")
    p.add_argument("--repeat", type=int, default=7, help="starts and stops of the time part")
    return p.parse_args()


class Bench:
    """One installation with a client, a person, and pools of what was issued."""

    def __init__(self, work, **env):
        self.work = tempfile.mkdtemp(dir=work)
        self.site = Site(work, AUTENTICO_LOG_LEVEL="warning", **env)
        self.site.onboard_cli()
        self.client = self.site.add_client(refresh=True)
        if os.geteuid() == 0:
            self.site.give_away(self.site.dir)
        self.site.start()
        self._cookie = None

    def session_cookie(self):
        """A signed-in browser's."""
        if self._cookie is None:
            browser = harness.Browser(self.site)
            self.site.sign_in(self.client, browser, code_challenge=scenarios.challenge(),
                              code_challenge_method="S256")
            self._cookie = "; ".join(f"{c.name}={c.value}" for c in browser.cookies)
        return self._cookie

    def fresh_pool(self, name):
        return os.path.join(tempfile.mkdtemp(dir=self.work), name)

    def rows(self, table):
        with sqlite3.connect(os.path.join(self.site.dir, "autentico.db")) as db:
            return db.execute(f"SELECT count(*) FROM {table}").fetchone()[0]

    def stop(self):
        self.site.stop()


def measure(bench, kinds, options):
    """[(scenario, [(result, B beside it)])], round by round so that what disturbs, disturbs all."""
    yardstick = scenarios.Yardstick(bench)
    rows = [(kind(bench), []) for kind in kinds if options.only in kind.name]
    for scenario, _ in rows:
        scenario.prepare()
    for number in range(options.rounds):
        before = yardstick.run(options.connections, options.seconds)
        for scenario, results in rows:
            settle()
            result = scenario.run(options.connections, options.seconds)
            settle()
            after = yardstick.run(options.connections, options.seconds)
            results.append((result, (before.rate + after.rate) / 2, after))
            before = after
            report.progress(f"round {number + 1}: {scenario.name}: {result.rate:.0f}/s, "
                            f"{result.rate / results[-1][1]:.2f} B")
    return rows


def knows_normal():
    done = subprocess.run([harness.BINARY, "help", "env-man"], capture_output=True, text=True)
    return "full normal" in done.stdout or "normal full" in done.stdout


def speed(work, options, env):
    """The tables of one durability after the other; returns what the budgets are held against."""
    levels = [options.durability] if options.durability else ["normal", "full"] if knows_normal() else ["full"]
    measured = {}
    for level in levels:
        is_first = level == levels[0]
        env["AUTENTICO_DURABILITY"] = level
        kinds = [k for k in scenarios.ALL if is_first or k.is_grant]
        bench = Bench(work, **env)
        try:
            rows = measure(bench, kinds, options)
        finally:
            bench.stop()
        bench = Bench(work, LD_PRELOAD=os.path.join(work, "no_hash.so"), **env)
        try:
            rows += measure(bench, [scenarios.LoginWithoutHash], options)
        finally:
            bench.stop()
        report.speed(level, rows)
        for scenario, results in rows:
            if scenario.need and is_first and results:
                measured[scenario.name] = (report.ratio(results), report.cpu_ratio(results), scenario.need,
                                           level)
    return measured


def main():
    options = arguments()
    if shutil.which("wrk") is None:
        raise SystemExit("wrk is missing: apt-get install wrk")
    env = {} if options.workers is None else {"AUTENTICO_WORKERS": str(options.workers)}
    parts = options.parts.split(",")
    measured, sizes, times = {}, {}, {}
    with tempfile.TemporaryDirectory(prefix="bench-") as work:
        os.chmod(work, 0o755)
        for name in ("hello", "no_hash.so"):
            shutil.copy(os.path.join(os.environ["BENCH_BUILD"], name), work)
        report.machine()
        if "time" in parts:
            times = timing.run(work, options)
        if "memory" in parts:
            sizes = memory.run(lambda **e: Bench(work, **e), options)
        if "speed" in parts:
            measured = speed(work, options, env)
    report.budgets(measured, sizes, times)


if __name__ == "__main__":
    main()
