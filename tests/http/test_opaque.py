"""Opaque access tokens over real HTTP (design D4): by setting, live, and by client; at every endpoint of ours."""
import re
import secrets

import pytest
import requests

from provider import ADMIN, PASSWORD, Provider

OPAQUE = re.compile(r"[0-9a-v]{20}[A-Za-z0-9_-]{43}")


@pytest.fixture(scope="module")
def provider():
    p = Provider(AUTENTICO_ADMIN_TOKEN=secrets.token_hex(32))
    p.run("onboard", "--username", ADMIN, "--password", PASSWORD, "--enable-admin-password-grant")
    p.start()
    yield p
    p.stop()


def put_setting(provider, value):
    answer = requests.put(provider.url + "/admin/api/settings", json={"access_token_format": value}, timeout=10,
                          headers={"Authorization": "Bearer " + provider.env["AUTENTICO_ADMIN_TOKEN"]})
    assert answer.status_code in (204, 400), answer.text
    return answer


def is_opaque(token):
    return OPAQUE.fullmatch(token) is not None


def test_the_setting_is_live(provider, client):
    assert not is_opaque(provider.tokens(client)["access_token"])
    assert put_setting(provider, "opaque").status_code == 204
    tokens = provider.tokens(client)
    assert is_opaque(tokens["access_token"]) and is_opaque(tokens["refresh_token"])
    assert put_setting(provider, "paper").json()["error"] == "invalid_request"
    again = provider.refresh(client, tokens["refresh_token"]).json()
    assert is_opaque(again["access_token"])
    assert put_setting(provider, "jwt").status_code == 204
    # what was issued before stays what it was
    assert provider.userinfo(again["access_token"]).status_code == 200
    assert not is_opaque(provider.refresh(client, again["refresh_token"]).json()["access_token"])


def test_an_application_of_its_own_mind(provider):
    app = provider.add_client(refresh=True, access_token_format="opaque")
    tokens = provider.tokens(app)
    access, refresh = tokens["access_token"], tokens["refresh_token"]
    assert is_opaque(access) and not is_opaque(tokens["id_token"])
    assert provider.userinfo(access).json()["preferred_username"] == "admin"
    seen = provider.introspect(app, access)
    assert seen["active"] and seen["client_id"] == app.id and seen["iss"] == provider.issuer
    assert seen["jti"] == access[:20] and provider.issuer in seen["aud"]
    # BT-06: the two are not each other
    for wrong in (refresh, access[:-1] + ("A" if access[-1] != "A" else "B"), access[:20] + refresh[20:]):
        assert provider.userinfo(wrong).status_code == 401
    assert provider.refresh(app, access).json()["error"] == "invalid_grant"
    # RV-05: the pair is gone everywhere, at once
    assert requests.post(provider.issuer + "/revoke", data={"token": access}, auth=app.auth, timeout=10).status_code == 200
    assert provider.userinfo(access).status_code == 401
    assert provider.introspect(app, access) == {"active": False}
    assert provider.refresh(app, refresh).json()["error"] == "invalid_grant"


def test_it_expires(provider):
    app = provider.add_client(refresh=True, access_token_format="opaque")
    access = provider.tokens(app)["access_token"]
    try:
        provider.travel(899)
        assert provider.userinfo(access).status_code == 200
        provider.travel(901)
        assert provider.userinfo(access).status_code == 401
        assert provider.introspect(app, access) == {"active": False}
    finally:
        provider.travel(0)


def test_at_the_apis(provider):
    assert put_setting(provider, "opaque").status_code == 204
    try:
        provider.add_user("plain-user")
        for username, status in ((ADMIN, 200), ("plain-user", 403)):
            token = provider.token(grant_type="password", client_id="autentico-admin", username=username,
                                   password=PASSWORD).json()["access_token"]
            assert is_opaque(token)
            bearer = {"Authorization": "Bearer " + token}
            assert requests.get(provider.url + "/admin/api/users", headers=bearer, timeout=10).status_code == status
        other = provider.tokens(provider.add_client())["access_token"]
        answer = requests.get(provider.url + "/admin/api/users", headers={"Authorization": "Bearer " + other}, timeout=10)
        assert answer.status_code == 403 and "Token not issued for admin API" in answer.json()["error_description"]
    finally:
        put_setting(provider, "jwt")
