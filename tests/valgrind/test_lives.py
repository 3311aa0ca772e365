"""Whole lives under valgrind: of the parent, the preparing child, workers, hashers, checkers, signers, the keeper and
the courier.

Sign-ins, refusals and administration over HTTP, a reload that ends the first generation of
processes, more of the same, TERM.  No process may have read what was never written, touched
what is not its own, or lost a block.
"""
import os
import re
import shutil
import signal
import subprocess
import time

import pytest
import requests

import fastcgi
import provider as harness
from post_office import CA, PostOffice
from provider import CALLBACK, PASSWORD, Browser, Provider, pkce, query_of
from second import Account, Second, code_of, is_verify

KINDS = {"parent", "prepare", "worker", "login-worker", "hasher", "checker", "signer", "keeper", "courier"}
SUPPRESSIONS = os.path.join(os.path.dirname(__file__), "suppressions")


class Watched(Provider):
    """Some thirty times as slow, so with patience; the web server is not watched."""

    def __init__(self, ca, **env):
        self.ca = ca
        super().__init__(AUTENTICO_CA_FILE=ca.file, AUTENTICO_REQUEST_DEADLINE="600s", AUTENTICO_DRAIN_DEADLINE="600s",
                         AUTENTICO_WORKERS="2", AUTENTICO_LOGIN_WORKERS="1", AUTENTICO_SIGNERS="1",
                         AUTENTICO_HASHERS="1", AUTENTICO_RATE_LIMIT_RPS="1000", AUTENTICO_RATE_LIMIT_RPM="100000",
                         AUTENTICO_RATE_LIMIT_RPM_BURST="100000", AUTENTICO_PASSWORD_COMMAND="/bin/true", **env)
        self.reports = os.path.join(self.dir, "valgrind")
        os.mkdir(self.reports)
        self.kinds = {}

    def start(self):
        self.log = open(os.path.join(self.dir, "log"), "ab")
        self.out = open(os.path.join(self.dir, "out"), "ab")
        command = ["valgrind", "--trace-children=yes", "--trace-children-skip=*/nginx,*/true", "--leak-check=full",
                   "--show-leak-kinds=definite,indirect", "--errors-for-leak-kinds=definite,indirect",
                   "--num-callers=30", f"--suppressions={SUPPRESSIONS}", f"--log-file={self.reports}/%p",
                   harness.BINARY, "start"]
        self.process = subprocess.Popen(command, cwd=self.dir, env=self.env, stdout=self.out, stderr=self.log,
                                        stdin=subprocess.DEVNULL)
        self.wait(180)
        self.kinds[self.process.pid] = "parent"
        self.look()

    def look(self):
        """Who is who, before they are gone."""
        self.kinds.update(self.pool())
        for line in self.events("schema_migrated"):
            self.kinds[int(line["pid"])] = line["proc"]

    def halt(self):
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(300)

    def report(self, pid):
        with open(os.path.join(self.reports, str(pid))) as f:
            return f.read()


def sign_ins(p, client):
    """What people and applications do, and do wrong."""
    browser = Browser(p)
    tokens = p.tokens(client, browser)
    assert p.userinfo(tokens["access_token"]).status_code == 200
    assert p.userinfo("nonsense").status_code == 401
    assert p.introspect(client, tokens["access_token"])["active"] is True
    again = p.refresh(client, tokens["refresh_token"])
    assert again.status_code == 200
    assert p.refresh(client, tokens["refresh_token"]).status_code == 400  # replayed: the family ends
    assert p.introspect(client, again.json()["access_token"])["active"] is False
    assert p.revoke(client, p.tokens_of(browser, client)["refresh_token"]).status_code == 200
    verifier, challenge = pkce()
    code = query_of(p.authorize(client, browser, code_challenge=challenge,
                                code_challenge_method="S256").headers["Location"])["code"]
    assert p.redeem(client, code, code_verifier="x" * 43).status_code == 400
    assert p.redeem(client, code, code_verifier=verifier).status_code == 400
    assert p.token(client, auth=(client.id, "wrong"), grant_type="client_credentials").status_code == 401
    assert p.token(client, grant_type="no_such_thing").status_code == 400
    assert p.error(client, Browser(p), prompt="none")["error"] == "login_required"
    assert p.authorize(client, redirect_uri="https://elsewhere.example/").status_code == 400
    page = Browser(p)
    form = page.get(p.authorize_url(client)).text
    for wrong in ({"password": "wrong"}, {"username": "nobody"}, {"username": "anna", "password": "x" * 5000}):
        assert not p.post_login(page, form, **wrong).headers.get("Location", "").startswith(CALLBACK)
    assert p.post_login(page, form, authorize_sig="tampered").status_code == 400
    assert requests.get(p.issuer + "/.well-known/openid-configuration", timeout=60).status_code == 200
    assert p.jwks()["keys"]
    assert browser.get(p.issuer + "/logout").status_code == 200


def administration(p):
    """Both faces of it: JSON with a bearer, pages in a console."""
    made = p.register(client_name="Watched")
    one = p.api("GET", "/clients/" + made.id)
    assert one.status_code == 200
    assert p.api("PUT", "/clients/" + made.id, json={"client_name": "Watched again",
                                                     "redirect_uris": [CALLBACK]}).status_code == 200
    assert p.api("POST", "/clients", json={"client_name": "", "redirect_uris": ["nonsense"]}).status_code == 400
    assert p.api("POST", "/clients", data=b'{"a":' + b"[" * 50,
                 headers={"Content-Type": "application/json"}).status_code == 400
    assert p.api("DELETE", "/clients/" + made.id).status_code in (200, 204)
    assert p.api("GET", "/users?search=adm&limit=5").status_code == 200
    assert p.api("GET", "/users", token="wrong").status_code == 401
    with p.settings(access_token_expiration="5m"):
        pass
    assert p.api("PUT", "/settings", json={"access_token_expiration": "soon"}).status_code == 400
    browser = Browser(p)
    page = browser.follow(browser.get("/admin/"))
    answer = p.post_login(browser, page.text)
    assert browser.follow(answer).status_code == 200
    for path in ("/admin/users", "/admin/clients", "/account/", "/account/profile", "/admin/users/nobody"):
        page = browser.follow(browser.get(path))
        assert page.status_code in (200, 404), (path, page.status_code)
    assert browser.post("/account/profile", data={"csrf_token": "wrong"}).status_code == 403


def more_keys(p, client):
    """The keeper has other keys made, and publishes them; a signer signs with each."""
    for alg in ("ES256", "EdDSA"):
        assert p.api("PUT", "/settings", json={"id_token_signing_alg": alg}).status_code == 204
        until(p, lambda: any(e["alg"] == alg for e in p.events("signing_key_made")))
        p.later(302)
        until(p, lambda: any(e["alg"] == alg for e in p.events("signing_key_active")))
        assert p.tokens(client)["id_token"]
    assert p.api("PUT", "/settings", json={"access_token_format": "opaque"}).status_code == 204
    token = p.tokens(client)["access_token"]
    assert p.userinfo(token).status_code == 200 and p.introspect(client, token)["active"] is True
    usual = {"access_token_format": "jwt", "id_token_signing_alg": "RS256"}
    assert p.api("PUT", "/settings", json=usual).status_code == 204


def mail_order(p, client):
    """A code by mail, over TLS and with the password that a signer opens for the courier."""
    p.add_user("dora", email="dora@example.test")
    dora, browser = Second(p, "dora"), Browser(p)
    with PostOffice(p.ca.context("localhost")) as office, \
            p.settings(require_mfa="true", mfa_method="email", **office.settings("localhost")):
        page = dora.to_mfa(client, browser).text
        assert code_of(client, dora.post(browser, page, office.wait(1, 200).code()))


def second_factors(p, client):
    p.add_user("berta")
    berta = Second(p, "berta")
    with p.settings(require_mfa="true"):
        assert p.redeem(client, berta.enrol(client)).status_code == 200
        browser = Browser(p)
        page = berta.to_mfa(client, browser).text
        assert is_verify(berta.post(browser, page, "000000").text)
        page = berta.to_mfa(client, browser).text
        assert code_of(client, berta.post(browser, page, berta.next_code()))
    mail_order(p, client)
    p.add_user("clara")
    clara = Account(p, "clara")
    clara.enrol()
    assert clara("GET", "/mfa").status_code == 200
    # Debian 12's valgrind has no pidfd_open: the checker then says that it could not
    assert clara("POST", "/password", current_password=PASSWORD,
                 new_password="quite another phrase").status_code in (200, 400)


def strange_requests(p):
    """Straight to the socket, as no web server would."""
    main = os.path.join(p.dir, "main.sock")
    assert fastcgi.ask(main)[0] == 200
    for uri in ("/%zz", "/a%00b", "//", "/oauth2/../x", "/" + "x" * 5000):
        status, _ = fastcgi.ask(main, uri=uri)
        assert status in (301, 400, 404, 414), (uri[:20], status)
    assert fastcgi.ask(main, method="POST", uri="/oauth2/token", body=b"a=%ff&a=1&=&&x",
                       CONTENT_TYPE="application/x-www-form-urlencoded")[0] in (400, 401)
    assert fastcgi.ask(main, HTTP_COOKIE="a=b; " * 300)[0] in (200, 400)
    whole = fastcgi.message()
    with fastcgi.connect(main) as s:  # piece by piece
        for at in range(0, len(whole), 7):
            s.sendall(whole[at:at + 7])
        assert fastcgi.answer_of(s)[0] == 200
    for broken in (b"GET / HTTP/1.1\r\n\r\n", b"\1\4\0\1\xff\xff\0\0", whole[:40]):
        with fastcgi.connect(main) as s:
            s.sendall(broken)
    with fastcgi.connect(main) as s:
        s.sendall(fastcgi.message(method="POST", body=b"x" * 200000)[:60000])
        assert fastcgi.answer_of(s)[0] == 413


def until(p, holds):
    end = time.monotonic() + 300
    while not holds():
        assert time.monotonic() < end and p.process.poll() is None, p.read_log()
        time.sleep(0.05)


def reload(p):
    """The first generation ends; the parent, the keeper's work and the web server go on."""
    before = {pid for pid, kind in p.kinds.items() if kind not in ("parent", "prepare", "front")}
    p.process.send_signal(signal.SIGHUP)
    until(p, lambda: p.events("reloaded") and not before & set(p.children()))
    p.wait(60)
    p.look()


@pytest.fixture(scope="module")
def lived(tmp_path_factory):
    """All of it; what is asserted afterwards is what valgrind saw."""
    p = Watched(CA(str(tmp_path_factory.mktemp("ca"))))
    try:
        p.start()
        p.onboard_cli()
        p.add_user("anna")
        client = p.add_client(refresh=True)
        sign_ins(p, client)
        administration(p)
        second_factors(p, client)
        more_keys(p, client)
        strange_requests(p)
        reload(p)
        sign_ins(p, client)
        p.look()
        assert p.halt() == 0, p.read_log()
        yield p
    finally:
        if p.process is not None and p.process.poll() is None:
            p.process.kill()
        shutil.rmtree(p.dir, ignore_errors=True)


def watched(p):
    """(pid, kind, report) of every process but the web server."""
    return [(pid, kind, p.report(pid)) for pid, kind in sorted(p.kinds.items()) if kind != "front"]


def test_every_kind_was_watched_to_its_end(lived):
    ended = [kind for _, kind, report in watched(lived) if "ERROR SUMMARY" in report]
    assert set(ended) == KINDS
    assert ended.count("signer") >= 2 and ended.count("worker") >= 4 and ended.count("keeper") >= 2
    for pid, kind, report in watched(lived):
        assert "ERROR SUMMARY" in report, f"{kind} {pid} did not end by itself"
    # and nobody escaped: what else there is became the web server, or the password command
    others = set(map(int, os.listdir(lived.reports))) - set(lived.kinds)
    for pid in others:
        report = lived.report(pid)
        assert not re.search(r"Invalid |ninitialised|definitely lost: [1-9]| [1-9]\d* errors", report), report
    assert not lived.events("process_died")


def test_no_errors(lived):
    for pid, kind, report in watched(lived):
        found = re.search(r"ERROR SUMMARY: (\d+) errors", report)
        assert found and found.group(1) == "0", f"{kind} {pid}\n{report}"


def test_nothing_is_lost(lived):
    for pid, kind, report in watched(lived):
        for what in ("definitely", "indirectly"):
            found = re.search(rf"{what} lost: ([\d,]+) bytes", report)
            assert found is None or found.group(1) == "0", f"{kind} {pid}\n{report}"
        assert "LEAK SUMMARY" in report or "All heap blocks were freed" in report, report


def test_the_front_is_the_only_one_left_out(lived):
    left_out = [pid for pid, kind in lived.kinds.items() if kind == "front"]
    assert len(left_out) == 1
