"""What must not disturb (design 6, "predictable"): a storm of logins, stalled clients, writers, clean-up."""
import os
import shutil
import socket
import statistics
import subprocess
import threading
import time
from urllib.parse import urlencode

import growth
import installation
import procs
import report
import scenarios
from grown import Grown
from harness_path import harness
from installation import USER, Site, pair, record
from load import settle, wrk
from subject import Bench

ROUNDS, SECONDS = 3, 4
FACTS = []      # (what, measured, required, verdict)


def need(what, measured, required, is_met):
    FACTS.append((what, measured, required, report.verdict(is_met)))


def middle(results, name):
    return statistics.median(getattr(r, name) for r in results)


class Beside:
    """Something that goes on in a thread while the with-block measures."""

    def __init__(self, work):
        self.work, self.out, self.error = work, None, None
        self.thread = threading.Thread(target=self.run)

    def run(self):
        try:
            self.out = self.work()
        except BaseException as e:
            self.error = e

    def __enter__(self):
        self.thread.start()
        return self

    def __exit__(self, *_):
        self.thread.join()
        if self.error:
            raise self.error


class Introspect(scenarios.PooledScenario):
    """With tokens that were there before anything is disturbed."""
    name, path = "introspection", "/oauth2/introspect"

    def prepare(self):
        self.tokens, _ = self.collect_tokens(32)

    def run(self, connections, seconds):
        return wrk(self.site, self.url(self.path), "tokens.lua", connections, seconds, tokens=self.tokens, **self.how())

    def how(self):
        return {"auth": self.basic()}


class Userinfo(Introspect):
    name, path = "userinfo", "/oauth2/userinfo"

    def how(self):
        return {}


def prepared(kind, bench):
    scenario = kind(bench)
    scenario.prepare()
    return scenario


# --- a storm of logins ---------------------------------------------------------

class Storm(scenarios.Login):
    """Posts and does not care what comes back."""

    def run(self, connections, seconds):
        return wrk(self.site, self.url("/oauth2/login"), "fixed.lua", connections, seconds, may_refuse=True,
                   method="POST", body=urlencode(self.form), cookie=self.cookie, origin=self.site.url)


def storm(work):
    bench = Bench(work)
    rows = []
    try:
        posts = prepared(Storm, bench)
        for kind in (Introspect, Userinfo, scenarios.AuthorizePage):
            rows.append(stormed(prepared(kind, bench), posts))
    finally:
        bench.stop()
    print("## Login storm: 16 clients post passwords, 4 ask for something cheap (durability full, RS256)\n")
    report.table(("cheap", "alone /s", "p99 ms", "in the storm /s", "p99 ms", "keeps", "logins /s", "refused /s"), rows)


def stormed(cheap, posts):
    alone, within, flood = [], [], []
    for _ in range(ROUNDS):
        settle()
        alone.append(cheap.run(4, SECONDS))
        with Beside(lambda: posts.run(16, SECONDS + 2)) as beside:
            time.sleep(1)
            within.append(cheap.run(4, SECONDS))
        flood.append(beside.out)
    kept = statistics.median(w.rate / a.rate for w, a in zip(within, alone))
    p99 = middle(within, "p99_ms")
    need(f"login storm: {cheap.name}", f"keeps {kept:.2f} of its rate, p99 {p99:.1f} ms", ">= 0.50, <= 15 ms",
         kept >= 0.5 and p99 <= 15)
    refused = statistics.median(f.refused_n / f.seconds for f in flood)
    return (cheap.name, f"{middle(alone, 'rate'):.0f}", f"{middle(alone, 'p99_ms'):.1f}", f"{middle(within, 'rate'):.0f}",
            f"{p99:.1f}", f"{kept:.2f}", f"{middle(flood, 'rate') - refused:.0f}", f"{refused:.0f}")


# --- stalled clients -------------------------------------------------------------

STALLED = 64


def half_record():
    """As mod_proxy_fcgi sends it on while a body is under way: all but the end."""
    words = (("REQUEST_METHOD", "POST"), ("REQUEST_URI", "/oauth2/token"), ("REMOTE_ADDR", "127.0.0.1"),
             ("SERVER_PROTOCOL", "HTTP/1.1"), ("REQUEST_SCHEME", "http"), ("HTTP_HOST", "localhost"),
             ("CONTENT_TYPE", "application/x-www-form-urlencoded"), ("CONTENT_LENGTH", "60"))
    return (installation.BEGIN + record(4, b"".join(pair(*p) for p in words)) + record(4, b"")
            + record(5, b"grant_type=client"))


def half_http(port):
    return (f"POST /oauth2/token HTTP/1.1\r\nHost: localhost:{port}\r\nContent-Length: 60\r\n"
            "Content-Type: application/x-www-form-urlencoded\r\n\r\ngrant_type=client").encode()


class Stalled:
    """So many that have sent half; who is hung up on comes again."""

    def __init__(self, connect, what):
        self.connect, self.what = connect, what
        self.stopping, self.n = threading.Event(), 0
        self.threads = [threading.Thread(target=self.hold) for _ in range(STALLED)]

    def hold(self):
        while not self.stopping.is_set():
            with self.connect() as s:
                s.settimeout(0.2)
                s.sendall(self.what)
                self.n += 1
                self.wait(s)

    def wait(self, s):
        while not self.stopping.is_set():
            try:
                if not s.recv(4096):
                    return
            except TimeoutError:
                pass
            except OSError:
                return

    def __enter__(self):
        for t in self.threads:
            t.start()
        time.sleep(0.5)
        return self

    def __exit__(self, *_):
        self.stopping.set()
        for t in self.threads:
            t.join()


def unix(path):
    s = socket.socket(socket.AF_UNIX)
    s.connect(path)
    return s


class ApacheBench(Bench):
    """The same behind Apache, as `start` begins it."""

    def __init__(self, work):
        self.work = os.path.join(work, "apache")
        os.makedirs(self.work, exist_ok=True)
        self.site = ApacheSite(AUTENTICO_LOG_LEVEL="warning", front="apache", owner=USER)
        self.site.onboard_cli()
        Site.give_away(self.site.dir)
        self.site.start()
        self.client = self.site.register(
            grant_types=["authorization_code", "refresh_token", "client_credentials"])
        self._cookie = None


class ApacheSite(harness.Provider):
    def roots(self):
        return [self.process.pid]

    @property
    def port_uncached(self):
        return self.port


def stalled(work):
    rows = []
    bench = Bench(work)
    try:
        path = bench.site.main_socket
        rows += [stall(prepared(kind, bench), "the socket", lambda: unix(path), half_record(), "nginx") for kind in STALL_KINDS]
    finally:
        bench.stop()
    if shutil.which("apache2", path="/usr/sbin:" + os.environ["PATH"]):
        bench = ApacheBench(work)
        try:
            port = bench.site.port
            rows += [stall(prepared(kind, bench), "Apache", lambda: socket.create_connection(("127.0.0.1", port)), half_http(port),
                           "Apache") for kind in STALL_KINDS]
        finally:
            bench.stop()
    print(f"## Stalled clients: {STALLED} with half a body, all the time; 16 others (durability full, RS256)\n")
    report.table(("the others, through", "ask for", "stalled at", "without: p50 / p99 ms", "/s", "with: p50 / p99 ms", "/s"),
                 rows)


STALL_KINDS = (Introspect, scenarios.AuthorizePage, scenarios.ClientCredentials)


def stall(scenario, where, connect, what, front):
    without, within = [], []
    for _ in range(ROUNDS):
        settle()
        without.append(scenario.run(16, SECONDS))
        with Stalled(connect, what) as held:
            within.append(scenario.run(16, SECONDS))
        assert held.n >= STALLED, held.n
    p99 = middle(within, "p99_ms")
    need(f"stalled clients at {where}: {scenario.name}", f"p99 {p99:.1f} ms (without {middle(without, 'p99_ms'):.1f})",
         "<= 50 ms", p99 <= 50)
    return (front, scenario.name, where,
            *(cell for runs in (without, within) for cell in (f"{middle(runs, 'p50_ms'):.1f} / {middle(runs, 'p99_ms'):.1f}",
                                                              f"{middle(runs, 'rate'):.0f}")))


# --- writers ----------------------------------------------------------------------

def writers(work):
    rows = []
    for durability in ("full", "normal"):
        for _ in range(ROUNDS):
            site = Site(work, AUTENTICO_LOG_LEVEL="warning")
            try:
                rows.append(write(site, durability))
            finally:
                site.stop()
    print("## Writers: 8 processes that only write, as workers do, 5 s; the transaction includes its sync\n")
    report.table(("durability", "transactions /s", "turns: fewest-most", "ratio", "p99 ms", "longest ms"),
                 [row[:6] for row in rows])
    full = [row for row in rows if row[0] == "full"]
    worst, ratio = max(float(row[5]) for row in full), statistics.median(float(row[3]) for row in full)
    need("writers at full", f"longest {worst:.0f} ms, turns {ratio:.2f} to 1", "<= 250 ms, <= 2", worst <= 250 and ratio <= 2)


def write(site, durability):
    done = subprocess.run([os.path.join(os.environ["BENCH_BUILD"], "writers"), site.db_path,
                           os.path.join(site.dir, "bench.lock"), "8", "5", durability],
                          capture_output=True, text=True, check=True)
    found = [[int(word) for word in line.split()] for line in done.stdout.splitlines()]
    turns = [row[0] for row in found]
    return (durability, f"{sum(turns) / 5:.0f}", f"{min(turns)}-{max(turns)}", f"{max(turns) / min(turns):.2f}",
            f"{max(row[2] for row in found) / 1000:.1f}", f"{max(row[1] for row in found) / 1000:.0f}")


# --- clean-up -----------------------------------------------------------------------

EXPIRED, LIVING = 1_000_000, 200_000
STILL_THERE = ("SELECT (SELECT count(*) FROM tokens WHERE refresh_expires_at < ?1)"
               " + (SELECT count(*) FROM token_families WHERE expires_at < ?1)"
               " + (SELECT count(*) FROM sessions WHERE ended_at < ?1)")


def left(site):
    with site.database() as db:
        return db.execute(STILL_THERE, (int(time.time()) - 86400,)).fetchone()[0]


def sweep(work):
    rows = []
    for durability in ("full", "normal"):
        folder = os.path.join(work, "sweep-" + durability)
        site = Grown(work, folder, "200k", LIVING, EXPIRED)
        try:
            rows += swept(site, durability)
        finally:
            site.site.stop()
        shutil.rmtree(folder)
    print(f"## Clean-up of {EXPIRED} expired rows beside {LIVING} living tokens; 16 clients, RS256\n")
    report.table(("durability", "ask for", "while cleaning: p50 / p99 / longest ms", "/s", "without: p50 / p99 / longest ms", "/s",
                  "rows cleaned /s", "p99 ratio"), rows)


def swept(site, durability):
    site.start(AUTENTICO_DURABILITY=durability)
    kinds = [kind(site) for kind in (growth.Introspect, growth.Refresh)]
    within, cleaned = [[] for _ in kinds], [[] for _ in kinds]
    before = left(site)
    assert before > EXPIRED / 2, f"{before} rows are left: the clean-up is too fast to be measured"
    while before > 0:
        for i, kind in enumerate(kinds):
            began = time.monotonic()
            result = kind.run(16, 2)
            after = left(site)
            if after == 0:      # it ended in between
                before = 0
                break
            within[i].append(result)
            cleaned[i].append((before - after) / (time.monotonic() - began))
            before = after
    time.sleep(2)
    without = [[kind.run(16, 2) for _ in range(5)] for kind in kinds]
    return [sweep_row(durability, kind, within[i], without[i], cleaned[i]) for i, kind in enumerate(kinds)]


def sweep_row(durability, kind, within, without, cleaned):
    ratio = middle(within, "p99_ms") / middle(without, "p99_ms")
    need(f"clean-up: {kind.name}, {durability}", f"p99 {middle(within, 'p99_ms'):.1f} ms, {ratio:.2f} of that without",
         "<= 2", ratio <= 2)
    shown = [f"{middle(runs, 'p50_ms'):.1f} / {middle(runs, 'p99_ms'):.1f} / {max(r.max_ms for r in runs):.0f}"
             for runs in (within, without)]
    return (durability, kind.name, shown[0], f"{middle(within, 'rate'):.0f}", shown[1], f"{middle(without, 'rate'):.0f}",
            f"{statistics.median(cleaned):.0f}", f"{ratio:.2f}")


PARTS = {"storm": storm, "stalled": stalled, "writers": writers, "sweep": sweep}


def run(work, parts, options):
    global ROUNDS, SECONDS
    ROUNDS, SECONDS = options.rounds, options.seconds or SECONDS
    for name in parts:
        PARTS[name](work)
    print("## Budgets of design 6: predictable\n")
    report.table(("what", "measured", "required", ""), FACTS)
