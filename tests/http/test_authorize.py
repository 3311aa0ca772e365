"""The authorization endpoint: what is asked for, where every answer lands (RFC 6749 4.1, RFC 9207)."""
import re
import string

import pytest

from jose import claims
from provider import CALLBACK, Browser, error_of, hidden, pkce, query_of

VSCHAR = "".join(chr(c) for c in range(0x20, 0x7f))


def test_get_and_post_are_the_same(provider, client):
    """OA-01, OA-02: a POST becomes a GET before the session is looked at, and nothing is lost on the way."""
    asked = {"response_mode": "form_post", "login_hint": "ad&min", "ui_locales": "de", "display": "page", "acr_values": "1",
             "max_age": "15000", "prompt": "login", "extra": "x", "scope": "openid email", "claims": "{}"}
    browser = Browser(provider)
    turned = provider.authorize(client, browser, "POST", **asked)
    assert turned.status_code == 302 and turned.headers["Location"].startswith("/oauth2/authorize?")
    sent = query_of(turned.headers["Location"])
    for name, value in {**asked, "client_id": client.id, "state": "st", "nonce": "no"}.items():
        assert sent.get(name) == value or name in ("extra", "claims"), name
    page = browser.get(turned.headers["Location"])
    assert 'value="ad&amp;min"' in page.text
    answer = provider.post_login(browser, page.text)
    assert answer.status_code == 200 and hidden(answer.text, "state") == "st"
    tokens = provider.redeem(client, hidden(answer.text, "code")).json()
    assert claims(provider, tokens["id_token"])["nonce"] == "no" and tokens["scope"] == "openid email"


def test_post_with_a_session(provider, client):
    """OA-02: a Lax cookie is not there on the POST of another site, and on the GET it is."""
    browser = Browser(provider)
    provider.sign_in(client, browser)
    turned = provider.authorize(client, Browser(provider), "POST", prompt="none")
    assert turned.status_code == 302
    assert "code" in query_of(browser.get(turned.headers["Location"]).headers["Location"])


@pytest.mark.parametrize("response_type, code", [
    (None, "invalid_request"), ("", "invalid_request"),                # OA-03
    ("banana", "unsupported_response_type"), ("code banana", "unsupported_response_type"),  # OA-04
    ("code,token", "unsupported_response_type"), ("CODE", "unsupported_response_type"),     # OA-04
    ("token", "unsupported_response_type"), ("id_token", "unsupported_response_type"),      # OA-05, TK-37
    ("code token", "unsupported_response_type"), ("code id_token", "unsupported_response_type"),  # BC-04
])
def test_response_types(provider, client, response_type, code):
    assert provider.error(client, response_type=response_type)["error"] == code


@pytest.mark.parametrize("client_id", [
    None, "", "nobody", "x" * 256, "x" * 5000, "ab\tc", "ab\x01c", "é", "<script>alert(1)</script>", "%00"])
def test_no_such_client(provider, client, client_id):
    """OA-07: a page, and nobody is sent anywhere, however well the redirect_uri looks."""
    answer = provider.authorize(client, client_id=client_id)
    assert answer.status_code == 400 and "Location" not in answer.headers
    assert "client_id" in error_of(answer.text) and "<script>alert" not in answer.text
    assert client.redirect_uri not in answer.text


def test_a_disabled_client(provider):
    """OA-07, TK-05, TK-15: at every door, from the moment it is disabled."""
    client = provider.register()
    browser = Browser(provider)
    tokens = provider.tokens(client, browser)
    code = provider.sign_in(client)["code"]
    page = browser.get(provider.authorize_url(client, prompt="login")).text
    provider.run("clients", "disable", client.id)
    answer = provider.authorize(client, browser)
    assert answer.status_code == 400 and "client_id" in error_of(answer.text)
    late = provider.post_login(browser, page)
    assert (late.status_code, late.json()["error"]) == (400, "invalid_client")
    for answer in (provider.redeem(client, code), provider.refresh(client, tokens["refresh_token"])):
        assert (answer.status_code, answer.json()["error"]) == (401, "invalid_client")
    assert provider.userinfo(tokens["access_token"]).status_code == 401
    provider.run("clients", "enable", client.id)
    assert "code" in query_of(provider.authorize(client, browser).headers["Location"])
    assert provider.redeem(client, code).status_code == 200


REGISTERED = "https://app.example.test/cb?dummy1=lorem&dummy2=ipsum"


@pytest.mark.parametrize("redirect_uri", [
    CALLBACK + "/", CALLBACK + "?x=1", CALLBACK + "#", CALLBACK + "#x", CALLBACK + "/../callback",   # OA-08
    CALLBACK.upper(), CALLBACK.replace("https", "http"), CALLBACK.replace("app.", "App."),           # OA-08, BC-01
    CALLBACK.replace("/callback", "//callback"), CALLBACK.replace("callback", "%63allback"),         # BC-01
    CALLBACK.replace(".test", ".test:443"), CALLBACK.replace(".test", ".test."),                     # BC-01
    CALLBACK.replace("https://", "https://user@"), CALLBACK.replace("app.", "app.example.test.evil."),
    "https://evil.example/?" + CALLBACK, CALLBACK + " ", " " + CALLBACK, CALLBACK + "\\", CALLBACK + "\t",
    REGISTERED.split("?")[0], REGISTERED + "&x=1", REGISTERED.replace("ipsum", "IPSUM"),             # OA-08
    REGISTERED.split("?")[0] + "?dummy2=ipsum&dummy1=lorem",                                         # OA-08
    "callback", "/callback", "//app.example.test/callback", "", None,                                # OA-09, OA-10, OA-11
    "javascript:alert(1)", "data:text/html,x", "vbscript:x", "file:///etc/passwd", "about:blank", "blob:x",  # OA-11
])
def test_redirect_uris_are_compared_exactly(provider, redirect_uri):
    """A page, and no link on it (BC-02)."""
    client = provider.register(redirect_uris=[CALLBACK, REGISTERED])
    answer = provider.authorize(client, redirect_uri=redirect_uri)
    assert answer.status_code == 400 and "Location" not in answer.headers, answer.headers
    assert "redirect_uri" in error_of(answer.text)
    assert not re.search(r'(href|action|src)="[^"]*(evil|example\.test|javascript)', answer.text)


def test_wildcards_are_an_opt_in(provider):
    """Conflict table 15, OA-08: refused unless the setting is on, and then for a piece of one path segment."""
    wild, one, other = "https://app.example/pr-*/cb", "https://app.example/pr-17/cb", "https://app.example/pr-18/cb"

    def refused(*uris):
        answer = provider.api("POST", "/clients", json={"client_name": "Previews", "redirect_uris": list(uris)})
        assert answer.status_code == 400 and answer.json()["error"] == "invalid_redirect_uri", answer.text
        return "wildcard" in answer.json()["error_description"]

    assert refused(wild)
    with provider.settings(allow_redirect_uri_wildcard="true"):
        assert refused("https://*.app.example/cb") and refused("https://app.example/*/*") and refused("https://app.example/cb?*")
        client = provider.register(redirect_uris=[wild])
        client.redirect_uri = one
        browser = Browser(provider)
        assert provider.redeem(client, provider.sign_in(client, browser)["code"]).status_code == 200
        code = provider.sign_in(client, Browser(provider))["code"]
        client.redirect_uri = other  # TK-16: the very one
        assert provider.redeem(client, code).json()["error"] == "invalid_grant"
        for uri in (wild, "https://app.example/pr-1/2/cb", "https://app.example/pr-/cb", "https://app.example/pr-%2e/cb",
                    "https://app.example/pr-1/cb?x", "https://app.example.evil/pr-1/cb"):
            answer = provider.authorize(client, redirect_uri=uri)
            assert answer.status_code == 400 and "redirect_uri" in error_of(answer.text), uri
    for uri in (one, wild):
        assert provider.authorize(client, redirect_uri=uri).status_code == 400


def test_a_redirect_uri_is_always_wanted(provider):
    """OA-09, OA-10: with one registered, with several, with openid and without."""
    one, two = provider.register(), provider.register(redirect_uris=[CALLBACK, CALLBACK + "2"])
    for client in (one, two):
        for scope in ("openid", "profile"):
            assert provider.authorize(client, redirect_uri=None, scope=scope).status_code == 400


@pytest.mark.parametrize("uri", [
    CALLBACK + "#x", "callback", "/callback", "//host/callback", "javascript:alert(1)", "data:text/html,x", "vbscript:x",
    "file:///etc/passwd", "blob:https://x/y", "about:blank", "https:///nohost", "https://user@host/", "https://a b/",
    "http://*.example.test/", "JavaScript:alert(1)", "", "x" * 2100, "https://h/" + "x" * 2100])
def test_what_is_never_registered(provider, uri):
    """OA-11, RL-12"""
    answer = provider.api("POST", "/clients", json={"client_name": "x", "redirect_uris": [CALLBACK, uri]})
    assert (answer.status_code, answer.json()["error"]) == (400, "invalid_redirect_uri")
    answer = provider.api("POST", "/clients", json={"client_name": "x", "redirect_uris": [CALLBACK],
                                                    "post_logout_redirect_uris": [uri]})
    assert (answer.status_code, answer.json()["error"]) == (400, "invalid_client_metadata")


@pytest.mark.parametrize("registered, sent, is_same", [
    ("http://127.0.0.1/cb", "http://127.0.0.1:49152/cb", True), ("http://127.0.0.1:7/cb", "http://127.0.0.1:8/cb", True),
    ("http://[::1]:7/cb", "http://[::1]:49152/cb", True), ("http://127.0.0.1/cb", "http://127.0.0.1:49152/other", False),
    ("http://localhost:7/cb", "http://localhost:8/cb", False), ("http://127.0.0.1/cb", "http://127.0.0.1.evil.example/cb", False),
    ("http://127.0.0.1/cb", "http://127.0.0.1:80@evil.example/cb", False), ("https://127.0.0.1/cb", "https://127.0.0.1:8/cb", False),
])
def test_loopback_ports(provider, registered, sent, is_same):
    """O1-02, RFC 8252 7.3: only the port, only of an address in digits."""
    client = provider.register(redirect_uris=[registered])
    assert provider.authorize(client, redirect_uri=sent).status_code == (200 if is_same else 400)


def test_the_query_of_a_redirect_uri_is_kept(provider):
    """OA-12"""
    client = provider.register(redirect_uris=[REGISTERED])
    answer = provider.sign_in(client)
    assert answer["dummy1"] == "lorem" and answer["dummy2"] == "ipsum" and "code" in answer
    denied = provider.authorize(client, prompt="none").headers["Location"]
    assert denied.startswith(REGISTERED + "&error=login_required&")


@pytest.mark.parametrize("state", [
    "s" * 128, VSCHAR, "&code=x&iss=y", "a+b c%20d", "100%", "ä€😀", "\"'<>\\", "s" * 2048, "=", "#", "a\r\nb"])
def test_state_comes_back_as_it_went(provider, client, state):
    """OA-13, OA-14, BC-09: with a code and with an error, by query and by form."""
    assert provider.sign_in(client, state=state)["state"] == state
    assert provider.error(client, prompt="none", state=state)["state"] == state
    page = provider.authorize(client, prompt="none", state=state, response_mode="form_post")
    assert hidden(page.text, "state").replace("\r\n", "\n") == state.replace("\r\n", "\n")


def test_a_state_beyond_the_limit(provider, client):
    """OA-15: refused, never cut."""
    answer = provider.error(client, state="s" * 2049)
    assert answer["error"] == "invalid_request" and "state" not in answer


def test_no_state(provider, client):
    """OA-14: absent when it was not sent, or sent empty (HT-04)."""
    assert "state" not in provider.sign_in(client, state=None)
    assert "state" not in provider.sign_in(client, state="")
    assert "state" not in provider.error(client, state=None, prompt="none")


def test_codes(provider, client):
    """OA-16: 256 random bits, for one use, for ten minutes."""
    browser = Browser(provider)
    provider.sign_in(client, browser)
    codes = [query_of(provider.authorize(client, browser).headers["Location"])["code"] for _ in range(20)]
    assert len(set(codes)) == 20
    for code in codes:
        assert len(code) == 43 and set(code) <= set(string.ascii_letters + string.digits + "-_")
    # every place takes every value: no counter, no time in it
    assert all(len({code[i] for code in codes}) > 5 for i in range(42))


def test_a_code_keeps_what_it_was_issued_for(provider, client):
    """OA-17, TK-17: client, redirect_uri, challenge, nonce, scope, session."""
    verifier, challenge = pkce()
    browser = Browser(provider)
    code = provider.sign_in(client, browser, scope="openid email", nonce="n1", code_challenge=challenge,
                            code_challenge_method="S256")["code"]
    other = provider.register()
    assert provider.redeem(other, code, code_verifier=verifier).json()["error"] == "invalid_grant"
    tokens = provider.redeem(client, code, code_verifier=verifier).json()
    id_token = claims(provider, tokens["id_token"])
    assert tokens["scope"] == "openid email" and id_token["nonce"] == "n1" and id_token["aud"] == client.id
    again = provider.tokens_of(browser, client)
    assert claims(provider, again["id_token"])["sid"] == id_token["sid"]


def test_order_does_not_matter(provider, client):
    """OA-18"""
    one = provider.tokens(client, scope="openid profile email")
    two = provider.tokens(client, scope="email profile openid")
    assert set(one["scope"].split()) == set(two["scope"].split())
    assert provider.userinfo(one["access_token"]).json().keys() == provider.userinfo(two["access_token"]).json().keys()
    base, query = provider.authorize_url(client).split("?")
    turned = "&".join(reversed(query.split("&")))
    assert Browser(provider).get(base + "?" + turned).status_code == 200


@pytest.mark.parametrize("scope, code", [
    ("openid\tprofile", "invalid_request"), ('openid "x"', "invalid_request"), ("openid \\", "invalid_request"),  # OA-19
    ("openid é", "invalid_request"), ("s" * 1025, "invalid_request"),                                          # OA-19
    ("openid unheard-of", "invalid_scope"), ("unheard-of", "invalid_scope"), ("OPENID", "invalid_scope"),      # OA-20, OA-21
])
def test_scopes_refused(provider, client, scope, code):
    """http-api 5.1 has invalid_request for the syntax; a scope that the client may not have is refused (OA-20)."""
    assert provider.error(client, scope=scope)["error"] == code


def test_scopes_are_normalised(provider, client):
    """OA-19, TK-22: doubled spaces and words are one; what was granted is said."""
    assert provider.tokens(client, scope="  openid   email  openid ")["scope"] == "openid email"


def test_our_own_failure_travels_too(provider, client):
    """OA-23: the store does not take the code."""
    browser = Browser(provider)
    provider.sign_in(client, browser)
    with provider.broken("authorization_codes"):
        answer = provider.error(client, browser)
    assert answer["error"] in ("server_error", "temporarily_unavailable")
    assert answer["state"] == "st" and answer["iss"] == provider.issuer
    assert "code" in query_of(provider.authorize(client, browser).headers["Location"])


def test_no_page_can_be_framed(provider, client):
    """OA-24, CO-27, BC-16: and the answer of the form goes to the application in Chromium too (HT-21)."""
    for answer in (provider.authorize(client), provider.authorize(client, client_id="nobody"),
                   provider.authorize(client, prompt="none", response_mode="form_post")):
        assert answer.headers["X-Frame-Options"] == "DENY"
        assert "frame-ancestors 'none'" in answer.headers["Content-Security-Policy"]
    assert "form-action *" in provider.authorize(client).headers["Content-Security-Policy"]


@pytest.mark.parametrize("path", [
    "/oauth2/logout?post_logout_redirect_uri=https://evil.example/", "/oauth2/logout?return_to=https://evil.example/",
    "/admin/?return_to=https://evil.example/", "/admin/callback?return_to=//evil.example/&state=x&code=y",
    "/account/?next=https://evil.example/", "/?next=//evil.example", "//evil.example/", "/\\evil.example/",
    "/oauth2/authorize?redirect_uri=https://evil.example/&client_id=autentico-admin&response_type=code",
    "/oauth2/authorize?rd=//evil.example", "/admin//evil.example/..", "/onboard?next=//evil.example",
])
def test_no_open_redirect(provider, path):
    """OA-25, BC-02: wherever a URL is given, the browser stays here."""
    answer = Browser(provider).get(provider.url + path)
    where = answer.headers.get("Location", "/")
    assert where.startswith(provider.url + "/") or (where.startswith("/") and not where.startswith(("//", "/\\"))), where


def test_iss_everywhere(provider, client):
    """IS-01, IS-02, IS-03, IS-05: the issuer of the metadata, with a code, with an error, in a form."""
    issuer = Browser(provider).get("/.well-known/openid-configuration").json()["issuer"]
    browser = Browser(provider)
    assert provider.sign_in(client, browser)["iss"] == issuer
    assert provider.error(client, prompt="none")["iss"] == issuer
    for who in (browser, Browser(provider)):
        page = provider.authorize(client, who, prompt="none", response_mode="form_post")
        assert hidden(page.text, "iss") == issuer


@pytest.mark.parametrize("params, code", [
    ({"request": "e30.e30.", "request_uri": "https://x.example/"}, "invalid_request"),          # RO-01
    ({"request": "e30.e30."}, "request_not_supported"), ({"request": "x" * 6000}, "request_not_supported"),  # RO-02
    ({"request_uri": "urn:ietf:params:oauth:request_uri:x"}, "request_uri_not_supported"),      # RO-03
    ({"request_uri": "https://x.example/r.jwt"}, "request_uri_not_supported"),                  # RO-03
    ({"registration": "{}"}, "registration_not_supported"),                                     # CO-25
    ({"response_mode": "fragment"}, "invalid_request"), ({"response_mode": "jwt"}, "invalid_request"),       # MR-03
    ({"response_mode": "web_message"}, "invalid_request"),                                      # MR-03, BC-17
])
def test_not_supported(provider, client, params, code):
    assert provider.error(client, **params)["error"] == code
