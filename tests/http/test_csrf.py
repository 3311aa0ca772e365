"""Forms are taken from our own pages only (http-api 1.5, form-fields 1)."""
import re

import pytest
import requests

from provider import ADMIN, PASSWORD, Browser, Provider, hidden, query_of


@pytest.fixture
def browser(provider):
    return Browser(provider)


def post(provider, browser, page, origin=None, referer=None, path="/oauth2/login", **changes):
    """The login form with just these headers."""
    form = {**provider.login_form(page), "username": ADMIN, "password": PASSWORD, **changes}
    headers = {name: value for name, value in (("Origin", origin), ("Referer", referer)) if value is not None}
    return requests.post(provider.url + path, data=form, headers=headers, cookies=browser.cookies, timeout=10,
                         allow_redirects=False)


def is_refused(answer):
    """403, a line of text that says CSRF, and nothing was done."""
    assert answer.status_code == 403 and answer.headers["Content-Type"] == "text/plain; charset=utf-8"
    assert "CSRF" in answer.text and "autentico" not in answer.text.lower()
    assert "idp_session" not in answer.headers.get("Set-Cookie", "") and "Location" not in answer.headers
    return True


@pytest.mark.parametrize("origin", [
    "https://evil.example", "null", "http://localhost", "http://localhost:1", "http://localhost.evil.example", "localhost", "x",
    "http://evil.example@localhost", "http://127.0.0.1:1", "http://evil.example#localhost", "file://", "é"])
def test_foreign_origins(provider, client, browser, origin):
    """CS-06, CS-08"""
    page = provider.authorize(client, browser).text
    if origin == "é":
        origin = "\xe9"
    answer = post(provider, browser, page, origin)
    assert is_refused(answer) if origin != "\xe9" else answer.status_code in (400, 403)
    assert "code" in query_of(post(provider, browser, page, provider.url).headers["Location"])


def test_no_origin(provider, client, browser):
    """1.5: then a Referer of ours over https; plain http wants an Origin."""
    page = provider.authorize(client, browser).text
    for referer in (None, "", provider.url + "/oauth2/authorize", "https://evil.example/", f"https://evil.example/?{provider.url}", "x"):
        assert is_refused(post(provider, browser, page, None, referer))
    answer = post(provider, browser, page, None, provider.url.replace("http:", "https:") + "/oauth2/authorize?x=y")
    assert "code" in query_of(answer.headers["Location"])


def test_fetch_metadata(provider, client, browser):
    """CS-08: a browser that says it comes from elsewhere is believed."""
    page = provider.authorize(client, browser).text
    form = {**provider.login_form(page), "username": ADMIN, "password": PASSWORD}
    assert is_refused(browser.post("/oauth2/login", data=form, headers={"Sec-Fetch-Site": "cross-site"}))
    assert browser.post("/oauth2/login", data=form, headers={"Sec-Fetch-Site": "same-origin"}).status_code == 302


@pytest.mark.parametrize("token", ["", "x", "A" * 86, "é", "A" * 5000, None])
def test_wrong_tokens(provider, client, browser, token):
    """CS-06"""
    page = provider.authorize(client, browser).text
    assert is_refused(post(provider, browser, page, provider.url, csrf_token=token))
    assert is_refused(post(provider, browser, page, provider.url, csrf_token=[hidden(page, "csrf_token")] * 2))


def test_a_token_goes_with_its_cookie(provider, client, browser):
    """CS-06: bound before there is any session; without the cookie, with another's, with a changed one."""
    page = provider.authorize(client, browser).text
    other = Browser(provider)
    provider.authorize(client, other)
    assert is_refused(post(provider, other, page, provider.url))
    assert is_refused(post(provider, Browser(provider), page, provider.url))
    cookie = browser.cookies["autentico_csrf"]
    for wrong in (cookie[:-1] + ("A" if cookie[-1] != "A" else "B"), "", "x", cookie + "A", "A" * len(cookie)):
        fake = Browser(provider)
        fake.cookies.set("autentico_csrf", wrong, path="/")
        assert is_refused(post(provider, fake, page, provider.url))


def test_the_header_will_do(provider, client, browser):
    """form-fields 1: X-CSRF-Token"""
    page = provider.authorize(client, browser).text
    form = {**provider.login_form(page), "username": ADMIN, "password": PASSWORD}
    token = form.pop("csrf_token")
    answer = browser.post("/oauth2/login", data=form, headers={"X-CSRF-Token": token})
    assert "code" in query_of(answer.headers["Location"]) and answer.headers["Vary"] == "Cookie"
    assert is_refused(browser.post("/oauth2/login", data=form, headers={"X-CSRF-Token": "x"}))


def test_the_cookie(provider, client):
    """form-fields 1: set when there is none that is good, with these attributes, and then not again."""
    browser = Browser(provider)
    first = provider.authorize(client, browser)
    line = first.headers["Set-Cookie"]
    assert re.match(r"autentico_csrf=[A-Za-z0-9_-]{43}; ", line)
    attributes = {part.strip() for part in line.split(";")[1:]}
    assert {"HttpOnly", "SameSite=Lax", "Max-Age=43200", "Path=/"} <= attributes and "Secure" not in attributes
    again = provider.authorize(client, browser)
    assert "Set-Cookie" not in again.headers
    one, two = hidden(first.text, "csrf_token"), hidden(again.text, "csrf_token")
    assert one != two and re.fullmatch(r"[A-Za-z0-9_-]+", one)
    for page in (first, again):  # several open pages work at once
        assert "code" in query_of(provider.post_login(browser, page.text).headers["Location"])


def test_a_planted_cookie_beside_ours(provider, client):
    """A neighbouring host can set another one of that name."""
    browser = Browser(provider)
    page = provider.authorize(client, browser).text
    cookie = browser.cookies["autentico_csrf"]
    form = {**provider.login_form(page), "username": ADMIN, "password": PASSWORD}
    for header in (f"autentico_csrf=planted; autentico_csrf={cookie}", f"autentico_csrf={cookie}; autentico_csrf=planted"):
        answer = requests.post(provider.url + "/oauth2/login", data=form, timeout=10, allow_redirects=False,
                               headers={"Origin": provider.url, "Cookie": header})
        assert answer.status_code == 302 and "code" in query_of(answer.headers["Location"])


def test_every_form(provider, client):
    """CS-06, CS-07: each post of the consoles and the logout, without a token, changes nothing; and a GET never does."""
    provider.add_user("target")
    target = next(u for u in provider.api("GET", "/users", params={"search": "target"}).json()["data"]["items"])["id"]
    admin = Browser(provider)
    page = admin.follow(admin.get("/admin/"))
    assert admin.follow(provider.post_login(admin, page.text)).status_code == 200
    account = admin.follow(admin.get("/account/"))
    assert account.status_code == 200
    paths = ["/admin/users/new", f"/admin/users/{target}/deactivate", f"/admin/users/{target}/reactivate", f"/admin/users/{target}/unlock",
             "/admin/clients/new", f"/admin/clients/{client.id}", f"/admin/clients/{client.id}/rotate-secret",
             f"/admin/clients/{client.id}/disable", f"/admin/clients/{client.id}/enable", "/account/profile", "/oauth2/logout/confirm",
             "/onboard", "/oauth2/login"]
    before = dump(provider)
    for path in paths:
        for data, headers in (({}, {}), ({"csrf_token": "A" * 86}, {}),
                              ({"csrf_token": hidden(account.text, "csrf_token") or "x"}, {"Origin": "https://evil.example"})):
            assert is_refused(admin.post(path, data=data, headers=headers)), path
        admin.get(path)
    assert dump(provider) == before


def dump(provider):
    """What a form could have changed."""
    return [provider.rows(f"SELECT * FROM {table} ORDER BY 1") for table in
            ("users", "passwords", "clients", "client_values", "client_secrets", "settings", "lockouts")]


def test_onboarding_is_guarded_too():
    """CS-06"""
    p = Provider()
    try:
        p.start()
        browser = Browser(p)
        page = browser.get("/onboard").text
        form = {"username": "admin", "email": "", "password": PASSWORD, "confirm_password": PASSWORD}
        assert is_refused(browser.post("/onboard", data=form))
        form["csrf_token"] = hidden(page, "csrf_token")
        assert is_refused(browser.post("/onboard", data=form, headers={"Origin": "https://evil.example"}))
        assert browser.get("/onboard").status_code == 200
        assert browser.post("/onboard", data=form).status_code == 302
        assert is_refused(browser.post("/onboard", data={}))  # 403 before anything else (http-api 9)
    finally:
        p.stop()
