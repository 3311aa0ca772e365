"""A load of full sign-ins through the real front, which remembers what was acknowledged.

Each person signs in with a browser, lets an application redeem the code, reads the profile, refreshes, and now and
then replays what may be used once, revokes, or signs out.  An administrator adds people and changes a setting.
Every answer must be the right one, or a proper 503; during a kill also none at all.
"""
import random
import re
import secrets
import threading
import time
import urllib.parse

import requests

from provider import CALLBACK, PASSWORD, hidden, query_of

COOKIE = "autentico_idp_session"
PATIENCE_S = 60       # with one question, while the answer is 503 or none
SETTING = "theme_tagline"


class Unknown(Exception):
    """No answer, or 503: it may have happened."""


class Asker:
    """One client of the front: keeps its connection, counts, and judges every answer."""

    def __init__(self, load):
        self.load = load
        self.http = requests.Session()
        self.http.trust_env = False

    def ask(self, method, path, wanted, **kw):
        """The answer, with a status of `wanted`; raises Unknown."""
        kw.setdefault("allow_redirects", False)
        if method == "POST":
            kw["headers"] = {"Origin": self.load.provider.url, **(kw.get("headers") or {})}
        try:
            answer = self.http.request(method, self.load.provider.url + path, timeout=30, **kw)
        except requests.RequestException as e:
            self.load.count("none")
            raise Unknown(type(e).__name__) from None
        if answer.status_code == 503:
            self.load.judge_503(method, path, answer)
            raise Unknown("503")
        self.load.count("answered")
        if answer.status_code not in wanted:
            self.load.violation("answer", f"{method} {path.split('?')[0]}: {answer.status_code} {answer.text[:300]}")
            raise Unknown("wrong answer")
        return answer

    def tries(self):
        """One try after another, until patience or the load ends."""
        until = time.monotonic() + PATIENCE_S
        yield
        while time.monotonic() < until and self.load.pause():
            yield

    def patiently(self, method, path, wanted, **kw):
        """For what changes nothing: again, until it is answered."""
        for _ in self.tries():
            try:
                return self.ask(method, path, wanted, **kw)
            except Unknown:
                continue
        raise Unknown("no patience left")

    def post_token(self, **form):
        return self.ask("POST", "/oauth2/token", (200, 400), data=form, auth=self.load.client.auth)


class Person(Asker):
    def __init__(self, load, username, seed):
        super().__init__(load)
        self.username, self.random = username, random.Random(seed)
        self.session = None

    # --- signing in
    def authorize_path(self, **more):
        q = {"response_type": "code", "client_id": self.load.client.id, "redirect_uri": CALLBACK,
             "scope": "openid profile email", "state": secrets.token_hex(4), "nonce": secrets.token_hex(4), **more}
        return "/oauth2/authorize?" + urllib.parse.urlencode(q)

    def read_code(self, answer):
        where = answer.headers["Location"]
        q = query_of(where)
        if where.startswith(CALLBACK) and q.get("error") == "temporarily_unavailable":
            self.load.count("503")      # RFC 6749 4.1.2.1: the form of a 503 that can be redirected
            raise Unknown("503")
        if not where.startswith(CALLBACK) or "code" not in q:
            self.load.violation("answer", f"no code: {where}")
            raise Unknown("no code")
        return q["code"]

    def sign_in(self):
        """A password, a new session, a code."""
        self.session = None
        self.http.cookies.clear()
        page = self.patiently("GET", self.authorize_path(), (200,)).text
        names = ("csrf_token", "authorize_sig", "state", "redirect_uri", "client_id", "scope", "nonce",
                 "code_challenge", "code_challenge_method", "prompt")
        form = {name: hidden(page, name) or "" for name in names}
        form.update(username=self.username, password=PASSWORD)
        try:
            code = self.read_code(self.ask("POST", "/oauth2/login", (302,), data=form))
        except Unknown:
            self.load.journal.add("login_unknown")
            raise
        self.session = secrets.token_hex(8)
        self.load.journal.add("session", session=self.session, cookie=self.http.cookies[COOKIE], user=self.username)
        self.load.journal.add("code", code=code, session=self.session)
        return code

    def sign_in_again(self):
        """No password: the session says who it is."""
        answer = self.patiently("GET", self.authorize_path(), (200, 302))
        if answer.status_code == 200:
            self.load.violation("lost", f"session {self.session}: its browser is asked to sign in")
            raise Unknown("asked to sign in")
        code = self.read_code(answer)
        self.load.journal.add("code", code=code, session=self.session)
        return code

    # --- the application
    def redeem(self, code):
        """family; or None when a first try without an answer had spent the code."""
        was_unknown = False
        for _ in self.tries():
            try:
                answer = self.post_token(grant_type="authorization_code", code=code, redirect_uri=CALLBACK)
            except Unknown:
                self.load.journal.add("code_unknown", code=code)
                was_unknown = True
                continue
            if answer.status_code == 200:
                return self.new_family(code, answer.json())
            if not was_unknown:
                self.load.violation("lost", f"code {code[:8]}: {answer.text}")
            self.load.journal.add("code_spent", code=code)
            return None
        raise Unknown("no patience left")

    def new_family(self, code, tokens):
        family = {"id": secrets.token_hex(8), "access": tokens["access_token"], "refresh": tokens["refresh_token"],
                  "id_token": tokens["id_token"], "code": code}
        self.load.journal.add("family", family=family["id"], code=code, access=family["access"],
                              refresh=family["refresh"])
        return family

    def read_profile(self, family):
        answer = self.patiently("GET", "/oauth2/userinfo", (200, 401),
                                headers={"Authorization": "Bearer " + family["access"]})
        if answer.status_code != 200:
            self.load.violation("lost", f"family {family['id']}: access token: {answer.status_code}")
        elif answer.json().get("preferred_username") != self.username:
            self.load.violation("answer", f"family {family['id']}: profile of {answer.text}")

    def refresh(self, family):
        """True while the family lives."""
        was_unknown = False
        for _ in self.tries():
            try:
                answer = self.post_token(grant_type="refresh_token", refresh_token=family["refresh"])
            except Unknown:
                self.load.journal.add("family_unknown", family=family["id"])
                was_unknown = True
                continue
            if answer.status_code == 200:
                self.rotated(family, answer.json())
                return True
            if not was_unknown:
                self.load.violation("lost", f"family {family['id']}: refresh token: {answer.text}")
            self.load.journal.add("family_dead", family=family["id"])
            return False
        raise Unknown("no patience left")

    def rotated(self, family, tokens):
        family.update(access=tokens["access_token"], refresh=tokens["refresh_token"], id_token=tokens["id_token"])
        self.load.journal.add("rotated", family=family["id"], access=family["access"], refresh=family["refresh"])

    # --- ends
    def must_refuse(self, family, **form):
        """What was used is used again: refused, and the whole family is dead."""
        for _ in self.tries():
            try:
                answer = self.post_token(**form)
            except Unknown:
                self.load.journal.add("family_unknown", family=family["id"])
                continue
            if answer.status_code == 200:
                self.load.violation("doubled", f"family {family['id']}: {form['grant_type']} accepted twice")
            self.load.journal.add("family_dead", family=family["id"])
            return
        raise Unknown("no patience left")

    def replay_code(self, family):
        self.must_refuse(family, grant_type="authorization_code", code=family["code"], redirect_uri=CALLBACK)

    def replay_refresh(self, family):
        old = family["refresh"]
        if self.refresh(family):
            self.must_refuse(family, grant_type="refresh_token", refresh_token=old)

    def revoke(self, family):
        which = self.random.choice(("access", "refresh"))
        for _ in self.tries():
            try:
                self.ask("POST", "/oauth2/revoke", (200,), data={"token": family[which]}, auth=self.load.client.auth)
            except Unknown:
                self.load.journal.add("family_unknown", family=family["id"])
                continue
            self.load.journal.add("family_dead", family=family["id"])
            return
        raise Unknown("no patience left")

    def sign_out(self, family):
        session, self.session = self.session, None
        try:
            answer = self.ask("GET", "/oauth2/logout", (200,), params={"id_token_hint": family["id_token"]})
        except Unknown:
            self.load.journal.add("session_unknown", session=session)
            raise
        if "You have been signed out." not in answer.text:
            self.load.violation("answer", "signing out: " + answer.text[:300])
        self.load.journal.add("session_ended", session=session)

    def keep(self, family):
        pass

    # --- a visit
    def visit(self):
        code = self.sign_in_again() if self.session and self.random.random() < 0.7 else self.sign_in()
        if self.random.random() < 0.1:
            return                      # kept for the checker
        family = self.redeem(code)
        if family is None:
            return
        self.read_profile(family)
        for _ in range(self.random.randrange(3)):
            if not self.refresh(family):
                return
        end = self.random.choices((self.keep, self.replay_code, self.replay_refresh, self.revoke, self.sign_out),
                                  (50, 12, 13, 15, 10))[0]
        end(family)


class Administrator(Asker):
    """Adds a person, changes a setting; by the API."""

    def __init__(self, load, seed):
        super().__init__(load)
        self.headers = {"Authorization": "Bearer " + load.provider.admin_token}
        self.random = random.Random(seed)
        self.n = 0

    def add_user(self):
        name = f"added-{self.n}-{secrets.token_hex(3)}"
        try:
            made = self.ask("POST", "/admin/api/users", (201,), json={"username": name, "password": PASSWORD},
                            headers=self.headers)
        except Unknown:
            self.load.journal.add("user_unknown", username=name)
            raise
        self.load.journal.add("user", username=name, id=re.search(r'"id": *"([0-9a-v]{20})"', made.text).group(1))

    def change_setting(self):
        value = f"tagline {self.n} {secrets.token_hex(4)}"
        try:
            self.ask("PUT", "/admin/api/settings", (204,), json={SETTING: value}, headers=self.headers)
        except Unknown:
            self.load.journal.add("setting_unknown", value=value)
            raise
        self.load.journal.add("setting", value=value)

    def visit(self):
        self.n += 1
        (self.add_user if self.random.random() < 0.2 else self.change_setting)()
        self.load.pause(0.2)


class Load:
    """`people_n` persons and an administrator, each a thread, until stop() or a bound of visits is reached."""

    def __init__(self, provider, journal, seed, people_n=5, visits_max=100000):
        self.provider, self.journal = provider, journal
        self.visits_left = visits_max
        self.counts = {"answered": 0, "503": 0, "none": 0}
        self.lock, self.stopping = threading.Lock(), threading.Event()
        self.client = provider.add_client(refresh=True, name="Load " + secrets.token_hex(3))
        draw = random.Random(seed)
        names = [f"person{i}-{secrets.token_hex(3)}" for i in range(people_n)]
        for name in names:
            provider.add_user(name)
        askers = [Person(self, name, draw.random()) for name in names] + [Administrator(self, draw.random())]
        self.threads = [threading.Thread(target=self.run, args=(a,), daemon=True) for a in askers]
        self.crashed = []

    def __enter__(self):
        for t in self.threads:
            t.start()
        return self

    def __exit__(self, *_):
        self.stop()

    def stop(self, seconds=120):
        """Everybody finishes what is begun."""
        self.stopping.set()
        until = time.monotonic() + seconds
        for t in self.threads:
            t.join(max(0.0, until - time.monotonic()))
        assert not any(t.is_alive() for t in self.threads), "the load does not end"
        assert not self.crashed, self.crashed

    def take_visit(self):
        with self.lock:
            self.visits_left -= 1
            return self.visits_left >= 0 and not self.stopping.is_set()

    def run(self, asker):
        try:
            while self.take_visit():
                try:
                    asker.visit()
                except Unknown:
                    self.pause()
        except Exception as e:  # a fault of the load itself must not look like silence
            self.crashed.append(repr(e))
            raise

    def pause(self, seconds=0.05):
        """Between two tries; False when the load is to end."""
        return not self.stopping.wait(seconds)

    def count(self, what):
        with self.lock:
            self.counts[what] += 1

    def judge_503(self, method, path, answer):
        """A page for people, JSON for programs, and when to come again."""
        self.count("503")
        kind = answer.headers.get("Content-Type", "")
        asks_json = path.startswith(("/oauth2/token", "/oauth2/userinfo", "/oauth2/revoke", "/admin/api", "/healthz"))
        if not answer.headers.get("Retry-After", "").isdigit():
            self.violation("answer", f"{method} {path}: 503 without Retry-After: {answer.text[:200]}")
        elif asks_json and not (kind.startswith("application/json") and isinstance(answer.json(), dict)):
            self.violation("answer", f"{method} {path}: 503 of {kind}: {answer.text[:200]}")
        elif not asks_json and "<html" not in answer.text:
            self.violation("answer", f"{method} {path}: 503 of {kind}: {answer.text[:200]}")

    def violation(self, kind, what):
        self.journal.add("violation", kind=kind, what=what)
