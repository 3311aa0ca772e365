"""Starts Autentico as an operator would, and walks through sign-ins as a browser without JavaScript would."""
import atexit
import base64
import contextlib
import hashlib
import html
import json
import os
import pwd
import re
import secrets
import shutil
import signal
import socket
import sqlite3
import subprocess
import tempfile
import time
import urllib.parse

import requests

BINARY = os.environ.get("AUTENTICO_BINARY", "autentico")
ADMIN, PASSWORD = "admin", "correct horse battery"
CALLBACK = "https://app.example.test/callback"


def free_port():
    """Below those that the kernel gives to connections, so that none of them is in it a moment later."""
    while True:
        with contextlib.suppress(OSError), socket.socket() as s:
            s.bind(("127.0.0.1", 10000 + secrets.randbelow(22000)))
            return s.getsockname()[1]


def b64url(raw):
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def pkce():
    verifier = b64url(secrets.token_bytes(32))
    return verifier, b64url(hashlib.sha256(verifier.encode()).digest())


def query_of(url):
    return dict(urllib.parse.parse_qsl(urllib.parse.urlsplit(url).query, keep_blank_values=True))


def hidden(page, name):
    """The scraping pattern of form-fields 1: name, white space, value."""
    found = re.search(r'name="%s"\s+value="([^"]*)"' % re.escape(name), page)
    return html.unescape(found.group(1)) if found else None


def error_of(page):
    found = re.search(r'class="auth-error"[^>]*role="alert"[^>]*>([^<]*)<', page)
    return html.unescape(found.group(1)).strip() if found else None


def oerr(answer, status, code):
    """A refusal in JSON; returns what it says."""
    assert (answer.status_code, answer.json().get("error")) == (status, code), answer.text
    assert answer.headers["Content-Type"] == "application/json" and answer.headers["Cache-Control"] == "no-store"
    return answer.json().get("error_description", "")


def until(condition, what, seconds=20):
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, what
        time.sleep(0.02)


def id_of(provider, username):
    return provider.rows("SELECT id FROM users WHERE username = ?", username)[0][0]


def account_console(provider, name, password=PASSWORD, path="/account/security"):
    """A browser in which that person is signed in to the account pages."""
    browser = Browser(provider)
    page = browser.follow(browser.get(path))
    home = browser.follow(provider.post_login(browser, page.text, name, password))
    assert home.status_code == 200, home.text
    return browser


class Client:
    def __init__(self, provider, client_id, secret, redirect_uri):
        self.provider, self.id, self.secret, self.redirect_uri = provider, client_id, secret, redirect_uri

    @property
    def auth(self):
        return (self.id, self.secret) if self.secret else None


class Browser(requests.Session):
    """Cookies, Origin on posts, no automatic redirects."""

    def __init__(self, provider):
        super().__init__()
        self.provider = provider
        self.trust_env = False

    def get(self, url, **kw):
        return self.request("GET", url, **kw)

    def request(self, method, url, **kw):
        if url.startswith("/"):
            url = self.provider.url + url
        kw.setdefault("allow_redirects", False)
        kw.setdefault("timeout", 30)
        if method.upper() == "POST":
            kw["headers"] = {"Origin": self.provider.url, **(kw.get("headers") or {})}
        return super().request(method, url, **kw)

    def follow(self, response, until=None):
        """Redirects that stay with the provider."""
        for _ in range(10):
            where = response.headers.get("Location")
            if response.status_code not in (301, 302, 303) or where is None:
                return response
            where = urllib.parse.urljoin(response.url, where)
            if not where.startswith(self.provider.url) or (until and where.startswith(until)):
                return response
            response = self.get(where)
        raise AssertionError("redirected in circles")


# Which web server stands in front, and how requests reach the application from there.
FRONT = os.environ.get("AUTENTICO_TEST_FRONT", "nginx")
TCP = os.environ.get("AUTENTICO_TEST_TRANSPORT") == "tcp"


RUNNING = set()


@atexit.register
def abandon_all():
    """Those of fixtures that failed before they came to their own stop()."""
    for provider in list(RUNNING):
        provider.abandon()
        shutil.rmtree(provider.dir, ignore_errors=True)


class Provider:
    def __init__(self, url_host="localhost", front=FRONT, tcp=TCP, owner=None, binary=None, user=None, where=None,
                 **env):
        self.binary = binary or BINARY
        self.who = {"user": user, "group": user and pwd.getpwnam(user).pw_gid, "extra_groups": user and []}
        self.dir = tempfile.mkdtemp(prefix="aut-", dir=where)
        if user or owner or front == "apache":  # which does not run as root
            shutil.chown(self.dir, user or owner or "nobody")
        env.setdefault("AUTENTICO_FRONT", front)
        if tcp:
            env.update(AUTENTICO_APP_LISTEN_PORT=str(free_port()), AUTENTICO_FRONT_SECRET=secrets.token_hex(32))
        self.port = free_port()
        self.url = f"http://{url_host}:{self.port}"
        self.issuer = self.url + "/oauth2"
        self.admin_token = secrets.token_urlsafe(32)
        self.travelled = 0
        self.env = {"PATH": os.environ["PATH"], "AUTENTICO_RATE_LIMIT_RPS": "0", "AUTENTICO_LOG_FORMAT": "json",
                    "AUTENTICO_ADMIN_TOKEN": self.admin_token,
                    "AUTENTICO_TEST_CLOCK": os.path.join(self.dir, "clock"), **env}
        for name in ("ASAN_OPTIONS", "UBSAN_OPTIONS", "LSAN_OPTIONS"):
            if name in os.environ:
                self.env[name] = os.environ[name]
        self.process = None
        self.db_path = self.env.get("AUTENTICO_DB_FILE_PATH", os.path.join(self.dir, "autentico.db"))
        with open(self.env["AUTENTICO_TEST_CLOCK"], "w") as f:
            f.write("%-20d\n" % 0)
        self.run("init", "--url", self.url, "--dev")

    # --- processes -----------------------------------------------------------
    def run(self, *args, check=True, **kw):
        done = subprocess.run([self.binary, *args], cwd=self.dir, env=self.env, capture_output=True, text=True,
                              timeout=60, **self.who, **kw)
        if check and done.returncode != 0:
            raise AssertionError(f"autentico {' '.join(args)}: {done.returncode}\n{done.stdout}{done.stderr}")
        return done

    def start(self, *flags, **how):
        self.log = open(os.path.join(self.dir, "log"), "ab")
        self.out = open(os.path.join(self.dir, "out"), "ab")
        self.process = subprocess.Popen([self.binary, "start", *flags], cwd=self.dir, env=self.env, stdout=self.out,
                                        stderr=self.log, stdin=subprocess.DEVNULL, **self.who, **how)
        RUNNING.add(self)
        try:
            self.wait()
        except BaseException:
            self.abandon()
            raise

    def wait(self, seconds=30):
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            if self.process.poll() is not None:
                raise AssertionError("start ended: " + self.read_log())
            try:
                if requests.get(self.url + "/healthz", timeout=2).status_code == 200:
                    return
            except requests.RequestException:
                pass
            time.sleep(0.02)
        raise AssertionError("does not answer: " + self.read_log())

    def abandon(self):
        """Whatever state it is in: gone, and those who came from it."""
        try:
            self.halt()
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()

    def halt(self):
        """As an operator stops it; everything stays where it is."""
        RUNNING.discard(self)
        if self.process is None or self.process.poll() is not None:
            return None
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(20)

    def restart(self, **env):
        assert self.halt() == 0, self.read_log()
        self.env.update(env)
        self.start()

    def stop(self):
        status = self.halt()
        log = self.read_log()
        shutil.rmtree(self.dir, ignore_errors=True)
        assert status in (None, 0), log
        for word in ("AddressSanitizer", "runtime error:", "LeakSanitizer", "sandbox_violation"):
            assert word not in log, log
        return status

    def read_log(self):
        with open(os.path.join(self.dir, "log"), errors="replace") as f:
            return f.read()

    def events(self, name):
        out = []
        for line in self.read_log().splitlines():
            try:
                row = json.loads(line)
            except ValueError:
                continue
            if row.get("event") == name:
                out.append(row)
        return out

    def children(self):
        pid = self.process.pid
        with open(f"/proc/{pid}/task/{pid}/children") as f:
            return [int(word) for word in f.read().split()]

    def pool(self):
        """pid -> kind: worker, login-worker, hasher, signer, keeper, courier, front; what is being started has none yet."""
        kinds = {}
        for pid in self.children():
            with contextlib.suppress(OSError), open(f"/proc/{pid}/comm") as f:
                name = f.read().strip()
                kinds[pid] = "front" if name in ("nginx", "lighttpd", "apache2") else name
        return kinds

    def travel(self, seconds):
        """Its clock, that far from the real one.  In place: the processes have the file mapped."""
        with open(self.env["AUTENTICO_TEST_CLOCK"], "r+b", buffering=0) as f:
            f.write(b"%-20d\n" % seconds)

    def later(self, seconds):
        """That much later than it was."""
        self.travelled += seconds
        self.travel(self.travelled)

    def now(self):
        """Its clock."""
        return time.time() + self.travelled

    # --- set-up --------------------------------------------------------------
    def onboard_cli(self, email="admin@example.test"):
        self.run("onboard", "--username", ADMIN, "--password", PASSWORD, "--email", email)

    def add_client(self, refresh=False, public=False, name="Test app", redirect_uri=CALLBACK, **kw):
        args = ["clients", "add", "--name", name, "--redirect-uri", redirect_uri, "--json"]
        args += ["--refresh"] if refresh else []
        args += ["--public"] if public else []
        for key, value in kw.items():
            args += ["--" + key.replace("_", "-"), value]
        row = json.loads(self.run(*args).stdout)
        return Client(self, row["client_id"], row.get("client_secret"), redirect_uri.split()[0])

    def add_user(self, username, password=PASSWORD, email=None, admin=False):
        args = ["users", "add", username] + (["--email", email] if email else []) + (["--admin"] if admin else [])
        return self.run(*args, input=password + "\n").stdout

    # --- the admin API, by AUTENTICO_ADMIN_TOKEN -------------------------------
    def api(self, method, path, token=None, **kw):
        headers = {"Authorization": "Bearer " + (token or self.admin_token), **kw.pop("headers", {})}
        return requests.request(method, self.url + "/admin/api" + path, headers=headers, timeout=30,
                                allow_redirects=False, **kw)

    def register(self, **metadata):
        """A client of any make; confidential, with refresh tokens, unless told otherwise."""
        made = self.api("POST", "/clients", json={
            "client_name": "Test app", "redirect_uris": [CALLBACK],
            "grant_types": ["authorization_code", "refresh_token"], **metadata})
        assert made.status_code == 201, made.text
        row = made.json()
        return Client(self, row["client_id"], row.get("client_secret"), row["redirect_uris"][0])

    @contextlib.contextmanager
    def settings(self, **values):
        """These for the while."""
        before = self.api("GET", "/settings").json()["data"]
        answer = self.api("PUT", "/settings", json=values)
        assert answer.status_code == 204, answer.text
        try:
            yield
        finally:
            self.api("PUT", "/settings", json={key: before.get(key, "") for key in values})  # secrets are not shown

    def rows(self, sql, *args):
        """What the store has now."""
        with contextlib.closing(sqlite3.connect(os.path.join(self.dir, "autentico.db"))) as db:
            return db.execute(sql, args).fetchall()

    @contextlib.contextmanager
    def edit(self):
        """The store, to be written to."""
        with contextlib.closing(sqlite3.connect(os.path.join(self.dir, "autentico.db"), isolation_level=None)) as db:
            yield db

    def age_checkpoints(self):
        """The audit trail's: the next one is due."""
        with self.edit() as db:
            db.execute("UPDATE audit_checkpoints SET made_at = made_at - 300")

    @contextlib.contextmanager
    def broken(self, table):
        """The store takes nothing into that table for the while."""
        db = sqlite3.connect(os.path.join(self.dir, "autentico.db"), isolation_level=None)
        for what in ("INSERT", "UPDATE", "DELETE"):
            db.execute(f"CREATE TRIGGER broken_{what} BEFORE {what} ON {table} BEGIN SELECT RAISE(ABORT, 'broken'); END")
        try:
            yield
        finally:
            for what in ("INSERT", "UPDATE", "DELETE"):
                db.execute(f"DROP TRIGGER broken_{what}")
            db.close()

    # --- the protocol --------------------------------------------------------
    def authorize_url(self, client, **params):
        q = {"response_type": "code", "client_id": client.id, "redirect_uri": client.redirect_uri,
             "scope": "openid profile email", "state": "st", "nonce": "no"}
        q.update(params)
        return self.issuer + "/authorize?" + urllib.parse.urlencode({k: v for k, v in q.items() if v is not None})

    def authorize(self, client, browser=None, method="GET", **params):
        """One request to the authorization endpoint, not followed."""
        url = self.authorize_url(client, **params)
        browser = browser or Browser(self)
        if method == "GET":
            return browser.get(url)
        url, _, query = url.partition("?")
        return browser.post(url, data=query, headers={"Content-Type": "application/x-www-form-urlencoded"})

    def error(self, client, browser=None, **params):
        """What an authorization request is refused with, at the application."""
        answer = self.authorize(client, browser, **params)
        assert answer.status_code == 302, answer.text
        assert answer.headers["Location"].startswith(client.redirect_uri), answer.headers["Location"]
        return query_of(answer.headers["Location"])

    def login_form(self, page):
        names = ("csrf_token", "authorize_sig", "state", "redirect_uri", "client_id", "scope", "nonce",
                 "code_challenge", "code_challenge_method", "prompt")
        return {name: hidden(page, name) or "" for name in names}

    def post_login(self, browser, page, username=ADMIN, password=PASSWORD, **changes):
        form = self.login_form(page)
        form.update({"username": username, "password": password}, **changes)
        return browser.post("/oauth2/login", data=form)

    def sign_in(self, client, browser=None, username=ADMIN, password=PASSWORD, **params):
        """The whole dialogue; returns the parameters of the redirect to the application."""
        browser = browser or Browser(self)
        page = browser.get(self.authorize_url(client, **params))
        assert page.status_code == 200, page.text
        answer = self.post_login(browser, page.text, username, password)
        assert answer.status_code == 302, answer.text
        assert answer.headers["Location"].startswith(client.redirect_uri), answer.headers["Location"]
        return query_of(answer.headers["Location"])

    def token(self, client=None, auth="default", **form):
        if auth == "default":
            auth = client.auth if client else None
        return requests.post(self.issuer + "/token", data=form, auth=auth, timeout=30)

    def redeem(self, client, code, **more):
        form = {"grant_type": "authorization_code", "code": code, "redirect_uri": client.redirect_uri, **more}
        if not client.secret:
            form["client_id"] = client.id
        return self.token(client, **form)

    def refresh(self, client, refresh_token, **more):
        form = {"grant_type": "refresh_token", "refresh_token": refresh_token, **more}
        if not client.secret:
            form["client_id"] = client.id
        return self.token(client, **form)

    def tokens(self, client, browser=None, **params):
        answer = self.redeem(client, self.sign_in(client, browser, **params)["code"])
        assert answer.status_code == 200, answer.text
        return answer.json()

    def tokens_of(self, browser, client, **params):
        """Of a browser that is signed in."""
        where = self.authorize(client, browser, **params).headers["Location"]
        answer = self.redeem(client, query_of(where)["code"])
        assert answer.status_code == 200, answer.text
        return answer.json()

    def userinfo(self, access_token):
        return requests.get(self.issuer + "/userinfo", headers={"Authorization": "Bearer " + access_token}, timeout=30)

    def introspect(self, client, token):
        return requests.post(self.issuer + "/introspect", data={"token": token}, auth=client.auth, timeout=30).json()

    def revoke(self, client, token, **more):
        return requests.post(self.issuer + "/revoke", data={"token": token, **more}, auth=client.auth, timeout=30)

    def jwks(self):
        return requests.get(self.issuer + "/.well-known/jwks.json", timeout=30).json()

    def console_token(self, console="admin", username=ADMIN, password=PASSWORD, **params):
        """An access token of a seeded client, as a program of the contract gets it."""
        client = Client(self, "autentico-" + console, None, f"{self.url}/{console}/callback")
        verifier, challenge = pkce()
        code = self.sign_in(client, username=username, password=password, code_challenge=challenge,
                            code_challenge_method="S256", **params)["code"]
        answer = self.redeem(client, code, code_verifier=verifier)
        assert answer.status_code == 200, answer.text
        return answer.json()["access_token"]
