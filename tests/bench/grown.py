"""Installations of a size: made once by grow.c, and started again for each run.

AUTENTICO_BENCH_SCALE_DIR keeps them between runs; otherwise they go with the work directory.
"""
import os
import pickle
import random
import secrets
import subprocess
import time

from installation import Site
from subject import Bench

# token rows by the name of the size; people: one a row, until a row is one of many refreshes
SIZES = {"10k": 10_000, "1M": 1_000_000, "10M": 10_000_000}
PEOPLE_MAX = 2_000_000
POOL = 100_000          # living tokens that are told
READ_POOL = 5_000       # the same number at each size, and none of those that are refreshed, which ends them
HOME = "home"


class Grown(Bench):
    """A Bench over a large database, and what proves some of its rows."""

    def __init__(self, work, folder, name, tokens_n, expired_n=0):
        self.name, self.work, self.alg, self._cookie = name, work, "RS256", None
        self.home = os.path.join(folder, "size-" + name)
        kept = os.path.join(self.home, HOME)
        if not os.path.exists(kept):
            self.make(work, min(tokens_n, PEOPLE_MAX), tokens_n, expired_n)
            with open(kept, "wb") as f:
                pickle.dump((self.site, self.client), f)
        with open(kept, "rb") as f:
            self.site, self.client = pickle.load(f)
        self.site.work = work
        self.read_pool()

    # --- once
    def make(self, work, people_n, tokens_n, expired_n):
        os.makedirs(self.home, exist_ok=True)
        os.chmod(self.home, 0o755)
        secret = secrets.token_hex(32)
        self.site = Site(work, where=self.home, AUTENTICO_LOG_LEVEL="warning", AUTENTICO_CSRF_SECRET_KEY=secret)
        self.site.onboard_cli()
        self.own()
        self.site.start()
        self.client = self.site.register(grant_types=["authorization_code", "refresh_token", "client_credentials"])
        # sign-ins of the last weeks are to be alive
        answer = self.site.api("PUT", "/settings", json={"sso_session_idle_timeout": "1000h",
                                                         "sso_session_max_age": "1000h"})
        assert answer.status_code == 204, answer.text
        self.site.rest()
        self.grow(secret, people_n, tokens_n, expired_n)

    def grow(self, secret, people_n, tokens_n, expired_n):
        began = time.monotonic()
        with open(os.path.join(self.home, "pool"), "w") as f:
            subprocess.run([os.path.join(os.environ["BENCH_BUILD"], "grow"), self.site.db_path, self.client.id,
                            str(people_n), str(tokens_n), str(expired_n), str(POOL)], stdout=f, check=True,
                           env={**os.environ, "AUTENTICO_COOKIE_SECRET": secret})
        self.own()
        self.made = (f"{self.name}: {people_n} people, {tokens_n} token rows, "
                     f"{os.path.getsize(self.site.db_path) >> 20} MiB, made in {time.monotonic() - began:.0f} s")
        with open(os.path.join(self.home, "made"), "w") as f:
            f.write(self.made)

    def own(self):
        if os.geteuid() == 0:
            self.site.give_away(self.site.dir)

    # --- each time
    def read_pool(self):
        with open(os.path.join(self.home, "pool")) as f:
            rows = [line.split() for line in f]
        with open(os.path.join(self.home, "made")) as f:
            self.made = f.read()
        random.Random(7).shuffle(rows)
        self.refresh = RefreshPool(self.home, [row[1] for row in rows[READ_POOL:]])
        rows = rows[:READ_POOL]
        self.access = self.spread("access", [row[0] for row in rows])
        self.cookies = self.spread("cookies", [row[2] for row in rows])
        self.usernames = self.spread("usernames", [row[3] for row in rows])

    def spread(self, name, lines):
        """For up to two threads of wrk."""
        path = self.fresh_pool(name)
        write_halves(path, lines)
        return path

    def start(self, **env):
        self.site.env.update(env)
        self.site.run("migrate")    # it may have been kept from an earlier version
        self.site.start()
        with open(self.site.db_path, "rb") as f:
            while f.read(1 << 24):
                pass

    def stop(self):
        self.site.rest()


def write_halves(path, lines):
    for i in range(2):
        with open(f"{path}.{i}", "w") as f:
            f.writelines(line + "\n" for line in lines[i::2])


def read_lines(path):
    if not os.path.exists(path):
        return []
    with open(path) as f:
        return f.read().split("\n")[:-1]


class RefreshPool:
    """Refresh tokens of random rows, each used once; what comes back is used when all had their turn."""

    def __init__(self, home, first):
        self.path = os.path.join(home, "refresh")
        if not os.path.exists(self.path + ".0"):
            write_halves(self.path, first)

    def before(self):
        for i in range(2):
            if os.path.exists(f"{self.path}-answered.{i}"):
                os.remove(f"{self.path}-answered.{i}")
        return {"refresh": self.path, "chains": 1 << 30, "answered": self.path + "-answered"}

    def after(self, connections):
        """The last ones may have been spent and their answers not have come."""
        threads = min(2, connections)
        for i in range(threads):
            back = read_lines(f"{self.path}-answered.{i}")
            queue = (read_lines(f"{self.path}.{i}") + back)[len(back) + connections // threads + 2:]
            with open(f"{self.path}.{i}", "w") as f:
                f.writelines(line + "\n" for line in queue)
