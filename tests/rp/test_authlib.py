"""Python Authlib signs a person in: discovery, PKCE, ID token, userinfo, refresh, logout."""
import requests
from authlib.integrations.requests_client import OAuth2Session
from authlib.jose import JsonWebKey, jwt
from authlib.oidc.core import CodeIDToken

from provider import Browser


def test_authlib_signs_in(provider):
    client = provider.add_client(refresh=True, post_logout_redirect_uri="https://app.example.test/bye")
    meta = requests.get(provider.issuer + "/.well-known/openid-configuration", timeout=10).json()
    session = OAuth2Session(client.id, client.secret, scope="openid profile email", redirect_uri=client.redirect_uri,
                            code_challenge_method="S256")
    verifier = "v" * 64
    url, state = session.create_authorization_url(meta["authorization_endpoint"], nonce="n-0", code_verifier=verifier)

    browser = Browser(provider)
    page = browser.get(url)
    answer = provider.post_login(browser, page.text)
    token = session.fetch_token(meta["token_endpoint"], authorization_response=answer.headers["Location"], state=state,
                                code_verifier=verifier)

    keys = JsonWebKey.import_key_set(requests.get(meta["jwks_uri"], timeout=10).json())
    claims = jwt.decode(token["id_token"], keys, claims_cls=CodeIDToken,
                        claims_options={"iss": {"values": [meta["issuer"]]}, "aud": {"values": [client.id]}},
                        claims_params={"nonce": "n-0", "client_id": client.id, "access_token": token["access_token"]})
    claims.validate()
    info = session.get(meta["userinfo_endpoint"]).json()
    assert info["sub"] == claims["sub"] and info["preferred_username"] == "admin"

    fresh = session.refresh_token(meta["token_endpoint"], refresh_token=token["refresh_token"])
    assert fresh["access_token"] != token["access_token"]
    assert session.get(meta["userinfo_endpoint"]).status_code == 200

    out = browser.get(meta["end_session_endpoint"], params={
        "id_token_hint": token["id_token"], "post_logout_redirect_uri": "https://app.example.test/bye"})
    assert out.headers["Location"] == "https://app.example.test/bye"
    assert requests.get(meta["userinfo_endpoint"], timeout=10,
                        headers={"Authorization": "Bearer " + fresh["access_token"]}).status_code == 401
