"""Compares the journal with the database and with the live service, when the fault is over and the load has stopped.

Nothing acknowledged is missing, nothing that may be used once was used twice, the database is whole.
"""
import concurrent.futures
import hashlib
import os
import sqlite3
import time
import urllib.parse

import requests

from journal import State
from load import COOKIE, SETTING
from provider import CALLBACK, query_of


class Report:
    def __init__(self, state):
        self.acknowledged_n, self.unknown_n = state.acknowledged_n, state.unknown_n
        self.lost, self.doubled, self.wrong = [], [], []
        for kind, what in state.violations:
            {"lost": self.lost, "doubled": self.doubled}.get(kind, self.wrong).append(what)

    def demand(self):
        assert not self.lost, ("lost", self.lost[:10])
        assert not self.doubled, ("doubled", self.doubled[:10])
        assert not self.wrong, ("wrong", self.wrong[:10])
        assert self.acknowledged_n > 0


def sha256(text):
    return hashlib.sha256(text.encode()).digest()


class Database:
    def __init__(self, provider, state, report):
        self.db = sqlite3.connect(f"file:{provider.db_path}?mode=ro", uri=True, timeout=30)
        self.state, self.report = state, report

    def rows(self, sql):
        return self.db.execute(sql).fetchall()

    def check(self):
        self.check_whole()
        self.check_codes()
        self.check_tokens()
        self.check_once()
        self.check_administration()
        self.db.close()

    def check_whole(self):
        if self.rows("PRAGMA integrity_check") != [("ok",)]:
            self.report.wrong.append("integrity_check")
        if self.rows("PRAGMA foreign_key_check"):
            self.report.wrong.append("foreign_key_check")

    def is_untouched(self, code):
        """Signing out spends what is open."""
        return code["state"] == "live" and self.state.sessions[code["session"]]["state"] == "live"

    def check_codes(self):
        stored = {bytes(h): at for h, at in self.rows("SELECT code_hash, redeemed_at FROM authorization_codes")}
        for code, c in self.state.codes.items():
            if sha256(code) not in stored:
                self.report.lost.append(f"code {code[:8]} is not there")
            elif c["state"] == "spent" and stored[sha256(code)] is None:
                self.report.lost.append(f"code {code[:8]} was redeemed and is not marked")
            elif self.is_untouched(c) and stored[sha256(code)] is not None:
                self.report.doubled.append(f"code {code[:8]} was never redeemed and is marked")

    def check_tokens(self):
        stored = {bytes(h): (rotated, revoked) for h, rotated, revoked in self.rows(
            "SELECT t.refresh_hash, t.rotated_at, COALESCE(t.revoked_at, f.revoked_at) FROM tokens t"
            " JOIN token_families f ON f.id = t.family_id")}
        for value, state in self.state.refresh_tokens.items():
            row = stored.get(sha256(value[20:]))
            if row is None:
                self.report.lost.append(f"refresh token {value[:20]} is not there")
            elif state == "spent" and row[0] is None:
                self.report.lost.append(f"refresh token {value[:20]} was rotated and is not marked")
        for name, family in self.state.families.items():
            row = stored.get(sha256(family["refresh"][20:]))
            if family["state"] == "dead" and row and row[0] is None and row[1] is None:
                self.report.lost.append(f"family {name} was ended and is not marked")

    def check_once(self):
        """Each rotation has made one successor, each code one family, whoever was told of it."""
        for row in self.rows("SELECT family_id, COUNT(*) FROM tokens WHERE rotated_at IS NULL GROUP BY family_id"
                             " HAVING COUNT(*) <> 1"):
            self.report.doubled.append(f"family {row[0]} has {row[1]} unspent refresh tokens")
        for row in self.rows("SELECT f.id, COUNT(c.code_hash) FROM token_families f LEFT JOIN authorization_codes c"
                             " ON c.family_id = f.id WHERE f.grant_type = 'authorization_code' GROUP BY f.id"
                             " HAVING COUNT(c.code_hash) <> 1"):
            self.report.doubled.append(f"family {row[0]} comes from {row[1]} codes")

    def check_administration(self):
        users = dict(self.rows("SELECT username, id FROM users"))
        for name, user_id in self.state.users.items():
            if users.get(name) != user_id:
                self.report.lost.append(f"user {name}")
        value = dict(self.rows("SELECT key, value FROM settings")).get(SETTING)
        if self.state.setting and value != self.state.setting and value not in self.state.settings_unknown:
            self.report.lost.append(f"setting {self.state.setting}, found {value}")


class Service:
    """By the front.  Destructive: what works once is used once, and then once more."""

    def __init__(self, provider, client, state, report):
        self.provider, self.client, self.state, self.report = provider, client, state, report

    def check(self):
        with concurrent.futures.ThreadPoolExecutor(4) as pool:
            for check, things in ((self.check_session, self.state.sessions), (self.check_code, self.state.codes),
                                  (self.check_family, self.state.families)):
                list(pool.map(check, things))

    def token(self, **form):
        answer = requests.post(self.provider.issuer + "/token", data=form, auth=self.client.auth, timeout=30)
        if answer.status_code not in (200, 400):
            self.report.wrong.append(f"token endpoint: {answer.status_code} {answer.text[:200]}")
        return answer.status_code

    def check_session(self, name):
        session = self.state.sessions[name]
        query = {"response_type": "code", "client_id": self.client.id, "redirect_uri": CALLBACK, "scope": "openid",
                 "prompt": "none"}
        answer = requests.get(self.provider.issuer + "/authorize?" + urllib.parse.urlencode(query), timeout=30,
                              cookies={COOKIE: session["cookie"]}, allow_redirects=False)
        q = query_of(answer.headers.get("Location", ""))
        if session["state"] == "live" and "code" not in q:
            self.report.lost.append(f"session {name}: {answer.status_code} {q}")
        if session["state"] == "ended" and q.get("error") != "login_required":
            self.report.lost.append(f"session {name} was ended: {answer.status_code} {q}")

    def check_code(self, code):
        c = self.state.codes[code]
        if c["state"] != "live":
            return
        form = {"grant_type": "authorization_code", "code": code, "redirect_uri": CALLBACK}
        session_state = self.state.sessions[c["session"]]["state"]
        first, second = self.token(**form), self.token(**form)
        if session_state == "live" and first != 200:
            self.report.lost.append(f"code {code[:8]}: {first}")
        if session_state == "ended" and first == 200:
            self.report.lost.append(f"code {code[:8]} of an ended session works")
        if second == 200:
            self.report.doubled.append(f"code {code[:8]}")

    def userinfo(self, family):
        answer = requests.get(self.provider.issuer + "/userinfo", timeout=30,
                              headers={"Authorization": "Bearer " + family["access"]})
        return answer.status_code

    def check_family(self, name):
        family = self.state.families[name]
        is_live, is_dead = self.state.is_live(family), self.state.is_dead(family)
        status = self.userinfo(family)
        if is_live and status != 200 or is_dead and status != 401:
            self.report.lost.append(f"family {name}, {family['state']}: userinfo {status}")
        form = {"grant_type": "refresh_token", "refresh_token": family["refresh"]}
        first, second = self.token(**form), self.token(**form)
        if is_live and first != 200 or is_dead and first != 400:
            self.report.lost.append(f"family {name}, {family['state']}: refresh {first}")
        if second == 200:
            self.report.doubled.append(f"family {name}: refresh token")


def check(provider, journal, client):
    """Everything; a Report."""
    state = State(journal.path)
    report = Report(state)
    Database(provider, state, report).check()
    Service(provider, client, state, report).check()
    Database(provider, State(os.devnull), report).check()   # once more whole, after all that
    return report
