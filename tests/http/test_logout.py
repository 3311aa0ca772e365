"""Signing out: who is asked, who is sent where, what ends (RP-Initiated Logout 1.0; design 5 "Logout"; flows 11)."""
import json
import re

import pytest
from jwcrypto import jwk

from jose import compact, header_of, payload_of, unb64
from provider import Browser, error_of, hidden, query_of

BYE = "https://app.example.test/bye"
OUT = "You have been signed out."


@pytest.fixture(scope="module")
def app(provider):
    return provider.register(post_logout_redirect_uris=[BYE, "https://app.example.test/bye2?a=b", "com.example.app:/bye"])


@pytest.fixture
def signed_in(provider, app):
    """browser, its tokens"""
    browser = Browser(provider)
    return browser, provider.tokens(app, browser)


def end(browser, method="GET", **params):
    if method == "GET":
        return browser.get("/oauth2/logout", params=params)
    return browser.post("/oauth2/logout", data=params)


def answer_question(browser, page, action="yes", **changes):
    form = {"csrf_token": hidden(page.text, "csrf_token"), "handle": hidden(page.text, "handle"), "action": action, **changes}
    return browser.post("/oauth2/logout/confirm", data=form)


def is_in(provider, app, browser):
    return "code" in query_of(provider.authorize(app, browser, prompt="none").headers["Location"])


def asks(page):
    """The confirmation, with its hooks; nothing has happened yet."""
    buttons = re.findall(r'<button[^>]*name="action" value="(\w+)"', page.text)
    return page.status_code == 200 and buttons == ["yes", "no"] and "Location" not in page.headers


@pytest.mark.parametrize("method", ["GET", "POST"])
@pytest.mark.parametrize("state", ["s" * 128, "a b&c=d", "ä+%20", None])
def test_hint_and_place(provider, app, signed_in, method, state):
    """RL-01, RL-02, RL-03, CS-04: out at once, there with exactly that state, and really out."""
    browser, tokens = signed_in
    cookie = browser.cookies["autentico_idp_session"]
    answer = end(browser, method, id_token_hint=tokens["id_token"], post_logout_redirect_uri=BYE,
                 **({"state": state} if state else {}))
    assert answer.status_code == 302 and answer.headers["Location"].startswith(BYE)
    assert query_of(answer.headers["Location"]) == ({"state": state} if state else {})
    assert "autentico_idp_session" not in browser.cookies
    assert provider.error(app, browser, prompt="none")["error"] == "login_required"
    browser.cookies.set("autentico_idp_session", cookie, path="/")
    assert provider.error(app, browser, prompt="none")["error"] == "login_required"
    assert provider.userinfo(tokens["access_token"]).status_code == 401
    assert provider.introspect(app, tokens["access_token"]) == {"active": False}
    assert provider.refresh(app, tokens["refresh_token"]).json()["error"] == "invalid_grant"


def test_the_hint_may_have_expired(provider, app):
    """RL-02"""
    with provider.settings(sso_session_idle_timeout="0"):
        browser = Browser(provider)
        tokens = provider.tokens(app, browser)
        provider.later(86400)
        answer = end(browser, id_token_hint=tokens["id_token"], post_logout_redirect_uri=BYE)
        assert answer.headers["Location"] == BYE and not is_in(provider, app, browser)


def test_the_place_has_a_query_of_its_own(provider, app, signed_in):
    """RL-02, RL-12: stored exactly, state behind it."""
    browser, tokens = signed_in
    answer = end(browser, id_token_hint=tokens["id_token"], post_logout_redirect_uri="https://app.example.test/bye2?a=b", state="x")
    assert answer.headers["Location"] == "https://app.example.test/bye2?a=b&state=x"


@pytest.mark.parametrize("place", [BYE + "?foo=bar", BYE + "/", BYE + "#x", BYE.replace("https", "http"), "https://evil.example/",
                                   "https://app.example.test/callback", "javascript:alert(1)", "//evil.example", BYE.upper()])
def test_a_place_that_is_not_registered(provider, app, signed_in, place):
    """RL-04: asked first; no redirect, whatever the answer."""
    browser, tokens = signed_in
    page = end(browser, id_token_hint=tokens["id_token"], post_logout_redirect_uri=place)
    assert asks(page) and is_in(provider, app, browser)
    done = answer_question(browser, page)
    assert done.status_code == 200 and OUT in done.text and not is_in(provider, app, browser)


def forged(token):
    """Every way to have a hint that is not ours (RL-05)."""
    header, payload, signature = token.split(".")
    claims = payload_of(token)
    other = jwk.JWK.generate(kty="RSA", size=2048)
    yield compact({"alg": "none"}, claims)
    yield compact({"alg": "None", "typ": "JWT"}, claims) + signature
    yield compact(header_of(token), claims, other)
    yield f"{header}.{payload}."
    yield f"{header}.{payload}.{signature[:-4]}AAAA"
    yield compact(header_of(token), {**claims, "iss": "https://evil.example"}, other)
    yield compact({"alg": "HS256", "kid": header_of(token)["kid"], "typ": "JWT"}, claims, jwk.JWK(kty="oct", k="AAAA"))
    yield "x"
    yield "x" * 7000


def test_a_hint_that_is_not_ours(provider, app, signed_in):
    """RL-05: a page that says so, with or without a session; nobody is signed out, nobody sent anywhere."""
    browser, tokens = signed_in
    for hint in forged(tokens["id_token"]):
        for who in (browser, Browser(provider)):
            page = end(who, id_token_hint=hint, post_logout_redirect_uri=BYE)
            assert page.status_code == 400 and "Location" not in page.headers, hint[:60]
            assert "id_token_hint" in error_of(page.text)
    assert is_in(provider, app, browser)


def test_tokens_of_another_kind_are_no_hint(provider, app, signed_in):
    """RL-05, JO-06"""
    browser, tokens = signed_in
    for hint in (tokens["access_token"], tokens["refresh_token"]):
        assert end(browser, id_token_hint=hint, post_logout_redirect_uri=BYE).status_code == 400
    assert is_in(provider, app, browser)


def test_no_hint(provider, app, signed_in):
    """RL-06, RL-10, CS-07: a browser with a session is asked, and goes nowhere afterwards, client_id or not."""
    browser, _ = signed_in
    for params in ({"post_logout_redirect_uri": BYE}, {"post_logout_redirect_uri": BYE, "client_id": app.id}):
        page = end(browser, **params)
        assert asks(page) and is_in(provider, app, browser)
    done = answer_question(browser, page)
    assert done.status_code == 200 and OUT in done.text and not is_in(provider, app, browser)


def test_no_session(provider, app):
    """design 5: with nobody to ask, a client_id and a registered place are enough."""
    answer = end(Browser(provider), post_logout_redirect_uri=BYE, client_id=app.id, state="x")
    assert answer.headers["Location"] == BYE + "?state=x"
    for params in ({"post_logout_redirect_uri": BYE}, {"post_logout_redirect_uri": BYE, "client_id": "nobody"},
                   {"post_logout_redirect_uri": "https://evil.example/", "client_id": app.id}, {"client_id": app.id}):
        answer = end(Browser(provider), **params)
        assert answer.status_code == 200 and OUT in answer.text


@pytest.mark.parametrize("params", [{}, {"state": "x"}, {"ui_locales": "de", "logout_hint": "admin"}])
def test_no_parameters(provider, app, signed_in, params):
    """RL-07, RL-11: asked, then the signed-out page; the link on it leads home."""
    browser, _ = signed_in
    page = end(browser, **params)
    assert asks(page) and "admin" in page.text
    done = answer_question(browser, page)
    assert done.status_code == 200 and OUT in done.text and 'href="/account/"' in done.text
    again = end(browser, **params)
    assert again.status_code == 200 and OUT in again.text


def test_hint_without_a_place(provider, app, signed_in):
    """RL-07"""
    browser, tokens = signed_in
    done = end(browser, id_token_hint=tokens["id_token"])
    assert done.status_code == 200 and OUT in done.text and not is_in(provider, app, browser)


def test_a_hint_of_another_client(provider, app, signed_in):
    """RL-08"""
    browser, tokens = signed_in
    other = provider.register()
    for client_id in (other.id, "nobody"):
        page = end(browser, id_token_hint=tokens["id_token"], client_id=client_id, post_logout_redirect_uri=BYE)
        assert page.status_code == 400 and "client_id" in error_of(page.text)
    assert is_in(provider, app, browser)
    answer = end(browser, id_token_hint=tokens["id_token"], client_id=app.id, post_logout_redirect_uri=BYE)
    assert answer.headers["Location"] == BYE


def test_a_hint_of_another_session(provider, app, signed_in):
    """RL-09: of another person, and of another browser of the same: asked first; then there, for the hint is ours."""
    browser, _ = signed_in
    provider.add_user("stranger")
    other = Browser(provider)
    for hint in (provider.tokens(app, username="stranger")["id_token"], provider.tokens(app, other)["id_token"]):
        page = end(browser, id_token_hint=hint, post_logout_redirect_uri=BYE, state="x")
        assert asks(page) and is_in(provider, app, browser)
    done = answer_question(browser, page)
    assert done.headers["Location"] == BYE + "?state=x" and not is_in(provider, app, browser)
    assert is_in(provider, app, other)


def test_no_means_no(provider, app, signed_in):
    browser, _ = signed_in
    page = end(browser)
    for action in ("no", "", "maybe"):
        done = answer_question(browser, page, action)
        assert done.headers["Location"] == "/account/" and is_in(provider, app, browser)


def test_the_answer_is_this_browsers(provider, app, signed_in):
    """CS-06, CS-08: a foreign or missing form token, a foreign origin, another browser's page, an old one."""
    browser, _ = signed_in
    page = end(browser)
    assert answer_question(browser, page, csrf_token="").status_code == 403
    assert answer_question(browser, page, csrf_token="A" * 86).status_code == 403
    form = {"csrf_token": hidden(page.text, "csrf_token"), "handle": hidden(page.text, "handle"), "action": "yes"}
    evil = browser.request("POST", "/oauth2/logout/confirm", data=form, headers={"Origin": "https://evil.example"})
    assert evil.status_code == 403 and is_in(provider, app, browser)
    other = Browser(provider)
    theirs = other.get(provider.authorize_url(app))
    done = other.post("/oauth2/logout/confirm", data={**form, "csrf_token": hidden(theirs.text, "csrf_token")})
    assert done.headers["Location"] == "/oauth2/logout" and is_in(provider, app, browser)
    for handle in ("", "x", form["handle"][:-8] + "AAAAAAAA"):
        assert answer_question(browser, page, handle=handle).headers["Location"] == "/oauth2/logout"
    provider.later(3601)
    assert answer_question(browser, page).headers["Location"] == "/oauth2/logout" and is_in(provider, app, browser)


def test_a_question_about_somebody_who_has_gone(provider, app, signed_in):
    """Meanwhile another person signed in here: asked again, about that one."""
    browser, _ = signed_in
    page = end(browser)
    login = provider.authorize(app, browser, prompt="login")
    provider.post_login(browser, login.text)
    assert answer_question(browser, page).headers["Location"] == "/oauth2/logout" and is_in(provider, app, browser)


def test_a_form_of_another_site(provider, app, signed_in):
    """RL-01: a Lax cookie is held back on it, so that a GET of ours brings it along."""
    browser, tokens = signed_in
    bare = Browser(provider)
    answer = bare.post("/oauth2/logout", data={"id_token_hint": tokens["id_token"], "post_logout_redirect_uri": BYE},
                       headers={"Sec-Fetch-Site": "cross-site", "Origin": "https://app.example.test"})
    assert answer.status_code == 303
    answer = browser.get(answer.headers["Location"])
    assert answer.headers["Location"] == BYE and not is_in(provider, app, browser)


@pytest.mark.parametrize("mode, is_asked", [("always", True), ("never", False)])
def test_the_setting(provider, app, signed_in, mode, is_asked):
    """settings 2b: logout_confirmation"""
    browser, tokens = signed_in
    with provider.settings(logout_confirmation=mode):
        page = end(browser, id_token_hint=tokens["id_token"], post_logout_redirect_uri=BYE)
        if is_asked:
            assert asks(page)
            page = answer_question(browser, page)
        assert page.headers["Location"] == BYE
        other = Browser(provider)
        provider.sign_in(app, other)
        page = end(other)
        assert asks(page) == is_asked


def test_our_own_pages_are_not_asked(provider, app, signed_in):
    """design 5: a same-origin request, by Sec-Fetch-Site"""
    browser, _ = signed_in
    page = browser.get("/oauth2/logout", headers={"Sec-Fetch-Site": "same-origin"})
    assert OUT in page.text and not is_in(provider, app, browser)


def test_other_browsers_stay(provider, app, signed_in):
    """flows 11"""
    browser, tokens = signed_in
    other = Browser(provider)
    theirs = provider.tokens(app, other)
    end(browser, id_token_hint=tokens["id_token"])
    assert is_in(provider, app, other) and provider.userinfo(theirs["access_token"]).status_code == 200


def test_a_native_app(provider, app, signed_in):
    """The browser lets its scheme through the answer to a form, where that form may follow it (HT-21)."""
    browser, tokens = signed_in
    provider.add_user("native")
    hint = provider.tokens(app, username="native")["id_token"]
    page = end(browser, id_token_hint=hint, post_logout_redirect_uri="com.example.app:/bye")
    assert asks(page) and "form-action * com.example.app:;" in page.headers["Content-Security-Policy"]
    assert answer_question(browser, page).headers["Location"] == "com.example.app:/bye"


def test_the_trail(provider, app, signed_in):
    """flows 17: written"""
    browser, tokens = signed_in
    sid = payload_of(tokens["id_token"])["sid"]
    end(browser, id_token_hint=tokens["id_token"])
    rows = provider.rows("SELECT event, actor_username FROM audit_logs WHERE target_id = ?", sid)
    assert ("logout", "admin") in rows
    assert json.loads(unb64(tokens["id_token"].split(".")[0]))["alg"] == "RS256"


def test_repeated_parameters(provider, app, signed_in):
    """HT-03"""
    browser, tokens = signed_in
    answer = browser.get(f"/oauth2/logout?state=a&state=b&id_token_hint={tokens['id_token']}")
    assert answer.status_code == 400 and is_in(provider, app, browser)
