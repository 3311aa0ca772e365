"""What stands on every answer, whatever it is (http-api 1.6), and how a wrong path or method looks (1.1)."""
import re

import pytest
import requests

from provider import Browser, hidden

EVERYWHERE = {
    "X-Frame-Options": "DENY", "X-Content-Type-Options": "nosniff", "Cross-Origin-Embedder-Policy": "credentialless",
    "Cross-Origin-Opener-Policy": "same-origin", "Permissions-Policy": "camera=(), microphone=(), geolocation=(), payment=()"}


@pytest.fixture(scope="module")
def answers(provider, client):
    """One of every kind, by name."""
    admin = Browser(provider)
    page = admin.follow(admin.get("/admin/"))
    dashboard = admin.follow(provider.post_login(admin, page.text))
    tokens = provider.tokens(client)
    bearer = {"Authorization": "Bearer " + tokens["access_token"]}
    b = Browser(provider)
    login = b.get(provider.authorize_url(client))
    return {
        "login page": login, "error page": provider.authorize(client, client_id="nobody"), "console": dashboard,
        "logout question": admin.get("/oauth2/logout"), "signed out": Browser(provider).get("/oauth2/logout"),
        "redirect to the application": provider.authorize(client, prompt="none"),
        "form post": provider.authorize(client, prompt="none", response_mode="form_post"),
        "redirect of ours": b.get("/admin/"), "add a slash": b.get("/admin"), "clean a path": b.get("/a//b"), "root": b.get("/"),
        "wrong password": provider.post_login(b, login.text, password="wrong password"),
        "tampered": provider.post_login(b, login.text, state="x"), "csrf": b.post("/oauth2/login", data={}),
        "tokens": provider.redeem(client, provider.sign_in(client)["code"]), "refused token": provider.redeem(client, "x"),
        "userinfo": b.get("/oauth2/userinfo", headers=bearer), "no bearer": b.get("/oauth2/userinfo"),
        "introspection": requests.post(provider.issuer + "/introspect", data={"token": "x"}, auth=client.auth, timeout=10),
        "revocation": provider.revoke(client, "x"), "discovery": b.get("/.well-known/openid-configuration"),
        "jwks": b.get("/oauth2/.well-known/jwks.json"), "health": b.get("/healthz"), "not found": b.get("/nowhere"),
        "api not found": b.get("/admin/api/nowhere"), "console not found": b.get("/admin/nowhere"),
        "wrong method": b.get("/oauth2/token"), "api list": provider.api("GET", "/users"), "api nothing": provider.api("PUT", "/settings", json={}),
        "api refused": provider.api("GET", "/users/x"), "theme": b.get("/oauth2/static/theme.css"),
        "onboarded": b.get("/onboard"), "head": b.request("HEAD", provider.url + "/healthz"),
        "bad path": b.get("/a%2fb"), "no such asset": b.get("/oauth2/static/nothing.css"),
    }


def test_on_every_answer(answers):
    """HT-18, HT-19, HT-20, CS-17"""
    for name, answer in answers.items():
        for header, value in EVERYWHERE.items():
            assert answer.headers.get(header) == value, (name, header)
        assert answer.headers["Referrer-Policy"] in ("same-origin", "no-referrer"), name
        assert re.fullmatch(r"[A-Za-z0-9_-]{16}", answer.headers["X-Request-ID"]), name
        policy = answer.headers["Content-Security-Policy"]
        for part in ("default-src 'self'", "object-src 'none'", "base-uri 'none'", "frame-ancestors 'none'"):
            assert part in policy, (name, part)
        assert "unsafe" not in policy and "http:" not in policy and "google" not in policy, name
        assert "Server" not in answer.headers or "nginx/" not in answer.headers["Server"], name
        assert not {"X-Powered-By", "Access-Control-Allow-Origin"} & set(answer.headers), name


def test_every_answer_is_another(answers):
    """Request ids and nonces come once."""
    ids = [answer.headers["X-Request-ID"] for answer in answers.values()]
    nonces = [re.search(r"'nonce-([^']*)'", answer.headers["Content-Security-Policy"]).group(1) for answer in answers.values()]
    assert len(set(ids)) == len(ids) and len(set(nonces)) == len(nonces)


def test_nothing_is_stored(answers):
    """HT-08, CS-17: but for metadata and style."""
    public = {"discovery": "public, max-age=300", "jwks": "public, max-age=300", "theme": "public, max-age=60, must-revalidate",
              "form post": "no-cache, no-store"}
    for name, answer in answers.items():
        assert answer.headers["Cache-Control"] == public.get(name, "no-store"), name
        assert name in public or answer.headers["Pragma"] == "no-cache", name


def test_content_types(answers):
    """HT-09, http-api 1.3"""
    for name, answer in answers.items():
        kind = answer.headers.get("Content-Type")
        if answer.status_code in (204, 301, 302, 303, 304) or name == "revocation":
            assert answer.text == "" and kind in (None, "text/plain", "application/octet-stream"), (name, kind)
        elif name == "theme":
            assert kind == "text/css; charset=utf-8"
        elif answer.text.startswith(("{", "[")):
            assert kind == "application/json", name
        elif answer.text.startswith("<!DOCTYPE html>"):
            assert kind == "text/html; charset=utf-8", name
        else:
            assert kind in ("text/plain; charset=utf-8", "application/json"), (name, kind)


def test_every_script_has_the_nonce(answers):
    """HT-20, BC-07: nothing of a third party, nothing inline."""
    for name, answer in answers.items():
        if not answer.text.startswith("<!DOCTYPE html>"):
            continue
        nonce = re.search(r"'nonce-([^']*)'", answer.headers["Content-Security-Policy"]).group(1)
        scripts = re.findall(r"<script([^>]*)>(.*?)</script>", answer.text, re.S)
        assert scripts and all(f'nonce="{nonce}"' in attributes and body == "" for attributes, body in scripts), name
        assert not re.search(r'(src|href)="(https?:)?//(?!app\.example)', answer.text), name
        assert not re.search(r"<style|\sstyle=|\son[a-z]+=", answer.text), name
        assert '<meta name="referrer" content="same-origin">' in answer.text, name


def test_error_descriptions(provider, client):
    """HT-10: printable, no quote, no backslash, whatever was sent."""
    for evil in ('"\\\r\nX: y', "é€\t", "\x7f", "x" * 300):
        answers = [provider.redeem(client, evil), provider.refresh(client, "x", scope=evil),
                   provider.api("PUT", "/users/x", json={"role": evil}), provider.api("POST", "/clients", json={
                       "client_name": "x", "redirect_uris": ["https://x/", evil]}),
                   provider.api("PUT", "/settings", json={"access_token_expiration": evil, evil: "x"}),
                   provider.api("POST", "/clients", json={"client_name": "x", "redirect_uris": ["https://x/"], "grant_types": [evil]})]
        for answer in answers:
            text = answer.json().get("error_description", "")
            assert re.fullmatch(r"[\x20\x21\x23-\x5b\x5d-\x7e]*", text), repr(text)
        for params in ({"scope": "openid " + evil}, {"max_age": evil}, {"code_challenge": evil}):
            text = provider.error(client, **params).get("error_description", "")
            assert re.fullmatch(r"[\x20\x21\x23-\x5b\x5d-\x7e]*", text), repr(text)


# --- paths and methods -------------------------------------------------------------

@pytest.mark.parametrize("method, path, status, body", [
    ("GET", "/nowhere", 404, "404 page not found"), ("POST", "/nowhere", 404, "404 page not found"), ("GET", "/oauth2", 404, "404"),
    ("GET", "/oauth2/", 404, "404"), ("GET", "/oauth2/nowhere", 404, "404"), ("GET", "/OAUTH2/authorize", 404, "404"),
    ("GET", "/oauth2/authorize/", 404, "404"), ("GET", "/.well-known/nothing", 404, "404"),                      # MD-27
    ("GET", "/.well-known/oauth-authorization-server/other", 404, '{"error"'), ("GET", "/swagger", 404, "404"),
    ("GET", "/admin/api/nowhere", 404, '{"error"'), ("POST", "/account/api/nowhere", 404, '{"error"'),
    ("PATCH", "/admin/api/users", 405, '{"error"'), ("DELETE", "/admin/api/settings", 405, '{"error"'),
    ("POST", "/account/api/settings", 405, '{"error"'), ("GET", "/admin/nowhere", 404, "<!DOCTYPE html>"),
    ("GET", "/account/nowhere", 404, "<!DOCTYPE html>"), ("GET", "/oauth2/token", 405, '{"error"'),              # HT-06
    ("PUT", "/oauth2/token", 405, '{"error"'), ("GET", "/oauth2/introspect", 405, '{"error"'), ("GET", "/oauth2/revoke", 405, '{"error"'),  # RV-11
    ("DELETE", "/oauth2/userinfo", 405, '{"error"'), ("PUT", "/oauth2/authorize", 405, "<!DOCTYPE html>"),
    ("OPTIONS", "/oauth2/authorize", 405, "<!DOCTYPE html>"), ("GET", "/oauth2/login", 405, "<!DOCTYPE html>"),
    ("PUT", "/oauth2/logout", 405, "<!DOCTYPE html>"), ("POST", "/oauth2/.well-known/jwks.json", 405, '{"error"'),
    ("POST", "/.well-known/openid-configuration", 405, '{"error"'), ("POST", "/healthz", 405, '{"error"'),
    ("BREW", "/oauth2/token", 405, '{"error"'), ("TRACE", "/oauth2/token", 405, ""),
])
def test_wrong_places(provider, method, path, status, body):
    """HT-06, RV-11, http-api 1.1: each in the language of its place; 405 says what is allowed."""
    answer = Browser(provider).request(method, path)
    assert answer.status_code == status and answer.text.startswith(body), (answer.status_code, answer.text[:80])
    if status == 405 and method != "TRACE":
        assert answer.headers["Allow"]
        assert method not in answer.headers["Allow"]


@pytest.mark.parametrize("path, where", [
    ("/", "/account/"), ("/admin", "/admin/"), ("/account", "/account/"), ("/oauth2/static", "/oauth2/static/"),
    ("/admin?x=%20y", "/admin/?x=%20y"), ("/account?x=1", "/account/?x=1"),
    ("/a//b", "/a/b"), ("/admin//users", "/admin/users"), ("/oauth2//authorize?x=%20y", "/oauth2/authorize?x=%20y")])
def test_moved(provider, path, where):
    """http-api 1.1"""
    answer = Browser(provider).get(path)
    assert answer.status_code == (302 if path == "/" else 301) and answer.headers["Location"] == where


def test_head_is_get_without_a_body(provider, client):
    """1.1, MD-27"""
    for path in ("/.well-known/openid-configuration", "/oauth2/.well-known/jwks.json", "/healthz", "/oauth2/userinfo", "/onboard",
                 "/admin/", "/nowhere", "/oauth2/logout"):
        head, get = Browser(provider).request("HEAD", path), Browser(provider).get(path)
        assert head.status_code == get.status_code and head.text == "", path
        assert head.headers.get("Content-Type") == get.headers.get("Content-Type"), path


def test_no_cross_origin_answers(provider, client):
    """HT-12: at authorize least of all."""
    for path in ("/oauth2/authorize", "/oauth2/login", "/oauth2/token", "/oauth2/logout", "/admin/api/users"):
        for method in ("OPTIONS", "GET", "POST"):
            answer = requests.request(method, provider.url + path, timeout=10, allow_redirects=False, headers={
                "Origin": "https://evil.example", "Access-Control-Request-Method": "POST"})
            assert not [h for h in answer.headers if h.startswith("Access-Control-")], (path, method)


def test_the_host_header_decides_nothing(provider):
    """HT-17: addresses come from the configuration; and a name that is not ours is not answered for."""
    for header in ({"X-Forwarded-Host": "evil.example"}, {"X-Forwarded-Proto": "https"}, {"X-Forwarded-Port": "1"}, {"Forwarded": "host=evil"},
                   {"X-Original-URL": "/admin/"}, {"X-Rewrite-URL": "/admin/"}, {"Host": f"127.0.0.1:{provider.port}"}):
        answer = requests.get(provider.url + "/oauth2/.well-known/openid-configuration?" + "".join(header), headers=header, timeout=10)
        assert answer.json()["issuer"] == provider.issuer, header
        moved = requests.get(provider.url + "/admin/", headers=header, timeout=10, allow_redirects=False)
        assert "evil" not in moved.headers["Location"]
    assert requests.get(provider.url + "/healthz", headers={"Host": "evil.example"}, timeout=10).status_code == 421


def test_posts_are_redirected_safely(provider, client):
    """HT-11: never 307 or 308, so that nobody posts a password on."""
    browser = Browser(provider)
    page = provider.authorize(client, browser)
    assert provider.post_login(browser, page.text, password="wrong password").status_code in (302, 303)
    assert provider.post_login(browser, page.text).status_code in (302, 303)
    question = browser.get("/oauth2/logout")
    answer = browser.post("/oauth2/logout/confirm", data={"csrf_token": hidden(question.text, "csrf_token"), "action": "no"})
    assert answer.status_code in (302, 303)
