"""Everything that is secret is replaced while people sign in, refresh and are looked up, and nobody notices; with
--now what should end ends (design 4 "rotation"; D4, D22)."""
import base64
import hmac
import json
import os
import re
import shutil
import subprocess
import threading
import time

import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from jwcrypto import jwk, jws

from provider import ADMIN, Browser, Provider, account_console, query_of
from test_reload import change, hang_up, value_of


@pytest.fixture
def p():
    p = Provider()
    p.onboard_cli()
    p.start()
    yield p
    p.stop()


def until(what, p, seconds=20):
    end = time.monotonic() + seconds
    while not what():
        assert time.monotonic() < end, p.read_log()
        time.sleep(0.05)


def keys_of(p):
    return [json.loads(line) for line in p.run("keys", "list", "--json").stdout.splitlines()]


def state_of(p, kid):
    return next(k["state"] for k in keys_of(p) if k["kid"] == kid)


def published(p):
    return {k["kid"] for k in p.jwks()["keys"]}


def kid_of(token):
    signed = jws.JWS()
    signed.deserialize(token)
    return signed.jose_header["kid"]


class RelyingParty:
    """Verifies as an application does: keeps the keys for their max-age, fetches them anew for a kid that it does not
    know, and gives up on a token whose key is not there then."""

    def __init__(self, p):
        self.p, self.keys = p, {}

    def verify(self, token):
        signed = jws.JWS()
        signed.deserialize(token)
        kid = signed.jose_header["kid"]
        if kid not in self.keys:
            self.keys = {k["kid"]: jwk.JWK(**k) for k in self.p.jwks()["keys"]}
        signed.verify(self.keys[kid])
        return json.loads(signed.payload)


class Load:
    """Sign-ins, refreshes and verifications, again and again, from three sides; every answer has to be right."""

    def __init__(self, p, client, admin_token=None):
        self.p, self.client, self.failures, self.done, self.stopped = p, client, [], [], threading.Event()
        self.signed_in = Browser(p)  # stays signed in all along
        p.sign_in(client, self.signed_in)
        self.admin_token = admin_token
        sides = [self.sign_in, self.refresh, self.sso] + ([self.administer] if admin_token else [])
        self.sides = {what.__name__ for what in sides}
        self.threads = [threading.Thread(target=self.again, args=(what,)) for what in sides]
        self.tokens = p.tokens(client)

    def again(self, what):
        rp = RelyingParty(self.p)
        while not self.stopped.is_set():
            try:
                what(rp)
                self.done.append(what.__name__)
            except Exception as e:  # noqa: BLE001 (whatever it is, it is told at the end)
                said = re.search(r'role="alert">([^<]*)', repr(e))
                self.failures.append((what.__name__, said.group(1) if said else repr(e)[:600]))
                return

    def check(self, rp, tokens):
        rp.verify(tokens["id_token"])
        rp.verify(tokens["access_token"])
        assert self.p.userinfo(tokens["access_token"]).status_code == 200
        assert self.p.introspect(self.client, tokens["access_token"])["active"] is True

    def sign_in(self, rp):
        self.check(rp, self.p.tokens(self.client))

    def refresh(self, rp):
        answer = self.p.refresh(self.client, self.tokens["refresh_token"])
        assert answer.status_code == 200, answer.text
        self.tokens = answer.json()
        self.check(rp, self.tokens)

    def sso(self, rp):
        answer = self.p.authorize(self.client, self.signed_in, prompt="none")
        assert "code" in query_of(answer.headers.get("Location", "")), (answer.status_code, answer.headers)
        redeemed = self.p.redeem(self.client, query_of(answer.headers["Location"])["code"])
        assert redeemed.status_code == 200, redeemed.text
        self.check(rp, redeemed.json())

    def administer(self, rp):
        answer = self.p.api("GET", "/users", self.admin_token)
        assert answer.status_code == 200, answer.text

    def more(self):
        """Every side has been through once more."""
        self.done.clear()
        until(lambda: self.failures or set(self.done) == self.sides, self.p, 60)
        assert self.failures == []

    def __enter__(self):
        for thread in self.threads:
            thread.start()
        return self

    def __exit__(self, *_):
        self.stopped.set()
        for thread in self.threads:
            thread.join()
        assert self.failures == []


def test_signing_key_under_load(p):
    """D4, MD-25: the new key is known before it signs; the old one stays until what it signed has expired."""
    client = p.add_client(refresh=True)
    old = kid_of(p.tokens(client)["id_token"])
    with Load(p, client) as load:
        load.more()
        said = p.run("keys", "rotate").stdout
        new = next(k["kid"] for k in keys_of(p) if k["state"] == "next")
        assert re.search(rf"RS256 {new} is published, and signs from \S+\.", said), said
        assert "Nobody is signed out" in said
        assert p.run("keys", "rotate").stdout == said  # one is enough
        load.more()
        assert kid_of(p.tokens(client)["id_token"]) == old
        until(lambda: new in published(p), p)  # the front keeps them for ten seconds, whatever our clock says
        p.later(301)
        until(lambda: state_of(p, new) == "active", p)
        load.more()
        tokens = p.tokens(client)
        assert kid_of(tokens["id_token"]) == kid_of(tokens["access_token"]) == new
    assert state_of(p, old) == "retired"
    until(lambda: published(p) == {old, new}, p)
    p.restart()  # the key of the environment stays retired
    assert state_of(p, old) == "retired" and kid_of(p.tokens(client)["id_token"]) == new
    p.later(24 * 3600 + 301)
    until(lambda: published(p) == {new}, p)
    assert [k["is_published"] for k in keys_of(p) if k["kid"] == old] == [False]


def test_signing_key_now(p):
    """A compromise: tokens of the old key end, at the endpoints and in the published keys; sign-ins and refresh tokens go on."""
    client = p.add_client(refresh=True)
    browser = Browser(p)
    before = p.redeem(client, p.sign_in(client, browser)["code"]).json()
    signers = "SELECT DISTINCT kid FROM audit_checkpoints"
    until(lambda: p.rows(signers), p)
    assert "revoked" not in p.run("audit", "verify").stdout
    waiting = p.run("keys", "rotate").stdout.split()[1]
    said = p.run("keys", "rotate", "--now").stdout
    assert "signs at once" in said and "ended are: access tokens" in said
    old = kid_of(before["access_token"])
    until(lambda: not {old, waiting} & published(p), p)
    assert p.userinfo(before["access_token"]).status_code == 401
    assert p.introspect(client, before["access_token"]) == {"active": False}
    after = p.refresh(client, before["refresh_token"])
    assert after.status_code == 200 and p.userinfo(after.json()["access_token"]).status_code == 200
    assert kid_of(after.json()["id_token"]) not in (old, waiting)
    assert "code" in query_of(p.authorize(client, browser, prompt="none").headers["Location"])
    p.restart()
    assert p.userinfo(before["access_token"]).status_code == 401
    until(lambda: published(p) == {kid_of(after.json()["id_token"])}, p)
    until(lambda: len(p.rows(signers)) == 2, p)  # the trail is vouched for by the new key, no more by the old one
    assert re.search(r"[1-9]\d* checkpoints were signed by keys that are not at hand any more, or revoked", p.run("audit", "verify").stdout)
    assert {"signing_key_rotated", "signing_key_revoked"} <= {row[0] for row in p.rows("SELECT event FROM audit_logs")}


def test_retire(p):
    """One that waits is taken back, one that is published still is ended, the one that signs is not touched."""
    client = p.add_client()
    active = p.jwks()["keys"][0]["kid"]
    done = p.run("keys", "retire", active, check=False)
    assert done.returncode == 1 and "keys rotate --alg RS256" in done.stderr
    assert p.run("keys", "retire", "nobody", check=False).returncode == 1
    waiting = p.run("keys", "rotate").stdout.split()[1]
    assert "never signed anything" in p.run("keys", "retire", waiting).stdout
    p.later(400)
    new = p.run("keys", "rotate").stdout.split()[1]
    old = p.tokens(client)
    assert kid_of(old["id_token"]) == active
    p.later(301)
    until(lambda: state_of(p, new) == "active", p)
    assert "published, at the latest until" in p.run("keys", "retire", active).stdout
    assert p.userinfo(old["access_token"]).status_code == 200
    assert "have ended" in p.run("keys", "retire", active, "--now").stdout
    assert p.userinfo(old["access_token"]).status_code == 401
    assert p.run("keys", "rotate", "--alg", "ES256", check=False).returncode == 1  # nothing signs by it


def test_by_the_calendar(p):
    """signing_key_rotation: the next one is published five minutes before its day."""
    first = p.jwks()["keys"][0]["kid"]
    for wrong in ("10m", "soon", "-1h"):
        assert p.api("PUT", "/settings", json={"signing_key_rotation": wrong}).status_code == 400
    with p.settings(signing_key_rotation="720h"):
        p.later(720 * 3600 - 305)
        until(lambda: len(keys_of(p)) == 2, p)
        assert state_of(p, first) == "active"
        since, made = p.rows("SELECT activated_at FROM signing_keys WHERE kid = ?", first), p.rows("SELECT created_at FROM signing_keys WHERE kid <> ?", first)
        assert made[0][0] - since[0][0] >= 720 * 3600 - 300  # not before
        p.later(301)
        until(lambda: state_of(p, first) == "retired", p)
    assert len(keys_of(p)) == 2


# --- secrets of the configuration ---------------------------------------------------------


def has(p, name):
    with open(os.path.join(p.dir, ".env")) as f:
        return f"\n{name}=" in f.read()


def test_cookie_secret_under_load(p):
    """D8: single sign-on, sign-ins that are half done and console sessions go on while the one before is accepted."""
    client = p.add_client(refresh=True)
    old, mode = value_of(p, "AUTENTICO_CSRF_SECRET_KEY"), os.stat(os.path.join(p.dir, ".env")).st_mode
    lines = [line.split("=")[0] for line in open(os.path.join(p.dir, ".env"))]
    with Load(p, client) as load:
        load.more()
        half, earlier = Browser(p), Browser(p)
        p.sign_in(client, earlier)
        page = p.authorize(client, half).text
        said = p.run("secrets", "rotate", "cookie").stdout
        assert "secrets retire cookie" in said and "HUP" in said
        assert value_of(p, "AUTENTICO_COOKIE_SECRET_PREVIOUS") == old != value_of(p, "AUTENTICO_CSRF_SECRET_KEY")
        again = p.run("secrets", "rotate", "cookie", check=False)
        assert again.returncode == 1 and "still in use" in again.stderr
        hang_up(p)
        load.more()
        assert p.post_login(half, page).status_code == 302
        assert "code" in query_of(p.authorize(client, earlier, prompt="none").headers["Location"])
    now = [line.split("=")[0] for line in open(os.path.join(p.dir, ".env"))]
    assert [name for name in now if name != "AUTENTICO_COOKIE_SECRET_PREVIOUS"] == lines  # comments and order are kept
    assert os.stat(os.path.join(p.dir, ".env")).st_mode == mode
    assert "no AUTENTICO_COOKIE_SECRET_PREVIOUS any more" in p.run("secrets", "retire", "cookie", "--now").stdout
    assert p.run("secrets", "retire", "cookie", "--now", check=False).returncode == 1


def test_whoever_came_back_stays(p):
    """While the cookie secret before is accepted, whoever shows a cookie of it goes over to the new one: the end of the
    window signs out nobody but those who never came."""
    assert p.api("PUT", "/settings", json={"sso_session_idle_timeout": "0"}).status_code == 204
    client = p.add_client()
    back, away = Browser(p), Browser(p)
    for browser in (back, away):
        p.sign_in(client, browser)
    consoles = [account_console(p, ADMIN), account_console(p, ADMIN)]
    cookies = "SELECT cookie_hash FROM sessions UNION ALL SELECT cookie_hash FROM console_sessions"
    before = {row[0] for row in p.rows(cookies)}
    p.run("secrets", "rotate", "cookie")
    hang_up(p)
    came = lambda: "code" in query_of(p.authorize(client, back, prompt="none").headers["Location"])  # noqa: E731
    until(lambda: came() and consoles[0].get("/account/security").status_code == 200
          and len(before - {row[0] for row in p.rows(cookies)}) == 3, p)  # single sign-on, console, and the one below it
    new = Browser(p)
    p.sign_in(client, new)
    refused = p.run("secrets", "retire", "cookie", check=False)
    assert refused.returncode == 1 and "may still be under way; not before 2" in refused.stderr
    p.later(12 * 3600)
    p.run("secrets", "retire", "cookie")
    hang_up(p)
    assert came() and consoles[0].get("/account/security").status_code == 200
    assert "code" in query_of(p.authorize(client, new, prompt="none").headers["Location"])
    assert query_of(p.authorize(client, away, prompt="none").headers["Location"])["error"] == "login_required"
    assert consoles[1].get("/account/security").status_code in (302, 303)


def test_it_is_not_retired_too_early(p):
    """Not before the server knows the new one: the next rotation would leave it with none that it knows.  Nor while a mail waits
    that was sealed with the old one: it would be lost."""
    client = p.add_client()
    p.add_user("anna", email="anna@example.test")
    with p.settings(require_mfa="true", mfa_method="email", smtp_host="127.0.0.1", smtp_port="1", smtp_from="a@example.test"):
        browser = Browser(p)
        browser.follow(p.post_login(browser, p.authorize(client, browser).text, "anna"))
        until(lambda: p.rows("SELECT 1 FROM outbox"), p)
    with p.edit() as db:
        db.execute("UPDATE outbox SET expires_at = expires_at + 86400")
    p.run("secrets", "rotate", "cookie")
    for word in ("cookie", "admin-token"):
        refused = p.run("secrets", "retire", word, check=False)
        assert refused.returncode == 1 and ("not read the new one yet" in refused.stderr) == (word == "cookie")
    hang_up(p)
    p.later(12 * 3600)
    refused = p.run("secrets", "retire", "cookie", check=False)
    assert refused.returncode == 1 and "still wait for the mail server (1)" in refused.stderr
    with p.edit() as db:
        db.execute("DELETE FROM outbox")
    p.run("secrets", "retire", "cookie")


def test_cookie_secret_now(p):
    client = p.add_client(refresh=True)
    browser = Browser(p)
    tokens = p.redeem(client, p.sign_in(client, browser)["code"]).json()
    page = p.authorize(client, half := Browser(p)).text
    said = p.run("secrets", "rotate", "cookie", "--now").stdout
    assert "every single sign-on" in said and not has(p, "AUTENTICO_COOKIE_SECRET_PREVIOUS")
    assert "code" in query_of(p.authorize(client, browser, prompt="none").headers["Location"])  # not before the reload
    hang_up(p)
    assert query_of(p.authorize(client, browser, prompt="none").headers["Location"])["error"] == "login_required"
    assert p.post_login(half, page).status_code in (400, 403)
    assert p.refresh(client, tokens["refresh_token"]).status_code == 200


def test_admin_token():
    """The one before is accepted until it is retired; --now: it is not."""
    p = Provider()
    try:
        del p.env["AUTENTICO_ADMIN_TOKEN"]
        first = re.search(r"AUTENTICO_ADMIN_TOKEN: (\S+)\.$", p.run("secrets", "rotate", "admin-token").stdout, re.M).group(1)
        p.onboard_cli()
        p.start()
        assert p.api("GET", "/users", first).status_code == 200
        second = re.search(r"AUTENTICO_ADMIN_TOKEN: (\S+)\.$", p.run("secrets", "rotate", "admin-token").stdout, re.M).group(1)
        hang_up(p)
        assert [p.api("GET", "/users", token).status_code for token in (first, second)] == [200, 200]
        p.run("secrets", "retire", "admin-token")
        hang_up(p)
        assert [p.api("GET", "/users", token).status_code for token in (first, second)] == [401, 200]
        third = re.search(r"AUTENTICO_ADMIN_TOKEN: (\S+)\.$", p.run("secrets", "rotate", "admin-token", "--now").stdout, re.M).group(1)
        hang_up(p)
        assert [p.api("GET", "/users", token).status_code for token in (first, second, third)] == [401, 401, 200]
    finally:
        p.stop()


def test_admin_token_and_client_secret_under_load():
    """Whoever uses one of them goes on with the old one, changes to the new one when it is convenient, and the old one ends."""
    p = Provider()
    try:
        del p.env["AUTENTICO_ADMIN_TOKEN"]
        p.run("secrets", "rotate", "admin-token")
        p.onboard_cli()
        p.start()
        p.admin_token = value_of(p, "AUTENTICO_ADMIN_TOKEN")
        client = p.add_client(refresh=True)
        with Load(p, client, p.admin_token) as load:
            load.more()
            said = p.run("secrets", "rotate", "client", client.id, "--json").stdout
            p.run("secrets", "rotate", "admin-token")
            load.more()
            hang_up(p)
            load.more()
            client.secret, load.admin_token = json.loads(said)["client_secret"], value_of(p, "AUTENTICO_ADMIN_TOKEN")
            load.more()
            p.run("secrets", "retire", "admin-token")
            hang_up(p)
            load.more()
        assert p.api("GET", "/users", p.admin_token).status_code == 401
    finally:
        p.stop()


def test_what_comes_from_elsewhere_is_printed(p):
    """D22: a secret of the process environment is not put into the file, where it would mean nothing."""
    before = open(os.path.join(p.dir, ".env")).read()
    said = p.run("secrets", "rotate", "admin-token").stdout
    assert re.search(r"^  AUTENTICO_ADMIN_TOKEN=[0-9a-f]{64}$", said, re.M) and "_PREVIOUS=(the value that is there now)" in said
    assert open(os.path.join(p.dir, ".env")).read() == before
    for words in (("rotate",), ("rotate", "x"), ("rotate", "client"), ("retire", "client", "x"), ("x", "cookie"), ("rotate", "cookie", "x")):
        assert p.run("secrets", *words, check=False).returncode == 1, words


def test_client_secret(p):
    """Two live side by side; with --now one."""
    client = p.add_client(refresh=True)
    tokens = p.tokens(client)
    old, new = client.secret, json.loads(p.run("secrets", "rotate", "client", client.id, "--json").stdout)["client_secret"]
    for secret in (old, new):
        client.secret = secret
        tokens = p.refresh(client, tokens["refresh_token"]).json()
        assert "access_token" in tokens
    client.secret = json.loads(p.run("secrets", "rotate", "client", client.id, "--json", "--now").stdout)["client_secret"]
    assert p.refresh(client, tokens["refresh_token"]).status_code == 200
    for secret in (old, new):
        assert p.token(auth=(client.id, secret), grant_type="refresh_token", refresh_token="x").status_code == 401


class Box:
    """Seals TOTP secrets as a signer does: here the secret is the person's id."""

    def __init__(self, key):
        self.key = HKDF(hashes.SHA256(), 32, None, b"autentico column v1").derive(base64.b64decode(key))

    def cipher(self, salt):
        return AESGCM(hmac.digest(self.key, salt, "sha256"))

    @staticmethod
    def place(person):
        return b"".join(len(text).to_bytes(4, "big") + text for text in (b"totp_secrets", b"secret_sealed", person.encode()))

    def seal(self, person):
        salt = os.urandom(16)
        return b"\1" + salt + self.cipher(salt).encrypt(bytes(12), person.encode(), self.place(person))

    def open(self, person, value):
        return self.cipher(value[1:17]).decrypt(bytes(12), value[17:], self.place(person))


def sealed(p):
    return [row[0] for row in p.rows("SELECT private_sealed FROM signing_keys WHERE private_sealed IS NOT NULL UNION ALL"
                                     " SELECT value FROM settings WHERE value LIKE 'sealed:%' UNION ALL SELECT secret_sealed FROM totp_secrets")]


def sealed_under(p, before):
    """What is not as it was."""
    return set(sealed(p)) - set(before)


@pytest.fixture
def q():
    # sealing anew waits for so long; a hash on a busy machine must not take longer
    p = Provider(AUTENTICO_REQUEST_DEADLINE="6s", AUTENTICO_DRAIN_DEADLINE="6s")
    p.onboard_cli()
    p.start()
    yield p
    p.stop()


def test_encryption_key_under_load(q):
    """Every sealed value is sealed anew beside the work; afterwards the old key is needed for nothing."""
    p = q
    client = p.add_client(refresh=True)
    assert p.api("PUT", "/settings", json={"smtp_password": "not in plain"}).status_code == 204
    p.run("keys", "rotate")
    p.later(301)
    until(lambda: sum(k["state"] == "active" and not k["is_from_environment"] for k in keys_of(p)) == 1, p)
    before = sealed(p)
    assert len(before) == 2
    until(lambda: len(published(p)) == 2, p)
    with Load(p, client) as load:
        load.more()
        said = p.run("secrets", "rotate", "encryption").stdout
        assert "Nothing ends" in said and "re_sealed" in said
        assert p.run("secrets", "retire", "encryption", check=False).returncode == 1  # the server has not even read it
        hang_up(p)
        load.more()
        until(lambda: p.events("re_sealed"), p, 40)
        load.more()
        after = sealed(p)
        assert len(after) == len(before) and not set(after) & set(before)
        p.run("secrets", "retire", "encryption")
        hang_up(p)
        load.more()
    assert [e["lost"] for e in p.events("re_sealed")] in ([0], ["0"])
    p.restart()
    p.tokens(client)


def test_encryption_key_now(q):
    """A compromise: the database is sealed anew all the same, and what the key can have opened is named."""
    p = q
    p.run("keys", "rotate")
    before = sealed(p)
    said = p.run("secrets", "rotate", "encryption", "--now").stdout
    for words in ("keys rotate --now", "smtp_password", "users reset-factor", "secrets retire encryption"):
        assert words in said
    hang_up(p)
    until(lambda: p.events("re_sealed"), p, 40)
    assert len(sealed_under(p, before)) == len(before) == 1
    p.run("secrets", "retire", "encryption")
    hang_up(p)
    p.tokens(p.add_client())


def stop_at(p, number):
    """Sealing anew gets no further than that one; None: nothing is in its way."""
    with p.edit() as db:
        db.execute("BEGIN IMMEDIATE")
        db.execute("DROP TRIGGER IF EXISTS stop_here")
        if number is not None:
            db.execute("CREATE TRIGGER stop_here BEFORE UPDATE OF secret_sealed ON totp_secrets"
                       f" WHEN NEW.user_id = 'zz{number:018d}' BEGIN SELECT RAISE(ABORT, 'not yet'); END")
        db.execute("COMMIT")


def test_killed_while_sealing_anew(q):
    """kill -9 in the middle: it goes on where it stopped; until it is done the old key is demanded."""
    p = q
    p.run("keys", "rotate")
    old = Box(value_of(p, "AUTENTICO_ENCRYPTION_KEY"))
    with p.edit() as db:  # as many rows as take a while
        db.execute("BEGIN")
        for i in range(6000):
            person = f"zz{i:018d}"
            db.execute("INSERT INTO users (id, username, username_folded, created_at, updated_at) VALUES (?, ?, ?, 0, 0)", (person, person, person))
            db.execute("INSERT INTO totp_secrets (user_id, secret_sealed, last_step, created_at) VALUES (?, ?, 0, 0)", (person, old.seal(person)))
        db.execute("COMMIT")
    before = sealed(p)
    stop_at(p, 3000)
    p.run("secrets", "rotate", "encryption")
    hang_up(p)
    until(lambda: p.events("re_sealing"), p, 40)
    until(lambda: sealed_under(p, before), p, 40)  # the signing key is done, of the others the keeper is in the midst
    keeper = next(pid for pid, kind in p.pool().items() if kind == "keeper")
    os.kill(keeper, 9)
    seen = len(sealed_under(p, before))
    stop_at(p, 4500)
    until(lambda: any(kind == "keeper" and pid != keeper for pid, kind in p.pool().items()) and len(sealed_under(p, before)) > seen, p, 40)
    assert not p.events("re_sealed")
    done = p.run("secrets", "retire", "encryption", check=False)
    assert done.returncode == 1 and "not sealed everything anew yet" in done.stderr
    for pid in [p.process.pid, *p.children()]:
        os.kill(pid, 9)
    p.process.wait()
    p.run("backup", "--output", os.path.join(p.dir, "half"))
    text = open(os.path.join(p.dir, ".env")).read()
    with open(os.path.join(p.dir, ".env"), "w") as f:
        f.write(re.sub(r"^AUTENTICO_ENCRYPTION_KEY_PREVIOUS=.*\n", "", text, flags=re.M))
    refused = p.run("backup", "verify", os.path.join(p.dir, "half"), check=False)
    assert refused.returncode == 1 and "as AUTENTICO_ENCRYPTION_KEY_PREVIOUS" in refused.stderr
    refused = p.run("start", check=False)
    assert refused.returncode == 1 and "put the one before back as AUTENTICO_ENCRYPTION_KEY_PREVIOUS" in refused.stderr
    with open(os.path.join(p.dir, ".env"), "w") as f:
        f.write(text)
    stop_at(p, None)
    p.start()
    until(lambda: p.events("re_sealed"), p, 60)
    assert [str(e["lost"]) for e in p.events("re_sealed")] == ["0"]
    p.run("secrets", "retire", "encryption")
    p.restart()
    p.tokens(p.add_client())
    new = Box(value_of(p, "AUTENTICO_ENCRYPTION_KEY"))
    rows = p.rows("SELECT user_id, secret_sealed FROM totp_secrets")
    assert len(rows) == 6000 and all(new.open(person, value) == person.encode() for person, value in rows)


FILES = {"AUTENTICO_CSRF_SECRET_KEY": "AUTENTICO_COOKIE_SECRET", "AUTENTICO_ENCRYPTION_KEY": "AUTENTICO_ENCRYPTION_KEY"}


def into_files(p, names, folder):
    """Secrets go from the configuration into files that it then names: {its name now: that of the file}."""
    text = open(os.path.join(p.dir, ".env")).read()
    for name, to in names.items():
        with open(os.open(os.path.join(folder, to), os.O_CREAT | os.O_WRONLY, 0o400), "w") as f:
            f.write(value_of(p, name) + "\n")
        text = re.sub(rf"^{name}=.*$", f"{to}_FILE={folder}/{to}", text, flags=re.M)
    with open(os.path.join(p.dir, ".env"), "w") as f:
        f.write(text)


@pytest.fixture
def filed():
    """Secrets in files of their own, one with a group of its own."""
    p = Provider(AUTENTICO_REQUEST_DEADLINE="2s", AUTENTICO_DRAIN_DEADLINE="2s")
    p.secrets = os.path.join(p.dir, "secrets")
    os.mkdir(p.secrets, 0o755)
    into_files(p, FILES, p.secrets)
    os.chown(os.path.join(p.secrets, "AUTENTICO_COOKIE_SECRET"), -1, 12)
    p.onboard_cli()
    yield p
    if p.process is None:
        shutil.rmtree(p.dir)
    else:
        p.stop()


def kept(p):
    """Everything that a rotation may change."""
    out = {name: open(os.path.join(p.secrets, name)).read() for name in sorted(os.listdir(p.secrets))}
    return {**out, ".env": open(os.path.join(p.dir, ".env")).read()}


def test_a_secret_in_a_file(filed):
    """D22, settings 2b: it is replaced where it stands, whole, its owner and mode stay; the one before is beside it until it
    is retired, and nobody is signed out."""
    p = filed
    p.start()
    client, browser = p.add_client(), Browser(p)
    p.sign_in(client, browser)
    stays = lambda: "code" in query_of(p.authorize(client, browser, prompt="none").headers["Location"])  # noqa: E731
    cookie = os.path.join(p.secrets, "AUTENTICO_COOKIE_SECRET")
    before, stat = kept(p), os.stat(cookie)
    said = p.run("secrets", "rotate", "cookie").stdout
    after, now = kept(p), os.stat(cookie)
    assert f"{cookie} has a new AUTENTICO_COOKIE_SECRET; the one before is in {cookie}.previous." in said
    assert after["AUTENTICO_COOKIE_SECRET"] not in said
    assert re.fullmatch("[0-9a-f]{64}\n", after["AUTENTICO_COOKIE_SECRET"])
    assert after["AUTENTICO_COOKIE_SECRET.previous"] == before["AUTENTICO_COOKIE_SECRET"] != after["AUTENTICO_COOKIE_SECRET"]
    assert f"_FILE={cookie}\nAUTENTICO_COOKIE_SECRET_PREVIOUS_FILE={cookie}.previous\n" in after[".env"]
    assert sorted(after) == sorted([*before, "AUTENTICO_COOKIE_SECRET.previous"])  # nothing is left over
    assert now.st_ino != stat.st_ino
    for found in (now, os.stat(cookie + ".previous")):
        assert (found.st_mode, found.st_uid, found.st_gid) == (stat.st_mode, stat.st_uid, 12)
    hang_up(p)
    assert stays()
    refused = p.run("secrets", "rotate", "cookie", check=False)
    assert refused.returncode == 1 and "still in use" in refused.stderr and kept(p) == after
    p.run("secrets", "retire", "cookie", "--now")
    assert kept(p) == {**before, "AUTENTICO_COOKIE_SECRET": after["AUTENTICO_COOKIE_SECRET"]}
    hang_up(p)
    assert stays()
    said = p.run("secrets", "rotate", "cookie", "--now").stdout
    assert "every single sign-on" in said and set(kept(p)) == set(before)
    hang_up(p)
    assert not stays()


def test_an_encryption_key_in_a_file(filed):
    p = filed
    p.start()
    p.run("keys", "rotate")
    before, key = sealed(p), os.path.join(p.secrets, "AUTENTICO_ENCRYPTION_KEY")
    said = p.run("secrets", "rotate", "encryption", "--now").stdout  # the one before is kept all the same
    assert f"the one before is in {key}.previous" in said and "keys rotate --now" in said
    hang_up(p)
    until(lambda: p.events("re_sealed"), p, 40)
    assert len(sealed_under(p, before)) == len(before) == 1
    p.run("secrets", "retire", "encryption")
    assert not os.path.exists(key + ".previous")
    p.restart()
    p.tokens(p.add_client())


def test_an_admin_token_in_a_file(filed):
    """Its file is named by the environment, and it is shown: somebody has to be told."""
    p = filed
    path = os.path.join(p.secrets, "token with \" blank")
    with open(os.open(path, os.O_CREAT | os.O_WRONLY, 0o600), "w") as f:
        f.write(p.env.pop("AUTENTICO_ADMIN_TOKEN"))
    p.env["AUTENTICO_ADMIN_TOKEN_FILE"] = path
    p.start()
    said = p.run("secrets", "rotate", "admin-token").stdout
    new = re.search(r"^It is ([0-9a-f]{64})$", said, re.M).group(1)
    assert open(path).read() == new + "\n" and f'AUTENTICO_ADMIN_TOKEN_PREVIOUS_FILE="{path}.previous"' in kept(p)[".env"]
    hang_up(p)
    assert [p.api("GET", "/users", token).status_code for token in (p.admin_token, new)] == [200, 200]
    newer = re.search(r"^It is ([0-9a-f]{64})$", p.run("secrets", "rotate", "admin-token", "--now").stdout, re.M).group(1)
    assert not os.path.exists(path + ".previous") and "PREVIOUS" not in kept(p)[".env"]
    hang_up(p)
    assert [p.api("GET", "/users", token).status_code for token in (p.admin_token, new, newer)] == [401, 401, 200]


def test_killed_while_rotating(filed):
    """Whatever was done before it was killed, the secret before is there, and the command can be given again."""
    p = filed
    cookie = os.path.join(p.secrets, "AUTENTICO_COOKIE_SECRET")
    before = kept(p)
    for leftover in ("new", "previous", "previous.new"):
        shutil.copy(cookie, f"{cookie}.{leftover}")
    with open(os.path.join(p.dir, ".env"), "a") as f:
        f.write(f"AUTENTICO_COOKIE_SECRET_PREVIOUS_FILE={cookie}.previous\n")
    p.run("secrets", "rotate", "cookie")
    after = kept(p)
    assert after["AUTENTICO_COOKIE_SECRET.previous"] == before["AUTENTICO_COOKIE_SECRET"] != after["AUTENTICO_COOKIE_SECRET"]
    assert sorted(after) == sorted([*before, "AUTENTICO_COOKIE_SECRET.previous"])
    p.start()


CREDENTIAL = "/run/credentials/cookie"


@pytest.mark.parametrize("mount, path, words", [
    ("mount --bind {dir} {dir} && mount -o remount,ro,bind {dir}", None, "Read-only file system"),
    ("mount --bind {file} {file}", None, "is mounted there"),
    (f"mount -t tmpfs x /run && mkdir /run/credentials && cp -p {{file}} {CREDENTIAL}", CREDENTIAL, "makes at every start"),
])
def test_where_it_cannot_be_written(filed, mount, path, words):
    """A mount that cannot be written, a credential of systemd: nothing is changed, and what to do by hand is said."""
    p = filed
    cookie = os.path.join(p.secrets, "AUTENTICO_COOKIE_SECRET")
    if path:
        change(p, "AUTENTICO_COOKIE_SECRET_FILE", path)
    before = kept(p)
    for now, keep in (([], "AUTENTICO_COOKIE_SECRET_PREVIOUS_FILE"), (["--now"], "")):
        done = subprocess.run(["unshare", "--mount", "sh", "-c", mount.format(dir=p.secrets, file=cookie) + ' && exec "$@"',
                               "sh", p.binary, "secrets", "rotate", "cookie", *now],
                              cwd=p.dir, env=p.env, capture_output=True, text=True, timeout=60)
        assert (done.returncode, done.stdout) == (1, ""), done
        assert words in done.stderr and "Nothing was changed." in done.stderr and "openssl rand -hex 32" in done.stderr, done.stderr
        assert (keep in done.stderr) and ("_PREVIOUS" in done.stderr) == bool(keep)
        assert kept(p) == before


def test_no_other_secret_is_overwritten(filed):
    p = filed
    cookie = os.path.join(p.secrets, "AUTENTICO_COOKIE_SECRET")
    with open(cookie + ".previous", "w") as f:
        f.write("somebody's\n")
    before = kept(p)
    refused = p.run("secrets", "rotate", "cookie", check=False)
    assert refused.returncode == 1 and "holds another secret" in refused.stderr and kept(p) == before
    os.rename(os.path.join(p.dir, ".env"), os.path.join(p.dir, "env"))  # nowhere to say where the one before is
    p.env.update(AUTENTICO_COOKIE_SECRET_FILE=cookie, AUTENTICO_DB_FILE_PATH=p.db_path)
    refused = p.run("secrets", "rotate", "cookie", check=False)
    os.rename(os.path.join(p.dir, "env"), os.path.join(p.dir, ".env"))
    assert refused.returncode == 1 and "there is no configuration file" in refused.stderr and kept(p) == before


def test_secrets_in_files():
    """NAME_FILE, at start and at every reload; readable by others: refused, and everything goes on as it was."""
    p = Provider()
    try:
        names = {"AUTENTICO_CSRF_SECRET_KEY": "AUTENTICO_COOKIE_SECRET", "AUTENTICO_PRIVATE_KEY": "AUTENTICO_PRIVATE_KEY",
                 "AUTENTICO_ENCRYPTION_KEY": "AUTENTICO_ENCRYPTION_KEY"}
        into_files(p, names, p.dir)
        assert "lacks nothing" in p.run("init", "--complete").stdout
        p.onboard_cli()
        p.start()
        client = p.add_client()
        browser = Browser(p)
        p.sign_in(client, browser)
        hang_up(p)
        assert "code" in query_of(p.authorize(client, browser, prompt="none").headers["Location"])
        cookie = os.path.join(p.dir, "AUTENTICO_COOKIE_SECRET")
        os.chmod(cookie, 0o444)
        hang_up(p, "reload_refused")
        assert "can be read or written by others: chmod 0400 it" in p.read_log()
        assert "code" in query_of(p.authorize(client, browser, prompt="none").headers["Location"])
    finally:
        p.stop()
