"""Proof keys (RFC 7636, RFC 9700 2.1.1)."""
import pytest

from provider import Browser, b64url, pkce


def asked(challenge, method="S256"):
    return {"code_challenge": challenge, "code_challenge_method": method}


@pytest.fixture(scope="module", params=["public", "confidential"])
def app(request, provider):
    return provider.register(client_type=request.param)


def test_a_matching_verifier(provider, app):
    """PK-01: for clients that need it and for those that do not; of any allowed length and character."""
    import hashlib
    for verifier in (pkce()[0], "a" * 43, "-._~" * 32, "A1" * 64):
        challenge = b64url(hashlib.sha256(verifier.encode()).digest())
        code = provider.sign_in(app, **asked(challenge))["code"]
        assert provider.redeem(app, code, code_verifier=verifier).status_code == 200, verifier


@pytest.mark.parametrize("change", [
    lambda v: v[:-1] + ("A" if v[-1] != "A" else "B"),   # PK-02
    lambda v: v.swapcase(),                              # PK-12
    lambda v: v + "A", lambda v: v[:-1],                 # PK-02, PK-10: a prefix, 42 characters
    lambda v: None, lambda v: "",                        # PK-03
    lambda v: v * 3, lambda v: "x" * 129,                # PK-10
    lambda v: v[:-1] + "+", lambda v: v[:-1] + "é", lambda v: v[:-1] + " ", lambda v: v[:-1] + "=",  # PK-10
])
def test_verifiers_that_do_not_match(provider, app, change):
    """invalid_grant, and the code is burnt (PK-02)."""
    verifier, challenge = pkce()
    code = provider.sign_in(app, **asked(challenge))["code"]
    wrong = change(verifier)
    answer = provider.redeem(app, code, **({"code_verifier": wrong} if wrong is not None else {}))
    assert (answer.status_code, answer.json()["error"]) == (400, "invalid_grant")
    again = provider.redeem(app, code, code_verifier=verifier)
    assert (again.status_code, again.json()["error"]) == (400, "invalid_grant")


def test_the_challenge_itself_is_no_verifier(provider, app):
    """PK-12: no downgrade to plain at the token endpoint."""
    verifier, challenge = pkce()
    code = provider.sign_in(app, **asked(challenge))["code"]
    answer = provider.redeem(app, code, code_verifier=challenge, code_challenge_method="plain")
    assert answer.json()["error"] == "invalid_grant"


def test_a_verifier_without_a_challenge(provider, client):
    """PK-04, BC-10: somebody took the challenge out of the authorization request."""
    code = provider.sign_in(client)["code"]
    assert provider.redeem(client, code, code_verifier=pkce()[0]).json()["error"] == "invalid_grant"


def test_who_needs_it(provider):
    """PK-05, PK-06, O1-01"""
    public, confidential = provider.register(client_type="public"), provider.register()
    refused = provider.error(public)
    assert refused["error"] == "invalid_request" and "code_challenge" in refused["error_description"]
    assert provider.redeem(confidential, provider.sign_in(confidential, nonce=None)["code"]).status_code == 200


@pytest.mark.parametrize("method", ["plain", "s256", "S512", "S256 ", "none", "x" * 65])
def test_methods_refused(provider, app, method):
    """PK-08"""
    assert provider.error(app, **asked(pkce()[1], method))["error"] == "invalid_request"


def test_no_method_is_s256(provider, app):
    """PK-07: the contract has it so; never plain."""
    for method in (None, ""):
        verifier, challenge = pkce()
        code = provider.sign_in(app, **asked(challenge, method))["code"]
        assert provider.redeem(app, code, code_verifier=challenge).json()["error"] == "invalid_grant"
        code = provider.sign_in(app, **asked(challenge, method))["code"]
        assert provider.redeem(app, code, code_verifier=verifier).status_code == 200


def test_a_method_without_a_challenge(provider):
    """PK-04"""
    client = provider.register()
    assert provider.error(client, code_challenge_method="S256")["error"] == "invalid_request"


@pytest.mark.parametrize("challenge", ["x" * 42, "x" * 44, "x" * 42 + "=", "x" * 42 + "+", "x" * 42 + "/", "x" * 42 + "é",
                                       "x" * 128, "x" * 300])
def test_challenges_refused(provider, app, challenge):
    """PK-09"""
    assert provider.error(app, **asked(challenge))["error"] == "invalid_request"


def test_discovery(provider):
    """PK-11"""
    document = Browser(provider).get("/.well-known/openid-configuration").json()
    assert document["code_challenge_methods_supported"] == ["S256"]
