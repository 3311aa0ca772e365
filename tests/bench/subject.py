"""What is measured: an installation with a client, a person, and pools of what was issued."""
import contextlib
import os
import sqlite3
import tempfile
import time

import scenarios
from harness_path import harness
from installation import Site


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
        self.alg = "RS256"
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
        if alg == self.alg:
            return
        answer = self.site.api("PUT", "/settings", json={"id_token_signing_alg": alg, "access_token_signing_alg": alg})
        assert answer.status_code == 204, answer.text
        end = time.monotonic() + 30
        with self.database() as db:
            while not self.is_active(db, alg):
                db.execute("UPDATE signing_keys SET state = 'active', activated_at = created_at"
                           " WHERE alg = ? AND state = 'next'", (alg,))
                assert time.monotonic() < end, self.site.read_log()
                time.sleep(0.1)
            db.execute("UPDATE installation SET settings_version = settings_version + 1")
        time.sleep(1.5)  # a worker that nobody told looks after a second
        self.alg = alg

    @staticmethod
    def is_active(db, alg):
        return db.execute("SELECT 1 FROM signing_keys WHERE alg = ? AND state = 'active'", (alg,)).fetchone()

    def stop(self):
        self.site.stop()
