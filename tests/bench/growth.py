"""What size costs: the same requests for people of small and of large databases, taking turns."""
import os
import re
import statistics
from urllib.parse import urlencode

import report
import scenarios
from grown import READ_POOL, SIZES, Grown
from harness_path import harness
from load import settle, wrk

ALGS, DURABILITIES, CONNECTIONS = ("RS256", "ES256", "EdDSA"), ("normal", "full"), (1, 16, 64)
BUDGETS = {"1M": 1.25, "10M": 1.5}  # design 6: p50 over that of the smallest


class Introspect(scenarios.Scenario):
    """All of the pool in turn: rows all over the tables."""
    name, kind = "introspection, opaque", "read"

    def run(self, connections, seconds):
        return wrk(self.site, self.url("/oauth2/introspect"), "tokens.lua", connections, seconds,
                   tokens=self.bench.access, most=READ_POOL, auth=self.basic())


class Userinfo(scenarios.Scenario):
    name, kind = "userinfo, opaque", "read"

    def run(self, connections, seconds):
        return wrk(self.site, self.url("/oauth2/userinfo"), "tokens.lua", connections, seconds,
                   tokens=self.bench.access, most=READ_POOL)


class Login(scenarios.Login):
    name, kind = "login, without hash", "write"

    def prepare(self):
        super().prepare()
        del self.form["username"]

    def run(self, connections, seconds):
        return wrk(self.site, self.url("/oauth2/login"), "logins.lua", connections, seconds,
                   names=self.bench.usernames, body=urlencode(self.form), cookie=self.cookie, origin=self.site.url)


class Authorize(scenarios.PooledScenario):
    """The codes are the next scenario's."""
    name, kind = "authorize with a session, code", "sign"

    def run(self, connections, seconds):
        self.bench.codes = self.bench.fresh_pool("codes")
        return wrk(self.site, self.url(self.authorize_path()), "codes.lua", connections, seconds,
                   cookies=self.bench.cookies, cookie_name=COOKIE, codes=self.bench.codes)


class CodeExchange(scenarios.PooledScenario):
    name, kind = "code exchange", "sign"

    def run(self, connections, seconds):
        return self.exchange(self.bench.codes, connections, seconds)


class Refresh(scenarios.Scenario):
    name, kind = "refresh", "sign"

    def run(self, connections, seconds, **more):
        result = wrk(self.site, self.url("/oauth2/token"), "refresh.lua", connections, seconds, auth=self.basic(),
                     **self.bench.refresh.before(), **more)
        self.bench.refresh.after(connections)
        return result


class IntrospectSigned(Refresh):
    """Tokens of this algorithm, just now issued to people all over the tables."""
    name, kind = "introspection, signed", "sign"

    def prepare(self):
        self.tokens = self.bench.fresh_pool("signed")
        super().run(16, 2, access=self.tokens)

    def run(self, connections, seconds):
        return wrk(self.site, self.url("/oauth2/introspect"), "tokens.lua", connections, seconds, tokens=self.tokens,
                   most=1000, auth=self.basic())


class ClientCredentials(scenarios.ClientCredentials):
    kind = "sign"


COOKIE = "autentico_idp_session"
ALL = [Introspect, Userinfo, Login, IntrospectSigned, Refresh, Authorize, CodeExchange, ClientCredentials]


def kinds_of(alg, durability, options):
    """What does not sign is measured with the first algorithm only, what does not write with the first durability."""
    first_alg, first_durability = alg == algs(options)[0], durability == durabilities(options)[0]
    wanted = {"read": first_alg and first_durability, "write": first_alg, "sign": True}
    return [k for k in ALL if wanted[k.kind] and re.search(options.only, k.name)
            and (k is not IntrospectSigned or first_durability)]


def algs(options):
    return options.alg.split(",") if options.alg else ALGS


def durabilities(options):
    return [options.durability] if options.durability else DURABILITIES


def connections_of(options):
    return [options.connections] if options.connections else CONNECTIONS


class Found:
    """The results of one line: by size, round after round."""

    def __init__(self, scenario, alg, durability, connections):
        self.scenario, self.alg, self.durability, self.connections = scenario, alg, durability, connections
        self.results = {}

    def add(self, size, result):
        self.results.setdefault(size, []).append(result)

    def p50(self, size):
        return statistics.median(r.p50_ms for r in self.results[size])

    def ratios(self, size, smallest):
        """Of runs that stood beside each other."""
        return [big.p50_ms / small.p50_ms for big, small in zip(self.results[size], self.results[smallest])]


def turns(sites, connections, rounds, options, alg, durability):
    scenarios_of = {size: [kind(site) for kind in kinds_of(alg, durability, options)] for size, site in sites.items()}
    for of_site in scenarios_of.values():
        for scenario in of_site:
            scenario.prepare()
    found = []
    for n in connections:
        rows = [Found(s.name, alg, durability, n) for s in next(iter(scenarios_of.values()))]
        for number in range(rounds):
            for i, row in enumerate(rows):
                order = list(sites)[::1 if number % 2 == 0 else -1]
                for size in order:
                    settle()
                    row.add(size, scenarios_of[size][i].run(n, options.seconds or 2))
        for row in rows:
            report.progress(f"{alg} {durability} c={n} {row.scenario}: " +
                            ", ".join(f"{size} {row.p50(size):.2f} ms" for size in sites))
        found += rows
    return found


def run_of(sites, alg, durability, options):
    try:
        for site in sites.values():
            site.start(AUTENTICO_DURABILITY=durability, LD_PRELOAD=os.path.join(site.work, "no_hash.so"))
            site.sign_with(alg)
        return turns(sites, connections_of(options), options.rounds, options, alg, durability)
    finally:
        for site in sites.values():
            site.stop()


def make_sites(work, options):
    folder = os.environ.get("AUTENTICO_BENCH_SCALE_DIR", work)
    sites = {}
    for size in options.sizes.split(","):
        report.progress(f"database of {size}")
        sites[size] = Grown(work, folder, size, SIZES[size])
        report.progress(sites[size].made)
    return sites


def run(work, options):
    sites = make_sites(work, options)
    if options.prepare:
        return
    found = []
    for durability in durabilities(options):
        for alg in algs(options):
            found += run_of(sites, alg, durability, options)
    print_out(found, sites)


# --- what is printed --------------------------------------------------------------

def cell(row, size, smallest):
    rate = statistics.median(r.rate for r in row.results[size])
    p99 = statistics.median(r.p99_ms for r in row.results[size])
    text = f"{row.p50(size):.2f} / {p99:.1f}, {rate:.0f}/s"
    if size == smallest:
        return text
    ratios = row.ratios(size, smallest)
    return f"{text}, **{statistics.median(ratios):.2f}** ({min(ratios):.2f}-{max(ratios):.2f})"


def print_out(found, sites):
    smallest = next(iter(sites))
    print("## Scale: p50 / p99 in ms, requests/s, p50 over that of the smallest (from-to)\n")
    print("\n".join(f"- {site.made}" for site in sites.values()) + "\n")
    report.table(("what", "signed", "durability", "connections", *sites), [
        (row.scenario, row.alg, row.durability, row.connections, *(cell(row, size, smallest) for size in sites))
        for row in found])
    print(f"{len(found)} lines; each run of a size stands beside one of the smallest, and the median of their ratios is in bold.\n")
    budgets(found, smallest)


def budgets(found, smallest):
    rows = []
    for size in BUDGETS:
        for name in dict.fromkeys(row.scenario for row in found):
            medians = [statistics.median(row.ratios(size, smallest)) for row in found
                       if row.scenario == name and size in row.results and size != smallest]
            if medians:
                rows.append((size, name, f"{statistics.median(medians):.2f}, worst line {max(medians):.2f}",
                             f"<= {BUDGETS[size]:.2f}", report.verdict(max(medians) <= BUDGETS[size])))
    print("## Budgets of design 6: p50 over that of the smallest\n")
    report.table(("size", "what", "measured", "required", ""), rows)
