"""What the provider says of itself is what it does (OpenID Connect Discovery, RFC 8414)."""
import base64
import json
import re

import pytest
import requests

from jose import header_of
from provider import Browser, pkce

PATHS = ("/.well-known/openid-configuration", "/oauth2/.well-known/openid-configuration",
         "/.well-known/oauth-authorization-server", "/.well-known/oauth-authorization-server/oauth2")


@pytest.fixture(scope="module")
def document(provider):
    answer = requests.get(provider.issuer + "/.well-known/openid-configuration", timeout=10)
    assert answer.status_code == 200
    return answer.json()


def test_where_it_is(provider, document):
    """MD-01, MD-02, MD-26: the same at each place, as JSON, to be kept for as long as the keys overlap."""
    for path in PATHS:
        answer = requests.get(provider.url + path, timeout=10)
        assert answer.status_code == 200 and answer.json() == document, path
        assert answer.headers["Content-Type"] == "application/json" and answer.headers["Cache-Control"] == "public, max-age=300"


def test_the_issuer(provider, client, document):
    """MD-03, IS-05, BC-05: one string, everywhere."""
    assert document["issuer"] == provider.issuer
    answer = provider.sign_in(client)
    assert answer["iss"] == document["issuer"]
    tokens = provider.redeem(client, answer["code"]).json()
    for token in (tokens["id_token"], tokens["access_token"]):
        payload = token.split(".")[1]
        assert json.loads(base64.urlsafe_b64decode(payload + "=="))["iss"] == document["issuer"]
    assert provider.introspect(client, tokens["access_token"])["iss"] == document["issuer"]


def test_what_must_be_there(document):
    """MD-05, MD-06, MD-07, MD-08, MD-12, MD-13, MD-14, MD-15, MD-21"""
    assert {"issuer", "authorization_endpoint", "token_endpoint", "jwks_uri", "response_types_supported", "subject_types_supported",
            "id_token_signing_alg_values_supported", "userinfo_endpoint", "end_session_endpoint", "revocation_endpoint",
            "introspection_endpoint", "registration_endpoint", "scopes_supported", "claims_supported", "grant_types_supported"} <= document.keys()
    assert "RS256" in document["id_token_signing_alg_values_supported"] and "none" not in document["id_token_signing_alg_values_supported"]
    assert "openid" in document["scopes_supported"] and document["claims_supported"]
    for name in ("request_parameter_supported", "request_uri_parameter_supported", "require_request_uri_registration", "claims_parameter_supported"):
        assert document[name] is False, name
    assert "request_object_signing_alg_values_supported" not in document
    assert document["authorization_response_iss_parameter_supported"] is True
    for endpoint in ("token", "revocation", "introspection"):
        assert document[endpoint + "_endpoint_auth_methods_supported"]


def test_types(document):
    """MD-09, MD-10, MD-11: lists of text that are not empty, absolute addresses, real booleans; no null."""
    for name, value in document.items():
        if name == "issuer" or name.endswith(("_endpoint", "_uri")):
            assert re.fullmatch(r"https?://[^?#]+", value), name
        elif name.endswith(("_supported", "_registration")) and isinstance(value, bool):
            pass
        else:
            assert isinstance(value, list) and value and all(isinstance(x, str) and x for x in value), name
            assert len(set(value)) == len(value), name
    for name in ("ui_locales_supported", "claims_locales_supported"):
        assert all(re.fullmatch(r"[a-z]{2,3}(-[A-Z][a-z]{3})?(-[A-Z]{2})?", tag) for tag in document.get(name, [])), name


def test_what_it_says_works(provider, document):
    """MD-09: response types and modes, scopes, PKCE methods, prompts, client authentication."""
    client = provider.register(scopes=" ".join(document["scopes_supported"]))
    for response_type in document["response_types_supported"]:
        assert provider.authorize(client, response_type=response_type).status_code == 200
    for mode in document["response_modes_supported"]:
        assert provider.authorize(client, response_mode=mode).status_code == 200
    assert provider.authorize(client, scope=" ".join(document["scopes_supported"])).status_code == 200
    for method in document["code_challenge_methods_supported"]:
        assert provider.authorize(client, code_challenge=pkce()[1], code_challenge_method=method).status_code == 200
    for prompt in document["prompt_values_supported"]:
        assert provider.authorize(client, prompt=prompt).status_code == (302 if prompt == "none" else 200)
    for grant_type in document["grant_types_supported"]:
        answer = provider.token(client, grant_type=grant_type)
        assert answer.json()["error"] != "unsupported_grant_type", grant_type
    for method in document["token_endpoint_auth_methods_supported"]:
        made = provider.api("POST", "/clients", json={"client_name": "x", "redirect_uris": ["https://x.example/"], "token_endpoint_auth_method": method})
        assert made.status_code == 201, method


@pytest.mark.parametrize("name, others", [
    ("response_type", ["token", "id_token", "code token", "none"]), ("response_mode", ["fragment", "jwt", "web_message"]),
    ("code_challenge_method", ["plain", "S512"])])
def test_what_it_does_not_say_does_not(provider, client, name, others):
    """MD-09, O1-03: implicit is gone, and what was not said is refused."""
    for value in others:
        more = {"code_challenge": pkce()[1]} if name.startswith("code_challenge") else {}
        assert provider.error(client, **{name: value}, **more)["error"] in ("unsupported_response_type", "invalid_request"), value
    for grant_type in ("implicit", "urn:ietf:params:oauth:grant-type:jwt-bearer", "urn:ietf:params:oauth:grant-type:token-exchange"):
        assert provider.token(client, grant_type=grant_type).json()["error"] == "unsupported_grant_type"


def test_the_keys(provider, client, document):
    """MD-24, MD-26, JO-12, JO-13: public members only, distinct names, and the one that signs is among them."""
    answer = requests.get(document["jwks_uri"], timeout=10)
    assert answer.status_code == 200 and answer.headers["Content-Type"] in ("application/json", "application/jwk-set+json")
    assert answer.headers["Cache-Control"] == "public, max-age=300"
    keys = answer.json()["keys"]
    assert keys and len({key["kid"] for key in keys}) == len(keys)
    for key in keys:
        assert set(key) <= {"kty", "use", "kid", "alg", "n", "e", "crv", "x", "y"} and key["use"] == "sig"
        if key["kty"] == "RSA":
            n = base64.urlsafe_b64decode(key["n"] + "==")
            assert "=" not in key["n"] and len(n) * 8 >= 2048 and n[0] != 0 and key["e"] == "AQAB"
    tokens = provider.tokens(client)
    for token in (tokens["id_token"], tokens["access_token"]):
        assert header_of(token)["kid"] in {key["kid"] for key in keys}


def test_one_key_at_first(provider):
    """MD-25: a fresh installation publishes exactly one, and the same after a restart."""
    before = provider.jwks()
    assert len(before["keys"]) == 1
    provider.restart()
    assert provider.jwks() == before


def test_other_names(provider):
    """MD-27: 404, and nothing about what is inside."""
    for name in ("nothing", "openid-configuration.json", "oauth-authorization-server/other", "../autentico.db"):
        answer = Browser(provider).get("/.well-known/" + name)
        assert answer.status_code in (301, 404) and "autentico" not in answer.text.lower(), name
