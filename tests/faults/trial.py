"""One fault, several times, under load: what was acknowledged, what became of it, how long until all was well."""
import collections
import contextlib
import os
import re
import secrets
import shutil
import statistics
import time

import requests

import checker
import pool
from journal import Journal
from load import Load
from provider import PASSWORD, Browser, Provider

Row = collections.namedtuple("Row", "fault injected acknowledged refused silent lost doubled wrong median worst")
ROWS = []


def table(rows):
    head = Row("fault", "injected", "acknowledged", "503", "no answer", "lost", "doubled", "wrong", "median s", "worst s")
    lines = [head] + [r._replace(median=f"{r.median:.2f}", worst=f"{r.worst:.2f}") for r in rows]
    widths = [max(len(str(line[i])) for line in lines) for i in range(len(head))]
    return ["  ".join(str(cell).ljust(w) if i == 0 else str(cell).rjust(w)
                      for i, (cell, w) in enumerate(zip(line, widths))) for line in lines]


class Trial:
    def __init__(self, fault, draw, tmp_path, people_n=4, before=None, **env):
        self.fault, self.draw = fault, draw
        self.provider = Provider(**env)
        self.times, self.load = [], None
        self.journal = Journal(tmp_path / ("journal-" + secrets.token_hex(4)))
        if before:
            before(self.provider)
        self.provider.start()
        self.provider.onboard_cli()
        self.provider.add_user("prober")
        self.prober_client = self.provider.add_client(name="Prober")
        self.load = Load(self.provider, self.journal, draw.random(), people_n=people_n)
        self.whole = pool.census(self.provider)
        self.load.__enter__()

    # --- the fault
    def wait_for_answers(self, at_most=20):
        """A random moment of the load."""
        assert self.journal.wait(self.draw.randrange(1, at_most), 120), "the load does nothing"

    def wait_for_age(self):
        """Who dies within two seconds of its start is not started again at once: that is not measured here."""
        pool.until(lambda: pool.youngest(self.provider) > 2.2, 60, "somebody keeps dying")

    def wait_for_503(self, n=3, seconds=120):
        """Until that many more were turned away."""
        wanted = self.load.counts["503"] + n
        pool.until(lambda: self.load.counts["503"] >= wanted, seconds, f"{self.fault}: nobody is turned away")

    def hit(self, fault, probe, says=None):
        """At a random moment."""
        self.wait_for_answers()
        self.inject(fault, probe, says)

    def inject(self, fault, probe, says=None, from_start=False):
        """`fault` for its while, then until `probe` succeeds.  `says`: what the log must name.

        The time to recover counts from the end of the fault; from its start where the service has to end it itself.
        """
        at, began = len(self.provider.read_log()), time.monotonic()
        with fault:
            pass
        ended = time.monotonic()
        pool.until(lambda: self.succeeds(probe), 60, f"{self.fault}: no recovery")
        self.times.append(time.monotonic() - (began if from_start else ended))
        if says:
            log = self.provider.read_log()[at:]
            assert re.search(says, log), f"the log does not name {says}:\n{log[-4000:]}"

    def succeeds(self, probe):
        try:
            return probe()
        except requests.RequestException:
            return False

    # --- probes: is all well?
    def writes(self):
        """The health check, and a write."""
        return (requests.get(self.provider.url + "/healthz", timeout=10).status_code == 200 and
                self.provider.api("PUT", "/settings", json={"theme_title": secrets.token_hex(8)}).status_code == 204)

    def is_whole(self, without=frozenset()):
        """Every post is filled, by none of these, and it writes."""
        now = pool.census(self.provider)
        return (pool.numbers(now) == pool.numbers(self.whole) and not without & pool.everybody(now) and self.writes())

    def signs_in(self):
        """All of it: page, password, code, tokens."""
        browser = Browser(self.provider)
        page = browser.get(self.provider.authorize_url(self.prober_client))
        if page.status_code != 200:
            return False
        answer = self.provider.post_login(browser, page.text, "prober", PASSWORD)
        code = re.search(r"[?&]code=([^&]*)", answer.headers.get("Location", ""))
        return code is not None and self.provider.redeem(self.prober_client, code.group(1)).status_code == 200

    # --- the reckoning
    def finish(self, may_be_silent=False):
        assert self.journal.wait(10, 120), "the load does not go on"
        self.load.stop()
        report = checker.check(self.provider, self.journal, self.load.client)
        ROWS.append(Row(self.fault, len(self.times), report.acknowledged_n, self.load.counts["503"],
                        self.load.counts["none"], len(report.lost), len(report.doubled), len(report.wrong),
                        statistics.median(self.times), max(self.times)))
        report.demand()
        assert may_be_silent or self.load.counts["none"] == 0, f"{self.load.counts['none']} questions without an answer"
        return report

    def end(self):
        """The log is kept for whoever wants to know (AUTENTICO_TEST_KEEP, a folder)."""
        if self.load:
            with contextlib.suppress(AssertionError):
                self.load.stop()
        self.journal.close()
        if "AUTENTICO_TEST_KEEP" in os.environ:
            shutil.copy(os.path.join(self.provider.dir, "log"),
                        os.path.join(os.environ["AUTENTICO_TEST_KEEP"], re.sub(r"\W+", "-", self.fault) + ".log"))
        self.provider.stop()
