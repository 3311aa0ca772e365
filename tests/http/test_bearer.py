"""Bearer tokens at userinfo (RFC 6750), and what userinfo tells (OpenID Connect Core 5)."""
import re

import pytest
import requests

from jose import claims, payload_of
from provider import Browser, query_of

CHALLENGE = re.compile(r'Bearer realm="[^"\\\x00-\x1f]*"(, (error|error_description|scope)="[\x20-\x21\x23-\x5b\x5d-\x7e]*")*')
PERSON = {
    "given_name": "Jane", "family_name": "O'Doe", "middle_name": "Q", "nickname": "jd", "profile": "https://example.test/jane",
    "picture": "https://example.test/jane.png", "website": "https://jane.example.test/", "gender": "female",
    "birthdate": "1970-01-31", "zoneinfo": "Europe/Berlin", "locale": "de-DE", "phone_number": "+49 30 1234567",
    "address_street": "Straße 1", "address_locality": "Berlin", "address_region": "BE", "address_postal_code": "10115",
    "address_country": "DE"}
PROFILE = {"name", "preferred_username", "given_name", "family_name", "middle_name", "nickname", "profile", "picture",
           "website", "gender", "birthdate", "zoneinfo", "locale", "updated_at"}


@pytest.fixture(scope="module")
def jane(provider):
    """Somebody with every claim."""
    provider.add_user("jane", email="jane@example.test")
    row = next(u for u in provider.api("GET", "/users").json()["data"]["items"] if u["username"] == "jane")
    answer = provider.api("PUT", "/users/" + row["id"], json={**PERSON, "is_email_verified": True,
                                                              "phone_number_verified": True})
    assert answer.status_code == 200, answer.text
    return row["id"]


@pytest.fixture(scope="module")
def app(provider):
    return provider.register(scopes="openid profile email address phone offline_access groups")


@pytest.fixture
def tokens(provider, app, jane):
    return provider.tokens(app, username="jane", scope="openid profile email address phone")


def ask(provider, method="GET", data=None, query="", **headers):
    return requests.request(method, provider.issuer + "/userinfo" + query, data=data, headers=headers, timeout=10)


def refused(answer, status, code):
    """WWW(status, code) of the conformance list; every value quoted and clean (BT-08)."""
    assert answer.status_code == status, answer.text
    challenge = answer.headers["WWW-Authenticate"]
    assert CHALLENGE.fullmatch(challenge), challenge
    assert (f'error="{code}"' in challenge) if code else ("error" not in challenge)
    assert answer.headers["Cache-Control"] == "no-store"


@pytest.mark.parametrize("scheme", ["Bearer", "bearer", "BEARER", "bEaReR"])
def test_in_the_header(provider, tokens, scheme):
    """BT-01, HT-24, UI-01: by GET and by POST."""
    for method in ("GET", "POST"):
        answer = ask(provider, method, Authorization=scheme + " " + tokens["access_token"])
        assert answer.status_code == 200 and answer.headers["Content-Type"] == "application/json"
        assert answer.json()["sub"] == claims(provider, tokens["id_token"])["sub"]
        assert answer.headers["Cache-Control"] == "no-store"  # HT-08


def test_in_the_body(provider, tokens):
    """BT-02: of a form post only."""
    token = tokens["access_token"]
    assert ask(provider, "POST", {"access_token": token}).status_code == 200
    refused(ask(provider, "POST", "access_token=" + token, **{"Content-Type": "text/plain"}), 401, None)
    refused(ask(provider, "POST", '{"access_token":"%s"}' % token, **{"Content-Type": "application/json"}), 401, None)
    refused(ask(provider, "GET", {"access_token": token}), 401, None)


def test_in_the_query(provider, tokens):
    """BT-03, O1-05"""
    refused(ask(provider, query="?access_token=" + tokens["access_token"]), 401, None)
    refused(ask(provider, "POST", query="?access_token=" + tokens["access_token"]), 401, None)


def test_twice(provider, tokens):
    """BT-04"""
    token = tokens["access_token"]
    refused(ask(provider, "POST", {"access_token": token}, Authorization="Bearer " + token), 400, "invalid_request")
    refused(ask(provider, "POST", [("access_token", token), ("access_token", token)]), 400, "invalid_request")


def test_none(provider):
    """BT-05, UI-13"""
    answer = ask(provider)
    refused(answer, 401, None)
    assert answer.headers["WWW-Authenticate"] == f'Bearer realm="{provider.issuer}"' and answer.text == "{}"


@pytest.mark.parametrize("authorization", ["Bearer", "Bearer ", "Bearer  x", "Bearer a b", "Token x", "Basic eDp5", "x",
                                           "Bearer a,Bearer b"])
def test_other_headers(provider, authorization):
    """BT-06"""
    answer = ask(provider, Authorization=authorization)
    assert answer.status_code == 401 and CHALLENGE.fullmatch(answer.headers["WWW-Authenticate"])


def test_tokens_that_are_none(provider, app, tokens):
    """BT-06, BT-09, AT-06, JO-06: malformed, truncated, of another kind."""
    code = provider.sign_in(app)["code"]
    access = tokens["access_token"]
    for wrong in ("x", "a.b.c", access[:-1], access[1:], access + "A", access.rsplit(".", 1)[0] + ".", access[:40],
                  tokens["id_token"], tokens["refresh_token"], code, provider.admin_token, "x" * 9000):
        refused(ask(provider, Authorization="Bearer " + wrong), 401, "invalid_token")


def test_tokens_that_are_no_more(provider, app):
    """BT-06: expired, revoked, of somebody who was deactivated, of a client that was disabled."""
    access = provider.tokens(app)["access_token"]
    provider.later(901)
    refused(ask(provider, Authorization="Bearer " + access), 401, "invalid_token")
    access = provider.tokens(app)["access_token"]
    assert provider.revoke(app, access).status_code == 200
    refused(ask(provider, Authorization="Bearer " + access), 401, "invalid_token")
    provider.add_user("leaver")
    access = provider.tokens(app, username="leaver")["access_token"]
    sub = payload_of(access)["sub"]
    assert provider.api("POST", f"/users/{sub}/deactivate").status_code == 204
    refused(ask(provider, Authorization="Bearer " + access), 401, "invalid_token")


def test_without_openid(provider, app):
    """BT-07, CO-01"""
    answer = ask(provider, Authorization="Bearer " + provider.tokens(app, scope="profile email")["access_token"])
    refused(answer, 403, "insufficient_scope")
    assert 'scope="openid"' in answer.headers["WWW-Authenticate"]


def test_short_and_for_somebody(provider, app, tokens):
    """BT-10, BC-12: an hour at most, for this issuer and this client."""
    access = claims(provider, tokens["access_token"])
    assert access["exp"] - access["iat"] <= 3600
    assert access["aud"] == [provider.issuer, app.id] and access["azp"] == app.id


# --- claims --------------------------------------------------------------------

def test_every_claim_of_a_scope(provider, tokens, jane):
    """UI-03, UI-04"""
    info = provider.userinfo(tokens["access_token"]).json()
    assert info["sub"] == jane and PROFILE <= info.keys()
    for name in PROFILE & PERSON.keys():
        assert info[name] == PERSON[name], name
    assert info["name"] == "Jane O'Doe" and info["preferred_username"] == "jane"
    assert type(info["updated_at"]) is int and info["updated_at"] <= provider.now()
    assert info["email"] == "jane@example.test" and info["email_verified"] is True
    assert info["phone_number"] == PERSON["phone_number"] and info["phone_number_verified"] is True
    assert info["address"] == {"street_address": "Straße 1", "locality": "Berlin", "region": "BE", "postal_code": "10115",
                               "country": "DE"}


@pytest.mark.parametrize("scope, wanted", [
    ("openid", set()), ("openid profile", PROFILE), ("openid email", {"email", "email_verified"}),
    ("openid phone", {"phone_number", "phone_number_verified"}), ("openid address", {"address"}),
    ("openid groups", set()), ("openid offline_access", set()),
])
def test_no_claim_of_another_scope(provider, app, jane, scope, wanted):
    """UI-05"""
    info = provider.userinfo(provider.tokens(app, username="jane", scope=scope)["access_token"]).json()
    assert set(info) == {"sub", "scope"} | wanted


def test_claims_without_a_value(provider, app):
    """UI-02: absent, never null or empty."""
    provider.add_user("bare")
    info = provider.userinfo(provider.tokens(app, username="bare",
                                             scope="openid profile email address phone")["access_token"]).json()
    assert set(info) == {"sub", "scope", "name", "preferred_username", "updated_at", "email_verified", "phone_number_verified"}
    assert not [name for name, value in info.items() if value in ("", None, {}, [])]


def test_userinfo_tells_of_now(provider, app, jane):
    """UI-03: a change shows at once."""
    token = provider.tokens(app, username="jane")["access_token"]
    assert provider.api("PUT", "/users/" + jane, json={"nickname": "jay"}).status_code == 200
    assert provider.userinfo(token).json()["nickname"] == "jay"
    provider.api("PUT", "/users/" + jane, json={"nickname": "jd"})


@pytest.mark.parametrize("text", ["{", "", "[]", '"x"', "1", "null", '{"userinfo":[]}', '{"id_token":"x"}', '{"userinfo":{}',
                                  '{"a":1,"a":2}', "{}x", "[" * 2000, '{"a":' * 900, "x" * 5000])
def test_the_claims_parameter_malformed(provider, app, text):
    """UI-06 (empty: HT-04, as if it were absent)"""
    if text == "":
        assert provider.authorize(app, claims=text).status_code == 200
    else:
        assert provider.error(app, claims=text)["error"] == "invalid_request"


def test_the_claims_parameter(provider, app, jane):
    """UI-07, UI-09, MD-12: not advertised; what it asks for, known or not, is voluntary and does no harm."""
    asked = '{"userinfo":{"name":{"essential":true},"unknown#de":null,"email":{"value":"other@example.test"}},"id_token":{"x":null}}'
    tokens = provider.tokens(app, username="jane", claims=asked, scope="openid profile")
    assert provider.userinfo(tokens["access_token"]).json()["name"] == "Jane O'Doe"
    assert Browser(provider).get("/.well-known/openid-configuration").json()["claims_parameter_supported"] is False


def test_offline_access(provider, app, jane):
    """UI-15, BL-08: the contract gives every code grant a refresh token; it ends with the sign-in, asked for or not."""
    for scope in ("openid", "openid offline_access"):
        browser = Browser(provider)
        tokens = provider.tokens(app, browser, username="jane", scope=scope)
        assert tokens["scope"] == scope
        assert provider.refresh(app, tokens["refresh_token"]).status_code == 200
        assert "code" in query_of(provider.authorize(app, browser, scope=scope).headers["Location"])
