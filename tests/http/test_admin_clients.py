"""Applications and settings over the admin API (http-api 7.2, 7.6)."""
import json
import re
import shlex

import pytest
import requests

from provider import CALLBACK, Browser, Provider, free_port, oerr, pkce

MINIMAL = {"client_name": "App", "redirect_uris": [CALLBACK]}


def test_registration(provider):
    """7.2: the defaults, and the secret this once"""
    made = provider.api("POST", "/clients", json=MINIMAL)
    assert made.status_code == 201
    row = made.json()
    assert re.fullmatch(r"[A-Za-z0-9_-]{43}", row["client_id"]) and re.fullmatch(r"[A-Za-z0-9_-]{43}", row["client_secret"])
    assert row["client_secret_expires_at"] == 0 and abs(row["client_id_issued_at"] - provider.now()) < 60
    assert {k: row[k] for k in ("client_name", "client_type", "redirect_uris", "post_logout_redirect_uris", "grant_types",
                                "response_types", "scopes", "token_endpoint_auth_method")} == {
        "client_name": "App", "client_type": "confidential", "redirect_uris": [CALLBACK], "post_logout_redirect_uris": [],
        "grant_types": ["authorization_code"], "response_types": ["code"], "scopes": "openid profile email",
        "token_endpoint_auth_method": "client_secret_basic"}
    read = provider.api("GET", "/clients/" + row["client_id"])
    assert read.status_code == 200 and "client_secret" not in read.json() and read.json()["is_active"] is True
    assert not {"access_token_expiration", "allowed_audiences", "consent_required"} & read.json().keys()


def test_public_registration(provider):
    """7.2: no secret; what RFC 7591 says without client_type, too"""
    for body in ({"client_type": "public"}, {"token_endpoint_auth_method": "none"}):
        row = provider.api("POST", "/clients", json={**MINIMAL, **body}).json()
        assert row["client_type"] == "public" and row["token_endpoint_auth_method"] == "none" and "client_secret" not in row


@pytest.mark.parametrize("changes, status, code", [
    ({"client_name": None}, 400, "invalid_client_metadata"), ({"client_name": ""}, 400, "invalid_client_metadata"),
    ({"client_name": "x" * 256}, 400, "invalid_client_metadata"), ({"client_name": "<b>"}, 400, "invalid_client_metadata"),
    ({"client_name": 5}, 400, "invalid_request"), ({"redirect_uris": None}, 400, "invalid_redirect_uri"),
    ({"redirect_uris": []}, 400, "invalid_redirect_uri"), ({"redirect_uris": [CALLBACK + str(i) for i in range(11)]}, 400, "invalid_redirect_uri"),
    ({"redirect_uris": ["word"]}, 400, "invalid_redirect_uri"), ({"redirect_uris": CALLBACK}, 400, "invalid_request"),
    ({"redirect_uris": [1]}, 400, "invalid_request"), ({"grant_types": ["implicit"]}, 400, "invalid_client_metadata"),
    ({"grant_types": "x"}, 400, "invalid_request"), ({"response_types": ["banana"]}, 400, "invalid_client_metadata"),
    ({"client_type": "secret"}, 400, "invalid_client_metadata"), ({"token_endpoint_auth_method": "magic"}, 400, "invalid_client_metadata"),
    ({"token_endpoint_auth_method": "none", "client_type": "confidential"}, 400, "invalid_client_metadata"),
    ({"client_type": "public", "client_secret": "x"}, 400, "invalid_client_metadata"), ({"client_id": "a/b"}, 400, "invalid_client_metadata"),
    ({"client_id": ".."}, 400, "invalid_client_metadata"), ({"client_id": "x" * 256}, 400, "invalid_client_metadata"),
    ({"client_secret": "x" * 513}, 400, "invalid_client_metadata"), ({"scopes": "a\"b"}, 400, "invalid_client_metadata"),
    ({"scopes": "openid", "scope": "email"}, 400, "invalid_client_metadata"), ({"access_token_expiration": "soon"}, 400, "invalid_client_metadata"),
    ({"client_id": "autentico-admin"}, 409, "conflict"), ({"post_logout_redirect_uris": ["x"]}, 400, "invalid_client_metadata"),
    ({"consent_required": "yes"}, 400, "invalid_request"),
])
def test_registrations_refused(provider, changes, status, code):
    """7.2; a wrong JSON type is invalid_request (1.2)"""
    body = {k: v for k, v in {**MINIMAL, **changes}.items() if v is not None}
    answer = provider.api("POST", "/clients", json=body)
    assert answer.status_code == status, answer.text
    assert answer.json()["error"] in (code, "invalid_client_metadata", "invalid_redirect_uri")
    assert answer.json()["error"] == code or status == 400 and code == "invalid_request"


def test_update(provider):
    """7.2: what is absent keeps its value; overrides are cleared by being left out."""
    client = provider.register(access_token_expiration="5m", allowed_audiences=["x"])
    path = "/clients/" + client.id
    before = provider.api("GET", path).json()
    assert before["access_token_expiration"] == "5m" and before["allowed_audiences"] == ["x"]
    after = provider.api("PUT", path, json={"client_name": "New name"}).json()
    assert after["client_name"] == "New name" and after["redirect_uris"] == before["redirect_uris"]
    assert after["grant_types"] == before["grant_types"] and after["allowed_audiences"] == ["x"] and after["is_active"] is True
    for name in ("client_id", "client_secret", "client_type"):
        changed = provider.api("PUT", path, json={name: "other"})
        assert changed.status_code == 200 and changed.json()["client_id"] == client.id and changed.json()["client_type"] == "confidential"
    oerr(provider.api("PUT", path, json={"redirect_uris": ["word"]}), 400, "invalid_redirect_uri")
    oerr(provider.api("PUT", path, json={"client_name": ""}), 400, "invalid_client_metadata")
    oerr(provider.api("PUT", "/clients/nobody", json=MINIMAL), 404, "invalid_client")
    oerr(provider.api("GET", "/clients/nobody"), 404, "invalid_client")
    oerr(provider.api("DELETE", "/clients/nobody"), 404, "invalid_client")
    oerr(provider.api("PUT", path, data="{"), 400, "invalid_request")


def test_delete_is_soft(provider):
    """7.2: it stops at once; the row and the name stay."""
    client = provider.register(client_id="shortlived")
    tokens = provider.tokens(client)
    assert provider.api("DELETE", "/clients/shortlived").status_code == 204
    assert provider.userinfo(tokens["access_token"]).status_code == 401
    assert provider.authorize(client).status_code == 400
    assert provider.api("GET", "/clients/shortlived").json()["is_active"] is False
    oerr(provider.api("POST", "/clients", json={**MINIMAL, "client_id": "shortlived"}), 409, "conflict")
    assert provider.api("PUT", "/clients/shortlived", json={"is_active": True}).status_code == 200
    assert provider.authorize(client).status_code == 200


def test_a_new_secret(provider):
    """An overlap by default, none when told so."""
    client = provider.register()
    old, path = client.secret, f"/clients/{client.id}/rotate-secret"
    answer = provider.api("POST", path)
    assert answer.status_code == 200 and answer.json()["client_secret"] != old
    token = {"token": "x"}
    for secret in (old, answer.json()["client_secret"]):
        assert requests.post(provider.issuer + "/introspect", data=token, auth=(client.id, secret), timeout=10).status_code == 200
    provider.later(86401)
    assert requests.post(provider.issuer + "/introspect", data=token, auth=(client.id, old), timeout=10).status_code == 401
    now = provider.api("POST", path, json={"now": True}).json()["client_secret"]
    for secret, status in ((answer.json()["client_secret"], 401), (now, 200)):
        assert requests.post(provider.issuer + "/introspect", data=token, auth=(client.id, secret), timeout=10).status_code == status
    oerr(provider.api("POST", path, json={"now": "yes"}), 400, "invalid_request")


def test_the_consoles_keep_theirs(provider):
    """Nobody can take from under the consoles what they sign in with."""
    for client_id in ("autentico-admin", "autentico-account"):
        oerr(provider.api("DELETE", "/clients/" + client_id), 409, "conflict")
        for change in ({"is_active": False}, {"redirect_uris": [CALLBACK]}, {"grant_types": ["refresh_token"]}, {"scopes": "openid"}):
            oerr(provider.api("PUT", "/clients/" + client_id, json=change), 409, "conflict")
    browser = Browser(provider)
    assert "Log In" in browser.follow(browser.get("/admin/")).text
    # nor may somebody else be sent what they sign in with
    theirs = provider.api("GET", "/clients/autentico-admin").json()["redirect_uris"]
    oerr(provider.api("PUT", "/clients/autentico-admin", json={"redirect_uris": [*theirs, CALLBACK]}), 409, "conflict")
    assert provider.api("PUT", "/clients/autentico-admin", json={"redirect_uris": theirs}).status_code == 200


def test_another_address():
    """The consoles were made for the one before (settings 6): doctor says what to type, and it can be typed."""
    p = Provider()
    try:
        p.start()
        p.onboard_cli()
        p.port = free_port()
        p.url = f"http://localhost:{p.port}"
        p.restart(AUTENTICO_APP_URL=p.url, AUTENTICO_LISTEN_PORT=str(p.port))
        browser = Browser(p)
        assert browser.follow(browser.get("/admin/")).status_code == 400
        assert {e["client_id"] for e in p.events("console_of_another_address")} == {"autentico-admin", "autentico-account"}
        found = [f for f in json.loads(p.run("doctor", "--json", check=False).stdout)["findings"] if f["id"] == "consoles"]
        assert [(f["status"], f["subject"]) for f in found] == [("fail", "autentico-admin"), ("fail", "autentico-account")]
        for finding in found:
            name, *words = shlex.split(finding["mend"])
            assert name == "autentico"
            p.run(*words)
        for path in ("/admin/", "/account/"):
            assert "Log In" in browser.follow(browser.get(path)).text
        findings = json.loads(p.run("doctor", "--json", check=False).stdout)["findings"]
        assert [f["status"] for f in findings if f["id"] == "consoles"] == ["ok"]
    finally:
        p.stop()


def test_the_register_path(provider):
    """7.2: the same handlers for an administrator's token; no collection, no admin token (design D25)."""
    bearer = {"Authorization": "Bearer " + provider.console_token()}
    made = requests.post(provider.issuer + "/register", json=MINIMAL, headers=bearer, timeout=10)
    assert made.status_code == 201
    url = provider.issuer + "/register/" + made.json()["client_id"]
    assert requests.get(url, headers=bearer, timeout=10).json()["client_name"] == "App"
    assert requests.put(url, json={"client_name": "B"}, headers=bearer, timeout=10).json()["client_name"] == "B"
    assert requests.delete(url, headers=bearer, timeout=10).status_code == 204
    assert requests.get(provider.issuer + "/register", headers=bearer, timeout=10).status_code in (404, 405)
    for method in ("get", "put", "delete"):
        assert getattr(requests, method)(url, timeout=10).status_code == 401


# --- settings ------------------------------------------------------------------

def test_settings_are_live(provider, client):
    """design D17, settings 3: on the next request, in every worker."""
    for title in ("One & only", "Two"):
        with provider.settings(theme_title=title):
            for _ in range(12):
                assert title.replace("&", "&amp;") in provider.authorize(client).text
    verifier, challenge = pkce()
    with provider.settings(pkce_enforce_s256="false"):
        code = provider.sign_in(client, code_challenge=verifier, code_challenge_method="plain")["code"]
        assert provider.redeem(client, code, code_verifier=verifier).status_code == 200
    assert provider.error(client, code_challenge=verifier, code_challenge_method="plain")["error"] == "invalid_request"


def test_settings_read(provider):
    """7.6: all that is stored, as text, but for what is secret"""
    data = provider.api("GET", "/settings").json()["data"]
    assert data["access_token_expiration"] == "15m" and data["onboarded"] == "true"
    assert all(type(value) is str for value in data.values())
    assert not {"smtp_password", "private_key"} & data.keys()


@pytest.mark.parametrize("body", [
    {"access_token_expiration": "soon"}, {"access_token_expiration": "15"}, {"access_token_expiration": "-1m"},
    {"access_token_expiration": "25h"}, {"access_token_expiration": "0"}, {"access_token_expiration": ""},
    {"sso_session_idle_timeout": "1d"}, {"audit_log_retention": "-2"}, {"logout_confirmation": "sometimes"},
    {"theme_title": 5}, {"theme_title": None}, {"theme_title": ["x"]}, {"theme_title": True}, {"theme_title": "a\u0000b"},
    {"": "x"}, {"x" * 129: "x"}, {"mfa_enabled": "false", "require_mfa": "true"}, [], "x", 7,
    # design D17: what is not built yet is refused, never ignored
    {"require_mfa": "yes"}, {"mfa_enabled": "on"}, {"mfa_method": "sms"}, {"allow_self_signup": "true"}, {"magic_link_enabled": "true"},
    {"smtp_host": "mail.example.test/x"}, {"smtp_port": "mail"}, {"smtp_from": "me"}, {"auth_mode": "passkey_only"}, {"theme_css_file": "/etc/passwd"}])
def test_settings_refused(provider, body):
    """7.6: 400, and nothing is stored of the rest either"""
    before = provider.api("GET", "/settings").json()
    if isinstance(body, dict):
        body = {"theme_tagline": "must not stay", **body}
    answer = provider.api("PUT", "/settings", json=body)
    oerr(answer, 400, "invalid_request")
    assert provider.api("GET", "/settings").json() == before


def test_settings_dropped_and_unknown(provider):
    """7.6: reserved keys without a word, unknown ones kept."""
    answer = provider.api("PUT", "/settings", json={"onboarded": "false", "private_key": "x", "my_own": "kept",
                                                    "lockout_max_attempts": "7"})
    assert (answer.status_code, answer.text) == (204, "")
    data = provider.api("GET", "/settings").json()["data"]
    assert data["onboarded"] == "true" and "private_key" not in data and data["my_own"] == "kept"
    assert data["account_lockout_max_attempts"] == "7" and "lockout_max_attempts" not in data
    provider.api("PUT", "/settings", json={"account_lockout_max_attempts": "5"})


def test_a_big_settings_body(provider):
    """HT-16: up to 128 KiB here, 64 KiB elsewhere."""
    css = "a{color:red}" * 7000
    assert provider.api("PUT", "/settings", json={"theme_css_inline": css}).status_code == 204
    sheet = requests.get(provider.issuer + "/static/theme.css", timeout=10)
    assert css in sheet.text and sheet.headers["Content-Type"] == "text/css; charset=utf-8"
    again = requests.get(provider.issuer + "/static/theme.css", headers={"If-None-Match": sheet.headers["ETag"]}, timeout=10)
    assert again.status_code == 304 and again.text == ""
    provider.api("PUT", "/settings", json={"theme_css_inline": ""})
    assert provider.api("PUT", "/settings", json={"theme_css_inline": css * 2}).status_code == 413
    assert provider.api("POST", "/clients", json={**MINIMAL, "x": "y" * 70000}).status_code == 413


def test_account_settings_are_for_everybody(provider):
    """8: the one API route without authentication"""
    answer = requests.get(provider.url + "/account/api/settings", timeout=10)
    assert answer.status_code == 200 and answer.json()["data"]["oauth_path"] == "/oauth2"
