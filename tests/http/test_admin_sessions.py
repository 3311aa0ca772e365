"""Sessions, grants and tokens in the admin API: seen, and ended (http-api 7.1, 7.3; flows 11, 17)."""
import re

import pytest

from jose import payload_of
from provider import Browser, hidden, oerr

TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ")
ID = re.compile(r"[0-9a-v]{20}")
UNKNOWN = "0" * 20


def data(answer, status=200):
    assert answer.status_code == status, answer.text
    return answer.json()["data"]


class Person:
    """With a browser that is signed in to an application."""

    def __init__(self, provider, client, name):
        provider.add_user(name, email=name + "@example.test")
        self.name, self.browser = name, Browser(provider)
        self.browser.headers["User-Agent"] = "Browser of " + name
        self.tokens = provider.tokens(client, self.browser, username=name)
        self.id = payload_of(self.tokens["access_token"])["sub"]
        self.sid = payload_of(self.tokens["access_token"])["sid"]
        self.jti = payload_of(self.tokens["access_token"])["jti"]


@pytest.fixture
def person(provider, client):
    person.n = getattr(person, "n", 0) + 1
    return Person(provider, client, f"person{person.n}")


def session_of(provider, person):
    found = data(provider.api("GET", "/idp-sessions", params={"search": person.name + "@"}))
    assert found["total"] == len(found["items"]) == 1
    return found["items"][0]


def test_sessions_seen(provider, client, person):
    """7.3: the public id, never the cookie."""
    session = session_of(provider, person)
    assert session == {"id": person.sid, "user_id": person.id, "username": person.name, "email": person.name + "@example.test",
                       "user_agent": "Browser of " + person.name, "ip_address": "127.0.0.1", "active_apps_count": 1,
                       "created_at": session["created_at"], "last_activity_at": session["last_activity_at"]}
    assert TIME.fullmatch(session["created_at"]) and ID.fullmatch(session["id"])
    assert person.browser.cookies["autentico_idp_session"] not in provider.api("GET", "/idp-sessions").text
    provider.later(5)
    provider.tokens_of(person.browser, provider.register())
    again = session_of(provider, person)
    assert again["active_apps_count"] == 2 and again["last_activity_at"] > again["created_at"]
    own = data(provider.api("GET", f"/users/{person.id}/idp-sessions"))
    assert own == [{**again, "username": "", "email": ""}]
    assert data(provider.api("GET", f"/users/{UNKNOWN}/idp-sessions")) == []
    # by time: the latest first when asked so, and ranges of both columns
    latest = data(provider.api("GET", "/idp-sessions", params={"order": "desc", "limit": "1"}))["items"]
    assert [s["id"] for s in latest] == [person.sid]
    for name in ("created_at", "last_activity_at"):
        at = again[name]
        exact = data(provider.api("GET", "/idp-sessions", params={name + "_from": at, name + "_to": at, "search": person.name}))
        assert exact["total"] == 1
        assert data(provider.api("GET", "/idp-sessions", params={name + "_to": "2001-01-01"})) == {"items": [], "total": 0}


def test_grants_seen(provider, client, person):
    """7.3: an array, the newest first; of one browser session as a list."""
    mine = data(provider.api("GET", "/sessions", params={"user_id": person.id}))
    assert len(mine) == 1
    grant = mine[0]
    assert {k: grant[k] for k in ("user_id", "status", "location", "device_id", "last_activity_at", "deactivated_at", "user_agent")} == {
        "user_id": person.id, "status": "active", "location": "", "device_id": None, "last_activity_at": None, "deactivated_at": None,
        "user_agent": mine[0]["user_agent"]}
    assert TIME.fullmatch(grant["created_at"]) and TIME.fullmatch(grant["expires_at"]) and ID.fullmatch(grant["id"])
    provider.later(5)
    provider.tokens_of(person.browser, client)
    newest = data(provider.api("GET", "/sessions"))[0]
    assert newest["user_id"] == person.id and newest["id"] != grant["id"]
    of_session = data(provider.api("GET", f"/idp-sessions/{person.sid}/sessions"))
    assert of_session["total"] == 2 and [g["id"] for g in of_session["items"]] == [grant["id"], newest["id"]]
    page = data(provider.api("GET", f"/idp-sessions/{person.sid}/sessions", params={"sort": "expires_at", "order": "desc", "limit": "1"}))
    assert page["total"] == 2 and [g["id"] for g in page["items"]] == [newest["id"]]
    assert data(provider.api("GET", f"/idp-sessions/{UNKNOWN}/sessions")) == {"items": [], "total": 0}
    assert data(provider.api("GET", "/sessions", params={"user_id": UNKNOWN})) == []


def token_line(provider, person, token_id):
    return next(t for t in data(provider.api("GET", "/tokens", params={"search": person.name + "@"}))["items"] if t["id"] == token_id)


def test_tokens_seen(provider, client, person):
    """7.3: its id is the jti; nothing in the list is worth anything to a thief."""
    token = token_line(provider, person, person.jti)
    assert token == {"id": person.jti, "user_id": person.id, "username": person.name, "email": person.name + "@example.test",
                     "scope": "openid profile email", "grant_type": "authorization_code", "status": "active", "revoked_at": None,
                     "issued_at": token["issued_at"], "access_token_expires_at": token["access_token_expires_at"]}
    text = provider.api("GET", "/tokens").text
    assert person.tokens["access_token"] not in text and person.tokens["refresh_token"] not in text
    # a refresh spends the old pair
    spent = provider.refresh(client, person.tokens["refresh_token"]).json()
    assert token_line(provider, person, person.jti)["status"] == "revoked"
    new = token_line(provider, person, payload_of(spent["access_token"])["jti"])
    assert new["status"] == "active"
    provider.later(901)
    assert token_line(provider, person, new["id"])["status"] == "expired"
    # of an application itself
    machine = provider.register(grant_types=["client_credentials"], scopes="api")
    made = provider.token(machine, grant_type="client_credentials").json()["access_token"]
    last = data(provider.api("GET", "/tokens", params={"order": "desc", "limit": "1"}))["items"][0]
    assert (last["id"], last["user_id"], last["username"], last["email"], last["grant_type"], last["scope"]) == (
        payload_of(made)["jti"], None, "", "", "client_credentials", "api")
    at = last["issued_at"]
    assert data(provider.api("GET", "/tokens", params={"issued_at_from": at, "issued_at_to": at}))["total"] == 1
    assert data(provider.api("GET", "/tokens", params={"issued_at_to": "2001-01-01"})) == {"items": [], "total": 0}


def test_end_a_browser_session(provider, client, person):
    """flows 11: it, its grants and its tokens; other browsers stay."""
    other = Browser(provider)
    elsewhere = provider.tokens(client, other, username=person.name)
    assert data(provider.api("DELETE", "/idp-sessions/" + person.sid)) == {"result": "deactivated"}
    assert provider.userinfo(person.tokens["access_token"]).status_code == 401
    assert provider.refresh(client, person.tokens["refresh_token"]).json()["error"] == "invalid_grant"
    assert provider.error(client, person.browser, prompt="none")["error"] == "login_required"
    assert provider.userinfo(elsewhere["access_token"]).status_code == 200
    assert token_line(provider, person, person.jti)["status"] == "revoked"
    oerr(provider.api("DELETE", "/idp-sessions/" + person.sid), 404, "not_found")
    oerr(provider.api("DELETE", "/idp-sessions/" + UNKNOWN), 404, "not_found")
    rows = provider.rows("SELECT actor_username, target_type, detail FROM audit_logs WHERE event = 'session_revoked' AND target_id = ?",
                         person.sid)
    assert rows == [("admin-token", "session", '{"type":"idp_session","user_id":"%s"}' % person.id)]


def test_end_a_grant(provider, client, person):
    """flows 11: the grant alone; the browser is still signed in."""
    grant = data(provider.api("GET", "/sessions", params={"user_id": person.id}))[0]
    assert data(provider.api("DELETE", "/sessions/" + grant["id"])) == {"result": "deactivated"}
    assert provider.userinfo(person.tokens["access_token"]).status_code == 401
    assert provider.refresh(client, person.tokens["refresh_token"]).json()["error"] == "invalid_grant"
    assert provider.tokens_of(person.browser, client)["access_token"]
    gone = next(g for g in data(provider.api("GET", "/sessions", params={"user_id": person.id})) if g["id"] == grant["id"])
    assert gone["status"] == "deactivated" and TIME.fullmatch(gone["deactivated_at"])
    oerr(provider.api("DELETE", "/sessions/" + UNKNOWN), 404, "not_found")


def test_revoke_a_token(provider, client, person):
    """flows 11: the pair and no more."""
    other = provider.tokens_of(person.browser, client)
    assert data(provider.api("DELETE", "/tokens/" + person.jti)) == {"result": "revoked"}
    assert provider.userinfo(person.tokens["access_token"]).status_code == 401
    assert provider.refresh(client, person.tokens["refresh_token"]).json()["error"] == "invalid_grant"
    assert provider.userinfo(other["access_token"]).status_code == 200
    oerr(provider.api("DELETE", "/tokens/" + person.jti), 404, "not_found")
    for nobody in (UNKNOWN, "x", "v" * 20, person.tokens["access_token"][:60]):
        oerr(provider.api("DELETE", "/tokens/" + nobody), 404, "not_found")
    assert provider.rows("SELECT COUNT(*) FROM audit_logs WHERE event = 'token_revoked' AND target_id = ?", person.jti) == [(1,)]


def test_the_own_session(provider):
    """7.3: whoever ends the session they came from loses its cookie with it, and their token."""
    token = provider.console_token()
    sid = payload_of(token)["sid"]
    answer = provider.api("DELETE", "/idp-sessions/" + sid, token)
    assert data(answer) == {"result": "deactivated"}
    assert "autentico_idp_session=;" in answer.headers["Set-Cookie"] and "Max-Age=0" in answer.headers["Set-Cookie"]
    oerr(provider.api("GET", "/idp-sessions", token), 401, "invalid_token")


def test_idle_sessions_are_no_longer_live(provider, client, person):
    """What is idle is over, whenever the clean-up comes by."""
    with provider.settings(sso_session_idle_timeout="10m"):
        provider.later(601)
        assert data(provider.api("GET", f"/users/{person.id}/idp-sessions")) == []
        assert data(provider.api("GET", "/idp-sessions", params={"search": person.name}))["total"] == 0


def test_stats(provider, client):
    """7.6"""
    names = {"total_users", "active_clients", "active_devices", "active_tokens", "recent_logins", "pending_deletion_requests",
             "failed_logins_24h", "locked_accounts"}
    before = data(provider.api("GET", "/stats"))
    assert set(before) == names and all(type(n) is int for n in before.values())
    Person(provider, client, "counted")
    browser = Browser(provider)
    for _ in range(5):
        page = browser.get(provider.authorize_url(client))
        provider.post_login(browser, page.text, "counted", "wrong password")
    after = data(provider.api("GET", "/stats"))
    grown = {name: after[name] - before[name] for name in names}
    assert grown == {"total_users": 1, "active_clients": 0, "active_devices": 1, "active_tokens": 1, "recent_logins": 1,
                     "pending_deletion_requests": 0, "failed_logins_24h": 5, "locked_accounts": 1}
    provider.later(86401)
    later = data(provider.api("GET", "/stats"))
    assert (later["active_tokens"], later["recent_logins"], later["failed_logins_24h"]) == (0, 0, 0)


LISTS = ["/idp-sessions", "/tokens", "/audit-logs", f"/idp-sessions/{UNKNOWN}/sessions"]


@pytest.mark.parametrize("path", LISTS)
def test_bad_paging(provider, path):
    """1.9: what is no number is the default; twice or undecodable is refused; nothing is a fault."""
    whole = data(provider.api("GET", path))
    assert set(whole) == {"items", "total"} and len(whole["items"]) <= 100
    for query in ("limit=0", "limit=-1", "limit=101", "limit=x", "limit=9223372036854775808", "limit=1e3", "offset=-1", "offset=x",
                  "offset=99999999999999999999", "sort=nothing", "sort=id%3B%20DROP%20TABLE%20tokens", "order=sideways", "unknown=1", "limit=&offset=&sort="):
        answer = provider.api("GET", path + "?" + query)
        assert data(answer)["total"] == whole["total"], query
    assert data(provider.api("GET", path + "?offset=9223372036854775807"))["items"] == []
    for query in ("limit=1&limit=2", "search=%ff", "search=a%00b", "sort=a&sort=b"):
        answer = provider.api("GET", path + "?" + query)
        oerr(answer, 400, "invalid_request")
        assert "sql" not in answer.text.lower()
    for search in ("%", "_", "' OR '1'='1", "\\", "x" * 4000, "é" * 150):
        assert provider.api("GET", path, params={"search": search}).status_code == 200


@pytest.mark.parametrize("path, column", [("/idp-sessions", "created_at"), ("/idp-sessions", "last_activity_at"), ("/tokens", "issued_at"),
                                          ("/audit-logs", "created_at")])
def test_bad_dates(provider, path, column):
    """1.3 DERR"""
    for query in ({"_from": "yesterday"}, {"_to": "2026-13-01"}, {"_from": "1"}, {"_from": "2026-01-02", "_to": "2026-01-01"},
                  {"_from": "2026-01-01' OR 1=1--"}):
        answer = provider.api("GET", path, params={column + end: value for end, value in query.items()})
        body = answer.json()
        assert answer.status_code == 400 and body["data"] is None and body["error"]["code"] == 400 and body["error"]["message"]


def test_nobody_without_the_role(provider, client, person):
    """1.10: an application's token, an account token, a person without the role, cookies of an administrator."""
    admin = Browser(provider)
    page = admin.follow(admin.get("/admin/"))
    assert admin.follow(provider.post_login(admin, page.text)).status_code == 200
    csrf = hidden(admin.get("/admin/users/new").text, "csrf_token")
    plain = provider.console_token(username=person.name)
    for method, path in (("GET", "/sessions"), ("DELETE", "/sessions/" + UNKNOWN), ("GET", "/idp-sessions"), ("DELETE", "/idp-sessions/" + person.sid),
                         ("GET", f"/idp-sessions/{person.sid}/sessions"), ("GET", f"/users/{person.id}/idp-sessions"), ("GET", "/tokens"),
                         ("DELETE", "/tokens/" + person.jti), ("GET", "/stats"), ("GET", "/audit-logs"), ("POST", "/users/lookup"),
                         ("GET", "/settings/export"), ("POST", "/settings/import/preview"), ("POST", "/settings/import/apply")):
        for token in (person.tokens["access_token"], provider.console_token("account", username=person.name), plain):
            oerr(provider.api(method, path, token, json={}), 403, "forbidden")
        answer = admin.request(method, "/admin/api" + path, json={}, headers={"X-CSRF-Token": csrf})
        assert (answer.status_code, answer.text) == (401, "{}"), path
    assert provider.userinfo(person.tokens["access_token"]).status_code == 200


def test_lookup(provider, client, person):
    """7.1"""
    answer = provider.api("POST", "/users/lookup", json={
        "ids": [person.id, UNKNOWN], "emails": [f" {person.name.upper()}@EXAMPLE.test ", "no@example.test"], "usernames": ["admin", "Admin"]})
    found = data(answer)
    assert [u["username"] for u in found["items"]] == [person.name, "admin"]
    assert found["not_found"] == {"ids": [UNKNOWN], "emails": ["no@example.test"], "usernames": ["Admin"]}
    assert found["items"][0] == data(provider.api("GET", "/users/" + person.id))
    for body in ({}, {"ids": []}, {"ids": [UNKNOWN] * 101}, {"ids": ["x"] * 50, "emails": ["x"] * 51}, {"ids": "x"}, {"ids": [1]}, [], "x"):
        oerr(provider.api("POST", "/users/lookup", json=body), 400, "invalid_request")
    assert data(provider.api("POST", "/users/lookup", json={"ids": [UNKNOWN] * 100}))["items"] == []
    # any content type carries the same JSON; a form is none
    text = '{"usernames":["admin"]}'
    assert len(data(provider.api("POST", "/users/lookup", data=text, headers={"Content-Type": "text/plain"}))["items"]) == 1
    oerr(provider.api("POST", "/users/lookup", data={"usernames": "admin"}), 400, "invalid_request")
