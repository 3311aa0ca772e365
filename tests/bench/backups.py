"""What a backup costs those who write meanwhile: one backup after the other beside sign-ins, and beside refreshes."""
import os
import shutil
import statistics
import subprocess
import tempfile
import threading
from urllib.parse import urlencode

import report
import scenarios
from installation import USER
from load import settle, wrk
from predictable import Beside, middle, prepared
from subject import Bench

CONNECTIONS, SECONDS = 4, 20
MIB = 24            # of the database: a backup takes ten seconds and more, and is made within the run


class SignIn(scenarios.Login):
    """With everything: the form posted, the password hashed, the code redeemed."""
    name = "sign-ins, from form to tokens"

    def run(self, connections, seconds):
        sessions, tokens = self.bench.rows("sessions"), self.bench.rows("tokens")
        result = wrk(self.site, self.url("/"), "signin.lua", connections, seconds, body=urlencode(self.form), cookie=self.cookie,
                     origin=self.site.url, auth=self.basic(), redirect_uri=self.client.redirect_uri, verifier=scenarios.VERIFIER)
        sessions, tokens = self.bench.rows("sessions") - sessions, self.bench.rows("tokens") - tokens
        assert sessions >= tokens > 0 and sessions + tokens >= result.n, f"{result.n} answers, {sessions} sessions, {tokens} tokens"
        return result


class Refresh(scenarios.PooledScenario):
    """Writes that wait for nothing but the disk and a signature."""
    name = "refreshes"

    def run(self, connections, seconds):
        return wrk(self.site, self.url("/oauth2/token"), "refresh.lua", connections, seconds, refresh=self.refresh,
                   chains=2 * connections, auth=self.basic())

    def collect(self):
        _, self.refresh = self.collect_tokens(2 * CONNECTIONS)


class Backups(Beside):
    """As cron makes them, but without a pause."""

    def __init__(self, site, recipient):
        self.site, self.stopping, self.done_n, self.running = site, threading.Event(), 0, None
        self.folder = tempfile.mkdtemp(dir=site.work)
        if os.geteuid() == 0:
            shutil.chown(self.folder, USER)
        self.command = [os.environ["AUTENTICO_BINARY"], "backup", "--recipient", recipient, "--output"]
        super().__init__(self.again)

    def again(self):
        while not self.stopping.is_set():
            path = os.path.join(self.folder, f"{self.done_n}.db.age")
            self.running = subprocess.Popen([*self.command, path], cwd=self.site.dir, env=self.site.env, text=True,
                                            stdout=subprocess.PIPE, stderr=subprocess.PIPE)
            said = self.running.communicate()
            if self.running.returncode == 0:
                self.done_n += 1
                os.remove(path)
            elif not self.stopping.is_set():
                raise AssertionError(said)

    def __exit__(self, *what):
        self.stopping.set()
        self.running.terminate()
        super().__exit__(*what)
        shutil.rmtree(self.folder)


def fill(bench):
    with bench.database() as db:
        db.execute("CREATE TABLE filling (x BLOB)")
        for _ in range(MIB):
            db.execute("INSERT INTO filling VALUES (randomblob(1048576))")


def make_key(work):
    made = subprocess.run(["age-keygen"], capture_output=True, text=True, check=True, cwd=work)
    return made.stderr.split()[-1]


def beside(bench, kind, recipient, rounds, seconds):
    scenario = prepared(kind, bench)
    without, within, done = [], [], []
    for number in range(rounds):
        for is_beside, results in ((False, without), (True, within)):
            if kind is Refresh:
                scenario.collect()
            settle()
            if not is_beside:
                results.append(scenario.run(CONNECTIONS, seconds))
                continue
            with Backups(bench.site, recipient) as backups:
                results.append(scenario.run(CONNECTIONS, seconds))
                done.append(backups.done_n)
        report.progress(f"round {number + 1}: {kind.name}: p99 {without[-1].p99_ms:.1f} ms, with a backup {within[-1].p99_ms:.1f} ms, "
                        f"{done[-1]} backups made")
    return row(kind.name, without, within, done)


def row(name, without, within, done):
    ratio = statistics.median(w.p99_ms / a.p99_ms for w, a in zip(within, without))
    FACTS.append((f"backup beside {name}", f"p99 {middle(within, 'p99_ms'):.1f} ms, {ratio:.2f} of that without", "<= 1.5",
                  report.verdict(ratio <= 1.5)))
    shown = [f"{middle(runs, 'p50_ms'):.1f} / {middle(runs, 'p99_ms'):.1f} / {max(r.max_ms for r in runs):.0f}"
             for runs in (without, within)]
    return (name, shown[0], f"{middle(without, 'rate'):.0f}", shown[1], f"{middle(within, 'rate'):.0f}", f"{ratio:.2f}",
            " ".join(map(str, done)))


FACTS = []


def run(work, options):
    bench = Bench(work)
    try:
        fill(bench)
        recipient = make_key(work)
        rows = [beside(bench, kind, recipient, options.rounds, options.seconds or SECONDS) for kind in (SignIn, Refresh)]
    finally:
        bench.stop()
    print(f"## Backup of {MIB} MiB, encrypted, one after the other; {CONNECTIONS} clients (durability full, RS256)\n")
    report.table(("beside", "without: p50 / p99 / longest ms", "/s", "with: p50 / p99 / longest ms", "/s", "p99 ratio",
                  "backups made, by round"), rows)
    print("## Budget: a backup beside writers\n")
    report.table(("what", "measured", "required", ""), FACTS)
