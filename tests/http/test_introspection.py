"""Looking tokens up and taking them back (RFC 7662, RFC 7009)."""
import pytest
import requests

from jose import payload_of
from provider import Browser


@pytest.fixture(scope="module")
def other(provider):
    return provider.register()


@pytest.fixture
def tokens(provider, client):
    return provider.tokens(client)


def ask(provider, path, auth=None, headers=None, **form):
    return requests.post(f"{provider.issuer}/{path}", data=form, auth=auth, headers=headers, timeout=10)


def test_an_active_token(provider, client, tokens):
    """IN-01, IN-04"""
    answer = ask(provider, "introspect", client.auth, token=tokens["access_token"])
    assert answer.status_code == 200 and answer.headers["Content-Type"] == "application/json" and answer.headers["Cache-Control"] == "no-store"
    told, said = answer.json(), payload_of(tokens["access_token"])
    assert told["active"] is True and told["token_type"] == "Bearer" and told["username"] == "admin"
    for name in ("scope", "sub", "exp", "iat", "iss", "aud", "jti", "client_id"):
        assert told[name] == said[name], name
    refresh = provider.introspect(client, tokens["refresh_token"])
    assert refresh["active"] is True and refresh["exp"] > told["exp"] and refresh["client_id"] == client.id


def test_only_who_proves_itself(provider, client, tokens):
    """IN-02, RV-05"""
    public = provider.register(client_type="public")
    for path in ("introspect", "revoke"):
        for auth, form in ((None, {}), ((client.id, "wrong" * 8), {}), (("nobody", "x"), {}), (None, {"client_id": client.id}),
                           (None, {"client_id": client.id, "client_secret": client.secret})):
            answer = ask(provider, path, auth, token=tokens["access_token"], **form)
            assert (answer.status_code, answer.json()["error"]) == (401, "invalid_client"), (path, auth, form)
            assert ("WWW-Authenticate" in answer.headers) == (auth is not None)
    answer = ask(provider, "introspect", token=tokens["refresh_token"], client_id=public.id)
    assert (answer.status_code, answer.json()["error"]) == (401, "invalid_client")
    assert provider.userinfo(tokens["access_token"]).status_code == 200


def test_what_is_not_active(provider, client, other, tokens):
    """IN-03, IN-08: nothing else is said, of whatever it is; nor to whom it is no business."""
    audience = provider.register(client_id="api-client")
    for who, token in [(client, "x"), (client, "a.b.c"), (client, "é"), (client, tokens["id_token"]), (client, tokens["access_token"] + "x"),
                       (client, provider.sign_in(client)["code"]), (other, tokens["access_token"]), (other, tokens["refresh_token"])]:
        answer = ask(provider, "introspect", who.auth, token=token)
        assert (answer.status_code, answer.text) == (200, '{"active":false}'), token[:20]
    # a resource server that the token was issued for is told
    given = provider.register(allowed_audiences=["api-client"])
    assert provider.introspect(audience, provider.tokens(given)["access_token"])["active"] is True


def test_no_token(provider, client):
    """IN-05, RV-03"""
    for path in ("introspect", "revoke"):
        for form in ({}, {"token": ""}, {"token_type_hint": "access_token"}):
            answer = ask(provider, path, client.auth, **form)
            assert (answer.status_code, answer.json()["error"]) == (400, "invalid_request")


def test_json(provider, client, tokens):
    """IN-06: the contract takes a JSON body here; RFC 7009 has none."""
    answer = requests.post(provider.issuer + "/introspect", json={"token": tokens["access_token"]}, auth=client.auth, timeout=10)
    assert answer.json()["active"] is True
    answer = requests.post(provider.issuer + "/revoke", json={"token": tokens["access_token"]}, auth=client.auth, timeout=10)
    assert (answer.status_code, answer.json()["error"]) == (400, "invalid_request")


def test_what_ends_it(provider, client):
    """IN-07: the person, the session, the client, time; and it is never active again."""
    provider.add_user("ending")
    person = next(u for u in provider.api("GET", "/users", params={"search": "ending"}).json()["data"]["items"])["id"]
    browser = Browser(provider)
    tokens = provider.tokens(client, browser, username="ending")
    browser.get("/oauth2/logout", params={"id_token_hint": tokens["id_token"]})
    assert provider.introspect(client, tokens["access_token"]) == {"active": False}
    tokens = provider.tokens(client, username="ending")
    provider.api("POST", f"/users/{person}/deactivate")
    assert provider.introspect(client, tokens["access_token"]) == {"active": False}
    provider.api("POST", f"/users/{person}/reactivate")
    assert provider.introspect(client, tokens["access_token"]) == {"active": False}
    tokens = provider.tokens(client, username="ending")
    provider.later(901)
    assert provider.introspect(client, tokens["access_token"]) == {"active": False}
    assert provider.introspect(client, tokens["refresh_token"])["active"] is True
    provider.later(721 * 3600)
    assert provider.introspect(client, tokens["refresh_token"]) == {"active": False}


def test_an_administrator_may(provider, client, tokens):
    """http-api 6.3, 6.4: any live token of one; not of anybody else, and not AUTENTICO_ADMIN_TOKEN (design D25)."""
    provider.add_user("nobody-special")
    bearer = {"Authorization": "Bearer " + provider.console_token()}
    plain = {"Authorization": "Bearer " + provider.tokens(client, username="nobody-special")["access_token"]}
    assert ask(provider, "introspect", headers=bearer, token=tokens["access_token"]).json()["active"] is True
    for path in ("introspect", "revoke"):
        answer = ask(provider, path, headers=plain, token=tokens["access_token"])
        assert (answer.status_code, answer.json()["error"]) == (403, "insufficient_scope")
        answer = ask(provider, path, headers={"Authorization": "Bearer " + provider.admin_token}, token=tokens["access_token"])
        assert (answer.status_code, answer.json()["error"]) == (401, "invalid_token")
    assert ask(provider, "revoke", headers=bearer, token=tokens["access_token"]).status_code == 200
    assert provider.userinfo(tokens["access_token"]).status_code == 401


# --- revocation ------------------------------------------------------------------

def test_an_access_token(provider, client, tokens):
    """RV-01, RV-08: 200 without a body; dead at once and everywhere, and its pair with it (flows 11)."""
    answer = provider.revoke(client, tokens["access_token"])
    assert (answer.status_code, answer.text) == (200, "") and answer.headers["Cache-Control"] == "no-store"
    assert provider.userinfo(tokens["access_token"]).status_code == 401
    assert provider.introspect(client, tokens["access_token"]) == {"active": False}
    assert provider.refresh(client, tokens["refresh_token"]).json()["error"] == "invalid_grant"


def test_a_refresh_token(provider, client, tokens):
    """RV-07: everything of the grant"""
    second = provider.refresh(client, tokens["refresh_token"]).json()
    assert provider.revoke(client, second["refresh_token"]).status_code == 200
    for token in (tokens["access_token"], second["access_token"], second["refresh_token"]):
        assert provider.introspect(client, token) == {"active": False}
    assert provider.refresh(client, second["refresh_token"]).json()["error"] == "invalid_grant"


def test_what_there_is_not(provider, client, tokens):
    """RV-02: 200 for the unknown, the garbled, the expired and what was revoked before."""
    for token in ("x", "a.b.c", "é", "x" * 63, tokens["id_token"]):
        assert (provider.revoke(client, token).status_code, provider.revoke(client, token).text) == (200, "")
    provider.revoke(client, tokens["access_token"])
    assert provider.revoke(client, tokens["access_token"]).status_code == 200
    old = provider.tokens(client)
    provider.later(901)
    assert provider.revoke(client, old["access_token"]).status_code == 200
    assert provider.refresh(client, old["refresh_token"]).json()["error"] == "invalid_grant"


def test_somebody_elses(provider, client, other, tokens):
    """RV-04: 200, and it lives on."""
    for token in (tokens["access_token"], tokens["refresh_token"]):
        assert provider.revoke(other, token).status_code == 200
    assert provider.userinfo(tokens["access_token"]).status_code == 200
    assert provider.refresh(client, tokens["refresh_token"]).status_code == 200


@pytest.mark.parametrize("hint", ["refresh_token", "access_token", "banana", ""])
def test_hints(provider, client, tokens, hint):
    """RV-06: right, wrong or unknown, it is not looked at."""
    assert provider.revoke(client, tokens["access_token"], token_type_hint=hint).status_code == 200
    assert provider.userinfo(tokens["access_token"]).status_code == 401
    tokens = provider.tokens(client)
    assert provider.revoke(client, tokens["refresh_token"], token_type_hint=hint).status_code == 200
    assert provider.refresh(client, tokens["refresh_token"]).json()["error"] == "invalid_grant"


def test_a_public_client_takes_back_its_own(provider):
    """RV-01: by its name (RFC 7009 2.1)"""
    from provider import pkce
    public = provider.register(client_type="public")
    verifier, challenge = pkce()
    code = provider.sign_in(public, code_challenge=challenge, code_challenge_method="S256")["code"]
    tokens = provider.redeem(public, code, code_verifier=verifier).json()
    assert ask(provider, "revoke", token=tokens["refresh_token"], client_id=public.id).status_code == 200
    assert provider.refresh(public, tokens["refresh_token"]).json()["error"] == "invalid_grant"


def test_when_the_store_does_not_take_it(provider, client, tokens):
    """RV-10: 503, never a false 200."""
    for table in ("tokens", "token_families"):
        with provider.broken(table):
            answer = provider.revoke(client, tokens["access_token" if table == "tokens" else "refresh_token"])
        assert answer.status_code == 503 and answer.json()["error"] == "temporarily_unavailable" and answer.headers["Retry-After"]
    assert provider.userinfo(tokens["access_token"]).status_code == 200
