"""The main job, over real HTTP: OA-01, OA-13, IS-01, TK-21, TK-23, IT-01, IT-02, UI-01."""
import json

from jwcrypto import jwk, jwt

from provider import Browser, query_of


def claims(provider, token):
    """By an implementation that is not ours."""
    keys = jwk.JWKSet.from_json(json.dumps(provider.jwks()))
    return json.loads(jwt.JWT(jwt=token, key=keys, algs=["RS256"]).claims)


def test_code_flow(provider, client):
    answer = provider.sign_in(client)
    assert answer["state"] == "st" and answer["iss"] == provider.issuer and len(answer["code"]) == 43
    response = provider.redeem(client, answer["code"])
    assert response.status_code == 200, response.text
    assert response.headers["Cache-Control"] == "no-store" and response.headers["Pragma"] == "no-cache"
    assert response.headers["Content-Type"] == "application/json"
    body = response.json()
    assert body["token_type"] == "Bearer" and body["expires_in"] == 900
    assert body["scope"] == "openid profile email"
    id_token, access = claims(provider, body["id_token"]), claims(provider, body["access_token"])
    assert id_token["iss"] == provider.issuer and id_token["aud"] == client.id and id_token["nonce"] == "no"
    assert id_token["sid"] == access["sid"] and id_token["auth_time"] == access["auth_time"]
    assert id_token["acr"] == "1" and id_token["amr"] == ["pwd"]
    assert provider.issuer in access["aud"] and client.id in access["aud"] and access["azp"] == client.id
    info = provider.userinfo(body["access_token"])
    assert info.status_code == 200
    assert info.json()["sub"] == id_token["sub"] and info.json()["preferred_username"] == "admin"


def test_sso_reuse_and_prompt(provider, client):
    browser = Browser(provider)
    provider.sign_in(client, browser)
    again = browser.get(provider.authorize_url(client))
    assert again.status_code == 302 and "code" in query_of(again.headers["Location"])
    # CO-08: code at once
    none = browser.get(provider.authorize_url(client, prompt="none"))
    assert none.status_code == 302 and "code" in query_of(none.headers["Location"])
    # CO-10: credentials asked again
    assert browser.get(provider.authorize_url(client, prompt="login")).status_code == 200
    # CO-06: no session, no HTML
    other = Browser(provider).get(provider.authorize_url(client, prompt="none"))
    assert query_of(other.headers["Location"])["error"] == "login_required"


def test_wrong_password_says_the_same_for_everybody(provider, client):
    """CS-12"""
    answers = set()
    for username in ("admin", "nobody-here"):
        browser = Browser(provider)
        page = browser.get(provider.authorize_url(client))
        answer = provider.post_login(browser, page.text, username, "wrong password")
        assert answer.status_code == 302
        q = query_of(answer.headers["Location"])
        again = browser.get(answer.headers["Location"])
        assert again.status_code == 200 and q["state"] == "st"
        answers.add(q["error"])
        assert "Invalid username or password" in again.text
    assert answers == {"bad_credentials"}


def test_refresh_rotates(provider, client):
    first = provider.tokens(client)
    second = provider.refresh(client, first["refresh_token"])
    assert second.status_code == 200, second.text
    assert second.json()["refresh_token"] != first["refresh_token"]
    # TK-30: the old one again: family dead
    replay = provider.refresh(client, first["refresh_token"])
    assert replay.status_code == 400 and replay.json()["error"] == "invalid_grant"
    assert provider.refresh(client, second.json()["refresh_token"]).status_code == 400
    assert provider.userinfo(second.json()["access_token"]).status_code == 401


def test_code_replay_kills_the_family(provider, client):
    """TK-18, TK-19"""
    code = provider.sign_in(client)["code"]
    first = provider.redeem(client, code)
    assert first.status_code == 200
    assert provider.redeem(client, code).json()["error"] == "invalid_grant"
    assert provider.userinfo(first.json()["access_token"]).status_code == 401
    assert provider.introspect(client, first.json()["access_token"]) == {"active": False}


def test_logout_with_hint(provider):
    client = provider.add_client(post_logout_redirect_uri="https://app.example.test/bye")
    browser = Browser(provider)
    tokens = provider.tokens(client, browser)
    q = {"id_token_hint": tokens["id_token"], "post_logout_redirect_uri": "https://app.example.test/bye", "state": "x y"}
    answer = browser.get("/oauth2/logout", params=q)
    assert answer.status_code == 302
    assert answer.headers["Location"] == "https://app.example.test/bye?state=x+y"
    none = browser.get(provider.authorize_url(client, prompt="none"))
    assert query_of(none.headers["Location"])["error"] == "login_required"
    assert provider.userinfo(tokens["access_token"]).status_code == 401
