"""Passkeys in the account API and on its pages (http-api 8; WebAuthn 7.1)."""
import contextlib
import re
import sqlite3

import pytest
import requests

from authenticator import BE, BS, ED, OFFERED, UP, UV, Passkey, Site, add_passkey, cbor, signs_in_by, unb64
from provider import PASSWORD, Browser, account_console, b64url, error_of, hidden, query_of
from second import Account, Second, app_code

NAMES = iter(f"owner{n}" for n in range(1000))


@pytest.fixture(scope="module", autouse=True)
def passkeys_on(provider):
    assert provider.api("PUT", "/settings", json={"auth_mode": "password_and_passkey"}).status_code == 204


@pytest.fixture
def name(provider):
    made = next(NAMES)
    provider.add_user(made)
    return made


@pytest.fixture
def account(provider, name):
    return Account(provider, name)


@pytest.fixture
def key(provider):
    return Passkey(provider.url)


def begin(account, **body):
    answer = account("POST", "/passkeys/register/begin", **{"current_password": PASSWORD, **body})
    assert answer.status_code == 200, answer.text
    return answer.json()["data"]


def finish(account, begun, body):
    path = "/passkeys/register/finish?challenge_id=" + begun["challenge_id"]
    return requests.post(account.provider.url + "/account/api" + path, json=body, timeout=30,
                         headers={"Authorization": "Bearer " + account.tokens["access_token"]})


def refused(answer, status=400, error="registration_failed"):
    assert answer.status_code == status, answer.text
    assert answer.json()["error"] == error, answer.text
    return answer.json()["error_description"]


def listed(account):
    return account("GET", "/passkeys").json()["data"]


# --- the good way --------------------------------------------------------------------

def test_options(provider, account, name):
    """WR-01, WR-02: what is asked for; nothing in it tells who the person is."""
    data = begin(account)
    assert set(data) == {"challenge_id", "options"}
    public = data["options"]["publicKey"]
    assert public["rp"] == {"name": "Autentico", "id": "localhost"}
    assert public["user"]["name"] == public["user"]["displayName"] == name
    assert [p["alg"] for p in public["pubKeyCredParams"]] == OFFERED
    assert all(p["type"] == "public-key" for p in public["pubKeyCredParams"])
    assert public["timeout"] == 300000
    assert public["authenticatorSelection"] == {"residentKey": "preferred", "userVerification": "preferred"}
    assert public["excludeCredentials"] == []
    handle = unb64(public["user"]["id"])
    uid = provider.rows("SELECT id FROM users WHERE username = ?", name)[0][0]
    assert len(handle) == 32 and uid.encode() not in handle and name.encode() not in handle
    again = begin(account)["options"]["publicKey"]
    assert again["user"]["id"] == public["user"]["id"] and again["challenge"] != public["challenge"]
    assert len(unb64(public["challenge"])) >= 16
    with provider.settings(passkey_rp_name="Ex & Co"):
        assert begin(account)["options"]["publicKey"]["rp"]["name"] == "Ex & Co"


def test_register(provider, account, name, key):
    """WR-25, WR-15: all of it is stored; named and listed; the next time it is excluded."""
    key.flags = UP | UV | BE | BS
    begun = begin(account)
    answer = finish(account, begun, key.make(begun["options"]))
    assert answer.status_code == 200 and answer.json()["data"]["message"]
    rows = listed(account)
    assert len(rows) == 1 and set(rows[0]) == {"id", "name", "created_at"}
    assert rows[0]["id"] == b64url(key.id) and re.fullmatch(r"Passkey [0-9a-f]{4}", rows[0]["name"])
    stored = provider.rows("SELECT k.alg, k.sign_count, k.is_uv_initialized, k.is_backup_eligible, k.is_backed_up, k.transports,"
                           " k.public_key FROM passkeys k WHERE credential_id = ?", key.id)[0]
    assert stored == (-7, 1, 1, 1, 1, "internal", cbor(key.key.cose()))
    public = begin(Account(provider, name, sign_in=signs_in_by(provider, key)))["options"]["publicKey"]
    assert public["excludeCredentials"] == [{"type": "public-key", "id": b64url(key.id), "transports": ["internal"]}]
    uid = provider.rows("SELECT id FROM users WHERE username = ?", name)[0][0]
    added = provider.rows("SELECT actor_username, detail FROM audit_logs WHERE event = 'passkey_added' AND target_id = ?", uid)
    assert added == [(name, "")]
    client = provider.add_client()
    site = Site(provider, client, Browser(provider))
    assert site.sign_in(key).status_code == 200
    assert listed(account)[0]["last_used_at"]


@pytest.mark.parametrize("alg", OFFERED)
def test_every_algorithm(provider, account, alg):
    """WR-17, WR-20: with self attestation, each of the ten."""
    key = Passkey(provider.url, alg=alg)
    begun = begin(account)
    assert finish(account, begun, key.make(begun["options"], self_attest=True)).status_code == 200


# --- the steps of 7.1 ---------------------------------------------------------------------

WRONG = {
    "WR-05 type": dict(client={"type": "webauthn.get"}),
    "WR-06 challenge": dict(client={"challenge": b64url(bytes(32))}),
    "WR-06 no challenge": dict(client={"challenge": ...}),
    "WR-07 origin": dict(client={"origin": "https://evil.example"}),
    "WR-07 origin by another name": dict(client={"origin": "http://127.0.0.1"}),
    "WR-08 crossOrigin": dict(client={"crossOrigin": True}),
    "WR-09 topOrigin": dict(client={"topOrigin": "https://evil.example"}),
    "WR-11 RP id": dict(rp_id="evil.example"),
    "WR-12 UP": dict(flags=UV),
    "WR-14 BS": dict(flags=UP | UV | BS),
    "WR-16 ED": dict(flags=UP | UV | ED),
    "WR-19 format": dict(fmt="unheard-of"),
    "WR-19 safetynet": dict(fmt="android-safetynet"),
    "WR-20 packed": dict(fmt="packed"),
}


@pytest.mark.parametrize("name_of", WRONG)
def test_wrong(account, key, name_of):
    begun = begin(account)
    assert refused(finish(account, begun, key.make(begun["options"], **WRONG[name_of])))
    assert listed(account) == []
    # WR-06: one try for a challenge
    assert "challenge used" in refused(finish(account, begun, key.make(begun["options"])))


def object_of(body):
    return bytearray(unb64(body["response"]["attestationObject"]))


def test_tampered(account, key):
    """WR-10, WR-20: every part of an attestation that is signed; and of what is not, what has to fit."""
    for at in range(0, 280, 9):
        begun = begin(account)
        body = key.make(begun["options"], self_attest=True)
        raw = object_of(body)
        raw[-1 - at % len(raw)] ^= 1
        body["response"]["attestationObject"] = b64url(bytes(raw))
        assert refused(finish(account, begun, body)), at
    assert listed(account) == []


def test_not_cbor(account, key):
    """WR-10"""
    begun = begin(account)
    good = bytes(object_of(key.make(begun["options"])))
    for raw in (good[:-1], good + b"\0", b"\xa0", b"\xff" * 9, b"\xbf" + good[1:] + b"\xff", b"\x9a\x7f\xff\xff\xff", b"\x81" * 3000,
                b"\xbb" + b"\xff" * 8, good.replace(b"\x63fmt", b"\x78\x03fmt")):
        begun = begin(account)
        body = key.make(begun["options"])
        body["response"]["attestationObject"] = b64url(raw)
        refused(finish(account, begun, body))


def test_malformed(account, key):
    """WR-03, WR-04, WR-23"""
    begun = begin(account)
    good = key.make(begun["options"])
    for body in ({}, {**good, "type": "x"}, {**good, "id": "AAAA"}, {**good, "id": b64url(bytes(1024)), "rawId": b64url(bytes(1024))},
                 {**good, "response": []}, {**good, "response": {**good["response"], "clientDataJSON": "a b"}},
                 {**good, "response": {"clientDataJSON": good["response"]["clientDataJSON"]}}):
        refused(finish(account, begun, body))
    for raw in (b"{", b"\xff", b"[]", b'{"type":"webauthn.create"}'):
        begun = begin(account)
        body = key.make(begun["options"])
        body["response"]["clientDataJSON"] = b64url(raw)
        refused(finish(account, begun, body))
    refused(account("POST", "/passkeys/register/finish?challenge_id=" + begun["challenge_id"]), 400, "registration_failed")


def test_verification(provider, account, key):
    """WR-13: where a passkey has to stand for two factors."""
    with provider.settings(require_mfa="true"):
        begun = begin(account)
        assert begun["options"]["publicKey"]["authenticatorSelection"]["userVerification"] == "required"
        assert "user verified" in refused(finish(account, begun, key.make(begun["options"], flags=UP)))
        begun = begin(account)
        assert finish(account, begun, key.make(begun["options"])).status_code == 200


def test_taken(provider, account, key):
    """WR-24: registered by somebody else; that one keeps it."""
    key.flags = UP
    begun = begin(account)
    assert finish(account, begun, key.make(begun["options"])).status_code == 200
    other = next(NAMES)
    provider.add_user(other)
    thief = Account(provider, other)
    begun = begin(thief)
    assert "registered already" in refused(finish(thief, begun, key.make(begun["options"])))
    begun = begin(account)
    refused(finish(account, begun, key.make(begun["options"])))
    assert len(listed(account)) == 1 and listed(thief) == []


# --- whose challenge, and when ---------------------------------------------------------------

def test_challenge(provider, account, name, key):
    """WR-06: of another session, of another person, expired, used, none."""
    key.flags = UP
    begun = begin(account)
    same_person = Account(provider, name)
    other = next(NAMES)
    provider.add_user(other)
    body = key.make(begun["options"])
    refused(finish(same_person, begun, body), 400, "invalid_request")
    refused(finish(Account(provider, other), begun, body), 403, "forbidden")
    for bad in ("", "x", begun["challenge_id"][:-4], "a" * 5000):
        refused(finish(account, {"challenge_id": bad}, body), 400, "invalid_request")
    assert finish(account, begun, body).status_code == 200
    refused(finish(account, begun, Passkey(provider.url).make(begun["options"])))
    begun = begin(account)
    provider.later(301)
    refused(finish(account, begun, Passkey(provider.url).make(begun["options"])), 400, "invalid_request")


def test_password(provider, account):
    """WR-26: a token that was found does not do."""
    refused(account("POST", "/passkeys/register/begin", current_password="wrong password"), 403, "invalid_password")
    refused(account("POST", "/passkeys/register/begin"), 403, "invalid_password")
    for _ in range(4):
        account("POST", "/passkeys/register/begin", current_password="wrong password")
    refused(account("POST", "/passkeys/register/begin", current_password=PASSWORD), 429, "account_locked")


def test_second_factor_first(provider, name, client):
    """WR-26: a passkey stands for two factors; who has enrolled one cannot get around it."""
    account = Account(provider, name)
    secret = account.enrol()
    # this token is of before: one factor
    refused(account("POST", "/passkeys/register/begin", current_password=PASSWORD), 403, "invalid_credentials")
    provider.later(31)
    begin(account, code=app_code(secret, provider.now()))
    # and one of two factors needs no other code
    person = Second(provider, name, secret)
    browser = Browser(provider)
    person.sign_in(client, browser)
    page = browser.follow(browser.get("/account/security"))
    assert page.status_code == 200 and 'id="passkey-code"' not in page.text


def test_without_a_password(provider, account, name, key):
    """WR-26: whoever has none has to have signed in recently."""
    key.flags = UP
    begun = begin(account)
    assert finish(account, begun, key.make(begun["options"])).status_code == 200
    forget_password(provider, name)
    begin(account, current_password="")
    provider.later(901)
    refresh(account)
    refused(account("POST", "/passkeys/register/begin"), 403, "login_required")
    refused(account("DELETE", "/passkeys/" + b64url(key.id)), 403, "login_required")


# --- WR-26: who has learned the password cannot get around the passkey -------------------------

NEEDS_PASSKEY = (403, "login_required")


@pytest.fixture
def owner(provider, account, key):
    """Has a passkey that verifies its user; signed in with the password alone."""
    begun = begin(account)
    assert finish(account, begun, key.make(begun["options"])).status_code == 200
    return account


def test_password_alone_changes_no_factor(provider, name, owner, key):
    """WR-26: no app, no second passkey, and the passkey stays."""
    path = "/passkeys/" + b64url(key.id)
    for code in ({}, {"code": "123456"}):
        assert "passkey" in refused(owner("POST", "/passkeys/register/begin", current_password=PASSWORD, **code), *NEEDS_PASSKEY)
        refused(owner("POST", "/mfa/totp/setup", current_password=PASSWORD, **code), *NEEDS_PASSKEY)
        refused(owner("DELETE", path, current_password=PASSWORD, **code), *NEEDS_PASSKEY)
    assert len(listed(owner)) == 1
    assert owner("GET", "/mfa").json()["data"]["totp_enabled"] is False
    # by the passkey all three are possible
    strong = Account(provider, name, sign_in=signs_in_by(provider, key))
    second = add_passkey(strong, provider.url, PASSWORD)
    assert strong("DELETE", "/passkeys/" + b64url(second.id), current_password=PASSWORD).status_code == 200
    strong.enrol()
    assert strong("DELETE", path, current_password=PASSWORD).status_code == 200


def test_passkey_that_verifies_nobody_is_no_second_factor(provider, account):
    """WR-26: one factor like the password."""
    add_passkey(account, provider.url, PASSWORD, flags=UP)
    add_passkey(account, provider.url, PASSWORD, flags=UP)
    account.enrol()


def test_passkeys_that_open_nothing_demand_nothing(provider, owner):
    """WR-26: where only passwords are taken nobody could show one."""
    with provider.settings(auth_mode="password"):
        owner.enrol()


def test_begun_before_the_passkey(provider, name, account, key):
    """WR-26: what was begun with the password is not finished once there is a passkey."""
    thief = Account(provider, name)
    app = thief("POST", "/mfa/totp/setup", current_password=PASSWORD).json()["data"]["secret"]
    passkey = begin(thief)
    begun = begin(account)
    assert finish(account, begun, key.make(begun["options"])).status_code == 200
    refused(thief("POST", "/mfa/totp/verify", code=app_code(app, provider.now())), *NEEDS_PASSKEY)
    assert "sign in again" in refused(finish(thief, passkey, Passkey(provider.url).make(passkey["options"])))
    assert len(listed(account)) == 1 and account("GET", "/mfa").json()["data"]["totp_enabled"] is False


def test_begun_before_the_app(provider, name, account):
    """WR-26: the same with an app."""
    thief = Account(provider, name)
    passkey = begin(thief)
    account.enrol()
    assert "sign in again" in refused(finish(thief, passkey, Passkey(provider.url).make(passkey["options"])))


def test_removing_takes_a_code(provider, name, account):
    """WR-26, OT-08: of somebody with an app, in a session of one factor."""
    key = add_passkey(account, provider.url, PASSWORD, flags=UP)
    path = "/passkeys/" + b64url(key.id)
    secret = account.enrol()
    refused(account("DELETE", path, current_password=PASSWORD), 403, "invalid_credentials")
    assert len(listed(account)) == 1
    provider.later(31)
    assert account("DELETE", path, current_password=PASSWORD, code=app_code(secret, provider.now())).status_code == 200


def test_the_page_leads_to_the_passkey(provider, name, owner, key):
    """WR-26: the page says what it takes, leads there, and back."""
    browser = account_console(provider, name)
    page = browser.get("/account/security").text
    assert "sign in with your passkey" in page and "add-passkey-btn" not in page and 'action="/account/security/totp"' not in page
    remove = f"/account/security/passkeys/{b64url(key.id)}/remove"
    assert remove not in page
    form = {"csrf_token": hidden(page, "csrf_token"), "current_password": PASSWORD}
    for path in ("/account/security/totp", remove):
        answer = browser.post(path, data=form)
        assert answer.status_code == 403 and "Sign in with your passkey" in error_of(answer.text)
    answer = script(browser, "begin", {"current_password": PASSWORD}, form["csrf_token"])
    assert answer.status_code == 403 and "passkey" in answer.json()["error"]

    begins = browser.get("/account/security/confirm")
    assert query_of(begins.headers["Location"])["acr_values"] == "2"
    page = browser.get(begins.headers["Location"])
    assert "sign in with your passkey" in error_of(page.text)
    site = Site(provider, None, browser)
    site.read(page.text)
    begun = site.begin().json()
    done = site.finish(begun, key.show(begun["options"]))
    assert done.status_code == 200, done.text
    page = browser.follow(browser.get(done.json()["redirect"]))
    assert page.url.endswith("/account/security") and "add-passkey-btn" in page.text and "with your password alone" not in page.text


def test_an_administrator_helps(provider, name, owner):
    """Nobody is stuck: whoever has lost the passkey asks; the last administrator has the command line."""
    assert "are removed" in provider.run("users", "remove-passkeys", name).stdout
    assert "has no passkeys" in provider.run("users", "remove-passkeys", name, check=False).stderr
    assert provider.run("users", "remove-passkeys", "nobody", check=False).returncode == 1
    again = Account(provider, name)
    assert listed(again) == []
    add_passkey(again, provider.url, PASSWORD)


def forget_password(provider, name):
    with contextlib.closing(sqlite3.connect(provider.dir + "/autentico.db", isolation_level=None)) as db:
        db.execute("DELETE FROM passwords WHERE user_id = (SELECT id FROM users WHERE username = ?)", (name,))


def refresh(account):
    answer = requests.post(account.provider.issuer + "/token", timeout=30, data={
        "grant_type": "refresh_token", "refresh_token": account.tokens["refresh_token"], "client_id": "autentico-account"})
    assert answer.status_code == 200, answer.text
    account.tokens = answer.json()


# --- one of them --------------------------------------------------------------------------------

def test_rename(provider, account, name):
    key = add_passkey(account, provider.url, PASSWORD)
    path = "/passkeys/" + b64url(key.id)
    assert account("PATCH", path, name=" My <key> ").status_code == 200
    assert listed(account)[0]["name"] == "My <key>"
    for bad in ({}, {"name": ""}, {"name": "  "}, {"name": 7}, {"name": "x" * 129}, {"name": "a\nb"}):
        refused(account("PATCH", path, **bad), 400, "invalid_request")
    refused(Account(provider, "admin")("PATCH", path, name="mine"), 403, "forbidden")
    for bad in ("x", "AAAA", "%20", "a" * 2000):
        refused(account("PATCH", "/passkeys/" + bad, name="x"), 403, "forbidden")
    assert listed(account)[0]["name"] == "My <key>"


def test_remove(provider, account, name):
    key = add_passkey(account, provider.url, PASSWORD, flags=UP)
    path = "/passkeys/" + b64url(key.id)
    refused(account("DELETE", path, current_password="wrong password"), 403, "invalid_password")
    assert requests.delete(provider.url + "/account/api" + path, timeout=30, headers={
        "Authorization": "Bearer " + account.tokens["access_token"]}).status_code == 400
    refused(Account(provider, "admin")("DELETE", path, current_password=PASSWORD), 403, "forbidden")
    assert account("DELETE", path, current_password=PASSWORD).status_code == 200
    refused(account("DELETE", path, current_password=PASSWORD), 403, "forbidden")
    assert listed(account) == []


def test_the_only_way_in_stays(provider, account, name):
    """Nobody locks oneself out."""
    first, second = (add_passkey(account, provider.url, PASSWORD, flags=UP) for _ in range(2))
    forget_password(provider, name)
    assert account("DELETE", "/passkeys/" + b64url(first.id), x="").status_code == 200
    refused(account("DELETE", "/passkeys/" + b64url(second.id), x=""), 400, "lockout_prevention")
    assert len(listed(account)) == 1


def test_not_too_many(provider, account):
    for _ in range(20):
        add_passkey(account, provider.url, PASSWORD, flags=UP)
    refused(account("POST", "/passkeys/register/begin", current_password=PASSWORD), 400, "invalid_request")


def test_of_oneself_only(provider, account, name):
    """A token of another application does not do; none does not either."""
    token = provider.tokens(provider.add_client(), username=name)["access_token"]
    for method, path in (("GET", "/passkeys"), ("DELETE", "/passkeys/x"), ("PATCH", "/passkeys/x"),
                         ("POST", "/passkeys/register/begin"), ("POST", "/passkeys/register/finish")):
        account.tokens["access_token"] = token
        refused(account(method, path), 403, "forbidden")
        account.tokens["access_token"] = "x"
        assert account(method, path).status_code == 401


# --- the pages --------------------------------------------------------------------------------------

@pytest.fixture
def console(provider, name):
    return account_console(provider, name)


def script(browser, path, body, token):
    return browser.post("/account/security/passkeys/" + path, json=body, headers={"X-CSRF-Token": token} if token else {})


def test_page(provider, console, key):
    """What its script does, and the forms that need none."""
    key.flags = UP
    page = console.get("/account/security").text
    token = hidden(page, "csrf_token")
    assert 'data-testid="add-passkey-btn"' in page and 'placeholder="Enter your password"' in page
    assert script(console, "begin", {"current_password": PASSWORD}, None).status_code == 403  # CS-06
    wrong = script(console, "begin", {"current_password": "wrong password"}, token)
    assert wrong.status_code == 403 and set(wrong.json()) == {"error"} and "not right" in wrong.json()["error"]
    begun = script(console, "begin", {"current_password": PASSWORD}, token).json()["data"]
    body = key.make(begun["options"])
    assert script(console, "finish?challenge_id=" + begun["challenge_id"], body, None).status_code == 403
    done = script(console, "finish?challenge_id=" + begun["challenge_id"], body, token)
    assert done.status_code == 200 and done.json()["data"]["message"]
    page = console.get("/account/security").text
    assert re.search(r"<strong>Passkey [0-9a-f]{4}</strong>", page)
    rename, remove = (re.search(r'action="(/account/security/passkeys/[^"]+/%s)"' % w, page).group(1) for w in ("rename", "remove"))
    assert console.post(rename, data={"name": "x"}).status_code == 403
    answer = console.post(rename, data={"csrf_token": token, "name": "<b>my key</b>"})
    assert answer.status_code == 303
    assert "&lt;b&gt;my key&lt;/b&gt;" in console.get("/account/security").text
    answer = console.post(rename, data={"csrf_token": token, "name": " "})
    assert answer.status_code == 400 and "name is missing" in error_of(answer.text)
    answer = console.post(remove, data={"csrf_token": token, "current_password": "wrong password"})
    assert answer.status_code == 403 and "not right" in error_of(answer.text)
    answer = console.post(remove, data={"csrf_token": token, "current_password": PASSWORD})
    assert answer.status_code == 303 and "my key" not in console.get("/account/security").text


def test_script_is_signed_out(provider, console):
    """It is told where to go."""
    token = hidden(console.get("/account/security").text, "csrf_token")
    for one in list(console.cookies):
        if one.name == "autentico_account":
            console.cookies.clear(one.domain, one.path, one.name)
    answer = script(console, "begin", {"current_password": PASSWORD}, token)
    assert answer.status_code == 200 and answer.json()["redirect"].startswith(provider.issuer + "/authorize?")


def test_page_says_when_unused(provider, console):
    assert "not offered here yet" not in console.get("/account/security").text
    with provider.settings(auth_mode="password"):
        assert "not offered here yet" in console.get("/account/security").text
