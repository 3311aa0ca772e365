"""Passwords, keys and what leaks where (CS-15, JO-09; RFC 9700)."""
import base64
import re
import subprocess

import pytest
import requests

from provider import PASSWORD, Browser, Provider, query_of

LONG = "correct horse battery staple, and so on, and on, until it is longer than bcrypt looks: 72 bytes are not the end"


def sign_in_error(provider, client, username, password):
    browser = Browser(provider)
    answer = provider.post_login(browser, provider.authorize(client, browser).text, username, password)
    return query_of(answer.headers["Location"]).get("error")


def test_passwords_are_taken_whole(provider, client):
    """CS-15: long ones, not cut at 72 bytes; every character counts, spaces and case included."""
    with provider.settings(validation_max_password_length="200"):
        assert len(LONG) > 72
        for name, password in (("long", LONG), ("spaces", "  two spaces each side  "), ("letters", "pässwörd €😀 ﷽")):
            made = provider.api("POST", "/users", json={"username": name, "password": password})
            assert made.status_code == 201, made.text
            assert sign_in_error(provider, client, name, password) is None
            for wrong in (password[:72] if len(password) > 72 else password[:-1], password.strip() + "", password.upper(), password + " ", password[1:]):
                if wrong != password:
                    assert sign_in_error(provider, client, name, wrong) == "bad_credentials", wrong
            person = provider.api("GET", "/users", params={"search": name}).json()["data"]["items"][0]["id"]
            provider.api("POST", f"/users/{person}/unlock")


@pytest.mark.parametrize("password, is_taken", [("x" * 5, False), ("x" * 6, True), ("x" * 64, True), ("x" * 65, False), ("a\0bcdef", False), ("é" * 33, False)])
def test_lengths(provider, password, is_taken):
    """CS-15: 6 to 64 bytes unless the settings say otherwise (the contract's default; doctor warns)."""
    made = provider.api("POST", "/users", json={"username": f"length-{len(password)}-{ord(password[0])}", "password": password})
    assert made.status_code == (201 if is_taken else 400)


def test_how_they_are_kept(provider):
    """CS-15, design D5: Argon2id with OWASP's parameters; and nothing else of them anywhere."""
    provider.add_user("kept", password="a password to look for")
    hashes = [row[0] for row in provider.rows("SELECT hash FROM passwords")]
    assert hashes and all(h.startswith("$argon2id$v=19$m=19456,t=2,p=1$") for h in hashes)
    with open(provider.dir + "/autentico.db", "rb") as one, open(provider.dir + "/autentico.db-wal", "rb") as two:
        assert b"a password to look for" not in one.read() + two.read() + provider.read_log().encode()


def test_nothing_that_acts_as_a_bearer_is_in_the_store(provider, client):
    """CS-03, TK-28, BC-08, design D8: codes, tokens, cookies and secrets only by their hashes; nor are they in the log."""
    browser = Browser(provider)
    code = provider.sign_in(client, browser)["code"]
    tokens = provider.redeem(client, code).json()
    admin = Browser(provider)
    admin.follow(provider.post_login(admin, admin.follow(admin.get("/admin/")).text))
    bearers = [code, tokens["refresh_token"], tokens["refresh_token"][20:], tokens["access_token"].rsplit(".", 1)[1], client.secret, provider.admin_token,
               browser.cookies["autentico_idp_session"], *admin.cookies.values()]
    assert len(bearers) >= 9
    with open(provider.dir + "/autentico.db", "rb") as one, open(provider.dir + "/autentico.db-wal", "rb") as two:
        everything = one.read() + two.read() + provider.read_log().encode()
    for bearer in bearers:
        assert bearer.encode() not in everything, bearer[:12]


def test_codes_and_tokens_in_urls(provider, client):
    """BC-06, BC-08: a code alone is worth nothing to whoever reads it there, and no token is ever in one."""
    verifier_code = provider.sign_in(client)["code"]
    thief = provider.register(client_type="public")
    assert provider.redeem(thief, verifier_code).json()["error"] == "invalid_grant"
    browser = Browser(provider)
    page = provider.authorize(client, browser)
    where = provider.post_login(browser, page.text).headers["Location"]
    assert set(query_of(where)) == {"code", "state", "iss"} and "#" not in where
    assert provider.redeem(client, query_of(where)["code"]).status_code == 200
    assert provider.redeem(client, query_of(where)["code"]).json()["error"] == "invalid_grant"


def test_a_client_is_no_person(provider):
    """BC-15: a client cannot be called what a person's sub is, and a token of its own opens nothing of a person's."""
    person = provider.api("GET", "/users", params={"search": "admin"}).json()["data"]["items"][0]["id"]
    made = provider.api("POST", "/clients", json={"client_name": "x", "redirect_uris": ["https://x.example/"], "client_id": person})
    assert (made.status_code, made.json()["error"]) == (400, "invalid_client_metadata")
    client = provider.register(grant_types=["authorization_code", "client_credentials"], allowed_audiences=["autentico-admin"])
    token = provider.token(client, grant_type="client_credentials").json()["access_token"]
    assert provider.userinfo(token).status_code == 401
    assert provider.api("GET", "/users", token).status_code in (401, 403)
    assert "username" not in provider.introspect(client, token)


def test_what_a_client_sends_of_its_certificate(provider):
    """BC-14: what only a web server may say, and what nobody reads, has no effect."""
    plain = requests.get(provider.issuer + "/userinfo", timeout=10)
    for name in ("X-Client-Cert", "SSL-Client-Cert", "X-SSL-Client-Verify", "X-Forwarded-Client-Cert", "X-Remote-User", "Remote-User", "REMOTE_USER"):
        answer = requests.get(provider.issuer + "/userinfo", headers={name: "admin"}, timeout=10)
        assert (answer.status_code, answer.text) == (plain.status_code, plain.text), name


@pytest.mark.parametrize("kind", ["rsa:1024", "ec", "text", "empty", "truncated"])
def test_keys_that_are_none(kind):
    """JO-09, design 4: start is refused, with the reason; never a key made up instead."""
    p = Provider()
    try:
        if kind == "rsa:1024":
            pem = subprocess.run(["openssl", "genrsa", "-traditional", "1024"], capture_output=True, check=True).stdout
        elif kind == "ec":
            pem = subprocess.run(["openssl", "ecparam", "-name", "prime256v1", "-genkey", "-noout"], capture_output=True, check=True).stdout
        elif kind == "truncated":
            pem = subprocess.run(["openssl", "genrsa", "-traditional", "2048"], capture_output=True, check=True).stdout[:700]
        else:
            pem = b"-----BEGIN RSA PRIVATE KEY-----\n" if kind == "text" else b"\n"
        p.env["AUTENTICO_PRIVATE_KEY"] = base64.b64encode(pem).decode()
        done = p.run("start", check=False)
        assert done.returncode == 1 and "AUTENTICO_PRIVATE_KEY" in done.stderr, done.stderr
        assert not re.search(r"PRIVATE KEY-----|MII", done.stderr)
        assert PASSWORD not in done.stderr
    finally:
        p.process = None
        open(p.dir + "/log", "a").close()
        p.stop()
