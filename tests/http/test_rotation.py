"""Everything that is secret is replaced while people sign in, refresh and are looked up, and nobody notices; with
--now what should end ends (design 4 "rotation"; D4, D22)."""
import json
import os
import re
import threading
import time

import pytest
from jwcrypto import jwk, jws

from provider import Browser, Provider, query_of
from test_reload import hang_up, value_of


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

    def __init__(self, p, client):
        self.p, self.client, self.failures, self.done, self.stopped = p, client, [], [], threading.Event()
        self.signed_in = Browser(p)  # stays signed in all along
        p.sign_in(client, self.signed_in)
        self.threads = [threading.Thread(target=self.again, args=(what,)) for what in (self.sign_in, self.refresh, self.sso)]
        self.tokens = p.tokens(client)

    def again(self, what):
        rp = RelyingParty(self.p)
        while not self.stopped.is_set():
            try:
                what(rp)
                self.done.append(what.__name__)
            except Exception as e:  # noqa: BLE001 (whatever it is, it is told at the end)
                self.failures.append((what.__name__, repr(e)[:600]))
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

    def more(self):
        """Every side has been through once more."""
        self.done.clear()
        until(lambda: self.failures or set(self.done) == {"sign_in", "refresh", "sso"}, self.p, 60)
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
        p.later(301)
        until(lambda: state_of(p, new) == "active", p)
        load.more()
        tokens = p.tokens(client)
        assert kid_of(tokens["id_token"]) == kid_of(tokens["access_token"]) == new
    assert state_of(p, old) == "retired"
    until(lambda: {k["kid"] for k in p.jwks()["keys"]} == {old, new}, p)
    p.restart()  # the key of the environment stays retired
    assert state_of(p, old) == "retired" and kid_of(p.tokens(client)["id_token"]) == new
    p.later(24 * 3600 + 301)
    until(lambda: {k["kid"] for k in p.jwks()["keys"]} == {new}, p)
    assert [k["is_published"] for k in keys_of(p) if k["kid"] == old] == [False]


def test_signing_key_now(p):
    """A compromise: tokens of the old key end, at the endpoints and in the published keys; sign-ins and refresh tokens go on."""
    client = p.add_client(refresh=True)
    browser = Browser(p)
    before = p.redeem(client, p.sign_in(client, browser)["code"]).json()
    waiting = p.run("keys", "rotate").stdout.split()[1]
    said = p.run("keys", "rotate", "--now").stdout
    assert "signs at once" in said and "ended are: access tokens" in said
    old = kid_of(before["access_token"])
    until(lambda: not {old, waiting} & {k["kid"] for k in p.jwks()["keys"]}, p)
    assert p.userinfo(before["access_token"]).status_code == 401
    assert p.introspect(client, before["access_token"]) == {"active": False}
    after = p.refresh(client, before["refresh_token"])
    assert after.status_code == 200 and p.userinfo(after.json()["access_token"]).status_code == 200
    assert kid_of(after.json()["id_token"]) not in (old, waiting)
    assert "code" in query_of(p.authorize(client, browser, prompt="none").headers["Location"])
    p.restart()
    assert p.userinfo(before["access_token"]).status_code == 401
    assert {k["kid"] for k in p.jwks()["keys"]} == {kid_of(after.json()["id_token"])}
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


def test_secrets_in_files():
    """NAME_FILE, at start and at every reload; readable by others: refused, and everything goes on as it was."""
    p = Provider()
    try:
        names = {"AUTENTICO_CSRF_SECRET_KEY": "AUTENTICO_COOKIE_SECRET", "AUTENTICO_PRIVATE_KEY": "AUTENTICO_PRIVATE_KEY",
                 "AUTENTICO_ENCRYPTION_KEY": "AUTENTICO_ENCRYPTION_KEY"}
        text = open(os.path.join(p.dir, ".env")).read()
        for name, to in names.items():
            with open(os.open(os.path.join(p.dir, to), os.O_CREAT | os.O_WRONLY, 0o400), "w") as f:
                f.write(value_of(p, name) + "\n")
            text = re.sub(rf"^{name}=.*$", f"{to}_FILE={p.dir}/{to}", text, flags=re.M)
        with open(os.path.join(p.dir, ".env"), "w") as f:
            f.write(text)
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
