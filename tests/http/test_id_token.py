"""What an ID token says (OpenID Connect Core 2, 3.1.3)."""
import base64
import hashlib
import time

import pytest

from jose import claims, header_of
from provider import Browser


@pytest.fixture(scope="module")
def app(provider):
    return provider.register(scopes="openid profile email address phone offline_access groups")


def id_token(provider, app, **params):
    return claims(provider, provider.tokens(app, **params)["id_token"])


def test_the_standing_claims(provider, app):
    """IT-01, IT-03, IT-08, IT-09"""
    before = int(time.time())
    token = id_token(provider, app)
    assert token["iss"] == provider.issuer and token["aud"] == app.id and token["azp"] == app.id
    assert token["sub"].isascii() and 0 < len(token["sub"]) <= 255
    assert before <= token["iat"] <= time.time() + 1 and 0 < token["exp"] - token["iat"] <= 3600
    assert type(token["sid"]) is str and token["sid"]
    assert id_token(provider, app)["sub"] == token["sub"]


def test_the_signature(provider, app):
    """IT-02, JO-12: RS256, by a published key of that kid."""
    header = header_of(provider.tokens(app)["id_token"])
    assert header == {"alg": "RS256", "kid": header["kid"], "typ": "JWT"}
    assert header["kid"] in [key["kid"] for key in provider.jwks()["keys"]]


@pytest.mark.parametrize("asked", [{}, {"max_age": "100"}])
def test_auth_time(provider, app, asked):
    """IT-04: of the login, in both tokens, also when the session is reused much later."""
    browser = Browser(provider)
    began = int(provider.now())
    first = provider.tokens(app, browser, **asked)
    at = claims(provider, first["id_token"])["auth_time"]
    assert began <= at <= provider.now() + 1
    provider.later(60)
    again = provider.tokens_of(browser, app, **asked)
    assert claims(provider, again["id_token"])["auth_time"] == at
    assert claims(provider, again["access_token"])["auth_time"] == at
    assert claims(provider, again["id_token"])["iat"] >= at + 60


@pytest.mark.parametrize("format", ["jwt", "opaque"])
def test_at_hash(provider, app, format):
    """IT-05: of the text of the access token, whatever it is."""
    with provider.settings(access_token_format=format):
        tokens = provider.tokens(app)
    assert ("." in tokens["access_token"]) == (format == "jwt")
    half = hashlib.sha256(tokens["access_token"].encode()).digest()[:16]
    assert claims(provider, tokens["id_token"])["at_hash"] == base64.urlsafe_b64encode(half).rstrip(b"=").decode()


def test_acr_and_amr(provider, app):
    """IT-06, CO-23: one factor, a password; the same in both tokens, and whatever was asked for."""
    for acr_values in (None, "1", "1 2", "urn:x"):
        tokens = provider.tokens(app, acr_values=acr_values)
        for token in (tokens["id_token"], tokens["access_token"]):
            assert claims(provider, token)["acr"] == "1" and claims(provider, token)["amr"] == ["pwd"]


@pytest.mark.parametrize("scope, told", [
    ("openid", set()), ("openid profile", {"name", "preferred_username"}), ("openid email", {"email", "email_verified"}),
    ("openid address phone", set())])
def test_no_more_than_the_contract_has(provider, app, scope, told):
    """IT-07: the contract keeps its claims of profile and email; nothing else."""
    token = id_token(provider, app, scope=scope)
    assert set(token) == {"iss", "sub", "aud", "azp", "exp", "iat", "auth_time", "nonce", "at_hash", "sid", "acr", "amr"} | told


@pytest.mark.parametrize("nonce", ["n" * 43, "n" * 64, "n" * 384, "n" * 1024, "ä €&=+%", "\"'<>\\"])
def test_nonce(provider, app, nonce):
    """CO-04: the same string, never cut."""
    assert id_token(provider, app, nonce=nonce)["nonce"] == nonce


def test_no_nonce(provider, app):
    """CO-02"""
    for nonce in (None, ""):
        assert "nonce" not in id_token(provider, app, nonce=nonce)


def test_a_nonce_beyond_the_limit(provider, app):
    """CO-04"""
    assert provider.error(app, nonce="n" * 1025)["error"] == "invalid_request"
