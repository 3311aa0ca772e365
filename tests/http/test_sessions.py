"""Signing in once for many applications: reuse, prompt, max_age, hints, limits (OpenID Connect Core 3.1.2; flows 4)."""
import html
import re
import urllib.parse

import pytest

from jose import claims
from provider import PASSWORD, Browser, error_of, hidden, query_of


@pytest.fixture(scope="module")
def people(provider):
    provider.add_user("jane")
    provider.add_user("paul")


def is_page(answer):
    return answer.status_code == 200 and "Log In" in answer.text


def code_of(answer):
    assert answer.status_code == 302, answer.text
    return query_of(answer.headers["Location"])["code"]


def auth_time(provider, client, answer):
    return claims(provider, provider.redeem(client, code_of(answer)).json()["id_token"])["auth_time"]


def test_display_and_locales(provider, client):
    """CO-05, CO-18: no error for any value, and a normal page."""
    for params in [{"display": d} for d in ("page", "popup", "touch", "wap", "banana")] + [
            {"ui_locales": "se"}, {"ui_locales": "de-DE en x-klingon"}, {"claims_locales": "se fr"}]:
        assert is_page(provider.authorize(client, **params)), params


def test_prompt_none(provider, client):
    """CO-06, CO-08: an answer at once, with a session or without; never HTML, and the login of then."""
    assert provider.error(client, prompt="none", state="s" * 128) == {
        "error": "login_required", "state": "s" * 128, "iss": provider.issuer}
    browser = Browser(provider)
    first = claims(provider, provider.tokens(client, browser)["id_token"])
    provider.later(3)
    again = claims(provider, provider.tokens_of(browser, client, prompt="none")["id_token"])
    assert (again["sub"], again["auth_time"], again["sid"]) == (first["sub"], first["auth_time"], first["sid"])


@pytest.mark.parametrize("prompt", ["none login", "login none", "none consent", "none none", "none create"])
def test_prompt_none_stands_alone(provider, client, prompt):
    """CO-09 (the same word twice is two words)"""
    answer = provider.authorize(client, prompt=prompt)
    assert query_of(answer.headers["Location"])["error"] == "invalid_request"


def test_prompt_login(provider, client, people):
    """CO-10: credentials again, a later auth_time, a session of its own; and nothing before that."""
    browser = Browser(provider)
    first = claims(provider, provider.tokens(client, browser, username="jane")["id_token"])
    provider.later(5)
    page = provider.authorize(client, browser, prompt="login")
    assert is_page(page)
    # who goes away instead is signed in as before
    assert claims(provider, provider.tokens_of(browser, client)["id_token"])["auth_time"] == first["auth_time"]
    # a wrong password does not get around it
    wrong = provider.post_login(browser, page.text, "jane", "wrong password")
    assert query_of(wrong.headers["Location"])["prompt"] == "login"
    page = browser.get(wrong.headers["Location"])
    assert is_page(page) and hidden(page.text, "prompt") == "login"
    second = auth_time(provider, client, provider.post_login(browser, page.text, "jane"))
    assert second >= first["auth_time"] + 5
    assert is_page(provider.authorize(client, browser, prompt="login"))


def test_prompt_login_is_about_the_same_person(provider, client, people):
    """CO-10: another one is not let in by it, and the old session stays."""
    browser = Browser(provider)
    provider.sign_in(client, browser, "jane")
    page = provider.authorize(client, browser, prompt="login")
    other = provider.post_login(browser, page.text, "paul")
    assert query_of(other.headers["Location"])["error"] == "other_user"
    page = browser.get(other.headers["Location"])
    assert is_page(page) and "Somebody else is signed in" in error_of_login(page.text)
    assert "code" in query_of(provider.authorize(client, browser, prompt="none").headers["Location"])


def error_of_login(page):
    return html.unescape(re.search(r'id="login-error"[^>]*>([^<]*)<', page).group(1))


def test_a_replayed_login_page_under_prompt_login(provider, client, people):
    """CO-10: the back button after a sign-in with prompt=login asks for the password once more."""
    browser = Browser(provider)
    page = provider.authorize(client, browser, prompt="login")
    code_of(provider.post_login(browser, page.text, "jane"))
    without = provider.post_login(browser, page.text, "jane", "")
    assert query_of(without.headers["Location"])["error"] == "credentials_missing"
    code_of(provider.post_login(browser, page.text, "jane"))


@pytest.mark.parametrize("prompt", ["create", "select_account", "banana", "consent"])
def test_prompts_of_another_day(provider, client, prompt):
    """CO-13: a login page, or a code where a session is enough; never an error for the person."""
    answer = provider.authorize(client, prompt=prompt)
    assert is_page(answer)
    if prompt == "create":
        assert "not enabled" in error_of_login(answer.text)


def test_max_age(provider, client):
    """CO-14, CO-15, CO-16"""
    browser = Browser(provider)
    first = claims(provider, provider.tokens(client, browser, max_age="15000")["id_token"])["auth_time"]
    again = provider.authorize(client, browser, max_age="10000")
    assert auth_time(provider, client, again) == first
    provider.later(2)
    page = provider.authorize(client, browser, max_age="1")
    assert is_page(page)
    second = auth_time(provider, client, provider.post_login(browser, page.text))
    assert second >= first + 2
    assert is_page(provider.authorize(client, browser, max_age="0"))
    assert provider.error(client, browser, max_age="0", prompt="none")["error"] == "login_required"
    page = provider.authorize(client, browser, max_age="0")
    code_of(provider.post_login(browser, page.text))
    assert "code" in query_of(provider.authorize(client, browser, max_age="").headers["Location"])


def test_max_age_at_its_edge(provider, client):
    """CO-14: of the login, not of the last use."""
    browser = Browser(provider)
    provider.sign_in(client, browser)
    provider.later(100)
    assert is_page(provider.authorize(client, browser, max_age="99"))
    assert "code" in query_of(provider.authorize(client, browser, max_age="190").headers["Location"])


def test_max_age_survives_a_wrong_password(provider, client):
    """CO-14: it does not get lost on the way to the page and back."""
    browser = Browser(provider)
    provider.sign_in(client, browser)
    provider.later(10)
    page = provider.authorize(client, browser, max_age="5")
    wrong = provider.post_login(browser, page.text, password="wrong password")
    assert query_of(wrong.headers["Location"])["max_age"] == "5"
    assert is_page(browser.get(wrong.headers["Location"]))


@pytest.mark.parametrize("max_age", ["-1", "x", "1.5", "1e3", "0x10", " 1", "1 ", "+1", "٣"])
def test_max_age_malformed(provider, client, max_age):
    """CO-17"""
    assert provider.error(client, max_age=max_age)["error"] == "invalid_request"


@pytest.mark.parametrize("max_age", ["99999999999", "9" * 40, "9223372036854775808"])
def test_max_age_too_large(provider, client, max_age):
    """CO-17: clamped"""
    browser = Browser(provider)
    provider.sign_in(client, browser)
    assert "code" in query_of(provider.authorize(client, browser, max_age=max_age).headers["Location"])


def test_login_hint(provider, client):
    """CO-19: filled in, as text."""
    page = provider.authorize(client, login_hint='ja"ne<b>&')
    assert 'value="ja&quot;ne&lt;b&gt;&amp;"' in page.text and "<b>" not in page.text


def test_id_token_hint(provider, client, people):
    """CO-20, CO-21, CO-22"""
    browser = Browser(provider)
    jane = provider.tokens(client, browser, username="jane")["id_token"]
    paul = provider.tokens(client, username="paul")["id_token"]
    assert "code" in query_of(provider.authorize(client, browser, id_token_hint=jane, prompt="none").headers["Location"])
    assert provider.error(client, browser, id_token_hint=paul, prompt="none")["error"] == "login_required"
    page = provider.authorize(client, browser, id_token_hint=paul)
    assert is_page(page) and "Somebody else" in error_of_login(page.text)
    # and nobody but that person gets in
    assert query_of(provider.post_login(browser, page.text, "jane").headers["Location"])["error"] == "other_user"
    code_of(provider.post_login(browser, page.text, "paul"))
    provider.later(100000)
    browser = Browser(provider)
    page = provider.authorize(client, browser, id_token_hint=jane)
    code_of(provider.post_login(browser, page.text, "jane"))
    for bad in (jane[:-2] + "AA", jane.rsplit(".", 1)[0] + ".", "x", "a.b.c"):
        assert provider.error(client, browser, id_token_hint=bad)["error"] == "invalid_request"


def test_idle_limit(provider, client):
    """CS-05: use keeps it alive, rest ends it; on the server."""
    with provider.settings(sso_session_idle_timeout="10m"):
        browser = Browser(provider)
        provider.sign_in(client, browser)
        for _ in range(3):
            provider.later(540)
            assert "code" in query_of(provider.authorize(client, browser).headers["Location"])
        provider.later(601)
        assert is_page(provider.authorize(client, browser))
        assert provider.error(client, browser, prompt="none")["error"] == "login_required"


def test_idle_limit_of_a_client(provider, client):
    """settings 5: a client's own limit is its own."""
    strict = provider.register(sso_session_idle_timeout="1m")
    browser = Browser(provider)
    provider.sign_in(client, browser)
    provider.later(61)
    assert is_page(provider.authorize(strict, browser))
    assert "code" in query_of(provider.authorize(client, browser).headers["Location"])


def test_absolute_limit(provider, client):
    """CS-05: however busy it was."""
    with provider.settings(sso_session_max_age="30m"):
        browser = Browser(provider)
        provider.sign_in(client, browser)
        for _ in range(3):
            provider.later(540)
            assert "code" in query_of(provider.authorize(client, browser).headers["Location"])
        provider.later(200)
        assert is_page(provider.authorize(client, browser))


def test_no_limits(provider, client):
    """settings 3: 0 is none."""
    with provider.settings(sso_session_idle_timeout="0", sso_session_max_age="0"):
        browser = Browser(provider)
        provider.sign_in(client, browser)
        provider.later(366 * 86400)
        assert "code" in query_of(provider.authorize(client, browser).headers["Location"])


def test_no_sso(provider, client):
    """settings 3: sso_enabled"""
    with provider.settings(sso_enabled="false"):
        browser = Browser(provider)
        provider.sign_in(client, browser)
        assert is_page(provider.authorize(client, browser))
        assert provider.error(client, browser, prompt="none")["error"] == "login_required"


def test_every_login_is_a_session_of_its_own(provider, client):
    """CS-01, CS-02, CS-03: a new opaque id, hashed in the store; one that a client brings along is not adopted."""
    browser = Browser(provider)
    browser.cookies.set("autentico_idp_session", "A" * 43, domain="localhost.local", path="/")
    first = browser_cookie(provider, client, browser)
    second = browser_cookie(provider, client, browser, prompt="login")
    assert len({first, second, "A" * 43}) == 3 and re.fullmatch(r"[A-Za-z0-9_-]{43}", first)
    with open(provider.dir + "/autentico.db", "rb") as db, open(provider.dir + "/autentico.db-wal", "rb") as wal:
        assert second.encode() not in db.read() + wal.read()


def browser_cookie(provider, client, browser, **params):
    page = provider.authorize(client, browser, **params)
    answer = provider.post_login(browser, page.text)
    line = next(c for c in answer.headers["Set-Cookie"].split(", autentico") if "idp_session" in c)
    assert "HttpOnly" in line and "SameSite=Lax" in line and "Path=/" in line and "Domain" not in line
    return re.search(r"idp_session=([^;]*)", line).group(1)


def test_a_disabled_person(provider, client):
    """flows 4: signed in, then deactivated."""
    provider.add_user("leaver")
    browser = Browser(provider)
    code = provider.sign_in(client, browser, "leaver")["code"]
    row = next(u for u in provider.api("GET", "/users").json()["data"]["items"] if u["username"] == "leaver")
    provider.api("POST", f"/users/{row['id']}/deactivate")
    page = provider.authorize(client, browser)
    assert is_page(page)
    assert provider.redeem(client, code).json()["error"] == "invalid_grant"
    answer = provider.post_login(browser, page.text, "leaver")
    assert query_of(answer.headers["Location"])["error"] == "bad_credentials"
    provider.api("POST", f"/users/{row['id']}/reactivate")
    code_of(provider.post_login(browser, page.text, "leaver"))


def test_words_from_a_url_are_not_shown(provider, client):
    """design D27: only known codes have a text."""
    url = provider.authorize_url(client) + "&error=" + urllib.parse.quote("Call 0900-123 now")
    page = Browser(provider).get(url)
    assert is_page(page) and "0900" not in page.text
    page = Browser(provider).get(provider.authorize_url(client) + "&error=expired")
    assert "had expired" in error_of_login(page.text)
    assert error_of(page.text) != "" and PASSWORD not in page.text
