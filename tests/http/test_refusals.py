"""Every wrong request meets its own answer, in its own place."""
import http.client

import pytest
import requests

from provider import CALLBACK, Browser, error_of, hidden, pkce, query_of


@pytest.mark.parametrize("changes, words", [
    ({"client_id": "nobody"}, "client_id"),                            # OA-07
    ({"redirect_uri": CALLBACK + "/"}, "redirect_uri"),                # OA-08
    ({"redirect_uri": None}, "redirect_uri"),                          # OA-09
    ({"redirect_uri": "javascript:alert(1)"}, "redirect_uri"),         # OA-11
])
def test_pages(provider, client, changes, words):
    answer = requests.get(provider.authorize_url(client, **changes), allow_redirects=False, timeout=10)
    assert answer.status_code == 400 and "Location" not in answer.headers
    assert words in error_of(answer.text)


@pytest.mark.parametrize("changes, code", [
    ({"response_type": None}, "invalid_request"),                      # OA-03
    ({"response_type": "token"}, "unsupported_response_type"),         # OA-04, TK-37
    ({"scope": "openid unheard-of"}, "invalid_scope"),                 # OA-21
    ({"request": "x"}, "request_not_supported"),                       # RO-02
    ({"request_uri": "https://x.example/"}, "request_uri_not_supported"),  # RO-03
    ({"response_mode": "fragment"}, "invalid_request"),                # MR-03
    ({"prompt": "none login"}, "invalid_request"),                     # CO-09
    ({"max_age": "-1"}, "invalid_request"),                            # CO-17
    ({"claims": "{"}, "invalid_request"),                              # UI-06
    ({"code_challenge": "x" * 43, "code_challenge_method": "plain"}, "invalid_request"),  # PK-08
    ({"code_challenge": "short", "code_challenge_method": "S256"}, "invalid_request"),    # PK-09
    ({"id_token_hint": "a.b.c"}, "invalid_request"),                   # CO-22
])
def test_redirected(provider, client, changes, code):
    answer = requests.get(provider.authorize_url(client, **changes), allow_redirects=False, timeout=10)
    assert answer.status_code == 302, answer.text
    q = query_of(answer.headers["Location"])
    assert q["error"] == code and q["state"] == "st" and q["iss"] == provider.issuer  # OA-14, IS-02


def test_repeated_parameter(provider, client):
    """HT-03"""
    url = provider.authorize_url(client)
    assert requests.get(url + "&client_id=x", allow_redirects=False, timeout=10).status_code == 400
    answer = requests.get(url + "&nonce=2", allow_redirects=False, timeout=10)
    assert query_of(answer.headers["Location"])["error"] == "invalid_request"
    answer = requests.post(provider.issuer + "/token", auth=client.auth, timeout=10,
                           data=[("grant_type", "authorization_code"), ("code", "a"), ("code", "b")])
    assert answer.status_code == 400 and answer.json()["error"] == "invalid_request"


def test_form_post(provider, client):
    """FP-01, FP-03, FP-04, FP-05"""
    browser = Browser(provider)
    page = browser.get(provider.authorize_url(client, response_mode="form_post", state='"><script>x'))
    answer = provider.post_login(browser, page.text)
    assert answer.status_code == 200 and f'action="{CALLBACK}"' in answer.text
    assert hidden(answer.text, "state") == '"><script>x' and '"><script>x' not in answer.text
    assert hidden(answer.text, "code") and "no-store" in answer.headers["Cache-Control"]


def test_public_client_needs_pkce(provider):
    """PK-01, PK-02, PK-03, PK-05, TK-29"""
    app = provider.add_client(public=True, refresh=True)
    answer = requests.get(provider.authorize_url(app), allow_redirects=False, timeout=10)
    assert query_of(answer.headers["Location"])["error"] == "invalid_request"
    verifier, challenge = pkce()
    asked = {"code_challenge": challenge, "code_challenge_method": "S256"}
    assert provider.redeem(app, provider.sign_in(app, **asked)["code"], code_verifier=verifier).status_code == 200
    code = provider.sign_in(app, **asked)["code"]
    assert provider.redeem(app, code, code_verifier=verifier[:-1] + "~").json()["error"] == "invalid_grant"
    assert provider.redeem(app, code, code_verifier=verifier).json()["error"] == "invalid_grant"  # burnt
    assert provider.redeem(app, provider.sign_in(app, **asked)["code"]).json()["error"] == "invalid_grant"


@pytest.mark.parametrize("form, auth, status, code", [
    ({}, True, 400, "invalid_request"),                                              # TK-11
    ({"grant_type": "implicit"}, True, 400, "unsupported_grant_type"),               # TK-12
    ({"grant_type": "authorization_code", "code": "x", "redirect_uri": CALLBACK}, False, 401, "invalid_client"),  # TK-05
    ({"grant_type": "authorization_code", "redirect_uri": CALLBACK}, True, 400, "invalid_request"),  # TK-14
    ({"grant_type": "authorization_code", "code": "x" * 43, "redirect_uri": CALLBACK}, True, 400, "invalid_grant"),  # TK-15
    ({"grant_type": "refresh_token", "refresh_token": "x"}, True, 400, "invalid_grant"),
])
def test_token_endpoint(provider, client, form, auth, status, code):
    used = client.auth if auth else (client.id, "wrong")
    answer = requests.post(provider.issuer + "/token", data=form, auth=used, timeout=10)
    assert (answer.status_code, answer.json()["error"]) == (status, code)
    assert answer.headers["Cache-Control"] == "no-store"


def test_methods_and_paths(provider):
    """HT-06, RV-11, http-api 1.1"""
    answer = requests.get(provider.issuer + "/token", timeout=10)
    assert answer.status_code == 405 and answer.headers["Allow"] == "POST"
    assert requests.get(provider.url + "/nowhere", timeout=10).status_code == 404
    assert requests.get(provider.url + "/admin/api/nowhere", timeout=10).headers["Content-Type"] == "application/json"
    answer = requests.get(provider.url + "/admin/api/users", timeout=10)
    assert answer.status_code == 401 and answer.text == "{}"
    assert answer.headers["WWW-Authenticate"] == f'Bearer realm="{provider.issuer}"'


def test_handle(provider, client):
    """D7: tampering, another browser, an expired page (CS-09, CS-10, CS-11)"""
    browser = Browser(provider)
    page = browser.get(provider.authorize_url(client)).text
    sig = hidden(page, "authorize_sig")
    broken = sig[:60] + ("A" if sig[60] != "A" else "B") + sig[61:]
    answer = provider.post_login(browser, page, authorize_sig=broken)
    assert answer.status_code == 400 and "tampered" in answer.json()["error_description"]
    answer = provider.post_login(browser, page, state="other")
    assert answer.status_code == 400 and "tampered" in answer.json()["error_description"]
    # another browser: its own form token, our handle
    other = Browser(provider)
    theirs = other.get(provider.authorize_url(client)).text
    answer = provider.post_login(other, theirs, authorize_sig=sig)
    assert query_of(answer.headers["Location"])["error"] == "expired"
    # no form token, foreign origin (CS-06, CS-08)
    assert provider.post_login(browser, page, csrf_token="x").status_code == 403
    foreign = requests.post(provider.url + "/oauth2/login", data=provider.login_form(page), cookies=browser.cookies,
                            headers={"Origin": "https://evil.example"}, timeout=10, allow_redirects=False)
    assert foreign.status_code == 403 and "CSRF" in foreign.text
    # two tabs
    one = browser.get(provider.authorize_url(client, state="one")).text
    two = browser.get(provider.authorize_url(client, state="two")).text
    assert query_of(provider.post_login(browser, two).headers["Location"])["state"] == "two"
    assert query_of(provider.post_login(browser, one).headers["Location"])["state"] == "one"


def test_userinfo_needs_openid(provider, client):
    """BT-03, BT-05, BT-06, BT-07, BT-09, CO-01"""
    plain = provider.tokens(client, scope="profile")
    assert "id_token" not in plain
    answer = provider.userinfo(plain["access_token"])
    assert answer.status_code == 403 and 'error="insufficient_scope"' in answer.headers["WWW-Authenticate"]
    tokens = provider.tokens(client)
    for wrong in (tokens["id_token"], tokens["refresh_token"], tokens["access_token"][:-3], "x"):
        assert provider.userinfo(wrong).status_code == 401
    url = provider.issuer + "/userinfo"
    assert requests.get(url, params={"access_token": tokens["access_token"]}, timeout=10).status_code == 401
    assert "error" not in requests.get(url, timeout=10).headers["WWW-Authenticate"]
    assert requests.post(url, data={"access_token": tokens["access_token"]}, timeout=10).status_code == 200


def test_token_of_another_audience_at_the_admin_api(provider, client):
    """http-api 1.10, step 4"""
    answer = requests.put(provider.url + "/admin/api/settings", json={"require_mfa": "true"}, timeout=10,
                          headers={"Authorization": "Bearer " + provider.tokens(client)["access_token"]})
    assert answer.status_code == 403 and "Token not issued for admin API" in answer.json()["error_description"]


@pytest.mark.parametrize("asked, cleaned", [
    ("//oauth2//a", "/oauth2/a"),
    ("/oauth2/./a/../b?c=%2F/../d", "/oauth2/b?c=%2F/../d"),
    ("/oauth2//a%3Fb%23c%25%20d+%C3%A9", "/oauth2/a%3Fb%23c%25%20d+%C3%A9"),
])
def test_a_cleaned_path_stays_encoded(provider, asked, cleaned):
    """http-api 1.1: what is redirected to is the path that was asked for, not another one."""
    connection = http.client.HTTPConnection("localhost", provider.port, timeout=10)
    connection.putrequest("GET", asked, skip_accept_encoding=True)
    connection.endheaders()
    answer = connection.getresponse()
    assert (answer.status, answer.headers.get("Location")) == (301, cleaned)
