"""The admin API: who may call it, and people (http-api 1.10, 7.1)."""
import datetime
import re
import secrets
import time

import pytest
import requests

from jose import payload_of
from provider import PASSWORD, Browser, Provider, hidden, oerr, query_of

ID = re.compile(r"[0-9a-v]{20}")
TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z")
UNKNOWN = "0" * 20


@pytest.fixture(scope="module")
def people(provider):
    """name -> id"""
    made = {}
    for name in ("alice", "bobby", "carol"):
        answer = provider.api("POST", "/users", json={"username": name, "password": PASSWORD, "email": name + "@example.test"})
        assert answer.status_code == 201, answer.text
        made[name] = answer.json()["data"]["id"]
    return made


def names(answer):
    assert answer.status_code == 200, answer.text
    return [user["username"] for user in answer.json()["data"]["items"]]


# --- who -----------------------------------------------------------------------

def test_no_token(provider):
    """1.10, 1: the realm, and nothing about why."""
    answer = requests.get(provider.url + "/admin/api/users", timeout=10)
    assert (answer.status_code, answer.text) == (401, "{}")
    assert answer.headers["WWW-Authenticate"] == f'Bearer realm="{provider.issuer}"'


@pytest.mark.parametrize("authorization, code", [
    ("Bearer", "invalid_request"), ("Bearer a b", "invalid_request"), ("Basic eDp5", "invalid_request"), ("x", "invalid_request"),
    ("Bearer x", "invalid_token"), ("Bearer a.b.c", "invalid_token"), ("bearer " + "x" * 43, "invalid_token")])
def test_bad_tokens(provider, authorization, code):
    """1.10, 2 and 3"""
    answer = requests.get(provider.url + "/admin/api/users", headers={"Authorization": authorization}, timeout=10)
    oerr(answer, 401, code)
    assert f'error="{code}"' in answer.headers["WWW-Authenticate"]


def test_an_administrator(provider):
    """1.10: a token of the admin console's client, of an administrator, by every step."""
    token = provider.console_token()
    assert provider.api("GET", "/users", token).status_code == 200
    # 4: of another client
    client = provider.register()
    text = oerr(provider.api("GET", "/users", provider.tokens(client)["access_token"]), 403, "forbidden")
    assert "Token not issued for admin API" in text
    oerr(provider.api("GET", "/users", provider.console_token("account")), 403, "forbidden")
    # 4: the audience may be given to another client
    trusted = provider.register(allowed_audiences=["autentico-admin"])
    assert provider.api("GET", "/users", provider.tokens(trusted)["access_token"]).status_code == 200
    # 7: of a person without the role; and the role as of now
    provider.add_user("plain")
    plain = provider.console_token(username="plain")
    oerr(provider.api("GET", "/users", plain), 403, "forbidden")
    sub = payload_of(plain)["sub"]
    assert provider.api("PUT", "/users/" + sub, json={"role": "admin"}).status_code == 200
    assert provider.api("GET", "/users", plain).status_code == 200
    # 6: deactivated
    assert provider.api("POST", f"/users/{sub}/deactivate").status_code == 204
    oerr(provider.api("GET", "/users", plain), 401, "invalid_token")
    # 8, 9: signed out, revoked, expired
    admin = payload_of(token)["sub"]
    assert provider.api("POST", f"/users/{admin}/revoke-sessions").status_code == 204
    oerr(provider.api("GET", "/users", token), 401, "invalid_token")
    token = provider.console_token()
    provider.later(901)
    oerr(provider.api("GET", "/users", token), 401, "invalid_token")


def test_an_audience_by_setting(provider):
    """1.10, 3: with access_token_audience set, one of it must be there."""
    old = provider.console_token()
    with provider.settings(access_token_audience='["https://api.example.test"]'):
        oerr(provider.api("GET", "/users", old), 401, "invalid_token")
        assert provider.api("GET", "/users", provider.console_token()).status_code == 200
    assert provider.api("GET", "/users", old).status_code == 200


def test_the_admin_token(provider):
    """design D25: /admin/api and nothing else; every use is in the trail."""
    assert provider.api("GET", "/users").status_code == 200
    for path, method in (("/oauth2/register", "POST"), ("/oauth2/register/autentico-admin", "GET"), ("/oauth2/userinfo", "GET"),
                         ("/oauth2/introspect", "POST"), ("/oauth2/revoke", "POST")):
        answer = requests.request(method, provider.url + path, timeout=10, data={"token": "x"},
                                  headers={"Authorization": "Bearer " + provider.admin_token})
        assert answer.status_code == 401, path
    page = requests.get(provider.url + "/admin/users", timeout=10, allow_redirects=False,
                        headers={"Authorization": "Bearer " + provider.admin_token})
    assert page.status_code == 302 and "authorize" in page.headers["Location"]
    for wrong in (provider.admin_token[:-1], provider.admin_token + "x", provider.admin_token.swapcase()):
        oerr(provider.api("GET", "/users", wrong), 401, "invalid_token")
    provider.api("POST", "/users", json={"username": "audited", "password": PASSWORD})
    rows = provider.rows("SELECT event, actor_username FROM audit_logs")
    assert ("user_created", "admin-token") in rows and ("admin_token_used", "admin-token") in rows
    assert len([row for row in rows if row[0] == "admin_token_used"]) <= 1 + provider.travelled // 3600


def test_rotating_and_leaving_out_the_admin_token():
    """settings 2b: _PREVIOUS; absent, there is none"""
    p = Provider()
    try:
        p.start()
        old, new = p.admin_token, secrets.token_hex(32)
        p.restart(AUTENTICO_ADMIN_TOKEN=new, AUTENTICO_ADMIN_TOKEN_PREVIOUS=old)
        assert p.api("GET", "/users", old).status_code == 200 and p.api("GET", "/users", new).status_code == 200
        del p.env["AUTENTICO_ADMIN_TOKEN"], p.env["AUTENTICO_ADMIN_TOKEN_PREVIOUS"]
        p.restart()
        for token in (old, new):
            oerr(p.api("GET", "/users", token), 401, "invalid_token")
        oerr(requests.get(p.url + "/admin/api/users", headers={"Authorization": "Bearer "}, timeout=10), 401, "invalid_request")
        assert p.halt() == 0
        p.env["AUTENTICO_ADMIN_TOKEN"] = "too-short"
        refused = p.run("start", check=False)
        assert refused.returncode == 1 and "AUTENTICO_ADMIN_TOKEN" in refused.stderr
    finally:
        p.stop()


def test_api_rows_never_look_at_cookies(provider):
    """design D13: an administrator's browser is nobody to the API, and a bearer nobody to the pages."""
    browser = Browser(provider)
    page = browser.follow(browser.get("/admin/"))
    assert browser.follow(provider.post_login(browser, page.text)).status_code == 200
    assert "autentico_idp_session" in browser.cookies and len(browser.cookies) >= 3
    csrf = hidden(browser.get("/admin/users/new").text, "csrf_token")
    for method, path in (("GET", "/users"), ("POST", "/users"), ("PUT", "/settings"), ("GET", "/clients")):
        answer = browser.request(method, "/admin/api" + path, json={}, headers={"X-CSRF-Token": csrf})
        assert (answer.status_code, answer.text) == (401, "{}"), path
    for header in (provider.admin_token, provider.console_token()):
        answer = Browser(provider).get("/admin/users", headers={"Authorization": "Bearer " + header})
        assert answer.status_code == 302 and query_of(answer.headers["Location"])["client_id"] == "autentico-admin"


# --- one person ------------------------------------------------------------------

def test_create_read_update_delete(provider):
    """7.1"""
    before = time.time() + provider.travelled
    made = provider.api("POST", "/users", json={"username": " newby ", "password": PASSWORD, "email": " New@Example.TEST ",
                                               "role": "admin", "unknown": [1]})
    assert made.status_code == 201
    user = made.json()["data"]
    assert user == {"id": user["id"], "username": "newby", "email": "new@example.test", "role": "user", "is_email_verified": False,
                    "totp_verified": False, "failed_login_attempts": 0, "created_at": user["created_at"]}
    assert ID.fullmatch(user["id"]) and TIME.fullmatch(user["created_at"])
    made_at = datetime.datetime.fromisoformat(user["created_at"].replace("Z", "+00:00")).timestamp()
    assert abs(made_at - before) < 60
    path = "/users/" + user["id"]
    assert provider.api("GET", path).json()["data"] == user
    changed = provider.api("PUT", path, json={"given_name": "Nø", "email": "", "picture": "https://example.test/p", "role": "admin",
                                             "is_email_verified": True, "username": "newer"})
    assert changed.status_code == 200
    assert changed.json()["data"] == {**user, "given_name": "Nø", "picture": "https://example.test/p", "role": "admin",
                                      "is_email_verified": True, "username": "newer"}
    assert provider.api("DELETE", path).status_code == 204
    oerr(provider.api("GET", path), 404, "not_found")
    oerr(provider.api("DELETE", path), 404, "not_found")
    assert provider.api("POST", "/users", json={"username": "newer", "password": PASSWORD, "email": "new@example.test"}).status_code == 201


@pytest.mark.parametrize("body", [
    {}, {"username": "okname"}, {"password": PASSWORD}, {"username": "", "password": PASSWORD}, {"username": "abc", "password": PASSWORD},
    {"username": "x" * 65, "password": PASSWORD}, {"username": "okname", "password": "short"}, {"username": "okname", "password": "x" * 65},
    {"username": "okname", "password": PASSWORD, "email": "no address"}, {"username": "okname", "password": PASSWORD, "email": "a@"},
    {"username": "admin", "password": PASSWORD}, {"username": "okname", "password": PASSWORD, "email": "admin@example.test"},
    {"username": 5, "password": PASSWORD}, {"username": "okname", "password": None}, {"username": "ok\u0000name", "password": PASSWORD},
    {"username": "ok\nname", "password": PASSWORD}, [], "x", 1, None])
def test_create_refused(provider, body):
    """7.1 "Validation": name and address taken are invalid_request here."""
    assert oerr(provider.api("POST", "/users", json=body), 400, "invalid_request")
    assert "okname" not in names(provider.api("GET", "/users", params={"search": "okname"}))


@pytest.mark.parametrize("body, status, code", [
    ({"username": "admin"}, 409, "conflict"), ({"email": "admin@example.test"}, 409, "conflict"), ({"username": "abc"}, 400, "invalid_request"),
    ({"role": "root"}, 400, "invalid_request"), ({"password": "short"}, 400, "invalid_request"), ({"email": "x"}, 400, "invalid_request"),
    ({"birthdate": "1990-02-30"}, 400, "invalid_request"), ({"picture": "javascript:alert(1)"}, 400, "invalid_request"), ({"website": "nowhere"}, 400, "invalid_request"),
    ({"profile": "ftp://x"}, 400, "invalid_request"), ({"is_email_verified": "yes"}, 400, "invalid_request"),
    ({"given_name": 1}, 400, "invalid_request"), ({"totp_verified": True}, 400, "invalid_request")])
def test_update_refused(people, provider, body, status, code):
    """7.1"""
    path = "/users/" + people["alice"]
    before = provider.api("GET", path).json()
    oerr(provider.api("PUT", path, json=body), status, code)
    assert provider.api("GET", path).json() == before
    oerr(provider.api("PUT", "/users/" + UNKNOWN, json={"given_name": "x"}), 404, "not_found")


def test_a_new_password_ends_everything(people, provider, client):
    """TK-31: of that person, elsewhere."""
    tokens = provider.tokens(client, username="alice")
    assert provider.api("PUT", "/users/" + people["alice"], json={"password": "a new password"}).status_code == 200
    assert provider.userinfo(tokens["access_token"]).status_code == 401
    assert provider.refresh(client, tokens["refresh_token"]).json()["error"] == "invalid_grant"
    assert "code" in provider.sign_in(client, username="alice", password="a new password")


def test_deactivate_and_reactivate(people, provider, client):
    """7.1, IN-07"""
    tokens, path = provider.tokens(client, username="bobby"), "/users/" + people["bobby"]
    assert provider.api("POST", path + "/deactivate").status_code == 204
    oerr(provider.api("POST", path + "/deactivate"), 404, "not_found")
    oerr(provider.api("GET", path), 404, "not_found")
    assert "bobby" not in names(provider.api("GET", "/users"))
    assert provider.introspect(client, tokens["access_token"]) == {"active": False}
    assert provider.api("POST", path + "/reactivate").status_code == 204
    oerr(provider.api("POST", path + "/reactivate"), 404, "not_found")
    assert "code" in provider.sign_in(client, username="bobby")


def test_revoke_sessions(people, provider, client):
    """7.1: 204, also for unknown ids"""
    browser = Browser(provider)
    tokens = provider.tokens(client, browser, username="carol")
    assert provider.api("POST", f"/users/{people['carol']}/revoke-sessions").status_code == 204
    assert provider.userinfo(tokens["access_token"]).status_code == 401
    assert provider.error(client, browser, prompt="none")["error"] == "login_required"
    assert provider.api("POST", f"/users/{UNKNOWN}/revoke-sessions").status_code == 204
    oerr(provider.api("POST", f"/users/{UNKNOWN}/unlock"), 404, "not_found")
    oerr(provider.api("POST", f"/users/{UNKNOWN}/deactivate"), 404, "not_found")


def test_the_last_administrator_stays(provider):
    """Nobody is left in front of a locked door."""
    admin = next(u for u in provider.api("GET", "/users", params={"role": "admin", "search": "admin@"}).json()["data"]["items"])
    others = [u for u in provider.api("GET", "/users", params={"role": "admin"}).json()["data"]["items"] if u["id"] != admin["id"]]
    for other in others:
        provider.api("PUT", "/users/" + other["id"], json={"role": "user"})
    oerr(provider.api("DELETE", "/users/" + admin["id"]), 409, "conflict")
    oerr(provider.api("POST", f"/users/{admin['id']}/deactivate"), 409, "conflict")
    oerr(provider.api("PUT", "/users/" + admin["id"], json={"role": "user"}), 409, "conflict")
