"""The benchmark: run by tests/bench/run, which has built what is measured."""
import argparse
import contextlib
import os
import shutil
import sqlite3
import tempfile
import time

import memory
import report
import scenarios
import signatures
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
    p.add_argument("--alg", default=None, help="RS256, ES256 or EdDSA; default: RS256, and grants with ES256 beside it")
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
        if os.geteuid() == 0:
            self.site.give_away(self.site.dir)
        self.site.start()
        self.client = self.site.register(
            grant_types=["authorization_code", "refresh_token", "client_credentials"])
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

    def database(self):
        return contextlib.closing(sqlite3.connect(os.path.join(self.site.dir, "autentico.db"), timeout=10,
                                                  isolation_level=None))

    def rows(self, table):
        with self.database() as db:
            return db.execute(f"SELECT count(*) FROM {table}").fetchone()[0]

    def sign_with(self, alg):
        """A new key signs after the time that clients may keep the old list; here at once."""
        if alg == "RS256":
            return
        answer = self.site.api("PUT", "/settings", json={"id_token_signing_alg": alg, "access_token_signing_alg": alg})
        assert answer.status_code == 204, answer.text
        end = time.monotonic() + 30
        with self.database() as db:
            while not db.execute("UPDATE signing_keys SET state = 'active', activated_at = created_at"
                                 " WHERE alg = ? AND state = 'next'", (alg,)).rowcount:
                assert time.monotonic() < end, self.site.read_log()
                time.sleep(0.1)
            db.execute("UPDATE installation SET settings_version = settings_version + 1")
        time.sleep(1.5)  # a worker that nobody told looks after a second

    def stop(self):
        self.site.stop()


def measure(bench, kinds, options):
    """[(scenario, [(result, B beside it)])], round by round so that what disturbs, disturbs all."""
    yardstick = scenarios.Yardstick(bench)
    rows = [(kind(bench), []) for kind in kinds]
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


def run_of(work, kinds, options, env, alg="RS256"):
    kinds = [kind for kind in kinds if options.only in kind.name]
    if not kinds:
        return []
    bench = Bench(work, **env)
    try:
        bench.sign_with(alg)
        return measure(bench, kinds, options)
    finally:
        bench.stop()


def plan(options):
    """[(durability, algorithm, scenarios)]: all of them once, what signs with the small keys, what writes at full."""
    signed = [kind for kind in scenarios.ALL if kind.is_signed]
    grants = [kind for kind in scenarios.ALL if kind.is_grant]
    if options.durability or options.alg:
        return [(options.durability or "normal", options.alg or "RS256", scenarios.ALL)]
    return [("normal", "RS256", scenarios.ALL), ("normal", "ES256", signed), ("full", "ES256", grants)]


def speed(work, options, env):
    """One table after the other; returns what the budgets are held against."""
    found = []
    for durability, alg, kinds in plan(options):
        env["AUTENTICO_DURABILITY"] = durability
        rows = run_of(work, kinds, options, env, alg)
        if scenarios.Login in kinds:
            no_hash = {**env, "LD_PRELOAD": os.path.join(work, "no_hash.so")}
            rows += run_of(work, [scenarios.LoginWithoutHash], options, no_hash)
        signs = signatures.per_second() if alg == "RS256" and any(s.is_signed for s, _ in rows) else None
        report.speed(durability, alg, rows)
        found += [(durability, alg, scenario, results, signs) for scenario, results in rows]
    return found


def main():
    options = arguments()
    if shutil.which("wrk") is None:
        raise SystemExit("wrk is missing: apt-get install wrk")
    env = {} if options.workers is None else {"AUTENTICO_WORKERS": str(options.workers)}
    parts = options.parts.split(",")
    measured, sizes, times = [], {}, {}
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
