"""The benchmark: run by tests/bench/run, which has built what is measured."""
import argparse
import contextlib
import os
import re
import shutil
import tempfile

import backups
import growth
import memory
import predictable
import report
import scenarios
import signatures
import timing
from load import settle
from subject import Bench


def arguments():
    p = argparse.ArgumentParser(prog="tests/bench/run", description=__doc__)
    p.add_argument("--connections", type=int, default=None, help="of the load generator; default: 32, of scale 1, 16 and 64")
    p.add_argument("--seconds", type=int, default=None, help="of one run; default: 3, of scale 2, of backup 20")
    p.add_argument("--rounds", type=int, default=3, help="runs of each scenario, B before and after each; the median counts")
    p.add_argument("--durability", default=None, help="AUTENTICO_DURABILITY; default: normal, and grants at full beside it; of scale both")
    p.add_argument("--alg", default=None, help="RS256, ES256 or EdDSA; default: RS256, and grants with ES256 beside it; of scale all, or several with commas")
    p.add_argument("--workers", type=int, default=None, help="AUTENTICO_WORKERS; default: the product's own")
    p.add_argument("--only", default="", help="only scenarios whose name has this in it, a regular expression")
    p.add_argument("--parts", default="speed,memory,time", help="which parts: speed, memory, time; scale; storm, stalled, writers, sweep; backup")
    p.add_argument("--sizes", default="10k,1M,10M", help="of scale: token rows, the smallest first")
    p.add_argument("--prepare", action="store_true", help="of scale: only make the databases")
    p.add_argument("--requests", type=int, default=100000, help="per worker, of the memory part")
    p.add_argument("--repeat", type=int, default=7, help="starts and stops of the time part")
    return p.parse_args()


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
    kinds = [kind for kind in kinds if re.search(options.only, kind.name)]
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


@contextlib.contextmanager
def work_folder():
    with tempfile.TemporaryDirectory(prefix="bench-") as work:
        os.chmod(work, 0o755)
        for name in ("hello", "no_hash.so"):
            shutil.copy(os.path.join(os.environ["BENCH_BUILD"], name), work)
        yield work


def ordinary(work, parts, options):
    """What is measured unless something else is asked for."""
    options.connections, options.seconds = options.connections or 32, options.seconds or 3
    env = {} if options.workers is None else {"AUTENTICO_WORKERS": str(options.workers)}
    measured, sizes, times = [], {}, {}
    if "time" in parts:
        times = timing.run(work, options)
    if "memory" in parts:
        sizes = memory.run(lambda **e: Bench(work, **e), options)
    if "speed" in parts:
        measured = speed(work, options, env)
    report.budgets(measured, sizes, times)


def main():
    options = arguments()
    if shutil.which("wrk") is None:
        raise SystemExit("wrk is missing: apt-get install wrk")
    parts = set(options.parts.split(","))
    with work_folder() as work:
        report.machine()
        if "scale" in parts:
            growth.run(work, options)
        if parts & set(predictable.PARTS):
            predictable.run(work, [name for name in predictable.PARTS if name in parts], options)
        if "backup" in parts:
            backups.run(work, options)
        if parts & {"time", "memory", "speed"}:
            ordinary(work, parts, options)


if __name__ == "__main__":
    main()
