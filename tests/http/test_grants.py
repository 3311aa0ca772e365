"""Client credentials and the password grant over real HTTP: TK-12, TK-13, TK-33 to TK-36, BT-09, AT-05, MD-08."""
import json

import pytest
import requests
from jwcrypto import jwk, jwt

from provider import ADMIN, PASSWORD, Provider

CC = "client_credentials"


def claims(provider, token):
    keys = jwk.JWKSet.from_json(json.dumps(provider.jwks()))
    return json.loads(jwt.JWT(jwt=token, key=keys, algs=["RS256"]).claims)


def advertised(provider, path):
    """The private front keeps metadata for ten seconds: ask by a path not asked before."""
    return requests.get(provider.url + path, timeout=10).json()["grant_types_supported"]


@pytest.fixture(scope="module")
def machine(provider):
    return provider.add_client(grant_types=CC, scopes="openid offline_access api:read api:write")


@pytest.fixture(scope="module")
def trusted(provider):
    """Before it is registered, nobody may and nobody is told of the password grant (TK-36)."""
    assert "password" not in advertised(provider, "/.well-known/openid-configuration")
    public = provider.add_client(public=True)
    answer = provider.token(public, grant_type="password", client_id=public.id, username=ADMIN, password=PASSWORD)
    assert (answer.status_code, answer.json()["error"]) == (400, "unauthorized_client")
    made = provider.add_client(public=True, refresh=True, grant_types="password")
    assert advertised(provider, "/oauth2/.well-known/openid-configuration") == [
        "authorization_code", "refresh_token", CC, "password"]
    return made


def ask(provider, client, **form):
    return provider.token(client, grant_type="password", client_id=client.id,
                          **{"username": ADMIN, "password": PASSWORD, **form})


def test_client_credentials(provider, machine):
    """TK-33"""
    answer = provider.token(machine, grant_type=CC, scope="api:read openid")
    assert answer.status_code == 200, answer.text
    assert answer.headers["Cache-Control"] == "no-store" and answer.headers["Pragma"] == "no-cache"
    body = answer.json()
    assert set(body) == {"access_token", "token_type", "expires_in", "scope"} and body["scope"] == "api:read"
    c = claims(provider, body["access_token"])
    assert c["sub"] == machine.id and c["acr"] == "1" and "role" not in c
    seen = provider.introspect(machine, body["access_token"])
    assert seen["active"] and seen["scope"] == "api:read" and "sub" not in seen
    refused = provider.userinfo(body["access_token"])  # BT-09
    assert refused.status_code == 401 and 'error="invalid_token"' in refused.headers["WWW-Authenticate"]
    assert requests.post(provider.issuer + "/revoke", data={"token": body["access_token"]}, auth=machine.auth,
                         timeout=10).status_code == 200
    assert provider.introspect(machine, body["access_token"]) == {"active": False}


@pytest.mark.parametrize("form, status, code", [
    ({"scope": "api:delete"}, 400, "invalid_scope"),                   # TK-35
    ({"scope": "openid offline_access"}, 400, "invalid_scope"),        # TK-35
    ({"scope": 'a"b'}, 400, "invalid_scope"),
])
def test_client_credentials_scope(provider, machine, form, status, code):
    answer = provider.token(machine, grant_type=CC, **form)
    assert (answer.status_code, answer.json()["error"]) == (status, code)


def test_client_credentials_for_whom(provider, client, machine):
    """TK-34, TK-13, TK-05"""
    public = provider.add_client(public=True, grant_types=CC)
    answer = provider.token(public, grant_type=CC, client_id=public.id)
    assert (answer.status_code, answer.json()["error"]) == (400, "unauthorized_client")
    answer = provider.token(client, grant_type=CC)
    assert (answer.status_code, answer.json()["error"]) == (400, "unauthorized_client")
    for auth in (None, (machine.id, "wrong")):
        answer = provider.token(auth=auth, grant_type=CC)
        assert (answer.status_code, answer.json()["error"]) == (401, "invalid_client")
    # what it is for does not let it send people here
    answer = requests.get(provider.authorize_url(machine, scope="api:read"), allow_redirects=False, timeout=10)
    assert "error=unauthorized_client" in answer.headers["Location"]


def test_password(provider, trusted):
    """http-api 6.1"""
    answer = ask(provider, trusted)
    assert answer.status_code == 200, answer.text
    body = answer.json()
    assert set(body) == {"access_token", "token_type", "expires_in", "refresh_token", "id_token", "scope"}
    assert body["scope"] == "openid profile email"
    assert claims(provider, body["id_token"])["amr"] == ["pwd"]
    assert provider.userinfo(body["access_token"]).json()["preferred_username"] == ADMIN
    again = provider.refresh(trusted, body["refresh_token"])
    assert again.status_code == 200
    assert provider.userinfo(body["access_token"]).status_code == 401  # rotated
    assert provider.userinfo(again.json()["access_token"]).status_code == 200


@pytest.mark.parametrize("form, status, code", [
    ({"password": None}, 400, "invalid_request"),
    ({"username": ""}, 400, "invalid_request"),
    ({"password": "wrong password"}, 400, "invalid_grant"),
    ({"username": "nobody-here"}, 400, "invalid_grant"),
    ({"scope": "openid admin"}, 400, "invalid_scope"),
])
def test_password_refusals(provider, trusted, form, status, code):
    answer = ask(provider, trusted, **form)
    assert (answer.status_code, answer.json()["error"]) == (status, code)
    assert answer.headers["Cache-Control"] == "no-store"


def test_password_of_no_client(provider, trusted):
    answer = provider.token(grant_type="password", username=ADMIN, password=PASSWORD)
    assert (answer.status_code, answer.json()["error"]) == (401, "invalid_client")


def test_password_lockout(provider, trusted, client):
    """flows 15: one counter for the grant and the login page"""
    provider.add_user("forgetful")
    for _ in range(5):
        assert ask(provider, trusted, username="forgetful", password="wrong password").json()["error"] == "invalid_grant"
    answer = ask(provider, trusted, username="forgetful")
    assert (answer.status_code, answer.json()["error"]) == (403, "account_locked")
    assert "locked" in answer.json()["error_description"]
    provider.run("users", "unlock", "forgetful")
    assert ask(provider, trusted, username="forgetful").status_code == 200


def test_the_grant_ends_with_its_registration(provider, trusted):
    app = provider.add_client(public=True, grant_types="password")
    assert ask(provider, app).status_code == 200
    provider.run("clients", "disable", app.id)
    answer = ask(provider, app)
    assert (answer.status_code, answer.json()["error"]) == (401, "invalid_client")


def test_cli_refuses_what_is_not_there(provider):
    for word in ("implicit", "urn:ietf:params:oauth:grant-type:device_code"):
        done = provider.run("clients", "add", "--name", "x", "--redirect-uri", "https://x.example/", "--grant-types",
                            word, check=False)
        assert done.returncode == 1 and "grant_types" in done.stderr


def test_registration_by_the_admin_api(admin_grant):
    """settings 6, 7: the flag of onboard, and what comes of it at the admin API"""
    provider, token = admin_grant
    bearer = {"Authorization": "Bearer " + token}
    made = requests.post(provider.url + "/admin/api/clients", headers=bearer, timeout=10, json={
        "client_name": "Job", "redirect_uris": ["https://job.example/"], "grant_types": [CC], "scopes": "jobs"})
    assert made.status_code == 201 and made.json()["grant_types"] == [CC]
    row = made.json()
    answer = requests.post(provider.issuer + "/token", data={"grant_type": CC}, timeout=10,
                           auth=(row["client_id"], row["client_secret"]))
    assert answer.status_code == 200 and answer.json()["scope"] == "jobs"
    stolen = {"Authorization": "Bearer " + answer.json()["access_token"]}
    assert requests.get(provider.url + "/admin/api/users", headers=stolen, timeout=10).status_code == 403
    for wrong in ("0123456789abcdefghuv", "a b"):  # AT-05
        made = requests.post(provider.url + "/admin/api/clients", headers=bearer, timeout=10, json={
            "client_id": wrong, "client_name": "Job", "redirect_uris": ["https://job.example/"]})
        assert made.status_code == 400 and made.json()["error"] == "invalid_client_metadata"


@pytest.fixture(scope="module")
def admin_grant():
    p = Provider()
    p.run("onboard", "--username", ADMIN, "--password", PASSWORD, "--enable-admin-password-grant")
    p.start()
    answer = p.token(grant_type="password", client_id="autentico-admin", username=ADMIN, password=PASSWORD)
    assert answer.status_code == 200, answer.text
    yield p, answer.json()["access_token"]
    p.stop()


def test_onboard_without_the_flag(provider):
    answer = provider.token(grant_type="password", client_id="autentico-admin", username=ADMIN, password=PASSWORD)
    assert (answer.status_code, answer.json()["error"]) == (400, "unauthorized_client")


def test_onboard_after_the_start():
    """The client is there by then: the flag has no effect, and says so."""
    p = Provider(AUTENTICO_ENABLE_ADMIN_PASSWORD_GRANT="true")
    try:
        p.start()
        done = p.run("onboard", "--username", ADMIN, "--password", PASSWORD)
        assert "left without the password grant" in done.stderr
        answer = p.token(grant_type="password", client_id="autentico-admin", username=ADMIN, password=PASSWORD)
        assert answer.json()["error"] == "unauthorized_client"
    finally:
        p.stop()


def test_onboard_by_the_environment():
    p = Provider(AUTENTICO_ENABLE_ADMIN_PASSWORD_GRANT="1")
    try:
        p.run("onboard", "--username", ADMIN, "--password", PASSWORD)
        p.start()
        answer = p.token(grant_type="password", client_id="autentico-admin", username=ADMIN, password=PASSWORD)
        assert answer.status_code == 200
    finally:
        p.stop()
