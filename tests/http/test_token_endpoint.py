"""The token endpoint: who may redeem what, and how each refusal looks (RFC 6749 4.1.3, 5, 6; RFC 9700 4.14)."""
import base64
import concurrent.futures
import string
import urllib.parse

import pytest
import requests

from jose import claims, payload_of
from provider import CALLBACK, Browser, pkce, query_of

GRANT = {"grant_type": "authorization_code", "code": "x" * 43, "redirect_uri": CALLBACK}


def basic(user, password):
    return {"Authorization": "Basic " + base64.b64encode(f"{user}:{password}".encode()).decode()}


def post(provider, form, **headers):
    return requests.post(provider.issuer + "/token", data=form, headers=headers, timeout=30, allow_redirects=False)


def refused(answer, status, code):
    """JSON(status, code) of the conformance list."""
    assert (answer.status_code, answer.json().get("error")) == (status, code), answer.text
    assert answer.headers["Content-Type"] == "application/json" and answer.headers["Cache-Control"] == "no-store"
    assert answer.headers["Pragma"] == "no-cache" and "access_token" not in answer.text
    return answer


# --- client authentication ---------------------------------------------------

ODD = "a:b%c+d e\"\\ grün & long enough = for SHA-256"


@pytest.mark.parametrize("secret", [ODD, "short: %+ü", None])
def test_basic_is_decoded_twice(provider, secret):
    """TK-01: form-urlencoded, then base64; a secret that needs Argon2 (short) as well."""
    client = provider.register(**({"client_secret": secret} if secret else {}))
    code = provider.sign_in(client)["code"]
    quoted = urllib.parse.quote_plus(client.id), urllib.parse.quote_plus(client.secret)
    answer = post(provider, {**GRANT, "code": code}, **basic(*quoted))
    assert answer.status_code == 200, answer.text


def test_secret_in_the_body(provider):
    """TK-02"""
    client = provider.register(token_endpoint_auth_method="client_secret_post")
    form = {**GRANT, "client_id": client.id, "client_secret": client.secret}
    assert post(provider, {**form, "code": provider.sign_in(client)["code"]}).status_code == 200
    refused(post(provider, {**form, "client_secret": "wrong"}), 401, "invalid_client")


def test_secret_in_the_query(provider, client):
    """TK-03"""
    url = provider.issuer + "/token?" + urllib.parse.urlencode({"client_id": client.id, "client_secret": client.secret})
    refused(requests.post(url, data=GRANT, timeout=10), 400, "invalid_request")
    post_client = provider.register(token_endpoint_auth_method="client_secret_post")
    url = provider.issuer + "/token?client_secret=" + post_client.secret
    refused(requests.post(url, data={**GRANT, "client_id": post_client.id}, timeout=10), 400, "invalid_request")
    url = provider.issuer + "/token?" + urllib.parse.urlencode({**GRANT, "code": provider.sign_in(client)["code"]})
    refused(requests.post(url, auth=client.auth, data={"grant_type": "authorization_code"}, timeout=10), 400, "invalid_request")


def test_two_methods_at_once(provider, client):
    """TK-04, TK-07"""
    for more in ({"client_id": client.id, "client_secret": client.secret}, {"client_secret": client.secret},
                 {"client_assertion": "a.b.c", "client_assertion_type": "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"},
                 {"client_id": "somebody-else"}):
        refused(post(provider, {**GRANT, **more}, **basic(*client.auth)), 400, "invalid_request")


def test_nobody_learns_which(provider, client):
    """TK-05: one answer for an unknown client and a wrong secret, with a challenge in the scheme that was tried."""
    wrong = [post(provider, GRANT, **basic(user, "wrong" * 10)) for user in (client.id, "nobody", "autentico-")]
    for answer in wrong:
        refused(answer, 401, "invalid_client")
        assert answer.headers["WWW-Authenticate"].startswith(f'Basic realm="{provider.issuer}"')
    assert len({answer.text for answer in wrong}) == 1
    body = [post(provider, {**GRANT, "client_id": user, "client_secret": "wrong" * 10}) for user in (client.id, "nobody")]
    assert len({answer.text for answer in body}) == 1
    assert all("WWW-Authenticate" not in refused(answer, 401, "invalid_client").headers for answer in body)


@pytest.mark.parametrize("credentials", [
    "!!!!", "YXBw", "", "=", "YXBwOiV6eg==", "OnNlY3JldA==", "Og==", "YTpi YTpi", "YTpi=", "w6k6/w==", "YTpi\tx", "YQA6Yg=="])
def test_malformed_basic(provider, credentials):
    """TK-06"""
    answer = post(provider, GRANT, Authorization="Basic " + credentials)
    assert answer.status_code in (400, 401) and answer.json()["error"] in ("invalid_client", "invalid_request")


def test_methods_as_registered(provider, client):
    """TK-08, TK-09, TK-10, TK-25"""
    public = provider.register(client_type="public")
    poster = provider.register(token_endpoint_auth_method="client_secret_post")
    token = provider.tokens(client)["refresh_token"]
    for form, headers in [({"client_id": client.id}, {}), ({"client_id": poster.id}, {}),                 # TK-08
                          ({}, basic(client.id, "")),
                          ({"client_id": public.id, "client_secret": "x"}, {}),                           # TK-09
                          ({}, basic(public.id, "x")),
                          ({"client_id": client.id, "client_secret": client.secret}, {}),                 # TK-10
                          ({}, basic(*poster.auth))]:
        refused(post(provider, {**GRANT, **form}, **headers), 401, "invalid_client")
    refresh = {"grant_type": "refresh_token", "refresh_token": token}
    for more in ({}, {"client_id": client.id}):                                                           # TK-25
        refused(post(provider, {**refresh, **more}), 401, "invalid_client")
    assert provider.refresh(client, token).status_code == 200


def test_a_public_client(provider):
    """TK-09, TK-29, O1-04: client_id and PKCE are enough; its refresh tokens rotate."""
    client = provider.register(client_type="public")
    verifier, challenge = pkce()
    code = provider.sign_in(client, code_challenge=challenge, code_challenge_method="S256")["code"]
    first = provider.redeem(client, code, code_verifier=verifier).json()
    second = provider.refresh(client, first["refresh_token"]).json()
    assert second["refresh_token"] != first["refresh_token"]
    # named by its token, too (http-api 6.1)
    third = provider.token(grant_type="refresh_token", refresh_token=second["refresh_token"])
    assert third.status_code == 200 and provider.refresh(client, second["refresh_token"]).status_code == 400


# --- the request ---------------------------------------------------------------

@pytest.mark.parametrize("changes, code", [
    ({"grant_type": None}, "invalid_request"), ({"grant_type": ""}, "invalid_request"),                   # TK-11
    ({"grant_type": "implicit"}, "unsupported_grant_type"), ({"grant_type": "x" * 200}, "unsupported_grant_type"),  # TK-12
    ({"grant_type": "Authorization_Code"}, "unsupported_grant_type"),                                     # TK-12
    ({"grant_type": "urn:ietf:params:oauth:grant-type:jwt-bearer", "assertion": "a.b.c"}, "unsupported_grant_type"),
    ({"code": None}, "invalid_request"), ({"code": ""}, "invalid_request"),                               # TK-14
    ({"code": "unknown"}, "invalid_grant"), ({"code": "é€"}, "invalid_grant"), ({"code": "x" * 2000}, "invalid_grant"),  # TK-15
    ({"redirect_uri": None}, "invalid_request"), ({"redirect_uri": "not a uri"}, "invalid_request"),      # TK-16
])
def test_requests(provider, client, changes, code):
    form = {k: v for k, v in {**GRANT, **changes}.items() if v is not None}
    refused(post(provider, form, **basic(*client.auth)), 400, code)


def test_grants_as_registered(provider):
    """TK-13, TK-36, BC-12: the password grant is nobody's who was not registered for it."""
    client = provider.register(grant_types=["authorization_code"])
    answer = provider.refresh(client, "x" * 63)
    refused(answer, 400, "unauthorized_client")
    refused(provider.refresh(client, provider.tokens(client)["refresh_token"]), 400, "unauthorized_client")
    answer = provider.token(client, grant_type="password", username="admin", password="x")
    assert answer.status_code == 400 and answer.json()["error"] in ("unsupported_grant_type", "unauthorized_client")


@pytest.mark.parametrize("registered, asked, sent", [
    ([CALLBACK, CALLBACK + "2"], CALLBACK, CALLBACK + "2"), ([CALLBACK], CALLBACK, CALLBACK + "/"),
    (["http://127.0.0.1/cb"], "http://127.0.0.1:5001/cb", "http://127.0.0.1:5002/cb"),
    (["http://127.0.0.1/cb"], "http://127.0.0.1:5001/cb", "http://127.0.0.1/cb"),
    (["http://[::1]:1/cb"], "http://[::1]:5001/cb", "http://[::1]:1/cb"),
])
def test_the_redirect_uri_of_the_request(provider, registered, asked, sent):
    """TK-16: not another registered one, and not another port of a loopback address."""
    client = provider.register(redirect_uris=registered)
    client.redirect_uri = asked
    code = provider.sign_in(client)["code"]
    refused(provider.redeem(client, code, redirect_uri=sent), 400, "invalid_grant")
    refused(provider.redeem(client, code), 400, "invalid_grant")  # burnt
    assert provider.redeem(client, provider.sign_in(client)["code"]).status_code == 200


def test_somebody_elses_code(provider, client):
    """TK-17, FA: an authenticated client, and the right one still gets it; and the same when it has expired."""
    other, code = provider.register(), provider.sign_in(client)["code"]
    refused(provider.redeem(other, code), 400, "invalid_grant")
    assert provider.redeem(client, code).status_code == 200


def test_what_the_answer_says(provider, client):
    """TK-21, TK-22, TK-23, TK-28, BT-10, IT-09"""
    answer = provider.redeem(client, provider.sign_in(client)["code"])
    body = answer.json()
    assert answer.headers["Content-Type"] == "application/json" and answer.headers["Cache-Control"] == "no-store"
    assert set(body) == {"access_token", "token_type", "expires_in", "refresh_token", "id_token", "scope"}
    assert body["token_type"] == "Bearer" and type(body["expires_in"]) is int and 0 < body["expires_in"] <= 3600
    assert body["scope"] == "openid profile email"
    refresh = body["refresh_token"]
    assert set(refresh) <= set(string.ascii_letters + string.digits + "-_") and len(refresh) == 63
    access = payload_of(body["access_token"])
    assert access["exp"] - access["iat"] == body["expires_in"]
    plain = provider.tokens(client, scope="profile")
    assert "id_token" not in plain and plain["scope"] == "profile"  # CO-01


# --- refreshing ----------------------------------------------------------------

def test_somebody_elses_refresh_token(provider, client):
    """TK-24: refused, and its owner's is unharmed."""
    other, public = provider.register(), provider.register(client_type="public")
    token = provider.tokens(client)["refresh_token"]
    for thief in (other, public):
        refused(provider.refresh(thief, token), 400, "invalid_grant")
    assert provider.refresh(client, token).status_code == 200


def test_scopes_of_a_refresh(provider, client):
    """TK-26, TK-27"""
    token = provider.tokens(client, scope="openid profile")["refresh_token"]
    for wider in ("openid profile email", "email", "openid unheard-of"):
        refused(provider.refresh(client, token, scope=wider), 400, "invalid_scope")
    narrow = provider.refresh(client, token, scope="openid").json()
    assert narrow["scope"] == "openid" and payload_of(narrow["access_token"])["scope"] == "openid"
    assert "preferred_username" not in provider.userinfo(narrow["access_token"]).json()
    full = provider.refresh(client, narrow["refresh_token"]).json()
    assert full["scope"] == "openid profile"
    assert "preferred_username" in provider.userinfo(full["access_token"]).json()


def test_id_tokens_of_a_refresh(provider, client):
    """IT-10: the same person, audience and login; a new iat and no nonce of old."""
    first = provider.tokens(client)
    old = claims(provider, first["id_token"])
    provider.later(5)
    new = claims(provider, provider.refresh(client, first["refresh_token"]).json()["id_token"])
    for name in ("iss", "sub", "aud", "azp", "sid", "auth_time", "acr", "amr"):
        assert new[name] == old[name], name
    assert new["iat"] >= old["iat"] + 5 and "nonce" not in new


@pytest.mark.parametrize("token", ["", "x", "x" * 63, "é", "a.b.c", "0" * 63, "x" * 2000, "x" * 3000, None])
def test_refresh_tokens_of_nobody(provider, client, token):
    """TK-15, TK-31"""
    form = {"grant_type": "refresh_token", **({"refresh_token": token} if token is not None else {})}
    answer = post(provider, form, **basic(*client.auth))
    assert answer.status_code == 400 and answer.json()["error"] in ("invalid_grant", "invalid_request")
    assert answer.json()["error"] == "invalid_grant" or len(token or "") > 2048


def test_an_old_refresh_token(provider, client):
    """TK-30, BC-18: the family dies, and nobody else's."""
    browser = Browser(provider)
    first, sister = provider.tokens(client, browser), provider.tokens_of(browser, client)
    second = provider.refresh(client, first["refresh_token"]).json()
    refused(provider.refresh(client, first["refresh_token"]), 400, "invalid_grant")
    refused(provider.refresh(client, second["refresh_token"]), 400, "invalid_grant")
    assert provider.userinfo(second["access_token"]).status_code == 401
    assert provider.userinfo(sister["access_token"]).status_code == 200
    assert provider.refresh(client, sister["refresh_token"]).status_code == 200


def test_ends_with_the_session(provider):
    """TK-31, IN-07: after logout, after a new password, after the idle limit."""
    client = provider.register()
    provider.add_user("mover")
    browser = Browser(provider)
    tokens = provider.tokens(client, browser, username="mover")
    gone = browser.get("/oauth2/logout", params={"id_token_hint": tokens["id_token"]})
    assert gone.status_code == 200
    refused(provider.refresh(client, tokens["refresh_token"]), 400, "invalid_grant")
    assert provider.introspect(client, tokens["access_token"]) == {"active": False}
    tokens = provider.tokens(client, username="mover")
    provider.run("users", "set-password", "mover", input="another password\n")
    refused(provider.refresh(client, tokens["refresh_token"]), 400, "invalid_grant")
    with provider.settings(sso_session_idle_timeout="10m"):
        tokens = provider.tokens(client, username="mover", password="another password")
        provider.later(540)
        tokens = provider.refresh(client, tokens["refresh_token"]).json()  # which is a sign of life
        provider.later(540)
        tokens = provider.refresh(client, tokens["refresh_token"]).json()
        provider.later(601)
        refused(provider.refresh(client, tokens["refresh_token"]), 400, "invalid_grant")


def test_lifetimes(provider):
    """TK-15, TK-18, OA-16, BT-06: of a code, an access token, a refresh token; by setting and by client."""
    client = provider.register(access_token_expiration="10m", refresh_token_expiration="1h")
    code = provider.sign_in(client)["code"]
    provider.later(601)
    refused(provider.redeem(client, code), 400, "invalid_grant")
    with provider.settings(authorization_code_expiration="5m"):
        code, late = provider.sign_in(client)["code"], provider.sign_in(client)["code"]
        provider.later(200)
        assert provider.redeem(client, code).status_code == 200
        provider.later(110)
        refused(provider.redeem(client, late), 400, "invalid_grant")
    tokens = provider.tokens(client)
    assert tokens["expires_in"] == 600
    provider.later(540)
    assert provider.userinfo(tokens["access_token"]).status_code == 200
    provider.later(70)
    assert provider.userinfo(tokens["access_token"]).status_code == 401
    provider.later(2900)
    assert provider.refresh(client, tokens["refresh_token"]).status_code == 200
    tokens = provider.tokens(client)
    provider.later(3601)
    refused(provider.refresh(client, tokens["refresh_token"]), 400, "invalid_grant")


def test_replay_after_half_a_minute(provider, client):
    """TK-18, TK-19: and what was refreshed since goes with it."""
    code = provider.sign_in(client)["code"]
    first = provider.redeem(client, code).json()
    second = provider.refresh(client, first["refresh_token"]).json()
    provider.later(30)
    refused(provider.redeem(client, code), 400, "invalid_grant")
    for token in (first["access_token"], second["access_token"], second["refresh_token"]):
        assert provider.introspect(client, token) == {"active": False}
    assert provider.userinfo(second["access_token"]).status_code == 401


def test_a_replay_by_another_client_harms_nobody(provider, client):
    """TK-19: only the code's own client can tell a replay from a guess (design D9)."""
    code = provider.sign_in(client)["code"]
    tokens = provider.redeem(client, code).json()
    refused(provider.redeem(provider.register(), code), 400, "invalid_grant")
    assert provider.userinfo(tokens["access_token"]).status_code == 200


def test_each_code_of_many_once(provider, client):
    """TK-20: 20 redemptions of each of 5 codes at once."""
    browser = Browser(provider)
    provider.sign_in(client, browser)
    codes = [query_of(provider.authorize(client, browser).headers["Location"])["code"] for _ in range(5)]
    with concurrent.futures.ThreadPoolExecutor(20) as pool:
        answers = list(pool.map(lambda code: (code, provider.redeem(client, code).status_code), codes * 20))
    assert all([status for of, status in answers if of == code].count(200) == 1 for code in codes)


def test_aliases(provider, client):
    """http-api 2: the Keycloak-style paths"""
    code = provider.sign_in(client)["code"]
    answer = requests.post(provider.issuer + "/protocol/openid-connect/token", data={**GRANT, "code": code},
                           auth=client.auth, timeout=10)
    assert answer.status_code == 200
    info = requests.get(provider.issuer + "/protocol/openid-connect/userinfo", timeout=10,
                        headers={"Authorization": "Bearer " + answer.json()["access_token"]})
    assert info.status_code == 200
