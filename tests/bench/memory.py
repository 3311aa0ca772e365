"""PSS of every process at rest and after many requests of all kinds."""
import time

import procs
import report
import scenarios

WORKERS = 8  # the whole service of design 6

MIX = (scenarios.Userinfo, scenarios.Introspect, scenarios.AuthorizePage, scenarios.Discovery, scenarios.Refresh,
       scenarios.CodeExchange, scenarios.AuthorizeCode)


def drive(mix, requests, connections):
    """At least so many answers, all kinds in turn."""
    done = 0
    while done < requests:
        for scenario in mix:
            done += scenario.run(connections, 2).n
            if done >= requests:
                break
    return done


def snapshot(bench):
    time.sleep(1)
    return procs.memory(bench.site.process.pid)


def run(make, options):
    """{moment: [(kind, pid, KiB)]}; at rest, after some requests per worker and after as many again."""
    bench = make(AUTENTICO_WORKERS=str(WORKERS))
    try:
        out = {"at rest": snapshot(bench)}
        mix = [kind(bench) for kind in MIX]
        done = 0
        for _ in range(2):
            done += drive(mix, options.requests * WORKERS, options.connections)
            out[f"after {done // WORKERS} requests per worker"] = snapshot(bench)
    finally:
        bench.stop()
    report.memory(out)
    return out
