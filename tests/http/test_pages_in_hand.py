"""A login page that was left open: expired, in several tabs, gone back to, carried elsewhere, met by another secret (design D7)."""
import html
import re
import secrets

import pytest

from provider import ADMIN, PASSWORD, Browser, Provider, hidden, query_of

LIFE_S = 12 * 3600


@pytest.fixture(scope="module")
def own():
    """One that is restarted."""
    p = Provider()
    p.start()
    p.onboard_cli()
    yield p
    p.stop()


def said(page):
    return html.unescape(re.search(r'id="login-error"[^>]*>([^<]*)<', page).group(1))


def starts_over(provider, browser, answer, **kept):
    """Back at authorize, with a word about it and everything that was asked for; and from there in."""
    assert answer.status_code == 302, answer.text
    where = answer.headers["Location"]
    assert where.startswith("/oauth2/authorize?")
    q = query_of(where)
    assert q["error"] == "expired" and {name: q.get(name) for name in kept} == kept
    page = browser.get(where)
    assert page.status_code == 200 and "expired" in said(page.text)
    done = provider.post_login(browser, page.text)
    assert done.status_code in (200, 302), done.text
    return query_of(done.headers["Location"]) if done.status_code == 302 else {"code": hidden(done.text, "code"),
                                                                              "state": hidden(done.text, "state")}


def test_an_expired_page(provider, client):
    browser = Browser(provider)
    asked = {"state": "old", "nonce": "n", "scope": "openid email", "max_age": "100", "login_hint": "admin",
             "ui_locales": "de", "prompt": "login"}
    page = provider.authorize(client, browser, **asked).text
    provider.later(3600 - 60)
    assert "code" in query_of(provider.post_login(browser, page).headers["Location"])
    provider.later(120)
    answer = starts_over(provider, browser, provider.post_login(browser, page), **asked)
    assert answer["state"] == "old" and "code" in answer


def test_an_expired_page_by_form_post(provider, client):
    browser = Browser(provider)
    page = provider.authorize(client, browser, response_mode="form_post", state="fp").text
    provider.later(3700)
    answer = starts_over(provider, browser, provider.post_login(browser, page), response_mode="form_post")
    assert answer["state"] == "fp" and answer["code"]


def test_the_parameters_are_looked_at_again(provider):
    """What was right then may not be now."""
    client = provider.register()
    browser = Browser(provider)
    page = provider.authorize(client, browser).text
    provider.api("PUT", "/clients/" + client.id, json={"redirect_uris": ["https://other.example.test/cb"]})
    answer = provider.post_login(browser, page)
    assert (answer.status_code, answer.json()["error"]) == (400, "invalid_request") and "Location" not in answer.headers
    provider.api("PUT", "/clients/" + client.id, json={"redirect_uris": [client.redirect_uri], "scopes": "openid"})
    answer = provider.post_login(browser, page)
    assert (answer.status_code, answer.json()["error"]) == (400, "invalid_scope")
    provider.later(3700)
    assert provider.post_login(browser, page).json()["error"] == "invalid_scope"
    provider.api("DELETE", "/clients/" + client.id)
    answer = provider.post_login(browser, page)
    assert (answer.status_code, answer.json()["error"]) == (400, "invalid_client")


def test_a_form_token_lives_twelve_hours(provider, client):
    """CS-06: with its cookie, and no longer."""
    browser = Browser(provider)
    page = provider.authorize(client, browser).text
    provider.later(LIFE_S - 60)
    starts_over(provider, browser, provider.post_login(browser, page))
    page = provider.authorize(client, browser).text
    provider.later(120)
    assert provider.post_login(browser, page).status_code == 403
    page = provider.authorize(client, browser, prompt="login").text
    assert "code" in query_of(provider.post_login(browser, page).headers["Location"])


def test_a_second_browser(provider, client):
    """CS-09: the page of one posted by another, form token and all."""
    one, two = Browser(provider), Browser(provider)
    page = provider.authorize(client, one, state="one").text
    assert provider.post_login(two, page).status_code == 403
    theirs = provider.authorize(client, two, state="two").text
    answer = provider.post_login(two, theirs, authorize_sig=hidden(page, "authorize_sig"), state="one")
    assert starts_over(provider, two, answer)["state"] == "one"


def test_several_tabs(provider, client):
    """CS-10: of different applications, in any order, each with its own state and nonce."""
    other = provider.register(redirect_uris=["https://other.example.test/cb"])
    browser = Browser(provider)
    tabs = [(c, f"s{i}", provider.authorize(c, browser, state=f"s{i}", nonce=f"n{i}").text)
            for i, c in enumerate((client, other, client))]
    for c, state, page in reversed(tabs):
        where = provider.post_login(browser, page).headers["Location"]
        assert where.startswith(c.redirect_uri) and query_of(where)["state"] == state


def test_the_back_button(provider, client):
    """After a sign-in the old page still works, and so does the page with a mistake on it."""
    browser = Browser(provider)
    page = provider.authorize(client, browser).text
    wrong = provider.post_login(browser, page, password="wrong password")
    assert query_of(wrong.headers["Location"])["error"] == "bad_credentials"
    first = query_of(provider.post_login(browser, page).headers["Location"])["code"]
    second = query_of(provider.post_login(browser, page).headers["Location"])["code"]
    assert first != second
    for code in (first, second):
        assert provider.redeem(client, code).status_code == 200


@pytest.mark.parametrize("name, value", [
    ("client_id", "autentico-admin"), ("redirect_uri", "https://evil.example/"), ("scope", "openid profile email address"),
    ("state", "other"), ("nonce", "other"), ("code_challenge", "x" * 43), ("code_challenge_method", "plain"),
    ("prompt", "none"), ("authorize_sig", ""), ("authorize_sig", "x"), ("authorize_sig", "é"), ("authorize_sig", "A" * 6000)])
def test_a_changed_field(provider, client, name, value):
    """CS-11: the sealed request decides; no redirect anywhere."""
    browser = Browser(provider)
    page = provider.authorize(client, browser).text
    answer = provider.post_login(browser, page, **{name: value})
    assert (answer.status_code, answer.json()["error"]) == (400, "invalid_request"), answer.text
    assert "tampered" in answer.json()["error_description"] and "Set-Cookie" not in answer.headers


def test_every_byte_of_the_handle_counts(provider, client):
    """CS-11"""
    browser = Browser(provider)
    page = provider.authorize(client, browser).text
    handle = hidden(page, "authorize_sig")
    for i in range(8, len(handle), 37):
        broken = handle[:i] + ("A" if handle[i] != "A" else "B") + handle[i + 1:]
        assert provider.post_login(browser, page, authorize_sig=broken).status_code == 400, i
    for broken in (handle[:-4], handle + "AAAA", handle[4:]):
        assert provider.post_login(browser, page, authorize_sig=broken).status_code == 400
    assert "code" in query_of(provider.post_login(browser, page).headers["Location"])


def test_a_handle_of_another_purpose(provider, client):
    """What is sealed for one page opens on no other."""
    browser = Browser(provider)
    provider.sign_in(client, browser)
    question = browser.get("/oauth2/logout").text
    page = provider.authorize(client, browser, prompt="login").text
    answer = provider.post_login(browser, page, authorize_sig=hidden(question, "handle"))
    assert answer.status_code == 400
    answer = browser.post("/oauth2/logout/confirm", data={
        "csrf_token": hidden(question, "csrf_token"), "handle": hidden(page, "authorize_sig"), "action": "yes"})
    assert answer.headers["Location"] == "/oauth2/logout"
    assert "code" in query_of(provider.authorize(client, browser).headers["Location"])


def test_a_long_request(provider, client):
    """A handle holds 4 KiB; what is longer is refused at the application, at once."""
    browser = Browser(provider)
    page = provider.authorize(client, browser, state="s" * 1500, nonce="n" * 700)
    assert page.status_code == 200 and len(hidden(page.text, "authorize_sig")) <= 4096
    assert query_of(provider.post_login(browser, page.text).headers["Location"])["state"] == "s" * 1500
    assert provider.error(client, state="s" * 2048, nonce="n" * 1024)["error"] == "invalid_request"


def test_another_secret(own):
    """The secret was replaced, without an overlap: everybody signs in again, nobody is stuck."""
    client = own.register()
    browser = Browser(own)
    own.sign_in(client, browser)
    page = own.authorize(client, browser, state="kept", prompt="login").text
    own.restart(AUTENTICO_CSRF_SECRET_KEY=secrets.token_hex(32))
    assert own.post_login(browser, page).status_code == 403  # the form token was of the old secret
    fresh = own.authorize(client, browser, state="new")
    assert fresh.status_code == 200, "the session ended with the secret"
    # the old handle, behind a form token of today
    answer = own.post_login(browser, fresh.text, authorize_sig=hidden(page, "authorize_sig"), state="kept", prompt="login")
    assert starts_over(own, browser, answer, state="kept")["state"] == "kept"


def test_a_secret_with_an_overlap(own):
    """With the previous one named nobody notices."""
    old = secrets.token_hex(32)
    own.restart(AUTENTICO_CSRF_SECRET_KEY=old)
    client = own.register()
    browser = Browser(own)
    own.sign_in(client, browser)
    page = own.authorize(client, browser, state="kept", prompt="login").text
    own.restart(AUTENTICO_CSRF_SECRET_KEY=secrets.token_hex(32), AUTENTICO_COOKIE_SECRET_PREVIOUS=old)
    assert "code" in query_of(own.authorize(client, browser).headers["Location"])
    assert query_of(own.post_login(browser, page).headers["Location"])["state"] == "kept"
    again = own.authorize(client, browser, prompt="login").text
    assert "code" in query_of(own.post_login(browser, again).headers["Location"])


def test_who_is_signed_in_stays_so_across_a_restart(own):
    client = own.register()
    browser = Browser(own)
    tokens = own.tokens(client, browser)
    page = own.authorize(client, browser, prompt="login").text
    own.restart()
    assert "code" in query_of(own.authorize(client, browser).headers["Location"])
    assert "code" in query_of(own.post_login(browser, page, ADMIN, PASSWORD).headers["Location"])
    assert own.refresh(client, tokens["refresh_token"]).status_code == 200
